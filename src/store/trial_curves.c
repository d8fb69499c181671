/* All intermediate values of a study in one pass: what a pruner judges by. */
#include <string.h>

#include "store/handle.h"
#include "store/points.h"

/* The row of a trial, which is the last one or a new one. NULL: no memory. */
static struct dln_curve_row *row_of(int64_t trial_id, struct dln_curve_row **rows, size_t *n,
                                    size_t *cap, struct dln_arena *arena)
{
    if (*n > 0 && (*rows)[*n - 1].trial_id == trial_id) return &(*rows)[*n - 1];
    if (*n == *cap) {
        const size_t wanted = *cap ? *cap * 2 : 64;
        struct dln_curve_row *more = DLN_ARENA_ARRAY(arena, struct dln_curve_row, wanted);
        if (!more) return NULL;
        if (*n > 0) memcpy(more, *rows, *n * sizeof *more);
        *rows = more;
        *cap = wanted;
    }
    (*rows)[*n] = (struct dln_curve_row){.trial_id = trial_id};
    return &(*rows)[(*n)++];
}

bool dln_store_curves(dln_store *store, int64_t study_id, int64_t after_id, struct dln_arena *arena,
                      struct dln_curve_row **out, size_t *n, struct dln_error *err)
{
    static const char sql[] =
        "SELECT v.trial_id, v.step, v.intermediate_value, v.intermediate_value_type"
        " FROM trials t JOIN trial_intermediate_values v ON v.trial_id = t.trial_id"
        " WHERE t.study_id = :study AND t.trial_id > :after ORDER BY v.trial_id, v.step";
    struct dln_curve_row *rows = NULL;
    struct dln_points points = {0};
    size_t count = 0;
    size_t cap = 0;
    if (!dln_store_has_study(store, study_id, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", study_id);
    dln_bind_int(&q, ":after", after_id);
    while (dln_query_row(&q)) {
        struct dln_curve_row *row = row_of(dln_column_int(&q, 0), &rows, &count, &cap, arena);
        if (!row ||
            !dln_points_push(&points, arena, dln_column_int(&q, 1), dln_column_value(&q, 2))) {
            dln_query_no_memory(&q);
            break;
        }
        row->n_steps++;
    }
    if (!dln_query_end(&q, err)) return false;
    size_t first = 0;
    for (size_t i = 0; i < count; i++) {
        rows[i].steps = points.steps + first;
        rows[i].curve = points.curve + first;
        first += rows[i].n_steps;
    }
    *out = rows;
    *n = count;
    return true;
}
