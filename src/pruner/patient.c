/*
 * Asks another pruner only about trials that have not become better for a while. Optuna's
 * PatientPruner; without another one, the lack of progress alone stops a trial.
 */
#include "pruner/rules.h"

#include <math.h>
#include <stdio.h>

enum { STEP, PATIENCE, MIN_DELTA, INNER };

static const struct dln_setting settings[] = {
    [STEP] = DLN_PRUNE_STEP_SETTING,
    [PATIENCE] = {.name = "patience",
                  .kind = DLN_SETTING_INT,
                  .low = 0,
                  .high = 1e9,
                  .initial = 5,
                  .help = "reports without progress that are borne"},
    [MIN_DELTA] = {.name = "min_delta",
                   .kind = DLN_SETTING_REAL,
                   .low = 0,
                   .high = 1e308,
                   .initial = 0,
                   .help = "how much better counts as progress"},
    [INNER] = {.name = "inner",
               .kind = DLN_SETTING_METHOD,
               .help = "the pruner to ask then, such as median or {asha: {eta: 3}}"},
    {0},
};

static void decide(const struct dln_prune_ask *ask, const double *values, struct dln_prune *out)
{
    const struct dln_curve *curve = ask->trial;
    const double window = values[PATIENCE] + 1;
    double before = (double)NAN;
    double after = (double)NAN;
    if ((double)curve->n <= window) return;
    const size_t split = curve->n - (size_t)window;
    for (size_t i = 0; i < curve->n; i++) { /* fmin prefers a number to NaN */
        if (i < split) {
            before = fmin(before, curve->losses[i]);
        } else {
            after = fmin(after, curve->losses[i]);
        }
    }
    if (!(before + values[MIN_DELTA] < after)) return;
    if (ask->inner) {
        ask->inner->decide(ask, ask->inner_values, out);
        return;
    }
    dln_prune_say(ask, out, "patient", after, before,
                  "nothing better than %.6g for %zu reports (best of them %.6g)",
                  dln_prune_value(ask, before), (size_t)window, dln_prune_value(ask, after));
}

const struct dln_pruner dln_pruner_patient = {
    .name = "patient",
    .title = "Patience",
    .summary = "Stops a trial that has not become better for\n"
               "a while; or asks another pruner about such\n"
               "trials only, which makes that one less eager.",
    .best_for = "plateaus",
    .settings = settings,
    .decide = decide,
};
