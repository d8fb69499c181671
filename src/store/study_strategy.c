/*
 * The strategy and the pruner that a person has set while a study was at work. Each is an attribute
 * beside the file's text and wins over it; what the file says comes back when a changed file says
 * something new.
 */
#include <string.h>

#include "store/attributes.h"
#include "store/past.h"
#include "store/study_rows.h"

/* *is_set: false where nobody has set one. */
static bool read_set(dln_store *store, int64_t study_id, const char *name, struct dln_arena *arena,
                     struct dln_method *out, bool *is_set, struct dln_error *err)
{
    const char *text = NULL;
    json_t *json = NULL;
    *is_set = false;
    if (!dln_attribute_get(store->db, DLN_STUDY_SYSTEM, study_id, name, arena, &text, err)) {
        return false;
    }
    if (!text) return true;
    const bool ok =
        dln_json_read(text, strlen(text), &json, err) && dln_method_read(json, arena, out, err);
    json_decref(json);
    if (!ok) return dln_wrap(err, "what was set for this study as '%s'", name);
    *is_set = true;
    return true;
}

bool dln_store_definition(dln_store *store, int64_t study_id, struct dln_study **out,
                          struct dln_error *err)
{
    struct dln_study *study = NULL;
    bool is_set;
    if (!dln_rows_written_definition(store, study_id, &study, err)) return false;
    if (!dln_rows_edit_space(store, study_id, &study, err) ||
        !read_set(store, study_id, DLN_KEY_SET_STRATEGY, &study->arena, &study->strategy, &is_set,
                  err) ||
        !read_set(store, study_id, DLN_KEY_SET_PRUNER, &study->arena, &study->pruner, &is_set,
                  err) ||
        !dln_rows_read_past(store, study_id, study, err)) {
        dln_study_free(study);
        return false;
    }
    *out = study;
    return true;
}

/* ── a changed file ────────────────────────────────────────────────────────────────────────────*/

static bool same_method(const struct dln_method *a, const struct dln_method *b)
{
    struct dln_strbuf left = {0};
    struct dln_strbuf right = {0};
    dln_method_json(a, &left);
    dln_method_json(b, &right);
    const bool same = dln_strbuf_ok(&left) && dln_strbuf_ok(&right) &&
                      strcmp(dln_strbuf_text(&left), dln_strbuf_text(&right)) == 0;
    dln_strbuf_release(&left);
    dln_strbuf_release(&right);
    return same;
}

bool dln_rows_methods_stay(dln_store *store, int64_t study_id, const struct dln_study *def,
                           struct dln_arena *arena, struct dln_set_methods *out,
                           struct dln_error *err)
{
    struct dln_study *old = NULL;
    *out = (struct dln_set_methods){.strategy_stays = false};
    if (!read_set(store, study_id, DLN_KEY_SET_STRATEGY, arena, &out->strategy,
                  &out->strategy_stays, err) ||
        !read_set(store, study_id, DLN_KEY_SET_PRUNER, arena, &out->pruner, &out->pruner_stays,
                  err)) {
        return false;
    }
    if (!out->strategy_stays && !out->pruner_stays) return true;
    /* a text that cannot be read any more says nothing: the new one counts */
    const bool is_readable = dln_rows_written_definition(store, study_id, &old, NULL);
    out->strategy_stays =
        out->strategy_stays && is_readable && same_method(&old->strategy, &def->strategy);
    out->pruner_stays = out->pruner_stays && is_readable && same_method(&old->pruner, &def->pruner);
    dln_study_free(old);
    return true;
}

/* ── set ───────────────────────────────────────────────────────────────────────────────────────*/

static bool put(dln_store *store, int64_t study_id, const char *name,
                const struct dln_method *method, struct dln_error *err)
{
    struct dln_strbuf json = {0};
    dln_method_json(method, &json);
    bool ok = dln_strbuf_ok(&json) || dln_fail(err, DLN_NOMEM, "out of memory");
    ok = ok && dln_attribute_set(store->db, DLN_STUDY_SYSTEM, study_id, name,
                                 dln_strbuf_text(&json), err);
    dln_strbuf_release(&json);
    return ok;
}

static bool put_strategy(dln_store *store, int64_t study_id, const struct dln_method *method,
                         struct dln_error *err)
{
    static const char sql[] = "UPDATE dialin_studies SET strategy = :strategy WHERE study_id = :id";
    int64_t changed = 0;
    if (!put(store, study_id, DLN_KEY_SET_STRATEGY, method, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    dln_bind_text(&q, ":strategy", method->name);
    if (!dln_query_run(&q, &changed, err)) return false;
    return changed == 1 ||
           dln_fail(err, DLN_NOT_FOUND, "this study has no study file stored with it");
}

static bool put_pruner(dln_store *store, int64_t study_id, const struct dln_method *method,
                       struct dln_error *err)
{
    return put(store, study_id, DLN_KEY_SET_PRUNER, method, err);
}

bool dln_rows_put_methods(dln_store *store, int64_t study_id, const struct dln_set_methods *set,
                          struct dln_error *err)
{
    dln_db *db = store->db;
    if (!(set->strategy_stays
              ? put_strategy(store, study_id, &set->strategy, err)
              : dln_attribute_drop(db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_SET_STRATEGY, err))) {
        return false;
    }
    return set->pruner_stays
               ? put_pruner(store, study_id, &set->pruner, err)
               : dln_attribute_drop(db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_SET_PRUNER, err);
}

bool dln_store_set_strategy(dln_store *store, int64_t study_id, const struct dln_method *method,
                            struct dln_error *err)
{
    if (!dln_store_begin(store, study_id, DLN_GUARD_IDLE, true, err)) return false;
    if (put_strategy(store, study_id, method, err)) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}

bool dln_store_set_pruner(dln_store *store, int64_t study_id, const struct dln_method *method,
                          struct dln_error *err)
{
    if (!dln_store_begin(store, study_id, DLN_GUARD_IDLE, true, err)) return false;
    if (put_pruner(store, study_id, method, err)) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}
