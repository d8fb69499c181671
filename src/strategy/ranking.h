/*
 * Which of two trials is better when there is one goal, for strategies that only look at the order:
 * a monotone change of the objective changes nothing.
 *
 *     finite, within the limits      by loss
 *     finite, limits broken          by violation (NaN last), then loss
 *     pruned                         later step first, then last loss
 *     infinite
 *     failed, or without a value
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

struct dln_rank {
    enum dln_rank_class class;
    double first, second; /* within the class, less is better; never NaN */
};

struct dln_rank dln_rank_of(const struct dln_view_trial *trial);
/* Negative: a is better. */
int dln_rank_compare(const struct dln_rank *a, const struct dln_rank *b);

struct dln_ranked {
    struct dln_rank rank;
    int64_t number;
    size_t index; /* whatever the caller wants to find again */
};
/* The best first, equal ones by number. */
void dln_rank_sort(struct dln_ranked *ranked, size_t n);

#endif
