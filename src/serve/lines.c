/*
 * A conversation over two descriptors. All lines that have come are answered before the answers are
 * written, so a client that sends many at once pays for one write; a line above the limit is passed
 * over without being kept.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "serve/tuner.h"

enum { READ_BYTES = 65536, BEAT_MS = 30000 };
#define NS_PER_MS INT64_C(1000000)

struct lines {
    dln_tuner *tuner;
    int in_fd, out_fd;
    char *bytes; /* a part of a line, then what was just read */
    size_t len, cap;
    int64_t beat_ns; /* the next sign of life is due */
    bool is_long;    /* inside a line above the limit */
    bool is_over;    /* end of input, or nobody reads the answers */
    struct dln_strbuf answers;
};

/* ── reading ───────────────────────────────────────────────────────────────────────────────────*/

static bool wait_to_write(int fd, struct dln_error *err)
{
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    while (poll(&one, 1, -1) < 0) {
        if (errno != EINTR) return dln_fail_errno(err, errno, "wait for the client");
    }
    return true;
}

/*
 * Waits for the client, beating while it takes its time. A beat that fails is no matter for the
 * client: the next one may work, and each request says for itself what does not.
 */
static bool wait_for_lines(struct lines *lines, struct dln_error *err)
{
    struct pollfd one = {.fd = lines->in_fd, .events = POLLIN};
    for (;;) {
        int64_t now = dln_clock_mono_ns();
        if (now >= lines->beat_ns) {
            struct dln_error ignored = {0};
            if (!dln_tuner_beat(lines->tuner, &ignored)) dln_error_reset(&ignored);
            now = dln_clock_mono_ns();
            lines->beat_ns = now + BEAT_MS * NS_PER_MS;
        }
        const int ready = poll(&one, 1, (int)((lines->beat_ns - now) / NS_PER_MS) + 1);
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return dln_fail_errno(err, errno, "wait for the client");
    }
}

static bool make_room(struct lines *lines, struct dln_error *err)
{
    if (lines->cap - lines->len >= READ_BYTES) return true;
    const size_t cap = lines->cap * 2 + READ_BYTES;
    char *bytes = realloc(lines->bytes, cap);
    if (!bytes) return dln_fail(err, DLN_NOMEM, "out of memory for a request");
    lines->bytes = bytes;
    lines->cap = cap;
    return true;
}

static bool read_some(struct lines *lines, struct dln_error *err)
{
    if (!make_room(lines, err)) return false;
    for (;;) {
        if (!wait_for_lines(lines, err)) return false;
        const ssize_t n = read(lines->in_fd, lines->bytes + lines->len, READ_BYTES);
        if (n >= 0) {
            lines->len += (size_t)n;
            lines->is_over = n == 0;
            return true;
        }
        if (errno != EINTR && errno != EAGAIN) {
            return dln_fail_errno(err, errno, "read requests");
        }
    }
}

/* ── answering ─────────────────────────────────────────────────────────────────────────────────*/

static void answer_long(struct lines *lines)
{
    dln_strbuf_addf(&lines->answers,
                    "{\"error\": {\"code\": \"too-long\", \"message\": \"a request of more than %d"
                    " bytes\"}}\n",
                    DLN_LINE_BYTES_MAX);
}

/* Answers the whole lines; what is left is the beginning of one. */
static void answer_lines(struct lines *lines)
{
    size_t from = 0;
    for (;;) {
        const char *start = lines->bytes + from;
        const char *end = memchr(start, '\n', lines->len - from);
        if (!end) break;
        const size_t len = (size_t)(end - start);
        if (lines->is_long || len > DLN_LINE_BYTES_MAX) {
            answer_long(lines);
        } else {
            dln_tuner_answer(lines->tuner, start, len, &lines->answers);
        }
        lines->is_long = false;
        from += len + 1;
    }
    lines->len -= from;
    if (lines->len > 0) memmove(lines->bytes, lines->bytes + from, lines->len);
    if (lines->is_long || lines->len > DLN_LINE_BYTES_MAX) {
        lines->is_long = true;
        lines->len = 0;
    }
}

/* A last line without a line feed counts. */
static void answer_rest(struct lines *lines)
{
    if (lines->is_long) {
        answer_long(lines);
    } else if (lines->len > 0) {
        dln_tuner_answer(lines->tuner, lines->bytes, lines->len, &lines->answers);
    }
}

static bool write_answers(struct lines *lines, struct dln_error *err)
{
    size_t done = 0;
    if (!dln_strbuf_ok(&lines->answers)) return dln_fail(err, DLN_NOMEM, "out of memory");
    while (done < lines->answers.len) {
        const ssize_t n =
            write(lines->out_fd, lines->answers.data + done, lines->answers.len - done);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno == EPIPE) {
            lines->is_over = true;
            break;
        } else if (errno == EAGAIN) {
            if (!wait_to_write(lines->out_fd, err)) return false;
        } else if (errno != EINTR) {
            return dln_fail_errno(err, errno, "write answers");
        }
    }
    dln_strbuf_reset(&lines->answers);
    return true;
}

bool dln_tuner_serve(dln_tuner *tuner, int in_fd, int out_fd, struct dln_error *err)
{
    struct lines lines = {.tuner = tuner, .in_fd = in_fd, .out_fd = out_fd};
    lines.beat_ns = dln_clock_mono_ns() + BEAT_MS * NS_PER_MS;
    bool ok = true;
    while (ok && !lines.is_over) {
        ok = read_some(&lines, err);
        if (!ok) break;
        answer_lines(&lines);
        if (lines.is_over) answer_rest(&lines);
        ok = write_answers(&lines, err);
    }
    dln_strbuf_release(&lines.answers);
    free(lines.bytes);
    return ok;
}
