/* The options of every command that opens the screen: how it looks, and what the line can carry. */
#ifndef UI_CLI_SCREEN_OPTIONS_H
#define UI_CLI_SCREEN_OPTIONS_H

#include <stdbool.h>

#include "app.h"
#include "cli/options.h"
#include "dialin/error.h"

/* Rows for the table of a command. */
#define OPTIONS_SCREEN                                                                           \
    {.name = "theme", .value = "NAME", .help = "dusk, paper, neutral, mono, one of yours, or ./FILE"}, \
        {.name = "color",                                                                        \
         .value = "LEVEL",                                                                       \
         .help = "auto, never, always, 8 or 256; auto obeys NO_COLOR"},                          \
        {.name = "glyphs", .value = "LEVEL", .help = "auto, braille, blocks or ascii"},          \
    {                                                                                            \
        .name = "slow", .help = "for slow lines: news every 5 s, fewer details"                  \
    }

/*
 * Fills what these options say; the rest of *out stays. DLN_USAGE or DLN_NOT_FOUND with the nearest
 * word, before anything is opened; a theme that is no theme says file:line:column.
 */
DLN_CHECK bool screen_options_read(const struct options *options, struct app_options *out,
                                   struct dln_error *err);

#endif
