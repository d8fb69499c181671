#include "cli/line_mode.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>

#include "cli/best.h"
#include "cli/confirmed.h"
#include "cli/locate.h"
#include "cli/progress.h"
#include "cli/watcher.h"
#include "dialin/engine.h"

/* ── running ───────────────────────────────────────────────────────────────────────────────────*/

/* What the handlers of SIGINT and SIGTERM reach; NULL while there is no engine to end. */
static dln_engine *_Atomic running;
static volatile sig_atomic_t n_signals;

static void on_end_signal(int signal_number)
{
    (void)signal_number;
    dln_engine *const engine = atomic_load(&running);
    n_signals = n_signals + 1;
    if (engine) dln_engine_quit(engine);
}

/*
 * Ctrl-C and TERM end the study politely, the second one at once. A hang-up and a reader that goes
 * away end nothing: the study goes on to its budget.
 */
static void set_signals(void)
{
    struct sigaction end = {.sa_handler = on_end_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&end.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGHUP, &ignore, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

/* Once for each signal that came. */
static void say_signals(int *told)
{
    while (*told < n_signals) {
        ++*told;
        if (*told == 1) {
            say(stderr, "dialin: ending: running trials get SIGTERM and are run again at the next "
                        "start; once more ends at once");
        } else if (*told == 2) {
            say(stderr, "dialin: ending at once");
        }
    }
}

/* Prints events until the engine is over. A reader's failure is told, and ends no study. */
static void run_on(dln_engine *engine, const struct dln_wake *wake, struct progress *progress,
                   bool ends_when_paused)
{
    int told = 0;
    bool readable = true;
    while (!dln_engine_is_over(engine)) {
        struct pollfd fd = {.fd = wake->read_fd, .events = POLLIN};
        if (poll(&fd, 1, 1000) < 0 && errno != EINTR) break;
        dln_wake_clear(wake);
        say_signals(&told);
        struct dln_error err = {0};
        if (readable && !progress_next(progress, &err)) {
            complain(&err);
            readable = false;
        }
        if (ends_when_paused && progress->summary.state == DLN_ENGINE_PAUSED) {
            dln_engine_quit(engine);
            ends_when_paused = false;
        }
    }
    struct dln_error err = {0}; /* what came since the last look */
    if (readable && !progress_next(progress, &err)) complain(&err);
    say_signals(&told);
}

static enum status finish(const struct line_mode *mode, enum dln_engine_outcome outcome,
                          const struct dln_error *failure)
{
    struct dln_error err = {0};
    struct opened study;
    if (outcome == DLN_OUTCOME_FAILED) {
        const enum status status = complain(failure);
        return status == STATUS_BUSY || status == STATUS_STORAGE ? status : STATUS_FAILED;
    }
    if (!opened_by_id(mode->db_path, mode->study_id, DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    putchar('\n');
    say_summary(stdout, &study.summary);
    bool ok;
    if (study.summary.n_trials == 0) {
        ok = dln_fail(&err, DLN_REFUSED, "%s: no trial has run yet", study.summary.name);
    } else if (study.summary.counts[DLN_TRIAL_COMPLETE] == 0) {
        ok = dln_fail(&err, DLN_REFUSED,
                      "%s: no trial came to a result; dialin logs %s 0 shows what the first one "
                      "printed, with --stderr what it complained of",
                      study.summary.name, study.db_path);
    } else {
        putchar('\n');
        ok = best_print(&study, stdout, &err) && confirmed_say(&study, stdout, &err);
    }
    opened_release(&study);
    return ok ? STATUS_DONE : complain(&err);
}

enum status line_mode_run(const struct line_mode *mode)
{
    struct dln_error err = {0};
    struct opened study = {0};
    struct progress progress = {0};
    struct dln_wake wake = {.read_fd = -1, .write_fd = -1};
    dln_engine *engine;
    enum status status;
    set_signals();
    if (!dln_wake_init(&wake, &err)) return complain(&err);
    const struct dln_engine_options options = {
        .db_path = mode->db_path,
        .study_id = mode->study_id,
        .notify = &wake,
        .start_paused = mode->start_paused,
    };
    if (!opened_by_id(mode->db_path, mode->study_id, DLN_STORE_READ, &study, &err) ||
        !progress_open(&progress, &study, stdout, &err)) {
        status = complain(&err);
        goto done;
    }
    say_summary(stdout, &study.summary);
    if (mode->note) say(stdout, "%s", mode->note);
    fflush(stdout);
    if (!dln_engine_start(&options, &engine, &err)) {
        status = complain(&err);
        goto done;
    }
    atomic_store(&running, engine);
    if (n_signals > 0) dln_engine_quit(engine); /* it came before there was an engine */
    run_on(engine, &wake, &progress, mode->ends_when_paused);
    atomic_store(&running, NULL);
    struct dln_error failure = {0};
    /* the engine closes the file last, so that nothing of the write-ahead log stays behind */
    progress_close(&progress);
    opened_release(&study);
    const enum dln_engine_outcome outcome = dln_engine_join(engine, &failure);
    status = finish(mode, outcome, &failure);
done:
    progress_close(&progress);
    opened_release(&study);
    dln_wake_release(&wake);
    return status;
}

/* ── watching ──────────────────────────────────────────────────────────────────────────────────*/

/* Ends when no engine is at work any more, or the reader of our lines has gone. */
static bool follow(struct progress *progress, struct dln_error *err)
{
    struct watcher watcher;
    watcher_open(&watcher, progress->study->db_path);
    bool ok = true;
    while (ok) {
        ok = progress_next(progress, err);
        if (!ok || progress->study_gone || ferror(stdout)) break;
        if (!is_running(&progress->summary)) break;
        watcher_wait(&watcher, 1000);
        /* a dead engine writes nothing: its lease is looked at apart from what is new */
        struct dln_arena arena = {0};
        struct dln_study_summary now;
        if (dln_store_study(progress->study->store, progress->study->summary.id, &arena, &now,
                            NULL)) {
            progress->summary.lease.held = now.lease.held;
            progress->summary.lease.alive = now.lease.alive;
        }
        dln_arena_release(&arena);
    }
    watcher_close(&watcher);
    return ok;
}

enum status line_mode_watch(const char *db_path, int64_t study_id, bool once)
{
    struct opened study;
    struct dln_error err = {0};
    if (!opened_by_id(db_path, study_id, DLN_STORE_READ, &study, &err)) return complain(&err);
    say_summary(stdout, &study.summary);
    fflush(stdout);
    bool ok = true;
    if (!once && is_running(&study.summary)) {
        struct progress progress;
        ok = progress_open(&progress, &study, stdout, &err);
        if (ok) {
            ok = follow(&progress, &err);
            progress_close(&progress);
        }
        if (ok) ok = opened_refresh(&study, &err);
        if (ok) say_summary(stdout, &study.summary);
    }
    opened_release(&study);
    return ok ? STATUS_DONE : complain(&err);
}
