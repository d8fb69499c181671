/*
 * Where the trials of a tuner are kept: in memory, or in a file that others write too. A keeper
 * also keeps its book current: after each of these calls the book shows what the call did.
 */
#ifndef DLN_SERVE_KEEPER_H
#define DLN_SERVE_KEEPER_H

#include "dialin/store.h"
#include "serve/book.h"

struct dln_keeper {
    struct dln_book *book;

    /* Brings the book up to date with what others did. */
    bool (*refresh)(struct dln_keeper *keeper, struct dln_error *err);
    /* The number that the next trial gets, if nobody is faster. */
    bool (*next_number)(struct dln_keeper *keeper, int64_t *number, struct dln_error *err);
    /* A RUNNING trial of this number. DLN_REFUSED: somebody was faster. */
    bool (*start)(struct dln_keeper *keeper, int64_t number, const struct dln_new_trial *trial,
                  struct dln_error *err);
    /* The lowest WAITING trial; x: NaN where free. DLN_NOT_FOUND: none. */
    bool (*next_waiting)(struct dln_keeper *keeper, int64_t *number, double *x,
                         struct dln_error *err);
    /* WAITING → RUNNING. DLN_REFUSED: somebody was faster. */
    bool (*claim)(struct dln_keeper *keeper, int64_t number, const struct dln_new_trial *trial,
                  struct dln_error *err);
    bool (*enqueue)(struct dln_keeper *keeper, const double *x, int64_t *number,
                    struct dln_error *err);
    /* Of a RUNNING trial. DLN_REFUSED: it does not run any more. *is_news: see dln_pruning_report.
     */
    bool (*report)(struct dln_keeper *keeper, int64_t number, const struct dln_report *report,
                   bool *is_news, struct dln_error *err);
    bool (*finish)(struct dln_keeper *keeper, int64_t number, const struct dln_finish *finish,
                   struct dln_error *err);
    /* Says that what was asked for here is worked at; fails what others left. NULL: no need. */
    bool (*beat)(struct dln_keeper *keeper, struct dln_error *err);
    void (*close)(struct dln_keeper *keeper);
};

/* The book is borrowed. `start` of the study stands in the queue. */
DLN_CHECK bool dln_keep_in_memory(struct dln_book *book, struct dln_keeper **out,
                                  struct dln_error *err);
/* The store (mode GUEST) is the keeper's from now on, also on failure. `beats`: see
 * dln_tuner_place. */
DLN_CHECK bool dln_keep_in_file(struct dln_book *book, dln_store *store, int64_t study_id,
                                bool beats, struct dln_keeper **out, struct dln_error *err);

#endif
