/*
 * The conversation with a warm worker: a process that stays alive, reads a trial a line on its
 * standard input, and answers with lines on its standard output. It is a run like others as far as
 * the guardian is concerned; its `owner` is that of the trial it has, NULL between trials.
 *
 *   → {"trial": 7, "seed": 1234, "fold": 0, "params": {…}, "dir": "…"}
 *   ← {"trial": 7, "step": 1, "accuracy": 0.91}     intermediate, any number of them
 *   ← {"trial": 7, "accuracy": 0.943}               final: no step
 *   ← {"trial": 7, "error": "text"}                 failed
 *   → {"prune": 7}                                  ← {"trial": 7, "pruned": true}, or any other
 * end → {"exit": true}                                and end of input
 *
 * Every other line, and all of standard error, goes to the log of the trial that it has; values of
 * metrics are read from these lines as from those of any run. A line about another trial than the
 * one it has is a fault: nobody can tell any more what its answers mean, so it is killed. One about
 * the trial that was taken away from it last is not: it crossed our message on the way.
 */
#ifndef DLN_EXEC_WARM_H
#define DLN_EXEC_WARM_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/exec.h"
#include "dialin/strbuf.h"
#include "exec/run.h"
#include "exec/run_output.h"
#include "exec/trial_log.h"

struct dln_warm {
    int slot;
    int64_t log_limit_bytes;
    int input;             /* write end of its standard input; -1: closed */
    struct dln_strbuf out; /* to be written to it */
    size_t written;        /* of out */
    bool closes_input;     /* once all of it is written */
    bool is_deaf;          /* it has closed its end */

    bool has_trial;
    int64_t number;    /* of that trial, or of the last one */
    int64_t dismissed; /* the trial that was taken away from it last; -1: none */
    char *trial_dir;
    struct dln_trial_log log[DLN_STREAMS]; /* the trial's; its own are those of the run's output */
    bool owes_started;                     /* its owner was not told yet */
    bool is_leaving;                       /* gets no further trial */
    bool has_answered;                     /* once at least */
    int64_t term_at_ns;                    /* 0: no such plan */
    char fault[256];                       /* why it was killed; "": it was not */

    char *part; /* a line that may become a message; its end has not come */
    size_t part_len, part_cap;
    bool in_text; /* within a line that is no message */
};

/* *read_end: of the worker's standard input, the caller's to close. */
DLN_CHECK bool dln_warm_new(const struct dln_run_request *request, int64_t log_limit_bytes,
                            struct dln_warm **out, int *read_end, struct dln_error *err);
void dln_warm_free(struct dln_warm *warm);

/* Puts a trial into its hands. It may turn out to be deaf: then it has no trial. */
DLN_CHECK bool dln_warm_give(struct dln_run *run, const struct dln_run_request *request,
                             struct dln_error *err);
/* Asks it to stop the trial it has; it has until then. */
void dln_warm_dismiss(struct dln_run *run, int64_t now_ns, int64_t grace_ms);
/* Tells it to go; it has until then. */
void dln_warm_send_away(struct dln_run *run, int64_t now_ns, int64_t grace_ms);
/* Writes what is to be written, as far as there is room. */
void dln_warm_flush(struct dln_run *run);
bool dln_warm_has_more(const struct dln_warm *warm);

/* One stream, for at most a turn. An answer ends the trial. */
enum dln_read_result dln_warm_read(struct dln_run *run, int stream, char *buffer,
                                   dln_run_sink *sink, void *context);
/* Nothing of it is left: the trial that it had, if any, ends with it. */
void dln_warm_finish(struct dln_run *run, int64_t *oom_kills, dln_run_sink *sink, void *context);

/* What a worker is told in a turn, and the TERM for one that does not listen. */
void dln_warm_step(struct dln_run *run, int64_t now_ns);

#endif
