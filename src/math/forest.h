/*
 * Regression trees over the unit cube and forests of them (Breiman, "Random forests", 2001), and
 * what functional ANOVA makes of a tree: the variance of its mean over all but a few coordinates,
 * exactly, from the boxes of its leaves (Hutter, Hoos, Leyton-Brown, "An efficient approach for
 * assessing hyperparameter importance", 2014).
 */
#ifndef DLN_MATH_FOREST_H
#define DLN_MATH_FOREST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"

#define DLN_TREE_DEPTH_MAX 64

struct dln_tree_node {
    int feature;          /* -1: a leaf */
    double threshold;     /* left where u ≤ threshold */
    uint32_t left, right; /* above the node's own place */
    double value;         /* of a leaf */
    double gain;          /* by which the split lowers the sum of squares */
};

struct dln_tree {
    size_t n; /* nodes, the root first */
    struct dln_tree_node *node;
};

struct dln_forest { /* in an arena */
    size_t d, n;
    struct dln_tree *tree;
};

/*
 * n points, u row-major in [0, 1]; each tree is grown on a sample drawn with replacement, down to
 * single points. False: no memory. Cost O(trees · n · d · depth).
 */
bool dln_forest_grow(struct dln_forest *forest, size_t n_trees, size_t d, size_t n, const double *u,
                     const double *y, uint64_t seed, struct dln_arena *arena);
double dln_tree_predict(const struct dln_tree *tree, const double *u);

/* The leaves of a tree as boxes. */
struct dln_boxes {
    size_t d, n;
    double *low, *high; /* n × d */
    double *value, *volume;
};
bool dln_boxes_make(struct dln_boxes *boxes, const struct dln_tree *tree, size_t d,
                    struct dln_arena *arena);
/* The variance of a tree's value over the cube. */
double dln_boxes_variance(const struct dln_boxes *boxes);
/* The variance of its mean as a function of coordinate a alone; of a and b together. NaN: no
 * memory. */
double dln_boxes_main(const struct dln_boxes *boxes, size_t a);
double dln_boxes_pair(const struct dln_boxes *boxes, size_t a, size_t b);

#endif
