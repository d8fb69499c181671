/*
 * The different points of a grid over a space with conditions, in a fixed order, without ever being
 * laid out: only their number and the point at an index.
 *
 * Parameters that a condition reads are *switches*. Each reachable setting of all switches is a
 * branch; inside a branch the set of active parameters is fixed and its points are a plain product.
 * So nothing is listed twice because of a value that is not active. Without conditions there is one
 * branch, and the order is mixed radix over the parameters as declared, the last one fastest.
 * Constraints are not looked at.
 */
#ifndef DLN_STRATEGY_LATTICE_H
#define DLN_STRATEGY_LATTICE_H

#include <stddef.h>
#include <stdint.h>

#include "dialin/error.h"
#include "dialin/space.h"

/* The values of one parameter on the grid, n ≥ 1. */
struct dln_axis {
    uint64_t n;
    const double *x; /* n values, or NULL: dln_param_nth(0 … n-1) */
};

/* The parameter's own values, or only `fixed` when that is not NaN. False: there is no end to them.
 */
DLN_CHECK bool dln_axis_of(const struct dln_param *param, const double *fixed,
                           struct dln_axis *axis);

/* Thread: owner; immutable once made. Borrows space, axes and their values. */
typedef struct dln_lattice dln_lattice;

/*
 * axes: one per parameter. DLN_UNSUPPORTED: more than 2^64 points, or more branches than
 * DLN_BRANCHES_MAX.
 */
DLN_CHECK bool dln_lattice_new(const struct dln_space *space, const struct dln_axis *axes,
                               dln_lattice **out, struct dln_error *err);
void dln_lattice_free(dln_lattice *lattice);

uint64_t dln_lattice_count(const dln_lattice *lattice);
/* x (d values, NaN inactive) of the point at index < count. */
void dln_lattice_point(const dln_lattice *lattice, uint64_t index, double *x);

#define DLN_BRANCHES_MAX 65536 /* far beyond any tree that was written by hand */

#endif
