/* How far the best of a study is to be trusted before it is confirmed, for people and as JSON. */
#ifndef UI_CLI_BEST_LUCK_H
#define UI_CLI_BEST_LUCK_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/locate.h"
#include "cli/report.h"
#include "dialin/json.h"
#include "dialin/trust.h"

/*
 * By a model of all trials. Not known (is_known false) for several objectives, few trials, more
 * than a model is quickly made of, or without OpenBLAS.
 */
struct dln_standing standing_of(struct opened *study);
/* Rows "name value" of a table whose first column is empty; none where nothing is known. */
void standing_rows(struct report *report, const struct dln_standing *standing);
/* The same as a table of its own, with what to do about a warning. */
DLN_CHECK bool standing_say(const struct opened *study, const struct dln_standing *standing,
                            FILE *to, struct dln_error *err);
/* The value of the key "standing"; null where nothing is known. */
void standing_json(struct dln_json_writer *w, const struct dln_standing *standing);

#endif
