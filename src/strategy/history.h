/*
 * The trials of a study as strategies see them: in the unit cube, losses with the sign turned, in
 * ascending number, with a set of the points that were visited. Kept up to date row by row.
 *
 * Visited is every point that a trial of any state has, also one that waits, runs or has failed.
 */
#ifndef DLN_STRATEGY_HISTORY_H
#define DLN_STRATEGY_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/store.h"
#include "dialin/strategy.h"
#include "dialin/study.h"

/* Thread: owner. */
typedef struct dln_history dln_history;

/* Borrows the study. */
DLN_CHECK bool dln_history_new(const struct dln_study *study, dln_history **out,
                               struct dln_error *err);
void dln_history_free(dln_history *history);
/* Adds a trial, or replaces the one of that number. Untouched on failure. */
DLN_CHECK bool dln_history_put(dln_history *history, const struct dln_history_row *row,
                               struct dln_error *err);

/* Takes a trial out of the view until dln_history_unhide(); nothing when there is none. */
void dln_history_hide(dln_history *history, int64_t number);
void dln_history_unhide(dln_history *history);

const struct dln_history_view *dln_history_view(const dln_history *history);
/* The number of different points visited. */
size_t dln_history_visited(const dln_history *history);
const bool *dln_history_maximize(const dln_history *history); /* m */

#endif
