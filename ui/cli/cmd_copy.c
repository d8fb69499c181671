#include <inttypes.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/selection.h"

static enum status tell(const struct opened *study, const struct options *options, const char *path,
                        const char *name, const struct dln_copied *copied)
{
    if (option_given(options, "json")) {
        struct dln_strbuf out = {0};
        struct dln_json_writer w = {.out = &out};
        dln_json_object(&w);
        dln_json_key(&w, "file");
        dln_json_string(&w, path);
        dln_json_key(&w, "study");
        dln_json_string(&w, name);
        dln_json_key(&w, "trials");
        dln_json_int(&w, (int64_t)copied->trials);
        dln_json_key(&w, "left_out");
        dln_json_int(&w, (int64_t)copied->left_out);
        dln_json_end_object(&w);
        return print_json(&out);
    }
    say(stdout, "%s: study '%s' with %zu of %" PRId64 " trials", path, name, copied->trials,
        study->summary.n_trials);
    if (copied->left_out > 0) {
        say(stdout, "%zu that are running were left out", copied->left_out);
    }
    return STATUS_DONE;
}

static bool copy(struct opened *study, const struct options *options, struct dln_copied *out,
                 struct dln_error *err)
{
    struct trial_list list = {0};
    dln_store *to = NULL;
    bool ok = trial_list_load(study, &list, err) && selection_apply(study, options, &list, err);
    int64_t *const ids = DLN_ARENA_ARRAY(&study->arena, int64_t, list.n);
    if (ok && !ids) ok = dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; ok && i < list.n; i++)
        ids[i] = list.trials[i].id;
    const struct dln_copy what = {
        .name = option_text(options, "name"), .trial_ids = ids, .n = list.n};
    ok = ok && dln_store_open(options->words[1], DLN_STORE_CREATE, &to, err) &&
         dln_store_copy_study(study->store, study->summary.id, &what, to, out, err);
    dln_store_close(to);
    trial_list_release(&list);
    return ok;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct opened study;
    struct dln_error err = {0};
    struct dln_copied copied = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    const char *const given = option_text(options, "name");
    const enum status status =
        copy(&study, options, &copied, &err)
            ? tell(&study, options, options->words[1], given ? given : study.summary.name, &copied)
            : complain(&err);
    opened_release(&study);
    return status;
}

static const struct option options_copy[] = {
    {.name = "name", .value = "NAME", .help = "of the copy (default: the same)"},
    OPTIONS_SELECTION,
    OPTION_JSON,
    OPTION_STUDY,
    {0},
};

const struct command command_copy = {
    .name = "copy",
    .group = GROUP_MOVE,
    .words = "STUDY FILE.db",
    .summary = "a study, or some of its trials, into another file: a clean study for Optuna too",
    .notes =
        "The file is made where there is none. Trials are numbered anew, in the order chosen;\n"
        "values, parameters, reports, attributes, notes and times stay as they are. Running\n"
        "trials stay behind.\n"
        "  dialin copy svm.db clean.db --state ok --filter 'accuracy > 90'\n",
    .options = options_copy,
    .min_words = 2,
    .max_words = 2,
    .run = run,
};
