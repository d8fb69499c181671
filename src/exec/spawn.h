/*
 * Turns a request into a process: the guardian's half of a start. The child has a session and a
 * group of its own, the guardian's standard input (/dev/null) or a pipe, its own two pipes and no
 * other descriptor, no blocked and no ignored signal, and dies with the guardian.
 */
#ifndef DLN_EXEC_SPAWN_H
#define DLN_EXEC_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

#include "exec/wire.h"

struct dln_spawn {
    char *const *argv, *const *envp; /* NULL-terminated, argv has a first word */
    const char *directory;
    int in_fd; /* -1: the guardian's */
    int out_fd, err_fd;
    int64_t memory_bytes; /* 0: no limit */
    size_t n_cpus, slot;  /* n_cpus of ours for each slot; 0, or not enough of them: all */
};

/*
 * Called by a process with one thread, all signals blocked and at default. Gives 0 once the program
 * runs, else an errno value and in *stage the step that it comes from.
 */
int dln_spawn(const struct dln_spawn *spec, pid_t *pid, enum dln_wire_stage *stage);

#endif
