/*
 * The next suggestions before they are made: what the engine starts next if nothing else happens,
 * in its order. Enqueued trials come first; then what the strategy proposes for the next numbers,
 * each with the ones before it counted as running, as it would be if slots came free one after the
 * other. The same seed, trial number and history give the same point, so what is shown is what the
 * engine starts. With several workers, all of them busy, the first one stays true even when one of
 * their trials ends: the engine has asked for it already. Other results change what follows.
 *
 * Nothing is written. Thread: owner.
 */
#ifndef DIALIN_PEEK_H
#define DIALIN_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/store.h"
#include "dialin/study.h"

enum { DLN_PEEK_MAX = 100 };

struct dln_peeked {
    int64_t number;   /* of the trial that it will be */
    bool is_enqueued; /* a person asked for it */
    const double *x;  /* d, complete */
    const char *strategy;
    const char *why;
    double mean, sd; /* that the strategy predicts, objective units; NaN: nothing */
};

struct dln_peek {
    size_t n;
    const struct dln_peeked *next;
    bool is_exhausted; /* every point has been tried: there are no more than these */
};

struct dln_peek_request {
    const struct dln_study *study;
    uint64_t seed;
    int64_t budget_trials;
    size_t n_rows; /* ascending id */
    const struct dln_history_row *rows;
    const double *fixed; /* for each WAITING row in turn, d values; NULL: the rows' own x */
    size_t count;        /* how many are wanted, at most DLN_PEEK_MAX */
};

/* Results are in the arena. */
DLN_API DLN_CHECK bool dln_peek_rows(const struct dln_peek_request *request,
                                     struct dln_arena *arena, struct dln_peek *out,
                                     struct dln_error *err);
/* The same for a study of a file, as it is now. def: its definition. */
DLN_API DLN_CHECK bool dln_peek_study(dln_store *store, const struct dln_study_summary *study,
                                      const struct dln_study *def, size_t count,
                                      struct dln_arena *arena, struct dln_peek *out,
                                      struct dln_error *err);

#endif
