#include "store/load.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "dialin/json.h"
#include "store/json_slice.h"
#include "store/points.h"

struct reader {
    const struct dln_load *load;
    struct dln_loaded *out;
    size_t at;            /* rows of every table come by ascending trial id */
    const char *strategy; /* the last one: mostly the same in a row */
};

static bool out_of_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory");
}

/* The trial of a row, by its first column; SIZE_MAX for one of another study. */
static size_t trial_of(struct reader *r, struct dln_query *q)
{
    const int64_t id = dln_column_int(q, 0);
    while (r->at < r->out->n && r->out->trials[r->at].id < id)
        r->at++;
    return r->at < r->out->n && r->out->trials[r->at].id == id ? r->at : SIZE_MAX;
}

static struct dln_query begin(struct reader *r, const char *sql)
{
    const struct dln_loaded *out = r->out;
    r->at = 0;
    struct dln_query q = dln_query(r->load->store->db, sql);
    dln_bind_int(&q, ":from", out->trials[0].id);
    dln_bind_int(&q, ":to", out->trials[out->n - 1].id);
    return q;
}

/* A stored JSON string as text; anything else as it stands. */
static const char *string_of(struct reader *r, struct dln_query *q, int column)
{
    const char *text = dln_column_text(q, column);
    const struct dln_slice slice = {text, dln_column_len(q, column)};
    const char *copy = dln_slice_string(slice, r->load->arena);
    if (copy) return copy;
    dln_query_no_memory(q);
    return "";
}

/* ── the trials ────────────────────────────────────────────────────────────────────────────────*/

/* Columns: trial_id, number, state, datetime_start, datetime_complete. */
static void read_trial(const struct dln_load *load, struct dln_query *q, struct dln_trial *out)
{
    *out = (struct dln_trial){
        .id = dln_column_int(q, 0),
        .number = dln_column_is_null(q, 1) ? -1 : dln_column_int(q, 1),
        .detail = "",
        .strategy = "",
        .why = "",
        .slot = -1,
        .run_dir = "",
    };
    if (!dln_trial_state_parse(dln_column_text(q, 2), &out->state)) out->state = DLN_TRIAL_FAIL;
    out->started_us = dln_time_base_read(load->times, dln_column_text(q, 3));
    out->ended_us = dln_time_base_read(load->times, dln_column_text(q, 4));
}

static void reverse(struct dln_trial *trials, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        const struct dln_trial swap = trials[i];
        trials[i] = trials[n - 1 - i];
        trials[n - 1 - i] = swap;
    }
}

static bool read_trials(const struct dln_load *load, int64_t from, int64_t to, size_t limit,
                        bool newest, struct dln_loaded *out, struct dln_error *err)
{
    static const char sql_oldest[] =
        "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials"
        " WHERE study_id = :study AND trial_id BETWEEN :from AND :to"
        " AND NOT " DLN_SQL_IS_DELETED " ORDER BY trial_id LIMIT :limit";
    static const char sql_newest[] =
        "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials"
        " WHERE study_id = :study AND trial_id BETWEEN :from AND :to"
        " AND NOT " DLN_SQL_IS_DELETED " ORDER BY trial_id DESC LIMIT :limit";
    size_t cap = limit < 256 ? limit : 256;
    out->n = 0;
    out->trials = DLN_ARENA_ARRAY(load->arena, struct dln_trial, cap);
    if (!out->trials) return out_of_memory(err);
    struct dln_query q = dln_query(load->store->db, newest ? sql_newest : sql_oldest);
    dln_bind_int(&q, ":study", load->study_id);
    dln_bind_int(&q, ":from", from);
    dln_bind_int(&q, ":to", to);
    dln_bind_int(&q, ":limit", (int64_t)limit);
    while (dln_query_row(&q)) {
        if (out->n == cap) {
            struct dln_trial *more = DLN_ARENA_ARRAY(load->arena, struct dln_trial, cap * 2);
            if (!more) {
                dln_query_no_memory(&q);
                break;
            }
            memcpy(more, out->trials, cap * sizeof *more);
            out->trials = more;
            cap *= 2;
        }
        read_trial(load, &q, &out->trials[out->n++]);
    }
    if (!dln_query_end(&q, err)) return false;
    if (newest) reverse(out->trials, out->n);
    return true;
}

/* A row without a number, which Optuna never leaves: the next free one is shown. */
static bool give_numbers(const struct dln_load *load, struct dln_loaded *out, struct dln_error *err)
{
    static const char sql[] = "SELECT max(number) FROM trials WHERE study_id = :study";
    int64_t next = -1;
    for (size_t i = 0; i < out->n; i++) {
        if (out->trials[i].number >= 0) continue;
        if (next < 0) {
            struct dln_query q = dln_query(load->store->db, sql);
            dln_bind_int(&q, ":study", load->study_id);
            if (dln_query_row(&q)) next = dln_column_int(&q, 0) + 1;
            if (!dln_query_end(&q, err)) return false;
        }
        out->trials[i].number = next++;
    }
    return true;
}

/* ── parameters and values ─────────────────────────────────────────────────────────────────────*/

static double *new_reals(const struct dln_load *load, size_t n)
{
    double *reals = DLN_ARENA_ARRAY(load->arena, double, n);
    for (size_t i = 0; reals && i < n; i++)
        reals[i] = NAN;
    return reals;
}

/* As trial_of(), for rows that come in any order, mostly a trial's one after the other. */
static size_t trial_near(struct reader *r, int64_t id)
{
    const struct dln_trial *trials = r->out->trials;
    const size_t n = r->out->n;
    for (size_t tries = 0; tries < 2 && r->at + tries < n; tries++) {
        if (trials[r->at + tries].id == id) return r->at += tries;
    }
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (trials[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == n || trials[low].id != id) return SIZE_MAX;
    return r->at = low;
}

enum { MANY = 200, NEIGHBOURS = 30 }; /* trials; those whose rows may be mixed */

/* How many rows the trials have, and where the rows of the first and of the last few of them lie.
 */
static bool find_rows(struct reader *r, int64_t *count, int64_t *first, int64_t *last,
                      struct dln_error *err)
{
    static const char sql_count[] = "SELECT count(*) FROM trial_params"
                                    " WHERE trial_id BETWEEN :from AND :to";
    static const char sql_ends[] =
        "SELECT (SELECT min(param_id) FROM trial_params WHERE trial_id BETWEEN :from AND :low),"
        " (SELECT max(param_id) FROM trial_params WHERE trial_id BETWEEN :high AND :to)";
    const struct dln_trial *trials = r->out->trials;
    const size_t n = r->out->n;
    struct dln_query c = begin(r, sql_count);
    *count = dln_query_row(&c) ? dln_column_int(&c, 0) : 0;
    if (!dln_query_end(&c, err)) return false;
    struct dln_query q = begin(r, sql_ends);
    dln_bind_int(&q, ":low", trials[NEIGHBOURS].id);
    dln_bind_int(&q, ":high", trials[n - NEIGHBOURS].id);
    *first = 0;
    *last = -1;
    if (dln_query_row(&q) && !dln_column_is_null(&q, 0) && !dln_column_is_null(&q, 1)) {
        *first = dln_column_int(&q, 0);
        *last = dln_column_int(&q, 1);
    }
    return dln_query_end(&q, err);
}

/* A row of names, mostly in the same order for each trial: what followed a name last time. */
static size_t param_after(const struct dln_binding *binding, size_t *following, size_t *before,
                          const char *name)
{
    size_t index = following[*before];
    if (index >= binding->n || strcmp(binding->params[index].name, name) != 0) {
        size_t cursor = 0;
        index = dln_binding_find(binding, name, &cursor);
        if (index == SIZE_MAX) return index;
        following[*before] = index;
    }
    *before = index;
    return index;
}

static bool take_params(struct reader *r, struct dln_query *q, double *x, size_t *following,
                        int64_t *n, struct dln_error *err)
{
    const struct dln_binding *binding = r->load->binding;
    const size_t d = r->load->space->n;
    size_t before = d;
    *n = 0;
    r->at = 0;
    while (dln_query_row(q)) {
        const size_t trial = trial_near(r, dln_column_int(q, 0));
        if (trial == SIZE_MAX) continue;
        (*n)++;
        const size_t index = param_after(binding, following, &before, dln_column_text(q, 1));
        if (index == SIZE_MAX) r->out->trials[trial].has_strangers = true;
        if (index == SIZE_MAX || dln_column_is_null(q, 2)) continue;
        x[trial * d + index] = dln_bound_read(&binding->params[index], dln_column_real(q, 2));
    }
    return dln_query_end(q, err);
}

/*
 * Rows of a trial are mostly written together, and so those of many trials: then the rows between
 * their first and their last one are read as they lie, which costs less than going through the
 * index and from there to each row. *done is false where that did not meet all of them.
 */
static bool take_neighbours(struct reader *r, double *x, size_t *following, bool *done,
                            struct dln_error *err)
{
    static const char sql[] = "SELECT trial_id, param_name, param_value FROM trial_params"
                              " WHERE param_id BETWEEN :first AND :last";
    int64_t count, first, last, n;
    *done = false;
    if (r->out->n < MANY) return true;
    if (!find_rows(r, &count, &first, &last, err)) return false;
    if (last < first || (uint64_t)last - (uint64_t)first > (uint64_t)(count + count / 4))
        return true;
    struct dln_query q = dln_query(r->load->store->db, sql);
    dln_bind_int(&q, ":first", first);
    dln_bind_int(&q, ":last", last);
    if (!take_params(r, &q, x, following, &n, err)) return false;
    *done = n == count;
    return true;
}

static bool read_params(struct reader *r, struct dln_error *err)
{
    static const char sql[] = "SELECT trial_id, param_name, param_value FROM trial_params"
                              " WHERE trial_id BETWEEN :from AND :to ORDER BY trial_id, param_name";
    const struct dln_load *load = r->load;
    const size_t d = load->space->n;
    double *x = new_reals(load, r->out->n * d);
    size_t *following = DLN_ARENA_ARRAY(load->arena, size_t, d + 1);
    if (!x || !following) return out_of_memory(err);
    for (size_t i = 0; i < r->out->n; i++)
        r->out->trials[i].x = x + i * d;
    if (load->parts == DLN_TRIAL_VALUES) return true;
    bool done;
    int64_t n;
    if (!take_neighbours(r, x, following, &done, err)) return false;
    if (done) return true;
    struct dln_query q = begin(r, sql);
    return take_params(r, &q, x, following, &n, err);
}

static bool read_values(struct reader *r, struct dln_error *err)
{
    static const char sql[] = "SELECT trial_id, objective, value, value_type FROM trial_values"
                              " WHERE trial_id BETWEEN :from AND :to ORDER BY trial_id";
    const size_t m = r->load->n_objectives;
    double *values = new_reals(r->load, r->out->n * m);
    if (!values) return out_of_memory(err);
    for (size_t i = 0; i < r->out->n; i++)
        r->out->trials[i].values = values + i * m;
    struct dln_query q = begin(r, sql);
    while (dln_query_row(&q)) {
        const size_t trial = trial_of(r, &q);
        const int64_t objective = dln_column_int(&q, 1);
        if (trial == SIZE_MAX || objective < 0 || objective >= (int64_t)m) continue;
        values[trial * m + (size_t)objective] = dln_column_value(&q, 2);
    }
    return dln_query_end(&q, err);
}

/* ── curves ────────────────────────────────────────────────────────────────────────────────────*/

static bool read_curves(struct reader *r, struct dln_error *err)
{
    static const char sql[] = "SELECT trial_id, step, intermediate_value, intermediate_value_type"
                              " FROM trial_intermediate_values WHERE trial_id BETWEEN :from AND :to"
                              " ORDER BY trial_id, step";
    struct dln_points points = {0};
    struct dln_query q = begin(r, sql);
    while (dln_query_row(&q)) {
        const size_t trial = trial_of(r, &q);
        if (trial == SIZE_MAX) continue;
        if (!dln_points_push(&points, r->load->arena, dln_column_int(&q, 1),
                             dln_column_value(&q, 2))) {
            dln_query_no_memory(&q);
            break;
        }
        r->out->trials[trial].n_steps++;
    }
    if (!dln_query_end(&q, err)) return false;
    size_t first = 0;
    for (size_t i = 0; i < r->out->n; i++) {
        struct dln_trial *trial = &r->out->trials[i];
        if (trial->n_steps == 0) continue;
        trial->steps = points.steps + first;
        trial->curve = points.curve + first;
        first += trial->n_steps;
    }
    r->out->n_points = points.n;
    return true;
}

static bool read_last_steps(struct reader *r, struct dln_error *err)
{
    /* bare columns beside max() come from the row of the maximum */
    static const char sql[] =
        "SELECT trial_id, max(step), intermediate_value, intermediate_value_type"
        " FROM trial_intermediate_values WHERE trial_id BETWEEN :from AND :to GROUP BY trial_id";
    struct dln_query q = begin(r, sql);
    while (dln_query_row(&q)) {
        const size_t trial = trial_of(r, &q);
        if (trial == SIZE_MAX) continue;
        r->out->last_steps[trial] = dln_column_int(&q, 1);
        r->out->last_values[trial] = dln_column_value(&q, 2);
    }
    return dln_query_end(&q, err);
}

/* ── attributes ────────────────────────────────────────────────────────────────────────────────*/

static void note_strategy(struct reader *r, struct dln_query *q, struct dln_trial *trial)
{
    const char *text = dln_column_text(q, 2);
    const size_t len = dln_column_len(q, 2);
    const bool is_same = r->strategy && len == strlen(r->strategy) + 2 &&
                         memcmp(text + 1, r->strategy, len - 2) == 0;
    if (!is_same) r->strategy = string_of(r, q, 2);
    trial->strategy = r->strategy;
}

static double violation_of(struct dln_slice text)
{
    double violation;
    double sum = 0;
    if (dln_slice_number(text, &violation)) return violation > 0 ? violation : 0;
    struct dln_json_walk walk;
    struct dln_slice element;
    dln_json_walk_array(&walk, text);
    while (dln_json_walk_element(&walk, &element)) {
        if (dln_slice_number(element, &violation) && violation > 0) sum += violation;
    }
    return sum;
}

static void note_attribute(struct reader *r, struct dln_query *q, size_t index)
{
    struct dln_trial *trial = &r->out->trials[index];
    const char *key = dln_column_text(q, 1);
    if (strcmp(key, "dialin:owner") == 0) {
        trial->is_ours = true;
    } else if (strcmp(key, "dialin:strategy") == 0) {
        note_strategy(r, q, trial);
    } else if (strcmp(key, "dialin:why") == 0) {
        trial->why = string_of(r, q, 2);
    } else if (r->out->memos && strcmp(key, "dialin:memo") == 0) {
        r->out->memos[index] = dln_column_copy(q, 2, r->load->arena);
    } else if (strcmp(key, "fixed_params") == 0) {
        trial->has_fixed = strcmp(dln_column_text(q, 2), "{}") != 0;
        if (!trial->strategy[0]) trial->strategy = "enqueued";
    } else if (r->out->violations && strncmp(key, "constraints", 11) == 0) {
        const char *text = dln_column_text(q, 2);
        r->out->violations[index] += violation_of((struct dln_slice){text, dln_column_len(q, 2)});
    }
}

/* Other keys are passed over in the index: a sampler of Python may keep long texts under them. */
static bool read_system_attributes(struct reader *r, struct dln_error *err)
{
    static const char sql_view[] =
        "SELECT trial_id, key, value_json FROM trial_system_attributes"
        " WHERE trial_id BETWEEN :from AND :to"
        " AND key IN ('dialin:owner', 'dialin:strategy', 'dialin:why', 'fixed_params')"
        " ORDER BY trial_id, key";
    static const char sql_history[] =
        "SELECT trial_id, key, value_json FROM trial_system_attributes"
        " WHERE trial_id BETWEEN :from AND :to"
        " AND (key IN ('dialin:strategy', 'dialin:memo', 'constraints', 'fixed_params')"
        " OR (key >= 'constraints:' AND key < 'constraints;')) ORDER BY trial_id, key";
    struct dln_query q = begin(r, r->load->for_history ? sql_history : sql_view);
    while (dln_query_row(&q)) {
        const size_t trial = trial_of(r, &q);
        if (trial != SIZE_MAX) note_attribute(r, &q, trial);
    }
    return dln_query_end(&q, err);
}

static enum dln_fail_reason parse_reason(const char *name)
{
    for (int i = 0; i < DLN_FAIL_REASON_COUNT; i++) {
        if (strcmp(dln_fail_reason_name((enum dln_fail_reason)i), name) == 0) {
            return (enum dln_fail_reason)i;
        }
    }
    return DLN_FAIL_NONE;
}

bool dln_load_spread(const char *text, size_t len, size_t m, double *spread, int *n)
{
    json_t *json;
    *n = 0;
    for (size_t i = 0; i < m; i++)
        spread[i] = (double)NAN;
    if (!dln_json_read(text, len, &json, NULL)) return false;
    const json_int_t count = json_integer_value(json_object_get(json, "n"));
    const json_t *list = json_object_get(json, "sd");
    const bool is_one = count > 0 && count <= INT_MAX && json_array_size(list) == m;
    for (size_t i = 0; is_one && i < m; i++) {
        const json_t *one = json_array_get(list, i);
        if (json_is_number(one)) spread[i] = json_number_value(one);
    }
    if (is_one) *n = (int)count;
    json_decref(json);
    return is_one;
}

static void note_spread(struct reader *r, struct dln_query *q, struct dln_trial *trial)
{
    double *spread = new_reals(r->load, r->load->n_objectives);
    if (!spread) {
        dln_query_no_memory(q);
    } else if (dln_load_spread(dln_column_text(q, 2), dln_column_len(q, 2), r->load->n_objectives,
                               spread, &trial->n_runs)) {
        trial->spread = spread;
    }
}

static bool read_user_attributes(struct reader *r, struct dln_error *err)
{
    static const char sql[] = "SELECT trial_id, key, value_json FROM trial_user_attributes"
                              " WHERE trial_id BETWEEN :from AND :to"
                              " AND key IN ('dialin_reason', 'dialin_detail', 'dialin_spread')"
                              " ORDER BY trial_id, key";
    struct dln_query q = begin(r, sql);
    while (dln_query_row(&q)) {
        const size_t trial = trial_of(r, &q);
        if (trial == SIZE_MAX) continue;
        if (strcmp(dln_column_text(&q, 1), "dialin_reason") == 0) {
            r->out->trials[trial].reason = parse_reason(string_of(r, &q, 2));
        } else if (strcmp(dln_column_text(&q, 1), "dialin_spread") == 0) {
            note_spread(r, &q, &r->out->trials[trial]);
        } else {
            r->out->trials[trial].detail = string_of(r, &q, 2);
        }
    }
    return dln_query_end(&q, err);
}

static bool read_runs(struct reader *r, struct dln_error *err)
{
    static const char sql[] = "SELECT trial_id, slot, run_dir FROM dialin_runs"
                              " WHERE trial_id BETWEEN :from AND :to ORDER BY trial_id, run_id";
    if (!r->load->store->has_ours) return true;
    struct dln_query q = begin(r, sql);
    while (dln_query_row(&q)) {
        const size_t index = trial_of(r, &q);
        if (index == SIZE_MAX) continue;
        struct dln_trial *trial = &r->out->trials[index];
        trial->attempt++;
        trial->slot = (int)dln_column_int(&q, 1);
        trial->run_dir = dln_column_copy(&q, 2, r->load->arena);
    }
    return dln_query_end(&q, err);
}

/* ── all of it ─────────────────────────────────────────────────────────────────────────────────*/

static bool prepare_history(struct reader *r, struct dln_error *err)
{
    struct dln_loaded *out = r->out;
    struct dln_arena *arena = r->load->arena;
    out->memos = DLN_ARENA_ARRAY(arena, const char *, out->n);
    out->violations = DLN_ARENA_ARRAY(arena, double, out->n);
    out->last_values = new_reals(r->load, out->n);
    out->last_steps = DLN_ARENA_ARRAY(arena, int64_t, out->n);
    if (!out->memos || !out->violations || !out->last_values || !out->last_steps) {
        return out_of_memory(err);
    }
    for (size_t i = 0; i < out->n; i++) {
        out->memos[i] = "";
        out->last_steps[i] = -1;
    }
    return true;
}

bool dln_load_trials(const struct dln_load *load, int64_t from, int64_t to, size_t limit,
                     bool newest, struct dln_loaded *out, struct dln_error *err)
{
    struct dln_loaded loaded = {0};
    struct reader r = {.load = load, .out = &loaded};
    if (!read_trials(load, from, to, limit, newest, &loaded, err)) return false;
    if (loaded.n == 0) {
        *out = loaded;
        return true;
    }
    if (!give_numbers(load, &loaded, err) || !read_params(&r, err) || !read_values(&r, err)) {
        return false;
    }
    if (load->parts != DLN_TRIAL_ALL) {
        *out = loaded;
        return true;
    }
    if (!read_user_attributes(&r, err)) return false;
    if (load->for_history) {
        if (!prepare_history(&r, err) || !read_last_steps(&r, err)) return false;
    } else {
        if (!read_curves(&r, err) || !read_runs(&r, err)) return false;
    }
    if (!read_system_attributes(&r, err)) return false;
    *out = loaded;
    return true;
}
