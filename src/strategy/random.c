/* Uniform over the cube: in user's units uniform, or log-uniform, over each range. */
#include "dialin/strategy.h"

#include <math.h>
#include <stdio.h>

#include "base/rng.h"

static bool suggest(void *instance, const struct dln_ask *ask, struct dln_suggestion *out,
                    struct dln_error *err)
{
    (void)instance;
    (void)err;
    struct dln_rng rng;
    dln_rng_init_trial(&rng, ask->seed, ask->number, dln_hash_bytes("random", 6) + ask->attempt);
    for (size_t i = 0; i < ask->space->n; i++)
        out->u[i] = dln_rng_uniform(&rng);
    snprintf(out->why, sizeof out->why, "drawn at random");
    return true;
}

const struct dln_strategy dln_strategy_random = {
    .name = "random",
    .title = "Random",
    .summary = "Every trial is drawn anew, knowing nothing of\n"
               "the others. The yardstick for all the rest.",
    .best_for = "a yardstick",
    .multi_objective = true,
    .suggest = suggest,
};
