/*
 * A point of the space as the columns of a Gaussian process.
 *
 * A number is one column, its cube coordinate. A number that can be absent is two: present at u it
 * stands at (u - 1/2, 1/2), absent at (0, 0), so that two values are as far apart as ever and each
 * is at least half a range from "absent" (after the arc kernel of Swersky et al., 2013). A choice
 * is one column of categories, "absent" being one more. An ordered choice is a number. What has
 * only one value is no column at all.
 */
#ifndef DLN_STRATEGY_GP_CODING_H
#define DLN_STRATEGY_GP_CODING_H

#include "dialin/space.h"
#include "math/gauss_process.h"

enum { DLN_GP_FEW = 16 }; /* a grid of so many values is looked through one by one */

/* How the search moves a parameter. */
enum dln_gp_motion {
    DLN_GP_STILL,    /* has one value */
    DLN_GP_SMOOTH,   /* along its gradient */
    DLN_GP_STEPS,    /* along its gradient as if it had no steps, then from step to step */
    DLN_GP_SWITCHES, /* from value to value */
};

/* Immutable once made; in the arena. */
struct dln_gp_coding {
    const struct dln_space *space;
    struct dln_gp_layout layout;
    size_t *column_of; /* per parameter: its first column, SIZE_MAX if it has none */
    enum dln_gp_motion *motion;
};

/* False: no memory. */
bool dln_gp_coding_init(struct dln_gp_coding *coding, const struct dln_space *space,
                        struct dln_arena *arena);
/* x, with u its cube coordinates (both NaN where inactive), to columns. */
void dln_gp_code(const struct dln_gp_coding *coding, const double *x, const double *u,
                 double *columns);
/* Whether x has a value for every parameter that is always there. */
bool dln_gp_is_whole(const struct dln_gp_coding *coding, const double *x);

#endif
