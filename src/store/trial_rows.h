/* Writing a trial's rows, inside a write transaction of the caller. */
#ifndef DLN_STORE_TRIAL_ROWS_H
#define DLN_STORE_TRIAL_ROWS_H

#include "store/handle.h"

/* A row of `trials` with the next number of its study, and leftovers of a deleted trial removed. */
bool dln_rows_add_trial(dln_store *store, int64_t study_id, enum dln_trial_state state,
                        const struct dln_time_base *times, int64_t *id, int64_t *number,
                        struct dln_error *err);
/* A row for each x that is not NaN; rows that are there already stay. */
bool dln_rows_add_params(dln_store *store, int64_t trial_id, const struct dln_space *space,
                         const struct dln_binding *binding, const double *x, struct dln_error *err);
/* A WAITING trial as Optuna's enqueue_trial() makes it: values in `fixed_params`, no parameters. */
bool dln_rows_add_waiting(dln_store *store, int64_t study_id, const struct dln_space *space,
                          const struct dln_time_base *times, const double *x, const char *who,
                          int64_t *id, int64_t *number, struct dln_error *err);
/* The values that a WAITING trial is to have. */
bool dln_rows_set_fixed(dln_store *store, int64_t trial_id, const struct dln_space *space,
                        const double *x, struct dln_error *err);
/* A row for each of n values, by their type. */
bool dln_rows_put_values(dln_store *store, int64_t trial_id, const double *values, size_t n,
                         struct dln_error *err);
/* Whether a dialin engine made or claimed the trial. */
bool dln_rows_is_ours(dln_store *store, int64_t trial_id, bool *ours, struct dln_error *err);
/* Whether a guest did: a program that asks and tells. */
bool dln_rows_is_asked(dln_store *store, int64_t trial_id, bool *asked, struct dln_error *err);

/* Whether somebody else has taken a running trial after we claimed it, and runs it too. */
bool dln_rows_is_shared(dln_store *store, int64_t trial_id, bool *shared, struct dln_error *err);

#endif
