/*
 * Guests: programs that ask for points and tell what came of them, beside an engine or without one,
 * any number at once. Each writes trials of its own, in short transactions, as workers of Optuna
 * do; the lease is not theirs, so they never touch the log as a whole.
 */
#include <inttypes.h>
#include <stdio.h>

#include "store/attributes.h"
#include "store/trial_rows.h"

enum { LOG_PAGES_LONG = 1000 }; /* as for an engine */

bool dln_store_join(dln_store *store, int64_t study_id, struct dln_error *err)
{
    struct dln_lease *lease = &store->lease;
    if (!dln_store_can_write(store, err)) return false;
    if (lease->study_id != 0) {
        return dln_fail(err, DLN_BUSY, "this program is at work on a study of this file already");
    }
    if (!dln_store_objectives(store, study_id, &lease->n_objectives, err)) return false;
    if (!dln_store_time_base(store, study_id, &lease->times, err)) return false;
    if (!dln_lease_sign(store, err)) return false;
    lease->finished = 0;
    lease->study_id = study_id;
    lease->is_guest = true;
    return true;
}

bool dln_store_next_number(dln_store *store, int64_t *number, struct dln_error *err)
{
    const struct dln_tally *tally = NULL;
    if (!dln_db_begin_read(store->db, err)) return false;
    const bool ok = dln_store_tally(store, store->lease.study_id, &tally, err);
    if (ok) *number = dln_tally_next_number(tally);
    dln_db_rollback(store->db);
    return ok;
}

/* ── heartbeats ────────────────────────────────────────────────────────────────────────────────*/

bool dln_store_beat_trials(dln_store *store, size_t n, const int64_t *ids, struct dln_error *err)
{
    static const char sql[] =
        "INSERT INTO trial_heartbeats (trial_id, heartbeat) VALUES (:id, CURRENT_TIMESTAMP)"
        " ON CONFLICT (trial_id) DO UPDATE SET heartbeat = excluded.heartbeat";
    if (n == 0) return true;
    if (!dln_store_begin(store, store->lease.study_id, DLN_GUARD_LEASE, false, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    for (size_t i = 0; i < n; i++) {
        dln_bind_int(&q, ":id", ids[i]);
        dln_query_again(&q);
    }
    if (dln_query_end(&q, err)) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}

/* Whether the trial is a guest's that gave signs of life and has stopped to. */
static bool is_lost(dln_store *store, int64_t trial_id, int64_t max_age_s, bool *lost,
                    struct dln_error *err)
{
    static const char sql[] = "SELECT heartbeat FROM trial_heartbeats WHERE trial_id = :id";
    int64_t beat_us;
    bool is_asked = false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", trial_id);
    const bool is_old = dln_query_row(&q) &&
                        dln_time_parse(dln_column_text(&q, 0), false, &beat_us) &&
                        beat_us < dln_clock_wall_us() - max_age_s * 1000000;
    if (!dln_query_end(&q, err)) return false;
    if (is_old && !dln_rows_is_asked(store, trial_id, &is_asked, err)) return false;
    *lost = is_old && is_asked;
    return true;
}

/* Inside a write transaction: the heartbeat may have come meanwhile. */
static bool fail_one(dln_store *store, int64_t trial_id, int64_t max_age_s, bool *failed,
                     struct dln_error *err)
{
    static const char sql[] = "UPDATE trials SET state = 'FAIL', datetime_complete = :now"
                              " WHERE trial_id = :id AND state = 'RUNNING'";
    char now[DLN_TIME_TEXT_MAX];
    int64_t changed = 0;
    *failed = false;
    bool lost = false;
    if (!is_lost(store, trial_id, max_age_s, &lost, err)) return false;
    if (!lost) return true;
    dln_time_base_now(&store->lease.times, now);
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":now", now);
    dln_bind_int(&q, ":id", trial_id);
    if (!dln_query_run(&q, &changed, err)) return false;
    if (changed == 0) return true;
    *failed = true;
    return dln_attribute_set_text(store->db, DLN_TRIAL_USER, trial_id, DLN_KEY_REASON,
                                  dln_fail_reason_name(DLN_FAIL_LOST), err) &&
           dln_attribute_set_text(store->db, DLN_TRIAL_USER, trial_id, DLN_KEY_DETAIL,
                                  "asked for by a program that is gone", err);
}

bool dln_store_fail_lost(dln_store *store, int64_t max_age_s, size_t *n, struct dln_error *err)
{
    const struct dln_tally *tally = NULL;
    const int64_t study_id = store->lease.study_id;
    size_t count = 0;
    *n = 0;
    if (!dln_store_tally(store, study_id, &tally, err)) return false;
    for (size_t i = 0; i < tally->n_open; i++) {
        const int64_t id = tally->open[i].id;
        bool failed = false;
        bool lost = false;
        if (tally->open[i].state != DLN_TRIAL_RUNNING) continue;
        if (!is_lost(store, id, max_age_s, &lost, err)) return false;
        if (!lost) continue;
        if (!dln_store_begin(store, study_id, DLN_GUARD_LEASE, false, err)) return false;
        if (!fail_one(store, id, max_age_s, &failed, err)) {
            dln_store_rollback(store);
            return false;
        }
        if (!dln_store_commit(store, err)) return false;
        count += failed;
    }
    *n = count;
    return true;
}

/* ── the log ───────────────────────────────────────────────────────────────────────────────────*/

bool dln_store_log_is_long(const dln_store *store)
{
    return dln_db_log_pages(store->db) >= LOG_PAGES_LONG;
}

void dln_store_shorten_log(const char *path, int64_t study_id)
{
    dln_store *store = NULL;
    if (!dln_store_open(path, DLN_STORE_GUEST, &store, NULL)) return;
    if (dln_store_take_lease(store, study_id, NULL, NULL)) dln_db_empty_log(store->db);
    dln_store_close(store); /* drops the lease */
}
