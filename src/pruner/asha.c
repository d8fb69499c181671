/*
 * Asynchronous successive halving, the stopping kind: at the steps min, min·eta, min·eta² … only
 * the best 1/eta of all that came so far may go on. Li et al., "A System for Massively Parallel
 * Hyperparameter Tuning" (MLSys 2020), algorithm 2, with the stop rule of Optuna's
 * SuccessiveHalvingPruner: who arrives first always passes, and nobody is called back.
 */
#include <math.h>

#include "pruner/rules.h"

enum { STEP, MIN, MAX, ETA, EARLY, BOOTSTRAP };

static const struct dln_setting settings[] = {
    [STEP] = DLN_PRUNE_STEP_SETTING,
    [MIN] = {.name = "min",
             .kind = DLN_SETTING_INT,
             .low = 0,
             .high = 1e15,
             .initial = 0,
             .help = "step of the first rung; 0: a hundredth of the longest complete trial"},
    [MAX] = {.name = "max",
             .kind = DLN_SETTING_INT,
             .low = 0,
             .high = 1e15,
             .initial = 0,
             .help = "step at which a trial ends, where no rung is; 0: not known"},
    [ETA] = {.name = "eta",
             .kind = DLN_SETTING_INT,
             .low = 2,
             .high = 1000,
             .initial = 4,
             .help = "one in so many goes on; also the ratio of two rungs"},
    [EARLY] = {.name = "skip",
               .kind = DLN_SETTING_INT,
               .low = 0,
               .high = 40,
               .initial = 0,
               .help = "rungs to leave out at the beginning"},
    [BOOTSTRAP] = {.name = "bootstrap",
                   .kind = DLN_SETTING_INT,
                   .low = 0,
                   .high = 1e9,
                   .initial = 0,
                   .help = "values that a rung must have before anybody passes"},
    {0},
};

static const char *check(const double *values)
{
    const bool is_wrong = values[MAX] > 0 && values[MIN] > values[MAX];
    return is_wrong ? "'min' is above 'max', so there is no rung" : NULL;
}

static void decide(const struct dln_prune_ask *ask, const double *values, struct dln_prune *out)
{
    double min = values[MIN];
    if (min == 0) {
        const int64_t longest = dln_curves_longest(ask->curves);
        if (longest < 0) return;
        min = longest / 100 > 1 ? (double)(longest / 100) : 1;
    }
    const struct dln_halving rule = {
        .pruner = "asha",
        .group = "",
        .first = min * pow(values[ETA], values[EARLY]),
        .eta = values[ETA],
        .last = values[MAX],
        .bootstrap = (size_t)values[BOOTSTRAP],
        .share = {.total = 1, .to = 1},
    };
    dln_rule_halving(ask, &rule, out);
}

const struct dln_pruner dln_pruner_asha = {
    .name = "asha",
    .title = "Successive halving",
    .summary = "At a few steps, each a multiple of the one\n"
               "before, only the best of all trials that came\n"
               "there go on. Stops early and much.",
    .best_for = "many workers",
    .settings = settings,
    .check = check,
    .decide = decide,
};
