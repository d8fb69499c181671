/* What /proc knows about processes: the ones we made, and what they left behind. */
#ifndef DLN_EXEC_PROC_H
#define DLN_EXEC_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct dln_pids {
    pid_t *pid;
    size_t n, cap;
    int list_fd; /* of dln_proc_own_children(), which keeps it open; 0: none */
};

void dln_pids_release(struct dln_pids *pids);

/* Clock ticks from boot to the start of pid; 0 when there is no such process (or no /proc). With
   the pid it names a process for ever, until the machine is started again. */
int64_t dln_proc_start_time(pid_t pid);
/* Still running, not merely waiting to be reaped. */
bool dln_proc_is_alive(pid_t pid);
/* All of it is on its way out: it makes no more children, and no environment is to be read. */
bool dln_proc_is_ending(pid_t pid);
/* The children of this process's only thread; zombies count. Empty without /proc. */
void dln_proc_own_children(struct dln_pids *out);

/* Does the environment with which pid was started hold NAME=value? False too where it may not be
   read, and for a zombie. */
bool dln_proc_is_marked(pid_t pid, const char *name, const char *value);
/* All processes with NAME=value in their environment, except this one. None: there is none, even
   if they make others and end all the time. */
void dln_proc_find_marked(const char *name, const char *value, struct dln_pids *out);

#endif
