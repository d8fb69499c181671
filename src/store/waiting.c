/* Trials in the queue, until they start: other values, or out of it. By the holder of the lease. */
#include "store/attributes.h"
#include "store/trial_rows.h"

static bool still_waits(dln_store *store, int64_t id, enum dln_trial_state to, const char *ended,
                        struct dln_error *err)
{
    /* Optuna wants the start of whatever does not wait. */
    static const char sql[] = "UPDATE trials SET state = :state, datetime_complete = :ended,"
                              " datetime_start = coalesce(datetime_start, :ended)"
                              " WHERE trial_id = :id AND study_id = :study AND state = 'WAITING'";
    int64_t changed = 0;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":state", dln_trial_state_name(to));
    if (ended) dln_bind_text(&q, ":ended", ended);
    dln_bind_int(&q, ":id", id);
    dln_bind_int(&q, ":study", store->lease.study_id);
    if (!dln_query_run(&q, &changed, err)) return false;
    return changed == 1 || dln_fail(err, DLN_REFUSED, "this trial does not wait any more");
}

static bool revise_rows(dln_store *store, const struct dln_space *space, int64_t id,
                        const double *x, struct dln_error *err)
{
    static const char sql[] = "DELETE FROM trial_params WHERE trial_id = :id";
    if (!still_waits(store, id, DLN_TRIAL_WAITING, NULL, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", id);
    return dln_query_run(&q, NULL, err) && dln_rows_set_fixed(store, id, space, x, err);
}

bool dln_store_revise(dln_store *store, const struct dln_space *space, int64_t id, const double *x,
                      struct dln_error *err)
{
    if (!dln_store_begin(store, store->lease.study_id, DLN_GUARD_LEASE, true, err)) return false;
    if (revise_rows(store, space, id, x, err)) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}

static bool withdraw_rows(dln_store *store, int64_t id, const char *detail, struct dln_error *err)
{
    char now[DLN_TIME_TEXT_MAX];
    dln_time_base_now(&store->lease.times, now);
    return still_waits(store, id, DLN_TRIAL_FAIL, now, err) &&
           dln_attribute_set_text(store->db, DLN_TRIAL_USER, id, DLN_KEY_REASON,
                                  dln_fail_reason_name(DLN_FAIL_STOPPED), err) &&
           dln_attribute_set_text(store->db, DLN_TRIAL_USER, id, DLN_KEY_DETAIL, detail, err);
}

bool dln_store_withdraw(dln_store *store, int64_t id, const char *detail, struct dln_error *err)
{
    if (!dln_store_begin(store, store->lease.study_id, DLN_GUARD_LEASE, true, err)) return false;
    if (withdraw_rows(store, id, detail, err)) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}
