#define _GNU_SOURCE /* pipe2 */
#include "exec/run_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialin/strbuf.h"
#include "exec/metric_line.h"

static const char *const stream_names[DLN_STREAMS] = {"stdout", "stderr"};

static void close_fd(int *fd)
{
    if (*fd >= 0) (void)close(*fd);
    *fd = -1;
}

static void open_metrics(struct dln_run_output *output, int flags)
{
    if (output->metrics_fd >= 0) return;
    do { /* non-blocking, because a program may have put something there that is no file */
        output->metrics_fd = open(output->metrics_path,
                                  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0600);
    } while (output->metrics_fd < 0 && errno == EINTR);
}

void dln_run_output_make_metrics(struct dln_run_output *output)
{
    open_metrics(output, O_CREAT);
}

static bool init_metrics(struct dln_run_output *output, const char *run_dir, struct dln_error *err)
{
    struct dln_strbuf path = {0};
    dln_strbuf_addf(&path, "%s/metrics.jsonl", run_dir);
    if (!dln_strbuf_take(&path, &output->metrics_path, err)) return false;
    return unlink(output->metrics_path) == 0 || errno == ENOENT ||
           dln_fail_errno(err, errno, "put away the old file '%s'", output->metrics_path);
}

static bool init_stream(struct dln_run_output *output, int stream, const char *run_dir,
                        int64_t log_limit_bytes, int *write_fd, struct dln_error *err)
{
    if (!dln_trial_log_init(&output->log[stream], run_dir, stream_names[stream], log_limit_bytes,
                            err)) {
        return false;
    }
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return dln_fail_errno(err, errno, "make a pipe for a trial");
    /* The reading end only: the flag belongs to the pipe's end, and programs expect to block. */
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    output->fd[stream] = ends[0];
    *write_fd = ends[1];
    return true;
}

bool dln_run_output_init(struct dln_run_output *output, const char *run_dir,
                         int64_t log_limit_bytes, const dln_metric_reader *model,
                         int write_fds[DLN_STREAMS], struct dln_error *err)
{
    *output = (struct dln_run_output){.model = model, .metrics_fd = -1};
    for (int i = 0; i < DLN_STREAMS; i++) {
        output->fd[i] = -1;
        output->log[i].fd = -1;
        write_fds[i] = -1;
    }
    bool ok =
        dln_metric_reader_clone(model, &output->lines, err) && init_metrics(output, run_dir, err);
    for (int i = 0; i < DLN_STREAMS && ok; i++) {
        ok = init_stream(output, i, run_dir, log_limit_bytes, &write_fds[i], err);
    }
    if (ok) return true;
    for (int i = 0; i < DLN_STREAMS; i++)
        close_fd(&write_fds[i]);
    dln_run_output_release(output);
    return false;
}

void dln_run_output_keep_words(struct dln_run_output *output, const char *bytes, size_t len)
{
    if (len > DLN_LAST_WORDS) {
        output->last_words_total += len - DLN_LAST_WORDS;
        bytes += len - DLN_LAST_WORDS;
        len = DLN_LAST_WORDS;
    }
    const size_t place = output->last_words_total % DLN_LAST_WORDS;
    const size_t first = len < DLN_LAST_WORDS - place ? len : DLN_LAST_WORDS - place;
    memcpy(output->last_words + place, bytes, first);
    memcpy(output->last_words, bytes + first, len - first);
    output->last_words_total += len;
}

void dln_run_output_last_words(const struct dln_run_output *output, char out[DLN_LAST_WORDS + 1])
{
    const uint64_t total = output->last_words_total;
    const size_t len = total < DLN_LAST_WORDS ? (size_t)total : DLN_LAST_WORDS;
    for (size_t i = 0; i < len; i++) {
        const char c = output->last_words[(total - len + i) % DLN_LAST_WORDS];
        out[i] = c ? c : ' ';
    }
    out[len] = '\0';
}

enum dln_read_result dln_run_output_read(struct dln_run_output *output, int stream, char *buffer,
                                         dln_metric_sink *sink, void *context)
{
    if (output->fd[stream] < 0) return DLN_READ_ENDED;
    for (size_t sum = 0; sum < DLN_READ_TURN_BYTES;) {
        const ssize_t got = read(output->fd[stream], buffer, DLN_READ_BYTES);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return DLN_READ_BLOCKED;
        if (got <= 0) {
            close_fd(&output->fd[stream]);
            return DLN_READ_ENDED;
        }
        const size_t len = (size_t)got;
        sum += len;
        output->has_news = true;
        dln_trial_log_write(&output->log[stream], buffer, len);
        if (stream == DLN_STREAM_OUT) {
            dln_metric_feed(output->lines, buffer, len, false, sink, context);
        } else {
            dln_run_output_keep_words(output, buffer, len);
        }
    }
    return DLN_READ_MORE;
}

enum dln_read_result dln_run_output_read_metrics(struct dln_run_output *output, char *buffer,
                                                 dln_metric_sink *sink, void *context)
{
    output->has_more_metrics = false;
    open_metrics(output, 0);
    if (output->metrics_fd < 0) return DLN_READ_BLOCKED;
    for (size_t sum = 0; sum < DLN_READ_TURN_BYTES;) {
        const ssize_t got = read(output->metrics_fd, buffer, DLN_READ_BYTES);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return DLN_READ_BLOCKED; /* its end for now */
        if (!output->file_lines &&
            !dln_metric_reader_clone(output->model, &output->file_lines, NULL)) {
            return DLN_READ_BLOCKED; /* out of memory: the run is not worth less for it */
        }
        sum += (size_t)got;
        output->has_news = true;
        dln_metric_feed(output->file_lines, buffer, (size_t)got, false, sink, context);
    }
    output->has_more_metrics = true;
    return DLN_READ_MORE;
}

void dln_run_output_finish(struct dln_run_output *output, dln_metric_sink *sink, void *context)
{
    dln_metric_feed(output->lines, "", 0, true, sink, context);
    if (output->file_lines) dln_metric_feed(output->file_lines, "", 0, true, sink, context);
    for (int i = 0; i < DLN_STREAMS; i++) {
        close_fd(&output->fd[i]);
        dln_trial_log_close(&output->log[i]);
    }
    close_fd(&output->metrics_fd);
}

void dln_run_output_release(struct dln_run_output *output)
{
    for (int i = 0; i < DLN_STREAMS; i++) {
        close_fd(&output->fd[i]);
        dln_trial_log_close(&output->log[i]);
    }
    close_fd(&output->metrics_fd);
    dln_metric_reader_free(output->lines);
    dln_metric_reader_free(output->file_lines);
    free(output->metrics_path);
    output->metrics_path = NULL;
    output->lines = NULL;
    output->file_lines = NULL;
}

int64_t dln_run_output_cut_lines(const struct dln_run_output *output)
{
    return dln_metric_reader_cut_lines(output->lines) +
           (output->file_lines ? dln_metric_reader_cut_lines(output->file_lines) : 0);
}
