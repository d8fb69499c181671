/*
 * The command line: `dialin COMMAND …`. Each command is one constant struct in a file cmd_*.c and
 * one line in commands.c; `dialin --help`, `dialin COMMAND --help`, the manual page, the checks of
 * words and options and the nearest word for a mistyped command come from it.
 */
#ifndef UI_CLI_COMMANDS_H
#define UI_CLI_COMMANDS_H

#include "cli/options.h"
#include "cli/report.h"

enum command_group { GROUP_RUN, GROUP_LOOK, GROUP_MOVE, GROUP_STEER, GROUP_COUNT };

struct command {
    const char *name;
    enum command_group group;
    const char *words;   /* what stands after the name: "STUDY NUMBER…" */
    const char *summary; /* one line */
    const char *notes;   /* lines below the options, or NULL */
    const struct option *options;
    size_t min_words, max_words;
    enum status (*run)(const struct command *command, const struct options *options);
};
#define WORDS_ANY SIZE_MAX

/* NULL-terminated, in the order of the help. */
const struct command *const *commands(void);
const char *command_group_title(enum command_group group);
const struct command *command_find(const char *name);

/* All of `dialin` but --guardian. */
enum status command_line(int argc, char **argv);

/* Rows that many tables of options share. */
#define OPTION_STUDY                                                                      \
    {                                                                                     \
        .name = "study", .value = "NAME", .help = "which one, where a file holds several" \
    }
#define OPTION_JSON                                                          \
    {                                                                        \
        .name = "json", .help = "print JSON (ui/cli/README.md has the keys)" \
    }

#endif
