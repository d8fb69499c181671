#include "engine/slots.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/clock.h"
#include "engine/budget.h"
#include "engine/launch.h"
#include "engine/parts.h"
#include "engine/point.h"
#include "engine/refresh.h"

/* ── may we, and where ─────────────────────────────────────────────────────────────────────────*/

/* Whether a run of a trial that exists may be started. */
static bool may_run(const struct dln_driver *driver)
{
    if (!dln_driver_is_well(driver) || dln_driver_is_failing(driver)) return false;
    if (driver->quits > 0 || driver->is_stopping) return false;
    if (driver->engine_state != DLN_ENGINE_RUNNING && driver->engine_state != DLN_ENGINE_DRAINING) {
        return false;
    }
    /* whether there is a program, only the nodes know */
    if (driver->is_proven || dln_runner_outlives(driver->runner)) return true;
    for (size_t i = 0; i < driver->n_jobs; i++) { /* a missing program shall cost one trial only */
        if (driver->jobs[i]->phase == DLN_JOB_ASKED) return false;
    }
    return true;
}

static bool may_begin(const struct dln_driver *driver)
{
    const struct dln_spent spent = dln_driver_spent(driver);
    return driver->engine_state == DLN_ENGINE_RUNNING && !driver->wants_confirm &&
           dln_budget_is_open(&driver->live.budget, &driver->ledger, &spent, NULL);
}

/* The slots in use: the first open ones, as many as wanted. */
static void find_usable(const struct dln_driver *driver, bool usable[DLN_PARALLEL_MAX])
{
    int left = dln_driver_n_slots(driver);
    for (int slot = 0; slot < dln_driver_n_places(driver) && left > 0; slot++) {
        usable[slot] = !driver->live.is_closed[slot];
        left -= usable[slot];
    }
}

/*
 * The lowest usable slot that is free; -1 if as many as wanted are taken. With fewer wanted, the
 * surplus goes on.
 */
static int free_slot(const struct dln_driver *driver)
{
    bool taken[DLN_PARALLEL_MAX] = {false};
    bool usable[DLN_PARALLEL_MAX] = {false};
    int n = 0;
    for (size_t i = 0; i < driver->n_jobs; i++) {
        const int slot = driver->jobs[i]->slot;
        if (slot < 0) continue;
        n++;
        if (slot < DLN_PARALLEL_MAX) taken[slot] = true;
    }
    if (n >= dln_driver_n_slots(driver)) return -1;
    find_usable(driver, usable);
    for (int slot = 0; slot < DLN_PARALLEL_MAX; slot++) {
        if (usable[slot] && !taken[slot]) return slot;
    }
    return -1;
}

static struct dln_job *waiting_job(const struct dln_driver *driver)
{
    struct dln_job *lowest = NULL;
    for (size_t i = 0; i < driver->n_jobs; i++) {
        struct dln_job *job = driver->jobs[i];
        if (job->phase != DLN_JOB_WAITING || job->slot >= 0 || job->is_unsettled) continue;
        if (!lowest || job->number < lowest->number) lowest = job;
    }
    return lowest;
}

/* ── a trial becomes a job ─────────────────────────────────────────────────────────────────────*/

/* The trial is RUNNING in the file. NULL: the engine ends, and the trial is for the next one. */
static struct dln_job *adopt(struct dln_driver *driver, int64_t id, int64_t number,
                             const struct dln_new_trial *trial)
{
    struct dln_error err = {0};
    struct dln_job *job = dln_job_new(&driver->study->space, driver->n_metrics, trial->x,
                                      trial->strategy, trial->memo);
    if (!job) {
        (void)dln_fail(&err, DLN_NOMEM, "keep a trial");
    } else if (dln_parts_prepare(driver, job, false, &err) &&
               dln_driver_add_job(driver, job, &err)) {
        job->trial_id = id;
        job->number = number;
        const struct dln_history_row row = {
            .id = id,
            .number = number,
            .state = DLN_TRIAL_RUNNING,
            .x = job->x,
            .last_step = -1,
            .last_value = (double)NAN,
            .strategy = job->strategy,
            .memo = job->memo ? job->memo : "",
        };
        (void)dln_driver_learn(driver, &row, NULL);
        dln_driver_committed(driver, true);
        return job;
    }
    dln_job_free(job);
    dln_driver_give_up(driver, &err);
    return NULL;
}

/* The point of a WAITING trial, what was left free filled in. */
static bool complete_point(struct dln_driver *driver, int64_t number, const double *x,
                           struct dln_new_trial *trial)
{
    struct dln_error err = {0};
    struct dln_proposal proposal;
    if (!dln_proposer_complete(driver->proposer, number, x, driver->live.budget.trials, &proposal,
                               &err)) {
        dln_driver_give_up(driver, &err);
        return false;
    }
    *trial = (struct dln_new_trial){.x = proposal.x,
                                    .strategy = proposal.strategy,
                                    .why = proposal.why,
                                    .memo = proposal.memo,
                                    .predicted_mean = proposal.mean,
                                    .predicted_sd = proposal.sd};
    return true;
}

/* A claim failed: somebody else had it first, or the storage refuses. */
static void claim_failed(struct dln_driver *driver, int64_t number, const struct dln_error *err)
{
    enum dln_trial_state state = DLN_TRIAL_WAITING;
    if (err->code == DLN_BUSY && dln_refresh_trial(driver, number, &state) &&
        state != DLN_TRIAL_WAITING) {
        return;
    }
    (void)dln_driver_blame(driver, err);
}

/* The lowest WAITING trial; *none: there is none. */
static struct dln_job *begin_waiting(struct dln_driver *driver, int64_t now_ns, bool *none)
{
    const struct dln_space *space = &driver->study->space;
    struct dln_error err = {0};
    int64_t id;
    int64_t number;
    dln_arena_reset(&driver->scratch);
    *none = driver->ledger.counts[DLN_TRIAL_WAITING] == 0;
    if (*none) return NULL;
    double *x = DLN_ARENA_ARRAY(&driver->scratch, double, space->n);
    if (!x) return NULL;
    if (!dln_store_next_waiting(driver->store, space, &id, &number, x, &err)) {
        *none = err.code == DLN_NOT_FOUND;
        if (!*none) (void)dln_driver_blame(driver, &err);
        return NULL;
    }
    struct dln_new_trial trial;
    if (!complete_point(driver, number, x, &trial)) return NULL;
    bool foreign = true;
    if (!dln_store_foreign_workers(driver->store, &foreign, &err)) {
        (void)dln_driver_blame(driver, &err);
        return NULL;
    }
    if (!dln_store_claim(driver->store, space, id, &trial, &err)) {
        claim_failed(driver, number, &err);
        return NULL;
    }
    struct dln_job *job = adopt(driver, id, number, &trial);
    if (job && foreign) {
        job->phase = DLN_JOB_CLAIMED;
        /* from now on: the claim itself may have waited for a lock */
        const int64_t claimed_ns = dln_clock_mono_ns();
        job->due_ns =
            (claimed_ns > now_ns ? claimed_ns : now_ns) + DLN_SECOND_LOOK_MS * DLN_NS_PER_MS;
    }
    return job;
}

/* As if a run had printed the known values and ended well. */
static void reuse(struct dln_driver *driver, struct dln_job *job, const double *values)
{
    for (size_t k = 0; k < driver->study->n_objectives; k++) {
        const double value = values[k];
        job->sums[driver->objective_metric[k]] = (struct dln_metric_sum){
            .n = 1, .last = value, .lowest = value, .highest = value, .sum = value};
    }
    job->end = (struct dln_run_event){.kind = DLN_RUN_ENDED, .has_exit = true};
    job->phase = DLN_JOB_ENDED;
}

static bool take_ahead(struct dln_driver *driver, int64_t number, struct dln_proposal *out)
{
    if (driver->live.parallel < 2) {
        dln_ahead_drop(&driver->ahead);
        return false;
    }
    return dln_ahead_take(&driver->ahead, driver->proposer, &driver->study->space, number,
                          driver->live.budget.trials,
                          driver->study->duplicates == DLN_DUPLICATES_AVOID, out);
}

void dln_slots_ask_ahead(struct dln_driver *driver)
{
    if (driver->live.parallel < 2 || driver->is_exhausted || !may_run(driver)) return;
    if (driver->ledger.counts[DLN_TRIAL_WAITING] > 0 || waiting_job(driver)) return;
    if (free_slot(driver) >= 0 || !may_begin(driver)) return;
    for (size_t i = 0; i < driver->n_jobs; i++) { /* one is about to be recorded */
        if (driver->jobs[i]->phase == DLN_JOB_ENDED) return;
    }
    dln_ahead_prepare(&driver->ahead, driver->proposer, &driver->study->space,
                      dln_ledger_next_number(&driver->ledger), driver->live.budget.trials);
}

/* *again: another program took the number that the point was meant for. */
static struct dln_job *begin_proposed(struct dln_driver *driver, bool *again)
{
    const struct dln_view_trial *known;
    double values[DLN_OBJECTIVES_MAX] = {0};
    char why[DLN_WHY_MAX];
    struct dln_error err = {0};
    struct dln_proposal proposal;
    int64_t id;
    int64_t number = dln_ledger_next_number(&driver->ledger);
    if (driver->is_exhausted) return NULL;
    if (!take_ahead(driver, number, &proposal) &&
        !dln_proposer_ask(driver->proposer, number, NULL, driver->live.budget.trials, &proposal,
                          &err)) {
        driver->is_exhausted = err.code == DLN_EXHAUSTED;
        if (!driver->is_exhausted) dln_driver_give_up(driver, &err);
        return NULL;
    }
    known = dln_proposer_known(driver->proposer, proposal.x);
    if (!known) {
        driver->reused_in_row = 0;
    } else if (++driver->reused_in_row > DLN_REUSED_MAX) {
        driver->is_exhausted = true;
        return NULL;
    } else {
        (void)snprintf(why, sizeof why, "same point as #%" PRId64 ", whose value is taken over",
                       known->number);
        for (size_t k = 0; k < driver->study->n_objectives; k++) {
            const bool maximize = driver->study->objectives[k].maximize;
            values[k] = maximize ? -known->loss[k] : known->loss[k];
        }
    }
    const struct dln_new_trial trial = {
        .x = proposal.x,
        .strategy = proposal.strategy,
        .why = known ? why : proposal.why,
        .memo = proposal.memo,
        .predicted_mean = proposal.mean,
        .predicted_sd = proposal.sd,
    };
    if (!dln_store_start_numbered(driver->store, &driver->study->space, number, &trial, &id,
                                  &err)) {
        const size_t n_known = driver->ledger.n_rows;
        if (err.code != DLN_REFUSED) {
            (void)dln_driver_blame(driver, &err);
            return NULL;
        }
        /* its trial may be the budget's last one, or the very point */
        if (!dln_refresh_new(driver)) return NULL;
        *again = driver->ledger.n_rows > n_known;
        if (*again) return NULL;
        /* a file of odd numbers: any will do */
        if (!dln_store_start_trial(driver->store, &driver->study->space, &trial, &id, &number,
                                   &err)) {
            (void)dln_driver_blame(driver, &err);
            return NULL;
        }
    }
    struct dln_job *job = adopt(driver, id, number, &trial);
    if (job && known) reuse(driver, job, values);
    return job;
}

/* ── a job gets a run ──────────────────────────────────────────────────────────────────────────*/

static void start(struct dln_driver *driver, struct dln_job *job, int slot)
{
    struct dln_error err = {0};
    dln_job_reset_run(job);
    job->slot = slot;
    job->attempt++;
    job->phase = DLN_JOB_ASKED;
    job->run_id = job->left_run_id;
    const bool was_left = job->is_left;
    const bool started = dln_launch(driver, job, &err);
    job->is_left = false;
    job->left_run_id = 0;
    if (started) return;
    job->is_left = was_left;
    job->left_run_id = job->run_id;
    if (err.code == DLN_IO || err.code == DLN_NOMEM) {
        job->slot = -1;
        job->attempt--;
        job->phase = DLN_JOB_WAITING;
        (void)dln_driver_blame(driver, &err);
        return;
    }
    job->phase = DLN_JOB_ENDED;
    job->end = (struct dln_run_event){.kind = DLN_RUN_FAILED};
    (void)snprintf(job->end_text, sizeof job->end_text, "%.240s", err.text);
}

bool dln_slots_fill(struct dln_driver *driver, int64_t now_ns)
{
    if (!may_run(driver) || !dln_runner_has_room(driver->runner)) return false;
    const int slot = free_slot(driver);
    if (slot < 0) return false;
    struct dln_job *job = waiting_job(driver);
    if (!job) {
        bool none;
        bool again = false;
        if (!may_begin(driver)) return false;
        job = begin_waiting(driver, now_ns, &none);
        if (!job && none) job = begin_proposed(driver, &again);
        if (!job) return dln_driver_is_well(driver) && (!none || again);
    }
    if (job->phase == DLN_JOB_CLAIMED) {
        job->slot = slot;
    } else if (job->phase == DLN_JOB_WAITING) {
        start(driver, job, slot);
    }
    return true;
}

bool dln_slots_take_up(struct dln_driver *driver, struct dln_job *job)
{
    bool taken[DLN_PARALLEL_MAX] = {false};
    int slot = 0;
    for (size_t i = 0; i < driver->n_jobs; i++) {
        const int other = driver->jobs[i]->slot;
        if (other >= 0 && other < DLN_PARALLEL_MAX) taken[other] = true;
    }
    while (slot < DLN_PARALLEL_MAX && taken[slot])
        slot++;
    if (slot == DLN_PARALLEL_MAX) return false;
    start(driver, job, slot);
    return job->phase == DLN_JOB_ASKED;
}

/* ── deadlines ─────────────────────────────────────────────────────────────────────────────────*/

static void look_again(struct dln_driver *driver, struct dln_job *job)
{
    struct dln_error err = {0};
    bool ours;
    if (!dln_driver_is_well(driver)) return;
    if (!dln_store_still_claimed(driver->store, job->trial_id, &ours, &err)) {
        (void)dln_driver_blame(driver, &err);
        return;
    }
    job->phase = DLN_JOB_WAITING;
    const int slot = job->slot;
    job->slot = -1;
    if (!ours) {
        const int64_t number = job->number;
        dln_driver_drop_job(driver, job);
        (void)dln_refresh_trial(driver, number, NULL);
    } else if (may_run(driver)) {
        start(driver, job, slot);
    }
}

int64_t dln_slots_limit_ns(const struct dln_machine *machine, const struct dln_job *job,
                           enum dln_verdict *verdict)
{
    int64_t first = INT64_MAX;
    if (job->suspended_ns > 0) return first;
    if (machine->timeout_ms > 0) {
        first = job->started_ns + machine->timeout_ms * DLN_NS_PER_MS;
        *verdict = DLN_VERDICT_TIMEOUT;
    }
    if (machine->idle_timeout_ms > 0) {
        const int64_t silent = job->last_sign_ns + machine->idle_timeout_ms * DLN_NS_PER_MS;
        if (silent < first) {
            first = silent;
            *verdict = DLN_VERDICT_SILENT;
        }
    }
    return first;
}

void dln_slots_check(struct dln_driver *driver, int64_t now_ns)
{
    if (driver->study->worker.n > 0) {
        bool usable[DLN_PARALLEL_MAX] = {false};
        find_usable(driver, usable);
        dln_runner_trim(driver->runner, usable, DLN_PARALLEL_MAX);
    }
    for (size_t i = driver->n_jobs; i > 0; i--) { /* downwards: a job may go */
        struct dln_job *job = driver->jobs[i - 1];
        enum dln_verdict verdict = DLN_VERDICT_NONE;
        if (job->phase == DLN_JOB_CLAIMED && now_ns >= job->due_ns) {
            look_again(driver, job);
        } else if (job->is_cut && !job->is_told) {
            job->is_told = true;
            dln_slots_end(driver, job, DLN_VERDICT_PRUNE, -1);
        } else if (job->phase == DLN_JOB_RUNNING && job->verdict == DLN_VERDICT_NONE &&
                   now_ns >= dln_slots_limit_ns(&driver->study->machine, job, &verdict)) {
            dln_slots_end(driver, job, verdict, -1);
        }
    }
}

int64_t dln_slots_next_ns(const struct dln_driver *driver)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < driver->n_jobs; i++) {
        const struct dln_job *job = driver->jobs[i];
        enum dln_verdict verdict;
        int64_t due = INT64_MAX;
        if (job->phase == DLN_JOB_CLAIMED) due = job->due_ns;
        if (job->phase == DLN_JOB_RUNNING && job->verdict == DLN_VERDICT_NONE) {
            due = dln_slots_limit_ns(&driver->study->machine, job, &verdict);
        }
        if (due < next) next = due;
    }
    return next;
}

void dln_slots_end(struct dln_driver *driver, struct dln_job *job, enum dln_verdict verdict,
                   int64_t grace_ms)
{
    if (job->phase != DLN_JOB_ASKED && job->phase != DLN_JOB_RUNNING) return;
    if (job->verdict == DLN_VERDICT_NONE) job->verdict = verdict;
    dln_runner_end(driver->runner, job, grace_ms < 0 ? driver->study->machine.grace_ms : grace_ms);
}

void dln_slots_suspend(struct dln_driver *driver, struct dln_job *job)
{
    job->suspended_ns = dln_clock_mono_ns();
    dln_runner_signal(driver->runner, job, SIGSTOP);
}

void dln_slots_continue(struct dln_driver *driver, struct dln_job *job)
{
    const int64_t passed_ns = dln_clock_mono_ns() - job->suspended_ns;
    job->started_ns += passed_ns;
    job->last_sign_ns += passed_ns;
    job->suspended_ns = 0;
    dln_runner_signal(driver->runner, job, SIGCONT);
}

void dln_slots_leave(struct dln_driver *driver, struct dln_job *job, int64_t grace_ms)
{
    if (!dln_runner_outlives(driver->runner)) {
        dln_slots_end(driver, job, DLN_VERDICT_LEAVE, grace_ms);
        return;
    }
    if (job->phase != DLN_JOB_ASKED && job->phase != DLN_JOB_RUNNING) return;
    dln_runner_leave(driver->runner, job);
    job->phase = DLN_JOB_WAITING;
    job->slot = -1;
}
