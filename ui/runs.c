#include "runs.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/clock.h"

static const int64_t ns_per_s = 1000000000;

void runs_init(struct runs *runs, struct helper *helper, runs_sink *sink, void *context)
{
    *runs = (struct runs){.helper = helper, .sink = sink, .context = context};
}

/* ── starting ──────────────────────────────────────────────────────────────────────────────────*/

struct start_job {
    struct job job;
    struct runs *runs;
    struct run *run;
    dln_engine *engine;
    struct dln_error err;
};

static void start_run(struct job *job)
{
    struct start_job *start = (struct start_job *)job;
    const struct dln_engine_options options = {
        .db_path = start->run->path,
        .study_id = start->run->study_id,
        .notify = &start->run->notify,
        .start_paused = start->run->start_paused,
        .confirm = start->run->confirms ? &start->run->confirm : NULL,
    };
    if (!dln_engine_start(&options, &start->engine, &start->err)) start->engine = NULL;
}

static void release(struct run *run)
{
    dln_wake_release(&run->notify);
    free(run->path);
    *run = (struct run){0};
}

static int status_of(enum dln_code code)
{
    if (code == DLN_BUSY) return 3;
    if (code == DLN_STORAGE || code == DLN_CORRUPT || code == DLN_NOT_FOUND) return 4;
    if (code == DLN_USAGE || code == DLN_INVALID || code == DLN_UNSUPPORTED) return 2;
    return 1;
}

static void tell(struct runs *runs, const struct run_news *news)
{
    if (runs->sink) runs->sink(runs->context, news);
}

static void start_done(struct job *job, void *context)
{
    struct start_job *start = (struct start_job *)job;
    struct runs *runs = start->runs;
    struct run *run = start->run;
    (void)context;
    if (start->engine) {
        run->engine = start->engine;
        run->state = RUN_GOING;
        if (runs->is_quitting) dln_engine_quit(run->engine);
        tell(runs, &(struct run_news){.kind = RUN_NEWS_STARTED, .run = run});
    } else if (start->err.code == DLN_BUSY && !runs->is_quitting &&
               dln_clock_mono_ns() < run->retry_until_ns) {
        run->retry_at_ns = dln_clock_mono_ns() + ns_per_s / 2;
    } else {
        runs->exit_status = status_of(start->err.code);
        tell(runs, &(struct run_news){.kind = RUN_NEWS_REFUSED, .run = run, .err = &start->err});
        release(run);
    }
    free(start);
}

/* The screen is gone before the start was looked at: an engine that came of it is ended. */
static void start_drop(struct job *job)
{
    struct start_job *start = (struct start_job *)job;
    if (start->engine) {
        dln_engine_quit(start->engine);
        (void)dln_engine_join(start->engine, NULL);
    }
    free(start);
}

static bool submit(struct runs *runs, struct run *run)
{
    struct start_job *start = calloc(1, sizeof *start);
    if (!start) return false;
    *start = (struct start_job){
        .job = {.run = start_run, .done = start_done, .drop = start_drop},
        .runs = runs,
        .run = run,
    };
    run->retry_at_ns = 0;
    helper_submit(runs->helper, &start->job);
    return true;
}

static bool begin(struct runs *runs, const char *path, int64_t study_id, const char *name,
                  const struct run *like, int patience_s)
{
    struct run *run = NULL;
    for (int i = 0; i < RUNS_MAX && !run; i++) {
        if (runs->run[i].state == RUN_FREE) run = &runs->run[i];
    }
    if (!run) return false;
    *run = *like;
    run->state = RUN_STARTING;
    run->study_id = study_id;
    run->path = strdup(path);
    if (!run->path || !dln_wake_init(&run->notify, NULL)) {
        free(run->path);
        *run = (struct run){0};
        return false;
    }
    (void)snprintf(run->name, sizeof run->name, "%s", name);
    run->retry_until_ns = dln_clock_mono_ns() + patience_s * ns_per_s;
    if (submit(runs, run)) return true;
    release(run);
    return false;
}

bool runs_start(struct runs *runs, const char *path, int64_t study_id, const char *name,
                bool start_paused, int patience_s)
{
    const struct run like = {.start_paused = start_paused};
    return begin(runs, path, study_id, name, &like, patience_s);
}

bool runs_confirm(struct runs *runs, const char *path, int64_t study_id, const char *name,
                  const struct dln_confirm_settings *settings)
{
    const struct run like = {.confirms = true, .confirm = *settings};
    return begin(runs, path, study_id, name, &like, 0);
}

/* ── going ─────────────────────────────────────────────────────────────────────────────────────*/

int runs_count(const struct runs *runs)
{
    int n = 0;
    for (int i = 0; i < RUNS_MAX; i++)
        n += runs->run[i].state != RUN_FREE;
    return n;
}

const struct run *runs_first(const struct runs *runs)
{
    for (int i = 0; i < RUNS_MAX; i++) {
        if (runs->run[i].state != RUN_FREE) return &runs->run[i];
    }
    return NULL;
}

const struct run *runs_find(const struct runs *runs, const char *path, int64_t study_id)
{
    for (int i = 0; i < RUNS_MAX; i++) {
        const struct run *run = &runs->run[i];
        if (run->state == RUN_FREE || run->study_id != study_id) continue;
        if (strcmp(run->path, path) == 0) return run;
    }
    return NULL;
}

void runs_poke(struct runs *runs, const char *path, int64_t study_id)
{
    const struct run *run = runs_find(runs, path, study_id);
    if (run && run->state == RUN_GOING) dln_engine_poke(run->engine);
}

void runs_quit(struct runs *runs)
{
    runs->is_quitting = true;
    for (int i = 0; i < RUNS_MAX; i++) {
        if (runs->run[i].state == RUN_GOING) dln_engine_quit(runs->run[i].engine);
    }
}

int runs_poll(struct runs *runs, struct pollfd *fds, int cap, int *timeout_ms)
{
    int n = 0;
    for (int i = 0; i < RUNS_MAX && n < cap; i++) {
        const struct run *run = &runs->run[i];
        if (run->state == RUN_GOING) {
            fds[n++] = (struct pollfd){.fd = run->notify.read_fd, .events = POLLIN};
        }
        if (run->retry_at_ns == 0) continue;
        int64_t left_ms = (run->retry_at_ns - dln_clock_mono_ns()) / 1000000 + 1;
        if (left_ms < 0) left_ms = 0;
        if (*timeout_ms < 0 || left_ms < *timeout_ms) *timeout_ms = (int)left_ms;
    }
    return n;
}

static void join(struct runs *runs, struct run *run)
{
    struct dln_error err = {0};
    const enum dln_engine_outcome outcome = dln_engine_join(run->engine, &err);
    run->engine = NULL;
    if (outcome == DLN_OUTCOME_FAILED) runs->exit_status = status_of(err.code);
    tell(runs,
         &(struct run_news){.kind = RUN_NEWS_ENDED, .run = run, .outcome = outcome, .err = &err});
    release(run);
}

bool runs_look(struct runs *runs)
{
    bool is_new = false;
    for (int i = 0; i < RUNS_MAX; i++) {
        struct run *run = &runs->run[i];
        if (run->state == RUN_STARTING && run->retry_at_ns != 0 &&
            (runs->is_quitting || dln_clock_mono_ns() >= run->retry_at_ns)) {
            if (!runs->is_quitting && submit(runs, run)) continue;
            release(run);
            continue;
        }
        if (run->state != RUN_GOING) continue;
        struct pollfd pollfd = {.fd = run->notify.read_fd, .events = POLLIN};
        if (poll(&pollfd, 1, 0) > 0) {
            dln_wake_clear(&run->notify);
            is_new = true;
        }
        if (dln_engine_is_over(run->engine)) {
            join(runs, run);
            is_new = true;
        }
    }
    return is_new;
}
