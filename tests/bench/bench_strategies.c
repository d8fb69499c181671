/*
 * What a suggestion costs: for every strategy of the registry, one ask and the tell that follows it
 * with n trials in the history, ten parameters. Medians in microseconds; the first ask of a fresh
 * instance, which has to look at all trials, stands apart.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "dialin/clock.h"
#include "dialin/store.h"
#include "dialin/strategy.h"
#include "dialin/study.h"
#include "support/measure.h"

enum { PARAMS = 10, ROUNDS = 200 };

/* A cell of the table ends after this, however few rounds it had. */
static const double limit_s = 2;

static const char floats[] = "  a: {float: [0, 1]}\n  b: {float: [0, 1]}\n  c: {float: [0, 1]}\n"
                             "  d: {float: [0, 1]}\n  e: {float: [0, 1]}\n  f: {float: [0, 1]}\n"
                             "  g: {float: [0, 1]}\n  h: {float: [0, 1]}\n  i: {float: [0, 1]}\n"
                             "  j: {float: [0, 1]}\n";
static const char mixed[] =
    "  a: {float: [1e-5, 1], log: true}\n  b: {float: [0, 1]}\n  c: {float: [0, 0.9], step: 0.1}\n"
    "  d: {int: [1, 10]}\n  e: {int: [8, 1024], log: true}\n  f: {choice: [x, y, z]}\n"
    "  g: {choice: [16, 32, 64], ordered: true}\n  h: {flag: true}\n"
    "  i: {float: [0, 1], when: f == x}\n  j: {int: [1, 100], when: h == true}\n";

static double elapsed_us(int64_t start_ns)
{
    return (double)(dln_clock_mono_ns() - start_ns) / 1e3;
}

static struct dln_study *define(const char *strategy, const char *space)
{
    char text[2048];
    struct dln_study *study = NULL;
    struct dln_error err = {0};
    const int len = snprintf(text, sizeof text,
                             "study: bench\nrun: a\nobjective: {minimize: loss}\nspace:\n%s"
                             "strategy: %s\n",
                             space, strategy);
    if (!dln_study_read("/bench.yaml", text, (size_t)len, &study, &err)) {
        measure_fail("define a study", &err);
    }
    return study;
}

/* A bowl with its bottom off the middle, so that a strategy has something to follow. */
static double objective(const struct dln_space *space, const double *x)
{
    double sum = 0;
    for (size_t i = 0; i < space->n; i++) {
        const double u = isnan(x[i]) ? 0.5 : dln_param_encode(&space->params[i], x[i]);
        sum += (u - 0.3) * (u - 0.3);
    }
    return sum;
}

/* With what the strategy noted about the trial, as an engine does; NULL: nothing. */
static void tell(dln_proposer *proposer, const struct dln_study *study, int64_t number,
                 const double *x, const char *memo)
{
    const double value = objective(&study->space, x);
    struct dln_error err = {0};
    const struct dln_history_row row = {.id = number + 1,
                                        .number = number,
                                        .state = DLN_TRIAL_COMPLETE,
                                        .x = x,
                                        .values = &value,
                                        .last_step = -1,
                                        .last_value = (double)NAN,
                                        .memo = memo,
                                        .strategy = "bench"};
    if (!dln_proposer_learn(proposer, 1, &row, &err)) measure_fail("tell", &err);
}

/* Half of the trials anywhere, half around the bottom, as a search leaves them. */
static void fill(dln_proposer *proposer, const struct dln_study *study, int64_t n)
{
    struct dln_rng rng;
    dln_rng_init(&rng, 1);
    for (int64_t number = 0; number < n; number++) {
        double u[PARAMS];
        double x[PARAMS];
        for (size_t i = 0; i < PARAMS; i++) {
            u[i] = dln_rng_uniform(&rng);
            if (number % 2) u[i] = 0.3 + 0.1 * (u[i] - 0.5);
        }
        dln_space_decode(&study->space, u, x);
        tell(proposer, study, number, x, NULL);
    }
}

/* False: the strategy has no answer for such a study. */
static bool measure(const char *strategy, const char *space, int64_t n, double *first_us,
                    struct samples *ask_us, struct samples *tell_us)
{
    struct dln_study *study = define(strategy, space);
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    bool ok = dln_proposer_new(study, 1, &proposer, &err);
    if (ok) fill(proposer, study, n);
    const int64_t begin_ns = dln_clock_mono_ns();
    for (int64_t number = n; ok && number <= n + ROUNDS; number++) {
        struct dln_proposal proposal;
        double x[PARAMS];
        char memo[2048];
        int64_t start_ns = dln_clock_mono_ns();
        ok = dln_proposer_ask(proposer, number, NULL, 0, &proposal, &err);
        if (!ok) break;
        const double us = elapsed_us(start_ns);
        if (number == n) *first_us = us;
        if (number > n) samples_add(ask_us, us);
        memcpy(x, proposal.x, sizeof x);
        (void)snprintf(memo, sizeof memo, "%s", proposal.memo ? proposal.memo : "");
        start_ns = dln_clock_mono_ns();
        tell(proposer, study, number, x, memo);
        if (number > n) samples_add(tell_us, elapsed_us(start_ns));
        if (elapsed_us(begin_ns) > limit_s * 1e6) break;
    }
    dln_proposer_free(proposer);
    dln_study_free(study);
    return ok;
}

static void print_table(const char *title, const char *space)
{
    static const int64_t sizes[] = {100, 1000, 10000};
    printf("%s\n  %-10s %7s %12s %12s %12s\n", title, "strategy", "trials", "ask", "tell",
           "first ask");
    for (const struct dln_strategy *const *at = dln_strategies(); *at; at++) {
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            static struct samples ask_us;
            static struct samples tell_us;
            ask_us.n = tell_us.n = 0;
            double first_us = 0;
            if (!measure((*at)->name, space, sizes[k], &first_us, &ask_us, &tell_us)) {
                printf("  %-10s %7d   no answer\n", (*at)->name, (int)sizes[k]);
                continue;
            }
            printf("  %-10s %7d %9.1f us %9.1f us %9.1f us\n", (*at)->name, (int)sizes[k],
                   samples_quantile(&ask_us, 0.5), samples_quantile(&tell_us, 0.5), first_us);
        }
    }
}

int main(void)
{
    print_table("Ten floats (goal at 1,000: tpe 100 us, ask and tell together)", floats);
    print_table("Ten mixed parameters, two with a condition", mixed);
    return 0;
}
