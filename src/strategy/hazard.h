/*
 * Where trials fail: a forest over the cube, taught by trials that ran and by those that failed for
 * a reason whose policy is `avoid`. A function of the history; kept from ask to ask as a cache.
 */
#ifndef DLN_STRATEGY_HAZARD_H
#define DLN_STRATEGY_HAZARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/strategy.h"
#include "math/forest.h"

#define DLN_HAZARD_MAX 0.35 /* a point with a higher chance to fail is sent back */

/* {0} knows nothing. Thread: owner. */
struct dln_hazard {
    struct dln_arena arena;
    struct dln_forest forest;
    double *u; /* d, of the point that is asked for */
    size_t n_good;
    const struct dln_view_trial **good; /* some that ran, in the history of the last lesson */
    uint64_t revision;
    bool is_taught, is_known;
};

void dln_hazard_release(struct dln_hazard *hazard);
/* False: no memory. */
bool dln_hazard_learn(struct dln_hazard *hazard, const struct dln_study *study,
                      const struct dln_history_view *history);
/* The chance that x fails as others did, 0 … 1; 0 where nothing is known. */
double dln_hazard_at(const struct dln_hazard *hazard, const struct dln_space *space,
                     const double *x);

#endif
