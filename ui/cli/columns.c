#include "cli/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/trial_list.h"
#include "dialin/clock.h"
#include "dialin/json.h"
#include "dialin/num.h"
#include "format.h"

static const struct {
    const char *name;
    enum column_kind kind;
    bool is_number;
} words[] = {
    {"number", COLUMN_NUMBER, true},      {"state", COLUMN_STATE, false},
    {"value", COLUMN_VALUE, true},        {"duration", COLUMN_DURATION, true},
    {"started", COLUMN_STARTED, false},   {"ended", COLUMN_ENDED, false},
    {"reason", COLUMN_REASON, false},     {"detail", COLUMN_DETAIL, false},
    {"strategy", COLUMN_STRATEGY, false}, {"why", COLUMN_WHY, false},
    {"attempts", COLUMN_ATTEMPTS, true},  {"slot", COLUMN_SLOT, true},
    {"step", COLUMN_STEP, true},          {"last", COLUMN_LAST, true},
    {"runs", COLUMN_RUNS, true},          {"spread", COLUMN_SPREAD, true},
    {"time", COLUMN_DURATION, true}, /* as filters call it */
};
enum { N_WORDS = sizeof words / sizeof words[0] };

static const char attribute_prefix[] = "attr.";

static bool find(const struct opened *study, const char *name, struct trial_column *out)
{
    const size_t param = dln_space_find(study->space, name);
    if (param != SIZE_MAX) {
        *out = (struct trial_column){.kind = COLUMN_PARAM, .index = param};
        return true;
    }
    for (size_t i = 0; i < study->summary.n_objectives; i++) {
        if (strcmp(study->summary.metric_names[i], name) != 0) continue;
        *out = (struct trial_column){.kind = COLUMN_METRIC, .index = i};
        return true;
    }
    for (size_t i = 0; i < N_WORDS; i++) {
        if (strcmp(words[i].name, name) != 0) continue;
        *out = (struct trial_column){.kind = words[i].kind};
        return true;
    }
    if (strncmp(name, attribute_prefix, strlen(attribute_prefix)) != 0) return false;
    *out = (struct trial_column){.kind = COLUMN_ATTRIBUTE, .name = name};
    return true;
}

static bool unknown(const struct opened *study, const char *name, struct dln_error *err)
{
    const size_t d = study->space->n;
    const size_t m = study->summary.n_objectives;
    const char **const names = calloc(d + m + N_WORDS, sizeof *names);
    if (!names) return dln_fail(err, DLN_NOMEM, "out of memory");
    size_t n = 0;
    for (size_t i = 0; i < d; i++)
        names[n++] = study->space->params[i].name;
    for (size_t i = 0; i < m; i++)
        names[n++] = study->summary.metric_names[i];
    for (size_t i = 0; i < N_WORDS; i++)
        names[n++] = words[i].name;
    dln_fail(err, DLN_USAGE, "trials have no '%s'", name);
    add_meant(err, name, names, n);
    free((void *)names);
    return false;
}

bool column_find(const struct opened *study, const char *name, struct trial_column *out,
                 struct dln_error *err)
{
    return find(study, name, out) || unknown(study, name, err);
}

const char *column_name(const struct opened *study, struct trial_column column)
{
    if (column.kind == COLUMN_PARAM) return study->space->params[column.index].name;
    if (column.kind == COLUMN_METRIC) return study->summary.metric_names[column.index];
    if (column.kind == COLUMN_ATTRIBUTE) return column.name;
    for (size_t i = 0; i < N_WORDS; i++) {
        if (words[i].kind == column.kind) return words[i].name;
    }
    return "";
}

struct trial_column *columns_default(struct opened *study, size_t *n)
{
    const size_t d = study->space->n;
    const size_t m = study->summary.n_objectives;
    struct trial_column *const out = DLN_ARENA_ARRAY(&study->arena, struct trial_column, d + m + 4);
    if (!out) return NULL;
    size_t at = 0;
    out[at++] = (struct trial_column){.kind = COLUMN_NUMBER};
    out[at++] = (struct trial_column){.kind = COLUMN_STATE};
    for (size_t i = 0; i < m; i++) {
        out[at++] = (struct trial_column){.kind = COLUMN_METRIC, .index = i};
    }
    for (size_t i = 0; i < d; i++) {
        out[at++] = (struct trial_column){.kind = COLUMN_PARAM, .index = i};
    }
    out[at++] = (struct trial_column){.kind = COLUMN_DURATION};
    out[at++] = (struct trial_column){.kind = COLUMN_DETAIL};
    *n = at;
    return out;
}

bool columns_parse(struct opened *study, const char *list, struct trial_column **out, size_t *n,
                   struct dln_error *err)
{
    size_t count = 1;
    for (const char *p = list; *p; p++)
        count += *p == ',';
    struct trial_column *const columns = DLN_ARENA_ARRAY(&study->arena, struct trial_column, count);
    if (!columns) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        const size_t len = strcspn(list, ",");
        const char *const name = dln_arena_copy_len(&study->arena, list, len);
        if (!name) return dln_fail(err, DLN_NOMEM, "out of memory");
        if (!column_find(study, name, &columns[i], err)) return false;
        list += len + (list[len] == ',');
    }
    *out = columns;
    *n = count;
    return true;
}

/* ── values ────────────────────────────────────────────────────────────────────────────────────*/

static struct dln_value number(double x)
{
    if (isnan(x)) return (struct dln_value){.kind = DLN_VALUE_MISSING};
    return (struct dln_value){.kind = DLN_VALUE_NUMBER, .number = x};
}

static struct dln_value text(const char *words_of_it)
{
    if (!words_of_it || !words_of_it[0]) return (struct dln_value){.kind = DLN_VALUE_MISSING};
    return (struct dln_value){.kind = DLN_VALUE_TEXT, .text = words_of_it};
}

static struct dln_value time_value(int64_t wall_us, struct dln_strbuf *scratch)
{
    char out[DLN_TIME_TEXT_MAX];
    dln_strbuf_reset(scratch);
    if (wall_us != 0) dln_strbuf_add_len(scratch, out, dln_time_format(wall_us, true, out));
    return text(dln_strbuf_text(scratch));
}

/* A number, a truth or a text of JSON; anything else as it stands. */
static struct dln_value json_value(const char *json, struct dln_strbuf *scratch)
{
    double x;
    json_t *value = NULL;
    if (dln_num_parse(json, strlen(json), &x)) return number(x);
    dln_strbuf_reset(scratch);
    if (!dln_json_read(json, strlen(json), &value, NULL) || !json_is_string(value)) {
        dln_strbuf_add(scratch, json);
    } else {
        dln_strbuf_add(scratch, json_string_value(value));
    }
    struct dln_value out = text(dln_strbuf_text(scratch));
    if (json_is_boolean(value)) {
        out = (struct dln_value){.kind = DLN_VALUE_BOOL, .truth = json_is_true(value)};
    } else if (json_is_null(value)) {
        out = (struct dln_value){.kind = DLN_VALUE_NULL};
    }
    json_decref(value);
    return out;
}

static struct dln_value attribute_value(const struct opened *study, const char *name,
                                        const struct dln_trial *trial, struct dln_strbuf *scratch)
{
    struct dln_arena arena = {0};
    const char *json = NULL;
    struct dln_value out = {.kind = DLN_VALUE_MISSING};
    if (dln_store_attribute(study->store, DLN_OF_TRIAL, trial->id, name + strlen(attribute_prefix),
                            &arena, &json, NULL) &&
        json) {
        out = json_value(json, scratch);
    }
    dln_arena_release(&arena);
    return out;
}

struct dln_value column_value(const struct opened *study, struct trial_column column,
                              const struct dln_trial *trial, struct dln_strbuf *scratch)
{
    switch (column.kind) {
    case COLUMN_PARAM: {
        struct dln_value out;
        const enum dln_param_kind kind = study->space->params[column.index].kind;
        if (kind == DLN_PARAM_FLOAT || kind == DLN_PARAM_INT) return number(trial->x[column.index]);
        const struct dln_point_context point = {.space = study->space, .x = trial->x};
        struct dln_point_context context = point;
        if (!dln_space_lookup(&context, study->space->params[column.index].name, &out)) {
            out.kind = DLN_VALUE_MISSING;
        }
        return out;
    }
    case COLUMN_METRIC: return number(trial->values[column.index]);
    case COLUMN_VALUE:
        return number(study->summary.n_objectives > 0 ? trial->values[0] : (double)NAN);
    case COLUMN_NUMBER: return number((double)trial->number);
    case COLUMN_STATE: return text(dln_trial_state_word(trial->state));
    case COLUMN_DURATION: return number(trial_duration_s(trial));
    case COLUMN_STARTED: return time_value(trial->started_us, scratch);
    case COLUMN_ENDED: return time_value(trial->ended_us, scratch);
    case COLUMN_REASON:
        return text(trial->reason == DLN_FAIL_NONE ? NULL : dln_fail_reason_name(trial->reason));
    case COLUMN_DETAIL: return text(trial->detail);
    case COLUMN_STRATEGY: return text(trial->strategy);
    case COLUMN_WHY: return text(trial->why);
    case COLUMN_ATTEMPTS: return number(trial->attempt);
    case COLUMN_SLOT: return number(trial->slot < 0 ? (double)NAN : trial->slot);
    case COLUMN_STEP:
        return number(trial->n_steps > 0 ? (double)trial->steps[trial->n_steps - 1] : (double)NAN);
    case COLUMN_LAST:
        return number(trial->n_steps > 0 ? trial->curve[trial->n_steps - 1] : (double)NAN);
    case COLUMN_RUNS: return number(trial->n_runs > 0 ? trial->n_runs : 1);
    case COLUMN_SPREAD: return number(trial->n_runs > 0 ? trial->spread[0] : (double)NAN);
    case COLUMN_ATTRIBUTE: return attribute_value(study, column.name, trial, scratch);
    }
    return number((double)NAN);
}

bool column_is_number(const struct opened *study, struct trial_column column)
{
    if (column.kind == COLUMN_METRIC) return true;
    if (column.kind == COLUMN_PARAM) {
        const enum dln_param_kind kind = study->space->params[column.index].kind;
        return kind == DLN_PARAM_FLOAT || kind == DLN_PARAM_INT;
    }
    for (size_t i = 0; i < N_WORDS; i++) {
        if (words[i].kind == column.kind) return words[i].is_number;
    }
    return false;
}

struct number_style column_style(const struct opened *study, struct trial_column column, size_t n,
                                 const struct dln_trial *trials)
{
    double best = (double)NAN, second = (double)NAN;
    const bool is_metric = column.kind == COLUMN_METRIC || column.kind == COLUMN_VALUE;
    const size_t index = column.kind == COLUMN_METRIC ? column.index : 0;
    if (!is_metric || index >= study->summary.n_objectives) return number_objective(best, second);
    const double sign = study->summary.maximize[index] ? -1 : 1;
    for (size_t i = 0; i < n; i++) {
        const double value = trials[i].values[index];
        if (!isfinite(value) || value == best) continue;
        if (isnan(best) || sign * value < sign * best) {
            second = best;
            best = value;
        } else if (isnan(second) || sign * value < sign * second) {
            second = value;
        }
    }
    return number_objective(best, second);
}

void column_text(const struct opened *study, struct trial_column column,
                 const struct dln_trial *trial, struct number_style style, struct dln_strbuf *out)
{
    char word[FORMAT_MAX];
    if (column.kind == COLUMN_PARAM) {
        param_text(&study->space->params[column.index], trial->x[column.index], out);
        return;
    }
    if (column.kind == COLUMN_STARTED || column.kind == COLUMN_ENDED) {
        const int64_t at = column.kind == COLUMN_STARTED ? trial->started_us : trial->ended_us;
        if (at != 0) dln_strbuf_add(out, format_time(word, at, dln_clock_wall_us()));
        return;
    }
    struct dln_strbuf scratch = {0};
    const struct dln_value value = column_value(study, column, trial, &scratch);
    if (value.kind == DLN_VALUE_TEXT) {
        dln_strbuf_add(out, value.text);
    } else if (value.kind == DLN_VALUE_NUMBER && column.kind == COLUMN_DURATION) {
        dln_strbuf_add(out, format_duration(word, (int64_t)(value.number * 1000)));
    } else if (value.kind == DLN_VALUE_NUMBER &&
               (column.kind == COLUMN_METRIC || column.kind == COLUMN_VALUE)) {
        const size_t index = column.kind == COLUMN_METRIC ? column.index : 0;
        dln_strbuf_add(out, format_number(word, style, value.number));
        if (trial->n_runs > 0) {
            dln_strbuf_add(out, format_spread(word, style, trial->spread[index], trial->n_runs));
        }
    } else if (value.kind == DLN_VALUE_NUMBER) {
        dln_strbuf_add(out, format_detail(word, value.number));
    } else if (value.kind == DLN_VALUE_BOOL) {
        dln_strbuf_add(out, value.truth ? "true" : "false");
    }
    dln_strbuf_release(&scratch);
}
