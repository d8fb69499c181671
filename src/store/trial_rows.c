#include "store/trial_rows.h"

#include <math.h>
#include <string.h>

#include "dialin/json.h"
#include "store/attributes.h"

/* Runs of a trial whose study was deleted: SQLite gives the ids of the last rows again. */
static bool forget_leftovers(dln_store *store, int64_t trial_id, struct dln_error *err)
{
    static const char sql[] = "DELETE FROM dialin_runs WHERE trial_id = :id";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", trial_id);
    return dln_query_run(&q, NULL, err);
}

bool dln_rows_add_trial(dln_store *store, int64_t study_id, enum dln_trial_state state,
                        const struct dln_time_base *times, int64_t *id, int64_t *number,
                        struct dln_error *err)
{
    static const char sql[] = "INSERT INTO trials (number, study_id, state, datetime_start)"
                              " VALUES (:number, :study, :state, :start)";
    const struct dln_tally *tally = NULL;
    if (!dln_store_tally(store, study_id, &tally, err)) return false;
    const int64_t next = dln_tally_next_number(tally);
    char now[DLN_TIME_TEXT_MAX];
    dln_time_base_now(times, now);
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":number", next);
    dln_bind_int(&q, ":study", study_id);
    dln_bind_text(&q, ":state", dln_trial_state_name(state));
    dln_bind_text(&q, ":start", state == DLN_TRIAL_RUNNING ? now : NULL);
    if (!dln_query_run(&q, NULL, err)) return false;
    const int64_t made = dln_db_last_id(store->db);
    if (!forget_leftovers(store, made, err)) return false;
    *id = made;
    *number = next;
    return true;
}

bool dln_rows_add_params(dln_store *store, int64_t trial_id, const struct dln_space *space,
                         const struct dln_binding *binding, const double *x, struct dln_error *err)
{
    static const char sql[] =
        "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)"
        " VALUES (:id, :name, :value, :json) ON CONFLICT (trial_id, param_name) DO NOTHING";
    for (size_t i = 0; i < space->n; i++) {
        if (!isinf(x[i])) continue;
        return dln_fail(err, DLN_INVALID, "parameter '%s' has no finite value",
                        space->params[i].name);
    }
    struct dln_query q = dln_query(store->db, sql);
    for (size_t i = 0; i < space->n; i++) {
        if (isnan(x[i])) continue;
        const struct dln_bound *bound = &binding->params[i];
        dln_bind_int(&q, ":id", trial_id);
        dln_bind_text(&q, ":name", bound->name);
        dln_bind_real(&q, ":value", dln_bound_write(bound, x[i]));
        dln_bind_text(&q, ":json", bound->json);
        dln_query_again(&q);
    }
    return dln_query_end(&q, err);
}

/* name → value as the objective gets it; a choice is the choice itself, not its position */
static bool fixed_json(const struct dln_space *space, const double *x, struct dln_strbuf *out,
                       struct dln_error *err)
{
    struct dln_json_writer w = {.out = out};
    struct dln_strbuf value = {0};
    dln_json_object(&w);
    for (size_t i = 0; i < space->n; i++) {
        if (isnan(x[i])) continue;
        dln_strbuf_reset(&value);
        dln_param_json(&space->params[i], x[i], &value);
        dln_json_key(&w, space->params[i].name);
        dln_json_raw(&w, dln_strbuf_text(&value));
    }
    dln_json_end_object(&w);
    const bool ok = dln_strbuf_ok(&value) && dln_strbuf_ok(out);
    dln_strbuf_release(&value);
    return ok || dln_fail(err, DLN_NOMEM, "out of memory");
}

bool dln_rows_set_fixed(dln_store *store, int64_t trial_id, const struct dln_space *space,
                        const double *x, struct dln_error *err)
{
    struct dln_strbuf json = {0};
    const bool ok = fixed_json(space, x, &json, err) &&
                    dln_attribute_set(store->db, DLN_TRIAL_SYSTEM, trial_id, DLN_KEY_FIXED,
                                      dln_strbuf_text(&json), err);
    dln_strbuf_release(&json);
    return ok;
}

bool dln_rows_add_waiting(dln_store *store, int64_t study_id, const struct dln_space *space,
                          const struct dln_time_base *times, const double *x, const char *who,
                          int64_t *id, int64_t *number, struct dln_error *err)
{
    int64_t made = 0;
    int64_t made_number = 0;
    if (!dln_rows_add_trial(store, study_id, DLN_TRIAL_WAITING, times, &made, &made_number, err)) {
        return false;
    }
    bool ok = dln_rows_set_fixed(store, made, space, x, err);
    if (ok && who && who[0]) {
        ok = dln_attribute_set_text(store->db, DLN_TRIAL_SYSTEM, made, DLN_KEY_WHO, who, err);
    }
    if (!ok) return false;
    *id = made;
    *number = made_number;
    return true;
}
