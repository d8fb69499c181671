/*
 * Pareto dominance: which points no other point beats in every objective. All losses: less is
 * better. loss is n × m, row-major; m ≥ 1.
 */
#ifndef DLN_MATH_NONDOMINATED_H
#define DLN_MATH_NONDOMINATED_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/arena.h"
#include "dialin/error.h"

/* Nowhere worse and somewhere better. */
bool dln_dominates(size_t m, const double *a, const double *b);

/*
 * rank[i] = the front that point i is in: 0 is dominated by nobody, 1 by front 0 only, and so on.
 * Equal points share a front. With `violation` (n, or NULL: all feasible) three classes follow one
 * another: feasible points (violation ≤ 0) by their fronts; infeasible ones by less violation,
 * equal ones together, NaN counting as +inf; points with a NaN loss, in one last front.
 * Deb et al., "A fast and elitist multiobjective genetic algorithm" (2002), definition 1.
 * *n_fronts may be NULL. Cost O(n log n) for m ≤ 2, else O(m n²) at worst (Zhang et al., "An
 * efficient approach to nondominated sorting", 2015, with binary search).
 */
DLN_CHECK bool dln_nondominated_ranks(size_t n, size_t m, const double *loss,
                                      const double *violation, size_t *rank, size_t *n_fronts,
                                      struct dln_arena *scratch, struct dln_error *err);

/*
 * Crowding distance of the points front[0 … n_front − 1] of one front: the sum over objectives of
 * the gap between the two neighbours, as a share of the front's width; +inf for the extremes of an
 * objective that differs. An infinite loss counts as the front's finite extreme; ties are broken by
 * index. crowding[k] belongs to front[k].
 */
DLN_CHECK bool dln_crowding(size_t n_front, const size_t *front, size_t m, const double *loss,
                            double *crowding, struct dln_arena *scratch, struct dln_error *err);

/* Replaces the infinite losses of each objective by its finite extremes (0 where it has none). */
void dln_clamp_infinite(size_t n, size_t m, double *loss);

#endif
