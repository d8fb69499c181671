#include <signal.h>
#include <unistd.h>

#include "cli/asking.h"
#include "cli/commands.h"
#include "cli/locate.h"

static bool open_tuner(const struct options *options, dln_tuner **out, struct dln_error *err)
{
    struct dln_study *study;
    const char *const path = options->words[0];
    if (!option_given(options, "memory")) return tuner_of(options, path, true, out, err);
    if (option_given(options, "db") || option_given(options, "study") || !is_study_file(path)) {
        return dln_fail(err, DLN_USAGE, "--memory takes a study file and no database");
    }
    return dln_study_read_file(path, &study, err) && dln_tuner_new(study, out, err);
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    dln_tuner *tuner;
    struct dln_error err = {0};
    if (!open_tuner(options, &tuner, &err)) return complain(&err);
    (void)signal(SIGPIPE, SIG_IGN); /* a client that goes away ends the conversation, not us */
    const bool ok = dln_tuner_serve(tuner, STDIN_FILENO, STDOUT_FILENO, &err);
    dln_tuner_close(tuner);
    return ok ? STATUS_DONE : complain(&err);
}

static const struct option options_serve[] = {
    {.name = "memory", .help = "keep the study in memory: nothing stays"},
    OPTION_DB,
    OPTION_STUDY,
    {0},
};

const struct command command_serve = {
    .name = "serve",
    .group = GROUP_RUN,
    .words = "STUDY",
    .summary = "ask and tell: lines of JSON on standard input and output",
    .notes =
        "  {\"op\": \"ask\"}                                a point; \"count\": n gives several\n"
        "  {\"op\": \"tell\", \"trial\": 7, \"value\": 0.9}    \"values\": […] or {name: number}\n"
        "  {\"op\": \"tell\", \"trial\": 7, \"state\": \"failed\", \"reason\": \"…\"}    or pruned\n"
        "  {\"op\": \"report\", \"trial\": 7, \"step\": 3, \"value\": 0.4}    to prune or not\n"
        "  {\"op\": \"enqueue\", \"params\": {\"lr\": 0.01}}\n"
        "  {\"op\": \"predict\", \"params\": {\"lr\": 0.01}}    mean, sd, chance to be the best\n"
        "  {\"op\": \"best\"}\n"
        "One answer a line, in order. The end of the input ends it. Several of them, engines and\n"
        "Optuna may work on one study at once. A trial that was not told when its conversation\n"
        "ended can be told by another one, or by dialin tell, for two minutes; then it is lost.\n",
    .options = options_serve,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
