/*
 * A job is a RUNNING trial of ours, from its row in the file to its recorded end: it may wait for a
 * slot (left over by a dead engine, or to be tried again), hold one, or have ended and wait to be
 * recorded. It goes through several runs (attempts) when one fails and the study's policy says so,
 * and where a trial is several runs (parts.h).
 */
#ifndef DLN_ENGINE_JOB_H
#define DLN_ENGINE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/exec.h"
#include "dialin/pruner.h"
#include "dialin/store.h"

enum dln_job_phase {
    DLN_JOB_WAITING, /* for a slot */
    DLN_JOB_CLAIMED, /* a foreign worker may have claimed it too: looked at again at due_ns */
    DLN_JOB_ASKED,   /* handed to the guardian, not started yet */
    DLN_JOB_RUNNING,
    DLN_JOB_ENDED /* the run is over, what it gave is not in the file yet */
};

/* Why we ended a run, if we did. */
enum dln_verdict {
    DLN_VERDICT_NONE,
    DLN_VERDICT_PRUNE,
    DLN_VERDICT_STOP,
    DLN_VERDICT_TIMEOUT,
    DLN_VERDICT_SILENT,
    DLN_VERDICT_LEAVE /* the engine goes: to be run again */
};

/* What a run printed of one metric. */
struct dln_metric_sum {
    int64_t n;
    double last, lowest, highest, sum; /* lowest and highest pass over NaN while they can */
};

/* More intermediate values than this are not stored: a curve of a million points helps nobody. */
enum { DLN_REPORTS_MAX = 100000 };

struct dln_job {
    struct dln_arena arena; /* of x, strategy, memo */
    int64_t trial_id, number;
    const double *x;               /* of study->space, which may have been edited since */
    const struct dln_study *study; /* as it was when the trial began; NULL: the driver's */
    const dln_config *config;      /* of that study; NULL: none */
    const char *strategy, *memo;

    enum dln_job_phase phase;
    int slot;     /* -1: none */
    int attempt;  /* runs so far; the one that goes on included */
    int failures; /* runs that failed by themselves */
    int losses;   /* runs that a batch system lost */

    bool is_left;        /* a dead engine may have left its run in a batch system */
    int64_t left_run_id; /* … and this row of it; 0: none */

    double cost; /* of the runs before this one */

    int fold, folds;   /* of the run that goes on; folds 0: as the study says */
    int n_parts;       /* runs that are one trial; 0: it is one run */
    int n_done;        /* parts that are in the file */
    double *parts;     /* n_parts × n_sums: what they gave, NaN where nothing */
    double *scratch;   /* n_parts */
    bool is_unsettled; /* WAITING: whether more parts are to be run is not decided yet */

    struct dln_arena run_arena; /* of run_dir, command */
    const char *run_dir, *command;
    int64_t run_id; /* 0: not in the file */
    int64_t pid, pid_start;
    bool has_pid;
    enum dln_verdict verdict;
    int64_t due_ns;                   /* CLAIMED: the second look */
    int64_t started_ns, last_sign_ns; /* later by what it was suspended */
    int64_t suspended_ns;             /* since when; 0: it is not */

    struct dln_metric_sum *sums; /* one a metric */
    size_t n_sums;
    bool has_held; /* a value without a printed step: part of a curve if another one follows */
    struct dln_report held;
    struct dln_report *reports; /* not in the file yet */
    size_t n_reports, cap_reports, n_reported;
    int64_t last_step;          /* the highest one; -1: none */
    double last_value;          /* of that step */
    struct dln_report fresh[2]; /* what the last metric added to the curve */
    size_t n_fresh;
    bool has_curve;  /* this run has reported, and the pruner knows */
    bool is_rewound; /* what an earlier run had reported from there on is gone */
    bool is_cut;     /* a pruner ended it: what it still prints does not count */
    bool is_told;    /* … and was told to end */
    struct dln_prune cut;

    struct dln_run_event end; /* ENDED, or FAILED; its text is end_text */
    char end_text[256];
};

/* Copies x, strategy and memo. NULL: no memory. */
struct dln_job *dln_job_new(const struct dln_space *space, size_t n_metrics, const double *x,
                            const char *strategy, const char *memo);
void dln_job_free(struct dln_job *job);
/* Before a run: forgets everything of the last one. */
void dln_job_reset_run(struct dln_job *job);
/*
 * Takes a metric in; `is_curve`: its values are the trial's intermediate values. job->fresh then
 * has what is new in the curve, in order: at most a value that had been held back, and this one.
 */
void dln_job_note_metric(struct dln_job *job, const struct dln_metric_event *event, bool is_curve);
/* A pruner says no at this report: later ones are forgotten, and what comes from now on. */
void dln_job_cut(struct dln_job *job, const struct dln_prune *cut);

/* What its runs have reported as cost; `metric`: the index of that, SIZE_MAX: 0. */
double dln_job_cost(const struct dln_job *job, size_t metric);

/*
 * The seed of a run, 31 bits so that every library takes it. It depends on the study's seed, the
 * trial's number and how often the trial has failed: a retry draws anew, while a run that was cut
 * short because the engine went is repeated as it was. So a study that was stopped and resumed
 * gives the same numbers as one that was not.
 */
uint64_t dln_job_seed(uint64_t study_seed, int64_t number, int failures);

#endif
