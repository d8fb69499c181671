/* Trials that were run elsewhere, brought in by the holder of the lease. */
#include "store/attributes.h"
#include "store/trial_rows.h"

static bool put_times(dln_store *store, int64_t id, const struct dln_past_trial *trial,
                      struct dln_error *err)
{
    static const char sql[] = "UPDATE trials SET datetime_start = :start, datetime_complete = :end"
                              " WHERE trial_id = :id";
    const bool is_local = !store->lease.times.is_utc;
    const int64_t now_us = dln_clock_wall_us();
    const int64_t ended_us = trial->ended_us != 0 ? trial->ended_us : now_us;
    const int64_t started_us = trial->started_us != 0 ? trial->started_us : ended_us;
    char start[DLN_TIME_TEXT_MAX];
    char end[DLN_TIME_TEXT_MAX];
    dln_time_format(started_us, is_local, start);
    dln_time_format(ended_us < started_us ? started_us : ended_us, is_local, end);
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":start", start);
    dln_bind_text(&q, ":end", end);
    dln_bind_int(&q, ":id", id);
    return dln_query_run(&q, NULL, err);
}

static bool add_one(dln_store *store, const struct dln_space *space,
                    const struct dln_binding *binding, const struct dln_past_trial *trial,
                    struct dln_error *err)
{
    int64_t id = 0;
    int64_t number = 0;
    if (!dln_rows_add_trial(store, store->lease.study_id, trial->state, &store->lease.times, &id,
                            &number, err) ||
        !dln_rows_add_params(store, id, space, binding, trial->x, err) ||
        !put_times(store, id, trial, err)) {
        return false;
    }
    if (trial->state == DLN_TRIAL_COMPLETE &&
        !dln_rows_put_values(store, id, trial->values, store->lease.n_objectives, err)) {
        return false;
    }
    if (!dln_attribute_set_text(store->db, DLN_TRIAL_SYSTEM, id, DLN_KEY_STRATEGY, "imported",
                                err)) {
        return false;
    }
    return !trial->source ||
           dln_attribute_set_text(store->db, DLN_TRIAL_SYSTEM, id, DLN_KEY_WHY, trial->source, err);
}

bool dln_store_add_past(dln_store *store, const struct dln_space *space, size_t n,
                        const struct dln_past_trial *trials, struct dln_error *err)
{
    const int64_t study_id = store->lease.study_id;
    const struct dln_binding *binding = NULL;
    if (!dln_store_begin(store, study_id, DLN_GUARD_LEASE, true, err)) return false;
    bool ok = dln_binding_get(&store->lease.binding, store->db, study_id, space, &binding, err);
    for (size_t i = 0; ok && i < n; i++)
        ok = add_one(store, space, binding, &trials[i], err);
    ok = ok && dln_store_save_tally(store, study_id, err);
    if (ok) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}
