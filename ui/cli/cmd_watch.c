#include "cli/commands.h"
#include "cli/line_mode.h"
#include "cli/locate.h"

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    const enum status status =
        line_mode_watch(study.db_path, study.summary.id, option_given(options, "once"));
    opened_release(&study);
    return status;
}

static const struct option options_watch[] = {
    {.name = "once", .help = "say how it stands and end"},
    OPTION_STUDY,
    {0},
};

const struct command command_watch = {
    .name = "watch",
    .group = GROUP_LOOK,
    .words = "STUDY [--once]",
    .summary = "follow a study as lines, one an event, until its engine ends",
    .options = options_watch,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
