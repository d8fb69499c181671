#define _GNU_SOURCE /* sigabbrev_np, strcasestr */
#include "exec/run_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dialin/num.h"
#include "dialin/strbuf.h"

static void put(char out[DLN_RUN_TEXT_MAX], const char *format, ...) DLN_PRINTF(2, 3);

static void put(char out[DLN_RUN_TEXT_MAX], const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (vsnprintf(out, DLN_RUN_TEXT_MAX, format, args) < 0) out[0] = '\0';
    va_end(args);
}

static void exec_text(int error, const char *program, const char *directory,
                      char out[DLN_RUN_TEXT_MAX], bool *pointless)
{
    const bool is_path = strchr(program, '/') != NULL;
    char why[128];
    *pointless = true;
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        if (!is_path) {
            put(out, "program '%.200s' was not found in PATH", program);
        } else {
            put(out,
                "program '%.200s' does not exist, or the interpreter in its first line does not "
                "(seen from '%.200s')",
                program, directory);
        }
        return;
    case EACCES:
    case EPERM:
        put(out, "program '%.200s' is not executable (chmod +x makes it so)", program);
        return;
    case ENOEXEC:
        put(out,
            "'%.200s' is not a program: its first line should name an interpreter, as in #!/bin/sh",
            program);
        return;
    case E2BIG:
        put(out,
            "the command line of '%.200s' and its environment are longer than this machine allows",
            program);
        return;
    default:
        *pointless = error == EISDIR || error == ELOOP || error == ENAMETOOLONG;
        put(out, "program '%.200s' cannot be started: %s", program,
            strerror_r(error, why, sizeof why));
        return;
    }
}

void dln_run_failure_text(const struct dln_wire *failed, const char *program, const char *directory,
                          char out[DLN_RUN_TEXT_MAX], bool *pointless)
{
    char why[128];
    const char *reason = strerror_r(failed->code, why, sizeof why);
    *pointless = false;
    switch (failed->stage) {
    case DLN_STAGE_EXEC: exec_text(failed->code, program, directory, out, pointless); return;
    case DLN_STAGE_CHDIR:
        *pointless = failed->code == ENOENT || failed->code == ENOTDIR || failed->code == EACCES;
        put(out, "the working directory '%.200s' cannot be entered: %s", directory, reason);
        return;
    case DLN_STAGE_LIMIT: put(out, "the memory limit cannot be set: %s", reason); return;
    default:
        if (failed->code == E2BIG) {
            exec_text(E2BIG, program, directory, out, pointless);
        } else {
            put(out, "no process for '%.200s': %s", program, reason);
        }
        return;
    }
}

void dln_run_log_text(const struct dln_trial_log logs[DLN_STREAMS], char out[DLN_RUN_TEXT_MAX])
{
    static const char *const names[DLN_STREAMS] = {"stdout", "stderr"};
    out[0] = '\0';
    for (int i = 0; i < DLN_STREAMS; i++) {
        char why[128];
        if (logs[i].error == 0) continue;
        put(out, "log '%s' stopped: %s", names[i], strerror_r(logs[i].error, why, sizeof why));
        return;
    }
}

static void add_seconds(struct dln_strbuf *out, const char *name, double seconds)
{
    const long long us = llround(seconds * 1e6);
    dln_strbuf_addf(out, "%s %lld.%06lld\n", name, us / 1000000, us % 1000000);
}

/* A new file, not a replaced one: ext4 waits for the disk when a file is replaced. */
static void write_file(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST && unlink(path) == 0) {
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    if (fd < 0) return;
    while (len > 0) {
        const ssize_t put_now = write(fd, text, len);
        if (put_now < 0 && errno == EINTR) continue;
        if (put_now < 0) break;
        text += put_now;
        len -= (size_t)put_now;
    }
    (void)close(fd);
}

void dln_run_status_write(const char *run_dir, const struct dln_run_event *event,
                          const struct dln_trial_log logs[DLN_STREAMS], int64_t cut_lines)
{
    struct dln_strbuf text = {0};
    if (event->kind == DLN_RUN_FAILED) {
        dln_strbuf_addf(&text, "not started: %s\n", event->text);
    } else if (event->guardian_lost) {
        dln_strbuf_add(&text, "lost\n");
    } else if (event->by_worker && event->text[0]) {
        dln_strbuf_addf(&text, "failed: %s\n", event->text);
    } else if (event->by_worker) {
        dln_strbuf_add(&text, "answered\n");
    } else if (event->signal != 0) {
        const char *name = sigabbrev_np(event->signal);
        if (name) {
            dln_strbuf_addf(&text, "signal %s\n", name);
        } else {
            dln_strbuf_addf(&text, "signal %d\n", event->signal);
        }
    } else if (event->has_exit) {
        dln_strbuf_addf(&text, "exit %d\n", event->exit_status);
    } else {
        dln_strbuf_add(&text, "ended with dialin\n");
    }
    if (event->oom) dln_strbuf_add(&text, "out of memory\n");
    if (event->has_exit && !event->by_worker) { /* a worker's usage is that of many trials */
        add_seconds(&text, "user_s", event->user_s);
        add_seconds(&text, "system_s", event->system_s);
        dln_strbuf_addf(&text, "max_rss_bytes %" PRId64 "\n", event->max_rss_bytes);
    }
    dln_strbuf_addf(&text, "stdout_bytes %" PRId64 "\nstderr_bytes %" PRId64 "\n",
                    logs[DLN_STREAM_OUT].total, logs[DLN_STREAM_ERR].total);
    if (cut_lines > 0) dln_strbuf_addf(&text, "lines_over_64_kib %" PRId64 "\n", cut_lines);
    char problem[DLN_RUN_TEXT_MAX];
    dln_run_log_text(logs, problem);
    if (problem[0]) dln_strbuf_addf(&text, "%s\n", problem);
    struct dln_strbuf path = {0};
    dln_strbuf_addf(&path, "%s/status", run_dir);
    if (dln_strbuf_ok(&text) && dln_strbuf_ok(&path)) {
        write_file(dln_strbuf_text(&path), dln_strbuf_text(&text), text.len);
    }
    dln_strbuf_release(&path);
    dln_strbuf_release(&text);
}

int64_t dln_oom_kill_count(void)
{
    const int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    char text[16 * 1024];
    size_t len = 0;
    for (;;) {
        const ssize_t got = read(fd, text + len, sizeof text - 1 - len);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        len += (size_t)got;
    }
    (void)close(fd);
    text[len] = '\0';
    static const char key[] = "\noom_kill ";
    const char *at = strstr(text, key);
    int64_t count;
    if (!at) return -1;
    at += sizeof key - 1;
    return dln_num_parse_int(at, strcspn(at, "\n"), &count) ? count : -1;
}

bool dln_run_text_says_oom(const char *text)
{
    /* C++, CUDA and PyTorch, JAX, Python, Java, Go, malloc's errno, Rust. */
    static const char *const words[] = {"out of memory",      "bad_alloc",
                                        "memory exhausted",   "MemoryError",
                                        "OutOfMemoryError",   "Cannot allocate memory",
                                        "RESOURCE_EXHAUSTED", "memory allocation of"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasestr(text, words[i])) return true;
    }
    return false;
}

bool dln_run_says_oom(const struct dln_run_output *output)
{
    char text[DLN_LAST_WORDS + 1];
    dln_run_output_last_words(output, text);
    return dln_run_text_says_oom(text);
}
