#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np */
#include "draft/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/clock.h"

enum { BYTES_MAX = 256 * 1024 };

extern char **environ;

/* The environment, and wide lines: argparse and click break theirs at COLUMNS. */
static char **wide_environment(void)
{
    static char columns[] = "COLUMNS=200";
    size_t n = 0, at = 0;
    while (environ[n])
        n++;
    char **const out = calloc(n + 2, sizeof *out);
    if (!out) return NULL;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(environ[i], "COLUMNS=", 8) != 0) out[at++] = environ[i];
    }
    out[at] = columns;
    return out;
}

static int start(char *const *argv, const char *folder, int write_fd, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    char **const environment = wide_environment();
    if (!environment) return ENOMEM;
    (void)sigemptyset(&none);
    (void)sigfillset(&usual);
    int code = posix_spawn_file_actions_init(&files);
    if (code != 0) {
        free(environment);
        return code;
    }
    code = posix_spawnattr_init(&attributes);
    if (code == 0) {
        code = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
        if (code == 0) code = posix_spawn_file_actions_adddup2(&files, write_fd, 1);
        if (code == 0) code = posix_spawn_file_actions_adddup2(&files, write_fd, 2);
        if (code == 0 && folder) code = posix_spawn_file_actions_addchdir_np(&files, folder);
        if (code == 0) code = posix_spawnattr_setsigmask(&attributes, &none);
        if (code == 0) code = posix_spawnattr_setsigdefault(&attributes, &usual);
        if (code == 0) code = posix_spawnattr_setpgroup(&attributes, 0);
        if (code == 0) {
            code = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                                             POSIX_SPAWN_SETSIGMASK |
                                                             POSIX_SPAWN_SETSIGDEF);
        }
        if (code == 0) {
            code = posix_spawnp(pid, argv[0], &files, &attributes, argv, environment);
        }
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    free(environment);
    return code;
}

/* To its end, or the deadline: false. */
static bool drain(int fd, int limit_ms, struct dln_strbuf *out)
{
    const int64_t end_ns = dln_clock_mono_ns() + (int64_t)limit_ms * 1000000;
    char bytes[4096];
    for (;;) {
        const int64_t left_ms = (end_ns - dln_clock_mono_ns()) / 1000000;
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0) return false;
        if (poll(&poller, 1, (int)left_ms) <= 0) continue;
        const ssize_t n = read(fd, bytes, sizeof bytes);
        if (n == 0 || (n < 0 && errno != EINTR)) return true;
        if (n > 0 && out->len + (size_t)n <= BYTES_MAX) {
            dln_strbuf_add_len(out, bytes, (size_t)n);
        }
    }
}

bool capture(char *const *argv, const char *folder, int limit_ms, struct dln_strbuf *out,
             struct dln_error *err)
{
    int fds[2];
    pid_t pid;
    if (pipe(fds) != 0) return dln_fail_errno(err, errno, "make a pipe");
    (void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
    const int code = start(argv, folder, fds[1], &pid);
    (void)close(fds[1]);
    if (code != 0) {
        (void)close(fds[0]);
        return dln_fail(err, DLN_NOT_FOUND, "start '%s': %s", argv[0], strerror(code));
    }
    const bool has_ended = drain(fds[0], limit_ms, out);
    (void)close(fds[0]);
    (void)kill(-pid, SIGKILL); /* what it has left behind, too */
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    if (!has_ended) {
        return dln_fail(err, DLN_TIMEOUT, "'%s' was still running after %d s", argv[0],
                        limit_ms / 1000);
    }
    return dln_strbuf_ok(out) || dln_fail(err, DLN_NOMEM, "out of memory");
}
