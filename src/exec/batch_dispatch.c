#define _GNU_SOURCE /* inotify with realpath beside it */
#include "exec/batch_dispatch.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/rng.h"
#include "dialin/clock.h"
#include "exec/batch_parts.h"

#define NS_PER_MS DLN_DISPATCH_NS_PER_MS

enum {
    STIR_MS = 50,        /* between two looks at a folder in which much happens */
    DOUBT_MS = 5000, /* beyond two polls, for the system to say who has ended a job */
    GONE_MS = 3000,      /* from the end, as the system has it, to the end of waiting for `end` */
    LETTING_GO_MS = 5000 /* for a submit to say what became of it */
};

/* ── made and freed ────────────────────────────────────────────────────────────────────────────*/

bool dln_dispatch_is_for(const struct dln_study *study)
{
    const char *executor = study->machine.executor;
    return executor && strcmp(executor, "local") != 0;
}

/* Eight digits of the study's seed and of where its run directories are: the same name in another
   folder is another study. */
static void make_token(struct dln_dispatch *d, uint64_t seed)
{
    uint64_t hash = dln_splitmix64(seed);
    for (const char *c = d->root; *c; c++)
        hash = dln_splitmix64(hash ^ (unsigned char)*c);
    (void)snprintf(d->token, sizeof d->token, "%08x", (unsigned)(hash >> 32));
}

static bool find_root(struct dln_dispatch *d, struct dln_error *err)
{
    struct dln_arena arena = {0};
    char *path = dln_run_dir_path(d->study, 0, &arena);
    if (path) *strrchr(path, '/') = '\0';
    if (path) d->root = strdup(path);
    dln_arena_release(&arena);
    return d->root || dln_fail(err, DLN_NOMEM, "out of memory");
}

bool dln_dispatch_new(const struct dln_study *study, const struct dln_runner_options *options,
                      const dln_metric_reader *model, struct dln_dispatch **out,
                      struct dln_error *err)
{
    struct dln_dispatch *d = calloc(1, sizeof *d);
    if (!d) return dln_fail(err, DLN_NOMEM, "out of memory");
    *d = (struct dln_dispatch){
        .study = study,
        .model = model,
        .log_limit_bytes = options->log_limit_bytes,
        .system =
            strcmp(study->machine.executor, "slurm") == 0 ? &dln_batch_slurm : &dln_batch_queue,
        .inotify = -1,
        .poll_gap_ms = study->machine.cluster.poll_min_ms,
    };
    dln_child_init(&d->submit);
    dln_child_init(&d->poll);
    dln_child_init(&d->cancel);
    dln_child_init(&d->detail);
    d->buffer = malloc(DLN_READ_BYTES);
    const bool ok = d->buffer ? find_root(d, err) : dln_fail(err, DLN_NOMEM, "out of memory");
    if (!ok) {
        dln_dispatch_free(d);
        return false;
    }
    make_token(d, options->seed);
    d->n_names = (uint64_t)dln_clock_wall_us() ^ ((uint64_t)getpid() << 40);
    d->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    *out = d;
    return true;
}

static void ignore_event(void *context, const struct dln_run_event *event)
{
    (void)context;
    (void)event;
}

/* A submit that is on its way becomes a job, whose number is worth waiting for. */
static void finish_submit(struct dln_dispatch *d)
{
    const int64_t give_up_ns = dln_clock_mono_ns() + LETTING_GO_MS * NS_PER_MS;
    d->sink = ignore_event;
    while (dln_child_runs(&d->submit) && dln_clock_mono_ns() < give_up_ns) {
        struct pollfd fds[DLN_CHILD_FDS];
        int64_t until = give_up_ns;
        const size_t n = dln_child_poll(&d->submit, fds, &until);
        const int64_t left_ns = until - dln_clock_mono_ns();
        (void)poll(fds, (nfds_t)n, left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0);
        dln_dispatch_take_answers(d, dln_clock_mono_ns());
    }
    dln_child_abandon(&d->submit);
}

void dln_dispatch_free(struct dln_dispatch *d)
{
    if (!d) return;
    finish_submit(d);
    dln_child_release(&d->poll);
    dln_child_abandon(&d->cancel);
    dln_child_release(&d->detail);
    for (size_t i = 0; i < d->n; i++)
        dln_ticket_free(d->tickets[i]);
    free(d->tickets);
    free(d->strays);
    free(d->buffer);
    free(d->root);
    if (d->inotify >= 0) (void)close(d->inotify);
    dln_arena_release(&d->scratch);
    free(d);
}

void dln_dispatch_note(struct dln_dispatch *d, const char *format, ...)
{
    struct dln_strbuf text = {0};
    va_list args;
    va_start(args, format);
    dln_strbuf_addv(&text, format, args);
    va_end(args);
    const struct dln_run_event event = {.kind = DLN_RUN_NOTICE, .text = dln_strbuf_text(&text)};
    d->sink(d->context, &event);
    dln_strbuf_release(&text);
}

/* ── start ─────────────────────────────────────────────────────────────────────────────────────*/

/* "dialin-ab12cd34-17-1-": of this attempt of this run, whatever the folder is called. */
static char *name_prefix(const struct dln_dispatch *d, const struct dln_run_request *request,
                         struct dln_arena *arena)
{
    const size_t root = strlen(d->root);
    const char *tail = request->run_dir;
    if (strncmp(tail, d->root, root) == 0 && tail[root] == '/') {
        tail += root + 1;
    } else {
        tail = strrchr(tail, '/') ? strrchr(tail, '/') + 1 : tail;
    }
    while (*tail == '0' && tail[1] >= '0' && tail[1] <= '9')
        tail++;
    char *prefix = dln_arena_printf(arena, "dialin-%s-%.80s-%d-", d->token, tail, request->attempt);
    for (char *c = prefix; c && *c; c++) {
        const bool fits =
            (*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        if (!fits) *c = '-';
    }
    return prefix;
}

/* The state that the files of a job tell, which an engine, now gone, has left. */
static void take_up(struct dln_dispatch *d, struct dln_ticket *ticket)
{
    const bool has_end = dln_ticket_read_end(ticket->dir, &ticket->end);
    const bool has_start = dln_ticket_read_start(ticket->dir, &ticket->id);
    const bool has_id = dln_ticket_read_id(ticket->dir, &ticket->id);
    const int64_t now_ns = dln_clock_mono_ns();
    ticket->sent_ns = ticket->queued_ns = now_ns;
    if (has_end || has_start || has_id) {
        ticket->state = DLN_TICKET_QUEUED;
    } else {
        ticket->state = d->system->has_names ? DLN_TICKET_UNSURE : DLN_TICKET_WANTED;
    }
    if (dln_ticket_has(ticket->dir, "asked")) {
        ticket->was_asked = ticket->wants_end = true;
        ticket->owes_hard = !has_end;
    }
    d->poll_ns = 0;
}

static bool add_ticket(struct dln_dispatch *d, struct dln_ticket *ticket, struct dln_error *err)
{
    if (d->n == d->cap) {
        const size_t cap = d->cap ? 2 * d->cap : 16;
        struct dln_ticket **grown = realloc(d->tickets, cap * sizeof *grown);
        if (!grown) return dln_fail(err, DLN_NOMEM, "out of memory");
        d->tickets = grown;
        d->cap = cap;
    }
    d->tickets[d->n++] = ticket;
    return true;
}

static void watch(struct dln_dispatch *d, struct dln_ticket *ticket)
{
    if (d->inotify < 0) return;
    ticket->watch = inotify_add_watch(d->inotify, ticket->dir,
                                      IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
}

static bool write_script(struct dln_dispatch *d, const struct dln_run_request *request,
                         const char *dir, struct dln_error *err)
{
    struct dln_strbuf script = {0};
    dln_ticket_script(d->study, request, dir, &script);
    const bool ok = dln_ticket_make_dir(dir, &script, err);
    dln_strbuf_release(&script);
    return ok;
}

bool dln_dispatch_start(struct dln_dispatch *d, const struct dln_run_request *request,
                        struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_ticket *ticket = NULL;
    const char *prefix = name_prefix(d, request, &arena);
    const char *dir =
        prefix && request->is_left ? dln_ticket_find_dir(request->run_dir, prefix, &arena) : NULL;
    /* Without names, a job whose number was not kept cannot be found again. */
    if (dir && !d->system->has_names && !dln_ticket_has(dir, "jobid") &&
        !dln_ticket_has(dir, "start")) {
        dir = NULL;
    }
    const bool is_found = dir != NULL;
    if (prefix && !is_found) {
        const unsigned nonce = (unsigned)(dln_splitmix64(d->n_names++) & 0xFFFFFF);
        dir = dln_arena_printf(&arena, "%s/%s%06x", request->run_dir, prefix, nonce);
    }
    const char *name = dir ? strrchr(dir, '/') + 1 : NULL;
    bool ok = name || dln_fail(err, DLN_NOMEM, "out of memory");
    ok = ok && (is_found || write_script(d, request, dir, err));
    ok = ok && dln_ticket_new(request, dir, name, d->model, d->log_limit_bytes, &ticket, err);
    if (ok) {
        const struct dln_submission submission = {
            .study = d->study,
            .x = request->x,
            .name = ticket->name,
            .dir = ticket->dir,
            .script = dln_arena_printf(&ticket->arena, "%s/job.sh", ticket->dir),
            .directory = request->directory,
        };
        ticket->submit = submission.script ? d->system->submit(&submission, &ticket->arena) : NULL;
        ok = (ticket->submit || dln_fail(err, DLN_NOMEM, "out of memory")) &&
             add_ticket(d, ticket, err);
    }
    dln_arena_release(&arena);
    if (!ok) {
        dln_ticket_free(ticket);
        return false;
    }
    if (is_found) take_up(d, ticket);
    watch(d, ticket);
    return true;
}

/* ── end ───────────────────────────────────────────────────────────────────────────────────────*/

static struct dln_ticket *find_owner(const struct dln_dispatch *d, const void *owner)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->tickets[i]->owner == owner && d->tickets[i]->state != DLN_TICKET_OVER) {
            return d->tickets[i];
        }
    }
    return NULL;
}

static void ask_to_end(struct dln_dispatch *d, struct dln_ticket *ticket, int64_t grace_ms)
{
    const int64_t kill_at_ns = dln_clock_mono_ns() + grace_ms * NS_PER_MS;
    if (!ticket->is_told || grace_ms <= 0 || !d->system->has_signals) {
        ticket->owes_hard = true;
    } else if (!ticket->wants_end) {
        ticket->owes_gentle = true;
        ticket->kill_at_ns = kill_at_ns;
    } else if (ticket->kill_at_ns > kill_at_ns) {
        ticket->kill_at_ns = kill_at_ns;
    }
    ticket->wants_end = true;
}

void dln_dispatch_end(struct dln_dispatch *d, void *owner, int64_t grace_ms)
{
    struct dln_ticket *ticket = find_owner(d, owner);
    if (!ticket) return;
    if (!ticket->wants_end && ticket->state != DLN_TICKET_WANTED) {
        (void)!dln_run_dir_write(ticket->dir, "asked", "v1\n", 3, NULL);
    }
    ask_to_end(d, ticket, grace_ms);
}

static void forget(struct dln_dispatch *d, struct dln_ticket *ticket)
{
    if (d->submitting == ticket) d->submitting = NULL;
    if (d->detailing == ticket) d->detailing = NULL;
    if (ticket->watch >= 0) (void)inotify_rm_watch(d->inotify, ticket->watch);
    dln_ticket_free(ticket);
}

static void leave(struct dln_dispatch *d, void *owner)
{
    struct dln_ticket *ticket = find_owner(d, owner);
    if (!ticket) return;
    if (ticket->state == DLN_TICKET_SENT) { /* kept until its number is known */
        ticket->owner = NULL;
        return;
    }
    if (ticket->state == DLN_TICKET_WANTED) dln_ticket_remove_dir(ticket->dir);
    size_t kept = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (d->tickets[i] != ticket) d->tickets[kept++] = d->tickets[i];
    }
    d->n = kept;
    forget(d, ticket);
}

static void claim(struct dln_dispatch *d)
{
    d->is_claimed = true;
    d->wants_names = d->system->has_names;
    d->poll_ns = 0;
}

static bool has_room(const struct dln_dispatch *d)
{
    const struct dln_cluster *cluster = &d->study->machine.cluster;
    int queued = 0;
    for (size_t i = 0; i < d->n; i++)
        queued += !d->tickets[i]->is_told;
    if (d->back_off_ms > 0) return false;
    if (cluster->max_queued > 0 && queued >= cluster->max_queued) return false;
    return cluster->max_jobs == 0 || d->n < (size_t)cluster->max_jobs;
}

/* ── one turn ──────────────────────────────────────────────────────────────────────────────────*/

static void read_notices(struct dln_dispatch *d, int64_t now_ns)
{
    union {
        struct inotify_event aligned;
        char bytes[4096];
    } notices;
    while (d->inotify >= 0) {
        const ssize_t got = read(d->inotify, notices.bytes, sizeof notices.bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return;
        for (size_t at = 0; at + sizeof(struct inotify_event) <= (size_t)got;) {
            struct inotify_event notice;
            memcpy(&notice, notices.bytes + at, sizeof notice);
            at += sizeof notice + notice.len;
            for (size_t i = 0; i < d->n; i++) {
                struct dln_ticket *ticket = d->tickets[i];
                if (ticket->watch != notice.wd && !(notice.mask & IN_Q_OVERFLOW)) continue;
                int64_t look_ns = ticket->looked_ns + STIR_MS * NS_PER_MS;
                if (look_ns < now_ns) look_ns = now_ns;
                if (look_ns < ticket->look_ns) ticket->look_ns = look_ns;
            }
        }
    }
}

static bool is_looked_into(const struct dln_ticket *ticket)
{
    return ticket->state == DLN_TICKET_SENT || ticket->state == DLN_TICKET_UNSURE ||
           ticket->state == DLN_TICKET_QUEUED || ticket->state == DLN_TICKET_RUNNING;
}

/* Until when a job that is over for the system may still leave its `end`. */
static int64_t gone_until_ns(const struct dln_dispatch *d, const struct dln_ticket *ticket)
{
    const int64_t grace_ms = d->study->machine.cluster.fs_grace_ms;
    const bool is_due = ticket->seen == DLN_STATE_COMPLETED || ticket->seen == DLN_STATE_ENDED;
    return ticket->gone_ns + (is_due || grace_ms < GONE_MS ? grace_ms : GONE_MS) * NS_PER_MS;
}

static void finish(struct dln_dispatch *d, struct dln_ticket *ticket)
{
    char text[600];
    if (ticket->is_expired && !ticket->is_told) {
        (void)snprintf(text, sizeof text, "job %s waited in the queue for too long%s%s",
                       ticket->id.id, ticket->reason[0] ? ": " : "", ticket->reason);
    } else if (!ticket->has_end && ticket->has_detail && ticket->code == 0 &&
               ticket->signal == 53) { /* as slurmd says that it could not open its log */
        (void)snprintf(text, sizeof text,
                       "the compute node cannot see '%.300s': the run directories must lie on a "
                       "file system that all nodes share",
                       ticket->dir);
    } else {
        dln_ticket_finish(ticket, d->system->title, d->sink, d->context);
        return;
    }
    dln_ticket_refuse(ticket, text, d->sink, d->context);
}

/* Whether a bad end waits for the word of the system: preempted, cancelled, out of time. */
static bool is_doubtful(struct dln_dispatch *d, struct dln_ticket *ticket, int64_t now_ns)
{
    const int64_t limit_ms = 2 * d->study->machine.cluster.poll_min_ms + DOUBT_MS;
    if (!d->system->detail || !dln_ticket_is_odd(ticket)) return false;
    if (!ticket->is_doubted) {
        ticket->is_doubted = true;
        dln_dispatch_poll_soon(d);
    }
    return ticket->gone_ns == 0 && now_ns - ticket->end_seen_ns < limit_ms * NS_PER_MS;
}

static void step(struct dln_dispatch *d, struct dln_ticket *ticket, int64_t now_ns)
{
    const struct dln_cluster *cluster = &d->study->machine.cluster;
    if (ticket->state == DLN_TICKET_OVER || !ticket->owner) return;
    if (ticket->state == DLN_TICKET_WANTED) {
        if (ticket->wants_end) finish(d, ticket);
        return;
    }
    if (ticket->has_more || now_ns >= ticket->look_ns) {
        (void)dln_ticket_look(ticket, now_ns, d->buffer, d->sink, d->context);
    }
    if (ticket->kill_at_ns > 0 && now_ns >= ticket->kill_at_ns) {
        ticket->kill_at_ns = 0;
        ticket->owes_hard = true;
    }
    if (cluster->queue_timeout_ms > 0 && ticket->state == DLN_TICKET_QUEUED && !ticket->is_told &&
        !ticket->wants_end && now_ns - ticket->queued_ns > cluster->queue_timeout_ms * NS_PER_MS) {
        ticket->is_expired = true;
        ask_to_end(d, ticket, 0);
    }
    if (ticket->has_end) {
        if (is_doubtful(d, ticket, now_ns)) return;
        if (dln_ticket_is_complete(ticket, now_ns, cluster->fs_grace_ms * NS_PER_MS)) {
            finish(d, ticket);
        }
    } else if (ticket->gone_ns > 0) {
        const bool awaits_detail = ticket->asked_detail && d->detailing == ticket;
        const bool must_ask =
            d->system->detail && ticket->seen == DLN_STATE_FAILED && !ticket->asked_detail;
        if (!awaits_detail && !must_ask && now_ns >= gone_until_ns(d, ticket)) finish(d, ticket);
    }
}

void dln_dispatch_work(struct dln_dispatch *d, dln_run_sink *sink, void *context)
{
    const int64_t now_ns = dln_clock_mono_ns();
    d->sink = sink;
    d->context = context;
    read_notices(d, now_ns);
    dln_dispatch_take_answers(d, now_ns);
    for (size_t i = 0; i < d->n; i++)
        step(d, d->tickets[i], now_ns);
    dln_dispatch_send_commands(d, now_ns);
    size_t kept = 0;
    for (size_t i = 0; i < d->n; i++) {
        struct dln_ticket *ticket = d->tickets[i];
        if (ticket->state == DLN_TICKET_OVER) {
            forget(d, ticket);
        } else {
            d->tickets[kept++] = ticket;
        }
    }
    d->n = kept;
}

static void lower(int64_t *until_ns, int64_t at_ns)
{
    if (at_ns < *until_ns) *until_ns = at_ns;
}

size_t dln_dispatch_poll(struct dln_dispatch *d, struct pollfd *fds, size_t cap, int *timeout_ms)
{
    const struct dln_cluster *cluster = &d->study->machine.cluster;
    const struct dln_child *const children[] = {&d->submit, &d->poll, &d->cancel, &d->detail};
    int64_t until_ns = dln_dispatch_next_command_ns(d);
    size_t n = 0;
    if (d->inotify >= 0 && cap > 0) fds[n++] = (struct pollfd){.fd = d->inotify, .events = POLLIN};
    for (size_t i = 0; i < sizeof children / sizeof children[0]; i++) {
        if (n + DLN_CHILD_FDS <= cap) n += dln_child_poll(children[i], fds + n, &until_ns);
    }
    for (size_t i = 0; i < d->n; i++) {
        const struct dln_ticket *ticket = d->tickets[i];
        if (ticket->has_more) until_ns = 0;
        if (ticket->state == DLN_TICKET_WANTED && ticket->wants_end) until_ns = 0;
        if (is_looked_into(ticket)) lower(&until_ns, ticket->look_ns);
        if (ticket->kill_at_ns > 0) lower(&until_ns, ticket->kill_at_ns);
        if (ticket->has_end) {
            lower(&until_ns, ticket->end_seen_ns + cluster->fs_grace_ms * NS_PER_MS);
            if (ticket->is_doubted) {
                const int64_t limit_ms = 2 * cluster->poll_min_ms + DOUBT_MS;
                lower(&until_ns, ticket->end_seen_ns + limit_ms * NS_PER_MS);
            }
        } else if (ticket->gone_ns > 0) {
            lower(&until_ns, gone_until_ns(d, ticket));
        }
    }
    if (until_ns == INT64_MAX) return n;
    const int64_t left_ns = until_ns - dln_clock_mono_ns();
    const int64_t left_ms = left_ns > 0 ? (left_ns + NS_PER_MS - 1) / NS_PER_MS : 0;
    if (*timeout_ms < 0 || *timeout_ms > left_ms) *timeout_ms = (int)left_ms;
    return n;
}

/* ── for the engine ────────────────────────────────────────────────────────────────────────────*/

bool dln_runner_outlives(const dln_runner *runner)
{
    return dln_runner_dispatch(runner) != NULL;
}

bool dln_runner_has_room(const dln_runner *runner)
{
    const struct dln_dispatch *d = dln_runner_dispatch(runner);
    return !d || has_room(d);
}

void dln_runner_leave(dln_runner *runner, void *owner)
{
    struct dln_dispatch *d = dln_runner_dispatch(runner);
    if (d) leave(d, owner);
}

void dln_runner_claim(dln_runner *runner)
{
    struct dln_dispatch *d = dln_runner_dispatch(runner);
    if (d) claim(d);
}
