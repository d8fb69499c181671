/*
 * What a model of the trials says over one and over two parameters, for the plots that show it. It
 * is made where a predictor may take its time, and holds no reference to it.
 */
#ifndef UI_PLOT_GUESS_H
#define UI_PLOT_GUESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/predict.h"
#include "dialin/space.h"
#include "model.h"

enum { GUESS_TRIALS_MAX = 24, GUESS_TEXT_MAX = 256 };

/* What it is asked for. */
struct plot_guess_ask {
    size_t goal, param, other_param;
    size_t n_trials; /* to average over, by number */
    int64_t trials[GUESS_TRIALS_MAX];
};

/* Arrays are in the arena of its maker. */
struct plot_guess {
    size_t goal, param, other_param;
    char why_not[GUESS_TEXT_MAX]; /* there is no model; else "" */
    size_t n_learned;             /* trials that the model holds */
    double r2;

    /* Two parameters, the others as in trial base_number; n_across 0: they are one. */
    struct dln_map map;
    const double *chance; /* [down][across] of being better than the best; NULL: there is none */
    const double *base;   /* that trial's values */
    int64_t base_number;  /* -1: defaults */

    /* The first parameter, the others averaged over n_averaged trials; n_curve 0: none. */
    size_t n_curve, n_averaged;
    const double *at, *mean, *sd;
};

/* Complete trials to average over, evenly from all that have the parameter. */
void plot_guess_pick(const struct model *model, struct plot_guess_ask *ask);
DLN_CHECK bool plot_guess_make(dln_predictor *predictor, const struct dln_space *space,
                               const struct plot_guess_ask *ask, struct dln_arena *arena,
                               struct plot_guess *out, struct dln_error *err);
/* The cell of the map that is best among the allowed; SIZE_MAX: none is. */
size_t plot_guess_best(const struct plot_guess *guess, bool maximize);

#endif
