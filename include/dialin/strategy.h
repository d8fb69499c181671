/*
 * The contract of a search strategy, and the table of all of them.
 *
 * History is state: a suggestion is a pure function of (space, history, seed, trial number,
 * settings, budget). What an instance keeps between calls is a cache that can be dropped at any
 * moment. What a method must remember about a trial (its generation, its parents) it returns as
 * `memo`, which the history gives back.
 *
 * Thread: owner. No call of a strategy touches a file, a clock or the terminal.
 */
#ifndef DIALIN_STRATEGY_H
#define DIALIN_STRATEGY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/space.h"
#include "dialin/study.h"
#include "dialin/trial.h"

/* One entry of a settings table: strategies, pruners, executors. Ends with {0}. */
enum dln_setting_kind {
    DLN_SETTING_REAL,
    DLN_SETTING_INT,
    DLN_SETTING_BOOL,
    DLN_SETTING_CHOICE,
    DLN_SETTING_LISTS,
    DLN_SETTING_METHOD /* another method, by name or {name: {settings}} */
};
struct dln_setting {
    const char *name;
    enum dln_setting_kind kind;
    double low, high, initial;  /* REAL, INT; BOOL: initial 0 or 1; CHOICE: index of choices */
    const char *const *choices; /* CHOICE: words, NULL-terminated */
    const char *help;
};

/* A trial in cube form. */
struct dln_view_trial {
    int64_t number;
    enum dln_trial_state state;
    const double *u;    /* d; NaN inactive */
    const double *x;    /* d, internal representation */
    const double *loss; /* m; sign turned so that less is better; ±inf possible; NaN: none */
    int64_t last_step;  /* -1: no report */
    double last_loss;
    enum dln_fail_reason reason;
    double violation;   /* sum of broken limits, 0 feasible */
    const char *memo;   /* JSON or "" */
    const char *strategy;
    double seconds;     /* that it took; 0: not ended, or not known */
};

/* All trials of the study but the one asked for, ascending number. Immutable during an ask. */
struct dln_history_view {
    size_t n, d, m;
    const struct dln_view_trial *trials;
    size_t n_finished; /* COMPLETE, PRUNED, FAIL */
    size_t n_complete;
    uint64_t revision; /* changes whenever the content does */
    uint64_t forgotten; /* changes whenever a visited point is not visited any more */
    /*
     * Changes whenever something else happens than that trials are added at the end, that WAITING
     * ones change, and that RUNNING ones finish: then what was learned from the old ones is void.
     */
    uint64_t rewritten;
    const struct dln_visited *visited;
    /*
     * Trials of earlier studies (`warm_start`), one source after the other, each the best first:
     * COMPLETE, loss[0] a z-score among those of its source, never to be compared with a loss of
     * this study. They never change, and are no points that were visited.
     */
    size_t n_past;
    const struct dln_view_trial *past;
};

/* The place of the trial of this number, SIZE_MAX: there is none. O(log n). */
DLN_API size_t dln_history_find(const struct dln_history_view *history, int64_t number);
/* Whether any trial, in whatever state, has this point (complete: NaN only where inactive). O(d). */
DLN_API bool dln_history_has(const struct dln_history_view *history, const struct dln_space *space,
                             const double *x);

struct dln_ask {
    const struct dln_space *space;
    const struct dln_history_view *history;
    const bool *maximize;
    uint64_t seed;
    int64_t number;        /* of the trial asked for */
    const double *fixed;   /* d; NaN where free: values that a person fixed (already in x form) */
    int64_t budget_trials; /* 0: unknown */
    unsigned attempt;      /* 0, 1, …: earlier answers of this ask were duplicates or not allowed */
    struct dln_arena *scratch;
};

#define DLN_WHY_MAX 160

struct dln_suggestion {
    double *u;             /* d, given by the caller, every coordinate filled (active or not) */
    double *x;             /* d, all NaN: a value set here is taken exactly, instead of decoding u */
    char why[DLN_WHY_MAX]; /* one line for a person: why this point */
    const char *memo;      /* JSON in ask->scratch, or NULL */
    double mean, sd;       /* predicted, objective units; NaN: no prediction */
    const char *by;        /* the strategy that made it, static; NULL: the one asked */
};

struct dln_strategy {
    const char *name, *title;
    const char *summary;  /* at most four lines of 47 columns, plain language */
    const char *best_for; /* "any budget", "2+ goals": at most 14 columns */
    const struct dln_setting *settings;
    bool multi_objective;
    /* values[i] belongs to settings[i]; raw: what the file said, for LISTS settings. */
    bool (*open)(const struct dln_space *space, const double *values,
                 const struct dln_method *raw, void **instance, struct dln_error *err);
    void (*close)(void *instance);
    /* DLN_EXHAUSTED: no point is left. */
    bool (*suggest)(void *instance, const struct dln_ask *ask, struct dln_suggestion *out,
                    struct dln_error *err);
};

/* The registry, NULL-terminated, in the order of the picker. */
DLN_API const struct dln_strategy *const *dln_strategies(void);
DLN_API const struct dln_strategy *dln_strategy_find(const char *name);

/*
 * The strategy that fits a study best, by its budget (0: unknown), parameters and goals, and a
 * clause that says why.
 */
DLN_API const struct dln_strategy *dln_strategy_recommend(const struct dln_study *study,
                                                          int64_t budget_trials,
                                                          char why[DLN_WHY_MAX]);

/*
 * Checks a method's settings against a table and fills values[]: DLN_INVALID with
 * "LINE:COLUMN: sentence" and the nearest valid word.
 */
DLN_API DLN_CHECK bool dln_settings_resolve(const struct dln_setting *table,
                                            const struct dln_method *method, double *values,
                                            struct dln_error *err);

/* ── the proposer: a strategy with everything around it ────────────────────────────────────────*/

/*
 * Holds the history in cube form, asks the strategy, keeps constraints and the duplicate policy
 * (strategies.md 1.6), fills what a person left free. Used by the engine, `check`, serve and peek.
 */
typedef struct dln_proposer dln_proposer;

DLN_API DLN_CHECK bool dln_proposer_new(const struct dln_study *study, uint64_t seed,
                                        dln_proposer **out, struct dln_error *err);
DLN_API void dln_proposer_free(dln_proposer *proposer);

struct dln_history_row;
/* Adds or replaces (by id) trials as the store gives them; copies what it keeps. */
DLN_API DLN_CHECK bool dln_proposer_learn(dln_proposer *proposer, size_t n,
                                          const struct dln_history_row *rows,
                                          struct dln_error *err);
DLN_API const struct dln_history_view *dln_proposer_history(const dln_proposer *proposer);

struct dln_proposal {
    const double *x;  /* d, complete, in the proposer until its next call */
    const char *strategy;
    const char *why;
    const char *memo; /* or NULL */
    double mean, sd;
};
/*
 * The point for trial `number`; `fixed` (d, NaN where free) or NULL. The trial itself, if it is in
 * the history (WAITING), is left out. DLN_EXHAUSTED: every point has been tried.
 */
DLN_API DLN_CHECK bool dln_proposer_ask(dln_proposer *proposer, int64_t number, const double *fixed,
                                        int64_t budget_trials, struct dln_proposal *out,
                                        struct dln_error *err);
/*
 * The point of a WAITING trial: as a person gave it, what was left free (NaN) filled in by the
 * strategy, or by the defaults where no untried point is left. The strategy is "enqueued".
 */
DLN_API DLN_CHECK bool dln_proposer_complete(dln_proposer *proposer, int64_t number,
                                             const double *fixed, int64_t budget_trials,
                                             struct dln_proposal *out, struct dln_error *err);
/*
 * `duplicates: reuse`: a finished trial of the same point, whose values stand for a run; NULL:
 * there is none, or values are not reused. Never where the study has limits: what else that trial
 * printed is not known any more.
 */
DLN_API const struct dln_view_trial *dln_proposer_known(const dln_proposer *proposer,
                                                        const double *x);

#endif
