/*
 * What the budget needs to know of a study's trials, kept current row by row: how many there are in
 * each state, which are not finished, and the best (one objective) or the front (several).
 * A pure function of the rows, so that a resumed engine counts as an uninterrupted one would.
 */
#ifndef DLN_ENGINE_LEDGER_H
#define DLN_ENGINE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/store.h"

struct dln_ledger_row {
    int64_t id, number;
    enum dln_trial_state state;
};

struct dln_ledger {
    size_t m;
    bool *maximize;
    struct dln_ledger_row *rows; /* ascending id, and number */
    size_t n_rows, cap_rows;
    int64_t counts[DLN_TRIAL_STATE_COUNT];
    int64_t *front_numbers; /* COMPLETE, feasible, beaten by none; with one objective: the best */
    double *front_losses;   /* n_front × m, sign turned so that less is better */
    size_t n_front, cap_front;
};

DLN_CHECK bool dln_ledger_init(struct dln_ledger *ledger, const struct dln_study *study,
                               struct dln_error *err);
void dln_ledger_release(struct dln_ledger *ledger);

/* Adds a trial, or replaces what is known of it (by id). *improved: it entered the front. */
DLN_CHECK bool dln_ledger_learn(struct dln_ledger *ledger, const struct dln_history_row *row,
                                bool *improved, struct dln_error *err);

int64_t dln_ledger_max_id(const struct dln_ledger *ledger);      /* 0: none */
int64_t dln_ledger_next_number(const struct dln_ledger *ledger); /* as the store will count */
/* RUNNING and finished: what a budget of trials counts. */
int64_t dln_ledger_used(const struct dln_ledger *ledger);
/* RUNNING, COMPLETE and PRUNED trials after the newest one of the front. */
int64_t dln_ledger_since_best(const struct dln_ledger *ledger);
/* The best of a single objective; false: none yet. */
bool dln_ledger_best(const struct dln_ledger *ledger, int64_t *number, double *value);
/* The least loss of the first objective; false: none yet. */
bool dln_ledger_first_loss(const struct dln_ledger *ledger, double *loss);

#endif
