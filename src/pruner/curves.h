/*
 * The curves of a study's trials, with the two things that pruners ask for again and again: the
 * values that finished trials had at a step, sorted, and the values with which trials arrived at a
 * rung. Both are made at the first question and kept current point by point; a change that does not
 * fit (an old point is corrected, a trial replaced) drops them until the next question.
 */
#ifndef DLN_PRUNER_CURVES_H
#define DLN_PRUNER_CURVES_H

#include "dialin/pruner.h"

DLN_CHECK bool dln_curves_new(const char *study_name, dln_curves **out, struct dln_error *err);
void dln_curves_free(dln_curves *curves);

/* NULL: no such trial. Valid until the next change. */
const struct dln_curve *dln_curves_find(const dln_curves *curves, int64_t number);

/* Copies number, state, points, loss and violation. */
DLN_CHECK bool dln_curves_put(dln_curves *curves, const struct dln_curve *curve,
                              struct dln_error *err);
/* Adds a point to a trial, which is made (RUNNING) where there is none. *is_last: a new last step.
 */
DLN_CHECK bool dln_curves_report(dln_curves *curves, int64_t number, int64_t step, double loss,
                                 bool *is_last, struct dln_error *err);
/* Forgets the points of a trial from this step on. */
void dln_curves_rewind(dln_curves *curves, int64_t number, int64_t step);
DLN_CHECK bool dln_curves_finish(dln_curves *curves, int64_t number, enum dln_trial_state state,
                                 double loss, double violation, struct dln_error *err);

size_t dln_curves_n_complete(const dln_curves *curves);
size_t dln_curves_n_pruned(const dln_curves *curves);
/* The highest step of a COMPLETE trial; -1: there is none. */
int64_t dln_curves_longest(const dln_curves *curves);
/* The COMPLETE trial of least loss that breaks no limit, the lower number of equal ones; or NULL.
 */
const struct dln_curve *dln_curves_best(const dln_curves *curves);

struct dln_standing {
    double loss;  /* at a step */
    double final; /* of the same trial at its end */
};
struct dln_column {
    size_t n;                             /* numbers among the values */
    size_t n_reported;                    /* with NaN */
    const struct dln_standing *standings; /* n, ascending by loss, then final */
};
/* What COMPLETE trials had at this step; with `nearest`, else at their last one before. */
bool dln_curves_column(dln_curves *curves, int64_t step, bool nearest, struct dln_column *out);
/* What they had at their end. */
bool dln_curves_finals(dln_curves *curves, struct dln_column *out);

/* Trials by their crc: those with crc % total in [from, to). {1, 0, 1} is all of them. */
struct dln_share {
    uint64_t total, from, to;
};
struct dln_arrival {
    double loss;
    int64_t number; /* of the trial */
};
/*
 * With what all trials of a share, whatever became of them, arrived at their first step of at least
 * `threshold`: ascending by loss. NaN is left out.
 */
bool dln_curves_rung(dln_curves *curves, double threshold, const struct dln_share *share,
                     const struct dln_arrival **arrivals, size_t *n);

/* Room for n doubles until the next call; NULL: no memory. */
double *dln_curves_scratch(dln_curves *curves, size_t n);

#endif
