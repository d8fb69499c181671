#define _GNU_SOURCE /* memfd_create, posix_spawn_file_actions_addchdir_np, POSIX_SPAWN_SETSID */
#include "engine/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/json.h"
#include "engine/driver.h"

enum { LIMIT_S = 60, SLICE_MS = 200, SLICE_WITHOUT_PIDFD_MS = 20 };

extern char **environ;

static const char *const names[DLN_HOOK_COUNT] = {"best", "paused", "finish"};

static const char *command_of(const struct dln_driver *driver, enum dln_hook_event event)
{
    for (size_t i = 0; i < driver->study->n_hooks; i++) {
        const struct dln_named_scalar *hook = &driver->study->hooks[i];
        if (strcmp(hook->name, names[event]) == 0) return hook->value.text;
    }
    return NULL;
}

/* ── what they are told ────────────────────────────────────────────────────────────────────────*/

static const struct dln_view_trial *find_trial(const struct dln_driver *driver, int64_t number)
{
    const struct dln_history_view *view = dln_proposer_history(driver->proposer);
    for (size_t i = view->n; i > 0; i--) {
        if (view->trials[i - 1].number == number) return &view->trials[i - 1];
    }
    return NULL;
}

static void trial_json(const struct dln_driver *driver, const struct dln_view_trial *trial,
                       struct dln_json_writer *w)
{
    const struct dln_study *study = driver->study;
    struct dln_strbuf value = {0};
    dln_json_key(w, "trial");
    dln_json_int(w, trial->number);
    dln_json_key(w, "values");
    dln_json_object(w);
    for (size_t k = 0; k < study->n_objectives; k++) {
        dln_json_key(w, study->objectives[k].metric);
        dln_json_double(w, study->objectives[k].maximize ? -trial->loss[k] : trial->loss[k]);
    }
    dln_json_end_object(w);
    dln_json_key(w, "params");
    dln_json_object(w);
    for (size_t i = 0; i < study->space.n; i++) {
        if (isnan(trial->x[i])) continue;
        dln_strbuf_reset(&value);
        dln_param_json(&study->space.params[i], trial->x[i], &value);
        dln_json_key(w, study->space.params[i].name);
        dln_json_raw(w, dln_strbuf_text(&value));
    }
    dln_json_end_object(w);
    dln_strbuf_release(&value);
}

static void describe(const struct dln_driver *driver, enum dln_hook_event event, int64_t number,
                     struct dln_strbuf *out)
{
    struct dln_json_writer w = {.out = out};
    const struct dln_view_trial *trial = number >= 0 ? find_trial(driver, number) : NULL;
    dln_strbuf_reset(out);
    dln_json_object(&w);
    dln_json_key(&w, "event");
    dln_json_string(&w, names[event]);
    dln_json_key(&w, "study");
    dln_json_string(&w, driver->study->name);
    dln_json_key(&w, "state");
    dln_json_string(&w, dln_engine_state_name(driver->engine_state));
    dln_json_key(&w, "why");
    dln_json_string(&w, driver->why);
    dln_json_key(&w, "trials");
    dln_json_int(&w, dln_ledger_used(&driver->ledger));
    if (trial) trial_json(driver, trial, &w);
    dln_json_end_object(&w);
    dln_strbuf_add_char(out, '\n');
}

/* ── starting ──────────────────────────────────────────────────────────────────────────────────*/

/* A file in memory: a command that does not read it cannot make anybody wait. */
static int open_input(const struct dln_strbuf *text)
{
    const int fd = memfd_create("dialin-event", MFD_CLOEXEC);
    size_t at = 0;
    while (fd >= 0 && at < text->len) {
        const ssize_t put = write(fd, text->data + at, text->len - at);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) break;
        at += (size_t)put;
    }
    if (fd >= 0) (void)lseek(fd, 0, SEEK_SET);
    return fd;
}

/* Beside the run directories: hook.best.log, of the last time. */
static char *log_path(const struct dln_driver *driver, enum dln_hook_event event,
                      struct dln_arena *arena)
{
    char *path = dln_run_dir_path(driver->study, 0, arena);
    if (path) *strrchr(path, '/') = '\0';
    return path ? dln_arena_printf(arena, "%s/hook.%s.log", path, names[event]) : NULL;
}

static char **environment(enum dln_hook_event event, struct dln_arena *arena)
{
    size_t n = 0;
    while (environ && environ[n])
        n++;
    char **all = DLN_ARENA_ARRAY(arena, char *, n + 2);
    if (!all) return NULL;
    if (n > 0) memcpy((void *)all, (const void *)environ, n * sizeof *all);
    all[n] = dln_arena_printf(arena, "DIALIN_EVENT=%s", names[event]);
    return all[n] ? all : NULL;
}

static int spawn(const struct dln_driver *driver, char *command, int in, int out, char *const *envp,
                 pid_t *pid)
{
    static char shell[] = "sh";
    static char dash_c[] = "-c";
    char *const argv[] = {shell, dash_c, command, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0) return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        const short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
        error = posix_spawnattr_setflags(&attributes, flags);
        if (error == 0) error = posix_spawnattr_setsigmask(&attributes, &none);
        if (error == 0) error = posix_spawnattr_setsigdefault(&attributes, &all);
        if (error == 0) error = posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
        if (error == 0) error = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
        if (error == 0) error = posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
        if (error == 0) {
            error = posix_spawn_file_actions_addchdir_np(&files, driver->study->directory);
        }
        if (error == 0) error = posix_spawnp(pid, shell, &files, &attributes, argv, envp);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return error;
}

static void start(struct dln_driver *driver, enum dln_hook_event event)
{
    struct dln_hook *hook = &driver->hooks[event];
    struct dln_arena arena = {0};
    const char *log = log_path(driver, event, &arena);
    char *command = dln_arena_copy(&arena, command_of(driver, event));
    char **envp = environment(event, &arena);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int out = log ? open(log, flags, 0600) : -1;
    if (out < 0) out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const int in = open_input(&hook->text);
    pid_t pid = 0;
    int error = EMFILE;
    if (!envp || !log || !command) {
        error = ENOMEM;
    } else if (in >= 0 && out >= 0) {
        error = spawn(driver, command, in, out, envp, &pid);
    }
    if (in >= 0) (void)close(in);
    if (out >= 0) (void)close(out);
    dln_arena_release(&arena);
    hook->is_due = hook->is_late = false;
    if (error != 0) {
        struct dln_error err = {0};
        (void)dln_fail_errno(&err, error, "start the hook '%s'", names[event]);
        dln_driver_note(driver, "%s", err.text);
        return;
    }
    hook->pid = pid;
    hook->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    hook->deadline_ns = dln_clock_mono_ns() + LIMIT_S * DLN_NS_PER_S;
}

void dln_hooks_fire(struct dln_driver *driver, enum dln_hook_event event, int64_t number)
{
    if (!driver->is_engine || !command_of(driver, event)) return;
    struct dln_hook *hook = &driver->hooks[event];
    describe(driver, event, number, &hook->text);
    hook->is_due = dln_strbuf_ok(&hook->text);
    if (hook->is_due && hook->pid == 0) start(driver, event);
}

/* ── ending ────────────────────────────────────────────────────────────────────────────────────*/

static void note_end(struct dln_driver *driver, enum dln_hook_event event, int status)
{
    const struct dln_hook *hook = &driver->hooks[event];
    if (hook->is_late) {
        dln_driver_note(driver, "hook '%s' was ended: it took more than %d s", names[event],
                        LIMIT_S);
    } else if (WIFSIGNALED(status)) {
        dln_driver_note(driver, "hook '%s' failed: signal %d", names[event], WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        dln_driver_note(driver,
                        "hook '%s' failed: exit %d, see hook.%s.log beside the run "
                        "directories",
                        names[event], WEXITSTATUS(status), names[event]);
    }
}

static void forget(struct dln_hook *hook)
{
    if (hook->pidfd >= 0) (void)close(hook->pidfd);
    hook->pid = 0;
}

void dln_hooks_tend(struct dln_driver *driver, int64_t now_ns)
{
    for (enum dln_hook_event event = 0; event < DLN_HOOK_COUNT; event++) {
        struct dln_hook *hook = &driver->hooks[event];
        int status = 0;
        if (hook->pid == 0) continue;
        if (now_ns >= hook->deadline_ns && !hook->is_late) {
            hook->is_late = true;
            (void)kill(-hook->pid, SIGKILL); /* not reaped yet: the number is still its own */
        }
        const pid_t got = waitpid(hook->pid, &status, WNOHANG);
        if (got == 0 || (got < 0 && errno == EINTR)) continue;
        if (got > 0) note_end(driver, event, status);
        forget(hook);
        if (hook->is_due) start(driver, event);
    }
}

void dln_hooks_finish(struct dln_driver *driver, const atomic_int *quits)
{
    for (;;) {
        struct pollfd fds[DLN_HOOK_COUNT];
        nfds_t n = 0;
        int timeout_ms = SLICE_MS;
        dln_hooks_tend(driver, dln_clock_mono_ns());
        for (size_t i = 0; i < DLN_HOOK_COUNT; i++) {
            if (driver->hooks[i].pid == 0) continue;
            fds[n++] = (struct pollfd){.fd = driver->hooks[i].pidfd, .events = POLLIN};
            if (driver->hooks[i].pidfd < 0) timeout_ms = SLICE_WITHOUT_PIDFD_MS;
        }
        if (n == 0 || atomic_load(quits) > 1) return;
        (void)poll(fds, n, timeout_ms);
    }
}

void dln_hooks_release(struct dln_driver *driver)
{
    for (size_t i = 0; i < DLN_HOOK_COUNT; i++) {
        struct dln_hook *hook = &driver->hooks[i];
        if (hook->pid != 0) {
            (void)kill(-hook->pid, SIGKILL);
            while (waitpid(hook->pid, NULL, 0) < 0 && errno == EINTR) {}
            forget(hook);
        }
        dln_strbuf_release(&hook->text);
    }
}
