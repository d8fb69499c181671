/*
 * A changed study file for a study that has trials. What Python and old rows rely on stays: the
 * objectives, the class of a parameter, its log flag, and the positions of choices. New choices go
 * to the end of the stored list, on all rows of the name at once, which is only safe while no other
 * program is at work on the study.
 */
#include <inttypes.h>
#include <string.h>

#include "store/attributes.h"
#include "store/distribution.h"
#include "store/infer.h"
#include "store/past.h"
#include "store/study_rows.h"
#include "store/summary.h"
#include "store/trial_rows.h"

static const char *kind_word(const struct dln_param *param)
{
    switch (param->kind) {
    case DLN_PARAM_FLOAT: return param->log ? "logarithmic float" : "float";
    case DLN_PARAM_INT: return param->log ? "logarithmic int" : "int";
    case DLN_PARAM_CHOICE:
    case DLN_PARAM_FLAG: return "choice";
    }
    return "parameter";
}

static bool check_objectives(dln_store *store, int64_t study_id, const struct dln_study *def,
                             struct dln_arena *arena, struct dln_error *err)
{
    struct dln_study_summary s;
    const char *names = NULL;
    if (!dln_summary_read(store, study_id, arena, &s, err)) return false;
    if (!dln_attribute_get(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_METRICS, arena, &names,
                           err)) {
        return false;
    }
    if (s.n_objectives != def->n_objectives) {
        return dln_fail(
            err, DLN_REFUSED,
            "study '%.80s' has %zu objectives, the file has %zu; make a new study of it", s.name,
            s.n_objectives, def->n_objectives);
    }
    for (size_t i = 0; i < s.n_objectives; i++) {
        const bool same_name = !names || strcmp(s.metric_names[i], def->objectives[i].metric) == 0;
        if (same_name && s.maximize[i] == def->objectives[i].maximize) continue;
        return dln_fail(err, DLN_REFUSED,
                        "study '%.80s' is to %s '%.80s', the file says %s '%.80s'; make a new study"
                        " of it",
                        s.name, s.maximize[i] ? "maximize" : "minimize", s.metric_names[i],
                        def->objectives[i].maximize ? "maximize" : "minimize",
                        def->objectives[i].metric);
    }
    return true;
}

/* A running trial of another program, named for the sentence; -1: none. */
static bool find_foreign(dln_store *store, int64_t study_id, int64_t *number, struct dln_error *err)
{
    const struct dln_tally *tally = NULL;
    int64_t found = -1;
    if (!dln_store_tally(store, study_id, &tally, err)) return false;
    for (size_t i = 0; i < tally->n_open && found < 0; i++) {
        bool ours = true;
        if (tally->open[i].state != DLN_TRIAL_RUNNING) continue;
        if (!dln_rows_is_ours(store, tally->open[i].id, &ours, err)) return false;
        if (!ours) found = tally->open[i].number;
    }
    *number = found;
    return true;
}

static bool rewrite_rows(dln_store *store, int64_t study_id, const struct dln_bound *bound,
                         struct dln_error *err)
{
    static const char sql[] =
        "UPDATE trial_params SET distribution_json = :json WHERE param_name = :name"
        " AND trial_id IN (SELECT trial_id FROM trials WHERE study_id = :study)";
    int64_t foreign = -1;
    if (!find_foreign(store, study_id, &foreign, err)) return false;
    if (foreign >= 0) {
        return dln_fail(err, DLN_REFUSED,
                        "'%.80s' has new choices, which cannot be added while trial #%" PRId64
                        " is run by another program",
                        bound->name, foreign);
    }
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":json", bound->json);
    dln_bind_text(&q, ":name", bound->name);
    dln_bind_int(&q, ":study", study_id);
    return dln_query_run(&q, NULL, err);
}

/*
 * What the rows of a name say: a study of ours keeps that in `dialin:space`; a name that is not in
 * it, or would change its kind, is looked up in the trials themselves.
 */
static bool find_stored(dln_store *store, int64_t study_id, struct dln_slice kept,
                        const struct dln_param *param, struct dln_arena *arena,
                        struct dln_slice *out, struct dln_error *err)
{
    struct dln_param old;
    const struct dln_slice member = dln_slice_member(kept, param->name, arena);
    if (member.len > 0 && dln_distribution_read(member, arena, &old, NULL, NULL) &&
        strcmp(kind_word(&old), kind_word(param)) == 0) {
        *out = member;
        return true;
    }
    const char *json = NULL;
    if (!dln_infer_newest(store, study_id, param->name, arena, &json, err)) return false;
    *out = (struct dln_slice){json ? json : "", json ? strlen(json) : 0};
    return true;
}

/* Merges one parameter with what its rows say, and rewrites those where choices were added. */
static bool merge_param(dln_store *store, int64_t study_id, const struct dln_param *param,
                        struct dln_slice kept, struct dln_arena *arena, struct dln_bound *out,
                        struct dln_error *err)
{
    struct dln_slice stored;
    struct dln_param old;
    bool grown = false;
    if (!find_stored(store, study_id, kept, param, arena, &stored, err)) return false;
    if (stored.len > 0 && dln_distribution_read(stored, arena, &old, NULL, NULL)) {
        const char *now = kind_word(param);
        const char *then = kind_word(&old);
        if (strcmp(now, then) != 0) {
            return dln_fail(
                err, DLN_REFUSED,
                "'%.80s' is a %s in the trials of this study and cannot become a %s; give"
                " it a new name",
                param->name, then, now);
        }
    }
    if (!dln_bound_merge(param, stored, arena, out, &grown, err)) return false;
    return !grown || rewrite_rows(store, study_id, out, err);
}

bool dln_rows_merge_space(dln_store *store, int64_t study_id, const struct dln_space *space,
                          struct dln_arena *arena, struct dln_error *err)
{
    const char *json = NULL;
    if (!dln_attribute_get(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_SPACE, arena, &json,
                           err)) {
        return false;
    }
    const struct dln_slice kept = {json ? json : "", json ? strlen(json) : 0};
    struct dln_bound *params = DLN_ARENA_ARRAY(arena, struct dln_bound, space->n);
    if (!params) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < space->n; i++) {
        if (!merge_param(store, study_id, &space->params[i], kept, arena, &params[i], err)) {
            return false;
        }
    }
    return dln_rows_put_space(store, study_id, params, space->n, err);
}

static bool apply(dln_store *store, int64_t study_id, const struct dln_study *def,
                  struct dln_arena *arena, struct dln_error *err)
{
    char uid[DLN_UID_MAX];
    struct dln_study *edited = NULL;
    struct dln_set_methods set;
    bool ok =
        check_objectives(store, study_id, def, arena, err) &&
        dln_rows_space_stays(store, study_id, def, &edited, err) &&
        dln_rows_merge_space(store, study_id, edited ? &edited->space : &def->space, arena, err) &&
        dln_rows_put_edits(store, study_id, edited ? edited : def, err) &&
        dln_rows_methods_stay(store, study_id, def, arena, &set, err) &&
        dln_rows_give_uid(store, study_id, uid, err) &&
        dln_rows_put_names(store, study_id, def, err) &&
        dln_rows_put_definition(store, study_id, uid, def, err) &&
        dln_rows_put_past(store, study_id, def, arena, err);
    dln_study_free(edited);
    return ok && dln_rows_put_methods(store, study_id, &set, err);
}

bool dln_store_update_study(dln_store *store, int64_t study_id, const struct dln_study *def,
                            struct dln_error *err)
{
    struct dln_arena arena = {0};
    if (!dln_store_begin(store, study_id, DLN_GUARD_IDLE, true, err)) return false;
    bool ok = apply(store, study_id, def, &arena, err);
    if (ok) {
        ok = dln_store_commit(store, err);
    } else {
        dln_store_rollback(store);
    }
    dln_arena_release(&arena);
    dln_binding_cache_release(&store->lease.binding);
    return ok;
}
