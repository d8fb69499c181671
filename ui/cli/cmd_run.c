#include <inttypes.h>
#include <string.h>

#include "app.h"
#include "cli/best.h"
#include "cli/commands.h"
#include "cli/confirmed.h"
#include "cli/line_mode.h"
#include "cli/prepare.h"
#include "cli/progress.h"
#include "cli/screen_options.h"

static enum status run_lines(const struct prepared *prepared, const struct options *options)
{
    struct dln_strbuf note = {0};
    dln_strbuf_addf(&note,
                    "%s %s%s; dialin attach %s from another terminal watches and steers it, Ctrl-C "
                    "ends it",
                    prepared->created ? "made" : "resumed", prepared->db_path,
                    prepared->changed ? " with the changed study file" : "", prepared->db_path);
    const struct line_mode mode = {
        .db_path = prepared->db_path,
        .study_id = prepared->study_id,
        .note = dln_strbuf_text(&note),
        .start_paused = option_given(options, "paused"),
        .ends_when_paused = option_given(options, "end-when-paused"),
    };
    const enum status status = line_mode_run(&mode);
    dln_strbuf_release(&note);
    return status;
}

/* What stays on the terminal when the screen is gone. */
static void say_how_it_stands(const struct prepared *prepared)
{
    struct opened study;
    struct dln_error err = {0};
    if (!opened_by_id(prepared->db_path, prepared->study_id, DLN_STORE_READ, &study, &err)) {
        complain(&err);
        return;
    }
    say_summary(stdout, &study.summary);
    if (study.summary.counts[DLN_TRIAL_COMPLETE] > 0) {
        putchar('\n');
        if (!best_print(&study, stdout, &err) || !confirmed_say(&study, stdout, &err)) {
            complain(&err);
        }
    }
    opened_release(&study);
}

static bool has_spent_budget(const struct dln_study_summary *summary)
{
    return summary->why && strncmp(summary->why, "budget", strlen("budget")) == 0;
}

/* Its budget is used up, or no point is left: a start would end at once. */
static bool has_nothing_to_do(const struct prepared *prepared)
{
    const struct dln_study_summary *const s = &prepared->summary;
    if (prepared->created || prepared->changed || s->state != DLN_ENGINE_DONE ||
        s->counts[DLN_TRIAL_RUNNING] > 0 ||
        (s->counts[DLN_TRIAL_WAITING] > 0 && !has_spent_budget(s))) {
        return false;
    }
    struct opened study;
    if (!opened_by_id(prepared->db_path, prepared->study_id, DLN_STORE_READ, &study, NULL)) {
        return true;
    }
    const bool is_due = s->counts[DLN_TRIAL_COMPLETE] > 0 && confirmed_is_due(&study);
    opened_release(&study);
    return !is_due;
}

static enum status say_done(const struct prepared *prepared)
{
    say_how_it_stands(prepared);
    if (has_spent_budget(&prepared->summary)) {
        say(stderr,
            "dialin: nothing is left to run; dialin set %s budget trials=+50 (or a larger one in "
            "the study file) lets it go on",
            prepared->db_path);
    } else {
        say(stderr, "dialin: nothing is left to run");
    }
    return prepared->summary.counts[DLN_TRIAL_COMPLETE] > 0 ? STATUS_DONE : STATUS_FAILED;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_error err = {0};
    struct app_options app = {0};
    struct prepared prepared;
    if (!screen_options_read(options, &app, &err)) return complain(&err);
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
        status = has_nothing_to_do(&prepared) ? say_done(&prepared) : run_lines(&prepared, options);
    } else {
        app.path = prepared.db_path;
        app.study_id = prepared.study_id;
        app.study_name = prepared.summary.name;
        app.start_engine = true;
        app.start_paused = option_given(options, "paused");
        status = (enum status)app_run(&app);
        if (status == STATUS_DONE) say_how_it_stands(&prepared);
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
    OPTIONS_SCREEN,
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
