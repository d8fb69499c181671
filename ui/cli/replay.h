/*
 * What a pruner would have done: the curves of finished trials, reported again in the order of
 * time. When a trial reported is not kept, so its reports are spread evenly over its running time.
 * The schedule stays as it was: slots that would have become free are not filled with more trials.
 */
#ifndef UI_CLI_REPLAY_H
#define UI_CLI_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/error.h"
#include "dialin/pruner.h"

struct replay_trial { /* a finished trial */
    int64_t number;
    enum dln_trial_state state;
    int64_t started_us, ended_us; /* 0: not known */
    double value;                 /* of the judged objective; NaN: none */
    size_t n;
    const int64_t *steps;
    const double *curve;
    struct dln_prune cut; /* the answer; cut.prune is false where the trial is kept */
    double saved_s;       /* of its running time */
    bool is_good;         /* among the best tenth of the COMPLETE ones, at least one */
};

struct replay {
    size_t n_curves, n_pruned;
    size_t n_cut_before;            /* that were pruned in fact, so that their curves end early */
    int64_t n_steps, n_steps_saved; /* reports */
    double time_s, saved_s;
    size_t n_good, n_good_lost;
    int64_t best; /* number of the best COMPLETE trial; -1: there is none */
    bool is_best_lost;
};

/* Feeds a fresh pruner; fills in the answers of the trials, which may be in any order. */
DLN_CHECK bool replay_run(dln_pruning *pruning, bool maximize, size_t n,
                          struct replay_trial *trials, struct replay *out, struct dln_error *err);

#endif
