/*
 * The generations of CMA-ES as the history tells them.
 *
 * A distribution follows from the one before and the trials that moved it. Which trials these were
 * depends on who happened to be done, so every trial notes it: {"cma": generation, "used": the
 * trials that made this generation's distribution}, or for generation 0 {"warm": the good trials it
 * began with, "of": how many were known}. The chain of distributions is rebuilt from these notes
 * alone; the next link is only settled when a trial with its note is in the history.
 */
#ifndef DLN_STRATEGY_CMA_CHAIN_H
#define DLN_STRATEGY_CMA_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/strategy.h"
#include "strategy/cma_model.h"
#include "strategy/watch.h"

struct dln_cma_record {
    int64_t number;
    int64_t generation; /* −1: not a trial of CMA-ES */
    bool is_done, is_used;
    struct dln_rank rank;
};

/* A distribution, and the trials that it was made from. */
struct dln_cma_link {
    bool is_made;
    struct dln_cma_model model;
    int64_t *numbers; /* ascending */
    size_t n, cap;
    size_t of; /* generation 0: usable trials known then */
};

/* Thread: owner. */
struct dln_cma_chain {
    struct dln_cma_layout layout;
    struct dln_cma_rules rules;
    struct dln_watch watch;
    struct dln_cma_record *records; /* ascending number */
    double *points;                 /* layout width for each */
    size_t n, cap;
    size_t *pool; /* records that are done and not used, ascending */
    size_t n_pool, cap_pool;
    int64_t *firsts; /* per generation: the first trial of it, or −1 */
    size_t n_firsts, cap_firsts;
    struct dln_cma_link settled;
    struct dln_cma_link next; /* from what is done now; noted by the next trial */
};

DLN_CHECK bool dln_cma_chain_init(struct dln_cma_chain *chain, const struct dln_space *space,
                                  const struct dln_cma_rules *rules, struct dln_error *err);
void dln_cma_chain_release(struct dln_cma_chain *chain);
/*
 * Takes in what is new; *link is the distribution that the next trial is drawn from. On failure
 * nothing is known any more.
 */
DLN_CHECK bool dln_cma_chain_follow(struct dln_cma_chain *chain, const struct dln_ask *ask,
                                    const struct dln_cma_link **link, struct dln_error *err);

#endif
