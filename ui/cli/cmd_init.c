/* dialin init and dialin try: a study file from a command line, and that study run. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/locate.h"
#include "cli/prepare.h"
#include "cli/run_study.h"
#include "cli/screen_options.h"
#include "cli/whole_file.h"
#include "draft/draft.h"

enum { DRY_RUN_MS = 60000 };

struct made {
    struct dln_arena arena;
    struct draft_ask ask;
    struct dln_strbuf text;
    const char *path;
    bool exists;  /* a file is there already */
    bool is_same; /* and has this text */
};

static void made_release(struct made *made)
{
    dln_strbuf_release(&made->text);
    dln_arena_release(&made->arena);
}

static void compare(struct made *made)
{
    FILE *const file = fopen(made->path, "re");
    made->exists = file || errno != ENOENT;
    if (!file) return;
    char *const text = malloc(made->text.len + 1);
    made->is_same = text && fread(text, 1, made->text.len + 1, file) == made->text.len &&
                    memcmp(text, dln_strbuf_text(&made->text), made->text.len) == 0;
    free(text);
    (void)fclose(file);
}

static bool make(const struct command *command, const struct options *options, struct made *out,
                 struct dln_error *err)
{
    const char *const minimize = option_text(options, "minimize");
    const char *const maximize = option_text(options, "maximize");
    struct draft_ask ask = {
        .verb = command->name,
        .n_words = options->n_words,
        .words = options->words,
        .vary = option_text(options, "vary"),
        .metric = minimize ? minimize : maximize,
        .maximize = maximize != NULL,
        .trials = 100,
        .parallel = 1,
    };
    *out = (struct made){.path = option_text(options, "output")};
    if (minimize && maximize) {
        return dln_fail(err, DLN_USAGE, "one of --minimize and --maximize, not both");
    }
    if (!option_whole(options, "trials", 1, 1000000000, &ask.trials, err) ||
        !option_whole(options, "parallel", 1, 1024, &ask.parallel, err)) {
        return false;
    }
    if (!out->path) {
        const char *const name = draft_name(ask.n_words, ask.words, &out->arena);
        out->path = name ? dln_arena_printf(&out->arena, "%s.yaml", name) : NULL;
        if (!out->path) return dln_fail(err, DLN_NOMEM, "out of memory");
    } else if (!is_study_file(out->path)) {
        return dln_fail(err, DLN_USAGE, "'%s': the name of a study file ends in .yaml", out->path);
    }
    if (!draft_make(&ask, out->path, &out->arena, &out->text, err)) return false;
    out->ask = ask;
    compare(out);
    return true;
}

/* Before anything is written. */
static bool try_once(const struct made *made, const struct options *options, struct dln_error *err)
{
    struct dln_strbuf told = {0};
    if (!option_given(options, "dry-run")) return true;
    const bool ok = draft_dry_run(&made->ask, dln_strbuf_text(&made->text), made->text.len,
                                  DRY_RUN_MS, &told, err);
    if (ok) say(stderr, "dialin: dry run: %s", dln_strbuf_text(&told));
    dln_strbuf_release(&told);
    return ok;
}

static bool is_allowed(const struct made *made, const struct options *options,
                       struct dln_error *err)
{
    if (!made->exists || made->is_same || option_given(options, "force")) return true;
    return dln_fail(err, DLN_USAGE,
                    "'%s' is there already, and was left as it is: -o OTHER.yaml writes another "
                    "file, --force replaces it",
                    made->path);
}

static void print_lines(const char *text)
{
    while (*text) {
        const size_t len = strcspn(text, "\n");
        say(stdout, "  %.*s", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

static enum status run_init(const struct command *command, const struct options *options)
{
    struct dln_error err = {0};
    struct made made;
    const bool is_printed = option_given(options, "print");
    enum status status = STATUS_DONE;
    if (!make(command, options, &made, &err) || !try_once(&made, options, &err) ||
        (!is_printed && !is_allowed(&made, options, &err)) ||
        (!is_printed && !made.is_same && !write_whole_file(made.path, &made.text, &err))) {
        status = complain(&err);
    } else if (is_printed) {
        status = print_text(&made.text);
    } else {
        say(stdout, "%s: %s", made.path,
            made.is_same  ? "is there already, word for word"
            : made.exists ? "replaced"
                          : "written");
        print_lines(dln_strbuf_text(&made.text));
        say(stdout, "next: dialin check %s, dialin run %s", made.path, made.path);
        if (strchr(made.path, '/')) {
            say(stdout, "note: trials run in the folder of the study file");
        }
    }
    made_release(&made);
    return status;
}

static enum status run_try(const struct command *command, const struct options *options)
{
    struct dln_error err = {0};
    struct made made;
    struct prepared prepared = {0};
    struct run_how how = {.headless = option_given(options, "headless")};
    enum status status;
    if (!screen_options_read(options, &how.looks, &err)) return complain(&err);
    if (!make(command, options, &made, &err) || !is_allowed(&made, options, &err) ||
        (!made.is_same && !write_whole_file(made.path, &made.text, &err))) {
        status = complain(&err);
    } else {
        if (!made.is_same) {
            say(stderr, "dialin: %s %s", made.exists ? "replaced" : "made", made.path);
        }
        status = prepare_study(made.path, NULL, NULL, &prepared, &err) ? run_study(&prepared, &how)
                                                                       : complain(&err);
    }
    prepared_release(&prepared);
    made_release(&made);
    return status;
}

#define OPTIONS_DRAFT                                                                       \
    {.name = "minimize", .value = "METRIC", .help = "its name in what the command prints"}, \
        {.name = "maximize", .value = "METRIC", .help = "the same, more is better"},        \
        {.name = "vary",                                                                    \
         .value = "LIST",                                                                   \
         .help = "only these: 'lr=1e-5..0.1 log, layers=1..8, opt=sgd|adam, dropout'"},     \
        {.name = "trials", .value = "N", .help = "the budget (default: 100)"},              \
        {.name = "parallel", .value = "N", .help = "at a time (default: 1)"},               \
        {.name = "output",                                                                  \
         .alias = 'o',                                                                      \
         .value = "FILE",                                                                   \
         .help = "the study file (default: the program's name, .yaml)"},                    \
    {                                                                                       \
        .name = "force", .help = "replace a file that is there"                             \
    }

static const struct option options_init[] = {
    OPTIONS_DRAFT,
    {.name = "dry-run", .help = "first run it once, at the defaults; nothing of that is kept"},
    {.name = "print", .help = "print the study file, write nothing"},
    {0},
};

static const struct option options_try[] = {
    OPTIONS_DRAFT,
    {.name = "headless", .help = "no screen: one line an event, the best setting at the end"},
    OPTIONS_SCREEN,
    {0},
};

#define NOTES_DRAFT                                                                                \
    "COMMAND is run once with --help (or -h), as argparse, click and getopt programs have it.\n"   \
    "Options with a number or with choices, and switches, become parameters; a seed becomes\n"     \
    "{seed}; what the command gives already stays. {names} in it say where values go. Each line\n" \
    "of the file has its reason, also for what was left out.\n"

const struct command command_init = {
    .name = "init",
    .group = GROUP_RUN,
    .words = "-- COMMAND…",
    .summary = "write a study file for a command, from its --help",
    .notes = NOTES_DRAFT "  dialin init --maximize accuracy -- python3 train.py --epochs 20\n",
    .options = options_init,
    .min_words = 1,
    .max_words = WORDS_ANY,
    .run = run_init,
};

const struct command command_try = {
    .name = "try",
    .group = GROUP_RUN,
    .words = "-- COMMAND…",
    .summary = "the same, and run it: a study from one command line",
    .notes = NOTES_DRAFT
    "  dialin try --minimize loss --vary 'lr=1e-4..1 log' -- sh train.sh --lr={lr}\n"
    "The same line again goes on with the study.\n",
    .options = options_try,
    .min_words = 1,
    .max_words = WORDS_ANY,
    .run = run_try,
};
