/*
 * What a tuner knows of its study: definition, budget, and every trial, as ledger (counts, best),
 * proposer (the history that strategies see) and curves, where there is a pruner. Its keeper keeps
 * it current.
 */
#ifndef DLN_SERVE_BOOK_H
#define DLN_SERVE_BOOK_H

#include "dialin/predict.h"
#include "dialin/pruner.h"
#include "dialin/strategy.h"
#include "engine/ledger.h"

struct dln_book {
    const struct dln_study *study; /* borrowed */
    uint64_t seed;
    struct dln_budget budget; /* as it stands, a person may have changed it */
    struct dln_spent earlier; /* before the tuner was opened */
    int64_t opened_ns;
    dln_proposer *proposer;
    dln_predictor *predictor; /* NULL until something is predicted */
    struct dln_ledger ledger;
    dln_pruning *pruning;   /* NULL: nothing is pruned */
    size_t curve_objective; /* whose values the reports are */
};

DLN_CHECK bool dln_book_open(struct dln_book *book, const struct dln_study *study, uint64_t seed,
                             struct dln_error *err);
void dln_book_close(struct dln_book *book);

/* Adds a trial or replaces what is known of it. */
DLN_CHECK bool dln_book_learn(struct dln_book *book, const struct dln_history_row *row,
                              struct dln_error *err);
/* A predictor that knows every trial; made by the first call. */
DLN_CHECK bool dln_book_predictor(struct dln_book *book, dln_predictor **out,
                                  struct dln_error *err);
/* A trial by its number, good until the next dln_book_learn(); NULL: none. */
const struct dln_view_trial *dln_book_find(const struct dln_book *book, int64_t number);
/* Whether one more trial may begin; *why: the limit that was met. */
bool dln_book_is_open(const struct dln_book *book, const char **why);

#endif
