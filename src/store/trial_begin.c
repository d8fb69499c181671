/*
 * A trial's beginning: started, put into the queue, taken from it. By the holder of the lease, or
 * by a guest.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"
#include "store/attributes.h"
#include "store/trial_rows.h"

static bool binding_of(dln_store *store, const struct dln_space *space,
                       const struct dln_binding **out, struct dln_error *err)
{
    return dln_binding_get(&store->lease.binding, store->db, store->lease.study_id, space, out,
                           err);
}

static bool set_text(dln_store *store, int64_t id, const char *key, const char *text,
                     struct dln_error *err)
{
    if (!text || !text[0]) return true;
    return dln_attribute_set_text(store->db, DLN_TRIAL_SYSTEM, id, key, text, err);
}

/* Who made the trial and why. */
static bool put_origin(dln_store *store, int64_t id, const struct dln_new_trial *trial,
                       struct dln_error *err)
{
    const char *key = store->lease.is_guest ? DLN_KEY_ASKED : DLN_KEY_OWNER;
    if (!dln_attribute_set(store->db, DLN_TRIAL_SYSTEM, id, key, store->lease.owner, err)) {
        return false;
    }
    if (!set_text(store, id, DLN_KEY_STRATEGY, trial->strategy, err)) return false;
    if (!set_text(store, id, DLN_KEY_WHY, trial->why, err)) return false;
    if (trial->memo && trial->memo[0] &&
        !dln_attribute_set(store->db, DLN_TRIAL_SYSTEM, id, DLN_KEY_MEMO, trial->memo, err)) {
        return false;
    }
    if (isnan(trial->predicted_mean)) return true;
    const double predicted[] = {trial->predicted_mean, trial->predicted_sd};
    return dln_attribute_set_reals(store->db, DLN_TRIAL_SYSTEM, id, DLN_KEY_PREDICTED, predicted, 2,
                                   err);
}

/* wanted: the number that it must get, -1: any. */
static bool start_trial(dln_store *store, const struct dln_space *space, int64_t wanted,
                        const struct dln_new_trial *trial, int64_t *id, int64_t *number,
                        struct dln_error *err)
{
    const int64_t study_id = store->lease.study_id;
    const struct dln_binding *binding = NULL;
    int64_t made = 0;
    int64_t made_number = 0;
    if (!dln_store_begin(store, study_id, DLN_GUARD_LEASE, false, err)) return false;
    if (!binding_of(store, space, &binding, err)) goto fail;
    if (!dln_rows_add_trial(store, study_id, DLN_TRIAL_RUNNING, &store->lease.times, &made,
                            &made_number, err)) {
        goto fail;
    }
    if (wanted >= 0 && made_number != wanted) {
        dln_fail(err, DLN_REFUSED, "trial #%" PRId64 " was taken by another program", wanted);
        goto fail;
    }
    if (!dln_rows_add_params(store, made, space, binding, trial->x, err)) goto fail;
    if (!put_origin(store, made, trial, err)) goto fail;
    if (!dln_store_commit(store, err)) return false;
    *id = made;
    *number = made_number;
    return true;
fail:
    dln_store_rollback(store);
    return false;
}

bool dln_store_start_trial(dln_store *store, const struct dln_space *space,
                           const struct dln_new_trial *trial, int64_t *id, int64_t *number,
                           struct dln_error *err)
{
    return start_trial(store, space, -1, trial, id, number, err);
}

bool dln_store_start_numbered(dln_store *store, const struct dln_space *space, int64_t number,
                              const struct dln_new_trial *trial, int64_t *id, struct dln_error *err)
{
    return start_trial(store, space, number, trial, id, &number, err);
}

/* ── the queue ─────────────────────────────────────────────────────────────────────────────────*/

/* The trials tried before, oldest first, and this one. */
static bool put_retry_history(dln_store *store, int64_t id, int64_t source, int64_t source_number,
                              struct dln_error *err)
{
    struct dln_arena arena = {0};
    const char *history = NULL;
    const char *first = NULL;
    bool ok =
        dln_attribute_get(store->db, DLN_TRIAL_SYSTEM, source, "retry_history", &arena, &history,
                          err) &&
        dln_attribute_get(store->db, DLN_TRIAL_SYSTEM, source, "failed_trial", &arena, &first, err);
    struct dln_strbuf list = {0};
    struct dln_json_writer w = {.out = &list};
    struct dln_json_walk walk;
    struct dln_slice element;
    double number;
    dln_json_array(&w);
    const struct dln_slice text = {history ? history : "", history ? strlen(history) : 0};
    dln_json_walk_array(&walk, text);
    while (dln_json_walk_element(&walk, &element)) {
        if (dln_slice_number(element, &number) && fabs(number) < DLN_INT_MAX) {
            dln_json_int(&w, (int64_t)number);
        }
    }
    dln_json_int(&w, source_number);
    dln_json_end_array(&w);
    if (ok && !dln_strbuf_ok(&list)) ok = dln_fail(err, DLN_NOMEM, "out of memory");
    ok = ok && dln_attribute_set(store->db, DLN_TRIAL_SYSTEM, id, "retry_history",
                                 dln_strbuf_text(&list), err);
    if (ok && !first) {
        ok = dln_attribute_set_int(store->db, DLN_TRIAL_SYSTEM, id, "failed_trial", source_number,
                                   err);
    }
    dln_strbuf_release(&list);
    dln_arena_release(&arena);
    return ok;
}

/*
 * As Optuna's retry: the failed trial's parameters as rows, its user attributes (without those that
 * say why it failed), and its system attributes that are not about one run.
 */
static bool copy_for_retry(dln_store *store, int64_t id, int64_t source, int64_t source_number,
                           struct dln_error *err)
{
    static const char *const sql[] = {
        "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)"
        " SELECT :id, param_name, param_value, distribution_json FROM trial_params"
        " WHERE trial_id = :source ORDER BY param_id",
        "INSERT INTO trial_user_attributes (trial_id, key, value_json)"
        " SELECT :id, key, value_json FROM trial_user_attributes WHERE trial_id = :source"
        " AND key NOT IN ('dialin_reason', 'dialin_detail')",
        "INSERT INTO trial_system_attributes (trial_id, key, value_json)"
        " SELECT :id, key, value_json FROM trial_system_attributes WHERE trial_id = :source"
        " AND key NOT IN ('dialin:owner', 'dialin:asked', 'dialin:predicted', 'dialin:who',"
        " 'fixed_params', 'constraints')",
    };
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        struct dln_query q = dln_query(store->db, sql[i]);
        dln_bind_int(&q, ":id", id);
        dln_bind_int(&q, ":source", source);
        if (!dln_query_run(&q, NULL, err)) return false;
    }
    return put_retry_history(store, id, source, source_number, err);
}

static bool enqueue_rows(dln_store *store, const struct dln_space *space, const double *x,
                         int64_t copy_of, bool is_retry, const char *who, int64_t *id,
                         int64_t *number, struct dln_error *err)
{
    int64_t source = 0;
    if (copy_of >= 0 && !dln_store_find_number(store, store->lease.study_id, copy_of, &source, err))
        return false;
    if (!dln_rows_add_waiting(store, store->lease.study_id, space, &store->lease.times, x, NULL, id,
                              number, err)) {
        return false;
    }
    if (is_retry && copy_of >= 0) {
        if (!copy_for_retry(store, *id, source, copy_of, err)) return false;
    } else if (copy_of >= 0) {
        if (!dln_attribute_set_int(store->db, DLN_TRIAL_SYSTEM, *id, DLN_KEY_COPY_OF, copy_of,
                                   err)) {
            return false;
        }
    }
    return set_text(store, *id, DLN_KEY_WHO, who, err);
}

bool dln_store_enqueue(dln_store *store, const struct dln_space *space, const double *x,
                       int64_t copy_of, bool is_retry, const char *who, int64_t *id,
                       int64_t *number, struct dln_error *err)
{
    int64_t made = 0;
    int64_t made_number = 0;
    if (!dln_store_begin(store, store->lease.study_id, DLN_GUARD_LEASE, true, err)) return false;
    if (!enqueue_rows(store, space, x, copy_of, is_retry, who, &made, &made_number, err)) {
        dln_store_rollback(store);
        return false;
    }
    if (!dln_store_commit(store, err)) return false;
    *id = made;
    *number = made_number;
    return true;
}

/* Position of an external value among a choice's values; or the number of another kind. */
static double internal_of(const struct dln_param *param, struct dln_slice external)
{
    if (param->n_choices == 0) {
        double x;
        return dln_slice_number(external, &x) && isfinite(x) ? x : (double)NAN;
    }
    struct dln_strbuf text = {0};
    double found = NAN;
    for (size_t i = 0; i < param->n_choices && isnan(found); i++) {
        dln_strbuf_reset(&text);
        dln_param_json(param, (double)i, &text);
        double wanted;
        double have;
        const struct dln_slice choice = {dln_strbuf_text(&text), text.len};
        const bool is_text_equal =
            external.len == choice.len && memcmp(external.at, choice.at, choice.len) == 0;
        const bool is_number_equal = dln_slice_number(external, &wanted) &&
                                     dln_slice_number(choice, &have) && wanted == have;
        if (is_text_equal || is_number_equal) found = (double)i;
    }
    dln_strbuf_release(&text);
    return found;
}

/* Rows that are there come before fixed values, as when Python runs the trial. */
static bool read_waiting(dln_store *store, const struct dln_space *space,
                         const struct dln_binding *binding, int64_t id, double *x,
                         struct dln_error *err)
{
    static const char sql[] = "SELECT param_name, param_value FROM trial_params"
                              " WHERE trial_id = :id ORDER BY param_name";
    struct dln_arena arena = {0};
    const char *fixed = NULL;
    for (size_t i = 0; i < space->n; i++)
        x[i] = NAN;
    if (!dln_attribute_get(store->db, DLN_TRIAL_SYSTEM, id, DLN_KEY_FIXED, &arena, &fixed, err)) {
        return false;
    }
    struct dln_json_walk walk;
    struct dln_slice key;
    struct dln_slice value;
    const struct dln_slice text = {fixed ? fixed : "", fixed ? strlen(fixed) : 0};
    dln_json_walk_object(&walk, text);
    while (dln_json_walk_member(&walk, &key, &value)) {
        const char *name = dln_slice_string(key, &arena);
        const size_t index = name ? dln_space_find(space, name) : SIZE_MAX;
        if (index != SIZE_MAX) x[index] = internal_of(&space->params[index], value);
    }
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", id);
    size_t cursor = 0;
    while (dln_query_row(&q)) {
        const size_t index = dln_binding_find(binding, dln_column_text(&q, 0), &cursor);
        if (index == SIZE_MAX || dln_column_is_null(&q, 1)) continue;
        x[index] = dln_bound_read(&binding->params[index], dln_column_real(&q, 1));
    }
    dln_arena_release(&arena);
    /* what lies outside a space that was edited since is for the strategy to fill in */
    for (size_t i = 0; i < space->n; i++) {
        if (!isnan(x[i]) && !dln_param_contains(&space->params[i], x[i])) x[i] = NAN;
    }
    return dln_query_end(&q, err);
}

bool dln_store_next_waiting(dln_store *store, const struct dln_space *space, int64_t *id,
                            int64_t *number, double *x, struct dln_error *err)
{
    const struct dln_binding *binding = NULL;
    const struct dln_tally *tally = NULL;
    if (store->lease.study_id == 0) return dln_fail(err, DLN_BUSY, "no lease is held");
    if (!binding_of(store, space, &binding, err)) return false;
    if (!dln_store_tally(store, store->lease.study_id, &tally, err)) return false;
    const struct dln_open_trial *first = NULL;
    for (size_t i = 0; i < tally->n_open; i++) {
        const struct dln_open_trial *trial = &tally->open[i];
        if (trial->state != DLN_TRIAL_WAITING) continue;
        if (!first || trial->number < first->number) first = trial;
    }
    if (!first) return dln_fail(err, DLN_NOT_FOUND, "no trial is waiting");
    double *read = calloc(space->n + 1, sizeof *read);
    if (!read) return dln_fail(err, DLN_NOMEM, "out of memory");
    const bool ok = read_waiting(store, space, binding, first->id, read, err);
    if (ok) {
        memcpy(x, read, space->n * sizeof *x);
        *id = first->id;
        *number = first->number;
    }
    free(read);
    return ok;
}

bool dln_store_waiting_point(dln_store *store, int64_t study_id, const struct dln_space *space,
                             int64_t trial_id, double *x, struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_binding binding;
    double *read = DLN_ARENA_ARRAY(&arena, double, space->n);
    const bool ok = read ? dln_binding_make(store->db, study_id, space, &arena, &binding, err) &&
                               read_waiting(store, space, &binding, trial_id, read, err)
                         : dln_fail(err, DLN_NOMEM, "out of memory");
    if (ok && space->n > 0) memcpy(x, read, space->n * sizeof *x);
    dln_arena_release(&arena);
    return ok;
}

/* ── claiming ──────────────────────────────────────────────────────────────────────────────────*/

static bool claim_rows(dln_store *store, const struct dln_space *space, int64_t id,
                       const struct dln_new_trial *trial, struct dln_error *err)
{
    static const char sql[] = "UPDATE trials SET state = 'RUNNING', datetime_start = :now"
                              " WHERE trial_id = :id AND study_id = :study AND state = 'WAITING'";
    const struct dln_binding *binding = NULL;
    char now[DLN_TIME_TEXT_MAX];
    int64_t changed = 0;
    dln_time_base_now(&store->lease.times, now);
    if (!binding_of(store, space, &binding, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":now", now);
    dln_bind_int(&q, ":id", id);
    dln_bind_int(&q, ":study", store->lease.study_id);
    if (!dln_query_run(&q, &changed, err)) return false;
    if (changed != 1) {
        return dln_fail(err, DLN_BUSY, "somebody else has taken this waiting trial");
    }
    if (!dln_rows_add_params(store, id, space, binding, trial->x, err)) return false;
    return put_origin(store, id, trial, err) && set_text(store, id, DLN_KEY_CLAIMED, now, err);
}

bool dln_store_claim(dln_store *store, const struct dln_space *space, int64_t id,
                     const struct dln_new_trial *trial, struct dln_error *err)
{
    if (!dln_store_begin(store, store->lease.study_id, DLN_GUARD_LEASE, false, err)) return false;
    if (claim_rows(store, space, id, trial, err)) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}

/* *ours: the trial is RUNNING since the moment at which we claimed it. *claimed: we did claim it.
 */
static bool look_at_claim(dln_store *store, int64_t id, bool *claimed, bool *ours,
                          struct dln_error *err)
{
    static const char sql[] = "SELECT state, datetime_start FROM trials WHERE trial_id = :id";
    struct dln_arena arena = {0};
    const char *text = NULL;
    bool is_ours = false;
    bool ok =
        dln_attribute_get(store->db, DLN_TRIAL_SYSTEM, id, DLN_KEY_CLAIMED, &arena, &text, err);
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", id);
    if (ok && text && dln_query_row(&q) && strcmp(dln_column_text(&q, 0), "RUNNING") == 0) {
        /* Python overwrites the start when it takes the same trial; ours is kept in quotes */
        const char *start = dln_column_text(&q, 1);
        const size_t len = strlen(start);
        is_ours = strlen(text) == len + 2 && strncmp(text + 1, start, len) == 0;
    }
    ok = dln_query_end(&q, ok ? err : NULL) && ok;
    if (ok) {
        *claimed = text != NULL;
        *ours = is_ours;
    }
    dln_arena_release(&arena);
    return ok;
}

bool dln_store_still_claimed(dln_store *store, int64_t id, bool *ours, struct dln_error *err)
{
    bool claimed;
    return look_at_claim(store, id, &claimed, ours, err);
}

bool dln_rows_is_shared(dln_store *store, int64_t trial_id, bool *shared, struct dln_error *err)
{
    bool claimed;
    bool ours;
    if (!look_at_claim(store, trial_id, &claimed, &ours, err)) return false;
    *shared = claimed && !ours;
    return true;
}

/* A heartbeat of the last two minutes, guests aside; Optuna's beats are UTC in every release. */
static bool has_fresh_beat(dln_store *store, bool *fresh, struct dln_error *err)
{
    static const char sql[] = "SELECT h.heartbeat FROM trial_heartbeats h"
                              " JOIN trials t ON t.trial_id = h.trial_id WHERE t.study_id = :study"
                              " AND NOT EXISTS (SELECT 1 FROM trial_system_attributes a"
                              " WHERE a.trial_id = t.trial_id AND a.key = 'dialin:asked')"
                              " ORDER BY h.trial_heartbeat_id DESC LIMIT 1";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", store->lease.study_id);
    int64_t beat_us = 0;
    if (dln_query_row(&q) && !dln_time_parse(dln_column_text(&q, 0), false, &beat_us)) beat_us = 0;
    if (!dln_query_end(&q, err)) return false;
    *fresh = beat_us > dln_clock_wall_us() - 120LL * 1000000;
    return true;
}

static const int64_t recent_us = 600LL * 1000000; /* a worker between two trials, a long one too */

/*
 * Whether another program has lately put a trial into the study: one among the newest that no
 * engine of ours made, took or queued. A worker that is just between two trials shows only so.
 */
static bool has_recent_trial(dln_store *store, bool *recent, struct dln_error *err)
{
    static const char sql[] =
        "SELECT state, datetime_start, datetime_complete FROM"
        " (SELECT trial_id, state, datetime_start, datetime_complete FROM trials"
        " WHERE study_id = :study ORDER BY trial_id DESC LIMIT 100) AS t WHERE NOT EXISTS"
        " (SELECT 1 FROM trial_system_attributes AS a WHERE a.trial_id = t.trial_id"
        " AND a.key IN ('dialin:owner', 'dialin:who', 'dialin:asked', 'dialin:deleted'))";
    const int64_t since_us = dln_clock_wall_us() - recent_us;
    bool found = false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", store->lease.study_id);
    while (!found && dln_query_row(&q)) {
        found = strcmp(dln_column_text(&q, 0), "WAITING") == 0 ||
                dln_time_base_read(&store->lease.times, dln_column_text(&q, 1)) > since_us ||
                dln_time_base_read(&store->lease.times, dln_column_text(&q, 2)) > since_us;
    }
    if (!dln_query_end(&q, err)) return false;
    *recent = found;
    return true;
}

static bool has_key(dln_store *store, int64_t trial_id, const char *key, bool *has,
                    struct dln_error *err)
{
    static const char sql[] = "SELECT 1 FROM trial_system_attributes"
                              " WHERE trial_id = :id AND key = :key";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", trial_id);
    dln_bind_text(&q, ":key", key);
    const bool is_there = dln_query_row(&q);
    if (!dln_query_end(&q, err)) return false;
    *has = is_there;
    return true;
}

bool dln_rows_is_ours(dln_store *store, int64_t trial_id, bool *ours, struct dln_error *err)
{
    return has_key(store, trial_id, DLN_KEY_OWNER, ours, err);
}

bool dln_rows_is_asked(dln_store *store, int64_t trial_id, bool *asked, struct dln_error *err)
{
    return has_key(store, trial_id, DLN_KEY_ASKED, asked, err);
}

bool dln_store_foreign_workers(dln_store *store, bool *alive, struct dln_error *err)
{
    const struct dln_tally *tally = NULL;
    bool found = false;
    if (store->lease.study_id == 0) return dln_fail(err, DLN_BUSY, "no lease is held");
    if (!dln_store_tally(store, store->lease.study_id, &tally, err)) return false;
    for (size_t i = 0; i < tally->n_open && !found; i++) {
        bool ours = true;
        if (tally->open[i].state != DLN_TRIAL_RUNNING) continue;
        if (!dln_rows_is_ours(store, tally->open[i].id, &ours, err)) return false;
        if (!ours && !dln_rows_is_asked(store, tally->open[i].id, &ours, err)) return false;
        found = !ours;
    }
    if (!found && !has_fresh_beat(store, &found, err)) return false;
    if (!found && !has_recent_trial(store, &found, err)) return false;
    *alive = found;
    return true;
}
