/* The engine's end of a guardian: start one, hand it a trial, let it go. */
#ifndef DLN_EXEC_GUARDIAN_LINK_H
#define DLN_EXEC_GUARDIAN_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dialin/error.h"
#include "dialin/exec.h"
#include "exec/wire.h"

struct dln_guardian_link {
    int socket; /* -1: there is none */
    pid_t pid;
};

/* program NULL: this very program, whatever its file is called by now. inherit_fd -1: none. */
DLN_CHECK bool dln_guardian_link_open(struct dln_guardian_link *link, const char *program,
                                      int inherit_fd, int64_t grace_ms, struct dln_error *err);
/* Hangs up and reaps it: waits for the guardian to end by itself, or kills it at once. */
void dln_guardian_link_close(struct dln_guardian_link *link, bool kill_it);

/*
 * What a START message brings: fills n_argv and n_env of its head, and the load's bytes (the caller
 * frees them), or, where they are too long for a message, one more descriptor. Whatever envp says,
 * the trial gets DIALIN_RUN=run_dir (a warm worker: worker_dir), by which its processes are found
 * again, and OMP_NUM_THREADS where request->cpus is set and nobody has set it yet.
 */
DLN_CHECK bool dln_guardian_pack(const struct dln_run_request *request, struct dln_wire *head,
                                 struct dln_wire_load *load, struct dln_error *err);

#endif
