#include "engine/keep.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void tidy(struct dln_driver *driver, int64_t number)
{
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    const char *run_dir = dln_run_dir_path(driver->study, number, &arena);
    if (run_dir && !dln_run_dir_tidy(driver->study, run_dir, &err)) {
        dln_driver_note(driver, "#%" PRId64 ": what it left could not be removed: %s", number,
                        err.text);
    }
    dln_arena_release(&arena);
}

/* ── one objective ─────────────────────────────────────────────────────────────────────────────*/

static bool counts(const struct dln_view_trial *trial)
{
    return trial->state == DLN_TRIAL_COMPLETE && trial->violation <= 0 && !isnan(trial->loss[0]);
}

static int by_merit(const void *a, const void *b)
{
    const struct dln_view_trial *left = *(const struct dln_view_trial *const *)a;
    const struct dln_view_trial *right = *(const struct dln_view_trial *const *)b;
    if (left->loss[0] != right->loss[0]) return left->loss[0] < right->loss[0] ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

/* The trial itself where it is not among the best, else the best one that is not any more. */
static void tidy_beyond(struct dln_driver *driver, int64_t number)
{
    const struct dln_history_view *view = dln_proposer_history(driver->proposer);
    const size_t top = (size_t)driver->study->keep_top;
    const struct dln_view_trial *ours = NULL;
    size_t n_better = 0;
    size_t n = 0;
    for (size_t i = 0; i < view->n; i++) {
        if (view->trials[i].number == number && counts(&view->trials[i])) ours = &view->trials[i];
    }
    for (size_t i = 0; ours && i < view->n; i++) {
        if (!counts(&view->trials[i])) continue;
        const struct dln_view_trial *other = &view->trials[i];
        n_better += by_merit((const void *)&other, (const void *)&ours) < 0;
        n++;
    }
    if (!ours || n_better >= top) {
        tidy(driver, number);
        return;
    }
    if (n <= top) return;
    const struct dln_view_trial **ranked = calloc(n, sizeof *ranked);
    if (!ranked) return; /* one folder more stays */
    size_t at = 0;
    for (size_t i = 0; i < view->n; i++) {
        if (counts(&view->trials[i])) ranked[at++] = &view->trials[i];
    }
    qsort((void *)ranked, n, sizeof *ranked, by_merit);
    tidy(driver, ranked[top]->number);
    free((void *)ranked);
}

/* ── several ───────────────────────────────────────────────────────────────────────────────────*/

struct dln_front dln_keep_front(struct dln_driver *driver)
{
    const struct dln_ledger *ledger = &driver->ledger;
    if (driver->study->keep_top < 0 || ledger->m < 2) return (struct dln_front){0};
    int64_t *numbers = DLN_ARENA_ARRAY(&driver->scratch, int64_t, ledger->n_front);
    if (!numbers || ledger->n_front == 0) return (struct dln_front){0};
    memcpy(numbers, ledger->front_numbers, ledger->n_front * sizeof *numbers);
    return (struct dln_front){ledger->n_front, numbers};
}

static bool is_in_front(const struct dln_ledger *ledger, int64_t number)
{
    for (size_t i = 0; i < ledger->n_front; i++) {
        if (ledger->front_numbers[i] == number) return true;
    }
    return false;
}

void dln_keep_tidy(struct dln_driver *driver, int64_t number, const struct dln_front *before)
{
    if (driver->study->keep_top < 0 || !driver->is_engine) return;
    if (driver->ledger.m == 1) {
        tidy_beyond(driver, number);
        return;
    }
    if (!is_in_front(&driver->ledger, number)) tidy(driver, number);
    for (size_t i = 0; i < before->n; i++) {
        if (!is_in_front(&driver->ledger, before->numbers[i])) tidy(driver, before->numbers[i]);
    }
}
