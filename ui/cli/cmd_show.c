#include "cli/commands.h"
#include "cli/study_page.h"
#include "cli/trial_page.h"

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    const bool as_json = option_given(options, "json");
    if (!opened_glance(options, options->words[0], &study, &err)) return complain(&err);
    const enum status status = options->n_words > 1 ? trial_page(&study, options->words[1], as_json)
                                                    : study_page(&study, as_json);
    opened_release(&study);
    return status;
}

static const struct option options_show[] = {OPTION_JSON, OPTION_STUDY, {0}};

const struct command command_show = {
    .name = "show",
    .group = GROUP_LOOK,
    .words = "STUDY [NUMBER]",
    .summary = "a study on one page, or one of its trials in full",
    .notes = "All trials in a table are `dialin trials STUDY`.\n",
    .options = options_show,
    .min_words = 1,
    .max_words = 2,
    .run = run,
};
