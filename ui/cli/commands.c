#include "cli/commands.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "app.h"
#include "cli/locate.h"
#include "cli/prepare.h"
#include "dialin/store.h"
#include "dialin/version.h"

#define COMMANDS(X) \
    X(run)          \
    X(check)        \
    X(serve)        \
    X(ask)          \
    X(tell)         \
    X(attach)       \
    X(view)         \
    X(watch)        \
    X(ls)           \
    X(show)         \
    X(best)         \
    X(logs)         \
    X(cmd)          \
    X(what_if)      \
    X(pause)        \
    X(resume) X(drain) X(stop) X(prune) X(retry) X(enqueue) X(set)

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

static void print_help(FILE *to)
{
    static const char *const titles[GROUP_COUNT] = {
        [GROUP_RUN] = "Run",
        [GROUP_LOOK] = "Look",
        [GROUP_STEER] = "Steer",
    };
    fputs("dialin: tune hyperparameters from the terminal\n\n"
          "  dialin [FOLDER]                 the studies here, on the screen\n"
          "  dialin STUDY                    open one: a study file (.yaml) or a database (.db)\n"
          "  dialin COMMAND STUDY [WORDS]    one of the commands below\n",
          to);
    for (int group = 0; group < GROUP_COUNT; group++) {
        fprintf(to, "\n%s\n", titles[group]);
        for (const struct command *const *c = commands(); *c; c++) {
            if ((*c)->group == (enum command_group)group) {
                fprintf(to, "  %-9s %s\n", (*c)->name, (*c)->summary);
            }
        }
    }
    fputs("\n  dialin COMMAND --help           its words and options\n"
          "  dialin --version\n"
          "\nExit status: 0 done, 1 the study failed or a command was refused, 2 bad usage or bad "
          "study\nfile, 3 another engine holds the study, 4 the file or the machine failed.\n",
          to);
}

static void print_command_help(const struct command *command, FILE *to)
{
    fprintf(to, "Usage: dialin %s %s\n%s\n\n", command->name, command->words, command->summary);
    options_help(command->options, to);
    if (command->notes) fprintf(to, "\n%s", command->notes);
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

/* `dialin`, `dialin FOLDER`, `dialin STUDY`. */
static enum status open_screen(int argc, char **argv)
{
    static const struct option table[] = {
        OPTION_STUDY,
        {.name = "version", .alias = 'V', .help = "versions of dialin and of SQLite"},
        {0},
    };
    struct options options;
    struct dln_error err = {0};
    if (!options_parse(table, argc, argv, &options, &err)) return complain(&err);
    if (options.help) {
        print_help(stdout);
        return STATUS_DONE;
    }
    if (option_given(&options, "version")) return print_version();
    const char *const word = options.n_words > 0 ? options.words[0] : NULL;
    struct stat info;
    if (word && stat(word, &info) != 0) {
        if (errno == ENOENT && !strchr(word, '/') && !strchr(word, '.')) {
            return unknown_word(word, &err);
        }
        dln_fail_errno(&err, errno, "open '%s'", word);
        if (err.code == DLN_IO) err.code = DLN_USAGE;
        return complain(&err);
    }
    if (options.n_words > 1) {
        dln_fail(&err, DLN_USAGE, "'%s' is one word too many: dialin --help lists the commands",
                 options.words[1]);
        return complain(&err);
    }
    if (!word || S_ISDIR(info.st_mode)) {
        const struct app_options home = {.path = word, .study_id = -1};
        return (enum status)app_run(&home);
    }
    struct prepared prepared;
    if (!prepare_study(word, NULL, option_text(&options, "study"), &prepared, &err)) {
        return complain(&err);
    }
    const enum status status = (enum status)prepared_screen(&prepared, false);
    prepared_release(&prepared);
    return status;
}

enum status command_line(int argc, char **argv)
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
