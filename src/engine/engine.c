#include "dialin/engine.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/clock.h"
#include "engine/budget.h"
#include "engine/confirming.h"
#include "engine/driver.h"
#include "engine/limits.h"
#include "engine/loop.h"
#include "engine/obey.h"
#include "engine/recover.h"
#include "engine/refresh.h"

/* Of the guardian between TERM and KILL when the engine is gone: all must be over in two seconds.
 */
enum { ORPHAN_GRACE_MS = 1000 };

struct dln_engine {
    struct dln_driver driver; /* the thread's, from the moment it exists until it has ended */
    pthread_t thread;
    struct dln_wake wake;
    struct dln_wake notify;
    bool has_notify;
    bool only_confirms; /* driver.confirm, and nothing else */
    atomic_int quits;
    atomic_bool is_over;
};

/* ── start ─────────────────────────────────────────────────────────────────────────────────────*/

static bool open_runner(struct dln_driver *driver, const struct dln_engine_options *options,
                        struct dln_error *err)
{
    struct dln_study *study = driver->study;
    const struct dln_runner_options runner = {
        .program = options->guardian,
        .inherit_fd = driver->lock_fd,
        .log_limit_bytes = study->machine.log_limit_bytes,
        .seed = driver->seed,
        .orphan_grace_ms =
            study->machine.grace_ms < ORPHAN_GRACE_MS ? study->machine.grace_ms : ORPHAN_GRACE_MS,
    };
    return dln_runner_new(study, &runner, &driver->runner, err);
}

/* The same for an engine that runs no trial. */
static bool prepare_confirm(struct dln_engine *engine, const struct dln_engine_options *options,
                            struct dln_error *err)
{
    struct dln_driver *driver = &engine->driver;
    engine->only_confirms = true;
    driver->confirm = *options->confirm;
    driver->beat_ns = dln_clock_mono_ns() + DLN_BEAT_MS * DLN_NS_PER_MS;
    return dln_study_can_run(driver->study, err) && dln_argv_check(driver->study, err) &&
           dln_config_new(driver->study, &driver->config, err) && open_runner(driver, options, err);
}

/* Everything that can fail before the first trial, in the caller's thread, for its sentences. */
static bool prepare(struct dln_driver *driver, const struct dln_engine_options *options,
                    struct dln_error *err)
{
    struct dln_study *study = driver->study;
    if (!dln_study_can_run(study, err) || !dln_argv_check(study, err)) return false;
    if (!dln_gpus_new(study, &driver->gpus, err)) return false;
    if (!dln_config_new(study, &driver->config, err)) return false;
    if (!dln_limits_new(study, &driver->limits, err)) return false;
    if (!dln_proposer_new(study, driver->seed, &driver->proposer, err)) return false;
    if (!dln_pruning_new(study, &study->pruner, &driver->pruning, err)) return false;
    if (!dln_ledger_init(&driver->ledger, study, err)) return false;
    driver->is_engine = true;
    if (study->worker.n > 0) dln_worker_end_orphans(study);
    return open_runner(driver, options, err);
}

/* A step that went through the driver's own bookkeeping of failures, as an error for the caller. */
static bool went_well(const struct dln_driver *driver, struct dln_error *err)
{
    if (dln_driver_is_failing(driver)) {
        return dln_fail(err, driver->end_error.code, "%s", driver->end_error.text);
    }
    if (driver->trouble.active) return dln_fail(err, DLN_STORAGE, "%s", driver->trouble.text);
    return true;
}

static void tell_start(struct dln_driver *driver, size_t n_orphans)
{
    struct dln_strbuf text = {0};
    const int64_t used = dln_ledger_used(&driver->ledger);
    dln_strbuf_addf(&text, used > 0 ? "resume" : "start");
    if (used > 0) dln_strbuf_addf(&text, " after %" PRId64 " trials", used);
    dln_strbuf_add(&text, ": budget ");
    dln_budget_text(&driver->live.budget, &text);
    dln_strbuf_addf(&text, ", parallel %d", driver->live.parallel);
    if (driver->gpus) {
        dln_strbuf_add(&text, ", ");
        dln_gpus_text(driver->gpus, &text);
    }
    if (n_orphans > 0) {
        dln_strbuf_addf(&text, "; %zu unfinished %s", n_orphans,
                        dln_runner_outlives(driver->runner) ? "taken up" : "run again");
    }
    dln_driver_note(driver, "%s", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
    if (strcmp(driver->study->pruner.name, "auto") == 0) {
        dln_driver_note(driver, "pruner auto: %s", dln_pruner_auto_why(driver->study));
    }
}

/* Where the study file does not say how many at a time: at the first start, one on each GPU. */
static bool fill_gpus(struct dln_driver *driver)
{
    struct dln_error err = {0};
    struct dln_live_settings live = driver->live;
    if (!driver->gpus || driver->study->machine.has_parallel || driver->ledger.n_rows > 0 ||
        live.parallel != driver->study->machine.parallel) {
        return true;
    }
    live.parallel = dln_gpus_slots(driver->gpus);
    if (live.parallel > DLN_PARALLEL_MAX) live.parallel = DLN_PARALLEL_MAX;
    if (!dln_store_set_live(driver->store, driver->study_id, &live, &err)) {
        return dln_driver_blame(driver, &err);
    }
    driver->live = live;
    dln_driver_committed(driver, false);
    return true;
}

/* Reads the history, takes over what a dead engine left, obeys what was posted meanwhile. */
static bool take_up(struct dln_driver *driver, bool paused, struct dln_error *err)
{
    size_t n_orphans = 0;
    driver->version = dln_store_version(driver->store);
    (void)(dln_refresh_new(driver) && fill_gpus(driver) &&
           dln_recover_orphans(driver, true, &n_orphans));
    if (!went_well(driver, err)) return false;
    dln_runner_claim(driver->runner);
    driver->is_starting = true;
    (void)dln_obey_inbox(driver);
    driver->is_starting = false;
    if (!went_well(driver, err)) return false;
    driver->accounted_ns = dln_clock_mono_ns();
    driver->beat_ns = driver->accounted_ns + DLN_BEAT_MS * DLN_NS_PER_MS;
    dln_driver_set_state(driver, paused ? DLN_ENGINE_PAUSED : DLN_ENGINE_RUNNING,
                         paused ? "started paused" : "");
    tell_start(driver, n_orphans);
    return went_well(driver, err);
}

/* A confirmation is worth as much as it gives its watchers to see. */
static void poke_watcher(void *context, const struct dln_confirmation *so_far, size_t row,
                         size_t seed, const char *failure)
{
    const struct dln_engine *engine = context;
    (void)so_far;
    (void)row;
    (void)seed;
    (void)failure;
    if (engine->has_notify) dln_wake_poke(&engine->notify);
}

static struct dln_confirm_options confirm_options(struct dln_engine *engine)
{
    return (struct dln_confirm_options){
        .wake = &engine->wake, .quits = &engine->quits, .watch = poke_watcher, .context = engine};
}

/* A person has asked for it while the study runs, or wraps up. True: the study goes on. */
static bool confirm_as_asked(struct dln_engine *engine)
{
    struct dln_driver *driver = &engine->driver;
    struct dln_error err = {0};
    bool finished;
    char why[sizeof driver->why];
    const enum dln_engine_state state = driver->engine_state;
    struct dln_confirm_options options = confirm_options(engine);
    memcpy(why, driver->why, sizeof why);
    options.settings = driver->confirm;
    driver->wants_confirm = false;
    if (!dln_confirm_drive(driver, &options, &finished, &err)) {
        dln_driver_note(driver, "confirm: stopped: %.900s", err.text);
    }
    driver->look_ns = 0;
    if (!driver->is_over) return true;
    const bool goes_on =
        driver->engine_state == DLN_ENGINE_RUNNING || driver->engine_state == DLN_ENGINE_PAUSED;
    if (goes_on && atomic_load(&engine->quits) == 0) {
        driver->is_over = false;
        return true;
    }
    if (driver->engine_state != state) dln_driver_set_state(driver, state, why);
    return false;
}

/*
 * The budget is met: the study file may ask for a confirmation. True: somebody has given the study
 * something else to do meanwhile, which goes first.
 */
static bool confirm(struct dln_engine *engine)
{
    struct dln_driver *driver = &engine->driver;
    struct dln_error err = {0};
    bool finished;
    char why[sizeof driver->why];
    const struct dln_confirm_options options = confirm_options(engine);
    if (driver->wants_confirm && (!driver->is_over || driver->outcome != DLN_OUTCOME_FAILED) &&
        atomic_load(&engine->quits) == 0) {
        return confirm_as_asked(engine);
    }
    if (!driver->is_over) return true;
    if (driver->outcome != DLN_OUTCOME_DONE || !driver->study->confirm.given) return false;
    if (driver->ledger.counts[DLN_TRIAL_COMPLETE] == 0) return false;
    memcpy(why, driver->why, sizeof why);
    if (!dln_confirm_drive(driver, &options, &finished, &err)) {
        dln_driver_note(driver, "confirm: stopped, dialin confirm goes on: %.700s", err.text);
    }
    const bool goes_on =
        driver->engine_state == DLN_ENGINE_RUNNING || driver->engine_state == DLN_ENGINE_PAUSED;
    if (goes_on && atomic_load(&engine->quits) == 0) {
        driver->is_over = false;
        return true;
    }
    if (driver->engine_state != DLN_ENGINE_DONE) dln_driver_set_state(driver, DLN_ENGINE_DONE, why);
    return false;
}

/* No trial: the state of the study stays what it is. */
static void confirm_only(struct dln_engine *engine)
{
    struct dln_driver *driver = &engine->driver;
    bool finished;
    struct dln_confirm_options options = confirm_options(engine);
    options.settings = driver->confirm;
    driver->outcome = DLN_OUTCOME_DONE;
    if (!dln_confirm_drive(driver, &options, &finished, &driver->end_error)) {
        driver->outcome = DLN_OUTCOME_FAILED;
    } else if (!finished) {
        driver->outcome = DLN_OUTCOME_STOPPED;
    }
}

static void *run_thread(void *context)
{
    struct dln_engine *engine = context;
    const struct dln_loop loop = {
        .driver = &engine->driver,
        .wake = &engine->wake,
        .notify = engine->has_notify ? &engine->notify : NULL,
        .quits = &engine->quits,
    };
    if (engine->only_confirms) {
        confirm_only(engine);
    } else {
        do {
            dln_loop_run(&loop);
        } while (confirm(engine));
    }
    dln_driver_close(&engine->driver);
    atomic_store(&engine->is_over, true);
    if (engine->has_notify) dln_wake_poke(&engine->notify);
    return NULL;
}

static bool spawn_thread(struct dln_engine *engine, struct dln_error *err)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* the thread inherits the mask */
    const int failed = pthread_create(&engine->thread, NULL, run_thread, engine);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? dln_fail_errno(err, failed, "start the engine's thread") : true;
}

bool dln_engine_start(const struct dln_engine_options *options, dln_engine **out,
                      struct dln_error *err)
{
    struct dln_engine *engine = calloc(1, sizeof *engine);
    if (!engine) return dln_fail(err, DLN_NOMEM, "start the engine");
    engine->driver.lock_fd = -1;
    atomic_init(&engine->quits, 0);
    atomic_init(&engine->is_over, false);
    if (options->notify) {
        engine->notify = *options->notify;
        engine->has_notify = true;
    }
    if (!dln_wake_init(&engine->wake, err)) goto fail;
    if (!dln_driver_open(&engine->driver, options->db_path, options->study_id, err)) goto fail;
    if (options->confirm) {
        if (!prepare_confirm(engine, options, err)) goto fail;
    } else if (!prepare(&engine->driver, options, err) ||
               !take_up(&engine->driver, options->start_paused, err)) {
        goto fail;
    }
    if (!spawn_thread(engine, err)) {
        if (!options->confirm) {
            dln_driver_set_state(&engine->driver, DLN_ENGINE_IDLE,
                                 "the engine could not be started");
        }
        goto fail;
    }
    *out = engine;
    return true;
fail:
    dln_driver_close(&engine->driver);
    dln_wake_release(&engine->wake);
    free(engine);
    return false;
}

/* ── any thread ────────────────────────────────────────────────────────────────────────────────*/

void dln_engine_poke(dln_engine *engine)
{
    dln_wake_poke(&engine->wake);
}

void dln_engine_quit(dln_engine *engine)
{
    (void)atomic_fetch_add(&engine->quits, 1);
    dln_wake_poke(&engine->wake);
}

bool dln_engine_is_over(const dln_engine *engine)
{
    return atomic_load(&engine->is_over);
}

enum dln_engine_outcome dln_engine_join(dln_engine *engine, struct dln_error *err)
{
    (void)pthread_join(engine->thread, NULL);
    const enum dln_engine_outcome outcome = engine->driver.outcome;
    if (err) *err = engine->driver.end_error;
    dln_wake_release(&engine->wake);
    free(engine);
    return outcome;
}
