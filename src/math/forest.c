#include "math/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

/* ── growing ───────────────────────────────────────────────────────────────────────────────────*/

struct grower {
    size_t d, n;
    const double *u, *y;
    uint32_t **sorted; /* d orders of all points */
    uint32_t **order;  /* d orders of the drawn ones; a node owns the same range in each */
    uint32_t *spare;
    bool *goes_left;
    uint16_t *drawn; /* how often each point was drawn */
    struct dln_tree tree;
};

struct pending { /* a node whose range has not been looked at */
    uint32_t node;
    size_t from, to;
    int depth;
};

struct split {
    int feature;
    double threshold, gain;
    size_t n_left;
};

static double at(const struct grower *g, uint32_t point, size_t feature)
{
    return g->u[(size_t)point * g->d + feature];
}

/* The cut with the largest drop of the sum of squares; feature -1 where no cut helps. */
static struct split best_split(const struct grower *g, size_t from, size_t to)
{
    struct split best = {.feature = -1};
    const double n = (double)(to - from);
    double total = 0;
    for (size_t i = from; i < to; i++)
        total += g->y[g->order[0][i]];
    for (size_t f = 0; f < g->d; f++) {
        const uint32_t *order = g->order[f];
        double left = 0;
        for (size_t i = from; i + 1 < to; i++) {
            left += g->y[order[i]];
            const double here = at(g, order[i], f);
            const double next = at(g, order[i + 1], f);
            if (!(here < next)) continue;
            const double n_left = (double)(i + 1 - from);
            const double gain = left * left / n_left +
                                (total - left) * (total - left) / (n - n_left) - total * total / n;
            if (gain > best.gain + 1e-12 * fabs(best.gain)) {
                best = (struct split){(int)f, here + (next - here) / 2, gain, i + 1 - from};
                if (!(best.threshold < next)) best.threshold = here;
            }
        }
    }
    return best;
}

/* The left part of every order first, both parts still sorted. */
static void part(struct grower *g, size_t from, size_t to, const struct split *split)
{
    for (size_t i = from; i < to; i++) {
        const uint32_t point = g->order[0][i];
        g->goes_left[point] = at(g, point, (size_t)split->feature) <= split->threshold;
    }
    for (size_t f = 0; f < g->d; f++) {
        uint32_t *order = g->order[f];
        size_t left = from;
        size_t rest = 0;
        for (size_t i = from; i < to; i++) {
            if (g->goes_left[order[i]]) {
                order[left++] = order[i];
            } else {
                g->spare[rest++] = order[i];
            }
        }
        memcpy(order + left, g->spare, rest * sizeof *order);
    }
}

static double mean_of(const struct grower *g, size_t from, size_t to)
{
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += g->y[g->order[0][i]];
    return sum / (double)(to - from);
}

static void draw(struct grower *g, struct dln_rng *rng)
{
    memset(g->drawn, 0, g->n * sizeof *g->drawn);
    for (size_t i = 0; i < g->n; i++) {
        const size_t point = (size_t)dln_rng_below(rng, g->n);
        if (g->drawn[point] < UINT16_MAX) g->drawn[point]++;
    }
    for (size_t f = 0; f < g->d; f++) {
        size_t used = 0;
        for (size_t i = 0; i < g->n; i++) {
            const uint32_t point = g->sorted[f][i];
            for (uint16_t k = 0; k < g->drawn[point]; k++)
                g->order[f][used++] = point;
        }
    }
}

static void grow_tree(struct grower *g)
{
    struct pending stack[DLN_TREE_DEPTH_MAX + 2];
    size_t depth = 0;
    g->tree.n = 1;
    stack[depth++] = (struct pending){0, 0, g->n, 0};
    while (depth > 0) {
        const struct pending at_hand = stack[--depth];
        struct dln_tree_node *node = &g->tree.node[at_hand.node];
        const struct split split =
            at_hand.to - at_hand.from > 1 && at_hand.depth < DLN_TREE_DEPTH_MAX
                ? best_split(g, at_hand.from, at_hand.to)
                : (struct split){.feature = -1};
        *node = (struct dln_tree_node){.feature = split.feature,
                                       .threshold = split.threshold,
                                       .gain = split.gain,
                                       .value = mean_of(g, at_hand.from, at_hand.to)};
        if (split.feature < 0) continue;
        part(g, at_hand.from, at_hand.to, &split);
        node->left = (uint32_t)g->tree.n++;
        node->right = (uint32_t)g->tree.n++;
        const size_t middle = at_hand.from + split.n_left;
        /* the right one waits: at most one node a level is on the stack */
        stack[depth++] = (struct pending){node->right, middle, at_hand.to, at_hand.depth + 1};
        stack[depth++] = (struct pending){node->left, at_hand.from, middle, at_hand.depth + 1};
    }
}

struct keyed {
    double key;
    uint32_t point;
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a;
    const struct keyed *y = b;
    if (x->key != y->key) return x->key > y->key ? 1 : -1;
    return (x->point > y->point) - (x->point < y->point);
}

static bool prepare(struct grower *g, struct dln_arena *scratch)
{
    struct keyed *keyed = DLN_ARENA_ARRAY(scratch, struct keyed, g->n);
    g->sorted = DLN_ARENA_ARRAY(scratch, uint32_t *, g->d);
    g->order = DLN_ARENA_ARRAY(scratch, uint32_t *, g->d);
    g->spare = DLN_ARENA_ARRAY(scratch, uint32_t, g->n);
    g->goes_left = DLN_ARENA_ARRAY(scratch, bool, g->n);
    g->drawn = DLN_ARENA_ARRAY(scratch, uint16_t, g->n);
    g->tree.node = DLN_ARENA_ARRAY(scratch, struct dln_tree_node, 2 * g->n + 1);
    if (!keyed || !g->sorted || !g->order || !g->spare || !g->goes_left || !g->drawn ||
        !g->tree.node) {
        return false;
    }
    for (size_t f = 0; f < g->d; f++) {
        g->sorted[f] = DLN_ARENA_ARRAY(scratch, uint32_t, g->n);
        g->order[f] = DLN_ARENA_ARRAY(scratch, uint32_t, g->n);
        if (!g->sorted[f] || !g->order[f]) return false;
        for (size_t i = 0; i < g->n; i++)
            keyed[i] = (struct keyed){at(g, (uint32_t)i, f), (uint32_t)i};
        qsort(keyed, g->n, sizeof *keyed, by_key);
        for (size_t i = 0; i < g->n; i++)
            g->sorted[f][i] = keyed[i].point;
    }
    return true;
}

static bool keep_tree(const struct dln_tree *grown, struct dln_tree *out, struct dln_arena *arena)
{
    out->n = grown->n;
    out->node = DLN_ARENA_ARRAY(arena, struct dln_tree_node, grown->n);
    if (!out->node) return false;
    memcpy(out->node, grown->node, grown->n * sizeof *grown->node);
    return true;
}

bool dln_forest_grow(struct dln_forest *forest, size_t n_trees, size_t d, size_t n, const double *u,
                     const double *y, uint64_t seed, struct dln_arena *arena)
{
    struct dln_arena scratch = {0};
    struct grower grower = {.d = d, .n = n, .u = u, .y = y};
    struct dln_rng rng;
    dln_rng_init(&rng, seed);
    *forest = (struct dln_forest){.d = d, .tree = DLN_ARENA_ARRAY(arena, struct dln_tree, n_trees)};
    bool ok = forest->tree && d > 0 && n > 0 && prepare(&grower, &scratch);
    for (size_t i = 0; ok && i < n_trees; i++) {
        draw(&grower, &rng);
        grow_tree(&grower);
        ok = keep_tree(&grower.tree, &forest->tree[i], arena);
        if (ok) forest->n++;
    }
    dln_arena_release(&scratch);
    return ok;
}

double dln_tree_predict(const struct dln_tree *tree, const double *u)
{
    size_t at_node = 0;
    while (tree->node[at_node].feature >= 0) {
        const struct dln_tree_node *node = &tree->node[at_node];
        at_node = u[node->feature] <= node->threshold ? node->left : node->right;
    }
    return tree->node[at_node].value;
}

/* ── leaves as boxes ───────────────────────────────────────────────────────────────────────────*/

/* The box of each node, parents before children; then those of leaves are kept. */
bool dln_boxes_make(struct dln_boxes *boxes, const struct dln_tree *tree, size_t d,
                    struct dln_arena *arena)
{
    double *low = DLN_ARENA_ARRAY(arena, double, tree->n *d);
    double *high = DLN_ARENA_ARRAY(arena, double, tree->n *d);
    double *value = DLN_ARENA_ARRAY(arena, double, tree->n);
    double *volume = DLN_ARENA_ARRAY(arena, double, tree->n);
    if (!low || !high || !value || !volume) return false;
    for (size_t j = 0; j < d; j++)
        high[j] = 1;
    for (size_t i = 0; i < tree->n; i++) {
        const struct dln_tree_node *node = &tree->node[i];
        if (node->feature < 0) continue;
        const size_t children[] = {node->left, node->right};
        for (size_t c = 0; c < 2; c++) {
            memcpy(low + children[c] * d, low + i * d, d * sizeof *low);
            memcpy(high + children[c] * d, high + i * d, d * sizeof *high);
        }
        high[node->left * d + (size_t)node->feature] = node->threshold;
        low[node->right * d + (size_t)node->feature] = node->threshold;
    }
    size_t n = 0;
    for (size_t i = 0; i < tree->n; i++) {
        if (tree->node[i].feature >= 0) continue;
        memmove(low + n * d, low + i * d, d * sizeof *low);
        memmove(high + n * d, high + i * d, d * sizeof *high);
        value[n] = tree->node[i].value;
        volume[n] = 1;
        for (size_t j = 0; j < d; j++)
            volume[n] *= high[n * d + j] - low[n * d + j];
        n++;
    }
    *boxes = (struct dln_boxes){d, n, low, high, value, volume};
    return true;
}

static double mean_value(const struct dln_boxes *boxes)
{
    double sum = 0;
    for (size_t i = 0; i < boxes->n; i++)
        sum += boxes->volume[i] * boxes->value[i];
    return sum;
}

double dln_boxes_variance(const struct dln_boxes *boxes)
{
    const double mean = mean_value(boxes);
    double sum = 0;
    for (size_t i = 0; i < boxes->n; i++) {
        sum += boxes->volume[i] * (boxes->value[i] - mean) * (boxes->value[i] - mean);
    }
    return sum;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The different edges of all boxes in one coordinate, ascending, 0 and 1 among them. */
static bool edges_of(const struct dln_boxes *boxes, size_t a, struct dln_arena *arena, double **out,
                     size_t *n)
{
    double *edges = DLN_ARENA_ARRAY(arena, double, 2 * boxes->n);
    if (!edges) return false;
    for (size_t i = 0; i < boxes->n; i++) {
        edges[2 * i] = boxes->low[i * boxes->d + a];
        edges[2 * i + 1] = boxes->high[i * boxes->d + a];
    }
    qsort(edges, 2 * boxes->n, sizeof *edges, ascending);
    size_t kept = 0;
    for (size_t i = 0; i < 2 * boxes->n; i++) {
        if (kept == 0 || edges[i] > edges[kept - 1]) edges[kept++] = edges[i];
    }
    *out = edges;
    *n = kept;
    return true;
}

static size_t place_of(const double *edges, size_t n, double edge)
{
    size_t low = 0;
    size_t high = n;
    while (low + 1 < high) {
        const size_t middle = low + (high - low) / 2;
        if (edges[middle] <= edge) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Each leaf adds a constant on its interval: differences first, then one running sum. */
double dln_boxes_main(const struct dln_boxes *boxes, size_t a)
{
    struct dln_arena scratch = {0};
    double *edges = NULL;
    size_t n = 0;
    double variance = NAN;
    const double mean = mean_value(boxes);
    double *step = DLN_ARENA_ARRAY(&scratch, double, 2 * boxes->n + 1);
    if (step && edges_of(boxes, a, &scratch, &edges, &n)) {
        for (size_t i = 0; i < boxes->n; i++) {
            const double low = boxes->low[i * boxes->d + a];
            const double high = boxes->high[i * boxes->d + a];
            if (!(high > low)) continue;
            const double density = boxes->value[i] * boxes->volume[i] / (high - low);
            step[place_of(edges, n, low)] += density;
            step[place_of(edges, n, high)] -= density;
        }
        double here = 0;
        variance = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            here += step[i];
            variance += (edges[i + 1] - edges[i]) * (here - mean) * (here - mean);
        }
    }
    dln_arena_release(&scratch);
    return variance;
}

double dln_boxes_pair(const struct dln_boxes *boxes, size_t a, size_t b)
{
    struct dln_arena scratch = {0};
    double *edges_a = NULL;
    double *edges_b = NULL;
    size_t n_a = 0;
    size_t n_b = 0;
    double variance = NAN;
    const double mean = mean_value(boxes);
    if (edges_of(boxes, a, &scratch, &edges_a, &n_a) &&
        edges_of(boxes, b, &scratch, &edges_b, &n_b)) {
        double *step = DLN_ARENA_ARRAY(&scratch, double, n_a *n_b);
        for (size_t i = 0; step && i < boxes->n; i++) {
            const double *low = boxes->low + i * boxes->d;
            const double *high = boxes->high + i * boxes->d;
            const double area = (high[a] - low[a]) * (high[b] - low[b]);
            if (!(area > 0)) continue;
            const double density = boxes->value[i] * boxes->volume[i] / area;
            const size_t a0 = place_of(edges_a, n_a, low[a]);
            const size_t a1 = place_of(edges_a, n_a, high[a]);
            const size_t b0 = place_of(edges_b, n_b, low[b]);
            const size_t b1 = place_of(edges_b, n_b, high[b]);
            step[a0 * n_b + b0] += density;
            step[a0 * n_b + b1] -= density;
            step[a1 * n_b + b0] -= density;
            step[a1 * n_b + b1] += density;
        }
        if (step) variance = 0;
        for (size_t i = 0; step && i + 1 < n_a; i++) {
            double here = 0;
            for (size_t j = 0; j + 1 < n_b; j++) {
                if (i > 0) step[i * n_b + j] += step[(i - 1) * n_b + j];
                here += step[i * n_b + j];
                variance += (edges_a[i + 1] - edges_a[i]) * (edges_b[j + 1] - edges_b[j]) *
                            (here - mean) * (here - mean);
            }
        }
    }
    dln_arena_release(&scratch);
    return variance;
}
