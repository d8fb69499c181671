/*
 * What is new in the history since the last look, for a strategy that keeps what it has learned
 * instead of reading the whole history for every suggestion. `= {0}` has seen nothing.
 *
 * The order in which trials end differs between a study that runs and one that is read again: what
 * a strategy keeps must not depend on it. Cost O(new + unfinished), not O(n).
 */
#ifndef DLN_STRATEGY_WATCH_H
#define DLN_STRATEGY_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/strategy.h"

struct dln_watch_open {
    int64_t number;
    bool is_known; /* was reported as asked: it has its point and its memo */
};

/* Thread: owner. */
struct dln_watch {
    bool has_looked;
    uint64_t seed, rewritten;    /* of the history that was looked at */
    int64_t last;                /* the highest number in it */
    struct dln_watch_open *open; /* not finished then, ascending */
    size_t n_open, cap;
};

struct dln_news {
    bool is_all;            /* forget what was known: the lists hold everything */
    size_t *asked, n_asked; /* indexes of trials that have a point now, in ascending order */
    size_t *done, n_done;   /* indexes of trials that are finished now; many are in both lists */
};

void dln_watch_release(struct dln_watch *watch);
/* On failure nothing is known any more: the next look reports everything. */
DLN_CHECK bool dln_watch_look(struct dln_watch *watch, const struct dln_ask *ask,
                              struct dln_news *news, struct dln_error *err);
/* The next look reports everything. */
void dln_watch_forget(struct dln_watch *watch);

#endif
