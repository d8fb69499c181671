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

/* Answered from the index of (trial_id, param_name) alone. */
static bool list_names(dln_store *store, int64_t study_id, struct dln_arena *arena,
                       struct found **out, size_t *n, struct dln_error *err)
{
    static const char sql[] =
        "SELECT p.param_name, max(p.trial_id), min(p.param_id) FROM trials t"
        " JOIN trial_params p ON p.trial_id = t.trial_id WHERE t.study_id = :study"
        " AND p.param_name IS NOT NULL GROUP BY p.param_name LIMIT 1024";
    struct found *list = DLN_ARENA_ARRAY(arena, struct found, DLN_SPACE_MAX);
    if (!list) return dln_fail(err, DLN_NOMEM, "out of memory");
    size_t count = 0;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", study_id);
    while (dln_query_row(&q) && count < DLN_SPACE_MAX) {
        list[count].name = dln_column_copy(&q, 0, arena);
        list[count].newest_trial = dln_column_int(&q, 1);
        list[count].first_id = dln_column_int(&q, 2);
        count++;
    }
    if (!dln_query_end(&q, err)) return false;
    *out = list;
    *n = count;
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
