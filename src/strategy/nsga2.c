/*
 * NSGA-II: parents are the first fronts of all trials, the last one thinned where it is crowded.
 * Deb, Pratap, Agarwal & Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II"
 * (2002). Broken limits as there: any feasible trial goes before any infeasible one, and of two
 * infeasible ones the less infeasible.
 *
 * Differs from Optuna: numbers are mutated in small steps instead of drawn anew from their range,
 * and a child is bred as soon as a worker is free, from all that is known then.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/nondominated.h"
#include "strategy/breeding.h"

struct candidates {
    size_t n;
    int64_t *numbers;
    double *loss; /* n × m */
    double *violation;
    size_t *rank;
};

/* The COMPLETE trials with all their values. */
static bool gather(const struct dln_ask *ask, struct candidates *all, struct dln_error *err)
{
    const struct dln_history_view *history = ask->history;
    const size_t m = history->m;
    all->n = 0;
    all->numbers = DLN_ARENA_ARRAY(ask->scratch, int64_t, history->n_complete);
    all->loss = DLN_ARENA_ARRAY(ask->scratch, double, history->n_complete *m);
    all->violation = DLN_ARENA_ARRAY(ask->scratch, double, history->n_complete);
    all->rank = DLN_ARENA_ARRAY(ask->scratch, size_t, history->n_complete);
    if (!all->numbers || !all->loss || !all->violation || !all->rank) {
        return dln_fail(err, DLN_NOMEM, "out of memory for the population");
    }
    for (size_t i = 0; i < history->n; i++) {
        const struct dln_view_trial *trial = &history->trials[i];
        bool is_usable = trial->state == DLN_TRIAL_COMPLETE;
        for (size_t k = 0; is_usable && k < m; k++)
            is_usable = !isnan(trial->loss[k]);
        if (!is_usable) continue;
        memcpy(all->loss + all->n * m, trial->loss, m * sizeof *all->loss);
        all->violation[all->n] = trial->violation;
        all->numbers[all->n++] = trial->number;
    }
    dln_clamp_infinite(all->n, m, all->loss);
    return true;
}

static int by_crowding(const void *a, const void *b)
{
    const struct dln_parent *left = a;
    const struct dln_parent *right = b;
    if (left->crowding != right->crowding) return left->crowding > right->crowding ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

/* Adds the members of a front, the least crowded first, as long as there is room. */
static bool add_front(struct dln_breeding *breeding, const struct dln_ask *ask,
                      const struct candidates *all, size_t n, const size_t *front,
                      struct dln_error *err)
{
    double *crowding = DLN_ARENA_ARRAY(ask->scratch, double, n);
    struct dln_parent *members = DLN_ARENA_ARRAY(ask->scratch, struct dln_parent, n);
    if (!crowding || !members) return dln_fail(err, DLN_NOMEM, "out of memory for the population");
    if (!dln_crowding(n, front, ask->history->m, all->loss, crowding, ask->scratch, err)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        members[i] = (struct dln_parent){
            .number = all->numbers[front[i]], .rank = all->rank[front[i]], .crowding = crowding[i]};
    }
    if (n > 0) qsort(members, n, sizeof *members, by_crowding);
    for (size_t i = 0; i < n && breeding->n_parents < breeding->size; i++)
        breeding->parents[breeding->n_parents++] = members[i];
    return true;
}

static bool select(struct dln_breeding *breeding, const struct dln_ask *ask,
                   const struct dln_news *news, struct dln_error *err)
{
    (void)news;
    struct candidates all;
    size_t n_fronts = 0;
    if (!gather(ask, &all, err)) return false;
    if (!dln_nondominated_ranks(all.n, ask->history->m, all.loss, all.violation, all.rank,
                                &n_fronts, ask->scratch, err)) {
        return false;
    }
    /* candidates in the order of their fronts: ends[f] is where front f stops */
    size_t *ends = DLN_ARENA_ARRAY(ask->scratch, size_t, n_fronts + 1);
    size_t *order = DLN_ARENA_ARRAY(ask->scratch, size_t, all.n);
    if (!ends || !order) return dln_fail(err, DLN_NOMEM, "out of memory for the population");
    for (size_t i = 0; i < all.n; i++)
        ends[all.rank[i] + 1]++;
    for (size_t f = 0; f < n_fronts; f++)
        ends[f + 1] += ends[f];
    for (size_t i = 0; i < all.n; i++)
        order[ends[all.rank[i]]++] = i;

    breeding->n_parents = 0;
    size_t first = 0;
    for (size_t f = 0; f < n_fronts && breeding->n_parents < breeding->size; f++) {
        if (!add_front(breeding, ask, &all, ends[f] - first, order + first, err)) return false;
        first = ends[f];
    }
    return true;
}

static bool open(const struct dln_space *space, const double *values, const struct dln_method *raw,
                 void **instance, struct dln_error *err)
{
    (void)space;
    (void)raw;
    return dln_breeding_open("nsga2", select, values, instance, err);
}

static const struct dln_setting settings[] = {
    DLN_BREEDING_SETTINGS("chance that a child has two parents, not one")};

const struct dln_strategy dln_strategy_nsga2 = {
    .name = "nsga2",
    .title = "NSGA-II",
    .summary = "For two or more goals: keeps a spread of the\n"
               "best trade-offs instead of one best trial,\n"
               "and crosses and mutates them.",
    .best_for = "2+ goals",
    .settings = settings,
    .multi_objective = true,
    .open = open,
    .close = dln_breeding_close,
    .suggest = dln_breeding_suggest,
};
