#include "store/tally.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/num.h"
#include "store/handle.h"
#include "store/json_slice.h"

void dln_tally_init(struct dln_tally *tally, uint64_t identity, bool is_single, bool maximize,
                    bool is_utc)
{
    *tally = (struct dln_tally){
        .identity = identity,
        .is_single = is_single,
        .maximize = maximize,
        .max_number = -1,
        .best_id = -1,
        .best_number = -1,
        .best_value = NAN,
    };
    dln_time_base_init(&tally->times, is_utc);
}

void dln_tally_release(struct dln_tally *tally)
{
    free(tally->open);
    *tally = (struct dln_tally){0};
}

int64_t dln_tally_trials(const struct dln_tally *tally)
{
    int64_t n = (int64_t)tally->n_open;
    for (size_t i = 0; i < DLN_TRIAL_STATE_COUNT; i++)
        n += tally->finished[i];
    return n;
}

int64_t dln_tally_next_number(const struct dln_tally *tally)
{
    const int64_t count = dln_tally_trials(tally);
    return count > tally->max_number ? count : tally->max_number + 1;
}

void dln_tally_roll(struct dln_tally *tally, int64_t now_us)
{
    const int64_t bin = now_us / DLN_TALLY_BIN_US;
    if (bin <= tally->newest_bin) return;
    const int64_t shift = bin - tally->newest_bin;
    for (int64_t i = 0; i < DLN_TALLY_BINS; i++) {
        tally->bins[i] = i + shift < DLN_TALLY_BINS ? tally->bins[i + shift] : 0;
    }
    tally->newest_bin = bin;
}

static void count_end(struct dln_tally *tally, int64_t ended_us)
{
    if (ended_us <= 0 || ended_us > tally->times.horizon_us) return;
    dln_tally_roll(tally, ended_us);
    const int64_t age = tally->newest_bin - ended_us / DLN_TALLY_BIN_US;
    if (age < DLN_TALLY_BINS) tally->bins[DLN_TALLY_BINS - 1 - age]++;
}

/* ── best ──────────────────────────────────────────────────────────────────────────────────────*/

/* A trial with a constraint above 0 is not feasible; one without constraints is (Optuna 5.0). */
static bool is_feasible(dln_db *db, int64_t trial_id, bool *feasible, struct dln_error *err)
{
    static const char sql[] =
        "SELECT key, value_json FROM trial_system_attributes WHERE trial_id = :id"
        " AND (key = 'constraints' OR (key >= 'constraints:' AND key < 'constraints;'))";
    bool ok = true;
    struct dln_query q = dln_query(db, sql);
    dln_bind_int(&q, ":id", trial_id);
    while (dln_query_row(&q)) {
        const char *text = dln_column_text(&q, 1);
        const struct dln_slice whole = {text, dln_column_len(&q, 1)};
        struct dln_json_walk walk;
        struct dln_slice element;
        double violation;
        if (dln_slice_number(whole, &violation) && violation > 0) ok = false;
        if (!dln_json_walk_array(&walk, whole)) continue;
        while (dln_json_walk_element(&walk, &element)) {
            if (dln_slice_number(element, &violation) && violation > 0) ok = false;
        }
    }
    if (!dln_query_end(&q, err)) return false;
    *feasible = ok;
    return true;
}

static bool offer_best(struct dln_tally *tally, dln_db *db, const struct dln_open_trial *trial,
                       double value, struct dln_error *err)
{
    if (isnan(value)) return true;
    if (tally->best_id >= 0) {
        const bool is_better =
            tally->maximize ? value > tally->best_value : value < tally->best_value;
        const bool is_earlier = value == tally->best_value && trial->number < tally->best_number;
        if (!is_better && !is_earlier) return true;
    }
    bool feasible;
    if (!is_feasible(db, trial->id, &feasible, err)) return false;
    if (!feasible) return true;
    tally->best_id = trial->id;
    tally->best_number = trial->number;
    tally->best_value = value;
    return true;
}

/* ── reading what is new ───────────────────────────────────────────────────────────────────────*/

static bool is_finished(enum dln_trial_state state)
{
    return state != DLN_TRIAL_RUNNING && state != DLN_TRIAL_WAITING;
}

static bool push_open(struct dln_tally *tally, const struct dln_open_trial *trial)
{
    if (tally->n_open == tally->cap_open) {
        const size_t cap = tally->cap_open ? tally->cap_open * 2 : 16;
        struct dln_open_trial *open = realloc(tally->open, cap * sizeof *open);
        if (!open) return false;
        tally->open = open;
        tally->cap_open = cap;
    }
    tally->open[tally->n_open++] = *trial;
    return true;
}

/* Columns: trial_id, number, state, datetime_start, datetime_complete. */
static void read_trial(struct dln_tally *tally, struct dln_query *q, struct dln_open_trial *out,
                       int64_t *ended_us)
{
    out->id = dln_column_int(q, 0);
    out->number = dln_column_is_null(q, 1) ? tally->max_number + 1 : dln_column_int(q, 1);
    if (!dln_trial_state_parse(dln_column_text(q, 2), &out->state)) out->state = DLN_TRIAL_FAIL;
    const int64_t started_us = dln_time_base_read(&tally->times, dln_column_text(q, 3));
    *ended_us = dln_time_base_read(&tally->times, dln_column_text(q, 4));
    const int64_t newest = *ended_us > started_us ? *ended_us : started_us;
    if (newest > tally->activity_us) tally->activity_us = newest;
    if (out->number > tally->max_number) tally->max_number = out->number;
}

static bool value_of(dln_db *db, int64_t trial_id, double *value, struct dln_error *err)
{
    static const char sql[] = "SELECT value, value_type FROM trial_values"
                              " WHERE trial_id = :id AND objective = 0";
    struct dln_query q = dln_query(db, sql);
    dln_bind_int(&q, ":id", trial_id);
    const double found = dln_query_row(&q) ? dln_column_value(&q, 0) : (double)NAN;
    if (!dln_query_end(&q, err)) return false;
    *value = found;
    return true;
}

/* Looks the unfinished ones up again; those that have ended are counted, those deleted forgotten.
 */
static bool revisit(struct dln_tally *tally, dln_db *db, int64_t study_id, struct dln_error *err)
{
    static const char sql[] =
        "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials"
        " WHERE trial_id = :id AND study_id = :study";
    size_t kept = 0;
    bool ok = true;
    for (size_t i = 0; i < tally->n_open; i++) {
        struct dln_open_trial trial = tally->open[i];
        if (!ok) {
            tally->open[kept++] = trial;
            continue;
        }
        int64_t ended_us = 0;
        struct dln_query q = dln_query(db, sql);
        dln_bind_int(&q, ":id", trial.id);
        dln_bind_int(&q, ":study", study_id);
        const bool is_there = dln_query_row(&q);
        if (is_there) read_trial(tally, &q, &trial, &ended_us);
        ok = dln_query_end(&q, err);
        const bool ended = ok && is_there && is_finished(trial.state);
        double value = NAN;
        if (ended && trial.state == DLN_TRIAL_COMPLETE && tally->is_single) {
            ok = value_of(db, trial.id, &value, err) && offer_best(tally, db, &trial, value, err);
        }
        if (!ok) {
            tally->open[kept++] = tally->open[i];
        } else if (ended) {
            tally->finished[trial.state]++;
            count_end(tally, ended_us);
        } else if (is_there) {
            tally->open[kept++] = trial;
        }
    }
    tally->n_open = kept;
    return ok;
}

/* Values of the first objective, read in step with the trials that they belong to. */
struct values {
    struct dln_query q;
    int64_t id; /* of the row that it stands at; INT64_MAX: behind the last one */
    bool is_open;
};

enum { VALUES_NEAR = 64 }; /* rows that are cheaper to walk over than to look up */

static void seek_value(struct values *values, dln_db *db, int64_t trial_id)
{
    static const char sql[] = "SELECT trial_id, value, value_type FROM trial_values"
                              " WHERE trial_id >= :from AND objective = 0 ORDER BY trial_id";
    if (values->is_open && !dln_query_end(&values->q, NULL)) return;
    values->q = dln_query(db, sql);
    dln_bind_int(&values->q, ":from", trial_id);
    values->is_open = true;
    values->id = dln_query_row(&values->q) ? dln_column_int(&values->q, 0) : INT64_MAX;
}

/* Whether this trial has one. Trials come by ascending id; other studies' may lie between. */
static bool find_value(struct values *values, dln_db *db, int64_t trial_id)
{
    if (!values->is_open || values->id < trial_id - VALUES_NEAR) seek_value(values, db, trial_id);
    while (values->id < trial_id) {
        values->id = dln_query_row(&values->q) ? dln_column_int(&values->q, 0) : INT64_MAX;
    }
    return values->id == trial_id;
}

/* Trials above upto_id, and their values from a second cursor that runs along. */
static bool read_on(struct dln_tally *tally, dln_db *db, int64_t study_id, struct dln_error *err)
{
    static const char sql_trials[] =
        "SELECT trial_id, number, state, datetime_start, datetime_complete, " DLN_SQL_IS_DELETED
        " FROM trials WHERE study_id = :study AND trial_id > :after ORDER BY trial_id";
    struct dln_query trials = dln_query(db, sql_trials);
    dln_bind_int(&trials, ":study", study_id);
    dln_bind_int(&trials, ":after", tally->upto_id);
    struct values values = {0};
    bool ok = true;
    while (ok && dln_query_row(&trials)) {
        struct dln_open_trial trial;
        int64_t ended_us;
        read_trial(tally, &trials, &trial, &ended_us);
        if (dln_column_int(&trials, 5) != 0) {
            ok = true; /* only its number counts */
        } else if (!is_finished(trial.state)) {
            ok = push_open(tally, &trial) || dln_fail(err, DLN_NOMEM, "out of memory");
        } else {
            const bool is_judged = tally->is_single && trial.state == DLN_TRIAL_COMPLETE;
            if (is_judged && find_value(&values, db, trial.id)) {
                ok = offer_best(tally, db, &trial, dln_column_value(&values.q, 1), err);
            }
            if (ok) {
                tally->finished[trial.state]++;
                count_end(tally, ended_us);
            }
        }
        if (ok) tally->upto_id = trial.id;
    }
    if (values.is_open) ok = dln_query_end(&values.q, ok ? err : NULL) && ok;
    return dln_query_end(&trials, ok ? err : NULL) && ok;
}

bool dln_tally_refresh(struct dln_tally *tally, dln_db *db, int64_t study_id, struct dln_error *err)
{
    return revisit(tally, db, study_id, err) && read_on(tally, db, study_id, err);
}

/* ── as stored ─────────────────────────────────────────────────────────────────────────────────*/

void dln_tally_write(const struct dln_tally *tally, struct dln_strbuf *json)
{
    struct dln_json_writer w = {.out = json};
    dln_json_object(&w);
    dln_json_key(&w, "upto");
    dln_json_int(&w, tally->upto_id);
    dln_json_key(&w, "max_number");
    dln_json_int(&w, tally->max_number);
    dln_json_key(&w, "finished");
    dln_json_array(&w);
    for (size_t i = 0; i < DLN_TRIAL_STATE_COUNT; i++)
        dln_json_int(&w, tally->finished[i]);
    dln_json_end_array(&w);
    dln_json_key(&w, "best_id");
    dln_json_int(&w, tally->best_id);
    dln_json_key(&w, "best_number");
    dln_json_int(&w, tally->best_number);
    char value[DLN_NUM_TEXT_MAX];
    dln_num_repr(tally->best_value, value);
    dln_json_key(&w, "best_value"); /* as text: it may be inf */
    dln_json_string(&w, value);
    dln_json_key(&w, "activity_us");
    dln_json_int(&w, tally->activity_us);
    dln_json_key(&w, "newest_bin");
    dln_json_int(&w, tally->newest_bin);
    dln_json_key(&w, "bins");
    dln_json_array(&w);
    for (size_t i = 0; i < DLN_TALLY_BINS; i++)
        dln_json_int(&w, tally->bins[i]);
    dln_json_end_array(&w);
    dln_json_key(&w, "open");
    dln_json_array(&w);
    for (size_t i = 0; i < tally->n_open; i++)
        dln_json_int(&w, tally->open[i].id);
    dln_json_end_array(&w);
    dln_json_end_object(&w);
}

static bool get_int(const json_t *object, const char *key, int64_t low, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value) || json_integer_value(value) < low) return false;
    *out = json_integer_value(value);
    return true;
}

static bool get_ints(const json_t *object, const char *key, size_t n, int64_t *out)
{
    const json_t *list = json_object_get(object, key);
    if (!json_is_array(list) || json_array_size(list) != n) return false;
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
        out[i] = json_integer_value(value);
    }
    return true;
}

static bool read_open(struct dln_tally *tally, const json_t *list)
{
    if (!json_is_array(list)) return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *id = json_array_get(list, i);
        /* number and state come with the next refresh, which revisits them all */
        const struct dln_open_trial trial = {.id = json_integer_value(id), .number = -1};
        if (!json_is_integer(id) || !push_open(tally, &trial)) return false;
    }
    return true;
}

bool dln_tally_read(struct dln_tally *tally, const char *json, size_t len)
{
    json_t *root = NULL;
    if (!dln_json_read(json, len, &root, NULL)) return false;
    struct dln_tally read;
    dln_tally_init(&read, tally->identity, tally->is_single, tally->maximize, tally->times.is_utc);
    const char *value = json_string_value(json_object_get(root, "best_value"));
    const bool ok = get_int(root, "upto", 0, &read.upto_id) &&
                    get_int(root, "max_number", -1, &read.max_number) &&
                    get_int(root, "best_id", -1, &read.best_id) &&
                    get_int(root, "best_number", -1, &read.best_number) && value &&
                    dln_num_parse(value, strlen(value), &read.best_value) &&
                    get_int(root, "activity_us", 0, &read.activity_us) &&
                    get_int(root, "newest_bin", 0, &read.newest_bin) &&
                    get_ints(root, "finished", DLN_TRIAL_STATE_COUNT, read.finished) &&
                    get_ints(root, "bins", DLN_TALLY_BINS, read.bins) &&
                    read_open(&read, json_object_get(root, "open"));
    json_decref(root);
    if (!ok) {
        dln_tally_release(&read);
        return false;
    }
    dln_tally_release(tally);
    *tally = read;
    return true;
}
