/*
 * One run, from request to end, as the runner keeps it.
 *
 *   WANTED ──START sent──▶ ASKED ──STARTED──▶ LIVE ──EXITED──▶ HELD ──RELEASE, GONE──▶ GONE ──▶
 * OVER └──FAILED──▶ OVER  └──GONE: nothing was left──────────────▲
 */
#ifndef DLN_EXEC_RUN_H
#define DLN_EXEC_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/exec.h"
#include "exec/run_output.h"
#include "exec/wire.h"

enum dln_run_state {
    DLN_RUN_IS_WANTED,
    DLN_RUN_IS_ASKED, /* the guardian knows of it */
    DLN_RUN_IS_LIVE,  /* its pid is known, its output is read */
    DLN_RUN_IS_HELD,  /* the main process has ended, others of it have not */
    DLN_RUN_IS_GONE,  /* nobody is left who could write; the rest is read */
    DLN_RUN_IS_OVER   /* told; to be freed */
};

struct dln_run {
    uint64_t id;
    void *owner;
    enum dln_run_state state;
    char *run_dir, *program, *directory;
    struct dln_wire request;
    struct dln_wire_load load; /* of the request, until it is sent */
    struct dln_run_output output;
    int watch;              /* inotify's, of the metrics file; -1: none */
    int64_t watch_at_ns;    /* when to begin watching; 0: not any more */
    bool is_watched;        /* its pipes are in the poll set */
    int owed_signal;        /* to be sent; 0: none */
    bool owes_release;      /* to be sent */
    bool asked_to_end;      /* TERM or KILL came from us */
    bool is_lost;           /* the guardian died */
    int64_t kill_at_ns;     /* 0: no such plan */
    int64_t release_at_ns;  /* HELD: end what is left, at the latest; 0: done */
    int64_t pid, pid_start; /* from STARTED on */
    struct dln_wire end;    /* EXITED or GONE */
    bool has_end;
    struct dln_warm *warm; /* a worker that takes trial after trial; NULL: a run of its own */
    int64_t start_at_ns;   /* WANTED: not before */
};

typedef void dln_run_sink(void *context, const struct dln_run_event *event);

DLN_CHECK bool dln_run_new(const struct dln_run_request *request, uint64_t id,
                           const dln_metric_reader *model, int64_t log_limit_bytes,
                           struct dln_run **out, struct dln_error *err);
void dln_run_free(struct dln_run *run);
/* The request was sent, or never will be. */
void dln_run_drop_request(struct dln_run *run);

/* By what its processes are found again. */
const char *dln_run_mark(const struct dln_run *run);
/* Exit status or signal, usage, and whether memory ran out, as the guardian has told. */
void dln_run_read_status(const struct dln_run *run, struct dln_run_event *event,
                         int64_t *oom_kills);

/* LIVE, HELD or GONE: one stream, or the metrics file, for at most a turn; metrics are told. */
enum dln_read_result dln_run_read(struct dln_run *run, int stream, char *buffer, dln_run_sink *sink,
                                  void *context);
enum dln_read_result dln_run_read_metrics(struct dln_run *run, char *buffer, dln_run_sink *sink,
                                          void *context);
/* GONE: everything, a turn of each at a time. True when all of it was read. */
bool dln_run_read_rest(struct dln_run *run, char *buffer, dln_run_sink *sink, void *context);

/* The events. `finish` and `fail` also put the run's files in order; then the run is OVER. */
void dln_run_tell_started(struct dln_run *run, const struct dln_wire *started, dln_run_sink *sink,
                          void *context);
void dln_run_tell_output(struct dln_run *run, dln_run_sink *sink, void *context);
void dln_run_fail(struct dln_run *run, const struct dln_wire *failed, dln_run_sink *sink,
                  void *context);
/* oom_kills: the kernel's count when it was last looked at. */
void dln_run_finish(struct dln_run *run, int64_t *oom_kills, dln_run_sink *sink, void *context);

#endif
