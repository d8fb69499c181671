/*
 * The file: an Optuna storage (alembic head v3.2.0.a) with our tables dialin_* beside it. The
 * database is the one truth. One process (the engine, which holds the lease) writes; everybody else
 * reads, and inserts one row into dialin_commands to be obeyed. Guests, programs that ask and tell,
 * write trials of their own beside it, as workers of Optuna do.
 *
 * A connection belongs to one thread. Every connection is opened with the hostile-file settings of
 * R29 before its first query; every write is one short BEGIN IMMEDIATE transaction.
 * Codes: DLN_NOT_FOUND no such file or study · DLN_BUSY locked, or the lease is another's ·
 * DLN_CORRUPT damaged or not an Optuna file · DLN_STORAGE everything else of SQLite.
 */
#ifndef DIALIN_STORE_H
#define DIALIN_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/command.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/space.h"
#include "dialin/study.h"
#include "dialin/trial.h"

typedef struct dln_store dln_store;

enum dln_store_mode {
    DLN_STORE_READ,   /* never writes a byte; made tables are not made */
    DLN_STORE_STEER,  /* reads, and may insert commands; busy_timeout 500 ms; never checkpoints */
    DLN_STORE_GUEST,  /* writes trials of its own; busy_timeout 5 s; never checkpoints */
    DLN_STORE_ENGINE, /* reads and writes; busy_timeout 5 s; checkpoints while it holds a lease */
    DLN_STORE_CREATE  /* as ENGINE, and makes the file and all tables when it does not exist */
};

DLN_API DLN_CHECK bool dln_store_open(const char *path, enum dln_store_mode mode, dln_store **out,
                                      struct dln_error *err);
/*
 * Whoever holds a lease moves the log (WAL) into the file and empties it; nobody else does while
 * others have the file open. Looking leaves no file behind that was not there. NULL is fine.
 */
DLN_API void dln_store_close(dln_store *store);
DLN_API const char *dln_store_path(const dln_store *store);
/* Why the file can only be read ("unknown newer schema v9"), or NULL. */
DLN_API const char *dln_store_read_only_reason(const dln_store *store);
/* PRAGMA data_version: another value means that another connection has committed. 0 on error. */
DLN_API int64_t dln_store_version(dln_store *store);
/* "3.40.1", and a sentence when that release has the known WAL-reset fault, else NULL. */
DLN_API const char *dln_store_sqlite_version(void);
DLN_API const char *dln_store_sqlite_notice(void);
/* Whether a path lies on a file system that several machines share: such a file has no WAL. */
DLN_API bool dln_store_is_on_network(const char *path);
/* The folder of the engines' locks, made where it is missing; fails where no engine could start. */
DLN_API DLN_CHECK bool dln_store_lock_folder(struct dln_error *err);

/* ── studies ───────────────────────────────────────────────────────────────────────────────────*/

#define DLN_ENGINE_STATES(X) \
    X(IDLE, "idle")          \
    X(RUNNING, "running") X(PAUSED, "paused") X(DRAINING, "draining") X(DONE, "done")
enum dln_engine_state {
#define DLN_ENGINE_ENUM(name, text) DLN_ENGINE_##name,
    DLN_ENGINE_STATES(DLN_ENGINE_ENUM)
#undef DLN_ENGINE_ENUM
};
DLN_API const char *dln_engine_state_name(enum dln_engine_state state);

/* Who holds a study's lease. */
struct dln_lease_info {
    bool held;
    bool alive; /* same host: pid and start time checked; other host: heartbeat younger than 30 s */
    bool here;  /* this host */
    const char *host;
    int64_t pid;
    int64_t started_us, heartbeat_us;
    int64_t heartbeat_age_ms;
};

/* What a person may change mid-run; stored in dialin_studies, starts as the study file says. */
/* More trials than this never run at a time. */
enum { DLN_SLOTS_MAX = 1024 };

struct dln_live_settings {
    int parallel;
    bool is_closed[DLN_SLOTS_MAX]; /* slots that get no trial */
    struct dln_budget budget;
};

/* One row of `dialin ls` and of the home screen; cheap: no scan of parameters. */
struct dln_study_summary {
    int64_t id;
    const char *name;
    size_t n_objectives;
    const bool *maximize;
    const char *const *metric_names; /* "value", "value 1"… where the file has none */
    bool is_counted;                 /* else counts, best and activity are not known yet */
    int64_t counts[DLN_TRIAL_STATE_COUNT];
    int64_t n_trials;
    int64_t best_id, best_number; /* single objective; -1: none yet */
    double best_value;
    int best_runs; /* that it comes from, 0: it was one; and their standard deviation, or NaN */
    double best_spread;
    int64_t last_activity_us; /* newest start or end; 0: none */
    int64_t
        finished_per_bin[10]; /* trials ended in the last 24 h, 10 bins of 2.4 h, oldest first */
    bool is_ours;             /* has a dialin_studies row */
    enum dln_engine_state state;
    const char *why; /* of the state: "budget: trials", "5 failures in a row: exit 1" */
    struct dln_live_settings live;
    uint64_t seed;
    const char *strategy; /* name, "" when unknown */
    struct dln_lease_info lease;
    int64_t created_us;
    struct dln_spent spent; /* as last written */
};

/* Every study of the file, in id order, in the arena. */
DLN_API DLN_CHECK bool dln_store_studies(dln_store *store, struct dln_arena *arena,
                                         struct dln_study_summary **out, size_t *n,
                                         struct dln_error *err);
DLN_API DLN_CHECK bool dln_store_study(dln_store *store, int64_t study_id, struct dln_arena *arena,
                                       struct dln_study_summary *out, struct dln_error *err);
/* The same at once: where trials are many and nobody has counted them, is_counted is false. */
DLN_API DLN_CHECK bool dln_store_study_head(dln_store *store, int64_t study_id,
                                            struct dln_arena *arena, struct dln_study_summary *out,
                                            struct dln_error *err);
/*
 * The id of a name; of the only study when name is NULL (DLN_USAGE lists the names when there are
 * several, DLN_NOT_FOUND when there is none).
 */
DLN_API DLN_CHECK bool dln_store_find_study(dln_store *store, const char *name, int64_t *study_id,
                                            struct dln_error *err);
/*
 * The definition as last applied: parsed from the stored text. DLN_NOT_FOUND for a study that has
 * none (a pure Optuna study).
 */
DLN_API DLN_CHECK bool dln_store_definition(dln_store *store, int64_t study_id,
                                            struct dln_study **out, struct dln_error *err);
/*
 * The space of a study without a definition, from its trials' distributions: the newest one of each
 * name, no conditions. For looking.
 */
DLN_API DLN_CHECK bool dln_store_infer_space(dln_store *store, int64_t study_id,
                                             struct dln_arena *arena, struct dln_space *out,
                                             struct dln_error *err);
/*
 * The same at once, however long the study is: of more than some 20,000 trials the oldest, the
 * newest and some between are looked at, and *sampled is set. A trial that has a parameter which
 * the sample did not show says so (has_strangers): then infer the space anew.
 */
DLN_API DLN_CHECK bool dln_store_sample_space(dln_store *store, int64_t study_id,
                                              struct dln_arena *arena, struct dln_space *out,
                                              bool *sampled, struct dln_error *err);

/*
 * Makes a study (directions, metric names, dialin:uid, dialin:time, dialin_studies row) and its
 * start points as WAITING trials, durably. The seed is def->seed or freshly drawn. Mode CREATE.
 */
DLN_API DLN_CHECK bool dln_store_create_study(dln_store *store, const struct dln_study *def,
                                              int64_t *study_id, struct dln_error *err);
/*
 * Applies a changed study file to an existing study: DLN_REFUSED with a sentence when objectives or
 * the kind of a parameter with trials differ. Budget and parallel in the file replace the live
 * ones.
 */
DLN_API DLN_CHECK bool dln_store_update_study(dln_store *store, int64_t study_id,
                                              const struct dln_study *def, struct dln_error *err);
DLN_API DLN_CHECK bool dln_store_set_live(dln_store *store, int64_t study_id,
                                          const struct dln_live_settings *live,
                                          struct dln_error *err);
/*
 * The strategy from now on, instead of the file's: dln_store_definition() gives it, until a changed
 * file names another one than before.
 */
DLN_API DLN_CHECK bool dln_store_set_strategy(dln_store *store, int64_t study_id,
                                              const struct dln_method *method,
                                              struct dln_error *err);
/* The space from now on, by dln_study_edit(). DLN_REFUSED: choices grow while another program runs a
 * trial, or a parameter with trials would become another kind. */
DLN_API DLN_CHECK bool dln_store_set_space(dln_store *store, int64_t study_id,
                                           const struct dln_study *study, struct dln_error *err);
/* The same for the pruner. */
DLN_API DLN_CHECK bool dln_store_set_pruner(dln_store *store, int64_t study_id,
                                            const struct dln_method *method, struct dln_error *err);
DLN_API DLN_CHECK bool dln_store_set_state(dln_store *store, int64_t study_id,
                                           enum dln_engine_state state, const char *why,
                                           const struct dln_spent *spent, struct dln_error *err);
/*
 * The sum of the user attribute `cost` of all trials, and of the values of an objective of that
 * name (its index, or -1) of those that are COMPLETE.
 */
DLN_API DLN_CHECK bool dln_store_cost(dln_store *store, int64_t study_id, int objective,
                                      double *cost, struct dln_error *err);

/* What an earlier study, as `warm_start` names it, has for this one. */
struct dln_past_report {
    const char *from, *study;
    const char *matched, *only_here, *only_there; /* names of parameters, "a, b" */
    size_t n_trials;                              /* complete ones within their limits */
    size_t n_fitting;                             /* that have a place in this space */
    const size_t *n_outside; /* d + 1: those that have none, by parameter; last: by constraints */
    struct dln_past past;    /* of those that fit at most 256, the best half and a sample */
};
DLN_API DLN_CHECK bool dln_store_past(const struct dln_study *def, const char *from,
                                      struct dln_arena *arena, struct dln_past_report *out,
                                      struct dln_error *err);
/*
 * The points to try first: of each source in turn the best, four different ones at most, and a
 * fifth of the budget. n × d in the arena.
 */
DLN_API DLN_CHECK bool dln_past_portfolio(const struct dln_study *def, size_t n_past,
                                          const struct dln_past *past, struct dln_arena *arena,
                                          const double **x, size_t *n, struct dln_error *err);

/* ── the lease (R11) ───────────────────────────────────────────────────────────────────────────*/

/*
 * Takes the lease of a study for this store, or fails with DLN_BUSY and a sentence that names the
 * holder ("engine pid 4242 on node07 since …"). While it is held, every write of this store is
 * fenced: it fails with DLN_BUSY once somebody else has taken the lease. *lock_fd (may be NULL)
 * gets the side-file lock's descriptor, to be inherited by the guardian; the store keeps its own.
 */
DLN_API DLN_CHECK bool dln_store_take_lease(dln_store *store, int64_t study_id, int *lock_fd,
                                            struct dln_error *err);
DLN_API DLN_CHECK bool dln_store_beat(dln_store *store, struct dln_error *err); /* every 10 s */
DLN_API void dln_store_drop_lease(dln_store *store);

/* ── guests: trials of a program that asks and tells, without the lease ────────────────────────*/

/*
 * From now on start, enqueue, next_waiting, claim, report and finish of this store are a guest's,
 * on this study, whoever holds the lease. Its trials carry `dialin:asked` and are foreign to an
 * engine; any guest may report on them and finish them. Finishing is durable.
 */
DLN_API DLN_CHECK bool dln_store_join(dln_store *store, int64_t study_id, struct dln_error *err);
/* The number that the next trial gets, if nobody is faster. */
DLN_API DLN_CHECK bool dln_store_next_number(dln_store *store, int64_t *number,
                                             struct dln_error *err);
/* Heartbeats of trials (by id) that somebody works at, as Optuna writes them. */
DLN_API DLN_CHECK bool dln_store_beat_trials(dln_store *store, size_t n, const int64_t *ids,
                                             struct dln_error *err);
/*
 * Guests' trials that once had a heartbeat, and none for max_age_s, become failed: lost. *n of
 * them. A trial that never had one waits to be told for ever. By a guest, or the holder of the
 * lease.
 */
#define DLN_LOST_S 120 /* Optuna's own measure */
DLN_API DLN_CHECK bool dln_store_fail_lost(dln_store *store, int64_t max_age_s, size_t *n,
                                           struct dln_error *err);
/* The WAL has grown to where an engine would move it into the file. */
DLN_API bool dln_store_log_is_long(const dln_store *store);
/*
 * Takes the lease for a moment, if nobody has it, to move the WAL into the file: where guests are
 * alone, nobody else would. Never fails: an engine that is at work does it itself.
 */
DLN_API void dln_store_shorten_log(const char *path, int64_t study_id);

/* ── trials, written by the lease holder ───────────────────────────────────────────────────────*/

struct dln_new_trial {
    const double *x;      /* complete: NaN only where inactive */
    const char *strategy; /* that made it */
    const char *why;      /* one line, may be NULL */
    const char *memo; /* JSON that the strategy wants to see again in the history; may be NULL */
    double predicted_mean, predicted_sd; /* NaN: none */
};
/* A RUNNING trial with all its parameters, in one transaction. */
DLN_API DLN_CHECK bool dln_store_start_trial(dln_store *store, const struct dln_space *space,
                                             const struct dln_new_trial *trial, int64_t *id,
                                             int64_t *number, struct dln_error *err);
/* The same with this number: DLN_REFUSED when somebody else has taken it. */
DLN_API DLN_CHECK bool dln_store_start_numbered(dln_store *store, const struct dln_space *space,
                                                int64_t number, const struct dln_new_trial *trial,
                                                int64_t *id, struct dln_error *err);
/*
 * A WAITING trial with fixed values (NaN: to be suggested). `copy_of` ≥ 0: the number of the trial
 * that this one retries or copies (kept as failed_trial / retry_history when is_retry).
 */
DLN_API DLN_CHECK bool dln_store_enqueue(dln_store *store, const struct dln_space *space,
                                         const double *x, int64_t copy_of, bool is_retry,
                                         const char *who, int64_t *id, int64_t *number,
                                         struct dln_error *err);
/* The lowest-numbered WAITING trial: its row and fixed x (NaN where free). False + NOT_FOUND: none.
 */
DLN_API DLN_CHECK bool dln_store_next_waiting(dln_store *store, const struct dln_space *space,
                                              int64_t *id, int64_t *number, double *x,
                                              struct dln_error *err);
/* What a person fixed of any WAITING trial, by id (NaN where free). For looking: needs no lease. */
DLN_API DLN_CHECK bool dln_store_waiting_point(dln_store *store, int64_t study_id,
                                               const struct dln_space *space, int64_t trial_id,
                                               double *x, struct dln_error *err);
/*
 * Other fixed values for a WAITING trial; out of the queue: it has failed, stopped by a person,
 * with a line about who. DLN_REFUSED: it does not wait any more.
 */
DLN_API DLN_CHECK bool dln_store_revise(dln_store *store, const struct dln_space *space, int64_t id,
                                        const double *x, struct dln_error *err);
DLN_API DLN_CHECK bool dln_store_withdraw(dln_store *store, int64_t id, const char *detail,
                                          struct dln_error *err);
/*
 * WAITING → RUNNING with x complete. DLN_BUSY when somebody else was faster
 * (optuna-storage.md 10.3: with foreign workers alive the second look after 200 ms is the caller's:
 * dln_store_still_claimed).
 */
DLN_API DLN_CHECK bool dln_store_claim(dln_store *store, const struct dln_space *space, int64_t id,
                                       const struct dln_new_trial *trial, struct dln_error *err);
DLN_API DLN_CHECK bool dln_store_foreign_workers(dln_store *store, bool *alive,
                                                 struct dln_error *err);
DLN_API DLN_CHECK bool dln_store_still_claimed(dln_store *store, int64_t id, bool *ours,
                                               struct dln_error *err);

struct dln_report {
    int64_t step;
    double value; /* NaN and infinities are stored by their type */
};
/* Intermediate values of a RUNNING trial; a repeated step overwrites. One transaction. */
DLN_API DLN_CHECK bool dln_store_report(dln_store *store, int64_t trial_id, size_t n,
                                        const struct dln_report *reports, struct dln_error *err);

/* Forgets the intermediate values of a RUNNING trial from this step on: it is run again from there.
 */
DLN_API DLN_CHECK bool dln_store_rewind(dln_store *store, int64_t trial_id, int64_t step,
                                        struct dln_error *err);

struct dln_run { /* one attempt at a trial, as dialin_runs holds it */
    int attempt, slot;
    int64_t pid;
    int64_t pid_start; /* field 22 of /proc/PID/stat */
    const char *run_dir, *command;
};
DLN_API DLN_CHECK bool dln_store_add_run(dln_store *store, int64_t trial_id,
                                         const struct dln_run *run, int64_t *run_id,
                                         struct dln_error *err);
struct dln_run_end {
    bool has_exit; /* else it ended by `signal` */
    int exit_status, signal;
    double user_s, system_s;
    int64_t max_rss_bytes;
};

/*
 * One run of a trial of several (`folds`, `repeat`) has ended well: its values as an attribute, its
 * intermediate value and the run's end in one guarded transaction. DLN_REFUSED as for finish.
 */
#define DLN_KEY_RUN   "dialin:run:" /* and its number: the system attribute */
#define DLN_PART_DONE "done: "      /* the run's detail begins with it: no failure */
struct dln_part {
    const char *key, *json;
    bool has_report;
    struct dln_report report;
    int64_t run_id; /* 0: none */
    struct dln_run_end end;
    const char *detail;
};
DLN_API DLN_CHECK bool dln_store_put_part(dln_store *store, int64_t trial_id,
                                          const struct dln_part *part, struct dln_error *err);

/* What a pruner compared when it ended a trial; kept as the user attribute dialin_pruned. */
struct dln_cut {
    const char *pruner;
    int64_t step;
    double value, threshold; /* NaN: nothing was compared */
};

struct dln_finish {
    enum dln_trial_state state; /* COMPLETE, PRUNED, FAIL */
    const double *values;       /* m values for COMPLETE; may be NULL else */
    enum dln_fail_reason reason;
    const char *detail;     /* one line, may be NULL */
    int64_t run_id;         /* 0: none */
    struct dln_run_end end; /* of that run */
    size_t n_extra;         /* user attributes: metrics seen that are no objective … */
    const char *const *extra_names;
    const double *extra_values;
    int n_runs;                /* that the values come from; 0: it was one run */
    enum dln_take take;        /* by which */
    const double *spread;      /* of n_runs: one an objective, NaN where there is none */
    const struct dln_cut *cut; /* PRUNED by a pruner; NULL: by a person */
    const double *limits;      /* n_limits violations (≤ 0 feasible) as Optuna's `constraints` */
    size_t n_limits;
};
/*
 * RUNNING → finished with values, attributes and the run's end in one guarded transaction.
 * DLN_REFUSED when the trial is not RUNNING any more (told by somebody else), or when another
 * program has taken it after we had claimed it: the result is its then.
 */
DLN_API DLN_CHECK bool dln_store_finish(dln_store *store, int64_t trial_id,
                                        const struct dln_finish *finish, struct dln_error *err);
/* Ends one run while the trial goes on to a next attempt (retry). */
DLN_API DLN_CHECK bool dln_store_end_run(dln_store *store, int64_t run_id,
                                         const struct dln_run_end *end, const char *detail,
                                         struct dln_error *err);

/* A trial that was run elsewhere and has ended. */
struct dln_past_trial {
    const double *x;              /* NaN only where inactive */
    enum dln_trial_state state;   /* COMPLETE, PRUNED, FAIL */
    const double *values;         /* m values for COMPLETE; NULL else */
    int64_t started_us, ended_us; /* 0: now */
    const char *source;           /* where it comes from, shown as its strategy's reason */
};
/* Adds them as evidence, all or none, numbered in order. */
DLN_API DLN_CHECK bool dln_store_add_past(dln_store *store, const struct dln_space *space, size_t n,
                                          const struct dln_past_trial *trials,
                                          struct dln_error *err);

/* RUNNING trials of ours whose engine is gone, for recovery: newest run of each. */
struct dln_orphan {
    int64_t trial_id, number, run_id;
    bool is_open; /* that run has no end yet */
    int attempt;  /* 0: none was started */
    int failures; /* runs that ended by themselves, not because their engine went */
    int64_t pid, pid_start;
    bool same_boot;
    const char *run_dir;
    const double *x;
};
DLN_API DLN_CHECK bool dln_store_orphans(dln_store *store, const struct dln_space *space,
                                         struct dln_arena *arena, struct dln_orphan **out,
                                         size_t *n, struct dln_error *err);
/* Whether new commits should wait: PASSIVE checkpoint when idle or the WAL is long. Never fails. */
DLN_API void dln_store_checkpoint(dln_store *store);

/* ── following (any reader) ────────────────────────────────────────────────────────────────────*/

/*
 * What is new since the last look. Each dln_follow_next() runs short read transactions and leaves
 * its results in its own arena until the next call. The first call gives the newest `page` trials;
 * later ones fill in the rest, oldest first, in slices of at most 2000; then what has changed.
 */
typedef struct dln_follow dln_follow;

struct dln_batch {
    bool has_summary; /* summary is new */
    struct dln_study_summary summary;
    size_t n_trials; /* new or changed, ascending id; replace what you hold by id */
    const struct dln_trial *trials;
    bool all_loaded; /* nothing older is missing */
    double loaded;   /* share of trials loaded so far, 0 … 1 */
    bool more;       /* call again at once: this was a slice */
    bool study_gone;
};

/* `space` must outlive it; parameters of other names are left out. */
DLN_API DLN_CHECK bool dln_follow_open(const char *path, int64_t study_id,
                                       const struct dln_space *space, size_t n_objectives,
                                       size_t page, dln_follow **out, struct dln_error *err);
DLN_API void dln_follow_close(dln_follow *follow);
/* False + DLN_BUSY: locked, keep what you have and try later. An empty batch: nothing is new. */
DLN_API DLN_CHECK bool dln_follow_next(dln_follow *follow, struct dln_batch *out,
                                       struct dln_error *err);

/* One trial in full, by number. DLN_NOT_FOUND. */
DLN_API DLN_CHECK bool dln_store_trial(dln_store *store, int64_t study_id,
                                       const struct dln_space *space, size_t n_objectives,
                                       int64_t number, struct dln_arena *arena,
                                       struct dln_trial *out, struct dln_error *err);
/*
 * At most `limit` trials behind an id, oldest first, or (newest) the last ones of all; ascending
 * id. What `parts` leaves out is empty: no steps, no texts; NaN for parameters.
 */
enum dln_trial_parts { DLN_TRIAL_ALL, DLN_TRIAL_PARAMS, DLN_TRIAL_VALUES };
DLN_API DLN_CHECK bool dln_store_trials(dln_store *store, int64_t study_id,
                                        const struct dln_space *space, size_t n_objectives,
                                        enum dln_trial_parts parts, int64_t after_id, size_t limit,
                                        bool newest, struct dln_arena *arena,
                                        const struct dln_trial **out, size_t *n,
                                        struct dln_error *err);


/* ── what strategies learn from ────────────────────────────────────────────────────────────────*/

/* What strategies need of all trials of a study, kept current by the engine's own connection. */
struct dln_history_row {
    int64_t id, number;
    enum dln_trial_state state;
    const double *x;      /* d; NaN inactive */
    const double *values; /* m; NaN none */
    int64_t last_step;    /* -1: no report */
    double last_value;
    enum dln_fail_reason reason;
    double violation; /* sum of its positive constraint values; 0: feasible, or none are known */
    const char *strategy, *memo;
    double seconds; /* from start to end; 0: not ended, or not known */
};
DLN_API DLN_CHECK bool dln_store_history(dln_store *store, int64_t study_id,
                                         const struct dln_space *space, size_t n_objectives,
                                         int64_t after_id, struct dln_arena *arena,
                                         struct dln_history_row **out, size_t *n,
                                         struct dln_error *err);
/* One trial of it, by id. DLN_NOT_FOUND. */
DLN_API DLN_CHECK bool dln_store_history_one(dln_store *store, int64_t study_id,
                                             const struct dln_space *space, size_t n_objectives,
                                             int64_t id, struct dln_arena *arena,
                                             struct dln_history_row *out, struct dln_error *err);
/* Complete trials of which something was predicted when they were asked for; ascending number. */
struct dln_foretold {
    int64_t number;
    bool is_by_hand; /* a person's point */
    double mean, sd; /* of the first objective, predicted */
    double value;    /* that it had */
};
DLN_API DLN_CHECK bool dln_store_foretold(dln_store *store, int64_t study_id,
                                          struct dln_arena *arena, struct dln_foretold **out,
                                          size_t *n, struct dln_error *err);
/* The seconds of one trial, to the microsecond those of its history row. */
DLN_API DLN_CHECK bool dln_store_seconds(dln_store *store, int64_t trial_id, double *seconds,
                                         struct dln_error *err);

/* The intermediate values of trials with an id above, for pruners; trials without any are left out.
 */
struct dln_curve_row {
    int64_t trial_id;
    size_t n_steps;
    const int64_t *steps; /* ascending */
    const double *curve;
};
DLN_API DLN_CHECK bool dln_store_curves(dln_store *store, int64_t study_id, int64_t after_id,
                                        struct dln_arena *arena, struct dln_curve_row **out,
                                        size_t *n, struct dln_error *err);

/* ── studies from file to file ─────────────────────────────────────────────────────────────────*/

struct dln_copy {
    const char *name;         /* of the copy; NULL: the same */
    const int64_t *trial_ids; /* n rows, in the order in which they are numbered */
    size_t n;
};
struct dln_copied {
    int64_t study_id;
    size_t trials, left_out; /* left out: running, or gone meanwhile */
};
/*
 * Copies a study with the trials named into another file (mode CREATE), as a new study that Optuna
 * reads as it reads the old one. One transaction. DLN_REFUSED: the name is taken there.
 */
DLN_API DLN_CHECK bool dln_store_copy_study(dln_store *from, int64_t study_id,
                                            const struct dln_copy *what, dln_store *to,
                                            struct dln_copied *out, struct dln_error *err);

/*
 * Brings a file of Optuna 3.0 or 3.1 to the format of 3.2 … 5.0 (an index and a version row), after
 * a copy of it was made at `backup`, which must not exist. *changed false: it has that format
 * already, and no copy was made. Mode ENGINE.
 */
DLN_API DLN_CHECK bool dln_store_upgrade(dln_store *store, const char *backup, bool *changed,
                                         struct dln_error *err);

struct dln_rescued {
    int64_t read;   /* rows that could be read and were copied */
    int64_t gaps;   /* places where something could not be read */
    int64_t adrift; /* rows left out because their trial or study is lost */
    int64_t trials, studies;
    int64_t made_up; /* studies that are lost but for their trials, and got a name */
};
/*
 * Copies what can still be read of a damaged file into a new one at `to`, which must not exist.
 * The damaged file is only read.
 */
DLN_API DLN_CHECK bool dln_store_rescue(const char *from, const char *to, struct dln_rescued *out,
                                        struct dln_error *err);

#endif
