/* The verbs that need no words of their own: pause, resume, drain; and those on trials by number.
 */
#include <inttypes.h>

#include "cli/commands.h"
#include "cli/steer.h"
#include "dialin/json.h"

static const struct option options_steer[] = {OPTIONS_STEER, {0}};

static enum status pause_study(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_strbuf payload = {0};
    return steer_word(options, DLN_COMMAND_PAUSE, &payload);
}

static enum status resume_study(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_strbuf payload = {0};
    return steer_word(options, DLN_COMMAND_RESUME, &payload);
}

static enum status drain_study(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_strbuf payload = {0};
    return steer_word(options, DLN_COMMAND_DRAIN, &payload);
}

/* {"trials": [12, 15]} of words 1 and on. */
static bool add_numbers(const struct options *options, struct dln_strbuf *payload,
                        struct dln_error *err)
{
    struct dln_json_writer w = {.out = payload};
    dln_json_object(&w);
    dln_json_key(&w, "trials");
    dln_json_array(&w);
    for (size_t i = 1; i < options->n_words; i++) {
        int64_t number;
        if (!parse_trial_number(options->words[i], &number, err)) return false;
        dln_json_int(&w, number);
    }
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    return true;
}

static enum status steer_trials(const struct options *options, enum dln_command_kind kind)
{
    struct dln_strbuf payload = {0};
    struct dln_error err = {0};
    if (!add_numbers(options, &payload, &err)) {
        dln_strbuf_release(&payload);
        return complain(&err);
    }
    return steer_word(options, kind, &payload);
}

static enum status prune(const struct command *command, const struct options *options)
{
    (void)command;
    return steer_trials(options, DLN_COMMAND_PRUNE);
}

static enum status retry(const struct command *command, const struct options *options)
{
    (void)command;
    return steer_trials(options, DLN_COMMAND_RETRY);
}

static enum status suspend(const struct command *command, const struct options *options)
{
    (void)command;
    return steer_trials(options, DLN_COMMAND_SUSPEND);
}

static enum status go_on(const struct command *command, const struct options *options)
{
    (void)command;
    return steer_trials(options, DLN_COMMAND_CONTINUE);
}

static enum status stop(const struct command *command, const struct options *options)
{
    (void)command;
    if (options->n_words > 1) return steer_trials(options, DLN_COMMAND_STOP_TRIAL);
    struct dln_strbuf payload = {0};
    dln_strbuf_add(&payload, "{\"now\": true}");
    return steer_word(options, DLN_COMMAND_STOP, &payload);
}

static enum status withdraw(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_strbuf payload = {0};
    struct dln_error err = {0};
    int64_t number = 0;
    if (!parse_trial_number(options->words[1], &number, &err)) return complain(&err);
    dln_strbuf_addf(&payload, "{\"trial\": %" PRId64 "}", number);
    return steer_word(options, DLN_COMMAND_WITHDRAW, &payload);
}

const struct command command_pause = {
    .name = "pause",
    .group = GROUP_STEER,
    .words = "STUDY",
    .summary = "start no new trials; running ones go on to their end",
    .options = options_steer,
    .min_words = 1,
    .max_words = 1,
    .run = pause_study,
};

const struct command command_resume = {
    .name = "resume",
    .group = GROUP_STEER,
    .words = "STUDY",
    .summary = "go on after a pause",
    .notes = "A study that no engine runs is started by `dialin run`.\n",
    .options = options_steer,
    .min_words = 1,
    .max_words = 1,
    .run = resume_study,
};

const struct command command_drain = {
    .name = "drain",
    .group = GROUP_STEER,
    .words = "STUDY",
    .summary = "let running trials finish, then end the engine",
    .options = options_steer,
    .min_words = 1,
    .max_words = 1,
    .run = drain_study,
};

const struct command command_stop = {
    .name = "stop",
    .group = GROUP_STEER,
    .words = "STUDY [NUMBER…]",
    .summary = "end running trials as failed: these, or all and the engine too",
    .notes =
        "Trials get SIGTERM, the study's grace, SIGKILL. `dialin drain` ends the engine without\n"
        "loss; Ctrl-C or SIGTERM to the engine ends them too, but runs them again at the next\n"
        "start.\n",
    .options = options_steer,
    .min_words = 1,
    .max_words = WORDS_ANY,
    .run = stop,
};

const struct command command_prune = {
    .name = "prune",
    .group = GROUP_STEER,
    .words = "STUDY NUMBER…",
    .summary = "end running trials; the strategy learns from their last values",
    .options = options_steer,
    .min_words = 2,
    .max_words = WORDS_ANY,
    .run = prune,
};

const struct command command_suspend = {
    .name = "suspend",
    .group = GROUP_STEER,
    .words = "STUDY NUMBER…",
    .summary = "halt running trials where they are, to go on later",
    .notes =
        "Their processes get SIGSTOP. They keep memory, GPU and slot; time limits do not count\n"
        "the pause. `dialin continue` lets them go on.\n",
    .options = options_steer,
    .min_words = 2,
    .max_words = WORDS_ANY,
    .run = suspend,
};

const struct command command_continue = {
    .name = "continue",
    .group = GROUP_STEER,
    .words = "STUDY NUMBER…",
    .summary = "let suspended trials go on",
    .options = options_steer,
    .min_words = 2,
    .max_words = WORDS_ANY,
    .run = go_on,
};

const struct command command_retry = {
    .name = "retry",
    .group = GROUP_STEER,
    .words = "STUDY NUMBER…",
    .summary = "run the same parameters again, as new trials",
    .options = options_steer,
    .min_words = 2,
    .max_words = WORDS_ANY,
    .run = retry,
};

const struct command command_withdraw = {
    .name = "withdraw",
    .group = GROUP_STEER,
    .words = "STUDY NUMBER",
    .summary = "take a trial out of the queue before it starts",
    .notes = "It stays in the table as failed, stopped by a person.\n",
    .options = options_steer,
    .min_words = 2,
    .max_words = 2,
    .run = withdraw,
};
