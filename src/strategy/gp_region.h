/*
 * The part of the cube to search: all of it, or, in many dimensions and when nothing has got better
 * for long, a box around the best trial that grows with success and shrinks without.
 * Eriksson et al., "Scalable global optimization via local Bayesian optimization" (TuRBO, 2019).
 */
#ifndef DLN_STRATEGY_GP_REGION_H
#define DLN_STRATEGY_GP_REGION_H

#include "dialin/strategy.h"
#include "strategy/gp_rows.h"

/*
 * low, high: d each. theta: of the model, for the sides' proportions. Every fifth trial searches
 * the whole cube. True: it is a part.
 */
bool dln_gp_region(const struct dln_gp_rows *rows, const struct dln_gp_coding *coding,
                   const double *theta, int64_t number, double *low, double *high);

#endif
