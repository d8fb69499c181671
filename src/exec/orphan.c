/*
 * The end of a run whose engine and guardian are dead: its main process by pid and start time, and
 * everything that has the run's mark in its environment. Signals go through pidfds that were opened
 * before the process was recognised, so they cannot hit a later process with the same number.
 */
#define _GNU_SOURCE /* syscall */
#include "dialin/exec.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "exec/proc.h"

enum { GIVE_UP_MS = 2000, WAIT_MS = 100 };

/* Kills a process if `is_it` still says so with a pidfd open. True if it was killed. */
static bool kill_if(pid_t pid, bool (*is_it)(pid_t pid, const void *context), const void *context)
{
    const int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0) {
        if (errno != ENOSYS || !is_it(pid, context)) return false;
        return kill(pid, SIGKILL) == 0; /* Linux before 5.3 */
    }
    const bool killed =
        is_it(pid, context) && syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0;
    if (killed) {
        struct pollfd end = {.fd = fd, .events = POLLIN};
        (void)poll(&end, 1, WAIT_MS);
    }
    (void)close(fd);
    return killed;
}

static bool started_then(pid_t pid, const void *context)
{
    const int64_t *start = context;
    return dln_proc_start_time(pid) == *start && dln_proc_is_alive(pid);
}

static bool has_mark(pid_t pid, const void *context)
{
    return dln_proc_is_marked(pid, "DIALIN_RUN", context);
}

bool dln_exec_end_orphan(int64_t pid, int64_t pid_start, const char *run_dir)
{
    bool any = false;
    if (pid > 1 && pid_start > 0 && (pid_t)pid != getpid()) {
        /* Its group too, as long as its leader is there to say that the group is its own. */
        if (started_then((pid_t)pid, &pid_start) && getpgid((pid_t)pid) == (pid_t)pid) {
            (void)kill(-(pid_t)pid, SIGKILL);
            any = true;
        }
        if (kill_if((pid_t)pid, started_then, &pid_start)) any = true;
    }
    if (!run_dir || !*run_dir) return any;
    /* Again and again: a process that is being killed may have had time to make another. */
    const int64_t give_up_ns = dln_clock_mono_ns() + (int64_t)GIVE_UP_MS * 1000000;
    struct dln_pids found = {0};
    do {
        dln_proc_find_marked("DIALIN_RUN", run_dir, &found);
        for (size_t i = 0; i < found.n; i++) {
            if (kill_if(found.pid[i], has_mark, run_dir)) any = true;
        }
    } while (found.n > 0 && dln_clock_mono_ns() < give_up_ns);
    dln_pids_release(&found);
    return any;
}
