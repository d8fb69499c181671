#include "strategy/ranking.h"

#include <math.h>
#include <stdlib.h>

enum dln_rank_class dln_rank_class(const struct dln_view_trial *trial)
{
    if (trial->state == DLN_TRIAL_PRUNED) return DLN_RANK_PRUNED;
    if (trial->state != DLN_TRIAL_COMPLETE || isnan(trial->loss[0])) return DLN_RANK_FAILED;
    if (isinf(trial->loss[0])) return DLN_RANK_INFINITE;
    return trial->violation <= 0 ? DLN_RANK_FINE : DLN_RANK_BROKEN;
}

/* Ascending, NaN last. */
static int compare(double a, double b)
{
    if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
    return (a > b) - (a < b);
}

int dln_rank_compare(const struct dln_view_trial *a, const struct dln_view_trial *b)
{
    const enum dln_rank_class class = dln_rank_class(a);
    int order = (int)class - (int)dln_rank_class(b);
    if (order == 0 && class == DLN_RANK_BROKEN) order = compare(a->violation, b->violation);
    if (order == 0 && class <= DLN_RANK_BROKEN) order = compare(a->loss[0], b->loss[0]);
    if (order == 0 && class == DLN_RANK_PRUNED) {
        order = (a->last_step < b->last_step) - (a->last_step > b->last_step);
        if (order == 0) order = compare(a->last_loss, b->last_loss);
    }
    if (order == 0) order = (a->number > b->number) - (a->number < b->number);
    return order;
}

static int by_rank(const void *a, const void *b)
{
    const struct dln_view_trial *const *left = a;
    const struct dln_view_trial *const *right = b;
    return dln_rank_compare(*left, *right);
}

void dln_rank_sort(const struct dln_view_trial **trials, size_t n)
{
    if (n > 0) qsort(trials, n, sizeof *trials, by_rank);
}
