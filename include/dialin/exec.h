/*
 * How a trial runs: the guardian, its children, and what they print.
 *
 * The guardian is a tiny process (the program itself, started again as `dialin --guardian FD`), made
 * before any thread, in a session of its own and a child subreaper. It spawns and reaps all trials,
 * so the engine never forks; it ends them all within two seconds when the engine dies (end of file
 * on its socket). Each trial is a process group of its own, standard input /dev/null, all signals
 * default. There is never a shell.
 * Thread: owner (the engine).
 */
#ifndef DIALIN_EXEC_H
#define DIALIN_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/space.h"
#include "dialin/study.h"
#include "dialin/trial.h"

/* ── argv, environment and files of a run ──────────────────────────────────────────────────────*/

struct dln_run_spec { /* what placeholders may ask for */
    const struct dln_study *study;
    const double *x;
    int64_t number;
    uint64_t seed;       /* of this run: derived from (study seed, number, attempt) by the caller */
    int attempt;
    int fold, folds;     /* folds 0: as many as the study says */
    const char *gpus;    /* of its slot, dln_gpus_of_slot(); NULL: the study says nothing of GPUs */
    const char *run_dir; /* absolute */
    const char *json_path; /* of params.json, absolute */
    const char *config_path; /* rendered, or NULL */
    bool is_worker;          /* of a warm worker: nothing of a trial; run_dir is its own folder */
};

/* argv (NULL-terminated) with every placeholder filled, in the arena. */
DLN_API DLN_CHECK bool dln_argv_fill(const struct dln_words *template, const struct dln_run_spec *spec,
                                     struct dln_arena *arena, char ***argv, struct dln_error *err);
/*
 * At load: unknown placeholders (with the nearest valid word) and parameters that reach the program
 * by no way (neither placeholder, {args}, {json}, {config}, nor — when the command has no
 * placeholder of a parameter at all — DIALIN_PARAMS). "FILE:LINE:COLUMN: sentence".
 */
DLN_API DLN_CHECK bool dln_argv_check(const struct dln_study *study, struct dln_error *err);
/* DLN_NOT_FOUND: the program is not on this machine, or no program. */
DLN_API DLN_CHECK bool dln_argv_find_program(const struct dln_study *study, struct dln_error *err);
/* False: values reach the program by DIALIN_PARAMS and DIALIN_PARAM_NAME alone. */
DLN_API bool dln_argv_names_param(const struct dln_study *study);
/* The command as a person may paste it into a shell: words quoted where needed. */
DLN_API void dln_argv_quote(char *const *argv, struct dln_strbuf *out);
/* envp (NULL-terminated): the parent's, DIALIN_*, PYTHONUNBUFFERED, OMP_NUM_THREADS, study env. */
DLN_API DLN_CHECK bool dln_env_fill(const struct dln_run_spec *spec, struct dln_arena *arena,
                                    char ***envp, struct dln_error *err);

/* ── warm workers ──────────────────────────────────────────────────────────────────────────────*/

/* {"lr": 0.01, "data": "cifar10"}: active parameters and constants of `fixed`. */
DLN_API void dln_params_json(const struct dln_study *study, const double *x,
                             struct dln_strbuf *out);
/* What a worker reads for this trial, without the line feed. Both are sticky, as the string is. */
DLN_API void dln_worker_line(const struct dln_run_spec *spec, struct dln_strbuf *out);
/* For a shell: a worker for one line alone. */
DLN_API void dln_worker_command(const char *line, char *const *argv, struct dln_strbuf *out);
/* The command of a trial as a person may paste it into a shell, whichever kind the study has. */
DLN_API DLN_CHECK bool dln_command_text(const struct dln_run_spec *spec, struct dln_arena *arena,
                                        struct dln_strbuf *out, struct dln_error *err);
/* NAME.runs/workers/SLOT: what a worker prints while it has no trial. */
DLN_API DLN_CHECK bool dln_worker_dir_make(const struct dln_study *study, int slot,
                                           struct dln_arena *arena, const char **dir,
                                           struct dln_error *err);
/* Kills what workers of a dead engine have left. */
DLN_API void dln_worker_end_orphans(const struct dln_study *study);

/*
 * The GPUs that a study may use (`machine:`): of CUDA_VISIBLE_DEVICES where that is set, else of
 * what nvidia-smi lists. *out is NULL for a study that says nothing of them. DLN_NOT_FOUND: there
 * are none, or not enough for one trial.
 */
typedef struct dln_gpus dln_gpus;
DLN_API DLN_CHECK bool dln_gpus_new(const struct dln_study *study, dln_gpus **out,
                                    struct dln_error *err);
DLN_API void dln_gpus_free(dln_gpus *gpus);
DLN_API int dln_gpus_slots(const dln_gpus *gpus); /* so many trials at a time */
/* "2,3": what a trial on this slot sees, in the arena. NULL: no memory. */
DLN_API char *dln_gpus_of_slot(const dln_gpus *gpus, int slot, struct dln_arena *arena);
/* "4 GPUs (0 1 2 3), 2 a trial" */
DLN_API void dln_gpus_text(const dln_gpus *gpus, struct dln_strbuf *out);

/* NAME.runs/000017 beside the study file (or `dir:`), made with cmd, params.json. */
DLN_API DLN_CHECK bool dln_run_dir_make(const struct dln_study *study, int64_t number,
                                        struct dln_arena *arena, const char **run_dir,
                                        struct dln_error *err);
/* One of the runs of a trial that has several: "fold2", "run1", "run1fold2". */
enum { DLN_RUN_FOLDER_MAX = 40 };
DLN_API void dln_run_folder(const struct dln_study *study, int part, char out[DLN_RUN_FOLDER_MAX]);
/* A folder in another one, in the arena; made. */
DLN_API DLN_CHECK bool dln_run_dir_make_in(const char *parent, const char *folder,
                                           struct dln_arena *arena, const char **run_dir,
                                           struct dln_error *err);
/* The same path, nothing made. NULL: no memory. */
DLN_API char *dln_run_dir_path(const struct dln_study *study, int64_t number,
                               struct dln_arena *arena);
/*
 * Removes everything from it but the files that dialin writes: command, parameters, config, output,
 * metrics, status, of each run of the trial. Follows no link. No folder is as good as a tidy one.
 */
DLN_API DLN_CHECK bool dln_run_dir_tidy(const struct dln_study *study, const char *run_dir,
                                        struct dln_error *err);
DLN_API DLN_CHECK bool dln_run_dir_write(const char *run_dir, const char *file, const char *text,
                                         size_t len, struct dln_error *err); /* atomic replace */

/*
 * The config file of a run (`config:`), from a template or from the parameters alone. The template
 * is read and checked once; errors: DLN_INVALID with "LINE:COLUMN: sentence" of the study file, or
 * "TEMPLATE:LINE:COLUMN: sentence".
 */
typedef struct dln_config dln_config;

/* Borrows the study. *out is NULL for a study without `config`. */
DLN_API DLN_CHECK bool dln_config_new(const struct dln_study *study, dln_config **out,
                                      struct dln_error *err);
DLN_API void dln_config_free(dln_config *config);
/* The file's name in the run directory, "config.yaml", in the arena; NULL: no memory. */
DLN_API char *dln_config_file(const struct dln_study *study, struct dln_arena *arena);
/* How many of its values come from the study. */
DLN_API size_t dln_config_count(const dln_config *config);
DLN_API DLN_CHECK bool dln_config_render(const dln_config *config, const struct dln_run_spec *spec,
                                         struct dln_strbuf *out, struct dln_error *err);

/* ── metric lines ──────────────────────────────────────────────────────────────────────────────*/

/*
 * Bytes in, declared metrics out, the same for any cutting into chunks. Only names declared by the
 * study (objectives, `metrics`, names in `limits`, confirm.metric) are looked for.
 */
typedef struct dln_metric_reader dln_metric_reader;

struct dln_metric_event {
    size_t metric; /* index, see dln_metric_names */
    double value;  /* nan and ±inf possible */
    bool has_step;
    int64_t step;  /* as printed, else the counter of this metric */
};
typedef void dln_metric_sink(void *context, const struct dln_metric_event *event);

/* Fails with DLN_INVALID "LINE:COLUMN: …" for a bad regular expression. */
DLN_API DLN_CHECK bool dln_metric_reader_new(const struct dln_study *study, dln_metric_reader **out,
                                             struct dln_error *err);
DLN_API void dln_metric_reader_free(dln_metric_reader *reader);
/* For a new run: forgets half a line and the counters. */
DLN_API void dln_metric_reader_reset(dln_metric_reader *reader);
DLN_API size_t dln_metric_count(const dln_metric_reader *reader);
DLN_API const char *dln_metric_name(const dln_metric_reader *reader, size_t metric);
/* Standard output. end: no more will come, a last line without a line feed counts. */
DLN_API void dln_metric_feed(dln_metric_reader *reader, const char *bytes, size_t len, bool end,
                             dln_metric_sink *sink, void *context);

/* ── runs ──────────────────────────────────────────────────────────────────────────────────────*/

typedef struct dln_runner dln_runner; /* guardian connection, children, logs */

struct dln_runner_options {
    const char *program; /* for the guardian; NULL: /proc/self/exe */
    int inherit_fd;      /* the lease's lock, handed to the guardian; -1: none */
    int64_t log_limit_bytes;
    int64_t orphan_grace_ms; /* TERM to KILL when the engine is gone; ≤ 1500 */
    uint64_t seed;           /* the study's: part of the names of its jobs in a queue */
};

enum dln_run_event_kind {
    DLN_RUN_STARTED, /* pid is known */
    DLN_RUN_METRIC,
    DLN_RUN_OUTPUT,  /* some output was written to the log: the run is not silent */
    DLN_RUN_ENDED,   /* main process gone, group ended, output drained: the slot is free */
    DLN_RUN_FAILED,  /* could not be started: `text` says why; no ENDED follows */
    DLN_RUN_NOTICE   /* of no run: a line for the journal in `text` */
};
enum dln_run_cause { /* why a job of a batch system ended, where its exit status does not say it */
    DLN_CAUSE_NONE,
    DLN_CAUSE_TIME_LIMIT,
    DLN_CAUSE_OUTSIDE, /* somebody else has cancelled it */
    DLN_CAUSE_SYSTEM,  /* preempted, node failure, forgotten: to be run again as it was */
    DLN_CAUSE_UNSEEN   /* ended well, and no result was seen */
};
struct dln_run_event {
    enum dln_run_event_kind kind;
    void *owner; /* as given to dln_runner_start */
    int64_t pid, pid_start;
    struct dln_metric_event metric;
    bool has_exit;
    int exit_status, signal;
    double user_s, system_s;
    int64_t max_rss_bytes;
    bool program_missing;  /* FAILED: not found or not executable: pointless to repeat */
    bool guardian_lost;    /* ENDED because the guardian died */
    bool by_worker;        /* ENDED: the word of a warm worker; a `text` says why it failed */
    bool oom;              /* the kernel or the program said out of memory (best effort) */
    bool refused;          /* FAILED: no run of this study can be started as things are */
    enum dln_run_cause cause;
    const char *text;      /* borrowed until the next call */
};

DLN_API DLN_CHECK bool dln_runner_new(const struct dln_study *study,
                                      const struct dln_runner_options *options, dln_runner **out,
                                      struct dln_error *err);
/* Ends every trial (TERM, grace, KILL) and the guardian; jobs of a batch system stay in its queue. */
DLN_API void dln_runner_free(dln_runner *runner);

struct dln_run_request {
    void *owner; /* comes back with each event; unique among live runs */
    char *const *argv, *const *envp;
    const char *directory; /* working directory */
    const char *run_dir;   /* stdout, stderr, metrics.jsonl, status go here */
    int64_t memory_bytes;  /* 0: no limit */
    int cpus;              /* of its own, and OMP_NUM_THREADS; 0: not set */
    int slot;              /* which of them: the slot's; where they do not suffice it gets all */
    /*
     * With a line it is a trial for the warm worker of this slot, which reads that line (without
     * its line feed); where there is no such worker, argv becomes one.
     */
    const char *line;
    int64_t number;         /* of the trial, as the line has it */
    const char *worker_dir; /* what the worker prints between trials */
    /* for a batch system */
    const double *x;       /* the trial's, for what a job asks for */
    int attempt;
    bool is_left;          /* an engine, now gone, may have submitted this very attempt */
};
/* Asks the guardian to start it; the outcome comes as an event. */
DLN_API DLN_CHECK bool dln_runner_start(dln_runner *runner, const struct dln_run_request *request,
                                        struct dln_error *err);
/*
 * TERM (+CONT) to the group now, KILL after grace_ms; again with 0: KILL now. A warm worker is first
 * asked to stop the trial, and gets the TERM only after grace_ms.
 */
DLN_API void dln_runner_end(dln_runner *runner, void *owner, int64_t grace_ms);
/* A signal to the group of a run that was not told to end; nothing for a job of a batch system. */
DLN_API void dln_runner_signal(dln_runner *runner, void *owner, int number);

/* Sends idle warm workers away, but for those whose slot is below n and stays. */
DLN_API void dln_runner_trim(dln_runner *runner, const bool *stays, int n);
/*
 * Batch systems (`machine.executor`). Runs outlive the engine, which takes them up again with
 * `is_left`. A study that runs on this machine has none of it: false, always room, nothing to do.
 */
DLN_API bool dln_runner_outlives(const dln_runner *runner);
/* Whether one more may be queued: limits of the study file, a queue that does not answer. */
DLN_API bool dln_runner_has_room(const dln_runner *runner);
/* The engine goes: no more events of this run. */
DLN_API void dln_runner_leave(dln_runner *runner, void *owner);
/* All that was left has been taken up: other jobs of this study are nobody's, and are cancelled. */
DLN_API void dln_runner_claim(dln_runner *runner);

struct pollfd;
/* Fills fds (at most cap) with what to poll for; *timeout_ms is lowered to the next deadline. */
DLN_API size_t dln_runner_poll(dln_runner *runner, struct pollfd *fds, size_t cap, int *timeout_ms);
/* After poll: reads (at most 1 MiB a child), keeps logs, feeds metrics, escalates signals. */
DLN_API DLN_CHECK bool dln_runner_work(dln_runner *runner,
                                       void (*sink)(void *context, const struct dln_run_event *),
                                       void *context, struct dln_error *err);

/* The body of `dialin --guardian FD`: does not return to the caller's logic; gives an exit status. */
DLN_API int dln_guardian_main(int fd);

/* Kills what is left of a run of a dead engine: by pid and start time, and by DIALIN_RUN in the
   environment. True if something was alive. */
DLN_API bool dln_exec_end_orphan(int64_t pid, int64_t pid_start, const char *run_dir);

#endif
