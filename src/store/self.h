/* Who this process is, so that another one can tell whether it is still alive. */
#ifndef DLN_STORE_SELF_H
#define DLN_STORE_SELF_H

#include <stdbool.h>
#include <stdint.h>

struct dln_self {
    char host[256];
    char boot[96]; /* boot id and process namespace: equal means that pids can be compared */
    int64_t pid;
    int64_t pid_start; /* field 22 of /proc/PID/stat; 0: not known */
};

void dln_self_init(struct dln_self *out);
/* Start time of a process, 0 when there is none. */
int64_t dln_self_pid_start(int64_t pid);
/* Whether the very process lives, on this boot of this host. */
bool dln_self_is_alive(int64_t pid, int64_t pid_start);

#endif
