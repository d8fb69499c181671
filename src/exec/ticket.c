#define _GNU_SOURCE /* O_NOFOLLOW with O_CLOEXEC under one name on every libc */
#include "exec/ticket.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/num.h"
#include "exec/run_text.h"

#define NS_PER_MS ((int64_t)1000000)

enum {
    LOOK_MIN_MS = 1000, /* into the folder of a job that has just said something */
    LOOK_MAX_MS = 5000
};

static const char *const file_names[DLN_TICKET_FILES] = {"out", "err", "metrics.jsonl"};

bool dln_ticket_new(const struct dln_run_request *request, const char *dir, const char *name,
                    const dln_metric_reader *model, int64_t log_limit_bytes,
                    struct dln_ticket **out, struct dln_error *err)
{
    struct dln_ticket *ticket = calloc(1, sizeof *ticket);
    if (!ticket) return dln_fail(err, DLN_NOMEM, "out of memory");
    ticket->owner = request->owner;
    ticket->watch = -1;
    ticket->run_dir = dln_arena_copy(&ticket->arena, request->run_dir);
    ticket->dir = dln_arena_copy(&ticket->arena, dir);
    ticket->name = dln_arena_copy(&ticket->arena, name);
    bool ok = ticket->run_dir && ticket->dir && ticket->name;
    if (!ok) (void)dln_fail(err, DLN_NOMEM, "out of memory");
    for (int i = 0; i < DLN_STREAMS; i++)
        ticket->output.fd[i] = ticket->output.log[i].fd = -1;
    ticket->output.metrics_fd = -1;
    ok = ok &&
         dln_run_output_init(&ticket->output, ticket->run_dir, log_limit_bytes, model, NULL, err);
    if (!ok) {
        dln_ticket_free(ticket);
        return false;
    }
    *out = ticket;
    return true;
}

void dln_ticket_free(struct dln_ticket *ticket)
{
    if (!ticket) return;
    dln_run_output_release(&ticket->output);
    dln_arena_release(&ticket->arena);
    free(ticket);
}

/* ── events ────────────────────────────────────────────────────────────────────────────────────*/

struct relay {
    const struct dln_ticket *ticket;
    dln_run_sink *sink;
    void *context;
};

static struct dln_run_event event_of(const struct dln_ticket *ticket, enum dln_run_event_kind kind)
{
    int64_t number = 0; /* "123.server" counts by its number */
    (void)dln_num_parse_int(ticket->id.id, strspn(ticket->id.id, "0123456789"), &number);
    return (struct dln_run_event){.kind = kind, .owner = ticket->owner, .pid = number, .text = ""};
}

static void relay_metric(void *context, const struct dln_metric_event *metric)
{
    const struct relay *relay = context;
    struct dln_run_event event = event_of(relay->ticket, DLN_RUN_METRIC);
    event.metric = *metric;
    relay->sink(relay->context, &event);
}

void dln_ticket_tell_started(struct dln_ticket *ticket, dln_run_sink *sink, void *context)
{
    if (ticket->is_told) return;
    ticket->is_told = true;
    ticket->state = DLN_TICKET_RUNNING;
    const struct dln_run_event event = event_of(ticket, DLN_RUN_STARTED);
    sink(context, &event);
}

static void tell_over(struct dln_ticket *ticket, const struct dln_run_event *event,
                      dln_run_sink *sink, void *context)
{
    struct relay relay = {ticket, sink, context};
    dln_run_output_finish(&ticket->output, relay_metric, &relay);
    ticket->state = DLN_TICKET_OVER;
    sink(context, event);
    dln_run_status_write(ticket->run_dir, event, ticket->output.log,
                         dln_run_output_cut_lines(&ticket->output));
}

void dln_ticket_refuse(struct dln_ticket *ticket, const char *text, dln_run_sink *sink,
                       void *context)
{
    struct dln_run_event event = event_of(ticket, DLN_RUN_FAILED);
    event.refused = true;
    event.text = text;
    tell_over(ticket, &event, sink, context);
}

/* ── files ─────────────────────────────────────────────────────────────────────────────────────*/

/*
 * By path and anew each time: over a network an open file may go on showing its old size, while an
 * open asks. What cannot be read now is read the next time.
 */
static bool read_file(struct dln_ticket *ticket, int file, char *buffer, struct relay *relay)
{
    char path[4096];
    struct stat info;
    const int len = snprintf(path, sizeof path, "%s/%s", ticket->dir, file_names[file]);
    if (len < 0 || (size_t)len >= sizeof path) return false;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return false;
    int64_t *offset = &ticket->offset[file];
    if (fstat(fd, &info) == 0 && info.st_size < *offset) *offset = 0; /* somebody began again */
    size_t sum = 0;
    while (sum < DLN_READ_TURN_BYTES) {
        const ssize_t got = pread(fd, buffer, DLN_READ_BYTES, (off_t)*offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        *offset += got;
        sum += (size_t)got;
        if (file < DLN_STREAMS) {
            dln_run_output_take(&ticket->output, file, buffer, (size_t)got, relay_metric, relay);
        } else {
            dln_run_output_take_metrics(&ticket->output, buffer, (size_t)got, relay_metric, relay);
        }
    }
    (void)close(fd);
    if (sum >= DLN_READ_TURN_BYTES) ticket->has_more = true;
    return sum > 0;
}

bool dln_ticket_look(struct dln_ticket *ticket, int64_t now_ns, char *buffer, dln_run_sink *sink,
                     void *context)
{
    struct relay relay = {ticket, sink, context};
    bool news = false;
    ticket->has_more = false;
    if (!ticket->is_told) {
        struct dln_job_id id;
        if (dln_ticket_read_start(ticket->dir, &id)) {
            if (!ticket->id.id[0] && id.id[0]) ticket->id = id;
            news = true;
        }
    }
    if (!ticket->has_end && dln_ticket_read_end(ticket->dir, &ticket->end)) {
        ticket->has_end = true;
        ticket->end_seen_ns = now_ns;
        news = true;
    }
    if (news) dln_ticket_tell_started(ticket, sink, context);
    if (ticket->is_told) {
        for (int i = 0; i < DLN_TICKET_FILES; i++)
            news = read_file(ticket, i, buffer, &relay) || news;
    }
    if (ticket->output.has_news) {
        ticket->output.has_news = false;
        const struct dln_run_event event = event_of(ticket, DLN_RUN_OUTPUT);
        sink(context, &event);
    }
    const int64_t gap = ticket->look_gap_ns + ticket->look_gap_ns / 4;
    ticket->look_gap_ns = news || gap == 0 ? LOOK_MIN_MS * NS_PER_MS : gap;
    if (ticket->look_gap_ns > LOOK_MAX_MS * NS_PER_MS) {
        ticket->look_gap_ns = LOOK_MAX_MS * NS_PER_MS;
    }
    ticket->looked_ns = now_ns;
    ticket->look_ns = now_ns + ticket->look_gap_ns;
    return news;
}

bool dln_ticket_is_odd(const struct dln_ticket *ticket)
{
    return ticket->has_end && ticket->end.status != 0 && !ticket->wants_end;
}

bool dln_ticket_is_complete(const struct dln_ticket *ticket, int64_t now_ns, int64_t grace_ns)
{
    if (!ticket->has_end || ticket->has_more) return false;
    if (now_ns - ticket->end_seen_ns >= grace_ns) return true;
    for (int i = 0; i < DLN_TICKET_FILES; i++) { /* over a network the last bytes may come later */
        if (ticket->offset[i] < ticket->end.bytes[i]) return false;
    }
    return true;
}

/* ── the end ───────────────────────────────────────────────────────────────────────────────────*/

static void set_exit(struct dln_run_event *event, int code, int signal)
{
    event->has_exit = true;
    event->signal = signal > 0 ? signal : code > 128 && code < 128 + 65 ? code - 128 : 0;
    event->exit_status = event->signal > 0 ? 0 : code;
}

/* By what the system said last: where no `end` was left, or one that others have caused. */
static void explain(struct dln_ticket *ticket, const char *title, struct dln_run_event *event,
                    char *text, size_t cap)
{
    event->has_exit = false;
    event->signal = SIGKILL;
    switch (ticket->seen) {
    case DLN_STATE_COMPLETED:
        event->cause = DLN_CAUSE_UNSEEN;
        (void)snprintf(text, cap, "it ended well for %s, but no end of it was seen in '%s'", title,
                       ticket->dir);
        return;
    case DLN_STATE_FAILED:
        event->oom = dln_ticket_says_memory(ticket->dir, ticket->id.id);
        if (ticket->has_detail && !event->oom) set_exit(event, ticket->code, ticket->signal);
        return;
    case DLN_STATE_OOM: event->oom = true; return;
    case DLN_STATE_TIMEOUT:
        event->cause = DLN_CAUSE_TIME_LIMIT;
        (void)snprintf(text, cap, "time limit of the job");
        return;
    case DLN_STATE_CANCELLED:
        event->cause = DLN_CAUSE_OUTSIDE;
        (void)snprintf(text, cap, "job %s was cancelled outside of dialin", ticket->id.id);
        return;
    case DLN_STATE_LOST:
        event->cause = DLN_CAUSE_SYSTEM;
        (void)snprintf(text, cap, "job %s: %s", ticket->id.id, ticket->word);
        return;
    case DLN_STATE_ENDED:
        event->cause = DLN_CAUSE_SYSTEM;
        (void)snprintf(text, cap, "job %s is over for %s, and has left no end", ticket->id.id,
                       title);
        return;
    case DLN_STATE_QUEUED:
    case DLN_STATE_HELD:
    case DLN_STATE_RUNNING:
    case DLN_STATE_SUSPENDED:
    case DLN_STATE_ENDING:
    case DLN_STATE_UNKNOWN: break;
    }
    event->cause = DLN_CAUSE_SYSTEM;
    (void)snprintf(text, cap, "job %s is not known to %s any more", ticket->id.id, title);
}

void dln_ticket_finish(struct dln_ticket *ticket, const char *title, dln_run_sink *sink,
                       void *context)
{
    char text[DLN_RUN_TEXT_MAX] = "";
    struct dln_run_event event = event_of(ticket, DLN_RUN_ENDED);
    if (ticket->was_asked) {
        event.cause = DLN_CAUSE_SYSTEM;
        (void)snprintf(text, sizeof text, "interrupted: it was told to end, and dialin went");
    } else if (dln_ticket_is_odd(ticket) &&
               (ticket->seen == DLN_STATE_TIMEOUT || ticket->seen == DLN_STATE_CANCELLED ||
                ticket->seen == DLN_STATE_LOST || ticket->seen == DLN_STATE_OOM)) {
        explain(ticket, title, &event, text, sizeof text);
    } else if (ticket->has_end) {
        set_exit(&event, ticket->end.status, 0);
        event.oom =
            (event.signal != 0 || event.exit_status != 0) &&
            (dln_run_says_oom(&ticket->output) ||
             (event.signal == SIGKILL && dln_ticket_says_memory(ticket->dir, ticket->id.id)));
    } else if (ticket->wants_end && !ticket->is_seen) {
        event.signal = SIGTERM; /* it never came to run */
    } else {
        explain(ticket, title, &event, text, sizeof text);
    }
    if (!text[0]) dln_run_log_text(ticket->output.log, text);
    event.text = text;
    tell_over(ticket, &event, sink, context);
}
