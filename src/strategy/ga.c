/* A genetic algorithm for one goal: the best trials so far, crossed and mutated. */
#include "strategy/breeding.h"
#include "strategy/ranking.h"

/* The best of the parents so far and of what is new are the best of all. */
static bool select(struct dln_breeding *breeding, const struct dln_ask *ask,
                   const struct dln_news *news, struct dln_error *err)
{
    const struct dln_history_view *history = ask->history;
    const struct dln_view_trial **best = DLN_ARENA_ARRAY(
        ask->scratch, const struct dln_view_trial *, breeding->n_parents + news->n_done);
    if (!best) return dln_fail(err, DLN_NOMEM, "out of memory for the population");
    size_t n = 0;
    for (size_t i = 0; i < breeding->n_parents; i++) {
        best[n++] = &history->trials[dln_history_find(history, breeding->parents[i].number)];
    }
    for (size_t i = 0; i < news->n_done; i++) {
        const struct dln_view_trial *trial = &history->trials[news->done[i]];
        if (dln_rank_class(trial) <= DLN_RANK_PRUNED) best[n++] = trial;
    }
    dln_rank_sort(best, n);
    breeding->n_parents = n < breeding->size ? n : breeding->size;
    for (size_t i = 0; i < breeding->n_parents; i++)
        breeding->parents[i] = (struct dln_parent){.number = best[i]->number, .rank = i};
    return true;
}

static bool open(const struct dln_space *space, const double *values, const struct dln_method *raw,
                 void **instance, struct dln_error *err)
{
    (void)space;
    (void)raw;
    return dln_breeding_open("ga", select, values, instance, err);
}

static const struct dln_setting settings[] = {
    DLN_BREEDING_SETTINGS("chance that a child has two parents, not one")};

const struct dln_strategy dln_strategy_ga = {
    .name = "ga",
    .title = "GA",
    .summary = "Crosses and mutates the best trials. At home\n"
               "with mixed types; wants 200 trials and more.",
    .best_for = "mixed types",
    .settings = settings,
    .open = open,
    .close = dln_breeding_close,
    .suggest = dln_breeding_suggest,
};
