#include "serve/book.h"

#include <string.h>

#include "dialin/clock.h"
#include "engine/budget.h"

bool dln_book_open(struct dln_book *book, const struct dln_study *study, uint64_t seed,
                   struct dln_error *err)
{
    *book = (struct dln_book){
        .study = study,
        .seed = seed,
        .budget = study->budget,
        .opened_ns = dln_clock_mono_ns(),
        .curve_objective = dln_prune_objective(study),
    };
    if (book->curve_objective == SIZE_MAX) book->curve_objective = 0;
    if (dln_proposer_new(study, seed, &book->proposer, err) &&
        dln_ledger_init(&book->ledger, study, err) &&
        dln_pruning_new(study, &study->pruner, &book->pruning, err)) {
        return true;
    }
    dln_book_close(book);
    return false;
}

void dln_book_close(struct dln_book *book)
{
    dln_predictor_free(book->predictor);
    dln_pruning_free(book->pruning);
    dln_proposer_free(book->proposer);
    dln_ledger_release(&book->ledger);
    *book = (struct dln_book){0};
}

bool dln_book_learn(struct dln_book *book, const struct dln_history_row *row, struct dln_error *err)
{
    /* The proposer before the ledger: whatever that lists can be found. And the row may point to
       what the proposer knew of the trial: what is needed afterwards is kept. */
    double values[DLN_OBJECTIVES_MAX];
    struct dln_history_row counted = *row;
    if (row->values) {
        memcpy(values, row->values, book->study->n_objectives * sizeof *values);
        counted.values = values;
    }
    counted.x = NULL;
    counted.strategy = counted.memo = NULL;
    return (!book->predictor || dln_predictor_learn(book->predictor, 1, row, NULL, err)) &&
           dln_proposer_learn(book->proposer, 1, row, err) &&
           dln_ledger_learn(&book->ledger, &counted, NULL, err);
}

/* What the proposer keeps of a trial, as a row again. */
static bool learn_again(struct dln_book *book, dln_predictor *predictor,
                        const struct dln_view_trial *trial, struct dln_error *err)
{
    const struct dln_study *study = book->study;
    double values[DLN_OBJECTIVES_MAX];
    for (size_t k = 0; k < study->n_objectives; k++)
        values[k] = study->objectives[k].maximize ? -trial->loss[k] : trial->loss[k];
    const struct dln_history_row row = {
        .id = trial->number,
        .number = trial->number,
        .state = trial->state,
        .x = trial->x,
        .values = values,
        .last_step = trial->last_step,
        .last_value = study->objectives[0].maximize ? -trial->last_loss : trial->last_loss,
        .reason = trial->reason,
        .violation = trial->violation,
        .strategy = trial->strategy,
        .memo = "",
    };
    return dln_predictor_learn(predictor, 1, &row, NULL, err);
}

bool dln_book_predictor(struct dln_book *book, dln_predictor **out, struct dln_error *err)
{
    const struct dln_history_view *view = dln_proposer_history(book->proposer);
    bool maximize[DLN_OBJECTIVES_MAX];
    dln_predictor *predictor;
    if (!book->predictor) {
        for (size_t k = 0; k < book->study->n_objectives; k++)
            maximize[k] = book->study->objectives[k].maximize;
        if (!dln_predictor_new(&book->study->space, book->study->n_objectives, maximize, &predictor,
                               err)) {
            return false;
        }
        for (size_t i = 0; i < view->n; i++) {
            if (learn_again(book, predictor, &view->trials[i], err)) continue;
            dln_predictor_free(predictor);
            return false;
        }
        book->predictor = predictor;
    }
    *out = book->predictor;
    return true;
}

const struct dln_view_trial *dln_book_find(const struct dln_book *book, int64_t number)
{
    const struct dln_history_view *view = dln_proposer_history(book->proposer);
    const size_t at = dln_history_find(view, number);
    return at == SIZE_MAX ? NULL : &view->trials[at];
}

bool dln_book_is_open(const struct dln_book *book, const char **why)
{
    const double here_s = (double)(dln_clock_mono_ns() - book->opened_ns) / 1e9;
    struct dln_spent spent = book->earlier;
    spent.time_s += here_s;
    const char *limit = NULL;
    if (dln_budget_is_open(&book->budget, &book->ledger, &spent, &limit)) {
        return true;
    }
    const char *colon = strstr(limit, ": "); /* "budget: trials" */
    *why = colon ? colon + 2 : limit;
    return false;
}
