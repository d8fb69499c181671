#define _GNU_SOURCE /* pipe2, syscall, POSIX_SPAWN_SETSID */
#include "exec/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/text.h"

#define NS_PER_MS ((int64_t)1000000)

enum {
    KILL_AFTER_MS = 2000, /* TERM to KILL of one that is late */
    DRAIN_MS = 200,       /* from its exit to the end of what it left behind */
    NO_PIDFD_MS = 20,
    LAST_WORDS_COLUMNS = 300
};

void dln_child_init(struct dln_child *child)
{
    *child = (struct dln_child){.pidfd = -1, .fd = {-1, -1}};
}

static void close_fd(int *fd)
{
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}

static void close_all(struct dln_child *child)
{
    close_fd(&child->pidfd);
    close_fd(&child->fd[0]);
    close_fd(&child->fd[1]);
}

void dln_child_release(struct dln_child *child)
{
    if (child->pid != 0 && !child->has_status) {
        (void)kill(-child->pid, SIGKILL); /* not reaped yet: the number is still its own */
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {}
    }
    close_all(child);
    dln_strbuf_release(&child->text[0]);
    dln_strbuf_release(&child->text[1]);
    dln_child_init(child);
}

void dln_child_abandon(struct dln_child *child)
{
    child->pid = 0;
    dln_child_release(child);
}

static int spawn(char *const *argv, char *const *envp, int out, int err, pid_t *pid)
{
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
        if (error == 0) {
            error = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
        }
        if (error == 0) error = posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
        if (error == 0) error = posix_spawn_file_actions_adddup2(&files, err, STDERR_FILENO);
        if (error == 0) error = posix_spawnp(pid, argv[0], &files, &attributes, argv, envp);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return error;
}

/* An end on 0, 1 or 2 would be in the way of the child's own. */
static bool make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    for (int i = 0; i < 2; i++) {
        if (ends[i] > STDERR_FILENO) continue;
        const int higher = fcntl(ends[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (higher < 0) continue;
        (void)close(ends[i]);
        ends[i] = higher;
    }
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return true;
}

bool dln_child_start(struct dln_child *child, char *const *argv, char *const *envp,
                     int64_t limit_ms, struct dln_error *err)
{
    int write_end[2] = {-1, -1};
    int error = 0;
    dln_child_release(child);
    for (int i = 0; i < 2 && error == 0; i++) {
        int ends[2];
        if (!make_pipe(ends)) {
            error = errno;
            break;
        }
        child->fd[i] = ends[0];
        write_end[i] = ends[1];
    }
    if (error == 0) error = spawn(argv, envp, write_end[0], write_end[1], &child->pid);
    close_fd(&write_end[0]);
    close_fd(&write_end[1]);
    if (error != 0) {
        child->pid = 0;
        close_all(child);
        return dln_fail_errno(err, error, "start '%.100s'", argv[0]);
    }
    child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
    child->started_ns = dln_clock_mono_ns();
    child->deadline_ns = child->started_ns + limit_ms * NS_PER_MS;
    return true;
}

size_t dln_child_poll(const struct dln_child *child, struct pollfd *fds, int64_t *deadline_ns)
{
    if (child->pid == 0) return 0;
    size_t n = 0;
    for (int i = 0; i < 2; i++) {
        if (child->fd[i] >= 0) fds[n++] = (struct pollfd){.fd = child->fd[i], .events = POLLIN};
    }
    if (!child->has_status && child->pidfd >= 0) {
        fds[n++] = (struct pollfd){.fd = child->pidfd, .events = POLLIN};
    }
    int64_t until = child->has_status ? child->drained_ns : child->deadline_ns;
    if (!child->has_status && child->pidfd < 0) {
        const int64_t soon = dln_clock_mono_ns() + NO_PIDFD_MS * NS_PER_MS;
        if (soon < until) until = soon;
    }
    if (until < *deadline_ns) *deadline_ns = until;
    return n;
}

static void read_text(struct dln_child *child, int stream)
{
    char bytes[16 * 1024];
    while (child->fd[stream] >= 0) {
        const ssize_t got = read(child->fd[stream], bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (got <= 0) {
            close_fd(&child->fd[stream]);
            return;
        }
        struct dln_strbuf *text = &child->text[stream];
        if (text->len < DLN_CHILD_ANSWER_MAX) dln_strbuf_add_len(text, bytes, (size_t)got);
    }
}

bool dln_child_work(struct dln_child *child, int64_t now_ns)
{
    if (child->pid == 0) return false;
    read_text(child, 0);
    read_text(child, 1);
    if (!child->has_status) {
        const pid_t got = waitpid(child->pid, &child->status, WNOHANG);
        if (got == child->pid || (got < 0 && errno != EINTR)) {
            child->has_status = true;
            if (got < 0) child->status = SIGKILL;
            child->drained_ns = now_ns + DRAIN_MS * NS_PER_MS;
            read_text(child, 0);
            read_text(child, 1);
        } else if (now_ns >= child->deadline_ns) {
            (void)kill(-child->pid, child->is_late ? SIGKILL : SIGTERM);
            child->is_killed = child->is_late;
            child->is_late = true;
            child->deadline_ns = now_ns + KILL_AFTER_MS * NS_PER_MS;
        }
    }
    if (!child->has_status) return false;
    if ((child->fd[0] >= 0 || child->fd[1] >= 0) && now_ns < child->drained_ns) return false;
    close_all(child);
    child->pid = 0;
    return true;
}

int dln_child_exit(const struct dln_child *child)
{
    return WIFEXITED(child->status) ? WEXITSTATUS(child->status) : -1;
}

void dln_child_last_words(const struct dln_child *child, struct dln_strbuf *out)
{
    for (int i = 1; i >= 0; i--) {
        const char *text = dln_strbuf_text(&child->text[i]);
        size_t end = strlen(text);
        while (end > 0 && (unsigned char)text[end - 1] <= ' ')
            end--;
        size_t start = end;
        while (start > 0 && text[start - 1] != '\n')
            start--;
        if (start == end) continue;
        dln_text_show(out, text + start, end - start, LAST_WORDS_COLUMNS, false);
        return;
    }
}
