/*
 * The best few trials of a study, run again on fresh seeds and judged by these runs alone
 * (dialin/trust.h). Every finished run is in the file before the next one starts: a confirmation
 * that was cut short goes on where it stood. The trials themselves are left as they are, and no
 * strategy learns from it. In the file: attributes `dialin:guard…` of the study, and for people
 * who look with other programs the user attribute `dialin_confirmed`.
 */
#ifndef DIALIN_CONFIRM_H
#define DIALIN_CONFIRM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/store.h"
#include "dialin/strbuf.h"
#include "dialin/study.h"
#include "dialin/trust.h"
#include "dialin/wake.h"

enum dln_confirm_cell { DLN_CELL_NONE, DLN_CELL_RUNNING, DLN_CELL_MEASURED, DLN_CELL_FAILED };

struct dln_confirm_row {
    int64_t number;       /* of the trial; -1: the default point, that is no trial */
    const double *x;      /* NULL where it was only looked up */
    bool is_best;         /* of the search */
    bool is_in;           /* has not been left behind by better ones */
    unsigned char *cells; /* enum dln_confirm_cell, one a seed */
    double *values;
    size_t n_failed;
    struct dln_candidate result;
};

struct dln_confirmation { /* = {0} is none */
    struct dln_arena arena;
    int64_t series;     /* counts up with every new short list; 0: never confirmed */
    int64_t n_complete; /* trials that the short list was made of */
    int top, repeats;
    int folds; /* above 1: run s of a row is fold s mod folds, all folds of one split on one seed */
    const char *command; /* metric and words, as text */
    const char *metric;  /* of the fresh runs */
    bool maximize;
    bool is_held_out;      /* run by another command than the search, or by another metric */
    int64_t held_out_uses; /* how many short lists that command has seen */
    size_t n;
    struct dln_confirm_row *rows; /* best expectation first, the default last */
    size_t best;                  /* the row of the search's best */
    size_t n_seeds;               /* room in each row */
    size_t n_runs;                /* measured or failed so far */
    bool is_finished;
    bool is_current; /* no trial was completed since */
    struct dln_findings findings;
    double luck; /* by how much the best of the search was expected to be too good; NaN */
};

/* What the file has. series is 0 where nothing was confirmed yet. */
DLN_API DLN_CHECK bool dln_confirmation_read(dln_store *store, int64_t study_id,
                                             const struct dln_study *study,
                                             struct dln_confirmation *out, struct dln_error *err);
DLN_API void dln_confirmation_release(struct dln_confirmation *confirmation);
/* The verdict in sentences, one a line, the most important first. Nothing before the end. */
DLN_API void dln_confirmation_verdict(const struct dln_confirmation *confirmation,
                                      struct dln_strbuf *out);
/* "0.0391 ± 0.0007"; without a half width (NaN) the number alone. */
DLN_API void dln_confirmation_number(double value, double half_width, struct dln_strbuf *out);

struct dln_confirm_settings { /* 0: the study file's, else 5 */
    int top, repeats;
    bool fresh; /* a new short list and new seeds even if nothing has changed */
};

struct dln_confirm_options {
    const char *db_path;
    int64_t study_id;
    const char *guardian; /* as of the engine */
    struct dln_confirm_settings settings;
    const struct dln_wake *wake; /* poked when *quits has changed */
    const atomic_int *quits;     /* 1: end what runs, to be run again; 2: at once. NULL: never */
    /* After each run, and once before the first (row SIZE_MAX). May be NULL. */
    void (*watch)(void *context, const struct dln_confirmation *so_far, size_t row, size_t seed,
                  const char *failure);
    void *context;
};
/*
 * Holds the study's lease meanwhile. *finished false: it was told to quit. DLN_REFUSED: no trial
 * can be confirmed. DLN_UNSUPPORTED: several objectives, and the study does not say which.
 */
DLN_API DLN_CHECK bool dln_confirm(const struct dln_confirm_options *options, bool *finished,
                                   struct dln_error *err);

#endif
