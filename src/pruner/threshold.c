/* A value outside fixed limits, or NaN, stops a trial. Optuna's ThresholdPruner. */
#include <math.h>

#include "pruner/rules.h"

enum { STEP, LOWER, UPPER, WARMUP, INTERVAL };

#define FAR 1e308

static const struct dln_setting settings[] = {
    [STEP] = DLN_PRUNE_STEP_SETTING,
    [LOWER] = {.name = "lower",
               .kind = DLN_SETTING_REAL,
               .low = -FAR,
               .high = FAR,
               .initial = -HUGE_VAL,
               .help = "a value below it stops the trial"},
    [UPPER] = {.name = "upper",
               .kind = DLN_SETTING_REAL,
               .low = -FAR,
               .high = FAR,
               .initial = HUGE_VAL,
               .help = "a value above it stops the trial"},
    [WARMUP] = {.name = "warmup",
                .kind = DLN_SETTING_INT,
                .low = 0,
                .high = 1e15,
                .initial = 0,
                .help = "steps in which a trial is left alone"},
    [INTERVAL] = {.name = "interval",
                  .kind = DLN_SETTING_INT,
                  .low = 1,
                  .high = 1e15,
                  .initial = 1,
                  .help = "steps between two looks"},
    {0},
};

static const char *check(const double *values)
{
    if (isinf(values[LOWER]) && isinf(values[UPPER])) {
        return "'threshold' needs 'lower' or 'upper'";
    }
    return values[LOWER] > values[UPPER] ? "'lower' is above 'upper': every value is outside"
                                         : NULL;
}

static void decide(const struct dln_prune_ask *ask, const double *values, struct dln_prune *out)
{
    if (!dln_prune_is_due(ask, values[WARMUP], values[INTERVAL])) return;
    const double loss = dln_prune_loss(ask);
    const double value = dln_prune_value(ask, loss);
    const bool is_low = value < values[LOWER];
    if (isnan(value)) {
        dln_prune_say(ask, out, "threshold", loss, (double)NAN, "the value is nan");
    } else if (is_low || value > values[UPPER]) {
        const double limit = is_low ? values[LOWER] : values[UPPER];
        dln_prune_say(ask, out, "threshold", loss, dln_prune_value(ask, limit),
                      "%.6g is %s the limit %.6g", value, is_low ? "below" : "above", limit);
    }
}

const struct dln_pruner dln_pruner_threshold = {
    .name = "threshold",
    .title = "Limits",
    .summary = "Stops a trial whose value is nan or outside\n"
               "fixed limits: losses that explode.",
    .best_for = "explosions",
    .settings = settings,
    .check = check,
    .decide = decide,
};
