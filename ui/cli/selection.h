/*
 * Which trials, in which order: --filter, --state, --sort, --reverse and --limit, for all commands
 * alike.
 */
#ifndef UI_CLI_SELECTION_H
#define UI_CLI_SELECTION_H

#include "cli/locate.h"
#include "cli/options.h"
#include "cli/trial_filter.h"
#include "cli/trial_list.h"

/* The table of the options must hold OPTIONS_SELECTION. */
DLN_CHECK bool selection_apply(struct opened *study, const struct options *options,
                               struct trial_list *list, struct dln_error *err);

/*
 * Loads what is asked for, and no more than that: the first or last trials of a long study are there
 * at once, and sorting by a number reads that number of each trial only. After opened_glance().
 */
DLN_CHECK bool selection_load(struct opened *study, const struct options *options,
                              struct trial_list *list, struct dln_error *err);

/* clang-format off */
#define OPTIONS_SELECTION                                                                        \
    OPTION_FILTER,                                                                               \
    {.name = "state", .value = "LIST", .help = "of run, ok, cut, err, wait: 'ok,cut'"},          \
    {.name = "sort", .alias = 's', .value = "COLUMN",                                            \
     .help = "ascending; -COLUMN descending; missing values last"},                              \
    {.name = "reverse", .alias = 'r', .help = "the other way round: newest, or largest, first"}, \
    {.name = "limit", .alias = 'n', .value = "N", .help = "the first N rows after sorting"}
/* clang-format on */

#endif
