/* Trials in memory: the book is all there is. Ids are numbers from 1. */
#include <math.h>
#include <stdlib.h>

#include "serve/keeper.h"

struct memory {
    struct dln_keeper keeper;
    double values[DLN_OBJECTIVES_MAX];
};

static struct dln_history_row blank_row(int64_t number, enum dln_trial_state state, const double *x)
{
    return (struct dln_history_row){
        .id = number + 1,
        .number = number,
        .state = state,
        .x = x,
        .last_step = -1,
        .last_value = (double)NAN,
        .strategy = "",
        .memo = "",
    };
}

/* What is known of a trial, as a row to be changed and learned again. */
static struct dln_history_row row_of(struct memory *memory, const struct dln_view_trial *trial)
{
    const struct dln_book *book = memory->keeper.book;
    struct dln_history_row row = blank_row(trial->number, trial->state, trial->x);
    const bool *maximize = book->ledger.maximize;
    for (size_t k = 0; k < book->ledger.m; k++) {
        memory->values[k] = maximize[k] ? -trial->loss[k] : trial->loss[k];
    }
    row.values = memory->values;
    row.last_step = trial->last_step;
    row.last_value = maximize[book->curve_objective] ? -trial->last_loss : trial->last_loss;
    row.reason = trial->reason;
    row.violation = trial->violation;
    row.strategy = trial->strategy;
    row.memo = trial->memo;
    return row;
}

/* ── the keeper's calls ────────────────────────────────────────────────────────────────────────*/

static bool refresh(struct dln_keeper *keeper, struct dln_error *err)
{
    (void)keeper;
    (void)err;
    return true; /* there are no others */
}

static bool next_number(struct dln_keeper *keeper, int64_t *number, struct dln_error *err)
{
    (void)err;
    *number = dln_ledger_next_number(&keeper->book->ledger);
    return true;
}

static bool start(struct dln_keeper *keeper, int64_t number, const struct dln_new_trial *trial,
                  struct dln_error *err)
{
    struct dln_history_row row = blank_row(number, DLN_TRIAL_RUNNING, trial->x);
    row.strategy = trial->strategy;
    row.memo = trial->memo ? trial->memo : "";
    return dln_book_learn(keeper->book, &row, err);
}

static bool next_waiting(struct dln_keeper *keeper, int64_t *number, double *x,
                         struct dln_error *err)
{
    const struct dln_ledger *ledger = &keeper->book->ledger;
    int64_t found = -1;
    int64_t left = ledger->counts[DLN_TRIAL_WAITING];
    for (size_t i = ledger->n_rows; i > 0 && left > 0; i--) { /* from the end: they are young */
        if (ledger->rows[i - 1].state != DLN_TRIAL_WAITING) continue;
        found = ledger->rows[i - 1].number;
        left--;
    }
    if (found < 0) return dln_fail(err, DLN_NOT_FOUND, "no trial is waiting");
    const struct dln_view_trial *trial = dln_book_find(keeper->book, found);
    for (size_t i = 0; i < keeper->book->study->space.n; i++)
        x[i] = trial->x[i];
    *number = found;
    return true;
}

static bool enqueue(struct dln_keeper *keeper, const double *x, int64_t *number,
                    struct dln_error *err)
{
    const int64_t next = dln_ledger_next_number(&keeper->book->ledger);
    struct dln_history_row row = blank_row(next, DLN_TRIAL_WAITING, x);
    row.strategy = "enqueued";
    if (!dln_book_learn(keeper->book, &row, err)) return false;
    *number = next;
    return true;
}

static bool report(struct dln_keeper *keeper, int64_t number, const struct dln_report *report,
                   bool *is_news, struct dln_error *err)
{
    struct memory *memory = (struct memory *)keeper;
    dln_pruning *pruning = keeper->book->pruning;
    if (pruning && !dln_pruning_report(pruning, number, report->step, report->value, is_news, err))
        return false;
    struct dln_history_row row = row_of(memory, dln_book_find(keeper->book, number));
    if (report->step < row.last_step) return true; /* the newest step is what counts */
    row.last_step = report->step;
    row.last_value = report->value;
    return dln_book_learn(keeper->book, &row, err);
}

static bool finish(struct dln_keeper *keeper, int64_t number, const struct dln_finish *finish,
                   struct dln_error *err)
{
    struct memory *memory = (struct memory *)keeper;
    struct dln_history_row row = row_of(memory, dln_book_find(keeper->book, number));
    row.state = finish->state;
    row.reason = finish->reason;
    if (finish->values) {
        row.values = finish->values;
    } else if (finish->state == DLN_TRIAL_PRUNED && keeper->book->ledger.m == 1) {
        memory->values[0] = row.last_value; /* as a file has it */
    }
    row.violation = 0;
    for (size_t i = 0; i < finish->n_limits; i++)
        row.violation += fmax(finish->limits[i], 0);
    const struct dln_book *book = keeper->book;
    const double value = row.values[book->curve_objective];
    return dln_book_learn(keeper->book, &row, err) &&
           (!book->pruning ||
            dln_pruning_finish(book->pruning, number, row.state, value, row.violation, err));
}

static void close_memory(struct dln_keeper *keeper)
{
    free(keeper);
}

/* ── open ──────────────────────────────────────────────────────────────────────────────────────*/

static bool queue_start(struct dln_keeper *keeper, struct dln_error *err)
{
    const struct dln_study *study = keeper->book->study;
    double *x = calloc(study->space.n + 1, sizeof *x);
    int64_t number;
    bool ok = x || dln_fail(err, DLN_NOMEM, "queue the first points");
    for (size_t i = 0; ok && i < study->n_start; i++) {
        dln_study_start_point(study, i, x);
        ok = enqueue(keeper, x, &number, err);
    }
    free(x);
    return ok;
}

bool dln_keep_in_memory(struct dln_book *book, struct dln_keeper **out, struct dln_error *err)
{
    struct memory *memory = calloc(1, sizeof *memory);
    if (!memory) return dln_fail(err, DLN_NOMEM, "keep the trials");
    memory->keeper = (struct dln_keeper){
        .book = book,
        .refresh = refresh,
        .next_number = next_number,
        .start = start,
        .next_waiting = next_waiting,
        .claim = start, /* nobody can be faster */
        .enqueue = enqueue,
        .report = report,
        .finish = finish,
        .close = close_memory,
    };
    if (!queue_start(&memory->keeper, err)) {
        free(memory);
        return false;
    }
    *out = &memory->keeper;
    return true;
}
