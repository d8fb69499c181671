#include "engine/ledger.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool dln_ledger_init(struct dln_ledger *ledger, const struct dln_study *study,
                     struct dln_error *err)
{
    bool *maximize = calloc(study->n_objectives, sizeof *maximize);
    if (!maximize) return dln_fail(err, DLN_NOMEM, "count the trials");
    for (size_t k = 0; k < study->n_objectives; k++) {
        maximize[k] = study->objectives[k].maximize;
    }
    *ledger = (struct dln_ledger){.m = study->n_objectives, .maximize = maximize};
    return true;
}

void dln_ledger_release(struct dln_ledger *ledger)
{
    free(ledger->maximize);
    free(ledger->rows);
    free(ledger->front_numbers);
    free(ledger->front_losses);
    *ledger = (struct dln_ledger){0};
}

/* Index of the first row whose id is not below; rows come in order, so the end is tried first. */
static size_t find_row(const struct dln_ledger *ledger, int64_t id)
{
    size_t low = 0;
    size_t high = ledger->n_rows;
    if (high == 0 || ledger->rows[high - 1].id < id) return high;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (ledger->rows[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool put_row(struct dln_ledger *ledger, const struct dln_history_row *row,
                    struct dln_error *err)
{
    const size_t at = find_row(ledger, row->id);
    if (at < ledger->n_rows && ledger->rows[at].id == row->id) {
        ledger->counts[ledger->rows[at].state]--;
    } else {
        if (ledger->n_rows == ledger->cap_rows) {
            const size_t cap = ledger->cap_rows ? ledger->cap_rows * 2 : 256;
            struct dln_ledger_row *rows = realloc(ledger->rows, cap * sizeof *rows);
            if (!rows) return dln_fail(err, DLN_NOMEM, "count the trials");
            ledger->rows = rows;
            ledger->cap_rows = cap;
        }
        memmove(ledger->rows + at + 1, ledger->rows + at,
                (ledger->n_rows - at) * sizeof *ledger->rows);
        ledger->n_rows++;
    }
    ledger->rows[at] = (struct dln_ledger_row){row->id, row->number, row->state};
    ledger->counts[row->state]++;
    return true;
}

/* Whether a is at least as good as b in everything. */
static bool covers(const double *a, const double *b, size_t m)
{
    for (size_t k = 0; k < m; k++) {
        if (a[k] > b[k]) return false;
    }
    return true;
}

/*
 * Equal values are no improvement: the lower number stays, whichever came first, so that the front
 * does not depend on the order in which parallel trials end.
 */
static bool enter_front(struct dln_ledger *ledger, int64_t number, const double *loss,
                        bool *entered, struct dln_error *err)
{
    const size_t m = ledger->m;
    for (size_t i = 0; i < ledger->n_front; i++) {
        const double *member = ledger->front_losses + i * m;
        if (!covers(member, loss, m)) continue;
        const bool equal = covers(loss, member, m);
        if (ledger->front_numbers[i] <= number || !equal) return true;
    }
    if (ledger->n_front == ledger->cap_front) {
        const size_t cap = ledger->cap_front ? ledger->cap_front * 2 : 4;
        int64_t *numbers = realloc(ledger->front_numbers, cap * sizeof *numbers);
        if (!numbers) return dln_fail(err, DLN_NOMEM, "keep the best trials");
        ledger->front_numbers = numbers;
        double *losses = realloc(ledger->front_losses, cap * m * sizeof *losses);
        if (!losses) return dln_fail(err, DLN_NOMEM, "keep the best trials");
        ledger->front_losses = losses;
        ledger->cap_front = cap;
    }
    size_t kept = 0;
    for (size_t i = 0; i < ledger->n_front; i++) {
        if (covers(loss, ledger->front_losses + i * m, m)) continue;
        ledger->front_numbers[kept] = ledger->front_numbers[i];
        memmove(ledger->front_losses + kept * m, ledger->front_losses + i * m, m * sizeof *loss);
        kept++;
    }
    ledger->front_numbers[kept] = number;
    memcpy(ledger->front_losses + kept * m, loss, m * sizeof *loss);
    ledger->n_front = kept + 1;
    *entered = true;
    return true;
}

bool dln_ledger_learn(struct dln_ledger *ledger, const struct dln_history_row *row, bool *improved,
                      struct dln_error *err)
{
    bool entered = false;
    if (!put_row(ledger, row, err)) return false;
    if (row->state == DLN_TRIAL_COMPLETE && row->values && row->violation <= 0) {
        double loss[DLN_OBJECTIVES_MAX];
        bool known = true;
        for (size_t k = 0; k < ledger->m; k++) {
            loss[k] = ledger->maximize[k] ? -row->values[k] : row->values[k];
            if (isnan(loss[k])) known = false;
        }
        if (known && !enter_front(ledger, row->number, loss, &entered, err)) return false;
    }
    if (improved) *improved = entered;
    return true;
}

int64_t dln_ledger_max_id(const struct dln_ledger *ledger)
{
    return ledger->n_rows ? ledger->rows[ledger->n_rows - 1].id : 0;
}

int64_t dln_ledger_next_number(const struct dln_ledger *ledger)
{
    return ledger->n_rows ? ledger->rows[ledger->n_rows - 1].number + 1 : 0;
}

int64_t dln_ledger_used(const struct dln_ledger *ledger)
{
    return (int64_t)ledger->n_rows - ledger->counts[DLN_TRIAL_WAITING];
}

int64_t dln_ledger_since_best(const struct dln_ledger *ledger)
{
    int64_t newest = -1;
    for (size_t i = 0; i < ledger->n_front; i++) {
        if (ledger->front_numbers[i] > newest) newest = ledger->front_numbers[i];
    }
    int64_t since = 0;
    for (size_t i = ledger->n_rows; i > 0 && ledger->rows[i - 1].number > newest; i--) {
        const enum dln_trial_state state = ledger->rows[i - 1].state;
        since += state != DLN_TRIAL_WAITING && state != DLN_TRIAL_FAIL;
    }
    return since;
}

bool dln_ledger_best(const struct dln_ledger *ledger, int64_t *number, double *value)
{
    if (ledger->m != 1 || ledger->n_front == 0) return false;
    *number = ledger->front_numbers[0];
    *value = ledger->maximize[0] ? -ledger->front_losses[0] : ledger->front_losses[0];
    return true;
}

bool dln_ledger_first_loss(const struct dln_ledger *ledger, double *loss)
{
    double least = HUGE_VAL;
    for (size_t i = 0; i < ledger->n_front; i++) {
        least = fmin(least, ledger->front_losses[i * ledger->m]);
    }
    if (ledger->n_front > 0) *loss = least;
    return ledger->n_front > 0;
}
