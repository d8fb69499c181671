#define _GNU_SOURCE /* vfork, pipe2, close_range */
#include "exec/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What runs in the child runs in the parent's memory on a stack that the address sanitizer does not
   know: its own calls there would leave the parent with a lock that nobody gives back. */
#define IN_CHILD __attribute__((no_sanitize("address")))

enum { CPUS_MAX = 8192 };

struct failure {
    int error; /* 0: none, the program runs */
    enum dln_wire_stage stage;
};

/* Everything that the child needs, made before the fork: after it only system calls are allowed. */
struct plan {
    const struct dln_spawn *spec;
    const char *search; /* directories to look in, by colons; NULL: argv[0] is a path */
    char *candidate;    /* room for the longest path */
    pid_t guardian;
    const cpu_set_t *cpus;            /* NULL: all that we have */
    volatile struct failure *failure; /* the child's word: written before it ends */
};

/* execvp() without its last resort: a file that is no program is never handed to a shell. */
IN_CHILD static int try_exec(const struct plan *plan)
{
    char *const *argv = plan->spec->argv;
    char *const *envp = plan->spec->envp;
    if (!plan->search) {
        (void)execve(argv[0], argv, envp);
        return errno;
    }
    const size_t name_len = strlen(argv[0]);
    bool denied = false;
    for (const char *at = plan->search;; at++) {
        const size_t len = strcspn(at, ":");
        char *end = plan->candidate;
        memcpy(end, at, len);
        end += len;
        if (len > 0) *end++ = '/'; /* an empty entry is the working directory */
        memcpy(end, argv[0], name_len + 1);
        (void)execve(plan->candidate, argv, envp);
        if (errno == EACCES) {
            denied = true;
        } else if (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG && errno != ELOOP &&
                   errno != ENODEV && errno != ESTALE) {
            return errno;
        }
        at += len;
        if (*at == '\0') return denied ? EACCES : ENOENT;
    }
}

IN_CHILD static int set_limits(const struct dln_spawn *spec)
{
    if (spec->memory_bytes <= 0) return 0;
    /* RLIMIT_DATA counts what a program can write to and shares with nobody; RLIMIT_AS would also
       count the address space that CUDA, Go or Java reserve without ever using it. */
    const struct rlimit limit = {(rlim_t)spec->memory_bytes, (rlim_t)spec->memory_bytes};
    return setrlimit(RLIMIT_DATA, &limit) == 0 ? 0 : errno;
}

/* Memory is still the parent's: locals, system calls, and nothing else. */
__attribute__((noreturn, noinline)) IN_CHILD static void become_trial(const struct plan *plan)
{
    const struct dln_spawn *spec = plan->spec;
    struct failure failure = {0, DLN_STAGE_SPAWN};
    sigset_t none;
    (void)sigemptyset(&none);

    (void)setsid();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) failure.error = errno;
    if (getppid() != plan->guardian) _exit(127); /* it died before the call above */
    if (failure.error == 0 &&
        ((spec->in_fd >= 0 && dup2(spec->in_fd, STDIN_FILENO) < 0) ||
         dup2(spec->out_fd, STDOUT_FILENO) < 0 || dup2(spec->err_fd, STDERR_FILENO) < 0)) {
        failure.error = errno;
    }
    /* All of ours are close-on-exec by birth; this is for what the program was started with. */
    (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    if (failure.error == 0) {
        failure = (struct failure){set_limits(spec), DLN_STAGE_LIMIT};
    }
    /* One of them may have been unplugged: then the trial runs where it can. */
    if (plan->cpus) (void)sched_setaffinity(0, CPU_ALLOC_SIZE(CPUS_MAX), plan->cpus);
    if (failure.error == 0 && chdir(spec->directory) != 0) {
        failure = (struct failure){errno, DLN_STAGE_CHDIR};
    }
    if (failure.error == 0) {
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        failure = (struct failure){try_exec(plan), DLN_STAGE_EXEC};
    }
    *plan->failure = failure;
    _exit(127);
}

IN_CHILD static int run_child(void *plan)
{
    become_trial(plan);
}

/* Not fork(): the child runs in the parent's memory, on a stack of its own, until it has become the
   program. That costs the same however big the parent is, nobody waits for page tables to be
   copied, and a failure needs no pipe to be told. Not vfork(), which the thread sanitizer turns
   into fork(). */
__attribute__((noinline)) static pid_t split(struct plan *plan)
{
    _Alignas(16) char stack[64 * 1024];
    return clone(run_child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, plan);
}

static const char *search_path(char *const *envp)
{
    for (; *envp; envp++) {
        if (strncmp(*envp, "PATH=", 5) == 0) return *envp + 5;
    }
    return "/usr/local/bin:/usr/bin:/bin";
}

/* The slot's share of the CPUs that we may use ourselves. False: there are not enough. */
static bool choose_cpus(const struct dln_spawn *spec, cpu_set_t *ours, cpu_set_t *chosen)
{
    const size_t bytes = CPU_ALLOC_SIZE(CPUS_MAX);
    CPU_ZERO_S(bytes, ours);
    CPU_ZERO_S(bytes, chosen);
    if (spec->n_cpus == 0 || sched_getaffinity(0, bytes, ours) != 0) return false;
    const size_t n = (size_t)CPU_COUNT_S(bytes, ours);
    if (spec->n_cpus > n || spec->slot >= n / spec->n_cpus) return false;
    const size_t first = spec->slot * spec->n_cpus;
    size_t nth = 0;
    for (size_t cpu = 0; cpu < CPUS_MAX && nth < first + spec->n_cpus; cpu++) {
        if (!CPU_ISSET_S(cpu, bytes, ours)) continue;
        if (nth++ >= first) CPU_SET_S(cpu, bytes, chosen);
    }
    return true;
}

int dln_spawn(const struct dln_spawn *spec, pid_t *pid, enum dln_wire_stage *stage)
{
    volatile struct failure failure = {0, DLN_STAGE_SPAWN};
    struct plan plan = {.spec = spec, .guardian = getpid(), .failure = &failure};
    cpu_set_t cpus[2][CPUS_MAX / CPU_SETSIZE];
    if (choose_cpus(spec, cpus[0], cpus[1])) plan.cpus = cpus[1];
    *stage = DLN_STAGE_SPAWN;
    if (!strchr(spec->argv[0], '/')) {
        plan.search = search_path(spec->envp);
        plan.candidate = malloc(strlen(plan.search) + strlen(spec->argv[0]) + 2);
        if (!plan.candidate) return ENOMEM;
    }
    const pid_t child = split(&plan); /* returns when the child has become the program or ended */
    if (child < 0) {
        failure.error = errno;
    } else if (failure.error != 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {}
    }
    free(plan.candidate);
    *stage = failure.stage;
    *pid = child;
    return failure.error;
}
