/*
 * Which of two trials is better when there is one goal, for strategies that only look at the order:
 * a monotone change of the objective changes nothing.
 *
 *     finite, within the limits      by loss
 *     finite, limits broken          by violation (NaN last), then loss
 *     pruned                         later step first, then last loss
 *     infinite
 *     failed, or without a value
 *
 * and within these by number, so that there are no ties.
 */
#ifndef DLN_STRATEGY_RANKING_H
#define DLN_STRATEGY_RANKING_H

#include <stddef.h>

#include "dialin/strategy.h"

enum dln_rank_class {
    DLN_RANK_FINE,
    DLN_RANK_BROKEN,
    DLN_RANK_PRUNED,
    DLN_RANK_INFINITE,
    DLN_RANK_FAILED /* and unfinished */
};

enum dln_rank_class dln_rank_class(const struct dln_view_trial *trial);
/* Negative: a is better; 0 only for a trial and itself. */
int dln_rank_compare(const struct dln_view_trial *a, const struct dln_view_trial *b);
/* Puts n trials in order, the best first. */
void dln_rank_sort(const struct dln_view_trial **trials, size_t n);

#endif
