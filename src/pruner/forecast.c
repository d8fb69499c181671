/*
 * Says from what finished trials had at this step, and at their end, where a trial will end, and
 * stops it when it has next to no chance to come among the best fifth: those that a strategy learns
 * the good regions from. Asking for the best one instead stops nearly everything late in a study,
 * when any trial seldom is the best, and the strategy goes blind.
 *
 * Tried with Optuna's TPE on three public problems with learning curves (a network and two kinds of
 * boosted trees), ten seeds: mean regret at the cost of 50 trials 0.185 against 0.203 without a
 * pruner, at the cost of 100 trials 0.144 against 0.153, and better on each of the three at both.
 * By the best tenth 0.179 and 0.149, but worse on one; by the best one (four seeds) 0.155 against
 * 0.149 at 100.
 *
 * Our own; the idea of stopping by a predicted end is Domhan et al., "Speeding up automatic
 * hyperparameter optimization of deep neural networks by extrapolation of learning curves" (IJCAI
 * 2015), but the end is regressed on the value at the step over the study's own trials, so nothing
 * is assumed about the shape of a curve. Least squares with the variance of a prediction and
 * Student's t: where curves do not tell of their end, the variance is large and nothing is stopped.
 * Values far worse than the median are moved to three times its distance from the best: how bad a
 * hopeless trial is does not matter, and one that explodes shall not bend the line.
 */
#include <math.h>

#include "math/normal.h"
#include "pruner/rules.h"

enum { STEP, P, TOP, STARTUP, FIT_MAX = 1000, GOOD_MAX = 25 };

static const struct dln_setting settings[] = {
    [STEP] = DLN_PRUNE_STEP_SETTING,
    [P] = {.name = "p",
           .kind = DLN_SETTING_REAL,
           .low = 0.0001,
           .high = 0.5,
           .initial = 0.05,
           .help = "stop where the chance to come among the best is below"},
    [TOP] = {.name = "top",
             .kind = DLN_SETTING_REAL,
             .low = 0,
             .high = 100,
             .initial = 20,
             .help = "the best so many percent of all trials, 25 of them at most"},
    [STARTUP] = {.name = "startup",
                 .kind = DLN_SETTING_INT,
                 .low = 4,
                 .high = 1e9,
                 .initial = 10,
                 .help = "complete trials before the first is pruned"},
    {0},
};

static double cap_of(const struct dln_column *column)
{
    const double median = dln_prune_percentile(column, 50, false);
    return median + 3 * (median - column->standings[0].loss);
}

struct line { /* final = mean_y + slope · (loss - mean_x), with spread */
    double n, mean_x, mean_y, slope, sxx, variance;
};

/*
 * Through every point, or every k-th in their order where there are many. False: there is no line.
 */
static bool fit(const struct dln_column *column, double cap_x, double cap_y, struct line *out)
{
    const size_t stride = (column->n + FIT_MAX - 1) / FIT_MAX;
    double n = 0;
    double sum_x = 0;
    double sum_y = 0;
    for (size_t i = 0; i < column->n; i += stride) {
        if (isnan(column->standings[i].final)) continue;
        sum_x += fmin(column->standings[i].loss, cap_x);
        sum_y += fmin(column->standings[i].final, cap_y);
        n++;
    }
    *out = (struct line){.n = n, .mean_x = sum_x / n, .mean_y = sum_y / n};
    double sxy = 0;
    double syy = 0;
    for (size_t i = 0; i < column->n; i += stride) {
        if (isnan(column->standings[i].final)) continue;
        const double x = fmin(column->standings[i].loss, cap_x) - out->mean_x;
        const double y = fmin(column->standings[i].final, cap_y) - out->mean_y;
        out->sxx += x * x;
        sxy += x * y;
        syy += y * y;
    }
    if (!(n > 2) || !(out->sxx > 0) || !isfinite(out->sxx) || !isfinite(syy)) return false;
    out->slope = sxy / out->sxx;
    out->variance = fmax(syy - out->slope * sxy, 0) / (n - 2);
    return true;
}

/* Student's t by the normal quantile: Cornish and Fisher's first term. */
static double student_t(double p, double freedom)
{
    const double z = -dln_normal_quantile(p);
    return z + (z * z * z + z) / (4 * freedom);
}

/* The end that a trial has to reach. */
static double goal_of(const dln_curves *curves, const struct dln_column *finals, double percent)
{
    const size_t n_all = dln_curves_n_complete(curves) + dln_curves_n_pruned(curves) + 1;
    const double wanted = fmin(ceil(percent / 100 * (double)n_all), GOOD_MAX);
    const double place = fmin(fmax(wanted, 1), (double)finals->n) - 1;
    return finals->standings[(size_t)place].loss;
}

static void decide(const struct dln_prune_ask *ask, const double *values, struct dln_prune *out)
{
    struct dln_column column;
    struct dln_column finals;
    struct line line;
    const double loss = dln_prune_loss(ask);
    if (isnan(loss)) return;
    if (!dln_curves_column(ask->curves, dln_prune_step(ask), false, &column)) return;
    if (!dln_curves_finals(ask->curves, &finals)) return;
    if ((double)column.n < values[STARTUP] || finals.n == 0) return;
    const double cap_x = cap_of(&column);
    const double cap_y = cap_of(&finals);
    if (!isfinite(cap_x) || !isfinite(cap_y) || !fit(&column, cap_x, cap_y, &line)) return;
    const double x = fmin(loss, cap_x) - line.mean_x;
    const double end = line.mean_y + line.slope * x;
    const double spread = sqrt(line.variance * (1 + 1 / line.n + x * x / line.sxx));
    const double reach = student_t(values[P], line.n - 2) * spread;
    const double goal = goal_of(ask->curves, &finals, values[TOP]);
    if (!(end - reach > goal)) return;
    const double threshold =
        line.slope > 0 ? line.mean_x + (goal + reach - line.mean_y) / line.slope : (double)NAN;
    dln_prune_say(
        ask, out, "forecast", loss, fmin(threshold, loss),
        "%.6g now, about %.4g at the end (±%.2g, by %zu trials), but the best begin at %.6g",
        dln_prune_value(ask, loss), dln_prune_value(ask, end), spread, column.n,
        dln_prune_value(ask, goal));
}

const struct dln_pruner dln_pruner_forecast = {
    .name = "forecast",
    .title = "Forecast",
    .summary = "Learns from finished trials how a curve ends\n"
               "and stops a trial that has next to no chance\n"
               "to come among the best fifth.",
    .best_for = "long curves",
    .settings = settings,
    .decide = decide,
};
