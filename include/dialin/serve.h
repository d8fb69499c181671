/*
 * Ask and tell: a program that runs its trials itself asks for points and tells what came of them.
 *
 *     dln_tuner *tuner;
 *     struct dln_asked trial;
 *     if (!dln_tuner_new(study, &tuner, &err)) …
 *     while (dln_tuner_ask(tuner, &trial, &err)) {
 *         const double loss = train(dln_tuner_real(tuner, trial.x, "lr"));
 *         if (!dln_tuner_tell_value(tuner, trial.number, loss, &err)) …
 *     }
 *
 * Several trials may be open at once, and told in any order. `dialin serve` is the same as lines of
 * JSON, for any language.
 * Thread: owner.
 */
#ifndef DIALIN_SERVE_H
#define DIALIN_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/predict.h"
#include "dialin/strbuf.h"
#include "dialin/study.h"
#include "dialin/trial.h"

typedef struct dln_tuner dln_tuner;

/*
 * A study that lives in memory and ends with the tuner. The study is the tuner's from now on, also
 * when this fails. DLN_UNSUPPORTED names what the study asks for and this release cannot do.
 */
DLN_API DLN_CHECK bool dln_tuner_new(struct dln_study *study, dln_tuner **out,
                                     struct dln_error *err);

struct dln_tuner_place {
    const char *study_file; /* NULL: as it is stored in the database */
    const char *db_path;    /* made when it is not there and a study file is given */
    const char *study_name; /* without a study file, where the database holds several; else NULL */
    /*
     * The trials asked for here are worked at as long as dln_tuner_beat() is called every 30 s: when
     * it was not for 120 s, another program that asks or tells fails them as lost. Without: they
     * wait to be told for ever.
     */
    bool beats;
};
/*
 * A study in a file, as engines and Optuna use it, several programs at once; no lease is needed.
 * Each tell is durable before it returns. A changed study file is applied first, where no engine is
 * at work; else the study goes on as it is stored.
 */
DLN_API DLN_CHECK bool dln_tuner_open(const struct dln_tuner_place *place, dln_tuner **out,
                                      struct dln_error *err);
DLN_API void dln_tuner_close(dln_tuner *tuner); /* NULL is fine */
DLN_API const struct dln_study *dln_tuner_study(const dln_tuner *tuner);

/* ── ask ───────────────────────────────────────────────────────────────────────────────────────*/

struct dln_asked { /* borrowed until the tuner's next call */
    int64_t number;
    const double *x;      /* a value for each parameter, NaN where inactive */
    uint64_t seed;        /* of this trial, 31 bits */
    const char *strategy; /* that made it; "enqueued" for a point given by hand */
    const char *why;
};
/*
 * The next trial to run: what waits in the queue first, then the strategy's. DLN_EXHAUSTED: there
 * is nothing more to do, err says why ("trials", "target" … or "every point was tried").
 */
DLN_API DLN_CHECK bool dln_tuner_ask(dln_tuner *tuner, struct dln_asked *out,
                                     struct dln_error *err);
/* A parameter's value by its name: NaN where it is inactive or there is none of that name. */
DLN_API double dln_tuner_real(const dln_tuner *tuner, const double *x, const char *name);
/* The text of a choice or a flag ("adamw", "True"); "" for everything else. */
DLN_API const char *dln_tuner_text(const dln_tuner *tuner, const double *x, const char *name);

/* ── tell ──────────────────────────────────────────────────────────────────────────────────────*/

#define DLN_TOLD_MAX 256 /* metrics, and constraints, of one trial */

struct dln_told {
    enum dln_trial_state state; /* COMPLETE, PRUNED or FAIL */
    const double *values;       /* one for each objective; NULL: none (not for COMPLETE) */
    enum dln_fail_reason reason; /* FAIL */
    const char *detail;          /* one line, or NULL */
    size_t n_metrics;            /* other metrics, for `limits` and for people */
    const char *const *metric_names;
    const double *metric_values;
    size_t n_constraints; /* how far each is broken, ≤ 0: kept; besides the study's `limits` */
    const double *constraints;
};
/*
 * Ends a trial that was asked for. DLN_NOT_FOUND: no such trial; DLN_REFUSED: it does not run (told
 * before, say); DLN_NUMERIC: a value is nan; DLN_INVALID: anything else that cannot be.
 */
DLN_API DLN_CHECK bool dln_tuner_tell(dln_tuner *tuner, int64_t number,
                                      const struct dln_told *told, struct dln_error *err);
/* The usual case: one objective, and here is its value. */
DLN_API DLN_CHECK bool dln_tuner_tell_value(dln_tuner *tuner, int64_t number, double value,
                                            struct dln_error *err);

struct dln_advice {
    bool prune;      /* the study's pruner would stop the trial: it is yours to stop and to tell */
    const char *why; /* one line; "" without; good until the trial is told */
};
/* An intermediate value of a trial that runs; a repeated step replaces, and is not judged again. */
DLN_API DLN_CHECK bool dln_tuner_report(dln_tuner *tuner, int64_t number, int64_t step,
                                        double value, struct dln_advice *out,
                                        struct dln_error *err);

/* Queues a point: NaN where the strategy shall choose. */
DLN_API DLN_CHECK bool dln_tuner_enqueue(dln_tuner *tuner, const double *x, int64_t *number,
                                         struct dln_error *err);

/*
 * What a trial of this point would bring. NaN in x: as in the best trial, or else by default; it is
 * filled in. Numbers may lie outside the space. *why_not, one for each objective, the tuner's until
 * its next call (NULL: do not tell): where there is no prediction, a sentence; else "".
 */
DLN_API DLN_CHECK bool dln_tuner_predict(dln_tuner *tuner, double *x, struct dln_prediction *out,
                                         const char **why_not, struct dln_error *err);

/* See dln_tuner_place; nothing in memory. */
DLN_API DLN_CHECK bool dln_tuner_beat(dln_tuner *tuner, struct dln_error *err);

struct dln_best { /* borrowed until the tuner's next call */
    int64_t number;
    const double *x;
    double values[DLN_OBJECTIVES_MAX];
};
/*
 * The i-th of the trials that no other one beats (one objective: only i = 0). False: there are no
 * more of them.
 */
DLN_API bool dln_tuner_best(const dln_tuner *tuner, size_t i, struct dln_best *out);

/* ── the same as lines of JSON ─────────────────────────────────────────────────────────────────*/

#define DLN_LINE_BYTES_MAX (1024 * 1024) /* of a request */

/*
 * Appends the answer to one request (no line feed in `line`), line feed included. What is wrong with
 * the request is the answer.
 */
DLN_API void dln_tuner_answer(dln_tuner *tuner, const char *line, size_t len,
                              struct dln_strbuf *answer);
/*
 * Answers the lines of in_fd until it ends or nobody reads the answers any more, and beats while it
 * waits. False: a descriptor failed, or there is no memory. SIGPIPE must be ignored.
 */
DLN_API DLN_CHECK bool dln_tuner_serve(dln_tuner *tuner, int in_fd, int out_fd,
                                       struct dln_error *err);

#endif
