/*
 * Runs as jobs of a batch system: the same six functions as the runner's, which hands over to them.
 * No guardian, no child of ours but the system's own short commands, one of a kind at a time: a
 * submit, a poll for all jobs, a cancel, a question. Thread: owner (the engine).
 */
#ifndef DLN_EXEC_BATCH_DISPATCH_H
#define DLN_EXEC_BATCH_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/exec.h"
#include "exec/run.h"

struct pollfd;
struct dln_dispatch;

/* runner.c: NULL for runs on this machine. */
struct dln_dispatch *dln_runner_dispatch(const dln_runner *runner);

bool dln_dispatch_is_for(const struct dln_study *study);
/* Borrows study and model. */
DLN_CHECK bool dln_dispatch_new(const struct dln_study *study,
                                const struct dln_runner_options *options,
                                const dln_metric_reader *model, struct dln_dispatch **out,
                                struct dln_error *err);
/* Jobs go on; a submit on its way is waited for, for a moment. */
void dln_dispatch_free(struct dln_dispatch *d);

DLN_CHECK bool dln_dispatch_start(struct dln_dispatch *d, const struct dln_run_request *request,
                                  struct dln_error *err);
void dln_dispatch_end(struct dln_dispatch *d, void *owner, int64_t grace_ms);
size_t dln_dispatch_poll(struct dln_dispatch *d, struct pollfd *fds, size_t cap, int *timeout_ms);
void dln_dispatch_work(struct dln_dispatch *d, dln_run_sink *sink, void *context);

#endif
