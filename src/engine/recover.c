#include "engine/recover.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/parts.h"
#include "engine/refresh.h"

static const struct dln_view_trial *find_view(const struct dln_driver *driver, int64_t number)
{
    if (!driver->proposer) return NULL;
    const struct dln_history_view *view = dln_proposer_history(driver->proposer);
    const size_t at = dln_history_find(view, number);
    return at == SIZE_MAX ? NULL : &view->trials[at];
}

/*
 * Kills what is left of the run and closes its row. A run without a row may go on all the same: its
 * engine died before it could write that down. Its folder's name finds it.
 */
static bool bury(struct dln_driver *driver, const struct dln_orphan *orphan)
{
    struct dln_error err = {0};
    if (!orphan->is_open) {
        const struct dln_job *job = dln_driver_find_job(driver, orphan->number);
        const char *run_dir;
        char folder[DLN_RUN_FOLDER_MAX];
        dln_arena_reset(&driver->scratch);
        bool ok = dln_run_dir_make(driver->study, orphan->number, &driver->scratch, &run_dir, &err);
        if (ok && job->parts) {
            dln_run_folder(driver->study, job->n_done, folder);
            ok = dln_run_dir_make_in(run_dir, folder, &driver->scratch, &run_dir, &err);
        }
        if (!ok) return dln_driver_blame(driver, &err);
        (void)dln_exec_end_orphan(0, 0, run_dir);
        return true;
    }
    if (orphan->same_boot) {
        (void)dln_exec_end_orphan(orphan->pid, orphan->pid_start, orphan->run_dir);
    }
    const struct dln_run_end end = {0};
    if (!dln_store_end_run(driver->store, orphan->run_id, &end, "interrupted: the engine died",
                           &err)) {
        return dln_driver_blame(driver, &err);
    }
    dln_driver_committed(driver, false);
    return true;
}

static bool take_over(struct dln_driver *driver, const struct dln_orphan *orphan)
{
    struct dln_error err = {0};
    const struct dln_view_trial *view = find_view(driver, orphan->number);
    struct dln_job *job = dln_job_new(&driver->study->space, driver->n_metrics, orphan->x,
                                      view ? view->strategy : NULL, view ? view->memo : NULL);
    if (!job) {
        (void)dln_fail(&err, DLN_NOMEM, "take over a trial");
    } else {
        job->trial_id = orphan->trial_id;
        job->number = orphan->number;
        job->attempt = orphan->attempt;
        job->failures = orphan->failures;
        if (dln_parts_prepare(driver, job, true, &err) && dln_driver_add_job(driver, job, &err)) {
            return true;
        }
    }
    dln_job_free(job);
    dln_driver_give_up(driver, &err);
    return false;
}

bool dln_recover_orphans(struct dln_driver *driver, bool end_leftovers, size_t *n)
{
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_orphan *orphans;
    size_t n_orphans;
    size_t n_taken = 0;
    if (!dln_store_orphans(driver->store, &driver->study->space, &arena, &orphans, &n_orphans,
                           &err)) {
        dln_arena_release(&arena);
        return dln_driver_blame(driver, &err);
    }
    bool ok = true;
    for (size_t i = 0; i < n_orphans && ok; i++) {
        if (dln_driver_find_job(driver, orphans[i].number)) continue;
        ok = take_over(driver, &orphans[i]) && (!end_leftovers || bury(driver, &orphans[i]));
        n_taken += ok;
    }
    dln_arena_release(&arena);
    if (n) *n = n_taken;
    return ok;
}

/* A trial that is RUNNING, ours, and stands for no job: its start was written after all. */
static bool take_over_unknown(struct dln_driver *driver, int64_t number)
{
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_trial trial;
    bool ok = dln_store_trial(driver->store, driver->study_id, &driver->study->space,
                              driver->study->n_objectives, number, &arena, &trial, &err);
    if (!ok) {
        (void)dln_driver_blame(driver, &err);
    } else if (trial.is_ours && trial.state == DLN_TRIAL_RUNNING) {
        const struct dln_orphan orphan = {
            .trial_id = trial.id, .number = number, .attempt = trial.attempt, .x = trial.x};
        ok = take_over(driver, &orphan);
    }
    dln_arena_release(&arena);
    return ok;
}

bool dln_recover_resync(struct dln_driver *driver)
{
    const struct dln_ledger *ledger = &driver->ledger;
    if (!dln_refresh_foreign(driver)) return false;
    int64_t left = ledger->counts[DLN_TRIAL_RUNNING];
    for (size_t i = ledger->n_rows; i > 0 && left > 0; i--) { /* from the end: they are young */
        const struct dln_ledger_row *row = &ledger->rows[i - 1];
        if (row->state != DLN_TRIAL_RUNNING) continue;
        left--;
        if (dln_driver_find_job(driver, row->number)) continue;
        if (!take_over_unknown(driver, row->number)) return false;
    }
    return true;
}
