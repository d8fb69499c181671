/* What predictor.c fits and predict_point.c, predict_profile.c ask. */
#ifndef DLN_INSIGHT_PREDICTOR_H
#define DLN_INSIGHT_PREDICTOR_H

#include "dialin/predict.h"
#include "insight/belief.h"
#include "strategy/history.h"

enum { DLN_PREDICT_BATCH = 64 }; /* points in one go */

struct dln_run_time {
    int64_t number;
    double s;
};

struct dln_predictor {
    const struct dln_space *space;
    size_t m;
    bool *maximize;
    struct dln_study study; /* as much of one as a history needs */
    dln_history *history;
    struct dln_run_time *times; /* ascending number */
    size_t n_times, cap_times;
    struct dln_arena arena; /* of all that lives as long as the predictor */
    bool allows_gaps;

    /* as long as the same parameters are optional */
    bool *is_optional;         /* d: always active, says the space, but a complete trial lacks it */
    struct dln_space modelled; /* the space with optional parameters as conditional ones */
    bool has_coding;
    struct dln_arena coded; /* of the coding and of columns */
    struct dln_gp_coding coding;

    /* the rest belongs to one revision of the history */
    bool is_fitted;
    uint64_t revision;
    struct dln_arena fitted;
    struct dln_belief *values; /* m */
    struct dln_belief runs, limits, time;
    struct dln_trust *trusts;            /* m */
    double rate_runs, rate_limits;       /* over all trials; NaN: there is none */
    double time_s;                       /* median of run times; NaN: none is known */
    const struct dln_view_trial **known; /* finished trials, n_known */
    double *known_columns;               /* n_known × n_columns */
    size_t n_known;
    double *tried_low, *tried_high; /* d, cube coordinates of complete trials; low > high: none */
    bool **has_choice;              /* d; of choices and flags: by index, whether one had it */

    /* memory for one batch of points */
    struct dln_gp_query query;
    double *x, *u;             /* d */
    double *columns;           /* DLN_PREDICT_BATCH × n_columns */
    double *mean, *sd;         /* DLN_PREDICT_BATCH */
    double *distance, *scaled; /* n_known */
};

/* The trial of that number; -1: the best one. NULL: there is none. */
const struct dln_view_trial *dln_predictor_trial(const struct dln_predictor *predictor,
                                                 int64_t number);
/* Fills the NaNs of x from base (may be NULL) or the defaults; drops what is inactive. A gap that
 * is allowed stays where base has one. */
void dln_predictor_fill(const struct dln_predictor *predictor, const struct dln_view_trial *base,
                        double *x);
/* Whether each value is one that its parameter can ever have; outside the range is fine. */
DLN_CHECK bool dln_predictor_check(const struct dln_predictor *predictor, const double *x,
                                   struct dln_error *err);
/* A complete x, inactive values dropped, to columns; predictor->u is its place in the cube. */
void dln_predictor_code(struct dln_predictor *predictor, const double *x, double *columns);
/* Mean, sd and 90 % interval of an objective, in its own units. */
void dln_predictor_units(const struct dln_predictor *predictor, size_t objective, double mean,
                         double sd, struct dln_expected *out);

#endif
