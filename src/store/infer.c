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
    if (trial_id > found->newest_trial) found->newest_trial = trial_id;
    if (param_id < found->first_id) found->first_id = param_id;
    return found->name != NULL;
}

enum {
    SLICE = 50000,        /* trials that one query reads on */
    SAMPLE_ABOVE = 20000, /* trials; shorter studies are read whole */
    SAMPLE_END = 500,     /* trials at either end of a sample, … */
    SAMPLE_SPOTS = 50,    /* … and so many places between, … */
    SAMPLE_SPOT = 20      /* … of so many trials each */
};

/*
 * The names of at most `limit` trials from an id on; *last is the id of the last of them, or stays.
 * Both cursors are answered from indexes alone, and run side by side.
 */
static bool read_names(dln_store *store, int64_t study_id, int64_t from, int64_t limit,
                       struct name_list *list, int64_t *last, struct dln_arena *arena,
                       struct dln_error *err)
{
    static const char sql_trials[] = "SELECT trial_id FROM trials WHERE study_id = :study"
                                     " AND trial_id >= :from ORDER BY trial_id LIMIT :limit";
    static const char sql_names[] = "SELECT trial_id, param_name, param_id FROM trial_params"
                                    " WHERE trial_id >= :from AND param_name IS NOT NULL"
                                    " ORDER BY trial_id, param_name";
    struct dln_query trials = dln_query(store->db, sql_trials);
    dln_bind_int(&trials, ":study", study_id);
    dln_bind_int(&trials, ":from", from);
    dln_bind_int(&trials, ":limit", limit);
    struct dln_query names = dln_query(store->db, sql_names);
    dln_bind_int(&names, ":from", from);
    int64_t trial = -1;
    bool has_trial = true;
    while (has_trial && dln_query_row(&names)) {
        const int64_t of = dln_column_int(&names, 0);
        while (has_trial && trial < of) {
            has_trial = dln_query_row(&trials);
            if (has_trial) *last = trial = dln_column_int(&trials, 0);
        }
        if (!has_trial || trial != of) continue;
        if (!note_name(list, dln_column_text(&names, 1), of, dln_column_int(&names, 2), arena)) {
            dln_query_no_memory(&names);
        }
    }
    const bool ok = dln_query_end(&names, err);
    return dln_query_end(&trials, ok ? err : NULL) && ok;
}

static bool ends_of(dln_store *store, int64_t study_id, int64_t *first, int64_t *last,
                    struct dln_error *err)
{
    static const char sql[] = "SELECT (SELECT min(trial_id) FROM trials WHERE study_id = :study),"
                              " (SELECT max(trial_id) FROM trials WHERE study_id = :study)";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", study_id);
    *first = 0;
    *last = -1;
    if (dln_query_row(&q) && !dln_column_is_null(&q, 0)) {
        *first = dln_column_int(&q, 0);
        *last = dln_column_int(&q, 1);
    }
    return dln_query_end(&q, err);
}

/* The id that has about `n` trials of the study behind it. */
static bool newest_from(dln_store *store, int64_t study_id, int64_t n, int64_t *from,
                        struct dln_error *err)
{
    static const char sql[] = "SELECT trial_id FROM trials WHERE study_id = :study"
                              " ORDER BY trial_id DESC LIMIT 1 OFFSET :n";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", study_id);
    dln_bind_int(&q, ":n", n);
    if (dln_query_row(&q)) *from = dln_column_int(&q, 0);
    return dln_query_end(&q, err);
}

/* From old to new, so that the newest distribution of a name is the last one seen. */
static bool sample_names(dln_store *store, int64_t study_id, int64_t first, int64_t last,
                         struct name_list *list, struct dln_arena *arena, struct dln_error *err)
{
    int64_t at = first - 1;
    int64_t newest = first;
    if (!read_names(store, study_id, first, SAMPLE_END, list, &at, arena, err)) return false;
    for (int64_t i = 1; i < SAMPLE_SPOTS; i++) {
        const int64_t spot = first + (last - first) / SAMPLE_SPOTS * i;
        if (spot <= at) continue;
        if (!read_names(store, study_id, spot, SAMPLE_SPOT, list, &at, arena, err)) return false;
    }
    return newest_from(store, study_id, SAMPLE_END, &newest, err) &&
           read_names(store, study_id, newest, SAMPLE_END + 1, list, &at, arena, err);
}

static bool list_names(dln_store *store, int64_t study_id, bool sample, struct dln_arena *arena,
                       struct found **out, size_t *n, bool *sampled, struct dln_error *err)
{
    struct name_list list = {.at = DLN_ARENA_ARRAY(arena, struct found, DLN_SPACE_MAX)};
    if (!list.at) return dln_fail(err, DLN_NOMEM, "out of memory");
    int64_t first, last;
    if (!ends_of(store, study_id, &first, &last, err)) return false;
    *sampled = sample && last - first > SAMPLE_ABOVE;
    if (*sampled) {
        if (!sample_names(store, study_id, first, last, &list, arena, err)) return false;
    } else {
        int64_t at = first - 1;
        for (int64_t from = first; from <= last; from = at + 1) {
            const int64_t before = at;
            if (!read_names(store, study_id, from, SLICE, &list, &at, arena, err)) return false;
            if (at == before) break;
        }
    }
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

static bool find_params(dln_store *store, int64_t study_id, bool sample, struct dln_arena *arena,
                        struct dln_stored_param **out, size_t *n, bool *sampled,
                        struct dln_error *err)
{
    static const char sql[] = "SELECT distribution_json FROM trial_params"
                              " WHERE trial_id = :id AND param_name = :name";
    struct found *found = NULL;
    size_t count = 0;
    if (!list_names(store, study_id, sample, arena, &found, &count, sampled, err)) return false;
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

bool dln_infer_names(dln_store *store, int64_t study_id, struct dln_arena *arena,
                     struct dln_stored_param **out, size_t *n, struct dln_error *err)
{
    bool sampled;
    return find_params(store, study_id, false, arena, out, n, &sampled, err);
}

static bool infer(dln_store *store, int64_t study_id, bool sample, struct dln_arena *arena,
                  struct dln_space *out, bool *sampled, struct dln_error *err)
{
    struct dln_stored_param *names = NULL;
    size_t count = 0;
    if (!dln_store_has_study(store, study_id, err)) return false;
    if (!find_params(store, study_id, sample, arena, &names, &count, sampled, err)) return false;
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

static bool infer_in_one_look(dln_store *store, int64_t study_id, bool sample,
                              struct dln_arena *arena, struct dln_space *out, bool *sampled,
                              struct dln_error *err)
{
    if (!dln_db_begin_read(store->db, err)) return false;
    const bool ok = infer(store, study_id, sample, arena, out, sampled, err);
    dln_db_rollback(store->db);
    return ok;
}

bool dln_store_infer_space(dln_store *store, int64_t study_id, struct dln_arena *arena,
                           struct dln_space *out, struct dln_error *err)
{
    bool sampled;
    return infer_in_one_look(store, study_id, false, arena, out, &sampled, err);
}

bool dln_store_sample_space(dln_store *store, int64_t study_id, struct dln_arena *arena,
                            struct dln_space *out, bool *sampled, struct dln_error *err)
{
    return infer_in_one_look(store, study_id, true, arena, out, sampled, err);
}
