/*
 * Functional ANOVA and mean decrease of impurity, from one random forest over the unit cube.
 *
 * Unlike Optuna, which grows its forest on raw values, logarithmic parameters are seen on their own
 * scale here, so numbers differ where ranges span decades. A choice is a coordinate with a cell for
 * each value. Where a parameter is inactive it stands at the middle, so that it tells nothing.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explain/method.h"
#include "math/forest.h"

enum {
    TREES = 64,       /* Optuna's number */
    POINTS_MAX = 2000 /* the newest; more only cost time */
};

struct grown {
    struct dln_arena arena;
    struct dln_forest forest;
    size_t n;
};

static bool grow(const struct dln_evidence *evidence, struct grown *out)
{
    const size_t d = evidence->space->n;
    const size_t n = evidence->n < POINTS_MAX ? evidence->n : POINTS_MAX;
    const size_t first = evidence->n - n;
    *out = (struct grown){.n = n};
    double *u = DLN_ARENA_ARRAY(&out->arena, double, n *d);
    double *y = DLN_ARENA_ARRAY(&out->arena, double, n);
    bool ok = u && y;
    for (size_t i = 0; ok && i < n; i++) {
        dln_space_encode(evidence->space, evidence->x[first + i], u + i * d);
        for (size_t j = 0; j < d; j++) {
            if (isnan(u[i * d + j])) u[i * d + j] = 0.5;
        }
        y[i] = evidence->loss[first + i];
    }
    ok = ok && dln_forest_grow(&out->forest, TREES, d, n, u, y, 1, &out->arena);
    if (!ok) dln_arena_release(&out->arena);
    return ok;
}

/* Shares of a tree's variance, one parameter after the other, averaged over the trees. */
bool dln_fanova(const struct dln_evidence *evidence, struct dln_arena *arena, double *raw)
{
    (void)arena;
    struct grown grown;
    const size_t d = evidence->space->n;
    size_t counted = 0;
    if (d == 0) return true;
    if (!grow(evidence, &grown)) return false;
    bool ok = true;
    for (size_t t = 0; ok && t < grown.forest.n; t++) {
        struct dln_arena scratch = {0};
        struct dln_boxes boxes;
        ok = dln_boxes_make(&boxes, &grown.forest.tree[t], d, &scratch);
        const double variance = ok ? dln_boxes_variance(&boxes) : 0;
        for (size_t j = 0; ok && variance > 0 && j < d; j++) {
            const double part = dln_boxes_main(&boxes, j);
            ok = !isnan(part);
            raw[j] += part / variance;
        }
        counted += variance > 0;
        dln_arena_release(&scratch);
    }
    for (size_t j = 0; j < d; j++)
        raw[j] = counted > 0 ? fmax(0, raw[j] / (double)counted) : 0;
    dln_arena_release(&grown.arena);
    return ok;
}

bool dln_impurity(const struct dln_evidence *evidence, struct dln_arena *arena, double *raw)
{
    (void)arena;
    struct grown grown;
    const size_t d = evidence->space->n;
    size_t counted = 0;
    if (d == 0) return true;
    if (!grow(evidence, &grown)) return false;
    for (size_t t = 0; t < grown.forest.n; t++) {
        const struct dln_tree *tree = &grown.forest.tree[t];
        double sum = 0;
        for (size_t i = 0; i < tree->n; i++)
            sum += tree->node[i].feature >= 0 ? tree->node[i].gain : 0;
        if (!(sum > 0)) continue;
        counted++;
        for (size_t i = 0; i < tree->n; i++) {
            if (tree->node[i].feature < 0) continue;
            raw[tree->node[i].feature] += tree->node[i].gain / sum;
        }
    }
    for (size_t j = 0; j < d; j++)
        raw[j] = counted > 0 ? raw[j] / (double)counted : 0;
    dln_arena_release(&grown.arena);
    return true;
}

/* ── interactions ──────────────────────────────────────────────────────────────────────────────*/

static int by_share(const void *a, const void *b)
{
    const double x = ((const struct dln_interaction *)a)->share;
    const double y = ((const struct dln_interaction *)b)->share;
    return (x < y) - (x > y);
}

/* What two parameters explain together beyond what each explains alone. */
static bool add_pairs(const struct dln_boxes *boxes, struct dln_interaction *pairs, size_t n)
{
    const double variance = dln_boxes_variance(boxes);
    if (!(variance > 0)) return true;
    for (size_t i = 0; i < n; i++) {
        const double both = dln_boxes_pair(boxes, pairs[i].a, pairs[i].b);
        const double alone = dln_boxes_main(boxes, pairs[i].a) + dln_boxes_main(boxes, pairs[i].b);
        if (isnan(both) || isnan(alone)) return false;
        pairs[i].share += fmax(0, both - alone) / variance;
    }
    return true;
}

bool dln_interactions(const struct dln_evidence *evidence, const size_t *params, size_t n_params,
                      struct dln_arena *arena, struct dln_interaction **out, size_t *n,
                      struct dln_error *err)
{
    struct grown grown = {.n = 0};
    size_t count = 0;
    struct dln_interaction *pairs =
        DLN_ARENA_ARRAY(arena, struct dln_interaction, n_params * n_params / 2 + 1);
    bool ok = pairs != NULL;
    for (size_t i = 0; ok && i < n_params; i++) {
        for (size_t j = i + 1; j < n_params; j++)
            pairs[count++] = (struct dln_interaction){.a = params[i], .b = params[j]};
    }
    if (ok && count > 0 && evidence->n >= 2) ok = grow(evidence, &grown);
    for (size_t t = 0; ok && t < grown.forest.n; t++) {
        struct dln_arena scratch = {0};
        struct dln_boxes boxes;
        ok = dln_boxes_make(&boxes, &grown.forest.tree[t], evidence->space->n, &scratch) &&
             add_pairs(&boxes, pairs, count);
        dln_arena_release(&scratch);
    }
    for (size_t i = 0; ok && i < count && grown.forest.n > 0; i++)
        pairs[i].share /= (double)grown.forest.n;
    dln_arena_release(&grown.arena);
    if (!ok) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (count > 0) qsort(pairs, count, sizeof *pairs, by_share);
    *out = pairs;
    *n = count;
    return true;
}
