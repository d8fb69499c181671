/* Synthetic studies: any number of trials in a file within seconds, for tests, benches and demos.
 */
#ifndef TEST_SUPPORT_FIXTURE_H
#define TEST_SUPPORT_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/error.h"
#include "dialin/study.h"

/*
 * Adds a finished study to the file at `path`, which is made when it does not exist. Objective:
 * minimize loss. The first parameters are lr (float, log), dropout (stepped), layers (int),
 * optimizer (choice), momentum (only with sgd), amp (flag); then x6, x7 … Every 23rd trial failed,
 * every 7th was pruned half-way; each has n_steps reports, a strategy, a run. Same arguments, same
 * values; the last trial has just ended.
 */
bool fixture_study(const char *path, const char *name, size_t n_trials, size_t n_params,
                   size_t n_steps, uint64_t seed, struct dln_error *err);

/* How long ago the last trial of the studies that are made from now on ended; 0 at first. */
void fixture_set_age(int64_t seconds);

/* The definition that such a study has; dln_study_free() it. */
bool fixture_definition(const char *name, size_t n_params, int64_t budget_trials, uint64_t seed,
                        struct dln_study **out, struct dln_error *err);

#endif
