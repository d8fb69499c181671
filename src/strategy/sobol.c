/*
 * A scrambled Sobol' sequence, the trial's number being its index: even cover of the cube from the
 * first trials on. Every parameter has a coordinate of its own; those of inactive ones go unused.
 * A number that a failed trial had is not used again. Attempts after the first take the same index
 * of another stream, so that the second attempts of all trials are again an even cover.
 */
#include "dialin/strategy.h"

#include <stdio.h>
#include <stdlib.h>

#include "math/sobol_seq.h"

struct sobol { /* a cache: the sequence of the seed asked for last */
    uint64_t seed;
    dln_sobol_seq *seq;
};

static bool open(const struct dln_space *space, const double *values, const struct dln_method *raw,
                 void **instance, struct dln_error *err)
{
    (void)space;
    (void)values;
    (void)raw;
    struct sobol *sobol = calloc(1, sizeof *sobol);
    if (!sobol) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    *instance = sobol;
    return true;
}

static void close(void *instance)
{
    struct sobol *sobol = instance;
    dln_sobol_seq_free(sobol->seq);
    free(sobol);
}

static bool suggest(void *instance, const struct dln_ask *ask, struct dln_suggestion *out,
                    struct dln_error *err)
{
    struct sobol *sobol = instance;
    if (!sobol->seq || sobol->seed != ask->seed) {
        dln_sobol_seq *seq;
        if (!dln_sobol_seq_new(ask->space->n, ask->seed, &seq, err)) return false;
        dln_sobol_seq_free(sobol->seq);
        sobol->seq = seq;
        sobol->seed = ask->seed;
    }
    dln_sobol_seq_point(sobol->seq, (uint64_t)ask->number, ask->attempt, out->u);
    snprintf(out->why, sizeof out->why, "point %lld of an even cover", (long long)ask->number);
    return true;
}

const struct dln_strategy dln_strategy_sobol = {
    .name = "sobol",
    .title = "Sobol",
    .summary = "Like random, but without holes and clusters:\n"
               "each new point falls where the others are not.",
    .best_for = "a first look",
    .multi_objective = true,
    .open = open,
    .close = close,
    .suggest = suggest,
};
