#include "cli/commands.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "app.h"
#include "cli/examples.h"
#include "cli/facts.h"
#include "cli/locate.h"
#include "cli/manual.h"
#include "cli/prepare.h"
#include "cli/screen_options.h"
#include "dialin/store.h"
#include "dialin/version.h"

/* clang-format off */
#define COMMANDS(X) \
    X(run) \
    X(check) \
    X(doctor) \
    X(init) \
    X(try) \
    X(demo) \
    X(confirm) \
    X(serve) \
    X(ask) \
    X(tell) \
    X(attach) \
    X(view) \
    X(watch) \
    X(ls) \
    X(show) \
    X(trials) \
    X(best) \
    X(plot) \
    X(predict) \
    X(peek) \
    X(compare) \
    X(importance) \
    X(log) \
    X(logs) \
    X(cmd) \
    X(wait) \
    X(what_if) \
    X(export) \
    X(import) \
    X(copy) \
    X(upgrade) \
    X(rescue) \
    X(pause) \
    X(resume) \
    X(drain) \
    X(stop) \
    X(prune) \
    X(suspend) \
    X(continue) \
    X(retry) \
    X(enqueue) \
    X(withdraw) \
    X(freeze) \
    X(thaw) \
    X(narrow) \
    X(widen) \
    X(undo) \
    X(redo) \
    X(why) \
    X(note) \
    X(tag) \
    X(delete) \
    X(trash) \
    X(restore) \
    X(set)
/* clang-format on */

#define COMMAND_EXTERN(name) extern const struct command command_##name;
COMMANDS(COMMAND_EXTERN)
#undef COMMAND_EXTERN

const struct command *const *commands(void)
{
    static const struct command *const all[] = {
#define COMMAND_ENTRY(name) &command_##name,
        COMMANDS(COMMAND_ENTRY)
#undef COMMAND_ENTRY
            NULL,
    };
    return all;
}

const struct command *command_find(const char *name)
{
    for (const struct command *const *c = commands(); *c; c++) {
        if (strcmp((*c)->name, name) == 0) return *c;
    }
    return NULL;
}

const char *command_group_title(enum command_group group)
{
    switch (group) {
    case GROUP_RUN: return "Run";
    case GROUP_LOOK: return "Look";
    case GROUP_MOVE: return "Move";
    case GROUP_STEER: return "Steer";
    case GROUP_COUNT: break;
    }
    return "";
}

static void print_facts(const char *title, const struct fact *facts, FILE *to)
{
    int width = 0;
    for (const struct fact *fact = facts; fact->name; fact++) {
        if ((int)strlen(fact->name) > width) width = (int)strlen(fact->name);
    }
    fprintf(to, "\n%s\n", title);
    for (const struct fact *fact = facts; fact->name; fact++)
        fprintf(to, "  %-*s  %s\n", width, fact->name, fact->text);
}

static void print_help(FILE *to)
{
    fprintf(to, "dialin: %s\n\n", fact_purpose);
    for (const struct fact *call = fact_calls; call->name; call++)
        fprintf(to, "  dialin %-24s %s\n", call->name, call->text);
    for (int group = 0; group < GROUP_COUNT; group++) {
        fprintf(to, "\n%s\n", command_group_title((enum command_group)group));
        for (const struct command *const *c = commands(); *c; c++) {
            if ((*c)->group == (enum command_group)group) {
                fprintf(to, "  %-11s %s\n", (*c)->name, (*c)->summary);
            }
        }
    }
    fputs("\nOptions\n", to);
    options_help(fact_options, to);
    print_facts("Exit status", fact_statuses, to);
    print_facts("Files", fact_files, to);
    print_facts("Environment", fact_environment, to);
    print_facts("Environment of a trial", fact_trial_environment, to);
}

static void print_command_help(const struct command *command, FILE *to)
{
    fprintf(to, "Usage: dialin %s %s\n%s\n\n", command->name, command->words, command->summary);
    options_help(command->options, to);
    if (command->notes) fprintf(to, "\n%s", command->notes);
    for (const struct example *e = example_of(command->name, NULL); e;
         e = example_of(command->name, e)) {
        fprintf(to, "\n  $ dialin %s\n", e->call);
        for (const char *line = e->output; *line;) {
            const size_t len = strcspn(line, "\n");
            fprintf(to, "%s%.*s\n", len > 0 ? "  " : "", (int)len, line);
            line += len + 1;
        }
    }
}

static enum status print_version(void)
{
    say(stdout, "dialin %s", DLN_VERSION);
    say(stdout, "SQLite %s", dln_store_sqlite_version());
    const char *const notice = dln_store_sqlite_notice();
    if (notice) say(stdout, "%s", notice);
    return STATUS_DONE;
}

static enum status run_command(const struct command *command, int argc, char **argv)
{
    struct options options;
    struct dln_error err = {0};
    if (!options_parse(command->options, argc, argv, &options, &err)) {
        dln_wrap(&err, "%s", command->name);
        return complain(&err);
    }
    if (options.help) {
        print_command_help(command, stdout);
        return STATUS_DONE;
    }
    if (options.n_words < command->min_words) {
        dln_fail(&err, DLN_USAGE, "usage: dialin %s %s", command->name, command->words);
        return complain(&err);
    }
    if (options.n_words > command->max_words) {
        dln_fail(&err, DLN_USAGE, "'%s' is one word too many: dialin %s %s",
                 options.words[command->max_words], command->name, command->words);
        return complain(&err);
    }
    return command->run(command, &options);
}

static enum status unknown_word(const char *word, struct dln_error *err)
{
#define COMMAND_ONE(name) +1
    enum { COUNT = 0 COMMANDS(COMMAND_ONE) };
#undef COMMAND_ONE
    const char *names[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        names[i] = commands()[i]->name;
    dln_fail(err, DLN_USAGE, "'%s' is neither a command nor a file", word);
    add_meant(err, word, names, COUNT);
    const enum status status = complain(err);
    fputs("dialin --help lists the commands\n", stderr);
    return status;
}

static enum status open_screen(int argc, char **argv)
{
    struct options options;
    struct dln_error err = {0};
    if (!options_parse(fact_options, argc, argv, &options, &err)) return complain(&err);
    if (options.help) {
        print_help(stdout);
        return STATUS_DONE;
    }
    if (option_given(&options, "version")) return print_version();
    if (option_given(&options, "manual")) return print_manual();
    const char *const word = options.n_words > 0 ? options.words[0] : NULL;
    struct stat info;
    if (word && stat(word, &info) != 0) {
        if (errno == ENOENT && !strchr(word, '/') && !strchr(word, '.')) {
            return unknown_word(word, &err);
        }
        if (errno == ENOENT || errno == ENOTDIR) {
            dln_fail(&err, DLN_NOT_FOUND, "there is no file '%s'", word);
        } else {
            dln_fail_errno(&err, errno, "open '%s'", word);
        }
        return complain(&err);
    }
    if (options.n_words > 1) {
        dln_fail(&err, DLN_USAGE, "'%s' is one word too many: dialin --help lists the commands",
                 options.words[1]);
        return complain(&err);
    }
    struct app_options app = {.path = word, .study_id = -1};
    if (!screen_options_read(&options, &app, &err)) return complain(&err);
    if (!word || S_ISDIR(info.st_mode)) return (enum status)app_run(&app);
    struct prepared prepared;
    if (!prepare_study(word, NULL, option_text(&options, "study"), &prepared, &err)) {
        return complain(&err);
    }
    const enum status status = (enum status)prepared_screen(&prepared, &app);
    prepared_release(&prepared);
    return status;
}

/* What was printed is on its way, or a person gets to know. A reader that has gone knows itself. */
static enum status finish_output(enum status status)
{
    if (fflush(stdout) == 0 || errno == EPIPE || status != STATUS_DONE) return status;
    struct dln_error err = {0};
    dln_fail_errno(&err, errno, "write to standard output");
    return complain(&err);
}

static enum status obey_line(int argc, char **argv)
{
    const char *const word = argc > 1 ? argv[1] : "";
    const struct command *command = command_find(word);
    if (command) return run_command(command, argc - 2, argv + 2);
    if (strcmp(word, "help") == 0) {
        if (argc < 3) {
            print_help(stdout);
            return STATUS_DONE;
        }
        struct dln_error err = {0};
        command = command_find(argv[2]);
        if (!command) return unknown_word(argv[2], &err);
        print_command_help(command, stdout);
        return STATUS_DONE;
    }
    return open_screen(argc - 1, argv + 1);
}

enum status command_line(int argc, char **argv)
{
    return finish_output(obey_line(argc, argv));
}
