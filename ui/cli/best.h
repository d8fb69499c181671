/* The best trial of a study, or its Pareto front, for people and as JSON. */
#ifndef UI_CLI_BEST_H
#define UI_CLI_BEST_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/locate.h"
#include "cli/trial_list.h"
#include "dialin/error.h"

/*
 * The trials that no other one beats: one for a single objective (the summary's best), the front
 * for several, in the order of the first objective. n is 0 while nothing is complete.
 */
DLN_CHECK bool best_find(struct opened *study, struct trial_list *out, struct dln_error *err);
/* The same of the trials that a --filter keeps; NULL: of all. */
DLN_CHECK bool best_find_among(struct opened *study, const char *filter, struct trial_list *out,
                               struct dln_error *err);
DLN_CHECK bool best_print_among(struct opened *study, const char *filter, FILE *to,
                                struct dln_error *err);
DLN_CHECK bool best_print(struct opened *study, FILE *to, struct dln_error *err);

#endif
