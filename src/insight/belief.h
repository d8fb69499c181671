/*
 * One quantity (an objective, success, run time) as a Gaussian process believes it to be, with how
 * well that belief predicts its own trials.
 *
 * Two priors are tried where it matters, as the strategy `gp` does: neither is right for every
 * objective. The one whose leave-one-out predictions are the likelier is believed. Its intervals
 * are widened when too many trials lie outside of theirs: what a person reads must hold.
 */
#ifndef DLN_INSIGHT_BELIEF_H
#define DLN_INSIGHT_BELIEF_H

#include "strategy/gp_model.h"

struct dln_lesson {
    const struct dln_gp_coding *coding;
    size_t n; /* ascending number */
    const struct dln_view_trial **trials;
    double *y;           /* any units, more is better */
    double *noise;       /* variance beyond the common one, of values with variance 1 */
    bool warps;          /* else y is taken as it is, but for its mean */
    bool is_tried_twice; /* with both priors */
};

/* Thread: owner. `= {0}` is empty. */
struct dln_belief {
    struct dln_gp_model models[2];    /* by enum dln_gp_prior */
    const struct dln_gp_model *model; /* the one that is believed; NULL: there is none */
    bool warps;
    double shift; /* of what is not warped */
    double widen; /* factor on every sd, 1 or more */
    size_t n;
    double r2, coverage; /* by leaving one out; NaN: not asked for */
};

void dln_belief_release(struct dln_belief *belief);
/* Makes the belief that of the lesson; model is NULL where there is nothing to learn. DLN_NOMEM. */
DLN_CHECK bool dln_belief_learn(struct dln_belief *belief, const struct dln_lesson *lesson,
                                struct dln_arena *scratch, struct dln_error *err);
/*
 * Mean and sd of one more trial (noise included) at m points, each n_columns numbers side by side,
 * in warped units (or, unwarped, in those of y). m ≤ query->cap.
 */
void dln_belief_ask(const struct dln_belief *belief, struct dln_gp_query *query, size_t m,
                    const double *columns, double *mean, double *sd);

#endif
