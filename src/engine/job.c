#include "engine/job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

struct dln_job *dln_job_new(const struct dln_space *space, size_t n_metrics, const double *x,
                            const char *strategy, const char *memo)
{
    struct dln_job *job = calloc(1, sizeof *job);
    if (!job) return NULL;
    job->slot = -1;
    job->n_sums = n_metrics;
    double *copy = DLN_ARENA_ARRAY(&job->arena, double, space->n);
    job->strategy = dln_arena_copy(&job->arena, strategy ? strategy : "");
    job->memo = memo ? dln_arena_copy(&job->arena, memo) : NULL;
    job->sums = DLN_ARENA_ARRAY(&job->arena, struct dln_metric_sum, n_metrics);
    if (!copy || !job->strategy || (memo && !job->memo) || !job->sums) {
        dln_job_free(job);
        return NULL;
    }
    if (space->n > 0) memcpy(copy, x, space->n * sizeof *x);
    job->x = copy;
    dln_job_reset_run(job);
    return job;
}

void dln_job_free(struct dln_job *job)
{
    if (!job) return;
    free(job->reports);
    dln_arena_release(&job->run_arena);
    dln_arena_release(&job->arena);
    free(job);
}

void dln_job_reset_run(struct dln_job *job)
{
    dln_arena_reset(&job->run_arena);
    job->run_dir = job->command = "";
    job->run_id = job->pid = job->pid_start = 0;
    job->has_pid = false;
    job->verdict = DLN_VERDICT_NONE;
    job->started_ns = job->last_sign_ns = job->suspended_ns = 0;
    memset(job->sums, 0, job->n_sums * sizeof *job->sums);
    job->has_held = false;
    job->n_reports = job->n_reported = 0;
    job->last_step = -1;
    job->last_value = (double)NAN;
    job->n_fresh = 0;
    job->has_curve = job->is_rewound = job->is_cut = job->is_told = false;
    job->end = (struct dln_run_event){0};
    job->end_text[0] = '\0';
}

static void add_report(struct dln_job *job, const struct dln_report *report)
{
    if (report->step >= job->last_step) {
        job->last_step = report->step;
        job->last_value = report->value;
    }
    job->fresh[job->n_fresh++] = *report;
    if (job->n_reports > 0 && job->reports[job->n_reports - 1].step == report->step) {
        job->reports[job->n_reports - 1] = *report; /* a repeated step overwrites */
        return;
    }
    if (job->n_reported + job->n_reports >= DLN_REPORTS_MAX) return;
    if (job->n_reports == job->cap_reports) {
        const size_t cap = job->cap_reports ? job->cap_reports * 2 : 16;
        struct dln_report *reports = realloc(job->reports, cap * sizeof *reports);
        if (!reports) return; /* the curve lacks a point; the trial's value does not depend on it */
        job->reports = reports;
        job->cap_reports = cap;
    }
    job->reports[job->n_reports++] = *report;
}

void dln_job_note_metric(struct dln_job *job, const struct dln_metric_event *event, bool is_curve)
{
    job->n_fresh = 0;
    if (event->metric >= job->n_sums || job->is_cut) return;
    struct dln_metric_sum *sum = &job->sums[event->metric];
    const double value = event->value;
    if (sum->n == 0) {
        sum->lowest = sum->highest = value;
    } else { /* fmin and fmax prefer a number to NaN */
        sum->lowest = fmin(sum->lowest, value);
        sum->highest = fmax(sum->highest, value);
    }
    sum->n++;
    sum->last = value;
    sum->sum += value;
    if (!is_curve || event->step < 0) return; /* the storage knows no steps below 0 */

    const struct dln_report report = {event->step, value};
    if (!event->has_step && sum->n == 1) {
        job->has_held = true;
        job->held = report;
        return;
    }
    if (job->has_held) {
        add_report(job, &job->held);
        job->has_held = false;
    }
    add_report(job, &report);
}

void dln_job_cut(struct dln_job *job, const struct dln_prune *cut)
{
    job->is_cut = true;
    job->cut = *cut;
    while (job->n_reports > 0 && job->reports[job->n_reports - 1].step > cut->step)
        job->n_reports--;
    for (size_t i = 0; i < job->n_fresh; i++) {
        if (job->fresh[i].step != cut->step) continue;
        job->last_step = cut->step;
        job->last_value = job->fresh[i].value;
    }
    job->n_fresh = 0;
}

double dln_job_cost(const struct dln_job *job, size_t metric)
{
    if (metric >= job->n_sums) return 0;
    const struct dln_metric_sum *sum = &job->sums[metric];
    return job->cost + (sum->n > 0 && isfinite(sum->last) ? sum->last : 0);
}

uint64_t dln_job_seed(uint64_t study_seed, int64_t number, int failures)
{
    const uint64_t trial = dln_splitmix64(study_seed ^ dln_splitmix64((uint64_t)number));
    return dln_splitmix64(trial + (uint64_t)failures) >> 33;
}
