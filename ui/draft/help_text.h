/* What a program says of its options under --help: argparse, click, getopt and kin. */
#ifndef UI_DRAFT_HELP_TEXT_H
#define UI_DRAFT_HELP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/arena.h"

#define HELP_OPTIONS_MAX 512
#define HELP_CHOICES_MAX 32

struct help_option {
    const char *name;       /* without dashes: the first long one, else the first */
    const char *word;       /* with them */
    const char *short_word; /* the one with a single dash, or NULL */
    const char *value;      /* what its value is called, "" for a switch */
    const char *text;       /* its description on one line */
    const char *initial;    /* its default as the help has it; NULL: not told */
    bool has_range;         /* the help tells one */
    double low, high;
    bool has_opposite; /* --no-NAME is there too */
    size_t n_choices;
    const char **choices;
};

struct help_text {
    size_t n;
    struct help_option *option;
};

/* Everything lies in the arena. False: no memory. */
bool help_text_read(const char *text, struct dln_arena *arena, struct help_text *out);

#endif
