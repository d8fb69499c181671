/*
 * The engine's side of running trials. One epoll set holds the guardian's socket, the pipes of all
 * runs and an inotify descriptor for their metrics files; the engine polls that one descriptor.
 *
 * The end of a run is the exit of its main process, not the end of its output: what is in the pipes
 * then is read for at most a moment, and what is left of its group is ended. Pipes are read from
 * STARTED on, so that this is always the first event. Nothing here blocks, except the new
 * guardian's start and the old one's end.
 */
#include "dialin/exec.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "exec/batch_dispatch.h"
#include "exec/guardian_link.h"
#include "exec/run.h"
#include "exec/run_text.h"
#include "exec/warm.h"
#include "exec/wire.h"

enum {
    DRAIN_MS = 250,         /* from the exit of the main process to the end of what is left */
    METRICS_WATCH_MS = 100, /* a run that is shorter has its metrics file read at its end only */
    METRICS_LOOK_MS = 500,  /* where inotify is not to be had */
    LETTING_GO_MS = 500,    /* beyond the grace, for a guardian to end everything */
    SENT_AWAY_MS = 2000,    /* a worker that was sent away ends by itself */
    WRITE_MS = 50,          /* until a worker that does not read is written to again */
    BACK_OFF_MS = 200, /* before the third start of a worker that dies and dies; then doubled */
    BACK_OFF_MAX = 8,  /* doublings */
    EVENTS = 64
};
enum { KEY_GUARDIAN, KEY_INOTIFY, KEY_RUNS }; /* epoll data; a run's streams follow */

#define NS_PER_MS ((int64_t)1000000)

struct dln_runner {
    struct dln_dispatch *dispatch; /* jobs of a batch system; then the rest is not there */
    dln_metric_reader *model;
    char *program;
    int inherit_fd;
    int64_t log_limit_bytes, grace_ms;
    int epoll, inotify; /* inotify -1: metrics files are looked at by the clock */
    struct dln_guardian_link guardian;
    bool awaits_room; /* the guardian's socket was full */
    int64_t oom_kills;
    struct dln_run **runs;
    size_t n, cap;
    uint64_t next_id;
    int *deaths; /* by slot: warm workers that died without an answer, in a row */
    size_t n_deaths;
    char *buffer; /* DLN_READ_BYTES */
};

static bool watch_fd(dln_runner *runner, int operation, int fd, uint32_t events, uint64_t key)
{
    struct epoll_event event = {.events = events, .data = {.u64 = key}};
    return epoll_ctl(runner->epoll, operation, fd, &event) == 0;
}

static struct dln_run *find_id(const dln_runner *runner, uint64_t id)
{
    for (size_t i = 0; i < runner->n; i++) {
        if (runner->runs[i]->id == id) return runner->runs[i];
    }
    return NULL;
}

static bool is_read(const struct dln_run *run)
{
    return run->state == DLN_RUN_IS_LIVE || run->state == DLN_RUN_IS_HELD;
}

/* ── requests to the guardian ──────────────────────────────────────────────────────────────────*/

/* Main processes die with the guardian; what they have made is found by the run's mark. */
static void lose_guardian(dln_runner *runner)
{
    dln_guardian_link_close(&runner->guardian, true);
    runner->awaits_room = false;
    for (size_t i = 0; i < runner->n; i++) {
        struct dln_run *run = runner->runs[i];
        if (run->state >= DLN_RUN_IS_GONE) continue;
        dln_run_drop_request(run);
        (void)dln_exec_end_orphan(run->pid, run->pid_start, dln_run_mark(run));
        run->is_lost = true;
        run->state = DLN_RUN_IS_GONE;
    }
}

static bool open_guardian(dln_runner *runner, struct dln_error *err)
{
    if (runner->guardian.socket >= 0) return true;
    if (!dln_guardian_link_open(&runner->guardian, runner->program, runner->inherit_fd,
                                runner->grace_ms, err)) {
        return false;
    }
    if (watch_fd(runner, EPOLL_CTL_ADD, runner->guardian.socket, EPOLLIN, KEY_GUARDIAN))
        return true;
    const int error = errno;
    dln_guardian_link_close(&runner->guardian, true);
    return dln_fail_errno(err, error, "watch the guardian");
}

/* A warm worker starts when the last one of its slot has left nothing, and not too often. */
static bool must_wait(const dln_runner *runner, const struct dln_run *run)
{
    if (!run->warm) return false;
    if (run->start_at_ns > 0 && dln_clock_mono_ns() < run->start_at_ns) return true;
    for (size_t i = 0; i < runner->n; i++) {
        const struct dln_run *other = runner->runs[i];
        if (other->warm && other->id < run->id && other->warm->slot == run->warm->slot &&
            other->state < DLN_RUN_IS_GONE) {
            return true;
        }
    }
    return false;
}

/* 0: sent. EAGAIN: later. Else the guardian is gone. */
static int send_owed(dln_runner *runner, struct dln_run *run)
{
    const int socket = runner->guardian.socket;
    int error = 0;
    if (run->state == DLN_RUN_IS_WANTED) {
        if (must_wait(runner, run)) return 0;
        error = dln_wire_send(socket, &run->request, &run->load);
        if (error != 0) return error;
        dln_run_drop_request(run);
        run->state = DLN_RUN_IS_ASKED;
    }
    if (run->owed_signal != 0 && run->state < DLN_RUN_IS_GONE) {
        const struct dln_wire message = {
            .kind = DLN_WIRE_SIGNAL, .run = run->id, .code = run->owed_signal};
        error = dln_wire_send(socket, &message, NULL);
        if (error != 0) return error;
        run->owed_signal = 0;
    }
    if (run->owes_release && run->state == DLN_RUN_IS_HELD) {
        const struct dln_wire message = {.kind = DLN_WIRE_RELEASE, .run = run->id};
        error = dln_wire_send(socket, &message, NULL);
        if (error != 0) return error;
        run->owes_release = false;
    }
    return 0;
}

static void send_requests(dln_runner *runner)
{
    if (runner->guardian.socket < 0) return;
    int error = 0;
    for (size_t i = 0; i < runner->n && error == 0; i++) {
        error = send_owed(runner, runner->runs[i]);
    }
    if (error != 0 && error != EAGAIN && error != ETOOMANYREFS) {
        lose_guardian(runner);
        return;
    }
    if (runner->awaits_room == (error != 0)) return;
    runner->awaits_room = error != 0;
    (void)watch_fd(runner, EPOLL_CTL_MOD, runner->guardian.socket,
                   runner->awaits_room ? EPOLLIN | EPOLLOUT : EPOLLIN, KEY_GUARDIAN);
}

/* ── its answers ───────────────────────────────────────────────────────────────────────────────*/

static void take_message(dln_runner *runner, const struct dln_wire *message, dln_run_sink *sink,
                         void *context)
{
    struct dln_run *run = find_id(runner, message->run);
    if (!run || run->state < DLN_RUN_IS_ASKED || run->state > DLN_RUN_IS_HELD) return;
    const int64_t now_ns = dln_clock_mono_ns();
    switch (message->kind) {
    case DLN_WIRE_STARTED:
        if (!run->warm) run->watch_at_ns = now_ns + METRICS_WATCH_MS * NS_PER_MS;
        dln_run_tell_started(run, message, sink, context);
        break;
    case DLN_WIRE_FAILED: dln_run_fail(run, message, sink, context); break;
    case DLN_WIRE_EXITED:
        run->state = DLN_RUN_IS_HELD;
        run->end = *message;
        run->has_end = true;
        run->release_at_ns = now_ns + DRAIN_MS * NS_PER_MS;
        /* A wrapper that died of our TERM leaves its grace to what it had started. */
        if (run->kill_at_ns > run->release_at_ns) run->release_at_ns = run->kill_at_ns;
        break;
    case DLN_WIRE_GONE:
        run->state = DLN_RUN_IS_GONE;
        run->end = *message;
        run->has_end = true;
        break;
    default: break;
    }
}

/* False: the guardian has hung up. */
static bool read_messages(dln_runner *runner, dln_run_sink *sink, void *context)
{
    while (runner->guardian.socket >= 0) {
        struct dln_wire message;
        struct dln_wire_load load = {0};
        switch (dln_wire_receive(runner->guardian.socket, &message, &load)) {
        case DLN_WIRE_GOT:
            dln_wire_load_close(&load);
            take_message(runner, &message, sink, context);
            break;
        case DLN_WIRE_NOTHING: return true;
        case DLN_WIRE_CLOSED: return false;
        }
    }
    return true;
}

/* ── output ────────────────────────────────────────────────────────────────────────────────────*/

static void watch_metrics(dln_runner *runner, struct dln_run *run)
{
    run->watch_at_ns = 0;
    dln_run_output_make_metrics(&run->output);
    if (runner->inotify >= 0) {
        run->watch = inotify_add_watch(runner->inotify, run->output.metrics_path, IN_MODIFY);
    }
    run->output.has_more_metrics = true; /* what came before the watch */
}

static void read_notices(dln_runner *runner)
{
    union {
        struct inotify_event aligned;
        char bytes[4096];
    } notices;
    for (;;) {
        const ssize_t got = read(runner->inotify, notices.bytes, sizeof notices.bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return;
        for (size_t at = 0; at + sizeof(struct inotify_event) <= (size_t)got;) {
            struct inotify_event notice;
            memcpy(&notice, notices.bytes + at, sizeof notice);
            at += sizeof notice + notice.len;
            for (size_t i = 0; i < runner->n; i++) {
                struct dln_run *run = runner->runs[i];
                if (run->watch == notice.wd || (notice.mask & IN_Q_OVERFLOW)) {
                    run->output.has_more_metrics = true;
                }
            }
        }
    }
}

/* The guardian's messages first: STARTED goes before what the program has printed since.
   False: the guardian has hung up. */
static bool read_ready(dln_runner *runner, dln_run_sink *sink, void *context)
{
    bool is_there = true;
    struct epoll_event ready[EVENTS];
    const int n = epoll_wait(runner->epoll, ready, EVENTS, 0);
    for (int i = 0; i < n; i++) {
        if (ready[i].data.u64 == KEY_INOTIFY) read_notices(runner);
        if (ready[i].data.u64 == KEY_GUARDIAN) is_there = read_messages(runner, sink, context);
    }
    for (int i = 0; i < n; i++) {
        const uint64_t key = ready[i].data.u64;
        if (key < KEY_RUNS + DLN_STREAMS) continue; /* run ids begin with 1 */
        struct dln_run *run = find_id(runner, (key - KEY_RUNS) / DLN_STREAMS);
        if (!run || !is_read(run)) continue;
        (void)dln_run_read(run, (int)((key - KEY_RUNS) % DLN_STREAMS), runner->buffer, sink,
                           context);
    }
    return is_there;
}

/* ── one turn ──────────────────────────────────────────────────────────────────────────────────*/

/* Not as soon as it has started: a short one is over already, and what it left is read in any case.
 */
static void watch_pipes(dln_runner *runner, struct dln_run *run)
{
    if (run->is_watched || (run->state != DLN_RUN_IS_LIVE && run->state != DLN_RUN_IS_HELD)) return;
    run->is_watched = true;
    for (int i = 0; i < DLN_STREAMS; i++) {
        (void)watch_fd(runner, EPOLL_CTL_ADD, run->output.fd[i], EPOLLIN,
                       KEY_RUNS + run->id * DLN_STREAMS + (uint64_t)i);
    }
}

static void step_run(dln_runner *runner, struct dln_run *run, int64_t now_ns, dln_run_sink *sink,
                     void *context)
{
    struct dln_run_output *output = &run->output;
    watch_pipes(runner, run);
    if (run->warm) dln_warm_step(run, now_ns);
    if (is_read(run)) {
        if (run->watch_at_ns > 0 && now_ns >= run->watch_at_ns) watch_metrics(runner, run);
        if (!run->warm &&
            (output->has_more_metrics || (runner->inotify < 0 && run->watch_at_ns == 0))) {
            (void)dln_run_read_metrics(run, runner->buffer, sink, context);
        }
        if (run->kill_at_ns > 0 && now_ns >= run->kill_at_ns) {
            run->kill_at_ns = 0;
            run->owed_signal = SIGKILL;
        }
    }
    if (run->state == DLN_RUN_IS_HELD && run->release_at_ns > 0) {
        const bool is_drained = output->fd[DLN_STREAM_OUT] < 0 && output->fd[DLN_STREAM_ERR] < 0;
        if (now_ns >= run->release_at_ns || (is_drained && run->kill_at_ns == 0)) {
            run->release_at_ns = 0;
            run->owes_release = true;
        }
    }
    const bool is_over =
        run->state == DLN_RUN_IS_GONE && dln_run_read_rest(run, runner->buffer, sink, context);
    if (output->has_news) dln_run_tell_output(run, sink, context);
    if (is_over) dln_run_finish(run, &runner->oom_kills, sink, context);
}

static void free_run(dln_runner *runner, struct dln_run *run)
{
    if (run->watch >= 0) (void)inotify_rm_watch(runner->inotify, run->watch);
    dln_run_free(run);
}

static void note_death(dln_runner *runner, const struct dln_run *run)
{
    const struct dln_warm *warm = run->warm;
    const size_t slot = (size_t)warm->slot;
    if (run->asked_to_end) return;
    if (slot >= runner->n_deaths) {
        int *grown = realloc(runner->deaths, (slot + 1) * sizeof *grown);
        if (!grown) return; /* it is started again a little too soon */
        for (size_t i = runner->n_deaths; i <= slot; i++)
            grown[i] = 0;
        runner->deaths = grown;
        runner->n_deaths = slot + 1;
    }
    runner->deaths[slot] = warm->has_answered ? 1 : runner->deaths[slot] + 1;
}

static int64_t back_off_ns(const dln_runner *runner, int slot)
{
    const int n = (size_t)slot < runner->n_deaths ? runner->deaths[slot] : 0;
    if (n < 2) return 0;
    return (BACK_OFF_MS * NS_PER_MS) << (n - 2 < BACK_OFF_MAX ? n - 2 : BACK_OFF_MAX);
}

static void forget_over(dln_runner *runner)
{
    size_t kept = 0;
    for (size_t i = 0; i < runner->n; i++) {
        if (runner->runs[i]->state == DLN_RUN_IS_OVER) {
            if (runner->runs[i]->warm) note_death(runner, runner->runs[i]);
            free_run(runner, runner->runs[i]);
        } else {
            runner->runs[kept++] = runner->runs[i];
        }
    }
    runner->n = kept;
}

/* A trial that was given to a worker which lives already has started. */
static void tell_given(struct dln_run *run, dln_run_sink *sink, void *context)
{
    if (!run->warm || !run->warm->owes_started) return;
    run->warm->owes_started = false;
    const struct dln_run_event event = {.kind = DLN_RUN_STARTED,
                                        .owner = run->owner,
                                        .pid = run->pid,
                                        .pid_start = run->pid_start,
                                        .text = ""};
    sink(context, &event);
}

bool dln_runner_work(dln_runner *runner, dln_run_sink *sink, void *context, struct dln_error *err)
{
    (void)err; /* what goes wrong with a run is told by its events */
    if (runner->dispatch) {
        dln_dispatch_work(runner->dispatch, sink, context);
        return true;
    }
    for (size_t i = 0; i < runner->n; i++)
        tell_given(runner->runs[i], sink, context);
    if (!read_ready(runner, sink, context)) lose_guardian(runner);
    const int64_t now_ns = dln_clock_mono_ns();
    /* By index and to the present end: the sink may start runs, which moves the array. */
    for (size_t i = 0; i < runner->n; i++) {
        step_run(runner, runner->runs[i], now_ns, sink, context);
    }
    send_requests(runner);
    forget_over(runner);
    return true;
}

static void lower(int *timeout_ms, int64_t to_ms)
{
    if (to_ms < 0) to_ms = 0;
    if (*timeout_ms < 0 || *timeout_ms > to_ms) *timeout_ms = (int)to_ms;
}

size_t dln_runner_poll(dln_runner *runner, struct pollfd *fds, size_t cap, int *timeout_ms)
{
    if (runner->dispatch) return dln_dispatch_poll(runner->dispatch, fds, cap, timeout_ms);
    const int64_t now_ns = dln_clock_mono_ns();
    for (size_t i = 0; i < runner->n; i++) {
        const struct dln_run *run = runner->runs[i];
        if (run->state == DLN_RUN_IS_GONE) lower(timeout_ms, 0);
        if (run->warm) {
            const struct dln_warm *warm = run->warm;
            if (warm->owes_started) lower(timeout_ms, 0);
            if (dln_warm_has_more(warm)) lower(timeout_ms, WRITE_MS);
            const int64_t due_ns =
                run->state == DLN_RUN_IS_WANTED ? run->start_at_ns : warm->term_at_ns;
            if (due_ns > 0 && run->state <= DLN_RUN_IS_LIVE) {
                lower(timeout_ms, (due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS);
            }
        }
        if (!is_read(run)) continue;
        if (run->output.has_more_metrics) lower(timeout_ms, 0);
        if (runner->inotify < 0) lower(timeout_ms, METRICS_LOOK_MS);
        const int64_t deadlines_ns[] = {run->watch_at_ns, run->kill_at_ns, run->release_at_ns};
        for (size_t j = 0; j < sizeof deadlines_ns / sizeof deadlines_ns[0]; j++) {
            if (deadlines_ns[j] == 0) continue;
            lower(timeout_ms, (deadlines_ns[j] - now_ns + NS_PER_MS - 1) / NS_PER_MS);
        }
    }
    if (cap == 0) return 0;
    fds[0] = (struct pollfd){.fd = runner->epoll, .events = POLLIN};
    return 1;
}

/* ── start and end ─────────────────────────────────────────────────────────────────────────────*/

static struct dln_run *find_idle(const dln_runner *runner, int slot)
{
    for (size_t i = 0; i < runner->n; i++) {
        struct dln_run *run = runner->runs[i];
        if (run->warm && run->warm->slot == slot && run->state == DLN_RUN_IS_LIVE &&
            !run->warm->has_trial && !run->warm->is_leaving) {
            return run;
        }
    }
    return NULL;
}

bool dln_runner_start(dln_runner *runner, const struct dln_run_request *request,
                      struct dln_error *err)
{
    struct dln_run *idle = request->line ? find_idle(runner, request->slot) : NULL;
    if (idle) {
        if (!dln_warm_give(idle, request, err)) return dln_wrap(err, "start a trial");
        idle->warm->owes_started = idle->warm->has_trial;
        if (idle->warm->has_trial) return true;
    }
    if (!request->argv[0]) return dln_fail(err, DLN_INVALID, "the command is empty");
    if (runner->dispatch) return dln_dispatch_start(runner->dispatch, request, err);
    if (!open_guardian(runner, err)) return false;
    if (runner->n == runner->cap) {
        const size_t cap = runner->cap ? runner->cap * 2 : 16;
        struct dln_run **grown = realloc(runner->runs, cap * sizeof *grown);
        if (!grown) return dln_fail(err, DLN_NOMEM, "out of memory");
        runner->runs = grown;
        runner->cap = cap;
    }
    struct dln_run *run;
    if (!dln_run_new(request, runner->next_id + 1, runner->model, runner->log_limit_bytes, &run,
                     err)) {
        return dln_wrap(err, "start a trial");
    }
    runner->next_id++;
    const int64_t back_off = request->line ? back_off_ns(runner, request->slot) : 0;
    if (back_off > 0) run->start_at_ns = dln_clock_mono_ns() + back_off;
    runner->runs[runner->n++] = run;
    send_requests(runner);
    return true;
}

void dln_runner_end(dln_runner *runner, void *owner, int64_t grace_ms)
{
    if (runner->dispatch) dln_dispatch_end(runner->dispatch, owner, grace_ms);
    for (size_t i = 0; i < runner->n; i++) {
        struct dln_run *run = runner->runs[i];
        if (run->owner != owner || run->state >= DLN_RUN_IS_GONE) continue;
        const int64_t now_ns = dln_clock_mono_ns();
        const int64_t kill_at_ns = now_ns + grace_ms * NS_PER_MS;
        if (run->warm && run->state == DLN_RUN_IS_WANTED) {
            dln_run_drop_request(run);
            run->state = DLN_RUN_IS_GONE;
        } else if (run->warm && grace_ms > 0 && run->state <= DLN_RUN_IS_LIVE) {
            if (!run->asked_to_end) {
                dln_warm_dismiss(run, now_ns, grace_ms);
            } else if (run->warm->term_at_ns > kill_at_ns) {
                run->warm->term_at_ns = kill_at_ns;
            }
        } else if (grace_ms <= 0) {
            if (run->warm) run->warm->is_leaving = true;
            run->owed_signal = SIGKILL;
            run->kill_at_ns = 0;
            if (run->release_at_ns > 0) run->release_at_ns = 1;
        } else if (!run->asked_to_end) {
            run->owed_signal = SIGTERM;
            run->kill_at_ns = kill_at_ns;
        } else if (run->kill_at_ns > kill_at_ns) {
            run->kill_at_ns = kill_at_ns;
        }
        run->asked_to_end = true;
        send_requests(runner);
        return;
    }
}

void dln_runner_signal(dln_runner *runner, void *owner, int number)
{
    for (size_t i = 0; i < runner->n; i++) {
        struct dln_run *run = runner->runs[i];
        if (run->owner != owner || run->state >= DLN_RUN_IS_GONE || run->asked_to_end) continue;
        run->owed_signal = number;
        send_requests(runner);
        return;
    }
}

void dln_runner_trim(dln_runner *runner, const bool *stays, int n)
{
    for (size_t i = 0; i < runner->n; i++) {
        struct dln_run *run = runner->runs[i];
        if (!run->warm || run->state != DLN_RUN_IS_LIVE) continue;
        if (run->warm->slot < n && stays[run->warm->slot]) continue;
        if (run->warm->has_trial || run->warm->is_leaving) continue;
        run->asked_to_end = true;
        dln_warm_send_away(run, dln_clock_mono_ns(), SENT_AWAY_MS);
    }
}

bool dln_runner_new(const struct dln_study *study, const struct dln_runner_options *options,
                    dln_runner **out, struct dln_error *err)
{
    dln_runner *runner = calloc(1, sizeof *runner);
    if (!runner) return dln_fail(err, DLN_NOMEM, "out of memory");
    *runner = (dln_runner){.inherit_fd = options->inherit_fd,
                           .log_limit_bytes = options->log_limit_bytes,
                           .grace_ms = options->orphan_grace_ms,
                           .epoll = -1,
                           .inotify = -1,
                           .guardian = {.socket = -1}};
    runner->oom_kills = dln_oom_kill_count();
    runner->buffer = malloc(DLN_READ_BYTES);
    if (options->program) runner->program = strdup(options->program);
    bool ok = runner->buffer && (runner->program || !options->program);
    if (!ok) (void)dln_fail(err, DLN_NOMEM, "out of memory");
    ok = ok && dln_metric_reader_new(study, &runner->model, err);
    if (ok && dln_dispatch_is_for(study))
        ok = dln_dispatch_new(study, options, runner->model, &runner->dispatch, err);
    if (ok && (runner->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        ok = dln_fail_errno(err, errno, "make a poll set");
    }
    if (ok) runner->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (runner->inotify >= 0) {
        (void)watch_fd(runner, EPOLL_CTL_ADD, runner->inotify, EPOLLIN, KEY_INOTIFY);
    }
    ok = ok && (runner->dispatch || open_guardian(runner, err));
    if (!ok) {
        dln_runner_free(runner);
        return false;
    }
    *out = runner;
    return true;
}

static void ignore_event(void *context, const struct dln_run_event *event)
{
    (void)context;
    (void)event;
}

/* Workers that have nothing to do end by themselves when they are told to, if they are quick. */
static void send_workers_away(dln_runner *runner)
{
    dln_runner_trim(runner, NULL, 0);
    const int64_t give_up_ns = dln_clock_mono_ns() + runner->grace_ms * NS_PER_MS;
    for (int64_t left_ns; (left_ns = give_up_ns - dln_clock_mono_ns()) > 0;) {
        bool any = false;
        for (size_t i = 0; i < runner->n; i++) {
            const struct dln_run *run = runner->runs[i];
            any = any || (run->warm && !run->warm->has_trial && run->state == DLN_RUN_IS_LIVE);
        }
        if (!any) return;
        struct pollfd fd = {.fd = runner->epoll, .events = POLLIN};
        (void)poll(&fd, 1, (int)(left_ns / NS_PER_MS) + 1);
        if (!read_ready(runner, ignore_event, NULL)) return;
    }
}

/* Tells the guardian that we go, and reads along until it has ended everything. */
static void let_go(dln_runner *runner)
{
    if (runner->guardian.socket < 0) return;
    send_workers_away(runner);
    (void)shutdown(runner->guardian.socket, SHUT_WR);
    const int64_t give_up_ns = dln_clock_mono_ns() + (runner->grace_ms + LETTING_GO_MS) * NS_PER_MS;
    bool is_there = true;
    for (int64_t left_ns; is_there && (left_ns = give_up_ns - dln_clock_mono_ns()) > 0;) {
        struct pollfd fd = {.fd = runner->epoll, .events = POLLIN};
        (void)poll(&fd, 1, (int)(left_ns / NS_PER_MS) + 1);
        is_there = read_ready(runner, ignore_event, NULL);
    }
    dln_guardian_link_close(&runner->guardian, is_there);
}

void dln_runner_free(dln_runner *runner)
{
    if (!runner) return;
    dln_dispatch_free(runner->dispatch);
    let_go(runner);
    for (size_t i = 0; i < runner->n; i++) {
        struct dln_run *run = runner->runs[i];
        if (run->state != DLN_RUN_IS_OVER &&
            dln_run_read_rest(run, runner->buffer, ignore_event, NULL)) {
            dln_run_finish(run, &runner->oom_kills, ignore_event, NULL);
        }
        free_run(runner, run);
    }
    free(runner->runs);
    free(runner->deaths);
    dln_metric_reader_free(runner->model);
    if (runner->epoll >= 0) (void)close(runner->epoll);
    if (runner->inotify >= 0) (void)close(runner->inotify);
    free(runner->program);
    free(runner->buffer);
    free(runner);
}

struct dln_dispatch *dln_runner_dispatch(const dln_runner *runner)
{
    return runner ? runner->dispatch : NULL;
}
