/*
 * One job of a batch system, from the wish to run to its end.
 *
 *   WANTED ──sbatch──▶ SENT ──accepted──▶ QUEUED ──start──▶ RUNNING ──▶ OVER
 *      ▲                └──no answer──▶ UNSURE ──found by name──▶ QUEUED
 *      └───────────not there after all────┘
 */
#ifndef DLN_EXEC_TICKET_H
#define DLN_EXEC_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/exec.h"
#include "exec/batch_system.h"
#include "exec/run.h"
#include "exec/ticket_files.h"

enum dln_ticket_state {
    DLN_TICKET_WANTED,
    DLN_TICKET_SENT,
    DLN_TICKET_UNSURE,
    DLN_TICKET_QUEUED,
    DLN_TICKET_RUNNING,
    DLN_TICKET_OVER
};

enum { DLN_TICKET_FILES = 3 }; /* out, err, metrics.jsonl */

struct dln_ticket {
    struct dln_arena arena;
    void *owner;
    enum dln_ticket_state state;
    const char *run_dir, *dir, *name;
    char **submit;
    struct dln_job_id id; /* id.id "": not known */
    bool was_asked;       /* an engine, now gone, had told it to end */
    bool is_told;         /* STARTED was told */

    struct dln_run_output output;
    int64_t offset[DLN_TICKET_FILES];
    int watch;                    /* inotify's, of the folder; -1: none */
    bool has_more;                /* its files were not read to their ends */
    int64_t look_ns, look_gap_ns; /* when to look into the folder */
    int64_t looked_ns;

    bool has_end;
    struct dln_ticket_end end;
    int64_t end_seen_ns;
    bool is_doubted; /* a bad end that we did not ask for: the system may know who did */

    bool is_seen; /* the system knows it */
    enum dln_job_state seen;
    char word[32], reason[DLN_JOB_REASON_MAX];
    int64_t sent_ns, queued_ns, gone_ns; /* gone: over, says the system, and no `end` is there */
    bool is_polled, is_answered;         /* in the poll that runs · its answer has a line of it */
    int n_absent;
    int64_t absent_ns; /* of the first good poll without it */
    bool asked_detail, has_detail;
    int code, signal;

    bool wants_end;              /* it is to be ended */
    bool is_expired;             /* … because it waited in the queue for too long */
    bool owes_gentle, owes_hard; /* cancels that were not sent yet */
    bool in_cancel;              /* in the command that runs */
    int64_t kill_at_ns;
};

DLN_CHECK bool dln_ticket_new(const struct dln_run_request *request, const char *dir,
                              const char *name, const dln_metric_reader *model,
                              int64_t log_limit_bytes, struct dln_ticket **out,
                              struct dln_error *err);
void dln_ticket_free(struct dln_ticket *ticket);

/* Looks into its folder: start, output, end. True: something was there. */
bool dln_ticket_look(struct dln_ticket *ticket, int64_t now_ns, char *buffer, dln_run_sink *sink,
                     void *context);
/* Whether its files say all that they will ever say. */
bool dln_ticket_is_complete(const struct dln_ticket *ticket, int64_t now_ns, int64_t grace_ns);
/* Whether its end is bad, and not our doing. */
bool dln_ticket_is_odd(const struct dln_ticket *ticket);
void dln_ticket_tell_started(struct dln_ticket *ticket, dln_run_sink *sink, void *context);
/* ENDED, by its files or by what the system says. `title`: of the system. */
void dln_ticket_finish(struct dln_ticket *ticket, const char *title, dln_run_sink *sink,
                       void *context);
void dln_ticket_refuse(struct dln_ticket *ticket, const char *text, dln_run_sink *sink,
                       void *context);

#endif
