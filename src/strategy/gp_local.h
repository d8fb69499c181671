/* The climb from given points: along the gradient, and from value to value. */
#ifndef DLN_STRATEGY_GP_LOCAL_H
#define DLN_STRATEGY_GP_LOCAL_H

#include "strategy/gp_points.h"

/*
 * Moves each scored point uphill, or leaves it; low, high (d): the part of the cube to stay in.
 * False: no memory.
 */
bool dln_gp_climb(struct dln_gp_judge *judge, struct dln_gp_points *points, const double *low,
                  const double *high, struct dln_arena *arena);

#endif
