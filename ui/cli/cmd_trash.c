/* Trials into the trash and back: `delete`, `trash`, `restore`. */
#include <inttypes.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/steer.h"
#include "cli/trial_filter.h"
#include "cli/trial_list.h"
#include "dialin/clock.h"
#include "dialin/json.h"
#include "format.h"

/* {"trials": [the words behind the first, and what --filter keeps]} */
static bool add_numbers(struct opened *study, const struct options *options, const char *filter,
                        struct dln_strbuf *payload, int64_t *n, struct dln_error *err)
{
    struct dln_json_writer w = {.out = payload};
    struct trial_list list = {0};
    bool ok = true;
    *n = 0;
    if (filter) {
        ok = trial_list_load(study, &list, err) && trial_filter_apply(study, filter, &list, err);
    }
    dln_json_object(&w);
    dln_json_key(&w, "trials");
    dln_json_array(&w);
    for (size_t i = 0; ok && i < list.n; i++, ++*n)
        dln_json_int(&w, list.trials[i].number);
    for (size_t i = 1; ok && i < options->n_words; i++, ++*n) {
        int64_t number = 0;
        ok = parse_trial_number(options->words[i], &number, err);
        dln_json_int(&w, number);
    }
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    trial_list_release(&list);
    return ok;
}

static enum status move(const struct options *options, enum dln_command_kind kind)
{
    struct opened study;
    struct dln_error err = {0};
    struct dln_strbuf payload = {0};
    const bool is_delete = kind == DLN_COMMAND_DELETE;
    const char *const filter = is_delete ? option_text(options, "filter") : NULL;
    int64_t n = 0, count = -1;
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    enum status status;
    if ((is_delete && !option_whole(options, "count", 0, INT64_MAX, &count, &err)) ||
        !add_numbers(&study, options, filter, &payload, &n, &err)) {
        status = complain(&err);
    } else if (n == 0) {
        dln_fail(&err, DLN_USAGE, filter ? "the filter keeps no trial" : "name the trials");
        status = complain(&err);
    } else if (is_delete && count != n) {
        dln_fail(&err, DLN_USAGE,
                 "this would delete %" PRId64 " trial%s: --count %" PRId64 " says that it is meant",
                 n, n == 1 ? "" : "s", n);
        status = complain(&err);
    } else {
        status = steer(&study, options, kind, &payload);
    }
    dln_strbuf_release(&payload);
    opened_release(&study);
    return status;
}

static enum status run_delete(const struct command *command, const struct options *options)
{
    (void)command;
    return move(options, DLN_COMMAND_DELETE);
}

static enum status run_restore(const struct command *command, const struct options *options)
{
    (void)command;
    return move(options, DLN_COMMAND_RESTORE);
}

static enum status print_trash(const struct dln_trashed *list, size_t n)
{
    struct report report = {0};
    struct dln_error err = {0};
    char text[FORMAT_MAX];
    const int64_t now_us = dln_clock_wall_us();
    report_column(&report, "number", true);
    report_column(&report, "state", false);
    report_column(&report, "deleted", false);
    report_column(&report, "by", false);
    for (size_t i = 0; i < n; i++) {
        report_cellf(&report, "%" PRId64, list[i].number);
        report_cell(&report, dln_trial_state_word(list[i].state));
        report_cell(&report, format_time(text, list[i].deleted_us, now_us));
        report_cell(&report, list[i].who);
    }
    const bool ok = report_print(&report, stdout, report_width(), true, NULL, &err);
    report_release(&report);
    return ok ? STATUS_DONE : complain(&err);
}

static enum status run_trash(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    struct dln_trashed *list = NULL;
    size_t n = 0;
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    enum status status = STATUS_DONE;
    if (!dln_store_trash(study.store, study.summary.id, &study.arena, &list, &n, &err)) {
        status = complain(&err);
    } else if (n == 0) {
        say(stdout, "%s: no trial lies in the trash", study.summary.name);
    } else {
        status = print_trash(list, n);
    }
    opened_release(&study);
    return status;
}

static const struct option options_delete[] = {
    OPTION_FILTER,
    {.name = "count", .value = "N", .help = "how many these are: without it nothing is deleted"},
    OPTIONS_STEER,
    {0},
};
static const struct option options_restore[] = {OPTIONS_STEER, {0}};
static const struct option options_trash[] = {OPTION_STUDY, {0}};

const struct command command_delete = {
    .name = "delete",
    .group = GROUP_STEER,
    .words = "STUDY [NUMBER…]",
    .summary = "trials into the trash, for 30 days; no model and no table knows them",
    .notes = "Only while no engine runs the study, and no trial that runs.\n"
             "  dialin delete svm.db 17 31 --count 2\n"
             "  dialin delete svm.db --filter 'state:err' --count 12\n",
    .options = options_delete,
    .min_words = 1,
    .max_words = WORDS_ANY,
    .run = run_delete,
};

const struct command command_trash = {
    .name = "trash",
    .group = GROUP_LOOK,
    .words = "STUDY",
    .summary = "the trials that were deleted",
    .options = options_trash,
    .min_words = 1,
    .max_words = 1,
    .run = run_trash,
};

const struct command command_restore = {
    .name = "restore",
    .group = GROUP_STEER,
    .words = "STUDY NUMBER…",
    .summary = "trials out of the trash, as they were",
    .options = options_restore,
    .min_words = 2,
    .max_words = WORDS_ANY,
    .run = run_restore,
};
