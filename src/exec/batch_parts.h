/* Inside of the dispatch: what batch_dispatch.c and batch_commands.c share. */
#ifndef DLN_EXEC_BATCH_PARTS_H
#define DLN_EXEC_BATCH_PARTS_H

#include "exec/batch_dispatch.h"
#include "exec/child.h"
#include "exec/ticket.h"

#define DLN_DISPATCH_NS_PER_MS ((int64_t)1000000)

enum { DLN_TOKEN_BYTES = 9 };

struct dln_dispatch {
    const struct dln_study *study;
    const dln_metric_reader *model;
    const struct dln_batch_system *system;
    int64_t log_limit_bytes;
    char token[DLN_TOKEN_BYTES]; /* the study's, in the names of its jobs */
    char *root;                  /* where the run directories lie */
    struct dln_ticket **tickets;
    size_t n, cap;
    uint64_t n_names;
    int inotify; /* -1: folders are looked into by the clock alone */
    char *buffer;
    struct dln_arena scratch;

    struct dln_child submit, poll, cancel, detail;
    struct dln_ticket *submitting, *detailing; /* NULL: it was left meanwhile */
    int64_t submit_ns, back_off_ms;
    bool is_by_name, wants_names; /* the poll that runs; the next one */
    bool is_claimed;              /* jobs of this study that no ticket stands for are strays */
    bool has_change;
    int64_t poll_ns, poll_gap_ms, poll_done_ns;
    int64_t cancel_ns;
    bool cancel_is_gentle;
    struct dln_job_id *strays;
    size_t n_strays, cap_strays, n_strays_sent;

    bool is_down;
    int64_t down_ns, down_us;
    char stuck[DLN_JOB_REASON_MAX]; /* the last reason of a job to wait for ever that was told */
    dln_run_sink *sink;             /* during a turn */
    void *context;
};

void dln_dispatch_note(struct dln_dispatch *d, const char *format, ...) DLN_PRINTF(2, 3);
/* What has ended of the commands, then what is to be started. */
void dln_dispatch_take_answers(struct dln_dispatch *d, int64_t now_ns);
void dln_dispatch_send_commands(struct dln_dispatch *d, int64_t now_ns);
/* When a command is to be started; INT64_MAX: none. */
int64_t dln_dispatch_next_command_ns(const struct dln_dispatch *d);
void dln_dispatch_poll_soon(struct dln_dispatch *d);

#endif
