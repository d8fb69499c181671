/*
 * A short command of another program, such as squeue: started without a shell, its answer collected
 * without waiting, ended when it takes too long. Thread: owner.
 */
#ifndef DLN_EXEC_CHILD_H
#define DLN_EXEC_CHILD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dialin/error.h"
#include "dialin/strbuf.h"

enum { DLN_CHILD_FDS = 3, DLN_CHILD_ANSWER_MAX = 16 * 1024 * 1024 };

/* Begin with dln_child_init(). */
struct dln_child {
    pid_t pid; /* 0: none runs */
    int pidfd, fd[2];
    struct dln_strbuf text[2]; /* standard output, standard error */
    int64_t started_ns, deadline_ns, drained_ns;
    bool has_status, is_late, is_killed;
    int status; /* of waitpid() */
};

void dln_child_init(struct dln_child *child);
/* Ends what still runs, and waits for that. */
void dln_child_release(struct dln_child *child);

/* Lets go of one that runs, which goes on. */
void dln_child_abandon(struct dln_child *child);

/* Standard input is empty. Fails where the program cannot be started. */
DLN_CHECK bool dln_child_start(struct dln_child *child, char *const *argv, char *const *envp,
                               int64_t limit_ms, struct dln_error *err);
static inline bool dln_child_runs(const struct dln_child *child)
{
    return child->pid != 0;
}
/* At most DLN_CHILD_FDS; *deadline_ns is lowered to when to look in any case. */
size_t dln_child_poll(const struct dln_child *child, struct pollfd *fds, int64_t *deadline_ns);
/* True, once: it has ended, text and status are there, and the next one may be started. */
bool dln_child_work(struct dln_child *child, int64_t now_ns);

/* Of one that has ended: exit status, -1 for a signal. */
int dln_child_exit(const struct dln_child *child);
/* The last line of standard error with something on it, or of standard output; made harmless. */
void dln_child_last_words(const struct dln_child *child, struct dln_strbuf *out);

#endif
