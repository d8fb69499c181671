/*
 * The four commands of a batch system: when they are started, and what their answers do to tickets.
 * A command that fails tells nothing about a job; only what it says does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/clock.h"
#include "exec/batch_parts.h"

#define NS_PER_MS DLN_DISPATCH_NS_PER_MS

enum {
    COMMAND_LIMIT_MS = 30000,
    SUBMIT_GAP_MS = 200, /* at most five a second */
    BACK_OFF_MS = 5000,
    BACK_OFF_MAX_MS = 300000,
    CANCEL_AGAIN_MS = 10000,
    STILL_THERE_MS = 60000, /* after a cancel: once more */
    ABSENT_AGE_MS = 15000,  /* a job is not missed before */
    ABSENT_POLLS = 2
};

/* ── reachable or not ──────────────────────────────────────────────────────────────────────────*/

static void went_down(struct dln_dispatch *d, const char *text)
{
    char since[DLN_TIME_TEXT_MAX];
    if (d->is_down) return;
    d->is_down = true;
    d->down_ns = dln_clock_mono_ns();
    d->down_us = dln_clock_wall_us();
    (void)dln_time_format(d->down_us, true, since);
    dln_dispatch_note(d, "%s does not answer since %s: %s; jobs go on, and so does dialin",
                      d->system->title, since, text);
}

static void came_up(struct dln_dispatch *d)
{
    if (!d->is_down) return;
    d->is_down = false;
    dln_dispatch_note(d, "%s answers again after %.0f s", d->system->title,
                      (double)(dln_clock_mono_ns() - d->down_ns) / 1e9);
}

static const char *words_of(const struct dln_child *child, struct dln_strbuf *out)
{
    dln_strbuf_reset(out);
    if (child->is_late) dln_strbuf_addf(out, "no answer within %d s", COMMAND_LIMIT_MS / 1000);
    if (!child->is_late) dln_child_last_words(child, out);
    if (out->len == 0) dln_strbuf_addf(out, "exit %d without a word", dln_child_exit(child));
    return dln_strbuf_text(out);
}

/* ── submit ────────────────────────────────────────────────────────────────────────────────────*/

void dln_dispatch_poll_soon(struct dln_dispatch *d)
{
    const int64_t gap_ms = d->study->machine.cluster.poll_min_ms;
    const int64_t soon = d->poll_done_ns + gap_ms * NS_PER_MS;
    d->poll_gap_ms = gap_ms;
    if (soon < d->poll_ns) d->poll_ns = soon;
}

static void keep_id(const struct dln_ticket *ticket)
{
    char text[2 * DLN_JOB_ID_MAX + 4];
    const int len = snprintf(text, sizeof text, "%s%s%s\n", ticket->id.id,
                             ticket->id.cluster[0] ? " " : "", ticket->id.cluster);
    /* A file that cannot be written is made up for by the job's name. */
    (void)!dln_run_dir_write(ticket->dir, "jobid", text, (size_t)len, NULL);
}

static void back_off(struct dln_dispatch *d, int64_t now_ns)
{
    d->back_off_ms = d->back_off_ms == 0 ? BACK_OFF_MS : 2 * d->back_off_ms;
    if (d->back_off_ms > BACK_OFF_MAX_MS) d->back_off_ms = BACK_OFF_MAX_MS;
    d->submit_ns = now_ns + d->back_off_ms * NS_PER_MS;
}

/* What one job of a study is refused for, the next one would be too. */
static void refuse_all(struct dln_dispatch *d, struct dln_ticket *ticket, const char *text)
{
    dln_ticket_remove_dir(ticket->dir);
    dln_ticket_refuse(ticket, text, d->sink, d->context);
    for (size_t i = 0; i < d->n; i++) {
        struct dln_ticket *other = d->tickets[i];
        if (other->state != DLN_TICKET_WANTED || other->wants_end) continue;
        dln_ticket_remove_dir(other->dir);
        dln_ticket_refuse(other, text, d->sink, d->context);
    }
}

static void take_submit(struct dln_dispatch *d, int64_t now_ns)
{
    struct dln_ticket *ticket = d->submitting;
    struct dln_job_id id = {0};
    struct dln_strbuf text = {0};
    d->submitting = NULL;
    d->submit_ns = now_ns + SUBMIT_GAP_MS * NS_PER_MS;
    if (!ticket) return;
    ticket->sent_ns = now_ns;
    switch (d->system->read_submit(d->study, &d->submit, &id)) {
    case DLN_SUBMIT_DONE:
        ticket->id = id;
        ticket->state = DLN_TICKET_QUEUED;
        ticket->queued_ns = now_ns;
        keep_id(ticket);
        d->back_off_ms = 0;
        came_up(d);
        dln_dispatch_poll_soon(d);
        break;
    case DLN_SUBMIT_REFUSED: refuse_all(d, ticket, words_of(&d->submit, &text)); break;
    case DLN_SUBMIT_LATER:
        ticket->state = DLN_TICKET_WANTED;
        back_off(d, now_ns);
        went_down(d, words_of(&d->submit, &text));
        break;
    case DLN_SUBMIT_UNSURE:
        ticket->state = DLN_TICKET_UNSURE;
        ticket->n_absent = 0;
        back_off(d, now_ns);
        went_down(d, words_of(&d->submit, &text));
        dln_dispatch_poll_soon(d);
        break;
    }
    dln_strbuf_release(&text);
}

static bool start_command(struct dln_dispatch *d, struct dln_child *child, char **argv,
                          bool is_query, struct dln_error *err)
{
    char **envp = argv ? dln_batch_environment(is_query, &d->scratch) : NULL;
    if (!envp) return dln_fail(err, DLN_NOMEM, "out of memory");
    return dln_child_start(child, argv, envp, COMMAND_LIMIT_MS, err);
}

static struct dln_ticket *next_wanted(const struct dln_dispatch *d)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->tickets[i]->state == DLN_TICKET_WANTED && !d->tickets[i]->wants_end) {
            return d->tickets[i];
        }
    }
    return NULL;
}

static void send_submit(struct dln_dispatch *d, int64_t now_ns)
{
    struct dln_error err = {0};
    struct dln_ticket *ticket = next_wanted(d);
    if (!ticket || dln_child_runs(&d->submit) || now_ns < d->submit_ns) return;
    dln_arena_reset(&d->scratch);
    if (start_command(d, &d->submit, ticket->submit, false, &err)) {
        ticket->state = DLN_TICKET_SENT;
        d->submitting = ticket;
    } else if (err.code == DLN_NOMEM) {
        back_off(d, now_ns);
    } else {
        refuse_all(d, ticket, err.text);
    }
}

/* ── poll ──────────────────────────────────────────────────────────────────────────────────────*/

static bool is_followed(const struct dln_ticket *ticket)
{
    return (ticket->state == DLN_TICKET_QUEUED || ticket->state == DLN_TICKET_RUNNING) &&
           ticket->id.id[0] && (!ticket->has_end || ticket->is_doubted) && ticket->gone_ns == 0;
}

static bool needs_names(const struct dln_dispatch *d)
{
    if (!d->system->has_names) return false;
    if (d->wants_names) return true;
    for (size_t i = 0; i < d->n; i++) {
        if (d->tickets[i]->state == DLN_TICKET_UNSURE) return true;
    }
    return false;
}

static bool needs_poll(const struct dln_dispatch *d)
{
    for (size_t i = 0; i < d->n; i++) {
        if (is_followed(d->tickets[i])) return true;
    }
    return needs_names(d);
}

static void send_poll(struct dln_dispatch *d, int64_t now_ns)
{
    struct dln_error err = {0};
    if (dln_child_runs(&d->poll) || now_ns < d->poll_ns || !needs_poll(d)) return;
    dln_arena_reset(&d->scratch);
    const struct dln_job_id **ids = DLN_ARENA_ARRAY(&d->scratch, const struct dln_job_id *, d->n);
    size_t n = 0;
    d->is_by_name = needs_names(d);
    for (size_t i = 0; ids && i < d->n; i++) {
        struct dln_ticket *ticket = d->tickets[i];
        ticket->is_answered = false;
        ticket->is_polled =
            is_followed(ticket) || (d->is_by_name && ticket->state == DLN_TICKET_UNSURE);
        if (is_followed(ticket)) ids[n++] = &ticket->id;
    }
    char **argv = ids ? d->system->poll(d->study, d->is_by_name ? 0 : n, ids, &d->scratch) : NULL;
    if (start_command(d, &d->poll, argv, true, &err)) return;
    d->poll_ns = now_ns + BACK_OFF_MS * NS_PER_MS;
    went_down(d, err.text);
}

static struct dln_ticket *find_ticket(const struct dln_dispatch *d, const struct dln_job_seen *seen)
{
    for (size_t i = 0; i < d->n; i++) {
        struct dln_ticket *ticket = d->tickets[i];
        if (seen->name ? strcmp(ticket->name, seen->name) == 0
                       : ticket->id.id[0] && strcmp(ticket->id.id, seen->id) == 0) {
            return ticket;
        }
    }
    return NULL;
}

/* A job of ours that nobody waits for: its trial has ended, or it is there twice. */
static void add_stray(struct dln_dispatch *d, const struct dln_job_seen *seen)
{
    if (strlen(seen->id) >= DLN_JOB_ID_MAX) return;
    for (size_t i = 0; i < d->n_strays; i++) {
        if (strcmp(d->strays[i].id, seen->id) == 0) return;
    }
    if (d->n_strays == d->cap_strays) {
        const size_t cap = d->cap_strays ? 2 * d->cap_strays : 16;
        struct dln_job_id *grown = realloc(d->strays, cap * sizeof *grown);
        if (!grown) return;
        d->strays = grown;
        d->cap_strays = cap;
    }
    struct dln_job_id *stray = &d->strays[d->n_strays++];
    *stray = (struct dln_job_id){0};
    (void)snprintf(stray->id, sizeof stray->id, "%s", seen->id);
    dln_dispatch_note(d, "job %s (%s) is of this study and nobody waits for it: cancelled",
                      seen->id, seen->name);
}

static bool is_of_study(const struct dln_dispatch *d, const char *name)
{
    static const char prefix[] = "dialin-";
    const size_t len = sizeof prefix - 1;
    return strncmp(name, prefix, len) == 0 &&
           strncmp(name + len, d->token, DLN_TOKEN_BYTES - 1) == 0 &&
           name[len + DLN_TOKEN_BYTES - 1] == '-';
}

static void tell_reason(struct dln_dispatch *d, struct dln_ticket *ticket)
{
    if (!dln_slurm_is_stuck(ticket->reason) || strcmp(ticket->reason, d->stuck) == 0) return;
    (void)snprintf(d->stuck, sizeof d->stuck, "%s", ticket->reason);
    dln_dispatch_note(d, "job %s waits with %s, which may never pass", ticket->id.id,
                      ticket->reason);
}

static void update(struct dln_dispatch *d, struct dln_ticket *ticket,
                   const struct dln_job_seen *seen)
{
    const bool was_running = ticket->is_seen && ticket->seen == DLN_STATE_RUNNING;
    const bool runs = seen->state == DLN_STATE_RUNNING || seen->state == DLN_STATE_ENDING ||
                      seen->state == DLN_STATE_SUSPENDED;
    if (!ticket->is_seen || ticket->seen != seen->state) d->has_change = true;
    ticket->is_answered = ticket->is_seen = true;
    ticket->n_absent = 0;
    ticket->seen = seen->state;
    (void)snprintf(ticket->word, sizeof ticket->word, "%s", seen->word);
    (void)snprintf(ticket->reason, sizeof ticket->reason, "%s", seen->reason);
    if (dln_job_state_is_end(seen->state)) {
        if (ticket->gone_ns == 0) ticket->gone_ns = dln_clock_mono_ns();
        ticket->look_ns = 0;
        return;
    }
    if (seen->state == DLN_STATE_UNKNOWN && strcmp(d->stuck, seen->word) != 0) {
        (void)snprintf(d->stuck, sizeof d->stuck, "%s", seen->word);
        dln_dispatch_note(d, "%s says %s of job %s, which is taken for running", d->system->title,
                          ticket->word, seen->id);
    }
    if (runs) dln_ticket_tell_started(ticket, d->sink, d->context);
    if (was_running && seen->state == DLN_STATE_QUEUED) {
        dln_dispatch_note(d, "job %s went back into the queue and will begin again", seen->id);
    }
    if (seen->state == DLN_STATE_QUEUED || seen->state == DLN_STATE_HELD) tell_reason(d, ticket);
}

static void take_seen(void *context, const struct dln_job_seen *seen)
{
    struct dln_dispatch *d = context;
    struct dln_ticket *ticket = find_ticket(d, seen);
    if (!ticket) {
        const bool is_stray = d->is_by_name && d->is_claimed && d->wants_names && seen->name &&
                              is_of_study(d, seen->name) && !dln_job_state_is_end(seen->state) &&
                              seen->state != DLN_STATE_ENDING;
        if (is_stray) add_stray(d, seen);
        return;
    }
    if (!ticket->id.id[0]) { /* its submit was not answered, or its engine has died */
        if (strlen(seen->id) >= DLN_JOB_ID_MAX || dln_job_state_is_end(seen->state)) return;
        (void)snprintf(ticket->id.id, sizeof ticket->id.id, "%s", seen->id);
        keep_id(ticket);
    } else if (strcmp(ticket->id.id, seen->id) != 0) { /* twice under one name */
        const bool is_alive = !dln_job_state_is_end(seen->state);
        if (is_alive && d->is_by_name && ticket->state != DLN_TICKET_SENT) add_stray(d, seen);
        return;
    }
    if (ticket->state == DLN_TICKET_UNSURE) {
        ticket->state = DLN_TICKET_QUEUED;
        ticket->queued_ns = dln_clock_mono_ns();
        d->back_off_ms = 0;
        if (ticket->wants_end) ticket->owes_hard = true;
    }
    if (ticket->is_polled) update(d, ticket, seen);
}

/* Not in a good answer. One may be cut, so that it takes two, and some time. */
static void miss(struct dln_dispatch *d, struct dln_ticket *ticket, int64_t now_ns)
{
    const int64_t gap_ns = d->study->machine.cluster.poll_min_ms * NS_PER_MS;
    if (ticket->n_absent++ == 0) {
        ticket->absent_ns = now_ns;
        d->has_change = true; /* look again soon */
    }
    if (ticket->n_absent < ABSENT_POLLS || now_ns - ticket->absent_ns < gap_ns / 2) return;
    const bool is_cancelled = ticket->wants_end && !ticket->is_told;
    if (!is_cancelled && now_ns - ticket->sent_ns < ABSENT_AGE_MS * NS_PER_MS) return;
    if (ticket->state == DLN_TICKET_UNSURE) {
        ticket->state = DLN_TICKET_WANTED; /* it was not accepted */
        return;
    }
    ticket->seen = DLN_STATE_UNKNOWN;
    ticket->gone_ns = now_ns;
    ticket->look_ns = 0;
}

static void take_poll(struct dln_dispatch *d, int64_t now_ns)
{
    const struct dln_cluster *cluster = &d->study->machine.cluster;
    const int64_t took_ms = (now_ns - d->poll.started_ns) / NS_PER_MS;
    d->has_change = false;
    d->poll_done_ns = now_ns;
    if (!d->system->read_poll(d->study, &d->poll, take_seen, d)) {
        struct dln_strbuf text = {0};
        went_down(d, words_of(&d->poll, &text));
        dln_strbuf_release(&text);
        d->poll_gap_ms =
            2 * d->poll_gap_ms < BACK_OFF_MAX_MS ? 2 * d->poll_gap_ms : BACK_OFF_MAX_MS;
        d->poll_ns = now_ns + d->poll_gap_ms * NS_PER_MS;
        return;
    }
    came_up(d);
    if (d->is_by_name && d->is_claimed) d->wants_names = false;
    for (size_t i = 0; i < d->n; i++) {
        struct dln_ticket *ticket = d->tickets[i];
        if (ticket->is_polled && !ticket->is_answered && ticket->state != DLN_TICKET_OVER) {
            miss(d, ticket, now_ns);
        }
        ticket->is_polled = false;
    }
    d->poll_gap_ms = d->has_change ? cluster->poll_min_ms : d->poll_gap_ms * 3 / 2;
    if (d->poll_gap_ms < 20 * took_ms) d->poll_gap_ms = 20 * took_ms;
    if (d->poll_gap_ms > cluster->poll_max_ms) d->poll_gap_ms = cluster->poll_max_ms;
    d->poll_ns = now_ns + d->poll_gap_ms * NS_PER_MS;
}

/* ── cancel ────────────────────────────────────────────────────────────────────────────────────*/

static bool owes(const struct dln_ticket *ticket, bool gently)
{
    if (ticket->state == DLN_TICKET_OVER || !ticket->id.id[0] || ticket->in_cancel) return false;
    return gently ? ticket->owes_gentle && !ticket->owes_hard : ticket->owes_hard;
}

static bool any_owes(const struct dln_dispatch *d, bool gently)
{
    for (size_t i = 0; i < d->n; i++) {
        if (owes(d->tickets[i], gently)) return true;
    }
    return !gently && d->n_strays > 0;
}

static size_t collect(struct dln_dispatch *d, bool gently, const struct dln_job_id **ids)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n && n < d->system->cancel_ids; i++) {
        struct dln_ticket *ticket = d->tickets[i];
        if (!owes(ticket, gently)) continue;
        if (n > 0 && strcmp(ids[0]->cluster, ticket->id.cluster) != 0) continue;
        ticket->in_cancel = true;
        ids[n++] = &ticket->id;
    }
    d->n_strays_sent = 0;
    if (gently || n > 0) return n;
    while (d->n_strays_sent < d->n_strays && n < d->system->cancel_ids)
        ids[n++] = &d->strays[d->n_strays_sent++];
    return n;
}

static void send_cancel(struct dln_dispatch *d, int64_t now_ns)
{
    struct dln_error err = {0};
    if (dln_child_runs(&d->cancel) || now_ns < d->cancel_ns) return;
    const bool gently = !any_owes(d, false);
    if (gently && !any_owes(d, true)) return;
    const struct dln_job_id *ids[DLN_CANCEL_IDS_MAX];
    d->cancel_is_gentle = gently;
    const size_t n = collect(d, gently, ids);
    dln_arena_reset(&d->scratch);
    char **argv = d->system->cancel(d->study, n, ids, gently, &d->scratch);
    if (start_command(d, &d->cancel, argv, true, &err)) return;
    for (size_t i = 0; i < d->n; i++)
        d->tickets[i]->in_cancel = false;
    d->cancel_ns = now_ns + CANCEL_AGAIN_MS * NS_PER_MS;
    went_down(d, err.text);
}

static void take_cancel(struct dln_dispatch *d, int64_t now_ns)
{
    const bool ok = d->system->read_cancel(&d->cancel);
    for (size_t i = 0; i < d->n; i++) {
        struct dln_ticket *ticket = d->tickets[i];
        if (!ticket->in_cancel) continue;
        ticket->in_cancel = false;
        if (!ok) continue;
        ticket->owes_gentle = false;
        if (d->cancel_is_gentle) continue;
        ticket->owes_hard = false;
        ticket->kill_at_ns = now_ns + STILL_THERE_MS * NS_PER_MS;
    }
    if (ok) {
        d->n_strays -= d->n_strays_sent;
        if (d->n_strays > 0) {
            memmove(d->strays, d->strays + d->n_strays_sent, d->n_strays * sizeof *d->strays);
        }
        dln_dispatch_poll_soon(d);
    } else {
        struct dln_strbuf text = {0};
        went_down(d, words_of(&d->cancel, &text));
        dln_strbuf_release(&text);
        d->cancel_ns = now_ns + CANCEL_AGAIN_MS * NS_PER_MS;
    }
    d->n_strays_sent = 0;
}

/* ── how a job ended ───────────────────────────────────────────────────────────────────────────*/

static bool wants_detail(const struct dln_dispatch *d, const struct dln_ticket *ticket)
{
    return d->system->detail && ticket->gone_ns > 0 && ticket->seen == DLN_STATE_FAILED &&
           !ticket->asked_detail && !ticket->has_end && ticket->state != DLN_TICKET_OVER;
}

static void send_detail(struct dln_dispatch *d)
{
    struct dln_error err = {0};
    if (dln_child_runs(&d->detail)) return;
    for (size_t i = 0; i < d->n; i++) {
        struct dln_ticket *ticket = d->tickets[i];
        if (!wants_detail(d, ticket)) continue;
        ticket->asked_detail = true;
        dln_arena_reset(&d->scratch);
        char **argv = d->system->detail(&ticket->id, &d->scratch);
        if (!start_command(d, &d->detail, argv, true, &err)) return;
        d->detailing = ticket;
        return;
    }
}

static void take_detail(struct dln_dispatch *d)
{
    struct dln_ticket *ticket = d->detailing;
    d->detailing = NULL;
    if (!ticket) return;
    ticket->has_detail = d->system->read_detail(&d->detail, &ticket->code, &ticket->signal);
}

/* ── turns ─────────────────────────────────────────────────────────────────────────────────────*/

void dln_dispatch_take_answers(struct dln_dispatch *d, int64_t now_ns)
{
    if (dln_child_work(&d->submit, now_ns)) take_submit(d, now_ns);
    if (dln_child_work(&d->poll, now_ns)) take_poll(d, now_ns);
    if (dln_child_work(&d->cancel, now_ns)) take_cancel(d, now_ns);
    if (dln_child_work(&d->detail, now_ns)) take_detail(d);
}

void dln_dispatch_send_commands(struct dln_dispatch *d, int64_t now_ns)
{
    send_cancel(d, now_ns);
    send_submit(d, now_ns);
    send_poll(d, now_ns);
    send_detail(d);
}

int64_t dln_dispatch_next_command_ns(const struct dln_dispatch *d)
{
    int64_t next = INT64_MAX;
    if (!dln_child_runs(&d->submit) && next_wanted(d) && d->submit_ns < next) next = d->submit_ns;
    if (!dln_child_runs(&d->poll) && needs_poll(d) && d->poll_ns < next) next = d->poll_ns;
    if (!dln_child_runs(&d->cancel) && (any_owes(d, false) || any_owes(d, true)) &&
        d->cancel_ns < next) {
        next = d->cancel_ns;
    }
    return next;
}
