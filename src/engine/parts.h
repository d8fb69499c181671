/*
 * A trial of several runs (`folds`, `repeat`): they are its parts, run one after the other in one
 * slot, so that a pruner can save the later ones. What a part gave is in the file before the next
 * one starts, as the system attribute `dialin:run:N` and as the intermediate value of step N, so an
 * engine that comes after a kill -9 goes on with the part that was cut short.
 *
 * Part N is fold N mod folds of repeat N div folds. Every trial has the same parts: the same folds,
 * and the same seed for the same repeat, so that trials can be compared part by part.
 */
#ifndef DLN_ENGINE_PARTS_H
#define DLN_ENGINE_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/driver.h"
#include "engine/outcome.h"

/* Room for what they give, and what the file has of it already where the trial is taken over. */
DLN_CHECK bool dln_parts_prepare(struct dln_driver *driver, struct dln_job *job, bool is_taken_over,
                                 struct dln_error *err);
/* Of the part that comes next. */
int dln_parts_fold(const struct dln_study *study, const struct dln_job *job);
uint64_t dln_parts_seed(const struct dln_study *study, uint64_t study_seed,
                        const struct dln_job *job);
/* A run of a part has ended well, with these values of the objectives: into the file, with its end.
 */
DLN_CHECK bool dln_parts_put(struct dln_driver *driver, struct dln_job *job, const double *values,
                             const struct dln_run_end *end, struct dln_error *err);
/* Asks the pruner about the parts so far; its no is job->cut. */
void dln_parts_judge(struct dln_driver *driver, struct dln_job *job);
/* All parts have run, or a pruner wants no more of them. */
bool dln_parts_are_over(const struct dln_job *job);

/* What they come to. */
struct dln_parts_sum {
    double values[DLN_OBJECTIVES_MAX]; /* by `take` */
    double spread[DLN_OBJECTIVES_MAX]; /* standard deviation; NaN of a single one */
};
/* Also puts the other metrics into job->sums, and the last step into the job. n_done ≥ 1. */
void dln_parts_add_up(const struct dln_driver *driver, struct dln_job *job,
                      struct dln_parts_sum *out);
/* Pure: n ≥ 1 values by `take`. Puts them in order. */
double dln_parts_combine(enum dln_take take, bool maximize, size_t n, double *values);
double dln_parts_spread(size_t n, const double *values);

#endif
