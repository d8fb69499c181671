/*
 * One small option parser for all commands.
 *
 *   --name=value  --name value  -nvalue  -n value  --switch  -s  -abc (switches)  --
 *
 * Options and words may be mixed; a number below 0 is a word, after `--` everything is. Each command
 * has a table; its part of `--help` is printed from it. `--help` and `-h` are understood by every
 * command.
 */
#ifndef UI_CLI_OPTIONS_H
#define UI_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "dialin/error.h"

struct option {        /* tables end with {0} */
    const char *name;  /* without the dashes */
    char alias;        /* one letter, or 0 */
    const char *value; /* what its value is called in the help; NULL: a switch */
    const char *help;
};

#define OPTIONS_MAX 32 /* in one table */

struct options {
    const struct option *table;
    const char *given[OPTIONS_MAX]; /* by place in the table; "" for a switch; NULL: not given */
    char **words;                   /* what is no option, in order */
    size_t n_words;
    bool help;
};

/* Reorders argv. Fails with DLN_USAGE and the nearest option for an unknown one. */
DLN_CHECK bool options_parse(const struct option *table, int argc, char **argv, struct options *out,
                             struct dln_error *err);

/* The name must stand in the table. */
bool option_given(const struct options *options, const char *name);
const char *option_text(const struct options *options, const char *name); /* NULL: not given */
/* Leaves *out alone when the option was not given. */
DLN_CHECK bool option_whole(const struct options *options, const char *name, int64_t low,
                            int64_t high, int64_t *out, struct dln_error *err);

void options_help(const struct option *table, FILE *to);

#endif
