/*
 * Where the judge sees the most to gain: a pool of points spread over the cube and around the best
 * trials; from the most promising ones along the gradient, all starts side by side; then, where
 * there are steps and choices, from value to value, in turns until nothing changes.
 *
 * A space of few points is looked through as a whole.
 */
#ifndef DLN_STRATEGY_GP_SEARCH_H
#define DLN_STRATEGY_GP_SEARCH_H

#include "base/rng.h"
#include "dialin/strategy.h"
#include "strategy/gp_points.h"
#include "strategy/gp_rows.h"

enum { DLN_GP_RANKING = 80 }; /* more than a proposer sends back */

struct dln_gp_search {
    struct dln_gp_judge judge;
    const struct dln_gp_rows *rows;
    const double *low, *high; /* d: the part of the cube to search */
    bool is_late;             /* the budget ends: look closer around the best */
    struct dln_rng rng;
    struct dln_arena *arena;

    struct dln_gp_points ranking; /* out: the best points found, different, best first */
};

/* False: no memory. The ranking is empty when no point is allowed. */
bool dln_gp_search_run(struct dln_gp_search *search);

#endif
