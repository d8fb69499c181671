#include "exec/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "exec/guardian_link.h"
#include "exec/run_text.h"
#include "exec/warm.h"

bool dln_run_new(const struct dln_run_request *request, uint64_t id, const dln_metric_reader *model,
                 int64_t log_limit_bytes, struct dln_run **out, struct dln_error *err)
{
    struct dln_run *run = calloc(1, sizeof *run);
    if (!run) return dln_fail(err, DLN_NOMEM, "out of memory");
    run->id = id;
    run->owner = request->owner;
    run->watch = -1;
    for (int i = 0; i < DLN_STREAMS; i++)
        run->output.fd[i] = run->output.log[i].fd = -1;
    run->output.metrics_fd = -1;
    run->request = (struct dln_wire){.kind = DLN_WIRE_START,
                                     .run = id,
                                     .memory_bytes = request->memory_bytes,
                                     .n_cpus = (uint32_t)(request->cpus > 0 ? request->cpus : 0),
                                     .slot = (uint32_t)(request->slot > 0 ? request->slot : 0)};
    run->run_dir = strdup(request->line ? request->worker_dir : request->run_dir);
    run->program = strdup(request->argv[0]);
    run->directory = strdup(request->directory);
    bool ok = run->run_dir && run->program && run->directory;
    if (!ok) (void)dln_fail(err, DLN_NOMEM, "out of memory");
    int write_fds[DLN_STREAMS];
    ok = ok &&
         dln_run_output_init(&run->output, run->run_dir, log_limit_bytes, model, write_fds, err);
    if (ok) {
        run->load.n_fds = DLN_STREAMS;
        for (int i = 0; i < DLN_STREAMS; i++)
            run->load.fds[i] = write_fds[i];
        int input = -1;
        if (request->line && dln_warm_new(request, log_limit_bytes, &run->warm, &input, err)) {
            run->load.fds[run->load.n_fds++] = input;
            run->request.has_input = 1;
        }
        ok = (!request->line || (run->warm && dln_warm_give(run, request, err))) &&
             dln_guardian_pack(request, &run->request, &run->load, err);
    }
    if (!ok) {
        dln_run_free(run);
        return false;
    }
    *out = run;
    return true;
}

void dln_run_free(struct dln_run *run)
{
    if (!run) return;
    dln_run_drop_request(run);
    dln_run_output_release(&run->output);
    dln_warm_free(run->warm);
    free(run->run_dir);
    free(run->program);
    free(run->directory);
    free(run);
}

void dln_run_drop_request(struct dln_run *run)
{
    dln_wire_load_close(&run->load);
    free(run->load.bytes);
    run->load = (struct dln_wire_load){0};
}

const char *dln_run_mark(const struct dln_run *run)
{
    return run->run_dir; /* of a warm worker: its own */
}

/* ── events ────────────────────────────────────────────────────────────────────────────────────*/

struct relay {
    dln_run_sink *sink;
    void *context;
    const struct dln_run *run;
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
    const struct relay *relay = context;
    struct dln_run_event event = event_of(relay->run, DLN_RUN_METRIC);
    event.metric = *metric;
    relay->sink(relay->context, &event);
}

void dln_run_tell_started(struct dln_run *run, const struct dln_wire *started, dln_run_sink *sink,
                          void *context)
{
    run->state = DLN_RUN_IS_LIVE;
    run->pid = started->pid;
    run->pid_start = started->pid_start;
    const struct dln_run_event event = event_of(run, DLN_RUN_STARTED);
    sink(context, &event);
}

void dln_run_tell_output(struct dln_run *run, dln_run_sink *sink, void *context)
{
    run->output.has_news = false;
    if (run->warm && !run->warm->has_trial) return;
    const struct dln_run_event event = event_of(run, DLN_RUN_OUTPUT);
    sink(context, &event);
}

/* ── output ────────────────────────────────────────────────────────────────────────────────────*/

enum dln_read_result dln_run_read(struct dln_run *run, int stream, char *buffer, dln_run_sink *sink,
                                  void *context)
{
    struct relay relay = {sink, context, run};
    if (run->warm) return dln_warm_read(run, stream, buffer, sink, context);
    return dln_run_output_read(&run->output, stream, buffer, relay_metric, &relay);
}

enum dln_read_result dln_run_read_metrics(struct dln_run *run, char *buffer, dln_run_sink *sink,
                                          void *context)
{
    if (run->warm) return DLN_READ_BLOCKED; /* it has no such file */
    struct relay relay = {sink, context, run};
    return dln_run_output_read_metrics(&run->output, buffer, relay_metric, &relay);
}

bool dln_run_read_rest(struct dln_run *run, char *buffer, dln_run_sink *sink, void *context)
{
    bool has_more = false;
    for (int i = 0; i < DLN_STREAMS; i++) {
        if (dln_run_read(run, i, buffer, sink, context) == DLN_READ_MORE) has_more = true;
    }
    if (dln_run_read_metrics(run, buffer, sink, context) == DLN_READ_MORE) has_more = true;
    return !has_more;
}

/* ── ends ──────────────────────────────────────────────────────────────────────────────────────*/

/* The state before the sink: there its owner may be given to a new run. The file behind it: whoever
   starts the next run in the sink does not wait for it. */
static void tell_over(struct dln_run *run, const struct dln_run_event *event, dln_run_sink *sink,
                      void *context)
{
    run->state = DLN_RUN_IS_OVER;
    sink(context, event);
    dln_run_status_write(run->run_dir, event, run->output.log,
                         dln_run_output_cut_lines(&run->output));
}

void dln_run_fail(struct dln_run *run, const struct dln_wire *failed, dln_run_sink *sink,
                  void *context)
{
    struct dln_run_event event = event_of(run, DLN_RUN_FAILED);
    char text[DLN_RUN_TEXT_MAX];
    dln_run_failure_text(failed, run->program, run->directory, text, &event.program_missing);
    event.text = text;
    struct relay relay = {sink, context, run};
    dln_run_output_finish(&run->output, relay_metric, &relay);
    tell_over(run, &event, sink, context);
}

/* Killed by nobody we know while the kernel was killing for memory, or failed with such words. */
static bool looks_like_oom(const struct dln_run *run, const struct dln_run_event *event,
                           int64_t *oom_kills)
{
    if (event->signal == SIGKILL && !run->asked_to_end) {
        const int64_t kills = dln_oom_kill_count();
        const bool is_new = kills > *oom_kills;
        *oom_kills = kills;
        if (is_new) return true;
    }
    return (event->signal != 0 || event->exit_status != 0) && dln_run_says_oom(&run->output);
}

void dln_run_read_status(const struct dln_run *run, struct dln_run_event *event, int64_t *oom_kills)
{
    const int status = run->end.code;
    event->has_exit = true;
    event->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    event->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    event->user_s = (double)run->end.user_us / 1e6;
    event->system_s = (double)run->end.system_us / 1e6;
    event->max_rss_bytes = run->end.max_rss_bytes;
    event->oom = looks_like_oom(run, event, oom_kills);
}

void dln_run_finish(struct dln_run *run, int64_t *oom_kills, dln_run_sink *sink, void *context)
{
    if (run->warm) {
        dln_warm_finish(run, oom_kills, sink, context);
        return;
    }
    struct relay relay = {sink, context, run};
    dln_run_output_finish(&run->output, relay_metric, &relay);

    struct dln_run_event event = event_of(run, DLN_RUN_ENDED);
    event.guardian_lost = run->is_lost;
    if (run->has_end && !run->is_lost) dln_run_read_status(run, &event, oom_kills);
    char text[DLN_RUN_TEXT_MAX];
    dln_run_log_text(run->output.log, text);
    event.text =
        run->is_lost ? "the guardian, which is the parent of all trials, was killed" : text;
    tell_over(run, &event, sink, context);
}
