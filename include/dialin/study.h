/*
 * A study as its file defines it (study-file.md). Made by dln_study_read(), never changed after;
 * everything in it lives in its arena.
 */
#ifndef DIALIN_STUDY_H
#define DIALIN_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/expr.h"
#include "dialin/json.h"
#include "dialin/space.h"
#include "dialin/strbuf.h"

#define DLN_STUDY_BYTES_MAX  (1024 * 1024)
#define DLN_STUDY_NAME_MAX   512
#define DLN_OBJECTIVES_MAX   16

struct dln_objective {
    const char *metric;
    bool maximize;
};

/* A name with a value and the place where it stands; also `strategy`/`pruner` settings. */
struct dln_named_scalar {
    const char *name;
    struct dln_scalar value;
    unsigned line, column;
};

struct dln_method { /* `tpe`, or `{tpe: {startup: 20}}` */
    const char *name;
    size_t n_settings;
    const struct dln_named_scalar *settings;
    unsigned line, column;
};

struct dln_words { /* argv with placeholders, already split; n == 0: not given */
    size_t n;
    const char *const *word;
    unsigned line, column;
};

/* 0 (or has_target false) means "no such limit". Totals over the study's life. */
struct dln_budget {
    int64_t trials; /* finished or running; 0: none */
    double time_s;
    double slot_s;
    double cost;
    bool has_target;
    double target; /* of the first objective */
    int64_t no_improvement;
};

/* What a study has used up of it, over its life. */
struct dln_spent {
    double time_s; /* that engines have spent on it */
    double slot_s; /* that slots were taken, all together */
    double cost;   /* of its trials: the sum of what they report as `cost` */
};

enum dln_take { DLN_TAKE_MEAN, DLN_TAKE_MEDIAN, DLN_TAKE_WORST, DLN_TAKE_BEST };
enum dln_aggregate { DLN_AGGREGATE_LAST, DLN_AGGREGATE_BEST, DLN_AGGREGATE_MEAN };
enum dln_duplicates { DLN_DUPLICATES_AVOID, DLN_DUPLICATES_REUSE, DLN_DUPLICATES_REPEAT };

/* Why a trial failed; the text is the reason's name in the study file, the table and JSON. */
#define DLN_FAIL_REASONS(X)                                                                        \
    X(NONE, "none")                                                                                \
    X(OOM, "oom")                                                                                  \
    X(NAN, "nan")                                                                                  \
    X(TIMEOUT, "timeout")                                                                          \
    X(EXIT, "exit")                                                                                \
    X(SIGNAL, "signal")                                                                            \
    X(NO_METRIC, "no_metric")                                                                      \
    X(LOST, "lost")                                                                                \
    X(STOPPED, "stopped") /* by a person; no policy applies */

enum dln_fail_reason {
#define DLN_FAIL_ENUM(name, text) DLN_FAIL_##name,
    DLN_FAIL_REASONS(DLN_FAIL_ENUM)
#undef DLN_FAIL_ENUM
    DLN_FAIL_REASON_COUNT
};
DLN_API const char *dln_fail_reason_name(enum dln_fail_reason reason);

enum dln_fail_policy { DLN_POLICY_RETRY, DLN_POLICY_AVOID, DLN_POLICY_IGNORE };

/* What a job asks of a cluster: a number, or the value of a parameter of the trial. */
struct dln_amount {
    int count;         /* 0: not given */
    const char *param; /* NULL: `count` */
    size_t index;      /* of the parameter */
};

enum { DLN_TIMEOUT_FAIL, DLN_TIMEOUT_PRUNE };
enum dln_state_meaning { DLN_MEANS_PENDING, DLN_MEANS_HELD, DLN_MEANS_RUNNING, DLN_MEANS_ENDED };

struct dln_state_word { /* `queue`: what a word of the poll's answer means */
    const char *word;
    enum dln_state_meaning means;
};

/* `machine.executor` as slurm or queue. A text that is not given is NULL, and so is its option. */
struct dln_cluster {
    /* both */
    int max_jobs, max_queued; /* 0: as many as run in parallel */
    int64_t poll_min_ms, poll_max_ms, fs_grace_ms;
    int64_t queue_timeout_ms; /* 0: none */
    int retries;              /* of jobs that the cluster lost */
    int on_timeout;           /* DLN_TIMEOUT_FAIL, DLN_TIMEOUT_PRUNE */
    bool line_buffer;
    size_t n_setup;
    const char *const *setup; /* lines of shell */
    struct dln_words launcher;
    /* slurm */
    const char *partition, *account, *qos, *constraint, *reservation, *nodelist, *exclude, *time,
        *mem, *mem_per_cpu, *mem_per_gpu, *gpu_type, *nodes, *nice, *mail_type, *mail_user,
        *dependency;
    struct dln_amount cpus, gpus;
    int gpu_flag; /* 0: --gpus, 1: --gres */
    int env;      /* 0: the tuner's environment goes along, 1: it does not */
    bool requeue;
    size_t n_extra;
    const char *const *extra;
    /* queue */
    struct dln_words submit, poll, cancel;
    const char *id_regex; /* NULL: the first word with a digit of the last line */
    int id_column, state_column; /* of the poll's lines, from 1 */
    size_t n_states;
    const struct dln_state_word *states;
};

struct dln_machine {
    int parallel;
    bool has_parallel; /* else as many as there are GPUs for, where there are any */
    bool gpus_auto;
    int gpus; /* -1: not given */
    double gpus_per_trial;
    int trials_per_gpu;
    int cpus_per_trial;
    int64_t memory_bytes;    /* per trial; 0: no limit */
    int64_t timeout_ms;      /* 0: none */
    int64_t idle_timeout_ms; /* 0: none */
    int64_t grace_ms;
    int64_t log_limit_bytes;
    const char *executor; /* "local", "slurm", "queue" */
    struct dln_cluster cluster;
};

struct dln_metric_pattern { /* POSIX extended expression; group 1 is the number */
    const char *name;
    const char *regex;
    unsigned line, column;
};

struct dln_start_point { /* a point to try first; what is not named is suggested */
    bool is_default;
    size_t n;
    const struct dln_named_scalar *values; /* parameter → value, checked */
    unsigned line, column;
};

struct dln_confirm {
    bool given;
    int top, seeds, folds;
    struct dln_words run;
    const char *metric;
};

/* Trials of an earlier study as points of this one, the best first. */
struct dln_past {
    const char *from;    /* as the study file names it */
    size_t n;
    const double *x;     /* n × d, complete */
    const double *score; /* z-score within its study, the mean of all objectives; less is better */
};

enum dln_config_format { DLN_CONFIG_NONE, DLN_CONFIG_YAML, DLN_CONFIG_JSON, DLN_CONFIG_TOML, DLN_CONFIG_INI, DLN_CONFIG_TEXT };

/* Another definition of a parameter than the file's: dialin/space_edit.h. */
struct dln_space_edit {
    const char *name;
    const char *definition; /* "{float: [0, 1]}"; NULL: it is gone */
};

struct dln_study {
    struct dln_arena arena;
    const char *name;
    const char *path;      /* of the file, "" when read from memory */
    const char *directory; /* the trials' working directory: the file's, absolute */
    const char *text;      /* the file as it stood */
    size_t text_len;
    size_t n_edits; /* of the space since then, in the order in which they came */
    const struct dln_space_edit *edits;

    struct dln_words run, worker;
    size_t n_objectives;
    struct dln_objective *objectives;
    struct dln_space space;
    struct dln_method strategy, pruner; /* pruner.name "none" when not given */
    const char *prune_on;
    struct dln_budget budget;
    struct dln_machine machine;
    struct dln_confirm confirm;
    int folds, repeat_runs;
    enum dln_take take;
    enum dln_aggregate aggregate;
    size_t n_patterns;
    struct dln_metric_pattern *patterns;
    size_t n_limits;
    struct dln_constraint *limits;
    enum dln_fail_policy policy[DLN_FAIL_REASON_COUNT];
    int retries;     /* `failure: {retry: N}` */
    int pause_after; /* failures in a row; 0: never */
    size_t n_start;
    struct dln_start_point *start;
    size_t n_fixed;
    struct dln_named_scalar *fixed;
    enum dln_config_format config_as;
    const char *config_from; /* the template; NULL: the parameters alone */
    unsigned config_line, config_column;
    enum dln_duplicates duplicates;
    bool has_seed;
    uint64_t seed;
    size_t n_env;
    struct dln_named_scalar *env;
    const char *dir;        /* of the run directories; NULL: NAME.runs */
    const char *checkpoint; /* a name in the run directory, or an absolute folder for all */
    size_t n_hooks;
    struct dln_named_scalar *hooks;
    int64_t keep_top; /* what is left of trials stays for so many of the best; -1: all */
    size_t n_warm_start;
    const char *const *warm_start; /* "old.db", "old.db#study" */
    size_t n_past; /* with a definition from a store: what these gave when they were first read */
    const struct dln_past *past;

    size_t n_warnings;
    const char *const *warnings; /* sentences with their place */
};

/*
 * Reads and validates a study file. Errors: DLN_INVALID with "FILE:LINE:COLUMN: sentence" (and the
 * nearest valid word where a word is unknown), DLN_NOT_FOUND, DLN_IO, DLN_NOMEM.
 */
DLN_API DLN_CHECK bool dln_study_read_file(const char *path, struct dln_study **out,
                                           struct dln_error *err);
/* The same from memory; `path` is used for messages and for the working directory. */
DLN_API DLN_CHECK bool dln_study_read(const char *path, const char *text, size_t len,
                                      struct dln_study **out, struct dln_error *err);
DLN_API void dln_study_free(struct dln_study *study);
/* Runs that are one trial: folds × repeats, at least 1. */
DLN_API int dln_study_runs(const struct dln_study *study);
/* "mean", "median", "worst", "best" */
DLN_API const char *dln_take_name(enum dln_take take);

/* DLN_INVALID where it names no program. */
DLN_API DLN_CHECK bool dln_study_can_run(const struct dln_study *study, struct dln_error *err);

/* `run`, or `worker` where that is given. */
DLN_API const struct dln_words *dln_study_command(const struct dln_study *study);

/* {"tpe": {"startup": 20}}: a method as JSON, as a person sets it while a study runs. */
DLN_API void dln_method_json(const struct dln_method *method, struct dln_strbuf *out);
/* Also "tpe" alone. Results lie in the arena, without a place in a file: line 0. */
DLN_API DLN_CHECK bool dln_method_read(const json_t *json, struct dln_arena *arena,
                                       struct dln_method *out, struct dln_error *err);
/* "tpe startup=20" for people. */
DLN_API void dln_method_text(const struct dln_method *method, struct dln_strbuf *out);

/* Turns a start point, or the `params` of an enqueue, into x; NaN where not named. Checked. */
DLN_API void dln_study_start_point(const struct dln_study *study, size_t index, double *x);

#endif
