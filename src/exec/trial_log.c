#include "exec/trial_log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialin/strbuf.h"

enum { LIMIT_MIN = 4, COPY_BYTES = 64 * 1024, NOTE_BYTES = 80 };

bool dln_trial_log_init(struct dln_trial_log *log, const char *run_dir, const char *name,
                        int64_t limit_bytes, struct dln_error *err)
{
    struct dln_strbuf path = {0};
    dln_strbuf_addf(&path, "%s/%s", run_dir, name);
    char *text;
    if (!dln_strbuf_take(&path, &text, err)) return false;
    if (unlink(text) != 0 && errno != ENOENT) {
        (void)dln_fail_errno(err, errno, "put away the old log '%s'", text);
        free(text);
        return false;
    }
    const int64_t limit = limit_bytes > LIMIT_MIN ? limit_bytes : LIMIT_MIN;
    *log = (struct dln_trial_log){
        .fd = -1, .path = text, .head_cap = limit / 4, .tail_cap = limit - limit / 4};
    return true;
}

static void open_file(struct dln_trial_log *log)
{
    do {
        log->fd = open(log->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    } while (log->fd < 0 && errno == EINTR);
    if (log->fd < 0) log->error = errno;
}

static bool write_at(int fd, const char *bytes, size_t len, int64_t offset, int *error)
{
    while (len > 0) {
        const ssize_t put = pwrite(fd, bytes, len, (off_t)offset);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) {
            *error = put < 0 ? errno : EIO;
            return false;
        }
        bytes += put;
        len -= (size_t)put;
        offset += put;
    }
    return true;
}

/* Where the byte number `at` of the output has its place in the file. */
static int64_t place_of(const struct dln_trial_log *log, int64_t at)
{
    return at < log->head_cap ? at : log->head_cap + (at - log->head_cap) % log->tail_cap;
}

void dln_trial_log_write(struct dln_trial_log *log, const char *bytes, size_t len)
{
    if (log->fd < 0 && log->error == 0 && log->path) open_file(log);
    while (len > 0) {
        const int64_t place = place_of(log, log->total);
        const int64_t end =
            log->total < log->head_cap ? log->head_cap : log->head_cap + log->tail_cap;
        const size_t part = (int64_t)len < end - place ? len : (size_t)(end - place);
        if (log->error == 0 && log->fd >= 0)
            (void)write_at(log->fd, bytes, part, place, &log->error);
        log->total += (int64_t)part;
        bytes += part;
        len -= part;
    }
}

static bool copy_range(int from, int64_t start, int64_t end, int to, int64_t *offset, char *buffer)
{
    int error;
    while (start < end) {
        const size_t want = end - start < COPY_BYTES ? (size_t)(end - start) : COPY_BYTES;
        const ssize_t got = pread(from, buffer, want, (off_t)start);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || !write_at(to, buffer, (size_t)got, *offset, &error)) return false;
        start += got;
        *offset += got;
    }
    return true;
}

/* Head, a note on a line of its own, tail: from the file as it stands into `to`. */
static bool write_in_order(const struct dln_trial_log *log, int to, char *buffer)
{
    int64_t offset = 0;
    int error;
    if (!copy_range(log->fd, 0, log->head_cap, to, &offset, buffer)) return false;
    char last = '\n';
    if (log->head_cap > 0 && pread(log->fd, &last, 1, (off_t)log->head_cap - 1) != 1) return false;
    char note[NOTE_BYTES];
    const int len = snprintf(note, sizeof note, "%s\u2026 %" PRId64 " bytes left out \u2026\n",
                             last == '\n' ? "" : "\n", log->total - log->head_cap - log->tail_cap);
    if (len <= 0 || !write_at(to, note, (size_t)len, offset, &error)) return false;
    offset += len;
    const int64_t oldest = place_of(log, log->total);
    return copy_range(log->fd, oldest, log->head_cap + log->tail_cap, to, &offset, buffer) &&
           copy_range(log->fd, log->head_cap, oldest, to, &offset, buffer);
}

static void put_in_order(struct dln_trial_log *log)
{
    struct dln_strbuf path = {0};
    dln_strbuf_addf(&path, "%s.sorting", log->path);
    char *buffer = malloc(COPY_BYTES);
    if (buffer && dln_strbuf_ok(&path)) {
        const char *name = dln_strbuf_text(&path);
        const int to = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (to >= 0) {
            const bool ok = write_in_order(log, to, buffer);
            if (close(to) != 0 || !ok || rename(name, log->path) != 0) (void)unlink(name);
        }
    }
    free(buffer);
    dln_strbuf_release(&path);
}

void dln_trial_log_close(struct dln_trial_log *log)
{
    if (!log->path) return;
    if (log->error == 0 && log->total > log->head_cap + log->tail_cap) put_in_order(log);
    if (log->fd >= 0) (void)close(log->fd);
    free(log->path);
    log->fd = -1;
    log->path = NULL;
}
