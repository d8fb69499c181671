/* What all steering verbs share: post the command, wait for the answer, say it. */
#ifndef UI_CLI_STEER_H
#define UI_CLI_STEER_H

#include "cli/locate.h"
#include "cli/options.h"
#include "cli/report.h"
#include "dialin/store.h"
#include "dialin/strbuf.h"

/* Rows of the options table of every steering verb. */
#define OPTIONS_STEER                                                                     \
    {.name = "wait",                                                                      \
     .value = "SECONDS",                                                                  \
     .help = "for the answer (default 10; 0: post and leave)"},                           \
        {.name = "json", .help = "print JSON (ui/cli/README.md has the keys)"},           \
    {                                                                                     \
        .name = "study", .value = "NAME", .help = "which one, where a file holds several" \
    }

/* Steers an open study; `payload` is JSON and is released. Gives the exit status. */
enum status steer(struct opened *study, const struct options *options, enum dln_command_kind kind,
                  struct dln_strbuf *payload);
/* The same for words[0] of the options. */
enum status steer_word(const struct options *options, enum dln_command_kind kind,
                       struct dln_strbuf *payload);

#endif
