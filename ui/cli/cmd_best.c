#include "cli/best.h"
#include "cli/commands.h"
#include "cli/best_luck.h"
#include "cli/trial_filter.h"

static enum status print_best_json(struct opened *study, const char *filter)
{
    struct trial_list best;
    struct dln_error err = {0};
    if (!best_find_among(study, filter, &best, &err)) return complain(&err);
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_object(&w);
    dln_json_key(&w, "study");
    dln_json_string(&w, study->summary.name);
    dln_json_key(&w, "trials");
    dln_json_array(&w);
    for (size_t i = 0; i < best.n; i++)
        trial_json(&w, study, &best.trials[i]);
    dln_json_end_array(&w);
    dln_json_key(&w, "command");
    struct dln_strbuf command = {0};
    const bool has_command = best.n == 1 && trial_command(study, &best.trials[0], &command, NULL);
    dln_json_string(&w, has_command ? dln_strbuf_text(&command) : NULL);
    dln_json_key(&w, "standing");
    const struct dln_standing standing = filter ? (struct dln_standing){0} : standing_of(study);
    standing_json(&w, &standing);
    dln_json_end_object(&w);
    dln_strbuf_release(&command);
    const bool found = best.n > 0;
    trial_list_release(&best);
    const enum status status = print_json(&out);
    return status == STATUS_DONE && !found ? STATUS_FAILED : status;
}

/* What is left by a filter is no search whose luck could be told. */
static bool print_best(struct opened *study, const char *filter, struct dln_error *err)
{
    if (!best_print_among(study, filter, stdout, err)) return false;
    if (filter) return true;
    const struct dln_standing standing = standing_of(study);
    return standing_say(study, &standing, stdout, err);
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    if (!opened_glance(options, options->words[0], &study, &err)) {
        return complain(&err);
    }
    const char *const filter = option_text(options, "filter");
    enum status status;
    if (option_given(options, "json")) {
        status = print_best_json(&study, filter);
    } else if (print_best(&study, filter, &err)) {
        status = study.summary.counts[DLN_TRIAL_COMPLETE] > 0 ? STATUS_DONE : STATUS_FAILED;
    } else {
        status = complain(&err);
    }
    opened_release(&study);
    return status;
}

static const struct option options_best[] = {OPTION_FILTER, OPTION_STUDY, OPTION_JSON, {0}};

const struct command command_best = {
    .name = "best",
    .group = GROUP_LOOK,
    .words = "STUDY",
    .summary = "the best trial (or the Pareto front): values, parameters, its command line",
    .notes = "The status is 1 while no trial is complete.\n",
    .options = options_best,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
