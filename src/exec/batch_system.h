/*
 * What differs between batch systems: the words of their commands, and what their answers mean. All
 * of it is pure; batch_commands.c runs them. Slurm is one, a templated queue the other.
 */
#ifndef DLN_EXEC_BATCH_SYSTEM_H
#define DLN_EXEC_BATCH_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/exec.h"
#include "exec/child.h"

enum {
    DLN_JOB_ID_MAX = 64,
    DLN_JOB_NAME_MAX = 160,
    DLN_JOB_REASON_MAX = 96,
    DLN_CANCEL_IDS_MAX = 100 /* in one command */
};

/* What a batch system says of a job. */
enum dln_job_state {
    DLN_STATE_QUEUED,
    DLN_STATE_HELD, /* waits for a person */
    DLN_STATE_RUNNING,
    DLN_STATE_SUSPENDED,
    DLN_STATE_ENDING,    /* the processes are gone, or nearly so */
    DLN_STATE_COMPLETED, /* from here on it is over */
    DLN_STATE_FAILED,
    DLN_STATE_OOM,
    DLN_STATE_TIMEOUT,
    DLN_STATE_CANCELLED,
    DLN_STATE_LOST,  /* preempted, node failure: not the trial's fault */
    DLN_STATE_ENDED, /* over, and the system does not say how */
    DLN_STATE_UNKNOWN
};
static inline bool dln_job_state_is_end(enum dln_job_state state)
{
    return state >= DLN_STATE_COMPLETED && state <= DLN_STATE_ENDED;
}

enum dln_submitted {
    DLN_SUBMIT_DONE,
    DLN_SUBMIT_REFUSED, /* it would be refused again: the study file, or the site, must change */
    DLN_SUBMIT_LATER,
    DLN_SUBMIT_UNSURE /* the job may exist */
};

struct dln_job_id {
    char id[DLN_JOB_ID_MAX];
    char cluster[DLN_JOB_ID_MAX]; /* "": the only one */
};

/* A line of a poll's answer. */
struct dln_job_seen {
    const char *id;
    enum dln_job_state state;
    const char *word;   /* the state as it was said */
    const char *reason; /* "" where the system tells none */
    const char *node;
    const char *name; /* NULL: the system does not tell it */
};
typedef void dln_seen_sink(void *context, const struct dln_job_seen *seen);

struct dln_submission { /* of one job */
    const struct dln_study *study;
    const double *x;
    const char *name, *dir, *script, *directory;
};

struct dln_batch_system {
    const char *title;
    bool has_names;    /* a poll can be asked for all jobs of ours, and tells their names */
    bool has_signals;  /* a first cancel is TERM alone */
    size_t cancel_ids; /* how many a command takes */
    /* argv in the arena; NULL: no memory */
    char **(*submit)(const struct dln_submission *submission, struct dln_arena *arena);
    enum dln_submitted (*read_submit)(const struct dln_study *study, const struct dln_child *child,
                                      struct dln_job_id *id);
    /* n == 0: all jobs of ours */
    char **(*poll)(const struct dln_study *study, size_t n, const struct dln_job_id *const *ids,
                   struct dln_arena *arena);
    /* False: the answer tells nothing. */
    bool (*read_poll)(const struct dln_study *study, const struct dln_child *child,
                      dln_seen_sink *sink, void *context);
    char **(*cancel)(const struct dln_study *study, size_t n, const struct dln_job_id *const *ids,
                     bool gently, struct dln_arena *arena);
    /* False: to be tried again. */
    bool (*read_cancel)(const struct dln_child *child);
    /* How a job ended, "code:signal"; NULL where the system cannot tell. */
    char **(*detail)(const struct dln_job_id *id, struct dln_arena *arena);
    bool (*read_detail)(const struct dln_child *child, int *code, int *signal);
};

extern const struct dln_batch_system dln_batch_slurm, dln_batch_queue;

/* For the commands: no leftovers of a job that dialin runs in, nothing that changes answers. */
char **dln_batch_environment(bool is_query, struct dln_arena *arena);

/* "3:0" and the like. */
DLN_CHECK bool dln_slurm_exit_code(const char *text, int *code, int *signal);
enum dln_job_state dln_slurm_state(const char *word);
/* Whether a job that waits for this will wait for ever. */
bool dln_slurm_is_stuck(const char *reason);

#endif
