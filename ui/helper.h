/*
 * One background thread for what may take long and is asked for by a person: posting a command,
 * starting an engine, reading a log, listing a folder. Jobs run one after the other; each comes
 * back to the ui when it is done. Thread: ui, but for job.run.
 */
#ifndef UI_HELPER_H
#define UI_HELPER_H

#include <stdbool.h>

#include "dialin/wake.h"

/* The first member of whatever a job needs. */
struct job {
    void (*run)(struct job *job);                 /* in the helper's thread */
    void (*done)(struct job *job, void *context); /* in the ui's; frees the job */
    void (*drop)(struct job *job);                /* instead of done, when the screen is gone */
    struct job *next;
};

struct helper;

/* `wake` is poked when a job is done. NULL: no memory, no thread. */
struct helper *helper_new(const struct dln_wake *wake);
/* Waits for the job that runs now; jobs that wait are dropped. */
void helper_free(struct helper *helper);
/* Takes the job over. */
void helper_submit(struct helper *helper, struct job *job);
/* Calls done() of every job that has ended. */
void helper_collect(struct helper *helper, void *context);

#endif
