#include <inttypes.h>
#include <string.h>

#include "cli/asking.h"
#include "cli/commands.h"
#include "cli/locate.h"
#include "dialin/num.h"

struct telling {
    const struct dln_study *study;
    struct dln_told told;
    double values[DLN_OBJECTIVES_MAX];
    bool given[DLN_OBJECTIVES_MAX];
    size_t n_given;
    const char *names[DLN_TOLD_MAX];
    double metrics[DLN_TOLD_MAX];
    struct dln_arena arena;
};

static bool read_number(const char *text, double *out, struct dln_error *err)
{
    if (dln_num_parse(text, strlen(text), out)) return true;
    return dln_fail(err, DLN_USAGE, "'%s' is no number", text);
}

static size_t find_objective(const struct dln_study *study, const char *name)
{
    size_t k = 0;
    while (k < study->n_objectives && strcmp(study->objectives[k].metric, name) != 0)
        k++;
    return k;
}

static bool take_named(struct telling *telling, const char *word, const char *equals,
                       struct dln_error *err)
{
    double value;
    const char *const name = dln_arena_copy_len(&telling->arena, word, (size_t)(equals - word));
    if (!name) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (!read_number(equals + 1, &value, err)) return false;
    const size_t k = find_objective(telling->study, name);
    if (k < telling->study->n_objectives) {
        telling->n_given += !telling->given[k];
        telling->given[k] = true;
        telling->values[k] = value;
        return true;
    }
    if (telling->told.n_metrics == DLN_TOLD_MAX) {
        return dln_fail(err, DLN_USAGE, "more than %d metrics", DLN_TOLD_MAX);
    }
    telling->names[telling->told.n_metrics] = name;
    telling->metrics[telling->told.n_metrics++] = value;
    return true;
}

/* The next objective that has no value yet. */
static bool take_plain(struct telling *telling, const char *word, struct dln_error *err)
{
    size_t k = 0;
    while (k < telling->study->n_objectives && telling->given[k])
        k++;
    if (k == telling->study->n_objectives) {
        return dln_fail(err, DLN_USAGE, "'%s' is one value too many: the study has %zu objective%s",
                        word, k, k == 1 ? "" : "s");
    }
    telling->given[k] = true;
    telling->n_given++;
    return read_number(word, &telling->values[k], err);
}

static bool read_words(const struct options *options, struct telling *telling,
                       struct dln_error *err)
{
    struct dln_told *const told = &telling->told;
    const bool fails = option_given(options, "fail");
    const bool pruned = option_given(options, "pruned");
    const size_t n_goals = telling->study->n_objectives;
    if (fails && pruned) return dln_fail(err, DLN_USAGE, "--fail or --pruned, not both");
    for (size_t i = 2; i < options->n_words; i++) {
        const char *const word = options->words[i];
        const char *const equals = strchr(word, '=');
        if (equals && equals != word ? !take_named(telling, word, equals, err)
                                     : !take_plain(telling, word, err)) {
            return false;
        }
    }
    told->state = fails ? DLN_TRIAL_FAIL : pruned ? DLN_TRIAL_PRUNED : DLN_TRIAL_COMPLETE;
    told->reason = DLN_FAIL_EXIT;
    told->detail = option_text(options, "reason");
    if (!told->detail && fails) told->detail = "told as failed";
    told->metric_names = telling->names;
    told->metric_values = telling->metrics;
    if (telling->n_given == n_goals) told->values = telling->values;
    if (fails || telling->n_given == n_goals || (pruned && telling->n_given == 0)) return true;
    size_t missing = 0;
    while (telling->given[missing])
        missing++;
    return dln_fail(err, DLN_USAGE, "it needs a value of '%s', or --fail, or --pruned",
                    telling->study->objectives[missing].metric);
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    dln_tuner *tuner;
    int64_t number;
    struct dln_error err = {0};
    if (!parse_trial_number(options->words[1], &number, &err)) return complain(&err);
    if (!tuner_of(options, options->words[0], false, &tuner, &err)) return complain(&err);
    struct telling telling = {.study = dln_tuner_study(tuner)};
    const bool ok =
        read_words(options, &telling, &err) && dln_tuner_tell(tuner, number, &telling.told, &err);
    dln_arena_release(&telling.arena);
    dln_tuner_close(tuner);
    return ok ? STATUS_DONE : complain(&err);
}

static const struct option options_tell[] = {
    {.name = "fail", .help = "it failed: there is no value"},
    {.name = "pruned", .help = "it was stopped early"},
    {.name = "reason", .value = "TEXT", .help = "why, in a line"},
    OPTION_DB,
    OPTION_STUDY,
    {0},
};

const struct command command_tell = {
    .name = "tell",
    .group = GROUP_RUN,
    .words = "STUDY NUMBER VALUE…",
    .summary = "what came of a trial that was asked for (dialin ask, dialin serve)",
    .notes = "  dialin tell ann.yaml 17 0.93 12.5            one value for each objective\n"
             "  dialin tell ann.yaml 17 recall=0.93 p99_ms=12.5 mem_gb=4    other metrics too\n"
             "  dialin tell ann.yaml 17 --fail --reason 'out of memory'\n",
    .options = options_tell,
    .min_words = 2,
    .max_words = WORDS_ANY,
    .run = run,
};
