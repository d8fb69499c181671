/*
 * A trial whose best value so far is worse than the median of what finished trials had at the same
 * step is stopped. Vizier's rule (Golovin et al., KDD 2017), as Optuna's MedianPruner decides it.
 */
#include "pruner/rules.h"

static const struct dln_setting settings[] = {DLN_PRUNE_STEP_SETTING, DLN_QUANTILE_SETTINGS, {0}};

static void decide(const struct dln_prune_ask *ask, const double *values, struct dln_prune *out)
{
    dln_rule_percentile(ask, values + 1, 50, "median", "median", out);
}

const struct dln_pruner dln_pruner_median = {
    .name = "median",
    .title = "Median",
    .summary = "Stops a trial whose best value so far is\n"
               "worse than the median of finished trials\n"
               "at the same step.",
    .best_for = "steady curves",
    .settings = settings,
    .decide = decide,
};
