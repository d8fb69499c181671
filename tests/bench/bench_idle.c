/*
 * How long a slot is empty between two trials, two workers, trials of 60 ms and more: from a
 * trial's end, as the engine writes it, to the start of the next one in that slot. `gp` with its
 * history of 150 trials beside `random`, which has nothing to compute. The ask that `gp` would make
 * a slot wait for is measured in the same program.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "dialin/clock.h"
#include "dialin/strategy.h"
#include "support/engine_rig.h"
#include "support/measure.h"

enum { LEARNED = 150, RUNS = 40 };

static const char space[] =
    "objective: {minimize: loss}\nspace:\n"
    "  a: {float: [0, 1]}\n  b: {float: [0, 1]}\n  c: {float: [0, 1]}\n  d: {float: [0, 1]}\n"
    "  e: {float: [0, 1]}\n  f: {float: [0, 1]}\n  g: {float: [0, 1]}\n  h: {float: [0, 1]}\n"
    "  i: {float: [0, 1]}\n  j: {float: [0, 1]}\nseed: 1\nmachine: {parallel: 2}\n";

/* The first trials end at once; the others last 60 to 90 ms, so that slots come free in turns. */
static const char script[] =
    "if [ $DIALIN_TRIAL -ge 150 ]; then sleep 0.0$((6 + DIALIN_TRIAL % 4)); fi\n"
    "echo \"${1#--a=} ${2#--b=} ${3#--c=}\" | awk '{ print \"loss: \" ($1 - 0.3) ^ 2 + ($2 - 0.6) ^ 2 + $3 }'\n";

static double ask_ms(struct engine_rig *rig)
{
    static struct samples samples;
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_history_row *rows;
    size_t n;
    dln_store *store;
    dln_proposer *proposer;
    samples.n = 0;
    if (!dln_store_open(rig->db, DLN_STORE_READ, &store, &err) ||
        !dln_store_history(store, rig->study_id, &rig->study->space, 1, 0, &arena, &rows, &n,
                           &err) ||
        !dln_proposer_new(rig->study, 1, &proposer, &err)) {
        measure_fail("read the study", &err);
    }
    dln_store_close(store);
    for (size_t i = 0; i < n; i++) {
        struct dln_proposal proposal;
        if (!dln_proposer_learn(proposer, 1, &rows[i], &err)) measure_fail("learn", &err);
        if (i < LEARNED) continue;
        const int64_t start_ns = dln_clock_mono_ns();
        if (!dln_proposer_ask(proposer, (int64_t)i + 1, NULL, 0, &proposal, &err)) {
            measure_fail("ask", &err);
        }
        samples_add(&samples, (double)(dln_clock_mono_ns() - start_ns) / 1e6);
    }
    dln_proposer_free(proposer);
    dln_arena_release(&arena);
    return samples_quantile(&samples, 0.5);
}

static void measure(const char *strategy)
{
    static struct samples idle;
    struct engine_rig rig;
    char text[1024];
    (void)snprintf(text, sizeof text, "%sstrategy: %s\nbudget: {trials: %d}\n", space, strategy,
                   LEARNED + RUNS);
    rig_open(&rig, script, text);
    rig_run(&rig);
    idle.n = 0;
    int64_t free_us[2] = {0, 0};
    for (int64_t i = LEARNED; i < LEARNED + RUNS; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        if (trial.slot < 0 || trial.slot > 1) continue;
        if (free_us[trial.slot] > 0) {
            samples_add(&idle, (double)(trial.started_us - free_us[trial.slot]) / 1e3);
        }
        free_us[trial.slot] = trial.ended_us;
    }
    printf("  %-8s %8.2f ms %8.2f ms %8.2f ms\n", strategy, samples_quantile(&idle, 0.5),
           samples_quantile(&idle, 0.9), ask_ms(&rig));
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    printf("A slot between two trials, ten parameters, 150 trials and more, two workers\n"
           "  %-8s %11s %11s %11s\n",
           "strategy", "idle", "9 of 10", "one ask");
    measure("random");
    measure("tpe");
    measure("gp");
    return 0;
}
