/* What runs do becomes rows in the file. */
#ifndef DLN_ENGINE_RECORD_H
#define DLN_ENGINE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/driver.h"

/* For dln_runner_work(); context is the driver. Only takes note, writes nothing. */
void dln_record_event(void *context, const struct dln_run_event *event);
/*
 * Writes what was noted: runs that started, intermediate values (at most every 100 ms, one commit a
 * trial), runs that ended. What cannot be written now stays in memory and is tried again.
 */
void dln_record_all(struct dln_driver *driver, int64_t now_ns);
/* When there are intermediate values to write; INT64_MAX: none. */
int64_t dln_record_next_ns(const struct dln_driver *driver);
/* Finishes a job that has no run now: PRUNE or STOP. True: it is in the file, the job is gone. */
bool dln_record_verdict(struct dln_driver *driver, struct dln_job *job, enum dln_verdict verdict);

#endif
