#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/comparison.h"
#include "cli/trial_filter.h"

static bool looks_like_number(const char *word)
{
    if (*word == '#') word++;
    return *word && word[strspn(word, "0123456789")] == '\0';
}

/* "FILE" or "FILE#STUDY". */
static bool open_word(const char *word, struct opened *out, struct dln_error *err)
{
    static const struct option table[] = {OPTION_STUDY, {0}};
    struct options options = {.table = table};
    const char *const mark = strrchr(word, '#');
    if (!mark || mark == word) {
        return opened_study(&options, word, DLN_STORE_READ, out, err);
    }
    char *const path = strndup(word, (size_t)(mark - word));
    if (!path) return dln_fail(err, DLN_NOMEM, "out of memory");
    options.given[0] = mark + 1;
    const bool ok = opened_study(&options, path, DLN_STORE_READ, out, err);
    free(path);
    return ok;
}

static enum status print(struct comparison *comparison, const struct options *options,
                         const char *of, const char *title)
{
    const bool all = option_given(options, "all");
    if (option_given(options, "json")) return comparison_print_json(comparison, of, all);
    return comparison_print(comparison, title, all);
}

static enum status run_trials(const struct options *options)
{
    struct opened study;
    struct dln_error err = {0};
    struct comparison comparison = {0};
    char best[32];
    char *numbers[COMPARED_MAX];
    size_t n = options->n_words - 1;
    for (size_t i = 0; i < n; i++)
        numbers[i] = options->words[i + 1];
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        return complain(&err);
    }
    enum status status;
    if (n == 1) { /* against the best */
        snprintf(best, sizeof best, "%" PRId64, study.summary.best_number);
        numbers[n++] = best;
    }
    if (strcmp(numbers[n - 1], "-1") == 0) {
        dln_fail(&err, DLN_USAGE, "'%s' has no best trial to compare with: name two numbers",
                 study.summary.name);
        status = complain(&err);
    } else if (!compare_trials(&study, numbers, n, &comparison, &err)) {
        status = complain(&err);
    } else {
        status = print(&comparison, options, "trials", study.summary.name);
    }
    comparison_release(&comparison);
    opened_release(&study);
    return status;
}

static enum status run_studies(const struct options *options)
{
    struct opened studies[COMPARED_MAX] = {{.db_path = NULL}};
    struct opened *list[COMPARED_MAX];
    struct dln_error err = {0};
    struct comparison comparison = {0};
    const size_t n = options->n_words;
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        list[i] = &studies[i];
        if (ok) ok = open_word(options->words[i], &studies[i], &err);
    }
    ok = ok && compare_studies(list, n, option_text(options, "filter"), &comparison, &err);
    const enum status status =
        ok ? print(&comparison, options, "studies", "what differs between these studies")
           : complain(&err);
    comparison_release(&comparison);
    for (size_t i = 0; i < n; i++)
        opened_release(&studies[i]);
    return status;
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    if (looks_like_number(options->words[1])) return run_trials(options);
    if (option_given(options, "study")) {
        struct dln_error err = {0};
        dln_fail(&err, DLN_USAGE, "--study is for trials of one study; write FILE#NAME");
        return complain(&err);
    }
    return run_studies(options);
}

static const struct option options_compare[] = {
    {.name = "all", .alias = 'a', .help = "equal rows too"},
    OPTION_FILTER,
    OPTION_JSON,
    OPTION_STUDY,
    {0},
};

const struct command command_compare = {
    .name = "compare",
    .group = GROUP_LOOK,
    .words = "STUDY NUMBER [NUMBER…] | STUDY STUDY…",
    .summary = "what differs between trials, or between studies",
    .notes =
        "One number is compared with the best trial. A study in a file with several is\n"
        "written FILE#NAME. Studies are compared after as many trials and as much run time as the\n"
        "least of them has; the rank test is of these first values against the first study's:\n"
        "it says how often chance alone would part them as far.\n"
        "  dialin compare svm.db 12 31\n"
        "  dialin compare svm.db old.db#svm-2024\n",
    .options = options_compare,
    .min_words = 2,
    .max_words = COMPARED_MAX,
    .run = run,
};
