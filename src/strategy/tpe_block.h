/*
 * Parameters that are modelled and drawn together. All parameters of a block have the same
 * condition, so a configuration has the whole block or nothing of it; parents come in earlier
 * blocks. The model of a block is fitted to the trials that have it.
 */
#ifndef DLN_STRATEGY_TPE_BLOCK_H
#define DLN_STRATEGY_TPE_BLOCK_H

#include "strategy/tpe_split.h"
#include "strategy/tpe_table.h"

struct dln_tpe_block {
    size_t d;
    const size_t *params;        /* d indexes */
    const struct dln_expr *when; /* NULL: always there */
};

struct dln_tpe_blocks {
    size_t n;
    const struct dln_tpe_block *block;
};

enum dln_tpe_scope {
    DLN_TPE_JOINT,   /* as large as blocks can be */
    DLN_TPE_ROOT,    /* jointly what is always there, one by one what has a condition */
    DLN_TPE_SEPARATE /* each parameter for itself */
};

/* Parameters with one value are in no block. False: no memory. */
bool dln_tpe_blocks_make(const struct dln_space *space, enum dln_tpe_scope scope,
                         struct dln_tpe_blocks *out, struct dln_arena *arena);

enum dln_tpe_weights {
    DLN_TPE_BY_RANK, /* a good trial counts log((n + 1) / place), as parents do in CMA-ES */
    DLN_TPE_BY_AGE   /* all alike, and less beyond the newest 25: Optuna */
};

/* Draws from the models of good trials, and which of them is taken. */
struct dln_tpe_query {
    const struct dln_ask *ask;
    const struct dln_tpe_table *table;
    const struct dln_tpe_split *split;
    enum dln_parzen_widths widths;
    enum dln_tpe_weights weights; /* of good trials; others always go by age */
    size_t n_candidates;
    struct dln_rng *rng;
    struct dln_arena *arena;
};

/*
 * Fills x in the block's parameters, where x has those of the blocks before and NaN elsewhere.
 * *log_ratio: how much denser good trials are there than others. False: no memory.
 */
bool dln_tpe_block_suggest(const struct dln_tpe_query *query, const struct dln_tpe_block *block,
                           double *x, double *log_ratio);

#endif
