/*
 * Which strategy an `auto` study asks for its next trial.
 *
 * Each expert begins with a share of the trials that experience suggests for such a space and so
 * many trials. What its own trials were worth since moves the shares: share ∝ first share ×
 * exp(3 (credit - credit of all)), no expert with a first share below SHARE_MIN. All of it is a
 * function of the history alone: who proposed a trial is its `strategy`.
 */
#ifndef DLN_STRATEGY_AUTO_SHARES_H
#define DLN_STRATEGY_AUTO_SHARES_H

#include "dialin/strategy.h"

enum dln_auto_expert {
    DLN_AUTO_GP,
    DLN_AUTO_TPE,
    DLN_AUTO_CMAES,
    DLN_AUTO_NSGA2,
    DLN_AUTO_EXPERTS
};

extern const struct dln_strategy *const dln_auto_experts[DLN_AUTO_EXPERTS];

/* What the first shares depend on. */
struct dln_auto_case {
    size_t n;       /* finished trials */
    size_t d;       /* parameters with more than one value */
    size_t n_axes;  /* those of them with an order */
    size_t m;       /* goals */
    bool is_costly; /* the Gaussian process takes long, compared with a trial too */
};

/*
 * Costly is a model that takes above 20 ms a suggestion (by n and d, not by a clock) and above a
 * twentieth of what a trial lasts: the median of the last ones that are finished.
 */
struct dln_auto_case dln_auto_case_of(const struct dln_ask *ask);
/* Sum 1. */
void dln_auto_first_shares(const struct dln_auto_case *c, double shares[DLN_AUTO_EXPERTS]);

/*
 * What the trials of each expert were worth, the latest most: of up to 50 trials before it the part
 * that it beats, and 1 more for a new best. NaN: it has had none.
 */
DLN_CHECK bool dln_auto_credits(const struct dln_ask *ask, double credits[DLN_AUTO_EXPERTS],
                                double *of_all, struct dln_error *err);
void dln_auto_shares(const double first[DLN_AUTO_EXPERTS], const double credits[DLN_AUTO_EXPERTS],
                     double of_all, double shares[DLN_AUTO_EXPERTS]);

/* Whose turn trial `number` is: over any few trials in a row the shares hold. */
enum dln_auto_expert dln_auto_turn(const double shares[DLN_AUTO_EXPERTS], uint64_t seed,
                                   int64_t number);

#endif
