/*
 * An open study as the screens know it: its loader, its model, the newest summary and journal, and
 * what has just happened. Thread: ui.
 */
#ifndef UI_SESSION_H
#define UI_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/store.h"
#include "dialin/study.h"
#include "dialin/wake.h"
#include "loader.h"
#include "model.h"

/* The word of the status row. */
enum study_word { WORD_RUN, WORD_PAUSE, WORD_DRAIN, WORD_DONE, WORD_IDLE, WORD_LOST };
const char *study_word_text(enum study_word word); /* "RUN" … */
enum study_word study_word_of(const struct dln_study_summary *summary);
int64_t summary_finished(const struct dln_study_summary *summary); /* ok, cut and err */

enum session_event_kind {
    EVENT_OPENED,  /* the first delivery */
    EVENT_STARTED, /* a trial runs */
    EVENT_ENDED,   /* a trial ended */
    EVENT_BEST,    /* and is the best so far; comes after EVENT_ENDED */
    EVENT_COMMAND, /* a command was done or refused, or the engine noted something */
    EVENT_STATE    /* another study_word */
};
struct session_event {
    enum session_event_kind kind;
    size_t row;                        /* STARTED, ENDED, BEST */
    const char *detail;                /* ENDED */
    double old_best;                   /* BEST; NaN: there was none */
    const struct dln_command *command; /* COMMAND */
};

struct session {
    char *path;
    int64_t study_id;
    struct loader *loader;
    bool is_open;
    bool is_gone;
    const struct dln_study *definition; /* NULL: none */
    const struct dln_space *space;
    struct model model;
    struct model_change change; /* of the rows, by the last session_take() */
    struct model_best best;
    bool maximize;
    const struct dln_study_summary *summary; /* NULL until is_open */
    size_t n_commands;
    const struct dln_command *commands;
    size_t n_marks, n_tagged; /* trials with a note, tags or artifacts; of these with tags */
    const struct dln_trial_marks *marks; /* ascending id */
    uint64_t marks_revision;             /* changes with them */
    char read_only[160];                 /* why; "" if it may be written */
    bool all_loaded;
    double loaded;
    enum dln_code code; /* BUSY, or why nothing is shown */
    char sentence[256];
    int64_t fresh_ns; /* of the last good look */
    uint64_t revision;

    struct delivery *summary_of, *journal_of, *marks_of; /* keep what is pointed at above */
    int64_t last_command;                                /* newest answered one that was told */
    enum study_word word;
};

typedef void session_sink(void *context, const struct session_event *event);

/* False: no memory. What is wrong with the file comes by session_take(). */
bool session_open(struct session *session, const char *path, int64_t study_id,
                  const struct dln_wake *wake);
void session_close(struct session *session);
/* Takes what the loader has delivered, tells what happened; true if anything changed. */
bool session_take(struct session *session, session_sink *sink, void *context);

/* Name of an objective, "value" where the study gives none. */
const char *session_metric(const struct session *session, size_t objective);
/* What people say of a trial, by its row id; NULL: nothing. */
const struct dln_trial_marks *session_marks(const struct session *session, int64_t trial_id);
/* Milliseconds to the end of the budget, -1 when that cannot be said. */
int64_t session_eta_ms(const struct session *session, int64_t now_us);
/*
 * Why the study does not run, as a clause: "all 24 trials have run"; "" if that is
 * not known.
 */
void study_why(const struct dln_study_summary *summary, char *out, size_t cap);
/* Share of the budget that is used, NaN without a budget. */
double session_share(const struct session *session, int64_t now_us);

#endif
