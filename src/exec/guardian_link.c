#define _GNU_SOURCE /* memfd_create, POSIX_SPAWN_SETSID, environ */
#include "exec/guardian_link.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/strbuf.h"

enum { GUARDIAN_FD = 3 };

static int spawn_guardian(const char *program, int socket, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) return error;
    if ((error = posix_spawnattr_init(&attr)) != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    sigset_t all;
    sigset_t none;
    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    /* Not standard output and error: a terminal stays open as long as somebody holds it. */
    if ((error = posix_spawn_file_actions_adddup2(&actions, socket, GUARDIAN_FD)) == 0 &&
        (error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)) == 0 &&
        (error = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)) == 0 &&
        (error = posix_spawn_file_actions_adddup2(&actions, 1, 2)) == 0 &&
        (error = posix_spawnattr_setsigdefault(&attr, &all)) == 0 &&
        (error = posix_spawnattr_setsigmask(&attr, &none)) == 0 &&
        (error = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                                                     POSIX_SPAWN_SETSID)) == 0) {
        char name[] = "dialin";
        char verb[] = "--guardian";
        char number[] = "3";
        char *const argv[] = {name, verb, number, NULL};
        error = posix_spawn(pid, program, &actions, &attr, argv, environ);
    }
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* A socket on 0, 1 or 2 would be in the way of /dev/null. */
static int move_up(int fd)
{
    if (fd > GUARDIAN_FD) return fd;
    const int higher = fcntl(fd, F_DUPFD_CLOEXEC, GUARDIAN_FD + 1);
    if (higher >= 0) (void)close(fd);
    return higher >= 0 ? higher : fd;
}

bool dln_guardian_link_open(struct dln_guardian_link *link, const char *program, int inherit_fd,
                            int64_t grace_ms, struct dln_error *err)
{
    const char *path = program ? program : "/proc/self/exe";
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        return dln_fail_errno(err, errno, "make a socket for the guardian");
    }
    pair[1] = move_up(pair[1]);
    pid_t pid;
    const int error = spawn_guardian(path, pair[1], &pid);
    (void)close(pair[1]);
    if (error != 0) {
        (void)close(pair[0]);
        return dln_fail_errno(err, error, "start the guardian '%s'", path);
    }
    *link = (struct dln_guardian_link){.socket = pair[0], .pid = pid};
    const struct dln_wire hello = {
        .kind = DLN_WIRE_HELLO,
        .grace_ms = grace_ms > 0 ? (uint32_t)(grace_ms < 60000 ? grace_ms : 60000) : 0,
    };
    const struct dln_wire_load load = {.fds = {inherit_fd}, .n_fds = inherit_fd >= 0 ? 1 : 0};
    const int told = dln_wire_send(link->socket, &hello, &load);
    if (told != 0) {
        dln_guardian_link_close(link, true);
        return dln_fail_errno(err, told, "greet the guardian");
    }
    return true;
}

void dln_guardian_link_close(struct dln_guardian_link *link, bool kill_it)
{
    if (link->socket < 0) return;
    (void)close(link->socket);
    if (kill_it) (void)kill(link->pid, SIGKILL);
    while (waitpid(link->pid, NULL, 0) < 0 && errno == EINTR) {}
    *link = (struct dln_guardian_link){.socket = -1};
}

/* ── payload ───────────────────────────────────────────────────────────────────────────────────*/

static void add_string(struct dln_strbuf *out, const char *text)
{
    dln_strbuf_add_len(out, text, strlen(text) + 1);
}

static bool is_setting(const char *entry, const char *name)
{
    const size_t len = strlen(name);
    return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

static bool write_file(const struct dln_strbuf *payload, int *out, struct dln_error *err)
{
    const int fd = memfd_create("dialin-start", MFD_CLOEXEC);
    if (fd < 0) return dln_fail_errno(err, errno, "make room for a command");
    for (size_t at = 0; at < payload->len;) {
        const ssize_t put = write(fd, payload->data + at, payload->len - at);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) {
            const int error = errno;
            (void)close(fd);
            return dln_fail_errno(err, error, "hand over a command");
        }
        at += (size_t)put;
    }
    *out = fd;
    return true;
}

bool dln_guardian_pack(const struct dln_run_request *request, struct dln_wire *head,
                       struct dln_wire_load *load, struct dln_error *err)
{
    struct dln_strbuf payload = {0};
    size_t words = 0;
    size_t settings = 0;
    bool has_threads = false;
    add_string(&payload, request->directory);
    for (; request->argv[words]; words++)
        add_string(&payload, request->argv[words]);
    for (char *const *entry = request->envp; *entry; entry++) {
        if (is_setting(*entry, "DIALIN_RUN")) continue;
        if (is_setting(*entry, "OMP_NUM_THREADS")) has_threads = true;
        add_string(&payload, *entry);
        settings++;
    }
    dln_strbuf_addf(&payload, "DIALIN_RUN=%s",
                    request->line ? request->worker_dir : request->run_dir);
    dln_strbuf_add_char(&payload, '\0');
    settings++;
    if (request->cpus > 0 && !has_threads) {
        dln_strbuf_addf(&payload, "OMP_NUM_THREADS=%d", request->cpus);
        dln_strbuf_add_char(&payload, '\0');
        settings++;
    }
    bool ok = dln_strbuf_ok(&payload);
    if (!ok) {
        (void)dln_fail(err, DLN_NOMEM, "out of memory");
    } else if ((int64_t)payload.len > DLN_WIRE_PAYLOAD_MAX || words > DLN_WIRE_WORDS_MAX ||
               settings > DLN_WIRE_WORDS_MAX) {
        ok = dln_fail(err, DLN_INVALID,
                      "the command and its environment have %zu bytes, more than a program can get",
                      payload.len);
    } else if (payload.len > DLN_WIRE_BYTES_MAX) {
        ok = write_file(&payload, &load->fds[load->n_fds], err);
        if (ok) load->n_fds++;
    } else {
        load->len = payload.len;
        ok = dln_strbuf_take(&payload, &load->bytes, err);
    }
    dln_strbuf_release(&payload);
    if (!ok) return false;
    head->n_argv = (uint32_t)words;
    head->n_env = (uint32_t)settings;
    return true;
}
