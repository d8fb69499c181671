#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/watcher.h"

#define LINE_BYTES_MAX 65536 /* a longer line is printed in pieces */

struct tail {
    int fd;   /* -1: the file does not exist (yet): nothing was written */
    off_t at; /* read so far */
    bool raw;
    struct dln_strbuf line; /* begun, its end not seen yet */
};

static void print_line(struct tail *tail)
{
    struct dln_strbuf shown = {0};
    harmless(&shown, dln_strbuf_text(&tail->line), SIZE_MAX);
    dln_strbuf_add_char(&shown, '\n');
    fwrite(dln_strbuf_text(&shown), 1, shown.len, stdout);
    dln_strbuf_release(&shown);
    dln_strbuf_reset(&tail->line);
}

static void take_bytes(struct tail *tail, const char *bytes, size_t len)
{
    if (tail->raw) {
        fwrite(bytes, 1, len, stdout);
        return;
    }
    for (size_t i = 0; i < len; i++) {
        const char c = bytes[i] != '\0' ? bytes[i] : (char)' '; /* a NUL would end the line */
        if (c != '\n') dln_strbuf_add_char(&tail->line, c);
        if (c == '\n' || tail->line.len >= LINE_BYTES_MAX) print_line(tail);
    }
}

static bool open_log(struct tail *tail, const char *path, struct dln_error *err)
{
    if (tail->fd >= 0) return true;
    tail->fd = open(path, O_RDONLY | O_CLOEXEC);
    return tail->fd >= 0 || errno == ENOENT || dln_fail_errno(err, errno, "open '%s'", path);
}

/* Prints what the file has more than was read. */
static bool read_more(struct tail *tail, const char *path, struct dln_error *err)
{
    if (!open_log(tail, path, err)) return false;
    if (tail->fd < 0) return true;
    struct stat info;
    if (fstat(tail->fd, &info) == 0 && info.st_size < tail->at) tail->at = 0; /* begun anew */
    char bytes[16384];
    for (;;) {
        const ssize_t n = pread(tail->fd, bytes, sizeof bytes, tail->at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return dln_fail_errno(err, errno, "read '%s'", path);
        if (n == 0) break;
        tail->at += n;
        take_bytes(tail, bytes, (size_t)n);
    }
    return fflush(stdout) == 0 || dln_fail_errno(err, errno, "write to standard output");
}

/* Where the last `lines` lines begin. */
static off_t start_of_last(int fd, int64_t lines)
{
    struct stat info;
    if (fstat(fd, &info) != 0) return 0;
    char bytes[16384];
    off_t at = info.st_size;
    bool is_last_byte = true;
    while (at > 0) {
        const off_t from = at > (off_t)sizeof bytes ? at - (off_t)sizeof bytes : 0;
        const ssize_t n = pread(fd, bytes, (size_t)(at - from), from);
        if (n != at - from) return 0;
        for (ssize_t i = n - 1; i >= 0; i--) {
            const bool ends_line = bytes[i] == '\n' && !is_last_byte;
            is_last_byte = false;
            if (ends_line && --lines == 0) return from + i + 1;
        }
        at = from;
    }
    return 0;
}

static bool is_unfinished(struct opened *study, int64_t number)
{
    struct dln_arena arena = {0};
    struct dln_trial now;
    struct dln_error err = {0};
    const bool known = dln_store_trial(study->store, study->summary.id, study->space,
                                       study->summary.n_objectives, number, &arena, &now, &err);
    const bool unfinished = known ? now.state == DLN_TRIAL_RUNNING : err.code == DLN_BUSY;
    dln_arena_release(&arena);
    return unfinished;
}

static bool print_log(struct opened *study, const struct dln_trial *trial, const char *path,
                      const struct options *options, struct dln_error *err)
{
    int64_t lines = 0;
    if (!option_whole(options, "lines", 1, INT64_MAX, &lines, err)) return false;
    struct tail tail = {.fd = -1, .raw = option_given(options, "raw")};
    if (!open_log(&tail, path, err)) return false;
    if (lines > 0 && tail.fd >= 0) tail.at = start_of_last(tail.fd, lines);
    bool ok = true;
    if (option_given(options, "follow")) {
        struct watcher watcher;
        watcher_open(&watcher, path);
        bool unfinished = true;
        while (ok && unfinished) {
            unfinished = is_unfinished(study, trial->number); /* before the last read */
            ok = read_more(&tail, path, err);
            if (ok && unfinished) watcher_wait(&watcher, 1000);
        }
        watcher_close(&watcher);
    } else {
        ok = read_more(&tail, path, err);
    }
    if (tail.line.len > 0) print_line(&tail);
    if (ok && tail.fd < 0) {
        say(stderr, "dialin: trial #%" PRId64 " wrote nothing to standard %s", trial->number,
            option_given(options, "stderr") ? "error" : "output");
    }
    dln_strbuf_release(&tail.line);
    if (tail.fd >= 0) close(tail.fd);
    return ok;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_trial trial;
    struct dln_error err = {0};
    if (!opened_glance(options, options->words[0], &study, &err)) {
        return complain(&err);
    }
    bool ok = opened_trial(&study, options->words[1], &trial, &err);
    if (ok) {
        const char *const folder = opened_run_dir(&study, &trial);
        const char *const name = option_given(options, "stderr") ? "stderr" : "stdout";
        const char *const path =
            folder ? dln_arena_printf(&study.arena, "%s/%s", folder, name) : NULL;
        ok = path ? print_log(&study, &trial, path, options, &err)
                  : dln_fail(&err, DLN_NOT_FOUND, "trial #%" PRId64 " has no log: %s", trial.number,
                             trial.state == DLN_TRIAL_WAITING ? "it waits for a free slot"
                             : trial.is_ours ? "its engine was gone before it was on its way"
                                             : "dialin did not run it");
    }
    opened_release(&study);
    return ok ? STATUS_DONE : complain(&err);
}

static const struct option options_logs[] = {
    {.name = "stderr", .alias = 'e', .help = "what it wrote to standard error (default: output)"},
    {.name = "follow", .alias = 'f', .help = "go on until the trial ends"},
    {.name = "lines", .alias = 'n', .value = "N", .help = "only the last N lines"},
    {.name = "raw", .help = "byte by byte, control characters too"},
    OPTION_STUDY,
    {0},
};

const struct command command_logs = {
    .name = "logs",
    .group = GROUP_LOOK,
    .words = "STUDY NUMBER",
    .summary = "what a trial printed",
    .options = options_logs,
    .min_words = 2,
    .max_words = 2,
    .run = run,
};
