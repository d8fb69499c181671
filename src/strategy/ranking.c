#include "strategy/ranking.h"

#include <math.h>
#include <stdlib.h>

static double nan_last(double x)
{
    return isnan(x) ? HUGE_VAL : x;
}

struct dln_rank dln_rank_of(const struct dln_view_trial *trial)
{
    if (trial->state == DLN_TRIAL_PRUNED) {
        return (struct dln_rank){.class = DLN_RANK_PRUNED,
                                 .first = -(double)trial->last_step,
                                 .second = nan_last(trial->last_loss)};
    }
    if (trial->state != DLN_TRIAL_COMPLETE || isnan(trial->loss[0])) {
        return (struct dln_rank){.class = DLN_RANK_FAILED};
    }
    const double loss = trial->loss[0];
    if (isinf(loss)) return (struct dln_rank){.class = DLN_RANK_INFINITE};
    if (trial->violation <= 0) return (struct dln_rank){.class = DLN_RANK_FINE, .first = loss};
    return (struct dln_rank){
        .class = DLN_RANK_BROKEN, .first = nan_last(trial->violation), .second = loss};
}

static int compare(double a, double b)
{
    return (a > b) - (a < b);
}

int dln_rank_compare(const struct dln_rank *a, const struct dln_rank *b)
{
    if (a->class != b->class) return a->class < b->class ? -1 : 1;
    const int order = compare(a->first, b->first);
    return order != 0 ? order : compare(a->second, b->second);
}

static int by_rank(const void *a, const void *b)
{
    const struct dln_ranked *left = a;
    const struct dln_ranked *right = b;
    const int order = dln_rank_compare(&left->rank, &right->rank);
    return order != 0 ? order : (left->number > right->number) - (left->number < right->number);
}

void dln_rank_sort(struct dln_ranked *ranked, size_t n)
{
    if (n > 0) qsort(ranked, n, sizeof *ranked, by_rank);
}
