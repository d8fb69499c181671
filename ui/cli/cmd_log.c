#include <inttypes.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/trial_list.h"
#include "cli/trial_page.h"
#include "dialin/clock.h"
#include "format.h"

static const char *state_text(enum dln_command_state state)
{
    switch (state) {
    case DLN_COMMAND_POSTED: return "posted";
    case DLN_COMMAND_DONE: return "done";
    case DLN_COMMAND_REFUSED: return "refused";
    }
    return "posted";
}

/* What happened, as a sentence: the answer, else what was asked. */
static const char *what_of(const struct dln_command *entry)
{
    return entry->answer && entry->answer[0] ? entry->answer : entry->payload;
}

static enum status log_json(const struct dln_command *list, size_t n)
{
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_array(&w);
    for (size_t i = n; i-- > 0;) {
        dln_json_object(&w);
        dln_json_key(&w, "id");
        dln_json_int(&w, list[i].id);
        dln_json_key(&w, "time");
        time_json(&w, list[i].posted_us);
        dln_json_key(&w, "who");
        dln_json_string(&w, list[i].who);
        dln_json_key(&w, "command");
        dln_json_string(&w, dln_command_name(list[i].kind));
        dln_json_key(&w, "payload");
        stored_json(&w, list[i].payload);
        dln_json_key(&w, "state");
        dln_json_string(&w, state_text(list[i].state));
        dln_json_key(&w, "answer");
        dln_json_string(&w, list[i].answer && list[i].answer[0] ? list[i].answer : NULL);
        dln_json_end_object(&w);
    }
    dln_json_end_array(&w);
    return print_json(&out);
}

static enum status log_table(const struct dln_command *list, size_t n)
{
    struct report report = {0};
    struct dln_error err = {0};
    char text[FORMAT_MAX];
    const int64_t now_us = dln_clock_wall_us();
    static const char *const titles[] = {"TIME", "WHO", "COMMAND", "STATE", "WHAT"};
    for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++) {
        report_column(&report, titles[i], false);
    }
    for (size_t i = n; i-- > 0;) {
        report_cell(&report, format_time(text, list[i].posted_us, now_us));
        report_cell(&report, list[i].who);
        report_cell(&report, dln_command_name(list[i].kind));
        report_cell(&report, state_text(list[i].state));
        report_cell(&report, what_of(&list[i]));
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
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    struct dln_command *list = NULL;
    size_t n = 0;
    enum status status;
    if (!dln_store_journal(study.store, study.summary.id, 0, (size_t)limit, &study.arena, &list, &n,
                           &err)) {
        status = complain(&err);
    } else if (option_given(options, "json")) {
        status = log_json(list, n);
    } else if (n == 0) {
        say(stdout, "%s: nothing in its journal: no dialin engine has worked on it",
            study.summary.name);
        status = STATUS_DONE;
    } else {
        status = log_table(list, n);
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
