/*
 * The guardian: the parent of all trials, and the one who ends them when the engine dies.
 *
 * It is a child subreaper: whatever a trial leaves behind, in whatever session, becomes the
 * guardian's own child once its parent is gone. So "is anything left?" is answered by the list of
 * its own children, and killing own children again and again reaches every descendant without ever
 * signalling a process id that somebody else may have got in the meantime.
 *
 * The main process of a trial is looked at by waitid(WNOWAIT) and stays a zombie until everything
 * else of the trial is gone: as long as it does, its process id and its group belong to the trial.
 *
 *   RUNNING ──main process ends──▶ HELD ──RELEASE from the engine──▶ ENDING ──nothing left──▶ gone
 *                                   └──────────────nothing left─────────────────────────────▲
 */
#define _GNU_SOURCE /* signalfd, close_range, prctl */
#include "dialin/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "exec/proc.h"
#include "exec/spawn.h"
#include "exec/wire.h"

/* STARTED waits a moment, so that a trial that is over at once is told of in one go: each message
   wakes the engine, which takes a processor from the trials. */
enum { GRACE_MS_MAX = 1500, SWEEP_MS = 10, STARTED_MS = 2, LISTS_MAX = 64 };

enum trial_state { TRIAL_RUNNING, TRIAL_HELD, TRIAL_ENDING, TRIAL_GONE };

struct trial {
    uint64_t run;
    pid_t pid; /* 0: it never was */
    enum trial_state state;
    char *mark;             /* its DIALIN_RUN; NULL: none */
    struct dln_wire report; /* pid, usage, wait status */
    bool owes_started, owes_exited, owes_failed;
    int64_t started_ns;
};

struct guardian {
    int socket, signals;
    struct trial *trials;
    size_t n, cap;
    struct dln_pids children;
    bool has_all_strays; /* false: they end faster than they are listed; look again at SIGCHLD */
    int64_t grace_ms;
    int inherited; /* a descriptor kept for the engine, -1: none */
};

/* ── reports ───────────────────────────────────────────────────────────────────────────────────*/

static void forget(struct guardian *self, size_t index)
{
    free(self->trials[index].mark);
    self->n--;
    memmove(self->trials + index, self->trials + index + 1,
            (self->n - index) * sizeof *self->trials);
}

static bool tell(struct guardian *self, struct trial *trial, enum dln_wire_kind kind, bool *blocked)
{
    struct dln_wire message = trial->report;
    message.kind = kind;
    message.run = trial->run;
    const int error = dln_wire_send(self->socket, &message, NULL);
    if (error == EAGAIN) *blocked = true;
    return error == 0;
}

static bool is_early(const struct trial *trial, int64_t now_ns)
{
    return trial->owes_started && trial->state == TRIAL_RUNNING &&
           now_ns - trial->started_ns < STARTED_MS * 1000000;
}

/* Sends what the engine has not been told yet. True if the socket is full: poll for room.
 *timeout_ms: until there is more to tell, -1: when something happens. */
static bool send_reports(struct guardian *self, int *timeout_ms)
{
    bool blocked = false;
    const int64_t now_ns = dln_clock_mono_ns();
    *timeout_ms = -1;
    for (size_t i = 0; i < self->n && !blocked;) {
        struct trial *trial = &self->trials[i];
        if (trial->owes_failed) {
            if (!tell(self, trial, DLN_WIRE_FAILED, &blocked)) return blocked;
            forget(self, i);
            continue;
        }
        if (is_early(trial, now_ns)) {
            *timeout_ms = STARTED_MS;
            i++;
            continue;
        }
        if (trial->owes_started) {
            if (!tell(self, trial, DLN_WIRE_STARTED, &blocked)) return blocked;
            trial->owes_started = false;
        }
        if (trial->state == TRIAL_GONE) {
            if (!tell(self, trial, DLN_WIRE_GONE, &blocked)) return blocked;
            forget(self, i);
            continue;
        }
        if (trial->owes_exited) {
            if (!tell(self, trial, DLN_WIRE_EXITED, &blocked)) return blocked;
            trial->owes_exited = false;
        }
        i++;
    }
    return blocked;
}

/* ── ends ──────────────────────────────────────────────────────────────────────────────────────*/

/* The system call, because the C library's waitid() keeps the resource usage for itself. */
static bool has_exited(struct trial *trial)
{
    siginfo_t info = {0};
    struct rusage usage = {0};
    if (syscall(SYS_waitid, P_PID, trial->pid, &info, WEXITED | WNOHANG | WNOWAIT, &usage) != 0 ||
        info.si_pid != trial->pid) {
        return false;
    }
    trial->report.code =
        info.si_code == CLD_EXITED ? W_EXITCODE(info.si_status, 0) : W_EXITCODE(0, info.si_status);
    trial->report.user_us = (int64_t)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec;
    trial->report.system_us = (int64_t)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec;
    trial->report.max_rss_bytes = (int64_t)usage.ru_maxrss * 1024;
    return true;
}

static bool is_main_process(const struct guardian *self, pid_t pid)
{
    for (size_t i = 0; i < self->n; i++) {
        if (self->trials[i].pid == pid && self->trials[i].state != TRIAL_GONE) return true;
    }
    return false;
}

/* Leaves in self->children the live children that are no trial's main process: what trials that
   ended have left behind. One that ended after it was listed may have handed over children of its
   own, which are not on the list: then there is another list. */
static void list_strays(struct guardian *self)
{
    struct dln_pids *children = &self->children;
    bool has_reaped = true;
    for (int round = 0; has_reaped && round < LISTS_MAX; round++) {
        dln_proc_own_children(children);
        has_reaped = false;
        size_t kept = 0;
        for (size_t i = 0; i < children->n; i++) {
            const pid_t pid = children->pid[i];
            if (is_main_process(self, pid)) continue;
            if (waitpid(pid, NULL, WNOHANG) != 0) {
                has_reaped = true;
            } else {
                children->pid[kept++] = pid;
            }
        }
        children->n = kept;
    }
    self->has_all_strays = !has_reaped;
}

static bool is_left_by(const struct guardian *self, const struct trial *trial, pid_t stray)
{
    if (getsid(stray) == trial->pid) return true;
    if (trial->mark && dln_proc_is_marked(stray, "DIALIN_RUN", trial->mark)) return true;
    for (size_t i = 0; i < self->n; i++) { /* without a mark: whose else could it be? */
        const struct trial *other = &self->trials[i];
        if (other != trial && other->pid != 0 && other->state != TRIAL_GONE) return false;
    }
    return true;
}

/* Is anything left of a trial whose main process has ended? Kills it if the trial is ENDING. */
static bool has_left(const struct guardian *self, const struct trial *trial)
{
    bool any = !self->has_all_strays;
    for (size_t i = 0; i < self->children.n; i++) {
        const pid_t stray = self->children.pid[i];
        if (is_left_by(self, trial, stray)) {
            any = true;
            if (trial->state == TRIAL_ENDING) (void)kill(stray, SIGKILL);
        } else if (dln_proc_is_ending(stray)) {
            any = true; /* nobody can tell any more whose it was, and its children are to come */
        }
    }
    return any;
}

/* Looks at every trial, after a SIGCHLD or a RELEASE. */
static void look_at_trials(struct guardian *self)
{
    for (size_t i = 0; i < self->n; i++) {
        struct trial *trial = &self->trials[i];
        if (trial->state == TRIAL_RUNNING && trial->pid != 0 && has_exited(trial)) {
            trial->state = TRIAL_HELD;
            trial->owes_exited = true;
        }
    }
    list_strays(self); /* after the above: by then the dead have handed over their children */
    size_t live = 0;
    for (size_t i = 0; i < self->n; i++) {
        struct trial *trial = &self->trials[i];
        if (trial->pid == 0 || trial->state == TRIAL_GONE) continue;
        live++;
        if (trial->state == TRIAL_RUNNING) continue;
        if (has_left(self, trial)) continue;
        while (waitpid(trial->pid, NULL, 0) < 0 && errno == EINTR) {}
        trial->state = TRIAL_GONE;
        trial->owes_exited = false;
    }
    for (size_t i = 0; i < self->children.n && live == 0; i++) { /* they belong to nobody */
        (void)kill(self->children.pid[i], SIGKILL);
    }
}

/* ── requests ──────────────────────────────────────────────────────────────────────────────────*/

static struct trial *find_trial(struct guardian *self, uint64_t run)
{
    for (size_t i = 0; i < self->n; i++) {
        if (self->trials[i].run == run) return &self->trials[i];
    }
    return NULL;
}

/* A payload that came as a file; NULL with errno. The caller frees it. */
static char *read_payload(int fd, size_t *len)
{
    struct stat info;
    if (fstat(fd, &info) != 0) return NULL;
    if (info.st_size > DLN_WIRE_PAYLOAD_MAX) {
        errno = E2BIG;
        return NULL;
    }
    const size_t size = (size_t)info.st_size;
    char *text = malloc(size + 1);
    if (!text) return NULL;
    for (*len = 0; *len < size;) {
        const ssize_t got = pread(fd, text + *len, size - *len, (off_t)*len);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            if (got == 0) errno = EIO;
            free(text);
            return NULL;
        }
        *len += (size_t)got;
    }
    return text;
}

/* Points into the payload: one directory, the words, a NULL, the settings, a NULL. */
static bool split_payload(char *text, size_t len, const struct dln_wire *request,
                          struct dln_spawn *spec, char ***words)
{
    if (request->n_argv == 0 || request->n_argv > DLN_WIRE_WORDS_MAX ||
        request->n_env > DLN_WIRE_WORDS_MAX) {
        errno = E2BIG;
        return false;
    }
    if (len == 0 || text[len - 1] != '\0') {
        errno = EINVAL;
        return false;
    }
    char **all = calloc((size_t)request->n_argv + request->n_env + 2, sizeof *all);
    if (!all) return false;
    *words = all;
    spec->directory = text;
    spec->argv = all;
    spec->envp = all + request->n_argv + 1;
    size_t at = strlen(text) + 1;
    for (size_t i = 0; i < (size_t)request->n_argv + request->n_env; i++) {
        if (at >= len) {
            errno = EINVAL;
            return false;
        }
        all[i < request->n_argv ? i : i + 1] = text + at;
        at += strlen(text + at) + 1;
    }
    return true;
}

static char *copy_mark(char *const *envp)
{
    for (; *envp; envp++) {
        if (strncmp(*envp, "DIALIN_RUN=", 11) == 0) return strdup(*envp + 11);
    }
    return NULL;
}

/* Now, in the unit and from the origin of a process's start time. */
static int64_t boot_ticks(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_BOOTTIME, &now) != 0) return -1;
    return ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec) / (1000000000 / sysconf(_SC_CLK_TCK));
}

static void start_trial(struct guardian *self, const struct dln_wire *request,
                        const struct dln_wire_load *load)
{
    if (self->n == self->cap) {
        const size_t cap = self->cap ? self->cap * 2 : 16;
        struct trial *grown = realloc(self->trials, cap * sizeof *grown);
        if (!grown) {
            const struct dln_wire answer = {
                .kind = DLN_WIRE_FAILED, .run = request->run, .code = ENOMEM};
            (void)dln_wire_send(self->socket, &answer, NULL);
            return;
        }
        self->trials = grown;
        self->cap = cap;
    }
    struct trial *trial = &self->trials[self->n++];
    *trial = (struct trial){.run = request->run};
    char *file = NULL;
    char *text = load->bytes;
    size_t len = load->len;
    char **words = NULL;
    const size_t n_streams = request->has_input ? 3 : 2;
    struct dln_spawn spec = {.in_fd = -1,
                             .memory_bytes = request->memory_bytes,
                             .n_cpus = request->n_cpus,
                             .slot = request->slot};
    enum dln_wire_stage stage = DLN_STAGE_SPAWN;
    int error = 0;
    const int64_t before = boot_ticks();
    if (load->n_fds < n_streams) {
        error = EMFILE; /* no room for them in our table */
    } else if (load->n_fds > n_streams &&
               !(text = file = read_payload(load->fds[n_streams], &len))) {
        error = errno;
    } else if (!split_payload(text, len, request, &spec, &words)) {
        error = errno;
    } else {
        spec.out_fd = load->fds[0];
        spec.err_fd = load->fds[1];
        if (request->has_input) spec.in_fd = load->fds[2];
        error = dln_spawn(&spec, &trial->pid, &stage);
    }
    if (error == 0) {
        trial->owes_started = true;
        trial->started_ns = dln_clock_mono_ns();
        trial->mark = copy_mark(spec.envp);
        trial->report.pid = trial->pid;
        /* Mostly known without asking /proc, which costs more than all the rest here. */
        trial->report.pid_start = before == boot_ticks() ? before : dln_proc_start_time(trial->pid);
    } else {
        trial->pid = 0;
        trial->owes_failed = true;
        trial->report.code = error;
        trial->report.stage = stage;
    }
    free(words);
    free(file);
}

static void signal_trial(const struct trial *trial, int number)
{
    if (trial->pid == 0 || trial->state == TRIAL_GONE) return;
    (void)kill(-trial->pid, number);
    if (number == SIGTERM) (void)kill(-trial->pid, SIGCONT);
}

static void obey(struct guardian *self, const struct dln_wire *request, struct dln_wire_load *load)
{
    struct trial *trial = request->kind == DLN_WIRE_START ? NULL : find_trial(self, request->run);
    switch (request->kind) {
    case DLN_WIRE_HELLO:
        self->grace_ms = request->grace_ms <= GRACE_MS_MAX ? request->grace_ms : GRACE_MS_MAX;
        if (load->n_fds == 1 && self->inherited < 0) {
            self->inherited = load->fds[0];
            return;
        }
        break;
    case DLN_WIRE_START: start_trial(self, request, load); break;
    case DLN_WIRE_SIGNAL:
        if (trial) signal_trial(trial, request->code);
        break;
    case DLN_WIRE_RELEASE:
        if (trial && trial->state == TRIAL_HELD) {
            trial->state = TRIAL_ENDING;
            signal_trial(trial, SIGKILL);
            look_at_trials(self);
        }
        break;
    default: break;
    }
    dln_wire_load_close(load);
}

/* False: the engine is gone. */
static bool read_requests(struct guardian *self)
{
    for (;;) {
        struct dln_wire request;
        char bytes[DLN_WIRE_BYTES_MAX];
        struct dln_wire_load load = {.bytes = bytes};
        switch (dln_wire_receive(self->socket, &request, &load)) {
        case DLN_WIRE_GOT: obey(self, &request, &load); break;
        case DLN_WIRE_NOTHING: return true;
        case DLN_WIRE_CLOSED: return false;
        }
    }
}

/* ── life and end ──────────────────────────────────────────────────────────────────────────────*/

static void clear_signals(const struct guardian *self)
{
    struct signalfd_siginfo sink[16];
    while (read(self->signals, sink, sizeof sink) > 0) {}
}

static void serve(struct guardian *self)
{
    for (;;) {
        int timeout_ms;
        const bool is_full = send_reports(self, &timeout_ms);
        struct pollfd fds[] = {
            {.fd = self->socket, .events = (short)(POLLIN | (is_full ? POLLOUT : 0))},
            {.fd = self->signals, .events = POLLIN},
        };
        if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR) return;
        if (fds[1].revents) {
            clear_signals(self);
            look_at_trials(self);
        }
        if (fds[0].revents && !read_requests(self)) return;
    }
}

/* Reaps whatever has ended. False: there is no child left. */
static bool reap_all(void)
{
    pid_t pid;
    do {
        pid = waitpid(-1, NULL, WNOHANG);
    } while (pid > 0 || (pid < 0 && errno == EINTR));
    return pid == 0;
}

static void wait_for_ends(const struct guardian *self, int64_t timeout_ms)
{
    struct pollfd fd = {.fd = self->signals, .events = POLLIN};
    if (poll(&fd, 1, (int)timeout_ms) > 0) clear_signals(self);
}

static void signal_children(struct guardian *self, int number)
{
    dln_proc_own_children(&self->children);
    for (size_t i = 0; i < self->children.n; i++)
        (void)kill(self->children.pid[i], number);
}

/* The engine is gone: a word, a grace, and the end of everything. */
static void end_all(struct guardian *self)
{
    for (size_t i = 0; i < self->n; i++)
        signal_trial(&self->trials[i], SIGTERM);
    list_strays(self);
    for (size_t i = 0; i < self->children.n; i++) {
        (void)kill(self->children.pid[i], SIGTERM);
        (void)kill(self->children.pid[i], SIGCONT);
    }
    /* Zombies keep their groups until the KILL below, hence no reaping of main processes yet. */
    const int64_t deadline_ns = dln_clock_mono_ns() + self->grace_ms * 1000000;
    for (;;) {
        look_at_trials(self);
        size_t alive = self->children.n;
        for (size_t i = 0; i < self->n; i++) {
            alive += self->trials[i].pid != 0 && self->trials[i].state != TRIAL_GONE;
        }
        const int64_t left_ms = (deadline_ns - dln_clock_mono_ns() + 999999) / 1000000;
        if (alive == 0 || left_ms <= 0) break;
        wait_for_ends(self, left_ms);
    }
    for (size_t i = 0; i < self->n; i++)
        signal_trial(&self->trials[i], SIGKILL);
    while (reap_all()) {
        signal_children(self, SIGKILL);
        wait_for_ends(self, SWEEP_MS);
    }
}

static bool prepare(struct guardian *self, int fd)
{
    for (int number = 1; number < NSIG; number++) {
        (void)signal(number, SIG_DFL); /* KILL, STOP and the C library's own two refuse */
    }
    sigset_t all;
    (void)sigfillset(&all);
    if (sigprocmask(SIG_SETMASK, &all, NULL) != 0) return false;
    (void)setsid(); /* fails where the engine made us a session leader */
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return false;
    for (int i = 0; i < 3; i++) {
        const int null = open("/dev/null", i == 0 ? O_RDONLY : O_WRONLY);
        if (null < 0) return false;
        if (null == i) continue;
        const bool moved = dup2(null, i) == i;
        (void)close(null);
        if (!moved) return false;
    }
    if (fd > 3) (void)close_range(3, (unsigned)fd - 1, 0);
    (void)close_range((unsigned)fd + 1, ~0U, 0);
    if (chdir("/") != 0) return false;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return false;
    (void)prctl(PR_SET_NAME, "dialin-guardian");
    struct rlimit core;
    if (getrlimit(RLIMIT_CORE, &core) == 0) {
        core.rlim_cur = 0; /* trials inherit it */
        (void)setrlimit(RLIMIT_CORE, &core);
    }
    sigset_t child;
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    self->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    return self->signals >= 0;
}

int dln_guardian_main(int fd)
{
    struct guardian self = {.socket = fd, .signals = -1, .inherited = -1};
    if (fd < 3 || !prepare(&self, fd)) return 2;
    serve(&self);
    end_all(&self);
    for (size_t i = 0; i < self.n; i++)
        free(self.trials[i].mark);
    free(self.trials);
    dln_pids_release(&self.children);
    (void)close(self.signals);
    if (self.inherited >= 0) (void)close(self.inherited);
    (void)close(self.socket);
    return 0;
}
