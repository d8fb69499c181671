#include "cli/commands.h"
#include "cli/prepare.h"
#include "cli/run_study.h"
#include "cli/screen_options.h"

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_error err = {0};
    struct prepared prepared;
    struct run_how how = {
        .headless = option_given(options, "headless"),
        .start_paused = option_given(options, "paused"),
        .ends_when_paused = option_given(options, "end-when-paused"),
    };
    if (!screen_options_read(options, &how.looks, &err)) return complain(&err);
    if (!prepare_study(options->words[0], option_text(options, "db"), option_text(options, "study"),
                       &prepared, &err)) {
        return complain(&err);
    }
    const enum status status = run_study(&prepared, &how);
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
