/*
 * What the trials so far say about a point that nobody has tried: value, chance to be a new best,
 * chance to work, run time, the nearest trials, and whether all of that is more than a guess.
 *
 * A predictor learns from the history by Gaussian processes of its own, whatever strategy proposes
 * the trials; it is fitted once for a history and then answers for any number of points. A value
 * may lie outside its range: it is not moved, and the answer says that it extrapolates.
 *
 * Cost, ten parameters: a fit a few tenths of a second at 1000 trials (of more, the best, the
 * newest and an even choice stand for all); a point some microseconds; a curve or a map of 1000
 * cells some milliseconds.
 *
 * Thread: owner.
 */
#ifndef DIALIN_PREDICT_H
#define DIALIN_PREDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/space.h"
#include "dialin/store.h"
#include "dialin/study.h"
#include "dialin/trial.h"

typedef struct dln_predictor dln_predictor;

#define DLN_PREDICT_R2_MIN 0.1 /* below, a model explains nothing */

enum {
    DLN_PREDICT_TRIALS_MIN = 5, /* complete ones; with fewer there is no model */
    DLN_PREDICT_NEAREST_MAX = 3,
    DLN_PREDICT_TEXT_MAX = 240
};

/*
 * Borrows the space. maximize: m directions. DLN_UNSUPPORTED: no OpenBLAS on this machine.
 */
DLN_API DLN_CHECK bool dln_predictor_new(const struct dln_space *space, size_t m,
                                         const bool *maximize, dln_predictor **out,
                                         struct dln_error *err);
DLN_API void dln_predictor_free(dln_predictor *predictor);
/*
 * The space was inferred from trials (dln_store_infer_space), so nothing says when a parameter is
 * active: one that some complete trial lacks may be missing (NaN) in a question, too.
 */
DLN_API void dln_predictor_allow_gaps(dln_predictor *predictor);
/*
 * Adds or replaces (by number) trials as the store gives them; copies what it keeps. run_s: how
 * long each one ran, NaN where unknown; NULL: unknown.
 */
DLN_API DLN_CHECK bool dln_predictor_learn(dln_predictor *predictor, size_t n,
                                           const struct dln_history_row *rows, const double *run_s,
                                           struct dln_error *err);
/* Fits the models if the history has changed since; everything below does that first. */
DLN_API DLN_CHECK bool dln_predictor_fit(dln_predictor *predictor, struct dln_error *err);

/* How good a model is, told by predicting each of its trials from all the others. */
struct dln_trust {
    size_t n;            /* complete trials of the study that have a value */
    size_t n_used;       /* trials that the model holds, pruned ones included */
    bool is_known;       /* there is a model */
    double r2;           /* share of the variance that it explains; may be negative */
    double coverage;     /* share of the trials within their 90 % interval */
    double noise_sd;     /* of one trial near the best, by the model; NaN: not known. All of the
                            spread where the model explains nothing. */
    int64_t best_number; /* that kept all limits; -1: none */
    double best;         /* NaN: none */
    const char *why_not; /* where there is no model: a sentence, the predictor's; else "" */
};
DLN_API DLN_CHECK bool dln_predictor_trust(dln_predictor *predictor, size_t objective,
                                           struct dln_trust *out, struct dln_error *err);

/* ── completing a point ────────────────────────────────────────────────────────────────────────*/

enum dln_origin {
    DLN_ORIGIN_GIVEN,
    DLN_ORIGIN_BASE,    /* from the trial to start from */
    DLN_ORIGIN_DEFAULT, /* that trial has no value for it, or there is no trial */
    DLN_ORIGIN_IGNORED, /* given, but not active at this point */
    DLN_ORIGIN_ABSENT   /* not active, not given */
};

/*
 * Fills the NaNs of x that are active. base: the number of the trial whose values are taken, -1:
 * the best one's. origins: d, may be NULL. *base_taken (may be NULL): the trial, -1: none, all
 * defaults. DLN_NOT_FOUND: no such trial.
 */
DLN_API DLN_CHECK bool dln_predictor_complete(dln_predictor *predictor, int64_t base, double *x,
                                              enum dln_origin *origins, int64_t *base_taken,
                                              struct dln_error *err);

/* ── one point ─────────────────────────────────────────────────────────────────────────────────*/

/* What one trial of this point would print for one objective, in its own units. */
struct dln_expected {
    bool is_known;
    double mean, sd;  /* robust: the median, and half of the width that 68 % lie in */
    double low, high; /* in between with 90 % */
    double best;      /* of the study so far; NaN: none */
    int64_t best_number;
    double chance; /* to be better than that; NaN without a best */
};

struct dln_neighbour {
    int64_t number;
    enum dln_trial_state state; /* COMPLETE, PRUNED, FAIL */
    double value;               /* of the first objective; NaN: none */
    double distance;            /* in the unit cube: 1 is the range of one parameter */
    double lengths;             /* the same in length scales of the first objective's model; NaN */
};

enum dln_far {
    DLN_FAR_NOT,
    DLN_FAR_RANGE,  /* outside the range of the space */
    DLN_FAR_CHOICE, /* a choice that no complete trial has, or a parameter that none had active */
    DLN_FAR_TRIED,  /* beyond what complete trials had */
    DLN_FAR_TRIALS  /* in between, but no trial is near */
};

struct dln_prediction {
    struct dln_expected expected[DLN_OBJECTIVES_MAX]; /* m */
    size_t n_trials;                                  /* that the first objective's model holds */

    bool is_allowed;      /* by the constraints of the space */
    size_t broken;        /* else: the first one that is broken */
    double chance_runs;   /* not to fail */
    double chance_limits; /* to keep the limits, given that it runs */
    double chance_works;  /* both; 0 where it is not allowed */

    double run_s, run_low_s, run_high_s; /* median, 90 %; NaN: not known */

    size_t n_nearest;
    struct dln_neighbour nearest[DLN_PREDICT_NEAREST_MAX];

    enum dln_far far;
    size_t far_param;                    /* the one to blame, space->n: none */
    char far_text[DLN_PREDICT_TEXT_MAX]; /* why; "" where it does not extrapolate */
};

/*
 * x: d values in internal representation, complete (inactive ones are ignored).
 * DLN_INVALID: an active value is missing, or is none that this parameter can ever have.
 */
DLN_API DLN_CHECK bool dln_predictor_point(dln_predictor *predictor, const double *x,
                                           struct dln_prediction *out, struct dln_error *err);
/* The chance that one trial of this point is better than `value`; NaN without a model. */
DLN_API DLN_CHECK bool dln_predictor_chance(dln_predictor *predictor, size_t objective,
                                            const double *x, double value, double *chance,
                                            struct dln_error *err);

/* ── curves and maps ───────────────────────────────────────────────────────────────────────────*/

/*
 * One parameter over its range, the others as in x (what becomes active on the way is filled as
 * dln_predictor_complete() does). All arrays are n long and in the caller's arena.
 */
struct dln_profile {
    size_t n;         /* 0 without a model */
    const double *at; /* the parameter's values, ascending: a grid or all choices where they fit */
    const double *mean, *sd, *low, *high;
    const bool *is_allowed; /* by constraints */
    size_t best;            /* where the mean is best among the allowed; n: none is allowed */
};
DLN_API DLN_CHECK bool dln_predictor_profile(dln_predictor *predictor, size_t objective,
                                             const double *x, size_t param, size_t n_max,
                                             struct dln_arena *arena, struct dln_profile *out,
                                             struct dln_error *err);

struct dln_map {
    size_t n_across, n_down; /* 0 without a model */
    const double *across, *down;
    const double *mean, *sd; /* [down][across] */
    const bool *is_allowed;
};
DLN_API DLN_CHECK bool dln_predictor_map(dln_predictor *predictor, size_t objective,
                                         const double *x, size_t param_across, size_t n_across,
                                         size_t param_down, size_t n_down, struct dln_arena *arena,
                                         struct dln_map *out, struct dln_error *err);

#endif
