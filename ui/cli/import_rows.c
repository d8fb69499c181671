/*
 * Which column is what: a parameter by its name or params_NAME (Optuna's data frames), a metric by
 * its name or, as Optuna writes them, value, values_0 …; state, started, ended (or datetime_start,
 * datetime_complete) where they are. A row that is not usable is left out, and why is counted.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/import.h"
#include "dialin/clock.h"
#include "dialin/num.h"

struct mapping { /* columns, SIZE_MAX where there is none */
    size_t *param, *metric;
    size_t state, started, ended;
};

static size_t either(const struct csv_table *table, const char *a, const char *b)
{
    const size_t found = csv_column(table, a);
    return found != SIZE_MAX ? found : csv_column(table, b);
}

static bool map_columns(const struct csv_table *table, const struct dln_study *study,
                        struct dln_arena *arena, struct mapping *out, struct dln_error *err)
{
    const size_t d = study->space.n;
    const size_t m = study->n_objectives;
    char other[600];
    size_t found = 0;
    out->param = DLN_ARENA_ARRAY(arena, size_t, d);
    out->metric = DLN_ARENA_ARRAY(arena, size_t, m);
    if (!out->param || !out->metric) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < d; i++) {
        snprintf(other, sizeof other, "params_%s", study->space.params[i].name);
        out->param[i] = either(table, study->space.params[i].name, other);
        found += out->param[i] != SIZE_MAX;
    }
    for (size_t i = 0; i < m; i++) {
        snprintf(other, sizeof other, "values_%zu", i);
        out->metric[i] = either(table, study->objectives[i].metric, m == 1 ? "value" : other);
        if (out->metric[i] == SIZE_MAX) {
            return dln_fail(err, DLN_USAGE, "no column is called '%s', which is the objective",
                            study->objectives[i].metric);
        }
    }
    if (found == 0 && d > 0) {
        return dln_fail(err, DLN_USAGE, "no column has the name of a parameter of the study");
    }
    out->state = either(table, "state", "State");
    out->started = either(table, "started", "datetime_start");
    out->ended = either(table, "ended", "datetime_complete");
    return true;
}

/* ── refusals ──────────────────────────────────────────────────────────────────────────────────*/

static void refuse(struct imported *out, size_t line, const char *why)
{
    size_t at = 0;
    out->left_out++;
    while (at < out->n_refusals && strcmp(out->refusals[at].why, why) != 0)
        at++;
    if (at == IMPORT_REFUSALS_MAX) return;
    struct import_refusal *const refusal = &out->refusals[at];
    if (at == out->n_refusals) {
        out->n_refusals++;
        snprintf(refusal->why, sizeof refusal->why, "%s", why);
        refusal->first_line = line;
    }
    refusal->n++;
}

/* ── one row ───────────────────────────────────────────────────────────────────────────────────*/

/* true, True, null, None: as people and programs write them. */
static bool parse_special(const struct dln_param *param, const char *text, double *x)
{
    for (size_t i = 0; i < param->n_choices; i++) {
        const struct dln_scalar *const choice = &param->choices[i];
        const bool is_null = choice->kind == DLN_SCALAR_NULL &&
                             (strcasecmp(text, "null") == 0 || strcasecmp(text, "none") == 0);
        const bool is_bool = choice->kind == DLN_SCALAR_BOOL &&
                             strcasecmp(text, choice->truth ? "true" : "false") == 0;
        double number;
        const bool is_number =
            (choice->kind == DLN_SCALAR_INT || choice->kind == DLN_SCALAR_REAL) &&
            dln_num_parse(text, strlen(text), &number) && number == choice->number;
        if (!is_null && !is_bool && !is_number) continue;
        *x = (double)i;
        return true;
    }
    return false;
}

static bool parse_value(const struct dln_param *param, const char *text, double *x)
{
    if (dln_param_parse(param, text, x, NULL)) return true;
    double number;
    if (param->n_choices > 0) return parse_special(param, text, x);
    if (param->kind == DLN_PARAM_INT && dln_num_parse(text, strlen(text), &number)) {
        *x = nearbyint(number); /* data frames write 3 as 3.0 */
        return number == *x;
    }
    return false;
}

static bool read_point(const struct csv_table *table, const struct dln_study *study,
                       const struct mapping *mapping, size_t row, double *x, char *why, size_t cap)
{
    for (size_t i = 0; i < study->space.n; i++) {
        const struct dln_param *const param = &study->space.params[i];
        x[i] = (double)NAN;
        const char *const cell =
            mapping->param[i] == SIZE_MAX ? "" : csv_cell(table, row, mapping->param[i]);
        if (!cell[0]) continue;
        if (!parse_value(param, cell, &x[i])) {
            snprintf(why, cap, "'%.60s' is no value of %.60s", cell, param->name);
            return false;
        }
        if (!dln_param_contains(param, x[i])) {
            snprintf(why, cap, "%.60s lies outside its range", param->name);
            return false;
        }
    }
    if (dln_space_activate(&study->space, x)) return true;
    for (size_t i = 0; i < study->space.n; i++) {
        if (!isnan(x[i])) continue;
        if (mapping->param[i] != SIZE_MAX && study->space.params[i].when) continue;
        snprintf(why, cap, "%.60s has no value", study->space.params[i].name);
        return false;
    }
    snprintf(why, cap, "a parameter that is active has no value");
    return false;
}

static bool read_state(const char *word, enum dln_trial_state *out)
{
    static const struct {
        const char *word;
        enum dln_trial_state state;
    } words[] = {
        {"ok", DLN_TRIAL_COMPLETE},       {"complete", DLN_TRIAL_COMPLETE},
        {"finished", DLN_TRIAL_COMPLETE}, {"", DLN_TRIAL_COMPLETE},
        {"cut", DLN_TRIAL_PRUNED},        {"pruned", DLN_TRIAL_PRUNED},
        {"err", DLN_TRIAL_FAIL},          {"fail", DLN_TRIAL_FAIL},
        {"failed", DLN_TRIAL_FAIL},       {"crashed", DLN_TRIAL_FAIL},
        {"killed", DLN_TRIAL_FAIL},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(words[i].word, word) != 0) continue;
        *out = words[i].state;
        return true;
    }
    return false;
}

static int64_t read_time(const struct csv_table *table, size_t row, size_t column)
{
    int64_t us = 0;
    if (column == SIZE_MAX) return 0;
    const char *const cell = csv_cell(table, row, column);
    const size_t len = strlen(cell);
    const bool is_utc = len > 0 && cell[len - 1] == 'Z';
    return dln_time_parse(cell, !is_utc, &us) ? us : 0;
}

static bool read_values(const struct csv_table *table, const struct dln_study *study,
                        const struct mapping *mapping, size_t row, double *values)
{
    for (size_t i = 0; i < study->n_objectives; i++) {
        const char *const cell = csv_cell(table, row, mapping->metric[i]);
        if (!dln_num_parse(cell, strlen(cell), &values[i]) || isnan(values[i])) return false;
    }
    return true;
}

static bool read_row(const struct csv_table *table, const struct dln_study *study,
                     const struct mapping *mapping, size_t row, struct imported *out,
                     struct dln_past_trial *trial, struct dln_error *err)
{
    char why[160] = "";
    double *const x = DLN_ARENA_ARRAY(&out->arena, double, study->space.n);
    double *const values = DLN_ARENA_ARRAY(&out->arena, double, study->n_objectives);
    if (!x || !values) return dln_fail(err, DLN_NOMEM, "out of memory");
    *trial = (struct dln_past_trial){.x = NULL, .state = DLN_TRIAL_COMPLETE};
    const char *const state =
        mapping->state == SIZE_MAX ? "" : csv_cell(table, row, mapping->state);
    if (!read_state(state, &trial->state)) {
        snprintf(why, sizeof why, "it has not ended: '%.60s'", state);
    } else if (!read_point(table, study, mapping, row, x, why, sizeof why)) {
        /* told in why */
    } else if (trial->state == DLN_TRIAL_COMPLETE &&
               !read_values(table, study, mapping, row, values)) {
        snprintf(why, sizeof why, "it has no value of the objective");
    } else {
        trial->x = x;
        trial->values = trial->state == DLN_TRIAL_COMPLETE ? values : NULL;
        trial->started_us = read_time(table, row, mapping->started);
        trial->ended_us = read_time(table, row, mapping->ended);
    }
    if (why[0]) refuse(out, table->lines[row], why);
    return true;
}

/* ── what is there already ─────────────────────────────────────────────────────────────────────*/

struct known { /* finished trials of the study, by the hash of their points */
    uint64_t hash;
    const struct dln_history_row *row;
};

static int by_hash(const void *a, const void *b)
{
    const uint64_t x = ((const struct known *)a)->hash;
    const uint64_t y = ((const struct known *)b)->hash;
    return (x > y) - (x < y);
}

static bool is_same(const struct dln_study *study, const struct dln_history_row *row,
                    const struct dln_past_trial *trial)
{
    if (row->state != trial->state || !dln_space_same(&study->space, row->x, trial->x)) {
        return false;
    }
    for (size_t i = 0; trial->values && i < study->n_objectives; i++) {
        if (row->values[i] != trial->values[i]) return false;
    }
    return true;
}

static bool is_known(const struct dln_study *study, const struct known *known, size_t n,
                     const struct dln_past_trial *trial)
{
    const uint64_t hash = dln_space_hash(&study->space, trial->x);
    size_t low = 0, high = n;
    while (low < high) { /* the first of an equal hash */
        const size_t middle = low + (high - low) / 2;
        if (known[middle].hash < hash) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    for (; low < n && known[low].hash == hash; low++) {
        if (is_same(study, known[low].row, trial)) return true;
    }
    return false;
}

static bool load_known(const struct dln_study *study, dln_store *store, int64_t study_id,
                       struct dln_arena *arena, struct known **out, size_t *n,
                       struct dln_error *err)
{
    struct dln_history_row *rows = NULL;
    if (!dln_store_history(store, study_id, &study->space, study->n_objectives, 0, arena, &rows, n,
                           err)) {
        return false;
    }
    struct known *const known = DLN_ARENA_ARRAY(arena, struct known, *n);
    if (!known) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < *n; i++) {
        known[i] = (struct known){dln_space_hash(&study->space, rows[i].x), &rows[i]};
    }
    if (*n > 0) qsort(known, *n, sizeof *known, by_hash);
    *out = known;
    return true;
}

bool import_rows(const struct csv_table *table, const struct dln_study *study, dln_store *store,
                 int64_t study_id, const char *source, struct imported *out, struct dln_error *err)
{
    struct mapping mapping;
    struct known *known = NULL;
    size_t n_known = 0;
    *out = (struct imported){.n = 0};
    out->trials = DLN_ARENA_ARRAY(&out->arena, struct dln_past_trial, table->n_rows);
    bool ok = out->trials || dln_fail(err, DLN_NOMEM, "out of memory");
    ok = ok && map_columns(table, study, &out->arena, &mapping, err) &&
         load_known(study, store, study_id, &out->arena, &known, &n_known, err);
    for (size_t row = 0; ok && row < table->n_rows; row++) {
        struct dln_past_trial *const trial = &out->trials[out->n];
        ok = read_row(table, study, &mapping, row, out, trial, err);
        if (!ok || !trial->x) continue;
        if (is_known(study, known, n_known, trial)) {
            refuse(out, table->lines[row], "the study has it already");
            continue;
        }
        trial->source = source;
        out->n++;
    }
    if (!ok) imported_release(out);
    return ok;
}

void imported_release(struct imported *imported)
{
    dln_arena_release(&imported->arena);
    *imported = (struct imported){0};
}
