/*
 * The points that a strategy proposes before it has results to learn from: first the default point
 * of the space, in a study without any trial; then a scrambled Sobol' sequence, the trial's number
 * being its index.
 */
#ifndef DLN_STRATEGY_DESIGN_H
#define DLN_STRATEGY_DESIGN_H

#include "dialin/strategy.h"
#include "math/sobol_seq.h"

/* Thread: owner. `= {0}` is ready; a cache of the sequence of the last seed. */
struct dln_design {
    uint64_t seed;
    dln_sobol_seq *seq;
};

void dln_design_release(struct dln_design *design);
DLN_CHECK bool dln_design_suggest(struct dln_design *design, const struct dln_ask *ask,
                                  const char *strategy, struct dln_suggestion *out,
                                  struct dln_error *err);

#endif
