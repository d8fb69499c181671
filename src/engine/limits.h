/*
 * The study's `limits` as numbers: how far a trial's metrics break each of them, as Optuna's
 * constraints want it (≤ 0: kept).
 *
 * A limit that is one comparison (`mem_gb <= 16`) gives the difference of its sides, so that a
 * strategy sees how far off a point is; any other expression gives 0 or 1. A limit that cannot be
 * computed, because a metric was not printed, counts as broken by 1: a trial must show that it is
 * within the limits.
 */
#ifndef DLN_ENGINE_LIMITS_H
#define DLN_ENGINE_LIMITS_H

#include <stddef.h>

#include "dialin/study.h"
#include "engine/job.h"

struct dln_limits;

DLN_CHECK bool dln_limits_new(const struct dln_study *study, struct dln_limits **out,
                              struct dln_error *err);
void dln_limits_free(struct dln_limits *limits);

/* out: study->n_limits violations. names and sums belong together. */
void dln_limits_eval(const struct dln_limits *limits, const char *const *names,
                     const struct dln_metric_sum *sums, size_t n_metrics, double *out);

#endif
