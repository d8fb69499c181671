/*
 * Which trials a Gaussian process learns from, and what value each stands for.
 *
 *   complete   its value; an infinite one is moved to the worst or best finite one
 *   pruned     known to be bad, not how bad: the worse of its last report and the upper quartile of
 *              the complete ones, with a noise of half the spread of all values
 *   failed     no value, but a mark for the model of success, as is a trial that broke a limit
 *   running    a place that is being looked at
 *
 * As long as every complete trial has broken a limit, what is broken takes the objective's place.
 * Several objectives are made one by Chebyshev's norm with weights drawn for each suggestion
 * (ParEGO: Knowles, 2006); of two, each is there by itself, too.
 */
#ifndef DLN_STRATEGY_GP_ROWS_H
#define DLN_STRATEGY_GP_ROWS_H

#include "dialin/strategy.h"
#include "strategy/gp_coding.h"

struct dln_gp_rows {
    size_t n; /* ascending number */
    const struct dln_view_trial **trials;
    double *y;           /* more is better */
    double *pair[2];     /* two objectives, each with its sign turned; else NULL */
    double reference[2]; /* below every value of them, by a tenth of the worst */
    double *noise;
    bool *is_real;  /* complete, no limit broken: can be the best so far */
    size_t settled; /* rows whose trial started before every trial that still runs */

    size_t n_pending;
    const struct dln_view_trial **pending;

    size_t n_marks; /* trials that say whether a point works */
    const struct dln_view_trial **marked;
    double *marks;      /* +1, -1 */
    double *mark_noise; /* 0 */
    size_t n_bad;
    double bad_lately; /* share of the last ten marks */
    size_t settled_marks;

    bool is_objective; /* y is the (only) objective with its sign turned */
};

/* In ask->scratch. False: no memory. */
bool dln_gp_rows_collect(struct dln_gp_rows *rows, const struct dln_ask *ask,
                         const struct dln_gp_coding *coding);
/* The real row of the highest y, SIZE_MAX if there is none. */
size_t dln_gp_rows_best(const struct dln_gp_rows *rows);

#endif
