#include "pruner/rules.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const dln_prune_step_words[] = {"step",  "epoch", "iter",  "iteration",
                                            "batch", "fold",  "round", NULL};

int64_t dln_prune_step(const struct dln_prune_ask *ask)
{
    return ask->trial->steps[ask->trial->n - 1];
}

double dln_prune_loss(const struct dln_prune_ask *ask)
{
    return ask->trial->losses[ask->trial->n - 1];
}

double dln_prune_value(const struct dln_prune_ask *ask, double loss)
{
    return ask->maximize ? -loss : loss;
}

void dln_prune_say(const struct dln_prune_ask *ask, struct dln_prune *out, const char *pruner,
                   double loss, double threshold, const char *format, ...)
{
    va_list args;
    *out = (struct dln_prune){
        .prune = true,
        .pruner = pruner,
        .step = dln_prune_step(ask),
        .value = dln_prune_value(ask, loss),
        .threshold = dln_prune_value(ask, threshold),
    };
    const int len = snprintf(out->why, sizeof out->why, "%s at %s %" PRId64 ": ", pruner,
                             ask->step_word, out->step);
    if (len < 0 || (size_t)len >= sizeof out->why) return;
    va_start(args, format);
    (void)vsnprintf(out->why + len, sizeof out->why - (size_t)len, format, args);
    va_end(args);
}

bool dln_prune_is_due(const struct dln_prune_ask *ask, double warmup, double interval)
{
    const double step = (double)dln_prune_step(ask);
    if (step < warmup) return false;
    const double before = ask->trial->n > 1 ? (double)ask->trial->steps[ask->trial->n - 2] : -1;
    return before < floor((step - warmup) / interval) * interval + warmup;
}

/* ── percentile ────────────────────────────────────────────────────────────────────────────────*/

/* The i-th of the objective's own values, ascending. */
static double nth(const struct dln_column *column, size_t i, bool maximize)
{
    return maximize ? -column->standings[column->n - 1 - i].loss : column->standings[i].loss;
}

double dln_prune_percentile(const struct dln_column *column, double p, bool maximize)
{
    if (column->n == 0) return (double)NAN;
    const double place = (double)(column->n - 1) * ((maximize ? 100 - p : p) / 100);
    const size_t at = (size_t)floor(place);
    const double share = place - floor(place);
    const double a = nth(column, at, maximize);
    const double b = at + 1 < column->n ? nth(column, at + 1, maximize) : a;
    double value = a;
    if (a != b) value = share < 0.5 ? a + (b - a) * share : b - (b - a) * (1 - share);
    return maximize ? -value : value;
}

void dln_rule_percentile(const struct dln_prune_ask *ask, const double *values, double p,
                         const char *pruner, const char *middle, struct dln_prune *out)
{
    const size_t n_complete = dln_curves_n_complete(ask->curves);
    if (n_complete == 0 || (double)n_complete < values[DLN_QUANTILE_STARTUP]) return;
    if (!dln_prune_is_due(ask, values[DLN_QUANTILE_WARMUP], values[DLN_QUANTILE_INTERVAL])) return;
    const double best = ask->trial->best;
    if (isnan(best)) {
        dln_prune_say(ask, out, pruner, best, (double)NAN, "every value so far is nan");
        return;
    }
    struct dln_column column;
    if (!dln_curves_column(ask->curves, dln_prune_step(ask), values[DLN_QUANTILE_NEAREST] > 0,
                           &column) ||
        (double)column.n_reported < values[DLN_QUANTILE_LEAST]) {
        return;
    }
    const double threshold = dln_prune_percentile(&column, p, ask->maximize);
    if (!(best > threshold)) return;
    dln_prune_say(ask, out, pruner, best, threshold,
                  "its best is %.6g, the %s of %zu trials there %.6g", dln_prune_value(ask, best),
                  middle, column.n, dln_prune_value(ask, threshold));
}

/* ── successive halving ────────────────────────────────────────────────────────────────────────*/

static void judge_rung(const struct dln_prune_ask *ask, const struct dln_halving *rule, int rung,
                       double threshold_step, struct dln_prune *out)
{
    const double loss = dln_prune_loss(ask);
    const struct dln_arrival *arrivals;
    size_t n;
    if (isnan(loss)) {
        dln_prune_say(ask, out, rule->pruner, loss, (double)NAN, "%srung %d is reached with nan",
                      rule->group, rung);
        return;
    }
    if (!dln_curves_rung(ask->curves, threshold_step, &rule->share, &arrivals, &n) || n == 0) {
        return;
    }
    if (n <= rule->bootstrap) {
        dln_prune_say(ask, out, rule->pruner, loss, (double)NAN,
                      "%srung %d has only %zu values yet", rule->group, rung, n);
        return;
    }
    const size_t quota = (size_t)((double)n / rule->eta);
    const size_t last = quota > 0 ? quota - 1 : 0;
    const double threshold = arrivals[last].loss;
    if (!(loss > threshold)) return;
    dln_prune_say(ask, out, rule->pruner, loss, threshold,
                  "%srung %d: %.6g is not among the best %zu of %zu (%.6g or better)", rule->group,
                  rung, dln_prune_value(ask, loss), last + 1, n, dln_prune_value(ask, threshold));
}

void dln_rule_halving(const struct dln_prune_ask *ask, const struct dln_halving *rule,
                      struct dln_prune *out)
{
    const double step = (double)dln_prune_step(ask);
    const double before = ask->trial->n > 1 ? (double)ask->trial->steps[ask->trial->n - 2] : -1;
    double at = rule->first;
    for (int rung = 0; at <= step && !out->prune; rung++, at *= rule->eta) {
        if (rule->last > 0 && at >= rule->last) return; /* the trial is at its end */
        if (before < at) judge_rung(ask, rule, rung, at, out);
    }
}

/* ── brackets ──────────────────────────────────────────────────────────────────────────────────*/

void dln_brackets_make(double min, double max, double eta, struct dln_brackets *out)
{
    /* In doubles, as Optuna counts: log(243)/log(3) is 4.999…, so that there are five brackets. */
    const double rungs = max > min ? floor(log(max / min) / log(eta)) : 0;
    *out = (struct dln_brackets){.n = (size_t)fmin(rungs, DLN_BRACKETS_MAX - 1) + 1};
    for (size_t i = 0; i < out->n; i++) {
        const double s = (double)(out->n - 1 - i);
        out->budget[i] = (uint64_t)ceil((double)out->n * pow(eta, s) / (s + 1));
        out->total += out->budget[i];
    }
}

size_t dln_brackets_find(const struct dln_brackets *brackets, uint32_t crc, struct dln_share *share)
{
    const uint64_t place = crc % brackets->total;
    *share = (struct dln_share){.total = brackets->total, .to = brackets->budget[0]};
    size_t bracket = 0;
    while (place >= share->to) {
        share->from = share->to;
        share->to += brackets->budget[++bracket];
    }
    return bracket;
}
