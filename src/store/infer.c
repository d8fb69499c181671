#include "store/infer.h"

#include <stdlib.h>
#include <string.h>

#include "store/distribution.h"

struct found {
    const char *name;
    int64_t newest_trial, first_id;
};

static int by_first_id(const void *a, const void *b)
{
    const struct dln_stored_param *left = a;
    const struct dln_stored_param *right = b;
    return (left->first_id > right->first_id) - (left->first_id < right->first_id);
}

struct name_list {
    size_t n, cursor;
    struct found *at;
};

/* Names of a trial come in the index's order, so the next one is mostly where it was last time. */
static bool note_name(struct name_list *list, const char *name, int64_t trial_id, int64_t param_id,
                      struct dln_arena *arena)
{
    struct found *found = NULL;
    for (size_t tries = 0; tries < list->n && !found; tries++) {
        const size_t at = (list->cursor + tries) % list->n;
        if (strcmp(list->at[at].name, name) != 0) continue;
        found = &list->at[at];
        list->cursor = at + 1;
    }
    if (!found) {
        if (list->n == DLN_SPACE_MAX) return true;
        found = &list->at[list->n++];
        *found = (struct found){dln_arena_copy(arena, name), trial_id, param_id};
    }
    found->newest_trial = trial_id;
    if (param_id < found->first_id) found->first_id = param_id;
    return found->name != NULL;
}

/* Both cursors are answered from indexes alone, and run side by side. */
static bool list_names(dln_store *store, int64_t study_id, struct dln_arena *arena,
                       struct found **out, size_t *n, struct dln_error *err)
{
    static const char sql_trials[] =
        "SELECT trial_id FROM trials WHERE study_id = :study ORDER BY trial_id";
    static const char sql_names[] = "SELECT trial_id, param_name, param_id FROM trial_params"
                                    " WHERE param_name IS NOT NULL ORDER BY trial_id, param_name";
    struct name_list list = {.at = DLN_ARENA_ARRAY(arena, struct found, DLN_SPACE_MAX)};
    if (!list.at) return dln_fail(err, DLN_NOMEM, "out of memory");
    struct dln_query trials = dln_query(store->db, sql_trials);
    dln_bind_int(&trials, ":study", study_id);
    struct dln_query names = dln_query(store->db, sql_names);
    int64_t trial = -1;
    bool has_trial = true;
    while (has_trial && dln_query_row(&names)) {
        const int64_t of = dln_column_int(&names, 0);
        while (has_trial && trial < of) {
            has_trial = dln_query_row(&trials);
            if (has_trial) trial = dln_column_int(&trials, 0);
        }
        if (!has_trial || trial != of) continue;
        if (!note_name(&list, dln_column_text(&names, 1), of, dln_column_int(&names, 2), arena)) {
            dln_query_no_memory(&names);
        }
    }
    const bool ok = dln_query_end(&names, err);
    if (!dln_query_end(&trials, ok ? err : NULL) || !ok) return false;
    *out = list.at;
    *n = list.n;
    return true;
}

bool dln_infer_newest(dln_store *store, int64_t study_id, const char *name, struct dln_arena *arena,
                      const char **json, struct dln_error *err)
{
    static const char sql[] =
        "SELECT p.distribution_json FROM trials t JOIN trial_params p ON p.trial_id = t.trial_id"
        " AND p.param_name = :name WHERE t.study_id = :study ORDER BY t.trial_id DESC LIMIT 1";
    const char *found = NULL;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":name", name);
    dln_bind_int(&q, ":study", study_id);
    if (dln_query_row(&q)) found = dln_column_copy(&q, 0, arena);
    if (!dln_query_end(&q, err)) return false;
    *json = found;
    return true;
}

bool dln_infer_names(dln_store *store, int64_t study_id, struct dln_arena *arena,
                     struct dln_stored_param **out, size_t *n, struct dln_error *err)
{
    static const char sql[] = "SELECT distribution_json FROM trial_params"
                              " WHERE trial_id = :id AND param_name = :name";
    struct found *found = NULL;
    size_t count = 0;
    if (!list_names(store, study_id, arena, &found, &count, err)) return false;
    struct dln_stored_param *list = DLN_ARENA_ARRAY(arena, struct dln_stored_param, count);
    if (!list) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        list[i] = (struct dln_stored_param){found[i].name, "", found[i].first_id};
        struct dln_query q = dln_query(store->db, sql);
        dln_bind_int(&q, ":id", found[i].newest_trial);
        dln_bind_text(&q, ":name", found[i].name);
        if (dln_query_row(&q)) list[i].json = dln_column_copy(&q, 0, arena);
        if (!dln_query_end(&q, err)) return false;
    }
    qsort(list, count, sizeof *list, by_first_id);
    *out = list;
    *n = count;
    return true;
}

static bool infer(dln_store *store, int64_t study_id, struct dln_arena *arena,
                  struct dln_space *out, struct dln_error *err)
{
    struct dln_stored_param *names = NULL;
    size_t count = 0;
    if (!dln_store_has_study(store, study_id, err)) return false;
    if (!dln_infer_names(store, study_id, arena, &names, &count, err)) return false;
    struct dln_space space = {.params = DLN_ARENA_ARRAY(arena, struct dln_param, count)};
    space.order = DLN_ARENA_ARRAY(arena, size_t, count);
    if (!space.params || !space.order) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        struct dln_param *param = &space.params[space.n];
        const struct dln_slice text = {names[i].json, strlen(names[i].json)};
        struct dln_error reason = {0};
        if (!dln_distribution_read(text, arena, param, NULL, &reason)) {
            if (reason.code == DLN_NOMEM) return dln_fail(err, DLN_NOMEM, "out of memory");
            continue; /* a damaged text hides one parameter, not the study */
        }
        param->name = names[i].name;
        space.order[space.n] = space.n;
        space.n++;
    }
    *out = space;
    return true;
}

bool dln_store_infer_space(dln_store *store, int64_t study_id, struct dln_arena *arena,
                           struct dln_space *out, struct dln_error *err)
{
    if (!dln_db_begin_read(store->db, err)) return false;
    const bool ok = infer(store, study_id, arena, out, err);
    dln_db_rollback(store->db);
    return ok;
}
