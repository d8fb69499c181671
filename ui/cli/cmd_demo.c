#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/prepare.h"
#include "cli/run_study.h"
#include "cli/screen_options.h"
#include "cli/whole_file.h"

enum { SPEED = 20, TRIALS = 200 };

#define FIRST_LINE "# dialin demo: a training that is only simulated\n"

/* In double quotes, for YAML; braces doubled, since placeholders have them. */
static void add_quoted(struct dln_strbuf *out, const char *text)
{
    dln_strbuf_add_char(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') dln_strbuf_add_char(out, '\\');
        if (*text == '{' || *text == '}') dln_strbuf_add_char(out, *text);
        dln_strbuf_add_char(out, *text);
    }
    dln_strbuf_add_char(out, '"');
}

static bool write_study(const char *path, int64_t speed, int64_t trials, struct dln_error *err)
{
    char program[PATH_MAX];
    const ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
    if (len < 0) return dln_fail_errno(err, errno, "find this program: /proc/self/exe");
    program[len] = '\0';
    struct dln_strbuf text = {0};
    dln_strbuf_add(&text, FIRST_LINE "study: demo\nrun: [");
    add_quoted(&text, program);
    dln_strbuf_addf(&text,
                    ", --demo-trial, \"%lld\", \"{seed}\", \"{args}\"]\n"
                    "objective: {minimize: val_loss}\n"
                    "space:\n"
                    "  lr:           {float: [1e-5, 1], log: true, default: 1e-3}\n"
                    "  weight_decay: {float: [1e-6, 1e-1], log: true}\n"
                    "  batch:        {choice: [32, 64, 128, 256], ordered: true}\n"
                    "  width:        {int: [128, 1024], step: 128, default: 256}\n"
                    "  dropout:      {float: [0, 0.6]}\n"
                    "  optimizer:    {choice: [adamw, sgd, lion]}\n"
                    "  momentum:     {float: [0, 0.98], when: optimizer == sgd}\n"
                    "  schedule:     {choice: [constant, cosine]}\n"
                    "  augment:      {flag: true}\n"
                    "strategy: auto\n"
                    "pruner: {median: {startup: 8, warmup: 4}}\n"
                    "start: [default]\n"
                    "budget: {trials: %lld}\n"
                    "machine: {parallel: 4}\n"
                    "failure: {retry: 0, pause_after: 0}\n",
                    (long long)speed, (long long)trials);
    const bool ok = write_whole_file(path, &text, err);
    dln_strbuf_release(&text);
    return ok;
}

/* Whether a file is one of ours; DLN_BUSY for another one, which is left alone. */
static bool is_demo(const char *path, bool *exists, struct dln_error *err)
{
    char first[sizeof FIRST_LINE] = "";
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    *exists = fd >= 0 || errno != ENOENT;
    if (!*exists) return true;
    if (fd < 0) return dln_fail_errno(err, errno, "open '%s'", path);
    const ssize_t len = read(fd, first, sizeof first - 1);
    (void)close(fd);
    return (len == (ssize_t)sizeof first - 1 && strcmp(first, FIRST_LINE) == 0) ||
           dln_fail(err, DLN_USAGE, "'%s' is there, and is not the demo's: name another folder",
                    path);
}

static bool temporary_folder(struct dln_strbuf *out, struct dln_error *err)
{
    const char *const parent = getenv("TMPDIR");
    dln_strbuf_addf(out, "%s/dialin-demo-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!dln_strbuf_ok(out)) return dln_fail(err, DLN_NOMEM, "out of memory");
    return mkdtemp(out->data) || dln_fail_errno(err, errno, "make '%s'", dln_strbuf_text(out));
}

static bool make_study(const struct options *options, struct dln_strbuf *folder,
                       struct dln_strbuf *path, struct dln_error *err)
{
    int64_t speed = SPEED, trials = TRIALS;
    bool exists;
    if (!option_whole(options, "speed", 1, 1000000, &speed, err) ||
        !option_whole(options, "trials", 1, 1000000, &trials, err)) {
        return false;
    }
    if (options->n_words == 0) {
        if (!temporary_folder(folder, err)) return false;
    } else {
        dln_strbuf_add(folder, options->words[0]);
        if (mkdir(dln_strbuf_text(folder), 0777) != 0 && errno != EEXIST) {
            return dln_fail_errno(err, errno, "make '%s'", dln_strbuf_text(folder));
        }
    }
    dln_strbuf_addf(path, "%s/demo.yaml", dln_strbuf_text(folder));
    if (!dln_strbuf_ok(path)) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (!is_demo(dln_strbuf_text(path), &exists, err)) return false;
    if (exists && (option_given(options, "speed") || option_given(options, "trials"))) {
        return dln_fail(err, DLN_USAGE,
                        "'%s' is there already: --speed and --trials are for a new demo; `dialin "
                        "set` changes the budget",
                        dln_strbuf_text(path));
    }
    return exists || write_study(dln_strbuf_text(path), speed, trials, err);
}

static enum status run(const struct command *command, const struct options *options)
{
    (void)command;
    struct dln_error err = {0};
    struct dln_strbuf folder = {0}, path = {0};
    struct prepared prepared = {0};
    struct run_how how = {.headless = option_given(options, "headless")};
    enum status status;
    if (!screen_options_read(options, &how.looks, &err) ||
        !make_study(options, &folder, &path, &err) ||
        !prepare_study(dln_strbuf_text(&path), NULL, NULL, &prepared, &err)) {
        status = complain(&err);
    } else {
        status = run_study(&prepared, &how);
        if (options->n_words == 0) {
            say(stderr, "dialin: the demo is in %s: dialin demo %s opens it again",
                dln_strbuf_text(&folder), dln_strbuf_text(&folder));
        }
    }
    prepared_release(&prepared);
    dln_strbuf_release(&folder);
    dln_strbuf_release(&path);
    return status;
}

static const struct option options_demo[] = {
    {.name = "headless", .help = "no screen: one line an event, the best setting at the end"},
    {.name = "speed", .value = "N", .help = "times faster than a real training (default: 20)"},
    {.name = "trials", .value = "N", .help = "its budget (default: 200)"},
    OPTIONS_SCREEN,
    {0},
};

const struct command command_demo = {
    .name = "demo",
    .group = GROUP_RUN,
    .words = "[FOLDER]",
    .summary = "a study of a simulated training, for trying every key",
    .notes =
        "It has learning curves, failures, pruned trials and a conditional parameter, and is a\n"
        "study like any other: FOLDER/demo.yaml and demo.db (default: a new folder in\n"
        "$TMPDIR or /tmp). A demo that is there goes on.\n",
    .options = options_demo,
    .min_words = 0,
    .max_words = 1,
    .run = run,
};
