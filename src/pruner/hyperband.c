/*
 * Several successive halvings beside each other that begin at different steps, so that slow
 * starters have a chance in some of them. Li et al., "Hyperband" (JMLR 2018); brackets, their
 * shares and the draw of a trial's bracket by CRC-32 of "STUDY_NUMBER" as in Optuna's
 * HyperbandPruner, so that a study that both work on has the same brackets.
 */
#include <math.h>
#include <stdio.h>

#include "pruner/rules.h"

enum { STEP, MIN, MAX, ETA, BOOTSTRAP };

static const struct dln_setting settings[] = {
    [STEP] = DLN_PRUNE_STEP_SETTING,
    [MIN] = {.name = "min",
             .kind = DLN_SETTING_INT,
             .low = 1,
             .high = 1e15,
             .initial = 1,
             .help = "step of the earliest rung"},
    [MAX] = {.name = "max",
             .kind = DLN_SETTING_INT,
             .low = 0,
             .high = 1e15,
             .initial = 0,
             .help = "step at which a trial ends; 0: as long as the complete ones were"},
    [ETA] = {.name = "eta",
             .kind = DLN_SETTING_INT,
             .low = 2,
             .high = 1000,
             .initial = 3,
             .help = "one in so many goes on; also the ratio of two rungs"},
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
    const int64_t longest = dln_curves_longest(ask->curves);
    double max = values[MAX];
    if (max == 0) {
        if (longest < 0) return;
        max = (double)longest + 1;
    }
    char group[32];
    struct dln_brackets brackets;
    struct dln_halving rule = {
        .pruner = "hyperband",
        .group = group,
        .eta = values[ETA],
        .last = values[MAX],
        .bootstrap = (size_t)values[BOOTSTRAP],
    };
    dln_brackets_make(values[MIN], max, values[ETA], &brackets);
    const size_t bracket = dln_brackets_find(&brackets, ask->trial->crc, &rule.share);
    rule.first = values[MIN] * pow(values[ETA], (double)bracket);
    (void)snprintf(group, sizeof group, "bracket %zu, ", bracket);
    dln_rule_halving(ask, &rule, out);
}

const struct dln_pruner dln_pruner_hyperband = {
    .name = "hyperband",
    .title = "Hyperband",
    .summary = "Several successive halvings that begin at\n"
               "different steps: some stop early, some give\n"
               "slow starters time.",
    .best_for = "slow starters",
    .settings = settings,
    .check = check,
    .decide = decide,
};
