/*
 * What the screens know about the trials of a study: columns, one entry a trial, sorted by id (and
 * so by number). They grow in place; rows are replaced when a trial changes. Built for 100 000
 * trials × 10 parameters in 60 MB, and for plots that take a column as it stands.
 * Thread: owner (ui). Trials come as blocks of rows that the loader has made.
 */
#ifndef UI_MODEL_H
#define UI_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/trial.h"

enum { MODEL_CURVE = 12 }; /* samples of a learning curve that a row keeps */

struct model_curve {
    uint8_t n;
    float value[MODEL_CURVE];
    int32_t step[MODEL_CURVE];
};

/* One trial on its way in. */
struct model_row {
    int64_t id, number;
    int64_t started_us, ended_us;
    enum dln_trial_state state;
    enum dln_fail_reason reason;
    int32_t n_steps, last_step; /* last_step -1: no report */
    double last_value;
    int16_t slot;
    uint16_t n_runs; /* of folds or repeats; 0: it is one run */
    struct model_curve curve;
    const double *x;      /* d */
    const double *values; /* m */
    const double *spread; /* m; NULL with n_runs 0 */
    const char *detail;   /* one line about its end, "" if none; not kept */
};

/* At most MODEL_CURVE samples of a whole curve: the last value of each of as many equal parts. */
void model_curve_sample(struct model_curve *curve, size_t n, const int64_t *steps,
                        const double *values);

/* A row that borrows the arrays and the detail of a trial. */
struct model_row model_row_of(const struct dln_trial *trial);

enum model_mark { MODEL_MARKED = 1 << 0 };

struct model {
    size_t d, m;
    size_t n, cap;
    uint64_t revision; /* changes whenever a row does */
    /* columns */
    int64_t *id, *number, *started_us, *ended_us;
    enum dln_trial_state *state;
    uint8_t *reason, *mark;
    int16_t *slot;
    uint16_t *n_runs;
    int32_t *n_steps, *last_step;
    double *last_value;
    struct model_curve *curve;
    double **x;     /* d columns; NaN inactive */
    double **value; /* m columns; NaN none */
    float **spread; /* m columns: standard deviation of n_runs; NaN none */
    /* kept while rows come in */
    int64_t count[DLN_TRIAL_STATE_COUNT];
    int32_t max_steps;            /* longest curve seen */
    double curve_low, curve_high; /* of all samples; low > high: none */
    double *x_low, *x_high;       /* d; seen values */
    bool *x_missing;              /* d; inactive somewhere */
    size_t n_marked;
};

bool model_init(struct model *model, size_t d, size_t m);
void model_release(struct model *model);

struct model_change {
    size_t added;     /* new rows in all */
    bool only_at_end; /* and all of them behind the old ones */
};
/*
 * Adds new rows and replaces known ones; rows are ascending by id. False: out of memory, and the
 * model is as it was.
 */
DLN_CHECK bool model_absorb(struct model *model, const struct model_row *rows, size_t n,
                            struct model_change *change);

/* Index of an id or a number, SIZE_MAX if it is not (yet) there. */
size_t model_find_id(const struct model *model, int64_t id);
size_t model_find_number(const struct model *model, int64_t number);

/* The best and second best COMPLETE rows of the first objective; SIZE_MAX: none. */
struct model_best {
    size_t best, second;
    size_t finished_since; /* trials that ended after the best one was asked for */
};
struct model_best model_find_best(const struct model *model, bool maximize);

/* The value that a table shows: the final one, or the last report of a trial without one. */
double model_shown_value(const struct model *model, size_t row, size_t objective);
/* Elapsed milliseconds, so far for a running trial; -1: not started. */
int64_t model_elapsed_ms(const struct model *model, size_t row, int64_t now_us);
/* Median length in ms of finished trials among the newest 50; -1: none. */
int64_t model_typical_ms(const struct model *model);

void model_set_mark(struct model *model, size_t row, bool on);
void model_clear_marks(struct model *model);

#endif
