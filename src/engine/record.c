#define _GNU_SOURCE /* O_CLOEXEC with O_NOFOLLOW under one name on every libc */
#include "engine/record.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/num.h"
#include "dialin/text.h"
#include "engine/keep.h"
#include "engine/limits.h"
#include "engine/outcome.h"
#include "engine/parts.h"
#include "engine/refresh.h"

enum { TAIL_BYTES = 4096, TAIL_COLUMNS = 120 };

/* ── events ────────────────────────────────────────────────────────────────────────────────────*/

/*
 * Shows the pruner what is new in a curve. Where it says no, the run is ended by dln_slots_check();
 * the decision stands even if the program has ended by then, so that it does not depend on whose
 * turn it was.
 */
static void judge(struct dln_driver *driver, struct dln_job *job)
{
    struct dln_error err = {0};
    if (!driver->pruning || job->verdict != DLN_VERDICT_NONE) return;
    for (size_t i = 0; i < job->n_fresh && !job->is_cut; i++) {
        const struct dln_report report = job->fresh[i];
        struct dln_prune cut = {0};
        bool is_news = false;
        if (!job->has_curve) dln_pruning_rewind(driver->pruning, job->number, report.step);
        job->has_curve = true;
        if (!dln_pruning_report(driver->pruning, job->number, report.step, report.value, &is_news,
                                &err)) {
            dln_driver_give_up(driver, &err);
            return;
        }
        if (is_news) dln_pruning_decide(driver->pruning, job->number, &cut);
        if (!cut.prune) continue;
        dln_job_cut(job, &cut);
        job->verdict = DLN_VERDICT_PRUNE;
    }
}

void dln_record_event(void *context, const struct dln_run_event *event)
{
    struct dln_driver *driver = context;
    struct dln_job *job = event->owner;
    if (event->kind == DLN_RUN_NOTICE) {
        dln_driver_note(driver, "%s", event->text);
        return;
    }
    const int64_t now = dln_clock_mono_ns();
    switch (event->kind) {
    case DLN_RUN_STARTED:
        job->phase = DLN_JOB_RUNNING;
        job->pid = event->pid;
        job->pid_start = event->pid_start;
        job->has_pid = true;
        job->started_ns = job->last_sign_ns = now;
        driver->is_proven = true;
        return;
    case DLN_RUN_METRIC:
        /* the curve of a trial of several runs is what each of them came to */
        dln_job_note_metric(job, &event->metric,
                            !job->parts && event->metric.metric == driver->curve_metric);
        judge(driver, job);
        job->last_sign_ns = now;
        return;
    case DLN_RUN_OUTPUT: job->last_sign_ns = now; return;
    case DLN_RUN_ENDED:
    case DLN_RUN_FAILED:
        job->end = *event;
        job->end.text = NULL;
        if (snprintf(job->end_text, sizeof job->end_text, "%.250s",
                     event->text ? event->text : "") < 0) {
            job->end_text[0] = '\0';
        }
        job->phase = DLN_JOB_ENDED;
        return;
    case DLN_RUN_NOTICE: return;
    }
}

/* ── runs and intermediate values ──────────────────────────────────────────────────────────────*/

static bool record_start(struct dln_driver *driver, struct dln_job *job)
{
    struct dln_error err = {0};
    const struct dln_run run = {
        .attempt = job->attempt,
        .slot = job->slot,
        .pid = job->pid,
        .pid_start = job->pid_start,
        .run_dir = job->run_dir,
        .command = job->command,
    };
    if (!dln_store_add_run(driver->store, job->trial_id, &run, &job->run_id, &err)) {
        return dln_driver_blame(driver, &err);
    }
    dln_driver_committed(driver, true);
    return true;
}

static bool record_reports(struct dln_driver *driver, struct dln_job *job)
{
    struct dln_error err = {0};
    if (job->n_reports == 0) return true;
    if (job->attempt > 1 && job->n_reported == 0 && !job->is_rewound) {
        if (dln_store_rewind(driver->store, job->trial_id, job->reports[0].step, &err)) {
            job->is_rewound = true;
        } else if (err.code != DLN_REFUSED) {
            return dln_driver_blame(driver, &err);
        }
    }
    if (dln_store_report(driver->store, job->trial_id, job->n_reports, job->reports, &err)) {
        dln_driver_committed(driver, true);
    } else if (err.code != DLN_REFUSED) { /* refused: somebody else has finished the trial */
        return dln_driver_blame(driver, &err);
    }
    job->n_reported += job->n_reports;
    job->n_reports = 0;
    return true;
}

int64_t dln_record_next_ns(const struct dln_driver *driver)
{
    for (size_t i = 0; i < driver->n_jobs; i++) {
        if (driver->jobs[i]->n_reports > 0) return driver->flush_ns;
    }
    return INT64_MAX;
}

/* ── what people are told ──────────────────────────────────────────────────────────────────────*/

/* The last line with something on it that the run wrote to standard error, made harmless. */
static void last_error_line(const struct dln_job *job, struct dln_strbuf *out)
{
    char path[4096];
    char tail[TAIL_BYTES];
    const int len = snprintf(path, sizeof path, "%s/stderr", job->run_dir);
    if (len < 0 || (size_t)len >= sizeof path || job->run_dir[0] == '\0') return;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return;
    const off_t size = lseek(fd, 0, SEEK_END);
    const off_t from = size > TAIL_BYTES ? size - TAIL_BYTES : 0;
    const ssize_t got = size > 0 ? pread(fd, tail, sizeof tail, from) : 0;
    (void)close(fd);
    size_t end = got > 0 ? (size_t)got : 0;
    while (end > 0 && (unsigned char)tail[end - 1] <= ' ')
        end--;
    size_t start = end;
    while (start > 0 && tail[start - 1] != '\n' && tail[start - 1] != '\r')
        start--;
    while (start < end && (unsigned char)tail[start] <= ' ')
        start++;
    dln_text_show(out, tail + start, end - start, TAIL_COLUMNS, false);
}

/* "exit 1: ModuleNotFoundError: No module named 'torch'" */
static void explain(const struct dln_job *job, struct dln_outcome *outcome)
{
    struct dln_strbuf line = {0};
    switch (outcome->reason) {
    case DLN_FAIL_EXIT:
    case DLN_FAIL_SIGNAL:
    case DLN_FAIL_OOM:
    case DLN_FAIL_NO_METRIC:
        if (job->end.kind != DLN_RUN_FAILED) last_error_line(job, &line);
        break;
    case DLN_FAIL_NONE:
    case DLN_FAIL_NAN:
    case DLN_FAIL_TIMEOUT:
    case DLN_FAIL_LOST:
    case DLN_FAIL_STOPPED:
    case DLN_FAIL_REASON_COUNT: break;
    }
    if (line.len > 0) {
        const size_t len = strlen(outcome->detail);
        const size_t room = sizeof outcome->detail - len;
        if (line.len + 3 <= room) {
            (void)snprintf(outcome->detail + len, room, ": %s", line.data);
        }
    }
    dln_strbuf_release(&line);
}

static void tell_best(struct dln_driver *driver, bool had_best, double was)
{
    int64_t number;
    double value;
    char now_text[DLN_NUM_TEXT_MAX];
    char was_text[DLN_NUM_TEXT_MAX];
    if (!dln_ledger_best(&driver->ledger, &number, &value)) return;
    (void)dln_num_short(value, now_text);
    (void)dln_num_short(was, was_text);
    if (had_best) {
        dln_driver_note(driver, "new best #%" PRId64 " %s (was %s)", number, now_text, was_text);
    } else {
        dln_driver_note(driver, "new best #%" PRId64 " %s", number, now_text);
    }
}

/* Failures in a row pause the study; a program that cannot be started ends it. */
static void tell_failure(struct dln_driver *driver, int64_t number, bool program_missing,
                         const struct dln_outcome *outcome)
{
    dln_driver_note(driver, "#%" PRId64 " failed: %s", number, outcome->detail);
    if (program_missing) {
        struct dln_error err = {0};
        (void)dln_fail(&err, DLN_NOT_FOUND, "the program %s", outcome->detail);
        driver->lets_others_end = true;
        dln_driver_give_up(driver, &err);
        return;
    }
    driver->failures_in_row++;
    const int limit = driver->study->pause_after;
    if (limit <= 0 || driver->failures_in_row < limit) return;
    if (driver->engine_state != DLN_ENGINE_RUNNING) return;
    char why[256];
    (void)snprintf(why, sizeof why, "%d failures in a row: %.200s", driver->failures_in_row,
                   outcome->detail);
    driver->failures_in_row = 0;
    dln_driver_set_state(driver, DLN_ENGINE_PAUSED, why);
    dln_driver_note(driver, "paused: %s", why);
    dln_hooks_fire(driver, DLN_HOOK_PAUSED, number);
}

/* ── the end of a run ──────────────────────────────────────────────────────────────────────────*/

static struct dln_run_end run_end(const struct dln_job *job)
{
    const struct dln_run_event *end = &job->end;
    return (struct dln_run_end){
        .has_exit = end->has_exit && end->signal == 0,
        .exit_status = end->exit_status,
        .signal = end->signal,
        .user_s = end->user_s,
        .system_s = end->system_s,
        .max_rss_bytes = end->max_rss_bytes,
    };
}

/* For its next run. */
static void wait_for_slot(struct dln_driver *driver, struct dln_job *job)
{
    job->cost = dln_job_cost(job, driver->cost_metric);
    if (driver->cost_metric != SIZE_MAX) {
        job->sums[driver->cost_metric] = (struct dln_metric_sum){0}; /* it is counted */
    }
    job->phase = DLN_JOB_WAITING;
    job->slot = -1;
}

/* The run is over, its trial is not. */
static bool close_run(struct dln_driver *driver, struct dln_job *job, const char *detail)
{
    struct dln_error err = {0};
    if (job->run_id != 0) {
        const struct dln_run_end end = run_end(job);
        if (!dln_store_end_run(driver->store, job->run_id, &end, detail, &err)) {
            return dln_driver_blame(driver, &err);
        }
        dln_driver_committed(driver, true);
    }
    wait_for_slot(driver, job);
    return true;
}

/* Metrics that are no objective; of a failed trial all of them. */
static size_t collect_extras(const struct dln_driver *driver, const struct dln_job *job,
                             enum dln_trial_state state, const char **names, double *values)
{
    size_t n = 0;
    for (size_t i = 0; i < driver->n_metrics; i++) {
        bool is_objective = false;
        for (size_t k = 0; k < driver->study->n_objectives; k++) {
            is_objective = is_objective || driver->objective_metric[k] == i;
        }
        const bool is_cost = i == driver->cost_metric && job->cost > 0;
        if (!is_cost && (job->sums[i].n == 0 || isnan(job->sums[i].last))) continue;
        if (is_objective && state == DLN_TRIAL_COMPLETE) continue;
        names[n] = driver->metric_names[i];
        values[n++] = is_cost ? dln_job_cost(job, i) : job->sums[i].last;
    }
    return n;
}

/* Somebody else has finished a trial of ours: theirs counts. */
static void yield(struct dln_driver *driver, struct dln_job *job)
{
    const int64_t number = job->number;
    dln_driver_drop_job(driver, job);
    (void)dln_refresh_trial(driver, number, NULL);
}

/* The trial's end is in the file: tell strategy, budget and people, and forget the job. */
static void conclude(struct dln_driver *driver, struct dln_job *job,
                     const struct dln_outcome *outcome, double violation)
{
    double values[DLN_OBJECTIVES_MAX];
    for (size_t k = 0; k < driver->study->n_objectives; k++) {
        const bool has_value =
            outcome->state == DLN_TRIAL_COMPLETE ||
            (outcome->state == DLN_TRIAL_PRUNED && driver->study->n_objectives == 1);
        values[k] = has_value ? outcome->values[k] : (double)NAN; /* as the file has it */
    }
    double seconds = 0; /* not knowing them is no reason to stop */
    if (!dln_store_seconds(driver->store, job->trial_id, &seconds, NULL)) seconds = 0;
    struct dln_history_row row = {
        .id = job->trial_id,
        .number = job->number,
        .state = outcome->state,
        .values = values,
        .last_step = job->last_step,
        .last_value = job->last_value,
        .reason = outcome->reason,
        .violation = violation,
        .strategy = job->strategy,
        .memo = job->memo ? job->memo : "",
        .seconds = seconds,
    };
    int64_t best;
    double was = (double)NAN;
    bool improved = false;
    const int64_t number = job->number;
    const bool missing = job->end.kind == DLN_RUN_FAILED && job->end.program_missing;
    const bool had_best = driver->is_engine && dln_ledger_best(&driver->ledger, &best, &was);
    const struct dln_front front = dln_keep_front(driver);
    row.x = dln_driver_point(driver, job);
    if (row.x) (void)dln_driver_learn(driver, &row, &improved);
    dln_keep_tidy(driver, number, &front);
    if (driver->pruning) {
        struct dln_error err = {0};
        if (!dln_pruning_finish(driver->pruning, number, row.state, values[driver->curve_objective],
                                violation, &err)) {
            dln_driver_give_up(driver, &err);
        }
    }
    driver->spent.cost += dln_job_cost(job, driver->cost_metric);
    const bool was_cut = job->is_cut;
    dln_driver_drop_job(driver, job);
    if (was_cut) dln_driver_note(driver, "#%" PRId64 " pruned: %s", number, outcome->detail);
    if (improved) {
        tell_best(driver, had_best, was);
        dln_hooks_fire(driver, DLN_HOOK_BEST, number);
    }
    if (outcome->state != DLN_TRIAL_FAIL) {
        driver->failures_in_row = 0;
    } else if (outcome->reason != DLN_FAIL_STOPPED) {
        tell_failure(driver, number, missing, outcome);
    }
}

/* True: it is in the file (or was finished by somebody else) and the job is gone. */
static bool finish(struct dln_driver *driver, struct dln_job *job, struct dln_outcome *outcome)
{
    struct dln_error err = {0};
    struct dln_parts_sum sum;
    const bool has_parts = job->n_done > 0 && outcome->state != DLN_TRIAL_FAIL;
    if (has_parts) {
        dln_parts_add_up(driver, job, &sum);
        memcpy(outcome->values, sum.values, sizeof outcome->values);
    } else if (job->parts && outcome->state == DLN_TRIAL_PRUNED) {
        outcome->values[0] = (double)NAN; /* of half a run */
    }
    dln_arena_reset(&driver->scratch);
    const size_t n_limits = outcome->state == DLN_TRIAL_COMPLETE ? driver->study->n_limits : 0;
    const char **names = DLN_ARENA_ARRAY(&driver->scratch, const char *, driver->n_metrics);
    double *extras = DLN_ARENA_ARRAY(&driver->scratch, double, driver->n_metrics);
    double *limits = DLN_ARENA_ARRAY(&driver->scratch, double, n_limits);
    if (!names || !extras || !limits) {
        (void)dln_fail(&err, DLN_NOMEM, "record a trial");
        return dln_driver_blame(driver, &err);
    }
    double violation = 0;
    if (n_limits > 0) {
        dln_limits_eval(driver->limits, driver->metric_names, job->sums, driver->n_metrics, limits);
        for (size_t i = 0; i < n_limits; i++)
            violation += fmax(limits[i], 0);
    }
    const bool has_values = outcome->state == DLN_TRIAL_COMPLETE ||
                            (outcome->state == DLN_TRIAL_PRUNED &&
                             driver->study->n_objectives == 1 && !isnan(outcome->values[0]));
    const struct dln_cut cut = {
        .pruner = job->cut.pruner,
        .step = job->cut.step,
        .value = job->cut.value,
        .threshold = job->cut.threshold,
    };
    const struct dln_finish end = {
        .state = outcome->state,
        .values = has_values ? outcome->values : NULL,
        .reason = outcome->reason,
        .detail = outcome->detail[0] ? outcome->detail : NULL,
        .run_id = job->run_id,
        .end = run_end(job),
        .n_extra = collect_extras(driver, job, outcome->state, names, extras),
        .extra_names = names,
        .extra_values = extras,
        .n_runs = has_parts ? job->n_done : 0,
        .take = driver->study->take,
        .spread = sum.spread,
        .cut = outcome->state == DLN_TRIAL_PRUNED && job->is_cut ? &cut : NULL,
        .limits = limits,
        .n_limits = n_limits,
    };
    if (!dln_store_finish(driver->store, job->trial_id, &end, &err)) {
        if (err.code != DLN_REFUSED) return dln_driver_blame(driver, &err);
        yield(driver, job);
        return true;
    }
    dln_driver_committed(driver, true);
    conclude(driver, job, outcome, violation);
    return true;
}

/* No run of the study can be started as things are: the trial waits, and so does the study. */
static void put_back(struct dln_driver *driver, struct dln_job *job)
{
    char why[sizeof driver->why];
    (void)snprintf(why, sizeof why, "%s", job->end_text);
    if (job->run_id != 0) {
        if (!close_run(driver, job, why)) return;
    } else {
        job->phase = DLN_JOB_WAITING;
        job->slot = -1;
        job->attempt--;
    }
    if (driver->engine_state != DLN_ENGINE_RUNNING) return;
    dln_driver_set_state(driver, DLN_ENGINE_PAUSED, why);
    dln_driver_note(driver, "paused: %s", why);
    dln_hooks_fire(driver, DLN_HOOK_PAUSED, job->number);
}

/* ── a trial of several runs ───────────────────────────────────────────────────────────────────*/

/* After a part, or where a trial is taken over between two: the pruner's word, or the end. */
static void settle_parts(struct dln_driver *driver, struct dln_job *job)
{
    struct dln_outcome outcome = {.state = DLN_TRIAL_COMPLETE};
    dln_parts_judge(driver, job);
    job->is_unsettled = dln_parts_are_over(job); /* until that is in the file */
    if (!job->is_unsettled) return;
    if (job->is_cut) {
        outcome.state = DLN_TRIAL_PRUNED;
        (void)snprintf(outcome.detail, sizeof outcome.detail, "%s", job->cut.why);
    }
    (void)finish(driver, job, &outcome);
}

static void end_part(struct dln_driver *driver, struct dln_job *job,
                     const struct dln_outcome *outcome)
{
    struct dln_error err = {0};
    const struct dln_run_end end = run_end(job);
    if (!dln_parts_put(driver, job, outcome->values, &end, &err)) {
        if (err.code != DLN_REFUSED) {
            (void)dln_driver_blame(driver, &err);
        } else {
            yield(driver, job);
        }
        return;
    }
    dln_driver_committed(driver, true);
    wait_for_slot(driver, job);
    job->n_done++;
    job->run_id = 0; /* it is closed */
    job->has_pid = false;
    settle_parts(driver, job);
}

static void record_end(struct dln_driver *driver, struct dln_job *job)
{
    struct dln_outcome outcome;
    if (job->end.kind == DLN_RUN_FAILED && job->end.refused && job->verdict == DLN_VERDICT_NONE) {
        put_back(driver, job);
        return;
    }
    if (job->verdict == DLN_VERDICT_LEAVE) {
        (void)close_run(driver, job, "interrupted: the engine was left");
        return;
    }
    dln_outcome_decide(driver->study, driver->objective_metric, job, &outcome);
    if (outcome.state == DLN_TRIAL_FAIL) explain(job, &outcome);
    if (!record_reports(driver, job)) return;
    if (job->parts && job->attempt > 0 && outcome.state == DLN_TRIAL_COMPLETE) {
        end_part(driver, job, &outcome);
        return;
    }
    if (!outcome.again || driver->is_stopping) {
        (void)finish(driver, job, &outcome);
        return;
    }
    if (job->end.cause == DLN_CAUSE_SYSTEM && job->verdict == DLN_VERDICT_NONE) {
        char detail[sizeof outcome.detail + 16]; /* not a failure of the trial, by its beginning */
        (void)snprintf(detail, sizeof detail, "interrupted: %s", outcome.detail);
        if (!close_run(driver, job, detail)) return;
        job->losses++;
        dln_driver_note(driver, "#%" PRId64 " lost: %s; run again (%d of %d)", job->number,
                        outcome.detail, job->losses, driver->study->machine.cluster.retries);
        return;
    }
    if (!close_run(driver, job, outcome.detail)) return;
    job->failures++;
    dln_driver_note(driver, "#%" PRId64 " failed: %s; trying again (%d of %d)", job->number,
                    outcome.detail, job->failures, driver->study->retries);
}

bool dln_record_verdict(struct dln_driver *driver, struct dln_job *job, enum dln_verdict verdict)
{
    struct dln_outcome outcome;
    const enum dln_verdict before = job->verdict;
    job->verdict = verdict;
    dln_outcome_decide(driver->study, driver->objective_metric, job, &outcome);
    job->run_id = 0; /* its run, if there was one, is closed already */
    job->has_pid = false;
    if (finish(driver, job, &outcome)) return true;
    job->verdict = before;
    return false;
}

void dln_record_all(struct dln_driver *driver, int64_t now_ns)
{
    const bool flush = now_ns >= driver->flush_ns;
    bool flushed = false;
    for (size_t i = driver->n_jobs; i > 0 && dln_driver_is_well(driver); i--) {
        struct dln_job *job = driver->jobs[i - 1]; /* downwards: a job may go */
        if (job->has_pid && job->run_id == 0 && !record_start(driver, job)) return;
        if (flush && job->n_reports > 0) {
            if (!record_reports(driver, job)) return;
            flushed = true;
        }
        if (job->phase == DLN_JOB_ENDED) {
            record_end(driver, job);
        } else if (job->phase == DLN_JOB_WAITING && job->is_unsettled) {
            settle_parts(driver, job);
        } else if (driver->is_stopping &&
                   (job->phase == DLN_JOB_WAITING || job->phase == DLN_JOB_CLAIMED)) {
            (void)dln_record_verdict(driver, job, DLN_VERDICT_STOP);
        }
    }
    if (flushed) driver->flush_ns = now_ns + DLN_FLUSH_MS * DLN_NS_PER_MS;
}
