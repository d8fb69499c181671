/*
 * What looking ahead costs, ten parameters: fitting a predictor to 100, 1000 and 10000 trials, one
 * point of the dial, a curve of 64 and a map of 48 × 24. Medians.
 */
#include <math.h>
#include <stdio.h>

#include "base/rng.h"
#include "dialin/clock.h"
#include "dialin/predict.h"
#include "dialin/study.h"
#include "support/measure.h"

enum { PARAMS = 10, ROUNDS = 200, FITS = 3 };

static const char floats[] =
    "study: bench\nrun: a\nobjective: {minimize: loss}\nspace:\n"
    "  a: {float: [0, 1]}\n  b: {float: [0, 1]}\n  c: {float: [0, 1]}\n  d: {float: [0, 1]}\n"
    "  e: {float: [0, 1]}\n  f: {float: [0, 1]}\n  g: {float: [0, 1]}\n  h: {float: [0, 1]}\n"
    "  i: {float: [0, 1]}\n  j: {float: [0, 1]}\n";

static double elapsed_us(int64_t start_ns)
{
    return (double)(dln_clock_mono_ns() - start_ns) / 1e3;
}

static struct dln_rng rng;

/* Half of the trials anywhere, half around the bottom, one in twenty fails. */
static void tell(dln_predictor *predictor, int64_t number)
{
    double x[PARAMS];
    double value = 0;
    struct dln_error err = {0};
    for (size_t i = 0; i < PARAMS; i++) {
        x[i] = dln_rng_uniform(&rng);
        if (number % 2) x[i] = 0.3 + 0.1 * (x[i] - 0.5);
        value += (x[i] - 0.3) * (x[i] - 0.3) + 0.02 * sin(9 * x[i]);
    }
    const double run_s = 10 + 50 * x[0];
    const bool fails = number % 20 == 0;
    const struct dln_history_row row = {.id = number + 1,
                                        .number = number,
                                        .state = fails ? DLN_TRIAL_FAIL : DLN_TRIAL_COMPLETE,
                                        .reason = fails ? DLN_FAIL_EXIT : DLN_FAIL_NONE,
                                        .x = x,
                                        .values = fails ? NULL : &value,
                                        .last_step = -1,
                                        .last_value = (double)NAN,
                                        .memo = "",
                                        .strategy = "bench"};
    if (!dln_predictor_learn(predictor, 1, &row, &run_s, &err)) measure_fail("tell", &err);
}

static void measure(const struct dln_study *study, int64_t n)
{
    static struct samples fit, point, curve, map;
    static const bool maximize[] = {false};
    dln_predictor *predictor = NULL;
    struct dln_error err = {0};
    fit.n = point.n = curve.n = map.n = 0;
    for (int round = 0; round < FITS; round++) { /* each from nothing */
        dln_predictor_free(predictor);
        if (!dln_predictor_new(&study->space, 1, maximize, &predictor, &err)) {
            measure_fail("make a predictor", &err);
        }
        dln_rng_init(&rng, (uint64_t)round);
        for (int64_t number = 0; number < n; number++)
            tell(predictor, number);
        const int64_t start_ns = dln_clock_mono_ns();
        if (!dln_predictor_fit(predictor, &err)) measure_fail("fit", &err);
        samples_add(&fit, elapsed_us(start_ns) / 1e3);
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct dln_prediction prediction;
        double x[PARAMS];
        for (size_t i = 0; i < PARAMS; i++)
            x[i] = dln_rng_uniform(&rng);
        const int64_t start_ns = dln_clock_mono_ns();
        if (!dln_predictor_point(predictor, x, &prediction, &err)) measure_fail("point", &err);
        samples_add(&point, elapsed_us(start_ns));
        if (round % 10 > 0) continue;
        struct dln_arena arena = {0};
        struct dln_curve along;
        struct dln_map over;
        const int64_t curve_ns = dln_clock_mono_ns();
        if (!dln_predictor_curve(predictor, 0, x, 0, 64, &arena, &along, &err)) {
            measure_fail("curve", &err);
        }
        samples_add(&curve, elapsed_us(curve_ns));
        const int64_t map_ns = dln_clock_mono_ns();
        if (!dln_predictor_map(predictor, 0, x, 0, 48, 1, 24, &arena, &over, &err)) {
            measure_fail("map", &err);
        }
        samples_add(&map, elapsed_us(map_ns));
        dln_arena_release(&arena);
    }
    struct dln_trust trust;
    if (!dln_predictor_trust(predictor, 0, &trust, &err)) measure_fail("trust", &err);
    printf("  %6d %9.1f ms %9.1f us %9.1f us %9.2f ms   r2 %.3f, coverage %.2f\n", (int)n,
           samples_quantile(&fit, 0.5), samples_quantile(&point, 0.5),
           samples_quantile(&curve, 0.5), samples_quantile(&map, 0.5) / 1e3, trust.r2,
           trust.coverage);
    dln_predictor_free(predictor);
}

int main(void)
{
    struct dln_study *study = NULL;
    struct dln_error err = {0};
    if (!dln_study_read("/bench.yaml", floats, sizeof floats - 1, &study, &err)) {
        measure_fail("define a study", &err);
    }
    printf("Predictions (goals: fit 500 ms at 1000, point 100 us at 100 and 500 us at 1000)\n"
           "  %6s %12s %12s %12s %12s\n",
           "trials", "fit", "point", "curve 64", "map 48x24");
    measure(study, 100);
    measure(study, 1000);
    measure(study, 10000);
    dln_study_free(study);
    return 0;
}
