/*
 * A study as lines, one an event, without control codes: `run --headless`, `watch`, a pipe, a
 * terminal that can do no more, a screen reader.
 *
 *   16:01:32  #17 run  C=4.2 gamma=0.0312
 *   16:01:33  #17 ok   98.31 after 0.8s, the best so far; 18 of 40, about 20s left
 */
#ifndef UI_CLI_PROGRESS_H
#define UI_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/locate.h"
#include "dialin/error.h"
#include "dialin/store.h"
#include "dialin/strbuf.h"

struct open_trial {
    int64_t id;
    enum dln_trial_state state;
    int attempt;
};

struct progress {
    dln_follow *follow;
    const struct opened *study;
    FILE *to;
    struct dln_study_summary summary; /* the newest known; its texts are not to be read */
    bool is_quiet;                    /* while what was there before is read */
    int64_t newest;                   /* every trial id up to this was seen */
    int64_t journal_seen;             /* every command id up to this was printed */
    size_t n_open, cap_open;
    struct open_trial *open; /* unfinished trials, in no order: as many as run and wait */
    double finished_s; /* how long the trials took that finished meanwhile, for the forecast */
    int64_t n_finished;
    bool study_gone;
};

/* Reads what there is without printing it. */
DLN_CHECK bool progress_open(struct progress *progress, const struct opened *study, FILE *to,
                             struct dln_error *err);
/* Prints what is new. A locked file is no failure: nothing is new then. */
DLN_CHECK bool progress_next(struct progress *progress, struct dln_error *err);
void progress_close(struct progress *progress);

/* "svm-wine: 12 of 40 trials: 10 ok, 2 err; best 98.31 (#7)" */
void say_summary(FILE *to, const struct dln_study_summary *summary);
bool is_running(const struct dln_study_summary *summary); /* an engine is alive */
/* "idle", "running", "paused" …, and "lost": trials run in the file, but nobody runs them. */
const char *state_word(const struct dln_study_summary *summary);

#endif
