/* What the commands on a study's space share. */
#ifndef UI_CLI_SPACE_WORDS_H
#define UI_CLI_SPACE_WORDS_H

#include "cli/options.h"
#include "cli/report.h"

#define OPTIONS_PLAN                                                                     \
    {.name = "dry-run", .help = "say what it would do, and do nothing"},                 \
    {                                                                                    \
        .name = "why", .value = "TEXT", .help = "your reason, for who reads the journal" \
    }

/* `dialin set STUDY space …` */
enum status set_space(const struct options *options);

#endif
