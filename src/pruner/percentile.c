/* As the median rule, with the share of trials that may go on to choose. Optuna's PercentilePruner.
 */
#include "pruner/rules.h"

#include <stdio.h>

enum { STEP, PERCENTILE, SHARED };

static const struct dln_setting settings[] = {
    [STEP] = DLN_PRUNE_STEP_SETTING,
    [PERCENTILE] = {.name = "percentile",
                    .kind = DLN_SETTING_REAL,
                    .low = 0,
                    .high = 100,
                    .initial = 25,
                    .help = "the best so many percent go on"},
    DLN_QUANTILE_SETTINGS,
    {0},
};

static void decide(const struct dln_prune_ask *ask, const double *values, struct dln_prune *out)
{
    char middle[48];
    (void)snprintf(middle, sizeof middle, "best %.6g %%", values[PERCENTILE]);
    dln_rule_percentile(ask, values + SHARED, values[PERCENTILE], "percentile", middle, out);
}

const struct dln_pruner dln_pruner_percentile = {
    .name = "percentile",
    .title = "Percentile",
    .summary = "Stops a trial whose best value so far is not\n"
               "among the best so many percent of finished\n"
               "trials at the same step.",
    .best_for = "a cut of yours",
    .settings = settings,
    .decide = decide,
};
