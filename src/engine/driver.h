/*
 * Everything that whoever holds a study's lease knows: the engine's thread for as long as it lives,
 * or dln_steer() for the length of one change (then without runner, proposer and jobs).
 *
 * Order of things, everywhere: commit first, then act or show. A write that fails is never taken as
 * "not there": when the storage works again the file is read again (dln_recover_resync).
 * Thread: owner.
 */
#ifndef DLN_ENGINE_DRIVER_H
#define DLN_ENGINE_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/engine.h"
#include "dialin/exec.h"
#include "dialin/pruner.h"
#include "dialin/strategy.h"
#include "engine/ahead.h"
#include "engine/hooks.h"
#include "engine/job.h"
#include "engine/ledger.h"

#define DLN_NS_PER_MS INT64_C(1000000)
#define DLN_NS_PER_S  INT64_C(1000000000)

enum {
    DLN_LOOK_MS = 250,  /* how often the file is asked for foreign commits */
    DLN_FLUSH_MS = 100, /* intermediate values are written at most so often */
    DLN_BEAT_MS = 10000,
    DLN_TROUBLE_MS = 5000,    /* between attempts while the storage refuses */
    DLN_SECOND_LOOK_MS = 200, /* after a claim that a foreign worker may have made too */
    DLN_PARALLEL_MAX = DLN_SLOTS_MAX,
    DLN_REPLY_TEXT_MAX = 1024
};

/* The storage (or the disk of the run directories) refuses: results are kept, nothing is started.
 */
struct dln_trouble {
    bool active;
    int64_t since_ns; /* 0: all is well; kept until a whole interval went by without a refusal */
    int64_t retry_ns;
    int n_refusals;
    bool is_told;
    char text[DLN_ERROR_TEXT_MAX];
};

/* Kept to the end: running trials go by what they began with. */
struct dln_generation {
    struct dln_study *study;
    dln_config *config;
};

struct dln_driver {
    dln_store *store;
    int64_t study_id;
    int lock_fd; /* for each guardian to inherit; ours to close */
    struct dln_study *study;
    struct dln_generation *old; /* what study and config were before the space was edited */
    size_t n_old;
    struct dln_live_settings live;
    uint64_t seed;
    enum dln_engine_state engine_state;
    char why[256];
    struct dln_spent spent; /* cost: of trials that have ended */
    bool is_cost_stale;     /* trials of others have ended */
    int64_t accounted_ns;
    bool is_engine; /* false: obeying one command where no engine is alive */

    /* the engine's */
    dln_runner *runner;
    dln_proposer *proposer;
    struct dln_ahead ahead; /* the next suggestion, while all slots are busy */
    struct dln_ledger ledger;
    size_t n_metrics;
    const char **metric_names; /* borrowed from metric_reader */
    dln_metric_reader *metric_reader;
    size_t objective_metric[DLN_OBJECTIVES_MAX];
    size_t cost_metric;                   /* what a budget of cost sums up; SIZE_MAX: not read */
    size_t curve_objective, curve_metric; /* whose values are the curves; SIZE_MAX: none */
    struct dln_limits *limits;
    dln_config *config;   /* NULL: the study has none */
    dln_pruning *pruning; /* NULL: nothing is pruned */
    dln_gpus *gpus;       /* NULL: the study says nothing of them */

    struct dln_hook hooks[DLN_HOOK_COUNT];

    struct dln_job **jobs;
    size_t n_jobs, cap_jobs;
    struct pollfd *fds;
    size_t cap_fds;

    struct dln_arena scratch; /* reset by whoever uses it first in a step */
    struct dln_trouble trouble;
    bool is_fenced;    /* the lease is another's, or the file is damaged: not one more write */
    bool needs_resync; /* a commit failed: what it did is not known */
    bool state_unsaved;
    bool has_news;      /* a commit of note: poke the one who watches */
    bool is_proven;     /* the program could be started once */
    bool is_exhausted;  /* every point was tried */
    bool wants_confirm; /* no new trial, and a confirmation as soon as none runs */
    struct dln_confirm_settings confirm;
    bool is_starting;     /* the inbox holds what was posted before we came */
    bool lets_others_end; /* failing, but what runs is sound */
    bool is_leaving;      /* failing, and what ran was told to end */
    bool is_stopping;     /* STOP now: nothing more is started */
    int quits;            /* how often dln_engine_quit() was called, as far as heeded */
    int64_t quit_ns;
    int failures_in_row, reused_in_row;
    unsigned commits; /* since the last checkpoint */
    int64_t version, look_ns, beat_ns, flush_ns, commit_ns;

    int64_t unanswered_id; /* of a command that was obeyed; 0: none */
    enum dln_command_state unanswered_state;
    char unanswered_text[DLN_REPLY_TEXT_MAX];
    char *unanswered_undo; /* NULL: none */

    bool is_over;
    enum dln_engine_outcome outcome;
    struct dln_error end_error;
};

/*
 * Opens the file for writing, reads definition and settings, and takes the lease. Waits up to three
 * seconds where a dead engine's guardian still holds the lock, because it ends its trials in two.
 */
DLN_CHECK bool dln_driver_open(struct dln_driver *driver, const char *db_path, int64_t study_id,
                               struct dln_error *err);
void dln_driver_close(struct dln_driver *driver);

/* A write succeeded. `of_note`: a person would want to see it now. */
void dln_driver_committed(struct dln_driver *driver, bool of_note);
/*
 * A write failed. Storage trouble is waited out; a lost lease or no memory ends the engine. Always
 * returns false.
 */
bool dln_driver_blame(struct dln_driver *driver, const struct dln_error *err);
/* Ends the engine as failed once nothing of it runs: jobs are left to be run again. */
void dln_driver_give_up(struct dln_driver *driver, const struct dln_error *err);
bool dln_driver_is_failing(const struct dln_driver *driver);
/* May anything be written now? */
bool dln_driver_is_well(const struct dln_driver *driver);
/* Tries again after trouble; tells when it is over. */
void dln_driver_tend(struct dln_driver *driver, int64_t now_ns);

/* A line for the journal. */
void dln_driver_note(struct dln_driver *driver, const char *format, ...) DLN_PRINTF(2, 3);
/* Changes the state, in memory at once and in the file as soon as that works. */
void dln_driver_set_state(struct dln_driver *driver, enum dln_engine_state state, const char *why);
void dln_driver_save_state(struct dln_driver *driver);
/* Adds the time since the last call to what is spent, unless the study is paused and idle. */
void dln_driver_account(struct dln_driver *driver, int64_t now_ns);
/* With what running trials have reported as their cost so far. */
struct dln_spent dln_driver_spent(const struct dln_driver *driver);
void dln_driver_beat(struct dln_driver *driver, int64_t now_ns);

/* Takes one trial's row into ledger and proposer. *improved may be NULL. The pruner: refresh.c. */
bool dln_driver_learn(struct dln_driver *driver, const struct dln_history_row *row, bool *improved);

DLN_CHECK bool dln_driver_add_job(struct dln_driver *driver, struct dln_job *job,
                                  struct dln_error *err);
void dln_driver_drop_job(struct dln_driver *driver, struct dln_job *job);
/*
 * A job's values in the space as it is now, NaN where they have no place in it; in the scratch
 * arena where that was edited. NULL: no memory, and the engine ends.
 */
const double *dln_driver_point(struct dln_driver *driver, const struct dln_job *job);
struct dln_job *dln_driver_find_job(const struct dln_driver *driver, int64_t number);
/* How many trials may run at a time: as many as wanted, and as there are open slots for. */
int dln_driver_n_slots(const struct dln_driver *driver);
/* The slots that there are, open or closed: by the GPUs, else as many as are thought of. */
int dln_driver_n_places(const struct dln_driver *driver);
size_t dln_driver_n_slots_taken(const struct dln_driver *driver);

#endif
