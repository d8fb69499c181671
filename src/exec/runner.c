/*
 * The engine's side of running trials. One epoll set holds the guardian's socket, the pipes of all
 * runs and an inotify descriptor for their metrics files; the engine polls that one descriptor.
 *
 * A run:  WANTED ──START sent──▶ ASKED ──STARTED──▶ LIVE ──EXITED──▶ HELD ──RELEASE, GONE──▶ GONE
 *                                  └──FAILED──▶ over   └──GONE: nothing was left──────────────▲
 *
 * Its end is the exit of its main process, not the end of its output: what is in the pipes then is
 * read for at most a moment, and what is left of its group is ended. A run whose guardian died goes
 * straight to GONE. Pipes are read from LIVE on, so that STARTED is always the first event.
 * Nothing here blocks, except the new guardian's start and the old one's end.
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
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "exec/guardian_link.h"
#include "exec/run_output.h"
#include "exec/run_text.h"
#include "exec/wire.h"

enum {
    DRAIN_MS = 250,        /* from the exit of the main process to the end of what is left */
    METRICS_LOOK_MS = 500, /* where inotify is not to be had */
    EVENTS = 64,
    LETTING_GO_MS = 500 /* beyond the grace, for a guardian to end everything */
};
enum { KEY_GUARDIAN, KEY_INOTIFY, KEY_RUNS }; /* epoll data; a run's streams follow */

enum run_state { RUN_WANTED, RUN_ASKED, RUN_LIVE, RUN_HELD, RUN_GONE, RUN_OVER };

struct run {
    uint64_t id;
    void *owner;
    enum run_state state;
    char *run_dir, *program, *directory;
    struct dln_wire request;
    int request_fds[DLN_WIRE_FDS_MAX]; /* payload and write ends, until they are sent */
    struct dln_run_output output;
    int watch;         /* of the metrics file; -1: none */
    int owed_signal;   /* to be sent; 0: none */
    bool asked_to_end; /* TERM or KILL came from us */
    bool owes_release;
    bool is_lost;          /* the guardian died */
    int64_t kill_at_ns;    /* 0: no such plan */
    int64_t release_at_ns; /* HELD: end what is left, at the latest */
    int64_t pid, pid_start;
    struct dln_wire end; /* EXITED or GONE */
    bool has_end;
};

typedef void event_sink(void *context, const struct dln_run_event *event);

struct dln_runner {
    dln_metric_reader *model;
    char *program;
    int inherit_fd;
    int64_t log_limit_bytes, grace_ms;
    int epoll, inotify; /* inotify -1: metrics files are looked at by the clock */
    struct dln_guardian_link guardian;
    bool awaits_room; /* the guardian's socket was full */
    int64_t oom_kills;
    struct run **runs;
    size_t n, cap;
    uint64_t next_id;
    char *buffer; /* DLN_READ_BYTES */
};

/* ── epoll ─────────────────────────────────────────────────────────────────────────────────────*/

static bool watch_fd(dln_runner *runner, int operation, int fd, uint32_t events, uint64_t key)
{
    struct epoll_event event = {.events = events, .data = {.u64 = key}};
    return epoll_ctl(runner->epoll, operation, fd, &event) == 0;
}

static uint64_t stream_key(const struct run *run, int stream)
{
    return KEY_RUNS + run->id * DLN_STREAMS + (uint64_t)stream;
}

static struct run *find_id(const dln_runner *runner, uint64_t id)
{
    for (size_t i = 0; i < runner->n; i++) {
        if (runner->runs[i]->id == id) return runner->runs[i];
    }
    return NULL;
}

/* ── the guardian ──────────────────────────────────────────────────────────────────────────────*/

static void close_request(struct run *run)
{
    for (int i = 0; i < DLN_WIRE_FDS_MAX; i++) {
        if (run->request_fds[i] >= 0) (void)close(run->request_fds[i]);
        run->request_fds[i] = -1;
    }
}

/* Main processes die with the guardian; what they have made is found by the run's mark. */
static void lose_guardian(dln_runner *runner)
{
    dln_guardian_link_close(&runner->guardian, true);
    runner->awaits_room = false;
    for (size_t i = 0; i < runner->n; i++) {
        struct run *run = runner->runs[i];
        if (run->state == RUN_OVER || run->state == RUN_GONE) continue;
        close_request(run);
        (void)dln_exec_end_orphan(run->pid, run->pid_start, run->run_dir);
        run->is_lost = true;
        run->state = RUN_GONE;
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

/* 0: sent. EAGAIN: later. Else the guardian is gone. */
static int send_owed(dln_runner *runner, struct run *run)
{
    int error = 0;
    if (run->state == RUN_WANTED) {
        error = dln_wire_send(runner->guardian.socket, &run->request, run->request_fds,
                              DLN_WIRE_FDS_MAX);
        if (error != 0) return error;
        close_request(run);
        run->state = RUN_ASKED;
    }
    const bool is_there = run->state >= RUN_ASKED && run->state <= RUN_HELD;
    if (is_there && run->owed_signal != 0) {
        const struct dln_wire message = {
            .kind = DLN_WIRE_SIGNAL, .run = run->id, .code = run->owed_signal};
        error = dln_wire_send(runner->guardian.socket, &message, NULL, 0);
        if (error != 0) return error;
        run->owed_signal = 0;
    }
    if (run->state == RUN_HELD && run->owes_release) {
        const struct dln_wire message = {.kind = DLN_WIRE_RELEASE, .run = run->id};
        error = dln_wire_send(runner->guardian.socket, &message, NULL, 0);
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

/* ── events ────────────────────────────────────────────────────────────────────────────────────*/

struct metric_relay {
    event_sink *sink;
    void *context;
    const struct run *run;
};

static struct dln_run_event event_of(const struct run *run, enum dln_run_event_kind kind)
{
    return (struct dln_run_event){.kind = kind,
                                  .owner = run->owner,
                                  .pid = run->pid,
                                  .pid_start = run->pid_start,
                                  .text = ""};
}

static void relay_metric(void *context, const struct dln_metric_event *metric)
{
    const struct metric_relay *relay = context;
    struct dln_run_event event = event_of(relay->run, DLN_RUN_METRIC);
    event.metric = *metric;
    relay->sink(relay->context, &event);
}

static void tell_started(struct run *run, const struct dln_wire *message, event_sink *sink,
                         void *context)
{
    run->state = RUN_LIVE;
    run->pid = message->pid;
    run->pid_start = message->pid_start;
    const struct dln_run_event event = event_of(run, DLN_RUN_STARTED);
    sink(context, &event);
}

static void tell_failed(struct run *run, const struct dln_wire *message, event_sink *sink,
                        void *context)
{
    struct dln_run_event event = event_of(run, DLN_RUN_FAILED);
    char text[DLN_RUN_TEXT_MAX];
    dln_run_failure_text(message, run->program, run->directory, text, &event.program_missing);
    event.text = text;
    dln_run_output_finish(&run->output, NULL, NULL);
    dln_run_status_write(run->run_dir, &event, &run->output);
    run->state = RUN_OVER;
    sink(context, &event);
}

static void watch_streams(dln_runner *runner, struct run *run)
{
    for (int i = 0; i < DLN_STREAMS; i++) {
        (void)watch_fd(runner, EPOLL_CTL_ADD, run->output.fd[i], EPOLLIN, stream_key(run, i));
    }
}

static void take_message(dln_runner *runner, const struct dln_wire *message, event_sink *sink,
                         void *context)
{
    struct run *run = find_id(runner, message->run);
    if (!run || run->state < RUN_ASKED || run->state > RUN_HELD) return;
    switch (message->kind) {
    case DLN_WIRE_STARTED:
        watch_streams(runner, run);
        tell_started(run, message, sink, context);
        break;
    case DLN_WIRE_FAILED: tell_failed(run, message, sink, context); break;
    case DLN_WIRE_EXITED:
        run->state = RUN_HELD;
        run->end = *message;
        run->has_end = true;
        run->release_at_ns = dln_clock_mono_ns() + (int64_t)DRAIN_MS * 1000000;
        /* A wrapper that died of our TERM leaves its grace to what it had started. */
        if (run->kill_at_ns > run->release_at_ns) run->release_at_ns = run->kill_at_ns;
        break;
    case DLN_WIRE_GONE:
        run->state = RUN_GONE;
        run->end = *message;
        run->has_end = true;
        break;
    default: break;
    }
}

/* False: the guardian has hung up. */
static bool read_messages(dln_runner *runner, event_sink *sink, void *context)
{
    while (runner->guardian.socket >= 0) {
        struct dln_wire message;
        int fds[DLN_WIRE_FDS_MAX];
        size_t n_fds;
        switch (dln_wire_receive(runner->guardian.socket, &message, fds, &n_fds)) {
        case DLN_WIRE_GOT:
            for (size_t i = 0; i < n_fds; i++)
                (void)close(fds[i]);
            take_message(runner, &message, sink, context);
            break;
        case DLN_WIRE_NOTHING: return true;
        case DLN_WIRE_CLOSED: return false;
        }
    }
    return true;
}

/* ── output ────────────────────────────────────────────────────────────────────────────────────*/

static void read_metrics(dln_runner *runner, struct run *run, event_sink *sink, void *context)
{
    struct metric_relay relay = {sink, context, run};
    (void)dln_run_output_read_metrics(&run->output, runner->buffer, relay_metric, &relay);
}

static void read_notices(dln_runner *runner, event_sink *sink, void *context)
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
                struct run *run = runner->runs[i];
                const bool is_it = run->watch == notice.wd || (notice.mask & IN_Q_OVERFLOW);
                if (is_it && (run->state == RUN_LIVE || run->state == RUN_HELD)) {
                    read_metrics(runner, run, sink, context);
                }
            }
        }
    }
}

static void read_ready(dln_runner *runner, event_sink *sink, void *context)
{
    struct epoll_event ready[EVENTS];
    const int n = epoll_wait(runner->epoll, ready, EVENTS, 0);
    for (int i = 0; i < n; i++) {
        const uint64_t key = ready[i].data.u64;
        if (key == KEY_INOTIFY) read_notices(runner, sink, context);
        if (key < KEY_RUNS + DLN_STREAMS) continue; /* ids begin with 1 */
        struct run *run = find_id(runner, (key - KEY_RUNS) / DLN_STREAMS);
        if (!run || (run->state != RUN_LIVE && run->state != RUN_HELD)) continue;
        struct metric_relay relay = {sink, context, run};
        (void)dln_run_output_read(&run->output, (int)((key - KEY_RUNS) % DLN_STREAMS),
                                  runner->buffer, relay_metric, &relay);
    }
}

/* ── ends ──────────────────────────────────────────────────────────────────────────────────────*/

static bool looks_like_oom(dln_runner *runner, const struct run *run,
                           const struct dln_run_event *event)
{
    if (event->signal == SIGKILL && !run->asked_to_end) {
        const int64_t kills = dln_oom_kill_count();
        const bool is_new = kills > runner->oom_kills;
        runner->oom_kills = kills;
        if (is_new) return true;
    }
    return (event->signal != 0 || event->exit_status != 0) && dln_run_says_oom(&run->output);
}

static void finish_run(dln_runner *runner, struct run *run, event_sink *sink, void *context)
{
    struct metric_relay relay = {sink, context, run};
    dln_run_output_finish(&run->output, relay_metric, &relay);
    if (run->watch >= 0) (void)inotify_rm_watch(runner->inotify, run->watch);
    run->watch = -1;

    struct dln_run_event event = event_of(run, DLN_RUN_ENDED);
    event.guardian_lost = run->is_lost;
    if (run->has_end && !run->is_lost) {
        const int status = run->end.code;
        event.has_exit = true;
        event.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        event.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        event.user_s = (double)run->end.user_us / 1e6;
        event.system_s = (double)run->end.system_us / 1e6;
        event.max_rss_bytes = run->end.max_rss_bytes;
        event.oom = looks_like_oom(runner, run, &event);
    }
    char text[DLN_RUN_TEXT_MAX];
    dln_run_log_text(&run->output, text);
    event.text =
        run->is_lost ? "the guardian, which is the parent of all trials, was killed" : text;
    dln_run_status_write(run->run_dir, &event, &run->output);
    run->state = RUN_OVER; /* before the sink: its owner may be given to a new run there */
    sink(context, &event);
}

/* GONE: nobody writes any more; what is in pipes and file is read to its end. True when it is. */
static bool read_the_rest(dln_runner *runner, struct run *run, event_sink *sink, void *context)
{
    struct metric_relay relay = {sink, context, run};
    bool has_more = false;
    for (int i = 0; i < DLN_STREAMS; i++) {
        has_more |= dln_run_output_read(&run->output, i, runner->buffer, relay_metric, &relay) ==
                    DLN_READ_MORE;
    }
    has_more |= dln_run_output_read_metrics(&run->output, runner->buffer, relay_metric, &relay) ==
                DLN_READ_MORE;
    return !has_more;
}

static void step_run(dln_runner *runner, struct run *run, int64_t now_ns, event_sink *sink,
                     void *context)
{
    struct dln_run_output *output = &run->output;
    if (run->state == RUN_LIVE && (output->has_more_metrics || runner->inotify < 0)) {
        read_metrics(runner, run, sink, context);
    }
    if ((run->state == RUN_LIVE || run->state == RUN_HELD) && run->kill_at_ns > 0 &&
        now_ns >= run->kill_at_ns) {
        run->kill_at_ns = 0;
        run->owed_signal = SIGKILL;
    }
    if (run->state == RUN_HELD && run->release_at_ns > 0) {
        const bool is_drained = output->fd[DLN_STREAM_OUT] < 0 && output->fd[DLN_STREAM_ERR] < 0;
        if (now_ns >= run->release_at_ns || (is_drained && run->kill_at_ns == 0)) {
            run->release_at_ns = 0;
            run->owes_release = true;
        }
    }
    const bool is_over = run->state == RUN_GONE && read_the_rest(runner, run, sink, context);
    if (output->has_news) {
        output->has_news = false;
        const struct dln_run_event event = event_of(run, DLN_RUN_OUTPUT);
        sink(context, &event);
    }
    if (is_over) finish_run(runner, run, sink, context);
}

static void free_run(dln_runner *runner, struct run *run)
{
    if (!run) return;
    if (run->watch >= 0) (void)inotify_rm_watch(runner->inotify, run->watch);
    close_request(run);
    dln_run_output_release(&run->output);
    free(run->run_dir);
    free(run->program);
    free(run->directory);
    free(run);
}

static void forget_over(dln_runner *runner)
{
    size_t kept = 0;
    for (size_t i = 0; i < runner->n; i++) {
        if (runner->runs[i]->state == RUN_OVER) {
            free_run(runner, runner->runs[i]);
        } else {
            runner->runs[kept++] = runner->runs[i];
        }
    }
    runner->n = kept;
}

bool dln_runner_work(dln_runner *runner, event_sink *sink, void *context, struct dln_error *err)
{
    (void)err; /* what goes wrong with a run is told by its events */
    if (!read_messages(runner, sink, context)) lose_guardian(runner);
    send_requests(runner);
    read_ready(runner, sink, context);
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
    const int64_t now_ns = dln_clock_mono_ns();
    for (size_t i = 0; i < runner->n; i++) {
        const struct run *run = runner->runs[i];
        if (run->state == RUN_GONE || run->output.has_more_metrics) lower(timeout_ms, 0);
        if (run->state == RUN_LIVE && runner->inotify < 0) lower(timeout_ms, METRICS_LOOK_MS);
        const int64_t deadlines_ns[] = {run->kill_at_ns,
                                        run->state == RUN_HELD ? run->release_at_ns : 0};
        for (int j = 0; j < 2; j++) {
            if (deadlines_ns[j] == 0) continue;
            lower(timeout_ms, (deadlines_ns[j] - now_ns + 999999) / 1000000);
        }
    }
    if (cap == 0) return 0;
    fds[0] = (struct pollfd){.fd = runner->epoll, .events = POLLIN};
    return 1;
}

/* ── start and end ─────────────────────────────────────────────────────────────────────────────*/

static bool add_run(dln_runner *runner, struct run *run, struct dln_error *err)
{
    if (runner->n == runner->cap) {
        const size_t cap = runner->cap ? runner->cap * 2 : 16;
        struct run **grown = realloc(runner->runs, cap * sizeof *grown);
        if (!grown) return dln_fail(err, DLN_NOMEM, "out of memory");
        runner->runs = grown;
        runner->cap = cap;
    }
    runner->runs[runner->n++] = run;
    return true;
}

static void watch_metrics(dln_runner *runner, struct run *run)
{
    if (runner->inotify < 0) return;
    struct dln_strbuf path = {0};
    dln_strbuf_addf(&path, "%s/metrics.jsonl", run->run_dir);
    if (dln_strbuf_ok(&path)) {
        run->watch = inotify_add_watch(runner->inotify, dln_strbuf_text(&path), IN_MODIFY);
    }
    dln_strbuf_release(&path);
}

bool dln_runner_start(dln_runner *runner, const struct dln_run_request *request,
                      struct dln_error *err)
{
    if (!request->argv[0]) return dln_fail(err, DLN_INVALID, "the command is empty");
    if (!open_guardian(runner, err)) return false;
    struct run *run = calloc(1, sizeof *run);
    if (!run) return dln_fail(err, DLN_NOMEM, "out of memory");
    run->id = ++runner->next_id;
    run->owner = request->owner;
    run->watch = -1;
    for (int i = 0; i < DLN_WIRE_FDS_MAX; i++)
        run->request_fds[i] = -1;
    for (int i = 0; i < DLN_STREAMS; i++)
        run->output.fd[i] = run->output.log[i].fd = -1;
    run->output.metrics_fd = -1;
    run->request = (struct dln_wire){
        .kind = DLN_WIRE_START, .run = run->id, .memory_bytes = request->memory_bytes};
    run->run_dir = strdup(request->run_dir);
    run->program = strdup(request->argv[0]);
    run->directory = strdup(request->directory);
    bool ok = run->run_dir && run->program && run->directory;
    if (!ok) (void)dln_fail(err, DLN_NOMEM, "out of memory");
    ok = ok && dln_guardian_payload(request, &run->request_fds[0], &run->request.n_argv,
                                    &run->request.n_env, err);
    ok = ok && dln_run_output_open(&run->output, run->run_dir, runner->log_limit_bytes,
                                   runner->model, &run->request_fds[1], err);
    ok = ok && add_run(runner, run, err);
    if (!ok) {
        free_run(runner, run);
        return dln_wrap(err, "start a trial");
    }
    watch_metrics(runner, run);
    send_requests(runner);
    return true;
}

void dln_runner_end(dln_runner *runner, void *owner, int64_t grace_ms)
{
    for (size_t i = 0; i < runner->n; i++) {
        struct run *run = runner->runs[i];
        if (run->owner != owner || run->state >= RUN_GONE) continue;
        const int64_t kill_at_ns = dln_clock_mono_ns() + grace_ms * 1000000;
        if (grace_ms <= 0) {
            run->owed_signal = SIGKILL;
            run->kill_at_ns = 0;
            if (run->state == RUN_HELD && run->release_at_ns > 0) run->release_at_ns = 1;
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
    if (ok && (runner->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0) {
        ok = dln_fail_errno(err, errno, "make a poll set");
    }
    if (ok) runner->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (runner->inotify >= 0) {
        (void)watch_fd(runner, EPOLL_CTL_ADD, runner->inotify, EPOLLIN, KEY_INOTIFY);
    }
    ok = ok && open_guardian(runner, err);
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

/* Tells the guardian that we go, and reads along until it has ended everything. */
static void let_go(dln_runner *runner)
{
    if (runner->guardian.socket < 0) return;
    (void)shutdown(runner->guardian.socket, SHUT_WR);
    const int64_t give_up_ns =
        dln_clock_mono_ns() + (runner->grace_ms + LETTING_GO_MS) * (int64_t)1000000;
    bool is_there = true;
    while (is_there && dln_clock_mono_ns() < give_up_ns) {
        struct pollfd fd = {.fd = runner->epoll, .events = POLLIN};
        (void)poll(&fd, 1, (int)((give_up_ns - dln_clock_mono_ns()) / 1000000) + 1);
        is_there = read_messages(runner, ignore_event, NULL);
        read_ready(runner, ignore_event, NULL);
    }
    dln_guardian_link_close(&runner->guardian, is_there);
}

void dln_runner_free(dln_runner *runner)
{
    if (!runner) return;
    let_go(runner);
    for (size_t i = 0; i < runner->n; i++) {
        struct run *run = runner->runs[i];
        if (run->state != RUN_OVER && read_the_rest(runner, run, ignore_event, NULL)) {
            finish_run(runner, run, ignore_event, NULL);
        }
        free_run(runner, run);
    }
    free(runner->runs);
    dln_metric_reader_free(runner->model);
    if (runner->epoll >= 0) (void)close(runner->epoll);
    if (runner->inotify >= 0) (void)close(runner->inotify);
    free(runner->program);
    free(runner->buffer);
    free(runner);
}
