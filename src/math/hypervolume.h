/*
 * Hypervolume: how much of the space between a front and a reference point the front dominates.
 * All losses: less is better. points is n × m, row-major, without NaN and −inf; what does not lie
 * below the reference in every objective adds nothing. Dominated and equal points are welcome.
 *
 * Cost O(n log n) for m ≤ 3; beyond, each further objective multiplies by n at worst, by far less
 * on fronts: points limited by one another mostly collapse (While, Bradstreet & Barone, "A fast
 * way of calculating exact hypervolumes", 2012).
 */
#ifndef DLN_MATH_HYPERVOLUME_H
#define DLN_MATH_HYPERVOLUME_H

#include <stddef.h>

#include "dialin/arena.h"
#include "dialin/error.h"

DLN_CHECK bool dln_hypervolume(size_t n, size_t m, const double *points, const double *reference,
                               double *volume, struct dln_arena *scratch, struct dln_error *err);

/* share[i] = the volume that only point i dominates; equal points have none. */
DLN_CHECK bool dln_hypervolume_shares(size_t n, size_t m, const double *points,
                                      const double *reference, double *share,
                                      struct dln_arena *scratch, struct dln_error *err);

/*
 * The k ≤ n points that together dominate much, best first, each taken for what it adds to those
 * before it; ties go to the lower index. At least 1 − 1/e of what the best k could dominate.
 * Without any volume left, the rest follows in index order. chosen: k indexes.
 */
DLN_CHECK bool dln_hypervolume_subset(size_t n, size_t m, const double *points,
                                      const double *reference, size_t k, size_t *chosen,
                                      struct dln_arena *scratch, struct dln_error *err);

/*
 * A reference (m) for points without a better one: a tenth beyond the worst value of each
 * objective, max(1.1 w, 0.9 w); for w = 0 a tenth of the objective's width, or 1.
 */
void dln_reference_point(size_t n, size_t m, const double *points, double *reference);

#endif
