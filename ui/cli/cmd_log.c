#include <inttypes.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/journal.h"
#include "cli/locate.h"
#include "dialin/clock.h"
#include "format.h"

static enum status log_table(const struct journal *journal)
{
    struct report report = {0};
    struct dln_error err = {0};
    char text[FORMAT_MAX];
    const int64_t now_us = dln_clock_wall_us();
    static const char *const titles[] = {"ID", "TIME", "WHO", "COMMAND", "STATE", "WHAT"};
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        report_column(&report, titles[i], i == 0);
    }
    for (size_t i = 0; i < journal->n; i++) {
        const struct dln_command *const entry = &journal->entries[i];
        (void)snprintf(text, sizeof text, "%" PRId64, entry->id);
        report_cell(&report, text);
        report_cell(&report, format_time(text, entry->posted_us, now_us));
        report_cell(&report, entry->who);
        report_cell(&report, dln_command_name(entry->kind));
        report_cell(&report, journal_state(entry));
        report_cell(&report, journal_what(entry));
    }
    const bool ok = report_print(&report, stdout, report_width(), true, NULL, &err);
    report_release(&report);
    return ok ? STATUS_DONE : complain(&err);
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    int64_t limit = INT32_MAX;
    if (!option_whole(options, "limit", 1, INT32_MAX, &limit, &err)) return complain(&err);
    if (!opened_glance(options, options->words[0], &study, &err)) {
        return complain(&err);
    }
    struct journal journal;
    enum status status;
    if (!journal_load(&study, (size_t)limit, &journal, &err)) {
        status = complain(&err);
    } else if (option_given(options, "json")) {
        struct dln_strbuf out = {0};
        struct dln_json_writer w = {.out = &out};
        journal_json(&w, &journal);
        status = print_json(&out);
    } else if (journal.n == 0) {
        say(stdout, "%s: nothing in its journal: no dialin engine has worked on it",
            study.summary.name);
        status = STATUS_DONE;
    } else {
        status = log_table(&journal);
    }
    opened_release(&study);
    return status;
}

static const struct option options_log[] = {
    {.name = "limit", .alias = 'n', .value = "N", .help = "only the newest N entries"},
    OPTION_JSON,
    OPTION_STUDY,
    {0},
};

const struct command command_log = {
    .name = "log",
    .group = GROUP_LOOK,
    .words = "STUDY",
    .summary = "the journal: who changed what, and what the engine decided",
    .notes = "What a trial printed is `dialin logs STUDY NUMBER`.\n",
    .options = options_log,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
