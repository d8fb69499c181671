/*
 * The contract of a pruner, and the table of all of them.
 *
 * A pruner is a function of its settings, the curves of the study's trials, the curve of one running
 * trial and its last step: keep, or prune with what was compared and a sentence. Nothing is drawn
 * and nothing is remembered, so a resumed study decides as an uninterrupted one. A decision is made
 * when a trial reports a step beyond all its earlier ones.
 *
 * Inside, values have their sign turned so that less is better ("losses").
 * Thread: owner. No call touches a file, a clock or the terminal.
 */
#ifndef DIALIN_PRUNER_H
#define DIALIN_PRUNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/strategy.h"
#include "dialin/study.h"
#include "dialin/trial.h"

/* The intermediate values of one trial. */
struct dln_curve {
    int64_t number;
    enum dln_trial_state state;
    size_t n;
    int64_t *steps;   /* ascending, each once */
    double *losses;   /* NaN and ±inf possible */
    double best;      /* the least of them that is a number; NaN: none */
    double loss;      /* of a COMPLETE trial; NaN: none */
    double violation; /* sum of broken limits, 0 feasible */
    uint32_t crc;     /* of "STUDY_NUMBER": what puts a trial into one of Hyperband's brackets */
};

typedef struct dln_curves dln_curves; /* of all trials, indexed by step and by rung */

struct dln_prune_ask {
    dln_curves *curves;            /* the trial asked about is one of them */
    const struct dln_curve *trial; /* at least one point; the last one is what is judged */
    bool maximize;                 /* for sentences and for limits in the objective's own sign */
    const char *step_word;         /* "step", "epoch": what the program counts */
    const struct dln_pruner *inner; /* of one that wraps another; NULL: none */
    const double *inner_values;
};

#define DLN_PRUNE_WHY_MAX 200

struct dln_prune {
    bool prune;
    const char *pruner;
    int64_t step;
    double value, threshold; /* what was compared, in the objective's sign; NaN: nothing was */
    char why[DLN_PRUNE_WHY_MAX]; /* one line for a person */
};

struct dln_pruner {
    const char *name, *title;
    const char *summary;  /* at most four lines of 47 columns, plain language */
    const char *best_for; /* "many workers": at most 14 columns */
    const struct dln_setting *settings;
    /* What is wrong with settings that are each in range; NULL: nothing. May be NULL. */
    const char *(*check)(const double *values);
    /* values[i] belongs to settings[i]. Fills *out only to prune; out->prune is false before. */
    void (*decide)(const struct dln_prune_ask *ask, const double *values, struct dln_prune *out);
};

/* The registry, NULL-terminated, in the order of the picker. */
DLN_API const struct dln_pruner *const *dln_pruners(void);
/*
 * What `pruner:` can be, NULL-terminated, in the order of the picker: `auto` and `none`, which have
 * no settings and never decide, then all of the registry.
 */
DLN_API const struct dln_pruner *const *dln_pruner_choices(void);
/* NULL: no such pruner; also for `none` and `auto`, which are choices of a study and no pruners. */
DLN_API const struct dln_pruner *dln_pruner_find(const char *name);
/* What `auto` chooses for a study, NULL for none; and the same as one line with the reason. */
DLN_API const struct dln_pruner *dln_pruner_auto(const struct dln_study *study);
DLN_API const char *dln_pruner_auto_why(const struct dln_study *study);

/*
 * The choice that fits a study best, a name of dln_pruner_choices(), and a clause that says why:
 * what `auto` would take, but none where so many trials have ended and none of them had a curve.
 */
DLN_API const char *dln_pruner_recommend(const struct dln_study *study, int64_t n_ended,
                                         int64_t n_curves, char why[DLN_WHY_MAX]);

/* The objective whose intermediate values are judged; SIZE_MAX: none (several, no `prune_on`). */
DLN_API size_t dln_prune_objective(const struct dln_study *study);

/* ── a pruner at work ──────────────────────────────────────────────────────────────────────────*/

/* A pruner with its settings and the curves that it knows. Values here are as programs print them. */
typedef struct dln_pruning dln_pruning;

/*
 * For a method of this study (its own, or one to be tried on its curves). *out is NULL where the
 * method prunes nothing. DLN_INVALID: "LINE:COLUMN: sentence".
 */
DLN_API DLN_CHECK bool dln_pruning_new(const struct dln_study *study,
                                       const struct dln_method *method, dln_pruning **out,
                                       struct dln_error *err);
DLN_API void dln_pruning_free(dln_pruning *pruning);
DLN_API const struct dln_pruner *dln_pruning_pruner(const dln_pruning *pruning);

struct dln_pruned_trial { /* a trial as the file has it */
    int64_t number;
    enum dln_trial_state state;
    double value, violation; /* value: of the judged objective, NaN: none */
    size_t n;
    const int64_t *steps; /* ascending */
    const double *values;
};
/* Adds a trial, or replaces what is known of it. */
DLN_API DLN_CHECK bool dln_pruning_put(dln_pruning *pruning, const struct dln_pruned_trial *trial,
                                       struct dln_error *err);
/*
 * A running trial has reported. *is_news: a step beyond all earlier ones, so that a decision is due.
 * A step that is known already gets the new value.
 */
DLN_API DLN_CHECK bool dln_pruning_report(dln_pruning *pruning, int64_t number, int64_t step,
                                          double value, bool *is_news, struct dln_error *err);
/* A trial is run again from this step on: what it had reported from there does not count. */
DLN_API void dln_pruning_rewind(dln_pruning *pruning, int64_t number, int64_t step);
/* A trial has ended. */
DLN_API DLN_CHECK bool dln_pruning_finish(dln_pruning *pruning, int64_t number,
                                          enum dln_trial_state state, double value,
                                          double violation, struct dln_error *err);
/* Judges the last point of a trial. Where memory is short, the trial is kept. */
DLN_API void dln_pruning_decide(dln_pruning *pruning, int64_t number, struct dln_prune *out);

#endif
