/* A trial's life and end: reports, runs, results. By the holder of the lease, or by a guest. */
#include <inttypes.h>
#include <math.h>

#include "dialin/json.h"
#include "store/attributes.h"
#include "store/json_slice.h"
#include "store/trial_rows.h"

enum { TALLY_EVERY = 1024 }; /* finished trials: what opening a file may have to read at most */

/* ── values by type ────────────────────────────────────────────────────────────────────────────*/

static const char *value_type(double value)
{
    if (isnan(value)) return "NAN";
    if (isinf(value)) return value > 0 ? "INF_POS" : "INF_NEG";
    return "FINITE";
}

/* Running trials that a dialin engine made or claimed are its to write; what was asked for, a
 * guest's. */
static bool check_running(dln_store *store, int64_t trial_id, struct dln_error *err)
{
    static const char sql[] = "SELECT state, number FROM trials"
                              " WHERE trial_id = :id AND study_id = :study";
    enum dln_trial_state state = DLN_TRIAL_FAIL;
    int64_t number = -1;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", trial_id);
    dln_bind_int(&q, ":study", store->lease.study_id);
    const bool is_there = dln_query_row(&q);
    if (is_there) {
        if (!dln_trial_state_parse(dln_column_text(&q, 0), &state)) state = DLN_TRIAL_FAIL;
        number = dln_column_int(&q, 1);
    }
    if (!dln_query_end(&q, err)) return false;
    if (!is_there) {
        return dln_fail(err, DLN_NOT_FOUND, "this study has no trial with id %" PRId64, trial_id);
    }
    if (state != DLN_TRIAL_RUNNING) {
        return dln_fail(err, DLN_REFUSED, "trial #%" PRId64 " is not running any more (%s)", number,
                        dln_trial_state_name(state));
    }
    bool ours = false;
    bool shared = false;
    if (store->lease.is_guest ? !dln_rows_is_asked(store, trial_id, &ours, err)
                              : !dln_rows_is_ours(store, trial_id, &ours, err)) {
        return false;
    }
    if (!dln_rows_is_shared(store, trial_id, &shared, err)) return false;
    if (ours && !shared) return true; /* a worker of Python would die of a result of ours */
    return dln_fail(err, DLN_REFUSED, "trial #%" PRId64 " is run by another program", number);
}

/* ── reports ───────────────────────────────────────────────────────────────────────────────────*/

static bool put_reports(dln_store *store, int64_t trial_id, size_t n,
                        const struct dln_report *reports, struct dln_error *err)
{
    static const char sql[] =
        "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value,"
        " intermediate_value_type) VALUES (:id, :step, :value, :type)"
        " ON CONFLICT (trial_id, step) DO UPDATE SET"
        " intermediate_value = excluded.intermediate_value,"
        " intermediate_value_type = excluded.intermediate_value_type";
    struct dln_query q = dln_query(store->db, sql);
    for (size_t i = 0; i < n; i++) {
        dln_bind_int(&q, ":id", trial_id);
        dln_bind_int(&q, ":step", reports[i].step);
        dln_bind_real(&q, ":value", reports[i].value);
        dln_bind_text(&q, ":type", value_type(reports[i].value));
        dln_query_again(&q);
    }
    return dln_query_end(&q, err);
}

bool dln_store_report(dln_store *store, int64_t trial_id, size_t n,
                      const struct dln_report *reports, struct dln_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (reports[i].step >= 0) continue;
        return dln_fail(err, DLN_INVALID, "a step must be 0 or above, not %" PRId64,
                        reports[i].step);
    }
    if (!dln_store_begin(store, store->lease.study_id, DLN_GUARD_LEASE, false, err)) return false;
    if (check_running(store, trial_id, err) && put_reports(store, trial_id, n, reports, err)) {
        return dln_store_commit(store, err);
    }
    dln_store_rollback(store);
    return false;
}

bool dln_store_rewind(dln_store *store, int64_t trial_id, int64_t step, struct dln_error *err)
{
    static const char sql[] =
        "DELETE FROM trial_intermediate_values WHERE trial_id = :id AND step >= :step";
    if (!dln_store_begin(store, store->lease.study_id, DLN_GUARD_LEASE, false, err)) return false;
    if (check_running(store, trial_id, err)) {
        struct dln_query q = dln_query(store->db, sql);
        dln_bind_int(&q, ":id", trial_id);
        dln_bind_int(&q, ":step", step);
        if (dln_query_run(&q, NULL, err)) return dln_store_commit(store, err);
    }
    dln_store_rollback(store);
    return false;
}

/* ── runs ──────────────────────────────────────────────────────────────────────────────────────*/

bool dln_store_add_run(dln_store *store, int64_t trial_id, const struct dln_run *run,
                       int64_t *run_id, struct dln_error *err)
{
    static const char sql[] =
        "INSERT INTO dialin_runs (trial_id, attempt, slot, host, boot, pid, pid_start, started_us,"
        " ended_us, run_dir, command, detail) VALUES (:id, :attempt, :slot, :host, :boot, :pid,"
        " :pid_start, :now, 0, :run_dir, :command, '')";
    if (!dln_store_begin(store, store->lease.study_id, DLN_GUARD_LEASE, false, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", trial_id);
    dln_bind_int(&q, ":attempt", run->attempt);
    dln_bind_int(&q, ":slot", run->slot);
    dln_bind_text(&q, ":host", store->self.host);
    dln_bind_text(&q, ":boot", store->self.boot);
    dln_bind_int(&q, ":pid", run->pid);
    dln_bind_int(&q, ":pid_start", run->pid_start);
    dln_bind_int(&q, ":now", dln_clock_wall_us());
    dln_bind_text(&q, ":run_dir", run->run_dir ? run->run_dir : "");
    dln_bind_text(&q, ":command", run->command ? run->command : "");
    if (!dln_query_run(&q, NULL, err)) {
        dln_store_rollback(store);
        return false;
    }
    const int64_t made = dln_db_last_id(store->db);
    if (!dln_store_commit(store, err)) return false;
    *run_id = made;
    return true;
}

static bool put_run_end(dln_store *store, int64_t run_id, const struct dln_run_end *end,
                        const char *detail, struct dln_error *err)
{
    static const char sql_exit[] =
        "UPDATE dialin_runs SET ended_us = :now, exit_status = :exit, signal = NULL,"
        " user_s = :user, system_s = :system, max_rss_bytes = :rss, detail = :detail"
        " WHERE run_id = :id";
    static const char sql_signal[] =
        "UPDATE dialin_runs SET ended_us = :now, exit_status = NULL, signal = :signal,"
        " user_s = :user, system_s = :system, max_rss_bytes = :rss, detail = :detail"
        " WHERE run_id = :id";
    struct dln_query q = dln_query(store->db, end->has_exit ? sql_exit : sql_signal);
    dln_bind_int(&q, ":now", dln_clock_wall_us());
    if (end->has_exit) {
        dln_bind_int(&q, ":exit", end->exit_status);
    } else {
        dln_bind_int(&q, ":signal", end->signal);
    }
    dln_bind_real(&q, ":user", end->user_s);
    dln_bind_real(&q, ":system", end->system_s);
    dln_bind_int(&q, ":rss", end->max_rss_bytes);
    dln_bind_text(&q, ":detail", detail ? detail : "");
    dln_bind_int(&q, ":id", run_id);
    return dln_query_run(&q, NULL, err);
}

bool dln_store_end_run(dln_store *store, int64_t run_id, const struct dln_run_end *end,
                       const char *detail, struct dln_error *err)
{
    if (!dln_store_begin(store, store->lease.study_id, DLN_GUARD_LEASE, false, err)) return false;
    if (put_run_end(store, run_id, end, detail, err)) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}

bool dln_store_put_part(dln_store *store, int64_t trial_id, const struct dln_part *part,
                        struct dln_error *err)
{
    if (!dln_store_begin(store, store->lease.study_id, DLN_GUARD_LEASE, false, err)) return false;
    if (check_running(store, trial_id, err) &&
        dln_attribute_set(store->db, DLN_TRIAL_SYSTEM, trial_id, part->key, part->json, err) &&
        (!part->has_report || put_reports(store, trial_id, 1, &part->report, err)) &&
        (part->run_id == 0 || put_run_end(store, part->run_id, &part->end, part->detail, err))) {
        return dln_store_commit(store, err);
    }
    dln_store_rollback(store);
    return false;
}

/* ── results ───────────────────────────────────────────────────────────────────────────────────*/

bool dln_rows_put_values(dln_store *store, int64_t trial_id, const double *values, size_t n,
                         struct dln_error *err)
{
    static const char sql[] = "INSERT INTO trial_values (trial_id, objective, value, value_type)"
                              " VALUES (:id, :objective, :value, :type)";
    struct dln_query q = dln_query(store->db, sql);
    for (size_t i = 0; i < n; i++) {
        dln_bind_int(&q, ":id", trial_id);
        dln_bind_int(&q, ":objective", (int64_t)i);
        dln_bind_real(&q, ":value", values[i]);
        dln_bind_text(&q, ":type", value_type(values[i]));
        dln_query_again(&q);
    }
    return dln_query_end(&q, err);
}

/* A pruned trial's value is its last report, unless that is NaN or there are several objectives. */
static bool last_report(dln_store *store, int64_t trial_id, double *value, struct dln_error *err)
{
    static const char sql[] =
        "SELECT intermediate_value, intermediate_value_type FROM trial_intermediate_values"
        " WHERE trial_id = :id ORDER BY step DESC LIMIT 1";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", trial_id);
    const double found = dln_query_row(&q) ? dln_column_value(&q, 0) : (double)NAN;
    if (!dln_query_end(&q, err)) return false;
    *value = found;
    return true;
}

static bool put_result(dln_store *store, int64_t trial_id, const struct dln_finish *finish,
                       struct dln_error *err)
{
    const size_t m = store->lease.n_objectives;
    double last = NAN;
    switch (finish->state) {
    case DLN_TRIAL_COMPLETE:
        for (size_t i = 0; i < m; i++) {
            if (finish->values && !isnan(finish->values[i])) continue;
            return dln_fail(err, DLN_INVALID, "a complete trial needs a number for each objective");
        }
        return dln_rows_put_values(store, trial_id, finish->values, m, err);
    case DLN_TRIAL_PRUNED:
        if (m != 1) return true;
        if (finish->values) {
            last = finish->values[0];
        } else if (!last_report(store, trial_id, &last, err)) {
            return false;
        }
        return isnan(last) || dln_rows_put_values(store, trial_id, &last, 1, err);
    case DLN_TRIAL_FAIL: return true;
    case DLN_TRIAL_RUNNING:
    case DLN_TRIAL_WAITING:
    case DLN_TRIAL_STATE_COUNT: break;
    }
    return dln_fail(err, DLN_INVALID, "a trial ends as COMPLETE, PRUNED or FAIL");
}

static bool put_cut(dln_db *db, int64_t trial_id, const struct dln_cut *cut, struct dln_error *err)
{
    struct dln_strbuf json = {0};
    struct dln_json_writer w = {.out = &json};
    dln_json_object(&w);
    dln_json_key(&w, "pruner");
    dln_json_string(&w, cut->pruner);
    dln_json_key(&w, "step");
    dln_json_int(&w, cut->step);
    dln_json_key(&w, "value");
    dln_json_double(&w, cut->value);
    dln_json_key(&w, "threshold");
    dln_json_double(&w, cut->threshold);
    dln_json_end_object(&w);
    const bool ok = dln_strbuf_ok(&json)
                        ? dln_attribute_set(db, DLN_TRIAL_USER, trial_id, DLN_KEY_PRUNED,
                                            dln_strbuf_text(&json), err)
                        : dln_fail(err, DLN_NOMEM, "out of memory");
    dln_strbuf_release(&json);
    return ok;
}

static bool put_spread(dln_store *store, int64_t trial_id, const struct dln_finish *finish,
                       struct dln_error *err)
{
    struct dln_strbuf json = {0};
    struct dln_json_writer w = {.out = &json};
    dln_json_object(&w);
    dln_json_key(&w, "n");
    dln_json_int(&w, finish->n_runs);
    dln_json_key(&w, "take");
    dln_json_string(&w, dln_take_name(finish->take));
    dln_json_key(&w, "sd");
    dln_json_array(&w);
    for (size_t i = 0; i < store->lease.n_objectives; i++)
        dln_json_double(&w, finish->spread[i]);
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    const bool ok = dln_strbuf_ok(&json)
                        ? dln_attribute_set(store->db, DLN_TRIAL_USER, trial_id, DLN_KEY_SPREAD,
                                            dln_strbuf_text(&json), err)
                        : dln_fail(err, DLN_NOMEM, "out of memory");
    dln_strbuf_release(&json);
    return ok;
}

static bool put_attributes(dln_store *store, int64_t trial_id, const struct dln_finish *finish,
                           struct dln_error *err)
{
    dln_db *db = store->db;
    if (finish->reason != DLN_FAIL_NONE &&
        !dln_attribute_set_text(db, DLN_TRIAL_USER, trial_id, DLN_KEY_REASON,
                                dln_fail_reason_name(finish->reason), err)) {
        return false;
    }
    if (finish->detail && finish->detail[0] &&
        !dln_attribute_set_text(db, DLN_TRIAL_USER, trial_id, DLN_KEY_DETAIL, finish->detail,
                                err)) {
        return false;
    }
    if (finish->cut && !put_cut(db, trial_id, finish->cut, err)) return false;
    if (finish->n_runs > 0 && !put_spread(store, trial_id, finish, err)) return false;
    for (size_t i = 0; i < finish->n_extra; i++) {
        if (!dln_attribute_set_real(db, DLN_TRIAL_USER, trial_id, finish->extra_names[i],
                                    finish->extra_values[i], err)) {
            return false;
        }
    }
    if (finish->n_limits == 0) return true;
    return dln_attribute_set_reals(db, DLN_TRIAL_SYSTEM, trial_id, "constraints", finish->limits,
                                   finish->n_limits, err);
}

static bool finish_rows(dln_store *store, int64_t trial_id, const struct dln_finish *finish,
                        struct dln_error *err)
{
    static const char sql[] = "UPDATE trials SET state = :state, datetime_complete = :now"
                              " WHERE trial_id = :id AND state = 'RUNNING'";
    char now[DLN_TIME_TEXT_MAX];
    int64_t changed = 0;
    if (!check_running(store, trial_id, err)) return false;
    if (!put_result(store, trial_id, finish, err)) return false;
    if (!put_attributes(store, trial_id, finish, err)) return false;
    if (finish->run_id > 0 &&
        !put_run_end(store, finish->run_id, &finish->end, finish->detail, err)) {
        return false;
    }
    dln_time_base_now(&store->lease.times, now);
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":state", dln_trial_state_name(finish->state));
    dln_bind_text(&q, ":now", now);
    dln_bind_int(&q, ":id", trial_id);
    if (!dln_query_run(&q, &changed, err)) return false;
    if (changed == 1) return true;
    return dln_fail(err, DLN_REFUSED, "this trial is not running any more");
}

/* Now and then, so that the next opening does not begin with a scan; failing costs only time. */
static void keep_tally(dln_store *store)
{
    if (++store->lease.finished < TALLY_EVERY) return;
    const int64_t study_id = store->lease.study_id;
    store->lease.finished = 0;
    if (!dln_store_begin(store, study_id, DLN_GUARD_LEASE, false, NULL)) return;
    if (!dln_store_save_tally(store, study_id, NULL) || !dln_store_commit(store, NULL)) {
        dln_store_rollback(store);
    }
}

bool dln_store_finish(dln_store *store, int64_t trial_id, const struct dln_finish *finish,
                      struct dln_error *err)
{
    const bool durable = store->lease.is_guest; /* nobody could run the trial again */
    if (!dln_store_begin(store, store->lease.study_id, DLN_GUARD_LEASE, durable, err)) return false;
    if (!finish_rows(store, trial_id, finish, err)) {
        dln_store_rollback(store);
        return false;
    }
    if (!dln_store_commit(store, err)) return false;
    keep_tally(store);
    return true;
}
