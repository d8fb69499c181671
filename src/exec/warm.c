#define _GNU_SOURCE /* pipe2 */
#include "exec/warm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/json.h"
#include "dialin/text.h"
#include "exec/metric_line.h"
#include "exec/run_text.h"

#define NS_PER_MS ((int64_t)1000000)
enum { TEXT_COLUMNS = 200, DEAF_MS = 250 };

/* ── made and freed ────────────────────────────────────────────────────────────────────────────*/

bool dln_warm_new(const struct dln_run_request *request, int64_t log_limit_bytes,
                  struct dln_warm **out, int *read_end, struct dln_error *err)
{
    int ends[2];
    struct dln_warm *warm = calloc(1, sizeof *warm);
    if (!warm) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (pipe2(ends, O_CLOEXEC) != 0) {
        free(warm);
        return dln_fail_errno(err, errno, "make a pipe for a worker");
    }
    (void)fcntl(ends[1], F_SETFL, O_NONBLOCK);
    *warm = (struct dln_warm){.slot = request->slot,
                              .log_limit_bytes = log_limit_bytes,
                              .input = ends[1],
                              .number = -1,
                              .dismissed = -1};
    for (int i = 0; i < DLN_STREAMS; i++)
        warm->log[i].fd = -1;
    *read_end = ends[0];
    *out = warm;
    return true;
}

static void close_input(struct dln_warm *warm)
{
    if (warm->input >= 0) (void)close(warm->input);
    warm->input = -1;
    dln_strbuf_reset(&warm->out);
    warm->written = 0;
}

void dln_warm_free(struct dln_warm *warm)
{
    if (!warm) return;
    close_input(warm);
    for (int i = 0; i < DLN_STREAMS; i++)
        dln_trial_log_close(&warm->log[i]);
    dln_strbuf_release(&warm->out);
    free(warm->trial_dir);
    free(warm->part);
    free(warm);
}

/* ── to the worker ─────────────────────────────────────────────────────────────────────────────*/

/* A worker that is gone gives EPIPE, and no signal: whose process we are in may want to live. */
static ssize_t write_quietly(int fd, const char *bytes, size_t len)
{
    sigset_t pipe_alone;
    sigset_t before;
    sigset_t pending;
    (void)sigemptyset(&pipe_alone);
    (void)sigaddset(&pipe_alone, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &pipe_alone, &before);
    (void)sigpending(&pending);
    ssize_t put;
    do {
        put = write(fd, bytes, len);
    } while (put < 0 && errno == EINTR);
    const int error = errno;
    if (put < 0 && error == EPIPE && sigismember(&pending, SIGPIPE) == 0) {
        const struct timespec at_once = {0};
        while (sigtimedwait(&pipe_alone, NULL, &at_once) < 0 && errno == EINTR) {}
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return put;
}

bool dln_warm_has_more(const struct dln_warm *warm)
{
    return warm->input >= 0 && warm->written < warm->out.len;
}

void dln_warm_flush(struct dln_run *run)
{
    struct dln_warm *warm = run->warm;
    while (dln_warm_has_more(warm)) {
        const ssize_t put = write_quietly(warm->input, warm->out.data + warm->written,
                                          warm->out.len - warm->written);
        if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (put < 0) {
            close_input(warm);
            warm->is_deaf = true;
            warm->is_leaving = true;
            if (warm->term_at_ns == 0) {
                warm->term_at_ns = dln_clock_mono_ns() + DEAF_MS * NS_PER_MS;
            }
            return;
        }
        warm->written += (size_t)put;
    }
    dln_strbuf_reset(&warm->out);
    warm->written = 0;
    if (warm->closes_input) close_input(warm);
}

static void drop_trial(struct dln_run *run)
{
    struct dln_warm *warm = run->warm;
    for (int i = 0; i < DLN_STREAMS; i++)
        dln_trial_log_close(&warm->log[i]);
    warm->has_trial = false;
    warm->owes_started = false;
    run->owner = NULL;
}

bool dln_warm_give(struct dln_run *run, const struct dln_run_request *request,
                   struct dln_error *err)
{
    static const char *const names[DLN_STREAMS] = {"stdout", "stderr"};
    struct dln_warm *warm = run->warm;
    char *trial_dir = strdup(request->run_dir);
    if (!trial_dir) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (int i = 0; i < DLN_STREAMS; i++) {
        if (!dln_trial_log_init(&warm->log[i], trial_dir, names[i], warm->log_limit_bytes, err)) {
            free(trial_dir);
            drop_trial(run);
            return false;
        }
    }
    dln_strbuf_addf(&warm->out, "%s\n", request->line);
    if (!dln_strbuf_ok(&warm->out)) {
        free(trial_dir);
        drop_trial(run);
        dln_strbuf_reset(&warm->out);
        warm->is_leaving = true; /* what it was told may lack a line */
        return dln_fail(err, DLN_NOMEM, "out of memory");
    }
    free(warm->trial_dir);
    warm->trial_dir = trial_dir;
    warm->has_trial = true;
    warm->number = request->number;
    run->owner = request->owner;
    run->asked_to_end = false;
    run->output.last_words_total = 0;
    run->output.has_news = false;
    dln_metric_reader_reset(run->output.lines);
    dln_warm_flush(run);
    if (warm->is_deaf) drop_trial(run);
    return true;
}

void dln_warm_dismiss(struct dln_run *run, int64_t now_ns, int64_t grace_ms)
{
    struct dln_warm *warm = run->warm;
    dln_strbuf_addf(&warm->out, "{\"prune\": %" PRId64 "}\n", warm->number);
    warm->dismissed = warm->number;
    warm->term_at_ns = now_ns + grace_ms * NS_PER_MS;
    dln_warm_flush(run);
}

void dln_warm_send_away(struct dln_run *run, int64_t now_ns, int64_t grace_ms)
{
    struct dln_warm *warm = run->warm;
    dln_strbuf_add(&warm->out, "{\"exit\": true}\n");
    warm->is_leaving = true;
    warm->closes_input = true;
    warm->term_at_ns = now_ns + grace_ms * NS_PER_MS;
    dln_warm_flush(run);
}

/* ── from the worker ───────────────────────────────────────────────────────────────────────────*/

struct warm_relay {
    dln_run_sink *sink;
    void *context;
    const struct dln_run *run;
    bool is_final; /* the line has the trial's value, which is no point of a curve */
};

static struct dln_run_event event_of(const struct dln_run *run, enum dln_run_event_kind kind)
{
    return (struct dln_run_event){.kind = kind,
                                  .owner = run->owner,
                                  .pid = run->pid,
                                  .pid_start = run->pid_start,
                                  .text = ""};
}

static void relay_metric(void *context, const struct dln_metric_event *metric)
{
    const struct warm_relay *relay = context;
    if (!relay->run->warm->has_trial) return;
    struct dln_run_event event = event_of(relay->run, DLN_RUN_METRIC);
    event.metric = *metric;
    if (relay->is_final) {
        event.metric.has_step = false;
        event.metric.step = -1;
    }
    relay->sink(relay->context, &event);
}

static void write_log(struct dln_run *run, int stream, const char *bytes, size_t len)
{
    struct dln_warm *warm = run->warm;
    if (len == 0) return;
    dln_trial_log_write(warm->has_trial ? &warm->log[stream] : &run->output.log[stream], bytes,
                        len);
}

/* Lines of no message, whole or in part. */
static void take_text(struct dln_run *run, const char *bytes, size_t len, dln_run_sink *sink,
                      void *context)
{
    struct warm_relay relay = {sink, context, run, false};
    write_log(run, DLN_STREAM_OUT, bytes, len);
    if (!run->warm->has_trial) return;
    dln_metric_feed(run->output.lines, bytes, len, false, relay_metric, &relay);
}

static void find_fault(struct dln_run *run, const char *what, int64_t number)
{
    struct dln_warm *warm = run->warm;
    if (warm->is_leaving && !warm->has_trial) return;
    if (warm->has_trial) {
        (void)snprintf(warm->fault, sizeof warm->fault,
                       "the worker %s #%" PRId64 ", but what it had was #%" PRId64, what, number,
                       warm->number);
    } else {
        (void)snprintf(warm->fault, sizeof warm->fault,
                       "the worker %s #%" PRId64 ", but it had no trial", what, number);
    }
    warm->is_leaving = true;
    run->owed_signal = SIGKILL;
}

/* The trial is over, by the worker's word; the process goes on. */
static void end_trial(struct dln_run *run, struct dln_run_event *event, char *buffer,
                      dln_run_sink *sink, void *context)
{
    struct dln_warm *warm = run->warm;
    struct warm_relay relay = {sink, context, run, false};
    /* What it has said on standard error before is the trial's, too. */
    (void)dln_warm_read(run, DLN_STREAM_ERR, buffer, sink, context);
    dln_metric_feed(run->output.lines, "", 0, true, relay_metric, &relay);
    event->oom = event->exit_status != 0 &&
                 (dln_run_says_oom(&run->output) || dln_run_text_says_oom(event->text));
    const int64_t cut_lines = dln_run_output_cut_lines(&run->output);
    drop_trial(run);
    warm->has_answered = true;
    run->output.has_news = false;
    if (!warm->is_leaving) { /* it was told to stop, and did */
        warm->term_at_ns = 0;
        run->kill_at_ns = 0;
        run->asked_to_end = false;
    }
    dln_run_status_write(warm->trial_dir, event, warm->log, cut_lines);
    sink(context, event);
}

static void answer(struct dln_run *run, const char *text, dln_run_sink *sink, void *context)
{
    struct dln_run_event event = event_of(run, DLN_RUN_ENDED);
    char buffer[4096];
    event.has_exit = true;
    event.by_worker = true;
    event.exit_status = text[0] ? 1 : 0;
    event.text = text;
    end_trial(run, &event, buffer, sink, context);
}

static bool has_step(const json_t *message)
{
    return json_object_get(message, "step") || json_object_get(message, "epoch") ||
           json_object_get(message, "iter") || json_object_get(message, "iteration");
}

static void answer_error(struct dln_run *run, const json_t *error, dln_run_sink *sink,
                         void *context)
{
    struct dln_strbuf shown = {0};
    const char *text = json_string_value(error);
    if (text) dln_text_show(&shown, text, strlen(text), TEXT_COLUMNS, false);
    answer(run, shown.len > 0 ? dln_strbuf_text(&shown) : "the worker failed, and does not say why",
           sink, context);
    dln_strbuf_release(&shown);
}

/* `{"trial"…` or, as Python prints a dictionary, `{'trial'…`: nobody writes that for a log. */
static bool is_meant_as_message(const char *line, size_t len)
{
    static const char word[] = "trial";
    size_t at = 1;
    while (at < len && line[at] == ' ')
        at++;
    if (at + sizeof word + 1 > len || (line[at] != '"' && line[at] != '\'')) return false;
    return memcmp(line + at + 1, word, sizeof word - 1) == 0 && line[at + sizeof word] == line[at];
}

/* Without an answer it would be waited for, perhaps for ever. */
static void find_broken(struct dln_run *run, const char *line, size_t len)
{
    struct dln_warm *warm = run->warm;
    struct dln_strbuf shown = {0};
    if (!warm->has_trial || warm->is_leaving) return;
    dln_text_show(&shown, line, len > 0 && line[len - 1] == '\n' ? len - 1 : len, 120, false);
    (void)snprintf(warm->fault, sizeof warm->fault,
                   "the worker's line is no JSON with a number as \"trial\": %s",
                   dln_strbuf_text(&shown));
    dln_strbuf_release(&shown);
    warm->is_leaving = true;
    run->owed_signal = SIGKILL;
}

/* False: it is no message, but text. */
static bool take_message(struct dln_run *run, const char *line, size_t len, dln_run_sink *sink,
                         void *context)
{
    struct dln_warm *warm = run->warm;
    json_t *message;
    if (!dln_json_read(line, len, &message, NULL)) message = NULL;
    const json_t *trial = json_object_get(message, "trial");
    if (!json_is_integer(trial)) {
        json_decref(message);
        if (is_meant_as_message(line, len)) find_broken(run, line, len);
        return false;
    }
    const int64_t number = json_integer_value(trial);
    const json_t *error = json_object_get(message, "error");
    if (!warm->has_trial || number != warm->number) {
        if (number != warm->dismissed) find_fault(run, "answered for", number);
        write_log(run, DLN_STREAM_OUT, line, len); /* no value of the trial that it has now */
        json_decref(message);
        return true;
    }
    struct warm_relay relay = {sink, context, run, !has_step(message)};
    run->output.has_news = true;
    dln_metric_feed(run->output.lines, line, len, true, relay_metric, &relay);
    if (error) {
        answer_error(run, error, sink, context);
    } else if (json_is_true(json_object_get(message, "pruned"))) {
        answer(run,
               warm->dismissed == number ? "" : "the worker stopped it, which nobody asked for",
               sink, context);
    } else if (relay.is_final) {
        answer(run, "", sink, context);
    }
    json_decref(message);
    return true;
}

static bool keep_part(struct dln_warm *warm, const char *bytes, size_t len)
{
    if (warm->part_len + len > DLN_JSON_BYTES_MAX) return false;
    if (warm->part_len + len > warm->part_cap) {
        size_t cap = warm->part_cap ? warm->part_cap : 4096;
        while (cap < warm->part_len + len)
            cap *= 2;
        char *grown = realloc(warm->part, cap);
        if (!grown) return false;
        warm->part = grown;
        warm->part_cap = cap;
    }
    memcpy(warm->part + warm->part_len, bytes, len);
    warm->part_len += len;
    return true;
}

static void give_up_part(struct dln_run *run, dln_run_sink *sink, void *context)
{
    take_text(run, run->warm->part, run->warm->part_len, sink, context);
    run->warm->part_len = 0;
    run->warm->in_text = true;
}

/* Only what begins with a brace can be a message: all else goes through at once, in one piece. */
static void take_output(struct dln_run *run, const char *bytes, size_t len, dln_run_sink *sink,
                        void *context)
{
    struct dln_warm *warm = run->warm;
    const char *const stop = bytes + len;
    const char *text = bytes; /* from here on it is text that was not passed on yet */
    for (const char *at = bytes; at < stop;) {
        const char *feed = memchr(at, '\n', (size_t)(stop - at));
        const char *end = feed ? feed + 1 : stop;
        const size_t line_len = (size_t)(end - at);
        if (warm->in_text || (warm->part_len == 0 && *at != '{')) {
            warm->in_text = !feed;
        } else if (warm->part_len > 0 || !feed) {
            take_text(run, text, (size_t)(at - text), sink, context);
            if (!keep_part(warm, at, line_len)) {
                if (warm->part_len > 0) give_up_part(run, sink, context);
                take_text(run, at, line_len, sink, context);
                warm->in_text = !feed;
            } else if (feed) {
                const size_t part_len = warm->part_len;
                warm->part_len = 0;
                if (!take_message(run, warm->part, part_len, sink, context)) {
                    take_text(run, warm->part, part_len, sink, context);
                }
            }
            text = end;
        } else {
            take_text(run, text, (size_t)(at - text), sink, context);
            if (!take_message(run, at, line_len, sink, context)) {
                take_text(run, at, line_len, sink, context);
            }
            text = end;
        }
        at = end;
    }
    take_text(run, text, (size_t)(stop - text), sink, context);
}

enum dln_read_result dln_warm_read(struct dln_run *run, int stream, char *buffer,
                                   dln_run_sink *sink, void *context)
{
    struct dln_run_output *output = &run->output;
    /* An answer reads along what there is on standard error, by a small buffer of its own. */
    const size_t cap = buffer && stream == DLN_STREAM_OUT ? DLN_READ_BYTES : 4096;
    for (size_t sum = 0; sum < DLN_READ_TURN_BYTES;) {
        if (output->fd[stream] < 0) return DLN_READ_ENDED;
        const ssize_t got = read(output->fd[stream], buffer, cap);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return DLN_READ_BLOCKED;
        if (got <= 0) {
            (void)close(output->fd[stream]);
            output->fd[stream] = -1;
            return DLN_READ_ENDED;
        }
        sum += (size_t)got;
        output->has_news = true;
        if (stream == DLN_STREAM_OUT) {
            take_output(run, buffer, (size_t)got, sink, context);
        } else {
            write_log(run, stream, buffer, (size_t)got);
            dln_run_output_keep_words(output, buffer, (size_t)got);
        }
    }
    return DLN_READ_MORE;
}

/* ── the end ───────────────────────────────────────────────────────────────────────────────────*/

void dln_warm_finish(struct dln_run *run, int64_t *oom_kills, dln_run_sink *sink, void *context)
{
    struct dln_warm *warm = run->warm;
    struct warm_relay relay = {sink, context, run, false};
    if (warm->part_len > 0) give_up_part(run, sink, context);
    dln_run_output_finish(&run->output, relay_metric, &relay);
    run->state = DLN_RUN_IS_OVER;
    if (!warm->has_trial) return;

    struct dln_run_event event = event_of(run, DLN_RUN_ENDED);
    char text[DLN_RUN_TEXT_MAX];
    event.guardian_lost = run->is_lost;
    if (run->has_end && !run->is_lost) dln_run_read_status(run, &event, oom_kills);
    dln_run_log_text(warm->log, text);
    event.text =
        run->is_lost ? "the guardian, which is the parent of all trials, was killed" : text;
    if (warm->fault[0] && !run->is_lost) {
        event.by_worker = true;
        event.has_exit = true;
        event.signal = 0;
        event.exit_status = 1;
        event.text = warm->fault;
    } else if (event.has_exit && event.signal == 0 && event.exit_status == 0) {
        event.by_worker = true;
        event.exit_status = 1;
        event.text = "the worker ended without an answer";
    }
    drop_trial(run);
    dln_run_status_write(warm->trial_dir, &event, warm->log,
                         dln_run_output_cut_lines(&run->output));
    sink(context, &event);
}

void dln_warm_step(struct dln_run *run, int64_t now_ns)
{
    struct dln_warm *warm = run->warm;
    if (run->state > DLN_RUN_IS_LIVE) return;
    dln_warm_flush(run);
    if (warm->term_at_ns == 0 || now_ns < warm->term_at_ns) return;
    warm->term_at_ns = 0;
    warm->is_leaving = true;
    if (warm->is_deaf && warm->has_trial && !run->asked_to_end && warm->fault[0] == '\0') {
        (void)snprintf(warm->fault, sizeof warm->fault,
                       "the worker has closed its standard input, so it can be told nothing more");
    }
    run->asked_to_end = true;
    run->owed_signal = SIGTERM;
    run->kill_at_ns = now_ns + INT64_C(1000) * 1000000;
}
