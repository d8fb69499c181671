/* dialin what-if STUDY --pruner 'asha eta=3': a pruner on the curves that are there. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/recorded.h"
#include "cli/trial_list.h"
#include "dialin/num.h"
#include "format.h"

enum { SETTINGS_MAX = 16, NAMED_MAX = 10 };

/* ── the pruner, as typed ──────────────────────────────────────────────────────────────────────*/

/* "asha eta=3 min=1": a name and settings. The texts go to the arena. */
static bool parse_method(const char *text, struct dln_arena *arena, struct dln_method *out,
                         struct dln_error *err)
{
    struct dln_named_scalar *settings =
        DLN_ARENA_ARRAY(arena, struct dln_named_scalar, SETTINGS_MAX);
    if (!settings) return dln_fail(err, DLN_NOMEM, "out of memory");
    *out = (struct dln_method){.name = "", .settings = settings, .line = 1, .column = 1};
    for (const char *at = text; *(at += strspn(at, " ,\t"));) {
        const size_t len = strcspn(at, " ,\t");
        const size_t name_len = strcspn(at, "= ,\t");
        const unsigned column = (unsigned)(at - text) + 1;
        const char *name = dln_arena_copy_len(arena, at, name_len);
        const char *value = dln_arena_copy_len(arena, at + name_len + (name_len < len),
                                               len - name_len - (name_len < len));
        at += len;
        if (!name || !value) return dln_fail(err, DLN_NOMEM, "out of memory");
        if (out->name[0] == '\0' && name_len == len) {
            out->name = name;
            out->column = column;
            continue;
        }
        if (name_len == 0 || name_len == len || out->n_settings == SETTINGS_MAX) {
            return dln_fail(err, DLN_USAGE, "1:%u: write a name and settings, 'asha eta=3 min=1'",
                            column);
        }
        struct dln_named_scalar *one = &settings[out->n_settings++];
        *one = (struct dln_named_scalar){.name = name, .line = 1, .column = column};
        one->value = (struct dln_scalar){.kind = DLN_SCALAR_TEXT, .text = value};
        if (dln_num_parse(value, strlen(value), &one->value.number)) {
            one->value.kind = DLN_SCALAR_REAL;
        } else if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0) {
            one->value.kind = DLN_SCALAR_BOOL;
            one->value.truth = value[0] == 't';
        }
    }
    if (out->name[0]) return true;
    return dln_fail(err, DLN_USAGE, "a pruner is missing, such as 'asha eta=3'");
}

/* ── the answer ────────────────────────────────────────────────────────────────────────────────*/

static void print_lost(const struct recorded *list, const struct replay *replay)
{
    struct dln_strbuf line = {0};
    size_t named = 0;
    dln_strbuf_addf(&line, "%zu of the %zu best (top 10 %%)", replay->n_good_lost, replay->n_good);
    for (size_t i = 0; i < list->n && named < NAMED_MAX; i++) {
        if (!list->trials[i].is_good || !list->trials[i].cut.prune) continue;
        dln_strbuf_addf(&line, "%s#%" PRId64, named++ ? ", " : ": ", list->trials[i].number);
    }
    if (replay->n_good_lost > named) {
        dln_strbuf_addf(&line, " and %zu more", replay->n_good_lost - named);
    }
    say(stdout, "  good lost   %s", dln_strbuf_text(&line));
    dln_strbuf_release(&line);
}

static void print_answer(const char *pruner, const struct recorded *list,
                         const struct replay *replay)
{
    char saved[FORMAT_MAX], whole[FORMAT_MAX];
    say(stdout, "%s on the curves of %zu trials:", pruner, replay->n_curves);
    say(stdout, "  pruned      %zu of %zu trials", replay->n_pruned, replay->n_curves);
    (void)format_duration(saved, (int64_t)(replay->saved_s * 1000));
    (void)format_duration(whole, (int64_t)(replay->time_s * 1000));
    say(stdout, "  time saved  %s of %s (%.0f %%), %" PRId64 " of %" PRId64 " steps", saved, whole,
        replay->time_s > 0 ? 100 * replay->saved_s / replay->time_s : 0.0, replay->n_steps_saved,
        replay->n_steps);
    print_lost(list, replay);
    if (replay->best >= 0) {
        say(stdout, "  best        #%" PRId64 " %s", replay->best,
            replay->is_best_lost ? "would be lost" : "is kept");
    }
    if (replay->n_cut_before > 0) {
        say(stdout, "  note        %zu of them were pruned in fact: their curves end there",
            replay->n_cut_before);
    }
}

static void cut_json(struct dln_json_writer *w, const struct replay_trial *trial)
{
    dln_json_object(w);
    dln_json_key(w, "number");
    dln_json_int(w, trial->number);
    dln_json_key(w, "step");
    dln_json_int(w, trial->cut.step);
    dln_json_key(w, "value");
    dln_json_double(w, trial->cut.value);
    dln_json_key(w, "threshold");
    dln_json_double(w, trial->cut.threshold);
    dln_json_key(w, "saved_s");
    dln_json_double(w, trial->saved_s);
    dln_json_key(w, "why");
    dln_json_string(w, trial->cut.why);
    dln_json_end_object(w);
}

static enum status print_answer_json(const struct opened *study, const char *pruner,
                                     const struct recorded *list, const struct replay *replay)
{
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_object(&w);
    dln_json_key(&w, "study");
    dln_json_string(&w, study->summary.name);
    dln_json_key(&w, "pruner");
    dln_json_string(&w, pruner);
    dln_json_key(&w, "curves");
    dln_json_int(&w, (int64_t)replay->n_curves);
    dln_json_key(&w, "pruned");
    dln_json_int(&w, (int64_t)replay->n_pruned);
    dln_json_key(&w, "steps");
    dln_json_int(&w, replay->n_steps);
    dln_json_key(&w, "steps_saved");
    dln_json_int(&w, replay->n_steps_saved);
    dln_json_key(&w, "time_s");
    dln_json_double(&w, replay->time_s);
    dln_json_key(&w, "time_saved_s");
    dln_json_double(&w, replay->saved_s);
    dln_json_key(&w, "good");
    dln_json_int(&w, (int64_t)replay->n_good);
    dln_json_key(&w, "good_lost");
    dln_json_array(&w);
    for (size_t i = 0; i < list->n; i++) {
        if (list->trials[i].is_good && list->trials[i].cut.prune) {
            dln_json_int(&w, list->trials[i].number);
        }
    }
    dln_json_end_array(&w);
    dln_json_key(&w, "best");
    if (replay->best >= 0) {
        dln_json_int(&w, replay->best);
    } else {
        dln_json_null(&w);
    }
    dln_json_key(&w, "best_lost");
    dln_json_bool(&w, replay->is_best_lost);
    dln_json_key(&w, "decisions");
    dln_json_array(&w);
    for (size_t i = 0; i < list->n; i++) {
        if (list->trials[i].cut.prune) cut_json(&w, &list->trials[i]);
    }
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    return print_json(&out);
}

/* ── the command ───────────────────────────────────────────────────────────────────────────────*/

/* What the pruner has to know of a study, which may be one without a definition. */
static bool outline(struct opened *opened, struct dln_study *out, struct dln_error *err)
{
    const size_t m = opened->summary.n_objectives;
    struct dln_objective *objectives = DLN_ARENA_ARRAY(&opened->arena, struct dln_objective, m);
    if (!objectives) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < m; i++) {
        objectives[i].metric = opened->summary.metric_names[i];
        objectives[i].maximize = opened->summary.maximize[i];
    }
    *out = (struct dln_study){
        .name = opened->summary.name,
        .n_objectives = m,
        .objectives = objectives,
        .prune_on = opened->def ? opened->def->prune_on : NULL,
    };
    return true;
}

static bool choose(struct opened *opened, const struct options *options, struct dln_method *out,
                   const char **said, struct dln_error *err)
{
    const char *text = option_text(options, "pruner");
    if (text) {
        *said = text;
        return parse_method(text, &opened->arena, out, err) || dln_wrap(err, "--pruner");
    }
    if (opened->def && dln_pruner_find(opened->def->pruner.name)) {
        *out = opened->def->pruner;
        *said = out->name;
        return true;
    }
    return dln_fail(err, DLN_USAGE, "say which pruner to try: --pruner 'asha eta=3'");
}

static bool answer(struct opened *opened, const struct options *options, struct recorded *list,
                   enum status *status, struct dln_error *err)
{
    struct dln_method method;
    struct dln_study study;
    struct replay replay;
    const char *said = "";
    dln_pruning *pruning = NULL;
    if (!choose(opened, options, &method, &said, err) || !outline(opened, &study, err)) {
        return false;
    }
    const size_t objective = dln_prune_objective(&study);
    if (objective == SIZE_MAX) {
        return dln_fail(err, DLN_USAGE,
                        "the study has several objectives and no 'prune_on', so no curves");
    }
    if (!dln_pruning_new(&study, &method, &pruning, err)) return dln_wrap(err, "--pruner");
    if (!pruning) return dln_fail(err, DLN_USAGE, "--pruner: '%s' prunes nothing", method.name);
    bool ok = recorded_load(opened->db_path, opened->summary.id, opened->space,
                            opened->summary.n_objectives, objective, list, err) &&
              replay_run(pruning, study.objectives[objective].maximize, list->n, list->trials,
                         &replay, err);
    dln_pruning_free(pruning);
    if (!ok) return false;
    if (replay.n_curves == 0) {
        return dln_fail(err, DLN_NOT_FOUND,
                        "no finished trial of this study has a curve: its program prints no steps");
    }
    *status = STATUS_DONE;
    if (option_given(options, "json")) {
        *status = print_answer_json(opened, said, list, &replay);
    } else {
        print_answer(said, list, &replay);
    }
    return true;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened opened;
    struct recorded list = {0};
    struct dln_error err = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &opened, &err)) {
        return complain(&err);
    }
    enum status status = STATUS_FAILED;
    if (!answer(&opened, options, &list, &status, &err)) status = complain(&err);
    recorded_release(&list);
    opened_release(&opened);
    return status;
}

static const struct option options_what_if[] = {
    {.name = "pruner", .alias = 'p', .value = "TEXT", .help = "a name and settings: 'asha eta=3'"},
    OPTION_JSON,
    OPTION_STUDY,
    {0},
};

const struct command command_what_if = {
    .name = "what-if",
    .group = GROUP_LOOK,
    .words = "STUDY",
    .summary = "what a pruner would have saved, and which good trials it would have lost",
    .notes = "The curves that are stored are reported again in the order of time, spread evenly\n"
             "over each trial's running time. Pruners: forecast asha hyperband median percentile\n"
             "patient threshold wilcoxon, with their settings as in a study file.\n"
             "  dialin what-if svm.db --pruner 'median startup=10 warmup=5'\n",
    .options = options_what_if,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
