/* Trials of a study by ranges of ids, with everything that belongs to them: one query a table. */
#ifndef DLN_STORE_LOAD_H
#define DLN_STORE_LOAD_H

#include "store/handle.h"

struct dln_load { /* what to read, and where to leave it */
    dln_store *store;
    int64_t study_id;
    const struct dln_space *space;
    const struct dln_binding *binding;
    size_t n_objectives;
    struct dln_time_base *times;
    enum dln_trial_parts parts;
    bool for_history; /* memo, violation and last step; no curves, runs, owners and details */
    struct dln_arena *arena;
};

struct dln_loaded { /* ascending id; arrays of n */
    size_t n;
    struct dln_trial *trials;
    size_t n_points; /* of all curves */
    /* for_history only */
    const char **memos;
    double *violations, *last_values;
    int64_t *last_steps;
};

/* Trials with from ≤ id ≤ to: the first `limit` of them, or the last when `newest`. */
bool dln_load_trials(const struct dln_load *load, int64_t from, int64_t to, size_t limit,
                     bool newest, struct dln_loaded *out, struct dln_error *err);

/* The attribute dialin_spread, {"n": 5, "take": "mean", "sd": [0.0041]}; false: it is none. */
bool dln_load_spread(const char *text, size_t len, size_t m, double *spread, int *n);

#endif
