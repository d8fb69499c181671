/*
 * The space as a person has edited it while a study was at work: definitions beside the file's
 * text, which win over it. What the file says comes back, parameter by parameter, when a changed
 * file says something new.
 */
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/space_edit.h"
#include "store/attributes.h"
#include "store/study_rows.h"

static bool read_edits(dln_store *store, int64_t study_id, struct dln_arena *arena, size_t *n,
                       struct dln_space_edit **out, struct dln_error *err)
{
    const char *text = NULL;
    json_t *json = NULL;
    *n = 0;
    *out = NULL;
    if (!dln_attribute_get(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_SET_SPACE, arena, &text,
                           err)) {
        return false;
    }
    if (!text) return true;
    if (!dln_json_read(text, strlen(text), &json, err)) {
        return dln_wrap(err, "the space that was set for this study");
    }
    struct dln_space_edit *edits =
        DLN_ARENA_ARRAY(arena, struct dln_space_edit, json_object_size(json) + 1);
    const char *name;
    json_t *value;
    bool ok = edits != NULL;
    json_object_foreach(json, name, value)
    {
        if (!ok) break;
        const char *definition = json_string_value(value);
        edits[*n].name = dln_arena_copy(arena, name);
        edits[*n].definition = definition ? dln_arena_copy(arena, definition) : NULL;
        ok = edits[*n].name && (!definition || edits[*n].definition);
        (*n)++;
    }
    json_decref(json);
    *out = edits;
    return ok || dln_fail(err, DLN_NOMEM, "out of memory");
}

bool dln_rows_edit_space(dln_store *store, int64_t study_id, struct dln_study **study,
                         struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_space_edit *edits;
    struct dln_study *edited = NULL;
    size_t n;
    bool ok = read_edits(store, study_id, &arena, &n, &edits, err);
    if (ok && n > 0) {
        ok = dln_study_edit(*study, n, edits, &edited, err) ||
             dln_wrap(err, "the space that was set for this study");
    }
    dln_arena_release(&arena);
    if (!ok || !edited) return ok;
    dln_study_free(*study);
    *study = edited;
    return true;
}

/* Whether two definitions of a name, which one of them may lack, say the same. */
static bool same_definition(const struct dln_space *a, const struct dln_space *b, const char *name)
{
    const size_t in_a = dln_space_find(a, name);
    const size_t in_b = dln_space_find(b, name);
    if (in_a == SIZE_MAX || in_b == SIZE_MAX) return in_a == in_b;
    struct dln_strbuf left = {0};
    struct dln_strbuf right = {0};
    dln_param_define(&a->params[in_a], &left);
    dln_param_define(&b->params[in_b], &right);
    const bool same = dln_strbuf_ok(&left) && dln_strbuf_ok(&right) &&
                      strcmp(dln_strbuf_text(&left), dln_strbuf_text(&right)) == 0;
    dln_strbuf_release(&left);
    dln_strbuf_release(&right);
    return same;
}

bool dln_rows_space_stays(dln_store *store, int64_t study_id, const struct dln_study *def,
                          struct dln_study **out, struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_space_edit *edits;
    struct dln_study *old = NULL;
    size_t n;
    *out = NULL;
    bool ok = read_edits(store, study_id, &arena, &n, &edits, err);
    /* a text that cannot be read any more says nothing: the new one counts */
    if (ok && n > 0 && dln_rows_written_definition(store, study_id, &old, NULL)) {
        size_t n_kept = 0;
        for (size_t i = 0; i < n; i++) {
            if (same_definition(&old->space, &def->space, edits[i].name))
                edits[n_kept++] = edits[i];
        }
        /* where they do not go together with the new file, the file counts alone */
        struct dln_error why = {0};
        if (n_kept > 0 && !dln_study_edit(def, n_kept, edits, out, &why)) {
            ok = why.code == DLN_INVALID || dln_fail(err, why.code, "%s", why.text);
        }
    }
    dln_study_free(old);
    dln_arena_release(&arena);
    return ok;
}

bool dln_rows_put_edits(dln_store *store, int64_t study_id, const struct dln_study *study,
                        struct dln_error *err)
{
    if (study->n_edits == 0) {
        return dln_attribute_drop(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_SET_SPACE, err);
    }
    struct dln_strbuf text = {0};
    struct dln_json_writer w = {.out = &text};
    dln_json_object(&w);
    for (size_t i = 0; i < study->n_edits; i++) {
        dln_json_key(&w, study->edits[i].name);
        dln_json_string(&w, study->edits[i].definition);
    }
    dln_json_end_object(&w);
    const bool ok = dln_strbuf_ok(&text)
                        ? dln_attribute_set(store->db, DLN_STUDY_SYSTEM, study_id,
                                            DLN_KEY_SET_SPACE, dln_strbuf_text(&text), err)
                        : dln_fail(err, DLN_NOMEM, "out of memory");
    dln_strbuf_release(&text);
    return ok;
}

bool dln_store_set_space(dln_store *store, int64_t study_id, const struct dln_study *study,
                         struct dln_error *err)
{
    struct dln_arena arena = {0};
    if (!dln_store_begin(store, study_id, DLN_GUARD_IDLE, true, err)) return false;
    bool ok = dln_rows_merge_space(store, study_id, &study->space, &arena, err) &&
              dln_rows_put_edits(store, study_id, study, err);
    if (ok) {
        ok = dln_store_commit(store, err);
    } else {
        dln_store_rollback(store);
    }
    dln_arena_release(&arena);
    dln_binding_cache_release(&store->lease.binding);
    return ok;
}
