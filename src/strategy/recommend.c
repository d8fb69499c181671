/*
 * Which strategy fits a study: rules, where a rule is better than `auto`, which is what the benches
 * speak for else (tests/bench/README.md).
 */
#include <math.h>
#include <stdio.h>

#include "dialin/strategy.h"

enum {
    LOOK_AROUND = 8, /* trials, up to which a model has nothing to learn from */
    FEW_POINTS = 64  /* without a budget */
};

/* Combinations of all parameters, those that a condition rules out included; HUGE_VAL: no end. */
static double count_points(const struct dln_space *space)
{
    double n = 1;
    for (size_t i = 0; i < space->n; i++) {
        const struct dln_param *param = &space->params[i];
        if (param->n_choices > 0) {
            n *= (double)param->n_choices;
        } else if (param->step > 0) {
            n *= floor((param->high - param->low) / param->step + 1e-9) + 1;
        } else {
            return HUGE_VAL;
        }
    }
    return n;
}

const struct dln_strategy *dln_strategy_recommend(const struct dln_study *study,
                                                  int64_t budget_trials, char why[DLN_WHY_MAX])
{
    const double points = count_points(&study->space);
    const double room = budget_trials > 0 ? (double)budget_trials : FEW_POINTS;
    if (points <= room) {
        (void)snprintf(why, DLN_WHY_MAX, "only %.0f combinations: each of them can be tried",
                       points);
        return dln_strategy_find("grid");
    }
    if (budget_trials > 0 && budget_trials <= LOOK_AROUND) {
        (void)snprintf(why, DLN_WHY_MAX, "so few trials can only look around evenly");
        return dln_strategy_find("sobol");
    }
    (void)snprintf(why, DLN_WHY_MAX,
                   study->n_objectives > 1
                       ? "takes several goals, and gives turns to whose trials were better"
                       : "fits itself to budget, types and noise by what its trials were worth");
    return dln_strategy_find("auto");
}
