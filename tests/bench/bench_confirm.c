/*
 * What a confirmation is worth: at the same number of runs, a search whose best value is believed,
 * one whose model picks, and a shorter search whose short list is confirmed. Noisy functions whose
 * truth is known; the regret is that of the truth at the pick, the claim's error that of the value
 * that would be reported. Means over seeds.
 *
 *     build/tests/bench_confirm [SEEDS [RUNS]]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "dialin/predict.h"
#include "dialin/trust.h"
#include "support/measure.h"
#include "support/play.h"

enum { TOP = 5, REPEATS = 5, ROOM = 256, RUNS_MAX = 1000 };

static struct {
    play_objective *truth;
    double sd;
    struct dln_rng rng;
} world;

static double truth(size_t d, const double *x)
{
    double value[PLAY_M_MAX];
    double violation = 0;
    world.truth(d, x, value, &violation);
    return value[0];
}

static double once(size_t d, const double *x)
{
    return truth(d, x) + world.sd * dln_rng_normal(&world.rng);
}

static void noisy(size_t d, const double *x, double *values, double *violation)
{
    (void)violation;
    values[0] = once(d, x);
}

struct pick {
    double regret, error; /* of the truth; of what is claimed */
};

static struct {
    double loss[RUNS_MAX], expected[RUNS_MAX];
    double values[TOP + 2][ROOM];
} work;

static void search(struct play *play, const struct fixture *fixture, uint64_t seed, size_t n)
{
    dln_rng_init_trial(&world.rng, seed, 0, 1);
    play_init(play, fixture, noisy, seed);
    play->budget = (int64_t)n;
    play_until(play, n);
    for (size_t i = 0; i < n; i++)
        work.loss[i] = play->trials[i].values[0];
}

static void expect(const struct play *play, const struct fixture *fixture)
{
    static const bool maximize = false;
    struct dln_error err = {0};
    dln_predictor *predictor;
    if (!dln_predictor_new(&fixture->study.space, 1, &maximize, &predictor, &err)) {
        measure_fail("make a predictor", &err);
    }
    for (size_t i = 0; i < play->n; i++) {
        const struct dln_history_row row = {.id = (int64_t)i + 1,
                                            .number = (int64_t)i,
                                            .state = DLN_TRIAL_COMPLETE,
                                            .x = play->trials[i].x,
                                            .values = &work.loss[i],
                                            .last_step = -1,
                                            .last_value = (double)NAN,
                                            .memo = "",
                                            .strategy = ""};
        if (!dln_predictor_learn(predictor, 1, &row, NULL, &err)) measure_fail("learn", &err);
    }
    for (size_t i = 0; i < play->n; i++) {
        struct dln_prediction answer;
        if (!dln_predictor_point(predictor, play->trials[i].x, &answer, &err)) {
            measure_fail("predict", &err);
        }
        work.expected[i] = answer.expected[0].is_known ? answer.expected[0].mean : work.loss[i];
    }
    dln_predictor_free(predictor);
}

static size_t least(const double *loss, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        if (loss[i] < loss[best]) best = i;
    }
    return best;
}

/* Runs of a confirmation of k candidates and the control. */
static size_t cost(size_t k)
{
    struct dln_round rounds[DLN_ROUNDS_MAX];
    const size_t n = dln_halving_plan(k, k * REPEATS, 2, rounds);
    size_t runs = 0;
    for (size_t r = 0; r < n; r++)
        runs += (rounds[r].n_left + 1) * rounds[r].repeats;
    return runs;
}

static struct pick confirm(const struct play *play, size_t d, double optimum)
{
    size_t picked[TOP + 1];
    struct dln_candidate c[TOP + 1] = {{0}};
    struct dln_round rounds[DLN_ROUNDS_MAX];
    struct dln_findings found = {0};
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    const size_t k = dln_shortlist(play->n, work.expected, work.loss, TOP, picked);
    const size_t n = dln_halving_plan(k, k * REPEATS, 2, rounds);
    size_t at = 0;
    for (size_t i = 0; i < k; i++) {
        c[i] = (struct dln_candidate){.search = work.loss[picked[i]], .values = work.values[i]};
        for (size_t s = 0; s < ROOM; s++)
            work.values[i][s] = (double)NAN;
    }
    for (size_t r = 0; r < n; r++) {
        for (size_t i = 0; i < k; i++) {
            if (r > 0 && c[i].rank >= rounds[r].n_left) continue;
            for (size_t s = 0; s < rounds[r].repeats; s++)
                work.values[i][at + s] = once(d, play->trials[picked[i]].x);
            c[i].n_asked += rounds[r].repeats;
        }
        at += rounds[r].repeats;
        if (!dln_judge(k, c, at, false, 0, &arena, &found, &err)) measure_fail("judge", &err);
    }
    dln_arena_release(&arena);
    const double value = truth(d, play->trials[picked[found.winner]].x);
    return (struct pick){.regret = value - optimum, .error = found.value - value};
}

static void problem(const char *name, play_objective *function, size_t d, double low, double high,
                    double optimum, double sd, const char *strategy, size_t seeds, size_t runs)
{
    struct fixture fixture;
    struct pick naive = {0};
    struct pick model = {0};
    struct pick sure = {0};
    size_t better = 0;
    size_t worse = 0;
    play_space(&fixture, d, low, high, strategy);
    world.truth = function;
    world.sd = sd;
    for (size_t seed = 0; seed < seeds; seed++) {
        struct play play;
        search(&play, &fixture, seed, runs);
        expect(&play, &fixture);
        size_t at = least(work.loss, runs);
        double value = truth(d, play.trials[at].x);
        const double regret = value - optimum;
        naive.regret += regret;
        naive.error += work.loss[at] - value;
        at = least(work.expected, runs);
        value = truth(d, play.trials[at].x);
        model.regret += value - optimum;
        model.error += work.expected[at] - value;
        play_release(&play);

        search(&play, &fixture, seed, runs - cost(TOP + 1));
        expect(&play, &fixture);
        const struct pick one = confirm(&play, d, optimum);
        sure.regret += one.regret;
        sure.error += one.error;
        better += one.regret < regret;
        worse += one.regret > regret;
        play_release(&play);
    }
    const double n = (double)seeds;
    printf("  %-11s %-6s %7.3g   %9.4g %9.4g %9.4g   %3zu:%-3zu   %9.3g %9.3g %9.3g\n", name,
           strategy, sd, naive.regret / n, model.regret / n, sure.regret / n, better, worse,
           naive.error / n, model.error / n, sure.error / n);
    fflush(stdout);
    fixture_release(&fixture);
}

static void flat(size_t d, const double *x, double *values, double *violation)
{
    (void)d;
    (void)x;
    (void)violation;
    values[0] = 0;
}

int main(int argc, char **argv)
{
    const size_t seeds = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 20;
    const size_t runs = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 120;
    static const char *const strategies[] = {"random", "tpe", "gp"};
    if (seeds < 1 || runs > RUNS_MAX || runs < 2 * cost(TOP + 1)) {
        fprintf(stderr, "usage: bench_confirm [SEEDS [RUNS]], runs from %zu to %d\n",
                2 * cost(TOP + 1), RUNS_MAX);
        return 2;
    }
    printf("%zu seeds, %zu runs in all; confirmed: %zu of them search, %zu confirm\n\n", seeds,
           runs, runs - cost(TOP + 1), cost(TOP + 1));
    printf("  %-11s %-6s %7s   %29s   %7s   %29s\n", "", "", "noise",
           "mean true regret of the pick", "pick", "mean error of the claim");
    printf("  %-11s %-6s %7s   %9s %9s %9s   %7s   %9s %9s %9s\n", "problem", "by", "sd", "best",
           "model", "confirmed", "+:-", "best", "model", "confirmed");
    for (size_t i = 0; i < sizeof strategies / sizeof strategies[0]; i++) {
        const char *by = strategies[i];
        problem("flat", flat, 3, 0, 1, 0, 1, by, seeds, runs);
        problem("sphere-5", play_sphere, 5, -5, 5, 0, 5, by, seeds, runs);
        problem("branin", play_branin, 2, -5, 15, 0.397887, 5, by, seeds, runs);
        problem("hartmann6", play_hartmann6, 6, 0, 1, -3.32237, 0.5, by, seeds, runs);
        problem("ackley-4", play_ackley, 4, -5, 5, 0, 2, by, seeds, runs);
        problem("rastrigin-3", play_rastrigin, 3, -5.12, 5.12, 0, 8, by, seeds, runs);
    }
    return 0;
}
