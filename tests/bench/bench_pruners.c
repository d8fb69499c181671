/*
 * What a decision costs: for every pruner of the registry, one report of a running trial and the
 * judgement on it, with n finished trials of 100 steps in the history. Medians and the 99th
 * percentile in microseconds; the first question, which makes the index, stands apart.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "dialin/clock.h"
#include "dialin/pruner.h"
#include "support/measure.h"

enum { STEPS = 100, ROUNDS = 20 };

static const double limit_us = 20;

static double value_at(double quality, int step)
{
    return quality + 1.0 / (step + 1);
}

static dln_pruning *open_pruner(const char *name)
{
    struct dln_error err = {0};
    dln_pruning *pruning = NULL;
    struct dln_objective objective = {.metric = "loss"};
    const struct dln_study study = {.name = "bench", .n_objectives = 1, .objectives = &objective};
    const struct dln_named_scalar upper = {.name = "upper",
                                           .value = {.kind = DLN_SCALAR_REAL, .number = 2.5}};
    const struct dln_named_scalar inner = {.name = "inner",
                                           .value = {.kind = DLN_SCALAR_TEXT, .text = "median"}};
    const bool is_threshold = strcmp(name, "threshold") == 0;
    const bool is_patient = strcmp(name, "patient") == 0;
    const struct dln_method method = {.name = name,
                                      .n_settings = is_threshold || is_patient,
                                      .settings = is_threshold ? &upper : &inner};
    if (!dln_pruning_new(&study, &method, &pruning, &err)) measure_fail("open a pruner", &err);
    return pruning;
}

static void fill(dln_pruning *pruning, int64_t n, struct dln_rng *rng)
{
    int64_t steps[STEPS];
    double values[STEPS];
    for (int64_t t = 0; t < n; t++) {
        struct dln_error err = {0};
        const double quality = dln_rng_uniform(rng);
        for (int i = 0; i < STEPS; i++) {
            steps[i] = i + 1;
            values[i] = value_at(quality, i) + 0.01 * dln_rng_uniform(rng);
        }
        const struct dln_pruned_trial trial = {.number = t,
                                               .state = DLN_TRIAL_COMPLETE,
                                               .value = values[STEPS - 1],
                                               .n = STEPS,
                                               .steps = steps,
                                               .values = values};
        if (!dln_pruning_put(pruning, &trial, &err)) measure_fail("fill a history", &err);
    }
}

static double judge(dln_pruning *pruning, int64_t number, int step, double value,
                    struct dln_prune *out)
{
    struct dln_error err = {0};
    bool is_news;
    const int64_t start = dln_clock_mono_ns();
    if (!dln_pruning_report(pruning, number, step, value, &is_news, &err)) {
        measure_fail("report", &err);
    }
    dln_pruning_decide(pruning, number, out);
    return (double)(dln_clock_mono_ns() - start) / 1e3;
}

static void measure(const char *name, int64_t n)
{
    struct samples samples = {0};
    struct dln_rng rng;
    struct dln_prune out;
    dln_rng_init(&rng, 1);
    dln_pruning *pruning = open_pruner(name);
    fill(pruning, n, &rng);
    const double first = judge(pruning, n, 1, 3, &out);
    for (int round = 1; round <= ROUNDS; round++) { /* pruned or not, it goes on */
        const double quality = dln_rng_uniform(&rng);
        for (int step = 1; step <= STEPS; step++) {
            samples_add(&samples, judge(pruning, n + round, step, value_at(quality, step), &out));
        }
    }
    const double most = samples_quantile(&samples, 0.99);
    printf("%-11s %8lld %10.2f %10.2f%s %12.1f\n", name, (long long)n,
           samples_quantile(&samples, 0.5), most, most > limit_us ? "!" : " ", first);
    dln_pruning_free(pruning);
}

int main(void)
{
    printf("%-11s %8s %10s %10s  %12s   (limit of a decision: %.0f µs)\n", "pruner", "trials",
           "median µs", "99 % µs", "first µs", limit_us);
    for (const struct dln_pruner *const *at = dln_pruners(); *at; at++) {
        measure((*at)->name, 100);
        measure((*at)->name, 1000);
        measure((*at)->name, 10000);
    }
    return 0;
}
