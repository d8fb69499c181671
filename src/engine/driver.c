#include "engine/driver.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "engine/limits.h"

enum { DYING_GUARDIAN_MS = 3000, LOCK_RETRY_MS = 20 };

/* ── open, close ───────────────────────────────────────────────────────────────────────────────*/

/* Whether the engine that held the lease is gone, so that only its guardian keeps the lock. */
static bool holder_is_dead(struct dln_driver *driver)
{
    struct dln_study_summary summary;
    dln_arena_reset(&driver->scratch);
    return dln_store_study(driver->store, driver->study_id, &driver->scratch, &summary, NULL) &&
           !(summary.lease.held && summary.lease.alive);
}

static bool take_lease(struct dln_driver *driver, struct dln_error *err)
{
    const int64_t deadline = dln_clock_mono_ns() + DYING_GUARDIAN_MS * DLN_NS_PER_MS;
    while (!dln_store_take_lease(driver->store, driver->study_id, &driver->lock_fd, err)) {
        if (err->code != DLN_BUSY || dln_clock_mono_ns() >= deadline) return false;
        if (!holder_is_dead(driver)) return false;
        (void)poll(NULL, 0, LOCK_RETRY_MS); /* a lock of another process wakes nobody */
    }
    return true;
}

/* Which of the reader's metrics is which objective. */
static bool map_metrics(struct dln_driver *driver, struct dln_error *err)
{
    if (!dln_metric_reader_new(driver->study, &driver->metric_reader, err)) return false;
    driver->n_metrics = dln_metric_count(driver->metric_reader);
    driver->metric_names = calloc(driver->n_metrics + 1, sizeof(const char *));
    if (!driver->metric_names) return dln_fail(err, DLN_NOMEM, "read a study");
    for (size_t i = 0; i < driver->n_metrics; i++) {
        driver->metric_names[i] = dln_metric_name(driver->metric_reader, i);
    }
    for (size_t k = 0; k < driver->study->n_objectives; k++) {
        size_t i = 0;
        while (i < driver->n_metrics &&
               strcmp(driver->metric_names[i], driver->study->objectives[k].metric) != 0) {
            i++;
        }
        if (i == driver->n_metrics) {
            return dln_fail(err, DLN_INVALID, "nothing reads the objective '%s'",
                            driver->study->objectives[k].metric);
        }
        driver->objective_metric[k] = i;
    }
    driver->cost_metric = SIZE_MAX;
    for (size_t i = 0; i < driver->n_metrics; i++) {
        if (strcmp(driver->metric_names[i], "cost") == 0) driver->cost_metric = i;
    }
    driver->curve_objective = dln_prune_objective(driver->study);
    driver->curve_metric = driver->curve_objective == SIZE_MAX
                               ? SIZE_MAX
                               : driver->objective_metric[driver->curve_objective];
    return true;
}

bool dln_driver_open(struct dln_driver *driver, const char *db_path, int64_t study_id,
                     struct dln_error *err)
{
    struct dln_error own = {0};
    if (!err) err = &own;
    *driver = (struct dln_driver){.study_id = study_id, .lock_fd = -1};
    if (!dln_store_open(db_path, DLN_STORE_ENGINE, &driver->store, err)) goto fail;
    const char *reason = dln_store_read_only_reason(driver->store);
    if (reason) {
        dln_fail(err, DLN_UNSUPPORTED, "'%s' can only be read: %s", db_path, reason);
        goto fail;
    }
    if (!dln_store_definition(driver->store, study_id, &driver->study, err)) {
        if (err->code == DLN_NOT_FOUND) {
            dln_fail(err, DLN_NOT_FOUND,
                     "the study has no study file, so there is nothing to run or to change");
        }
        goto fail;
    }
    if (!map_metrics(driver, err)) goto fail;
    if (!take_lease(driver, err)) goto fail;
    struct dln_study_summary summary; /* after the lease: nobody changes it from now on */
    dln_arena_reset(&driver->scratch);
    if (!dln_store_study(driver->store, study_id, &driver->scratch, &summary, err)) goto fail;
    driver->live = summary.live;
    driver->seed = summary.seed;
    driver->spent = summary.spent;
    driver->is_cost_stale = true;
    driver->engine_state = summary.state;
    (void)snprintf(driver->why, sizeof driver->why, "%s", summary.why ? summary.why : "");
    return true;
fail:
    dln_driver_close(driver);
    return false;
}

void dln_driver_close(struct dln_driver *driver)
{
    for (size_t i = 0; i < driver->n_jobs; i++)
        dln_job_free(driver->jobs[i]);
    free(driver->jobs);
    free(driver->fds);
    free(driver->metric_names);
    dln_runner_free(driver->runner);
    dln_hooks_release(driver);
    if (driver->lock_fd >= 0) (void)close(driver->lock_fd);
    dln_ahead_release(&driver->ahead);
    dln_proposer_free(driver->proposer);
    dln_pruning_free(driver->pruning);
    dln_config_free(driver->config);
    for (size_t i = 0; i < driver->n_old; i++) {
        dln_config_free(driver->old[i].config);
        dln_study_free(driver->old[i].study);
    }
    free(driver->old);
    free(driver->unanswered_undo);
    dln_gpus_free(driver->gpus);
    dln_ledger_release(&driver->ledger);
    dln_metric_reader_free(driver->metric_reader);
    dln_limits_free(driver->limits);
    dln_arena_release(&driver->scratch);
    dln_study_free(driver->study);
    dln_store_close(driver->store);
    const struct dln_error end_error = driver->end_error;
    const enum dln_engine_outcome outcome = driver->outcome;
    *driver = (struct dln_driver){.lock_fd = -1, .outcome = outcome, .end_error = end_error};
}

/* ── storage that works, and storage that does not ─────────────────────────────────────────────*/

void dln_driver_committed(struct dln_driver *driver, bool of_note)
{
    driver->commits++;
    driver->commit_ns = dln_clock_mono_ns();
    driver->has_news = driver->has_news || of_note;
}

/* DLN_BUSY stands for a locked file as well as for a lease that somebody took. */
static bool lease_is_ours(struct dln_driver *driver)
{
    struct dln_study_summary summary;
    struct dln_arena arena = {0};
    bool ours = true; /* a file that cannot be read tells nothing */
    if (dln_store_study(driver->store, driver->study_id, &arena, &summary, NULL)) {
        ours = summary.lease.held && summary.lease.here && summary.lease.pid == (int64_t)getpid();
    }
    dln_arena_release(&arena);
    return ours;
}

void dln_driver_give_up(struct dln_driver *driver, const struct dln_error *err)
{
    if (dln_driver_is_failing(driver)) return;
    driver->end_error = *err;
}

bool dln_driver_is_failing(const struct dln_driver *driver)
{
    return driver->end_error.code != DLN_OK;
}

bool dln_driver_is_well(const struct dln_driver *driver)
{
    return !driver->trouble.active && !driver->is_fenced;
}

bool dln_driver_blame(struct dln_driver *driver, const struct dln_error *err)
{
    const bool passes = err->code == DLN_BUSY || err->code == DLN_STORAGE || err->code == DLN_IO;
    if (!passes || (err->code == DLN_BUSY && !lease_is_ours(driver))) {
        driver->is_fenced = driver->is_fenced || err->code != DLN_NOMEM;
        dln_driver_give_up(driver, err);
        return false;
    }
    driver->needs_resync = true;
    struct dln_trouble *trouble = &driver->trouble;
    const int64_t now = dln_clock_mono_ns();
    if (trouble->since_ns == 0) trouble->since_ns = now;
    (void)snprintf(trouble->text, sizeof trouble->text, "%s", err->text);
    trouble->active = true;
    trouble->n_refusals++;
    trouble->retry_ns = now + DLN_TROUBLE_MS * DLN_NS_PER_MS;
    driver->has_news = true;
    return false;
}

void dln_driver_tend(struct dln_driver *driver, int64_t now_ns)
{
    struct dln_trouble *trouble = &driver->trouble;
    if (trouble->since_ns == 0 || now_ns < trouble->retry_ns) return;
    if (trouble->active) { /* try again; only a quiet interval ends the matter */
        trouble->active = false;
        trouble->retry_ns = now_ns + DLN_TROUBLE_MS * DLN_NS_PER_MS;
        driver->look_ns = now_ns;
        dln_driver_beat(driver, now_ns);
        if (trouble->active || trouble->is_told || trouble->n_refusals < 2) return;
        trouble->is_told = true; /* the file works, something else does not */
        dln_driver_note(driver, "stalled, trying again every %d s: %s", DLN_TROUBLE_MS / 1000,
                        trouble->text);
        return;
    }
    const double stalled_s = (double)(now_ns - trouble->since_ns - DLN_TROUBLE_MS * DLN_NS_PER_MS) /
                             (double)DLN_NS_PER_S;
    trouble->since_ns = 0;
    trouble->n_refusals = 0;
    trouble->is_told = false;
    dln_driver_note(driver, "stalled %.0f s, then recovered: %s", stalled_s, trouble->text);
}

/* ── what is told ──────────────────────────────────────────────────────────────────────────────*/

void dln_driver_note(struct dln_driver *driver, const char *format, ...)
{
    char text[DLN_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0 || !dln_driver_is_well(driver)) return;
    struct dln_error err = {0};
    if (dln_store_note(driver->store, driver->study_id, text, &err)) {
        dln_driver_committed(driver, true);
    } else {
        (void)dln_driver_blame(driver, &err);
    }
}

void dln_driver_save_state(struct dln_driver *driver)
{
    struct dln_error err = {0};
    driver->state_unsaved = true;
    if (!dln_driver_is_well(driver)) return;
    const struct dln_spent spent = dln_driver_spent(driver);
    if (!dln_store_set_state(driver->store, driver->study_id, driver->engine_state, driver->why,
                             &spent, &err)) {
        (void)dln_driver_blame(driver, &err);
        return;
    }
    driver->state_unsaved = false;
    dln_driver_committed(driver, true);
}

void dln_driver_set_state(struct dln_driver *driver, enum dln_engine_state state, const char *why)
{
    driver->engine_state = state;
    (void)snprintf(driver->why, sizeof driver->why, "%s", why);
    dln_driver_save_state(driver);
}

static void sum_costs(struct dln_driver *driver)
{
    struct dln_error err = {0};
    int objective = -1;
    for (size_t k = 0; k < driver->study->n_objectives; k++) {
        if (driver->objective_metric[k] == driver->cost_metric) objective = (int)k;
    }
    if (!dln_driver_is_well(driver)) return;
    if (dln_store_cost(driver->store, driver->study_id, objective, &driver->spent.cost, &err)) {
        driver->is_cost_stale = false;
    } else {
        (void)dln_driver_blame(driver, &err);
    }
}

struct dln_spent dln_driver_spent(const struct dln_driver *driver)
{
    struct dln_spent spent = driver->spent;
    for (size_t i = 0; i < driver->n_jobs; i++) {
        spent.cost += dln_job_cost(driver->jobs[i], driver->cost_metric);
    }
    return spent;
}

void dln_driver_account(struct dln_driver *driver, int64_t now_ns)
{
    const bool counts =
        driver->engine_state != DLN_ENGINE_PAUSED || dln_driver_n_slots_taken(driver) > 0;
    if (counts && driver->accounted_ns > 0) {
        const double passed_s = (double)(now_ns - driver->accounted_ns) / (double)DLN_NS_PER_S;
        driver->spent.time_s += passed_s;
        driver->spent.slot_s += passed_s * (double)dln_driver_n_slots_taken(driver);
    }
    driver->accounted_ns = now_ns;
    if (driver->is_cost_stale && driver->cost_metric != SIZE_MAX) sum_costs(driver);
}

void dln_driver_beat(struct dln_driver *driver, int64_t now_ns)
{
    struct dln_error err = {0};
    driver->beat_ns = now_ns + DLN_BEAT_MS * DLN_NS_PER_MS;
    if (!dln_driver_is_well(driver)) return;
    if (!dln_store_beat(driver->store, &err)) {
        (void)dln_driver_blame(driver, &err);
        return;
    }
    dln_driver_committed(driver, false);
    if (driver->engine_state != DLN_ENGINE_PAUSED) dln_driver_save_state(driver);
}

bool dln_driver_learn(struct dln_driver *driver, const struct dln_history_row *row, bool *improved)
{
    struct dln_error err = {0};
    if (!driver->is_engine) return true;
    if (row->state != DLN_TRIAL_RUNNING) driver->is_exhausted = false;
    if (dln_ledger_learn(&driver->ledger, row, improved, &err) &&
        dln_proposer_learn(driver->proposer, 1, row, &err)) {
        return true;
    }
    dln_driver_give_up(driver, &err);
    return false;
}

/* ── jobs ──────────────────────────────────────────────────────────────────────────────────────*/

bool dln_driver_add_job(struct dln_driver *driver, struct dln_job *job, struct dln_error *err)
{
    if (driver->n_jobs == driver->cap_jobs) {
        const size_t cap = driver->cap_jobs ? driver->cap_jobs * 2 : 16;
        struct dln_job **jobs = realloc(driver->jobs, cap * sizeof *jobs);
        if (!jobs) return dln_fail(err, DLN_NOMEM, "keep a trial");
        driver->jobs = jobs;
        driver->cap_jobs = cap;
    }
    job->study = driver->study;
    job->config = driver->config;
    driver->jobs[driver->n_jobs++] = job;
    return true;
}

const double *dln_driver_point(struct dln_driver *driver, const struct dln_job *job)
{
    if (!job->study || job->study == driver->study) return job->x;
    double *x = DLN_ARENA_ARRAY(&driver->scratch, double, driver->study->space.n + 1);
    if (x) {
        dln_space_carry(&job->study->space, job->x, &driver->study->space, x);
    } else {
        struct dln_error err = {0};
        (void)dln_fail(&err, DLN_NOMEM, "keep a trial");
        dln_driver_give_up(driver, &err);
    }
    return x;
}

void dln_driver_drop_job(struct dln_driver *driver, struct dln_job *job)
{
    for (size_t i = 0; i < driver->n_jobs; i++) {
        if (driver->jobs[i] != job) continue;
        driver->n_jobs--;
        memmove(driver->jobs + i, driver->jobs + i + 1,
                (driver->n_jobs - i) * sizeof(struct dln_job *));
        dln_job_free(job);
        return;
    }
}

struct dln_job *dln_driver_find_job(const struct dln_driver *driver, int64_t number)
{
    for (size_t i = 0; i < driver->n_jobs; i++) {
        if (driver->jobs[i]->number == number) return driver->jobs[i];
    }
    return NULL;
}

int dln_driver_n_slots(const struct dln_driver *driver)
{
    const int wanted = driver->live.parallel;
    int room = 0;
    for (int i = 0; i < dln_driver_n_places(driver); i++)
        room += !driver->live.is_closed[i];
    return wanted < room ? wanted : room;
}

int dln_driver_n_places(const struct dln_driver *driver)
{
    const int n = driver->gpus ? dln_gpus_slots(driver->gpus) : DLN_PARALLEL_MAX;
    return n < DLN_PARALLEL_MAX ? n : DLN_PARALLEL_MAX;
}

size_t dln_driver_n_slots_taken(const struct dln_driver *driver)
{
    size_t n = 0;
    for (size_t i = 0; i < driver->n_jobs; i++)
        n += driver->jobs[i]->slot >= 0;
    return n;
}
