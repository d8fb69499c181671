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
    dln_pruning_free(book->pruning);
    dln_proposer_free(book->proposer);
    dln_ledger_release(&book->ledger);
    *book = (struct dln_book){0};
}

bool dln_book_learn(struct dln_book *book, const struct dln_history_row *row, struct dln_error *err)
{
    /* in this order: whatever the ledger lists can be found */
    return dln_proposer_learn(book->proposer, 1, row, err) &&
           dln_ledger_learn(&book->ledger, row, NULL, err);
}

const struct dln_view_trial *dln_book_find(const struct dln_book *book, int64_t number)
{
    const struct dln_history_view *view = dln_proposer_history(book->proposer);
    size_t low = 0;
    size_t high = view->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (view->trials[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < view->n && view->trials[low].number == number ? &view->trials[low] : NULL;
}

bool dln_book_is_open(const struct dln_book *book, const char **why)
{
    const double here_s = (double)(dln_clock_mono_ns() - book->opened_ns) / 1e9;
    const char *limit = NULL;
    if (dln_budget_is_open(&book->budget, &book->ledger, book->earlier_s + here_s, &limit)) {
        return true;
    }
    const char *colon = strstr(limit, ": "); /* "budget: trials" */
    *why = colon ? colon + 2 : limit;
    return false;
}
