#include "cli/commands.h"
#include "cli/trial_list.h"

static bool print_command(struct opened *study, const char *number, const struct options *options,
                          struct dln_error *err)
{
    struct dln_trial trial;
    if (!opened_trial(study, number, &trial, err)) return false;
    struct dln_strbuf line = {0};
    const bool json = option_given(options, "json");
    if (!json) trial_directory(study, &line);
    if (!trial_command(study, &trial, &line, err)) {
        dln_strbuf_release(&line);
        return false;
    }
    if (json) {
        struct dln_strbuf out = {0};
        struct dln_json_writer w = {.out = &out};
        dln_json_object(&w);
        dln_json_key(&w, "number");
        dln_json_int(&w, trial.number);
        dln_json_key(&w, "directory");
        dln_json_string(&w, study->def ? study->def->directory : NULL);
        dln_json_key(&w, "command");
        dln_json_string(&w, dln_strbuf_text(&line));
        dln_json_end_object(&w);
        (void)print_json(&out);
    } else if (option_given(options, "raw")) {
        puts(dln_strbuf_text(&line));
    } else {
        say(stdout, "%s", dln_strbuf_text(&line));
    }
    dln_strbuf_release(&line);
    return true;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    if (!opened_glance(options, options->words[0], &study, &err)) {
        return complain(&err);
    }
    const bool ok = print_command(&study, options->words[1], options, &err);
    opened_release(&study);
    return ok ? STATUS_DONE : complain(&err);
}

static const struct option options_cmd[] = {
    {.name = "raw", .help = "byte by byte, where a value holds control characters"},
    OPTION_JSON,
    OPTION_STUDY,
    {0},
};

const struct command command_cmd = {
    .name = "cmd",
    .group = GROUP_LOOK,
    .words = "STUDY NUMBER",
    .summary = "the command of a trial, to paste into a shell",
    .notes = "  sh -c \"$(dialin cmd svm.db 17)\"\n",
    .options = options_cmd,
    .min_words = 2,
    .max_words = 2,
    .run = run,
};
