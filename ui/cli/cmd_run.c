#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>

#include "app.h"
#include "cli/best.h"
#include "cli/commands.h"
#include "cli/prepare.h"
#include "cli/progress.h"
#include "dialin/engine.h"

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
static void follow(dln_engine *engine, const struct dln_wake *wake, struct progress *progress,
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
    if (readable && !progress_next(progress, NULL)) readable = false;
    say_signals(&told);
}

static enum status finish(const struct prepared *prepared, enum dln_engine_outcome outcome,
                          const struct dln_error *failure)
{
    struct dln_error err = {0};
    struct opened study;
    if (outcome == DLN_OUTCOME_FAILED) {
        const enum status status = complain(failure);
        return status == STATUS_BUSY || status == STATUS_STORAGE ? status : STATUS_FAILED;
    }
    if (!opened_database(prepared->db_path, prepared->summary.name, DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    putchar('\n');
    say_summary(stdout, &study.summary);
    bool ok;
    if (study.summary.counts[DLN_TRIAL_COMPLETE] == 0) {
        ok = dln_fail(&err, DLN_REFUSED,
                      "%s: no trial came to a result; dialin logs %s 0 --stderr shows what the "
                      "first one said",
                      study.summary.name, study.db_path);
    } else {
        putchar('\n');
        ok = best_print(&study, stdout, &err);
    }
    opened_release(&study);
    return ok ? STATUS_DONE : complain(&err);
}

static void say_start(const struct prepared *prepared, const struct opened *study)
{
    say_summary(stdout, &study->summary);
    if (prepared->created) {
        say(stdout, "made %s", prepared->db_path);
    } else if (prepared->changed) {
        say(stdout, "resumed %s with the changed study file", prepared->db_path);
    } else {
        say(stdout, "resumed %s", prepared->db_path);
    }
    say(stdout, "dialin attach %s from another terminal watches and steers it; Ctrl-C ends it",
        prepared->db_path);
    fflush(stdout);
}

static enum status run_headless(const struct prepared *prepared, bool paused, bool ends_when_paused)
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
        .db_path = prepared->db_path,
        .study_id = prepared->study_id,
        .notify = &wake,
        .start_paused = paused,
    };
    if (!opened_database(prepared->db_path, prepared->summary.name, DLN_STORE_READ, &study, &err) ||
        !progress_open(&progress, &study, stdout, &err)) {
        status = complain(&err);
        goto done;
    }
    say_start(prepared, &study);
    if (!dln_engine_start(&options, &engine, &err)) {
        status = complain(&err);
        goto done;
    }
    atomic_store(&running, engine);
    if (n_signals > 0) dln_engine_quit(engine); /* it came before there was an engine */
    follow(engine, &wake, &progress, ends_when_paused);
    atomic_store(&running, NULL);
    struct dln_error failure = {0};
    /* the engine closes the file last, so that nothing of the write-ahead log stays behind */
    progress_close(&progress);
    opened_release(&study);
    const enum dln_engine_outcome outcome = dln_engine_join(engine, &failure);
    status = finish(prepared, outcome, &failure);
done:
    progress_close(&progress);
    opened_release(&study);
    dln_wake_release(&wake);
    return status;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_error err = {0};
    struct prepared prepared;
    if (!prepare_study(options->words[0], option_text(options, "db"), option_text(options, "study"),
                       &prepared, &err)) {
        return complain(&err);
    }
    enum status status;
    if (is_running(&prepared.summary)) {
        dln_fail(&err, DLN_BUSY,
                 "'%s' is already run by the engine pid %" PRId64 " on %s: dialin attach %s "
                 "watches and steers it",
                 prepared.summary.name, prepared.summary.lease.pid, prepared.summary.lease.host,
                 prepared.db_path);
        status = complain(&err);
    } else if (option_given(options, "headless") || !report_on_terminal()) {
        status = run_headless(&prepared, option_given(options, "paused"),
                              option_given(options, "end-when-paused"));
    } else {
        const struct app_options app = {
            .path = prepared.db_path,
            .study_id = prepared.study_id,
            .start_engine = true,
            .start_paused = option_given(options, "paused"),
        };
        status = (enum status)app_run(&app);
    }
    prepared_release(&prepared);
    return status;
}

static const struct option options_run[] = {
    {.name = "headless", .help = "no screen: one line an event, the best setting at the end"},
    {.name = "db",
     .value = "FILE",
     .help = "the database (default: NAME.db beside the study file)"},
    {.name = "paused", .help = "start without running anything until `dialin resume`"},
    {.name = "end-when-paused",
     .help = "headless: end instead of waiting when failures pause the study"},
    OPTION_STUDY,
    {0},
};

const struct command command_run = {
    .name = "run",
    .group = GROUP_RUN,
    .words = "STUDY [--headless]",
    .summary = "start or resume a study: the live screen, or lines without a terminal",
    .notes =
        "STUDY is a study file or a database. A study that exists is resumed; a changed study\n"
        "file is applied first. Ctrl-C or SIGTERM ends it: running trials get SIGTERM, the\n"
        "study's grace, SIGKILL, and are run again at the next start; a second one does not\n"
        "wait for the grace. A hang-up ends nothing.\n",
    .options = options_run,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
