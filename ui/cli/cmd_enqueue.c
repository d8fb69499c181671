#include "cli/commands.h"
#include "cli/outlook.h"
#include "cli/steer.h"
#include "dialin/json.h"

/* "lr=1e-3" as a member of `params`, read by the parameter's own rules. */
static bool add_value(const struct opened *study, struct dln_json_writer *w, const char *word,
                      struct dln_error *err)
{
    size_t index;
    double x;
    if (!parse_assignment(study, word, &index, &x, err)) return false;
    struct dln_strbuf value = {0};
    dln_param_json(&study->space->params[index], x, &value);
    dln_json_key(w, study->space->params[index].name);
    dln_json_raw(w, dln_strbuf_text(&value));
    const bool ok = dln_strbuf_ok(&value) || dln_fail(err, DLN_NOMEM, "out of memory");
    dln_strbuf_release(&value);
    return ok;
}

static bool add_payload(const struct opened *study, const struct options *options,
                        struct dln_strbuf *payload, struct dln_error *err)
{
    struct dln_json_writer w = {.out = payload};
    const char *const copy = option_text(options, "copy");
    if (!copy && options->n_words < 2) {
        return dln_fail(err, DLN_USAGE,
                        "enqueue needs a point: NAME=VALUE …, or --copy NUMBER of a trial");
    }
    dln_json_object(&w);
    dln_json_key(&w, "params");
    dln_json_object(&w);
    for (size_t i = 1; i < options->n_words; i++) {
        if (!add_value(study, &w, options->words[i], err)) return false;
    }
    dln_json_end_object(&w);
    if (copy) {
        int64_t number;
        if (!parse_trial_number(copy, &number, err)) return false;
        dln_json_key(&w, "copy_of");
        dln_json_int(&w, number);
    }
    dln_json_end_object(&w);
    return true;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    struct dln_strbuf payload = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    enum status status;
    if (add_payload(&study, options, &payload, &err)) {
        status = steer(&study, options, DLN_COMMAND_ENQUEUE, &payload);
    } else {
        status = complain(&err);
    }
    dln_strbuf_release(&payload);
    opened_release(&study);
    return status;
}

static const struct option options_enqueue[] = {
    {.name = "copy", .value = "NUMBER", .help = "the values of that trial; words change some"},
    OPTIONS_STEER,
    {0},
};

const struct command command_enqueue = {
    .name = "enqueue",
    .group = GROUP_STEER,
    .words = "STUDY NAME=VALUE…",
    .summary = "try this point next; what is not named is suggested",
    .notes = "  dialin enqueue svm.db C=10 gamma=0.05\n",
    .options = options_enqueue,
    .min_words = 1,
    .max_words = WORDS_ANY,
    .run = run,
};
