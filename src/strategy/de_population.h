/*
 * What differential evolution knows: which trial holds each place of the population, which trials
 * were beaten by their children, and the values of F and CR that succeeded.
 *
 * All of it is a function of the set of trials, in whatever order they ended. A place holds the
 * best of all trials that were made for it; a child succeeded if it beats the parent named in its
 * memo; a generation is as many children as the population has members, in the order in which they
 * were asked for. A trial that no differential evolution made competes for place (number mod
 * places).
 */
#ifndef DLN_STRATEGY_DE_POPULATION_H
#define DLN_STRATEGY_DE_POPULATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/strategy.h"
#include "strategy/ranking.h"
#include "strategy/watch.h"

enum { DLN_DE_CELLS_MAX = 6 };

/* A trial, as its memo has it; number −1: a place without one. */
struct dln_de_record {
    int64_t number, parent; /* parent −1: none */
    size_t place, generation;
    double f, cr;
    bool is_own; /* made by differential evolution; others count once they are complete */
    bool is_done, succeeded;
    size_t beaten; /* the record of the parent, when it succeeded */
    double gain;   /* how much better than the parent; NaN: not measurable */
    struct dln_rank rank;
};

struct dln_de_place {
    size_t holder; /* record, or SIZE_MAX */
    size_t asked;  /* own trials made for it, unfinished ones included */
};

struct dln_de_generation {
    size_t first, last; /* among the records; others may lie between */
    size_t n, open;     /* children, and those not done */
    bool is_summed, has_success;
    double f, cr; /* Lehmer means of what succeeded */
};

/* Remembered means of F and CR. */
struct dln_de_memory {
    size_t cells, at;
    double f[DLN_DE_CELLS_MAX], cr[DLN_DE_CELLS_MAX];
};

struct dln_de_rules {
    size_t places;
    size_t cells; /* of the memory that learns */
    double f, cr; /* what it begins with */
    bool blends;  /* a new mean is averaged with the old one (jSO) */
};

/* Thread: owner. `= {0}` is empty. */
struct dln_de_population {
    struct dln_de_rules rules;
    struct dln_watch watch;
    struct dln_de_record *records; /* ascending number */
    double *raw;                   /* d for each record */
    size_t n, cap;
    struct dln_de_place *places;
    size_t *order; /* places that are held, the best first */
    size_t n_held;
    struct dln_de_generation *generations;
    size_t n_generations, cap_generations;
    bool has_late_parent; /* one that is not done, of a child that is */
    size_t settled;       /* generations in `base`: all children done, none to come */
    struct dln_de_memory base;
};

void dln_de_release(struct dln_de_population *population);
/* Takes in what is new. On failure nothing is known any more. */
DLN_CHECK bool dln_de_follow(struct dln_de_population *population, const struct dln_de_rules *rules,
                             const struct dln_ask *ask, struct dln_error *err);
/* The generation of the next child when the population has this size. */
size_t dln_de_next_generation(const struct dln_de_population *population, size_t size);
/* The memory that a child of this generation draws from. */
void dln_de_recall(struct dln_de_population *population, size_t generation,
                   struct dln_de_memory *out);

#endif
