/* What a run's end means: a pure function of the study's rules and of what the run did. */
#ifndef DLN_ENGINE_OUTCOME_H
#define DLN_ENGINE_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/study.h"
#include "engine/job.h"

struct dln_outcome {
    enum dln_trial_state state; /* COMPLETE, PRUNED, FAIL */
    enum dln_fail_reason reason;
    bool again;                        /* the policy asks for another attempt */
    char detail[256];                  /* one line; "" for COMPLETE */
    double values[DLN_OBJECTIVES_MAX]; /* by `aggregate`; NaN: none */
};

/*
 * objective_metric[k]: index of objective k among the metrics. In this order: what we ended
 * (pruned, stopped, timeout), could not be started, guardian lost, out of memory, signal, exit
 * status (75: again, whatever the policy says), metric missing, metric nan, complete. An exit
 * status other than 0 is a failure even if the metric was seen. Attempts are limited by `failure:
 * {retry: N}`.
 */
void dln_outcome_decide(const struct dln_study *study, const size_t *objective_metric,
                        const struct dln_job *job, struct dln_outcome *out);

/* "SEGV"; "RTMIN+3" and the like as "34". */
void dln_signal_text(int number, char *out, size_t cap);

#endif
