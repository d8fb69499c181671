#include "engine/refresh.h"

#include <math.h>

/* Reading one trial alone costs about as much as this many rows of a whole scan. */
enum { SINGLE_COST = 4 };

/* Curves of rows that were just read; without those of our own runs, of which more is known than
   the file has, unless they are asked for. */
static bool learn_curves(struct dln_driver *driver, dln_pruning *pruning, bool with_jobs,
                         int64_t after_id, size_t n, const struct dln_history_row *rows,
                         struct dln_arena *arena)
{
    struct dln_error err = {0};
    struct dln_curve_row *curves;
    size_t n_curves;
    size_t at = 0;
    if (!pruning || n == 0) return true;
    if (!dln_store_curves(driver->store, driver->study_id, after_id, arena, &curves, &n_curves,
                          &err)) {
        return dln_driver_blame(driver, &err);
    }
    for (size_t i = 0; i < n; i++) {
        while (at < n_curves && curves[at].trial_id < rows[i].id)
            at++;
        const bool has_curve = at < n_curves && curves[at].trial_id == rows[i].id;
        if (!with_jobs && dln_driver_find_job(driver, rows[i].number)) continue;
        const struct dln_pruned_trial trial = {
            .number = rows[i].number,
            .state = rows[i].state,
            .value = rows[i].values[driver->curve_objective],
            .violation = rows[i].violation,
            .n = has_curve ? curves[at].n_steps : 0,
            .steps = has_curve ? curves[at].steps : NULL,
            .values = has_curve ? curves[at].curve : NULL,
        };
        if (!dln_pruning_put(pruning, &trial, &err)) {
            dln_driver_give_up(driver, &err);
            return false;
        }
    }
    return true;
}

/* What our own runs have reported and the file does not have yet. */
static bool add_reports(struct dln_driver *driver, dln_pruning *pruning, const struct dln_job *job)
{
    struct dln_error err = {0};
    bool is_news;
    for (size_t i = 0; i < job->n_reports; i++) {
        const struct dln_report *report = &job->reports[i];
        if (i == 0 && job->is_rewound) dln_pruning_rewind(pruning, job->number, report->step);
        if (dln_pruning_report(pruning, job->number, report->step, report->value, &is_news, &err)) {
            continue;
        }
        dln_driver_give_up(driver, &err);
        return false;
    }
    return true;
}

bool dln_refresh_pruning(struct dln_driver *driver, dln_pruning *pruning)
{
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_history_row *rows;
    size_t n;
    bool ok = dln_store_history(driver->store, driver->study_id, &driver->study->space,
                                driver->study->n_objectives, 0, &arena, &rows, &n, &err);
    if (!ok) (void)dln_driver_blame(driver, &err);
    ok = ok && learn_curves(driver, pruning, true, 0, n, rows, &arena);
    for (size_t i = 0; ok && i < driver->n_jobs; i++)
        ok = add_reports(driver, pruning, driver->jobs[i]);
    dln_arena_release(&arena);
    return ok;
}

static bool learn_rows(struct dln_driver *driver, int64_t after_id)
{
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_history_row *rows;
    size_t n;
    if (!dln_store_history(driver->store, driver->study_id, &driver->study->space,
                           driver->study->n_objectives, after_id, &arena, &rows, &n, &err)) {
        dln_arena_release(&arena);
        return dln_driver_blame(driver, &err);
    }
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) {
        ok = dln_ledger_learn(&driver->ledger, &rows[i], NULL, &err);
    }
    ok = ok && (n == 0 || dln_proposer_learn(driver->proposer, n, rows, &err));
    if (!ok) dln_driver_give_up(driver, &err);
    ok = ok && learn_curves(driver, driver->pruning, false, after_id, n, rows, &arena);
    dln_arena_release(&arena);
    driver->is_exhausted = driver->is_exhausted && n == 0;
    driver->is_cost_stale = driver->is_cost_stale || n > 0;
    return ok;
}

bool dln_refresh_new(struct dln_driver *driver)
{
    return learn_rows(driver, dln_ledger_max_id(&driver->ledger));
}

bool dln_refresh_trial(struct dln_driver *driver, int64_t number, enum dln_trial_state *state)
{
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_trial trial;
    if (!dln_store_trial(driver->store, driver->study_id, &driver->study->space,
                         driver->study->n_objectives, number, &arena, &trial, &err)) {
        dln_arena_release(&arena);
        return err.code == DLN_NOT_FOUND ? false : dln_driver_blame(driver, &err);
    }
    const struct dln_history_row row = {
        .id = trial.id,
        .number = trial.number,
        .state = trial.state,
        .x = trial.x,
        .values = trial.values,
        .last_step = trial.n_steps ? trial.steps[trial.n_steps - 1] : -1,
        .last_value = trial.n_steps ? trial.curve[trial.n_steps - 1] : (double)NAN,
        .reason = trial.reason,
        .strategy = trial.strategy,
        .memo = "",
        .seconds = trial.ended_us > trial.started_us && trial.started_us > 0
                       ? (double)(trial.ended_us - trial.started_us) / 1e6
                       : 0,
    };
    driver->is_cost_stale = true;
    bool ok = dln_driver_learn(driver, &row, NULL);
    if (ok && driver->pruning && !dln_driver_find_job(driver, number)) {
        const struct dln_pruned_trial pruned = {
            .number = number,
            .state = trial.state,
            .value = trial.values[driver->curve_objective],
            .n = trial.n_steps,
            .steps = trial.steps,
            .values = trial.curve,
        };
        ok = dln_pruning_put(driver->pruning, &pruned, &err);
        if (!ok) dln_driver_give_up(driver, &err);
    }
    if (ok && state) *state = trial.state;
    dln_arena_release(&arena);
    return ok;
}

static bool may_change(const struct dln_driver *driver, const struct dln_ledger_row *row)
{
    return (row->state == DLN_TRIAL_RUNNING || row->state == DLN_TRIAL_WAITING) &&
           !dln_driver_find_job(driver, row->number);
}

bool dln_refresh_foreign(struct dln_driver *driver)
{
    const struct dln_ledger *ledger = &driver->ledger;
    const size_t n_known = ledger->n_rows;
    if (!dln_refresh_new(driver)) return false;

    size_t first = n_known;
    size_t n_open = 0;
    size_t left = (size_t)(ledger->counts[DLN_TRIAL_RUNNING] + ledger->counts[DLN_TRIAL_WAITING]);
    for (size_t i = ledger->n_rows; i > 0 && left > 0; i--) { /* from the end: they are young */
        const struct dln_ledger_row *row = &ledger->rows[i - 1];
        left -= row->state == DLN_TRIAL_RUNNING || row->state == DLN_TRIAL_WAITING;
        if (i > n_known || !may_change(driver, row)) continue;
        first = i - 1;
        n_open++;
    }
    if (n_open == 0) return true;
    if (n_open * SINGLE_COST >= ledger->n_rows - first) {
        return learn_rows(driver, ledger->rows[first].id - 1);
    }
    for (size_t i = first; i < n_known; i++) {
        if (!may_change(driver, &ledger->rows[i])) continue;
        if (!dln_refresh_trial(driver, ledger->rows[i].number, NULL)) return false;
    }
    return true;
}
