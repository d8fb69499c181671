/* What happened in one trial. */
#ifndef DIALIN_TRIAL_H
#define DIALIN_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/export.h"
#include "dialin/study.h"

/* Optuna's names, stored as they stand. In the UI: run, ok, cut, err, wait. */
#define DLN_TRIAL_STATES(X)                                                                        \
    X(RUNNING, "run") X(COMPLETE, "ok") X(PRUNED, "cut") X(FAIL, "err") X(WAITING, "wait")

enum dln_trial_state {
#define DLN_STATE_ENUM(name, word) DLN_TRIAL_##name,
    DLN_TRIAL_STATES(DLN_STATE_ENUM)
#undef DLN_STATE_ENUM
    DLN_TRIAL_STATE_COUNT
};
DLN_API const char *dln_trial_state_name(enum dln_trial_state state); /* "COMPLETE" */
DLN_API const char *dln_trial_state_word(enum dln_trial_state state); /* "ok" */
DLN_API bool dln_trial_state_parse(const char *name, enum dln_trial_state *out);

/* A row as a reader gets it; arrays are borrowed from the batch or arena that it came in. */
struct dln_trial {
    int64_t id;     /* row id, over the whole file */
    int64_t number; /* from 0, in its study */
    enum dln_trial_state state;
    int64_t started_us, ended_us; /* wall, UTC; 0: not yet */
    const double *x;              /* d values, NaN where inactive or unknown */
    const double *values;         /* m values, NaN where there is none */
    int n_runs;                   /* of folds or repeats that the values come from; 0: of one run */
    const double *spread;         /* m standard deviations of n_runs > 0; NaN where there is none */
    size_t n_steps;
    const int64_t *steps; /* ascending */
    const double *curve;  /* n_steps intermediate values */
    enum dln_fail_reason reason;
    const char *detail;       /* one line: "exit 3", "signal SEGV", "silent for 60 s"; "" if none */
    const char *strategy;     /* that made it; "" if unknown, "enqueued" for a person's */
    const char *why;          /* the strategy's one-line reason; "" if none */
    bool is_ours;             /* made or claimed by a dialin engine */
    bool has_fixed;           /* a WAITING trial with values that a person fixed */
    bool has_strangers;       /* parameters that the space does not have */
    int attempt;              /* runs so far, from dialin_runs */
    int slot;                 /* of the last run, -1 if none */
    const char *run_dir;      /* of the last run, "" if none; may be relative to the file's folder */
};

#endif
