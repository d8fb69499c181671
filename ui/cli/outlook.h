/* What the commands that look ahead share: a predictor that has read the study, its words. */
#ifndef UI_CLI_OUTLOOK_H
#define UI_CLI_OUTLOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/locate.h"
#include "dialin/json.h"
#include "dialin/predict.h"
#include "format.h"

struct outlook { /* = {0} is closed */
    dln_predictor *predictor;
};

/* Reads all trials; the study must outlive it. */
DLN_CHECK bool outlook_open(struct opened *study, struct outlook *out, struct dln_error *err);
void outlook_close(struct outlook *outlook);

/* "NAME=VALUE", read by the parameter's own rules; DLN_USAGE, with the nearest name. */
DLN_CHECK bool parse_assignment(const struct opened *study, const char *word, size_t *param,
                                double *value, struct dln_error *err);

/* Ends of the 90 % interval, with the digits that its width asks for. */
void outlook_interval(const struct dln_expected *expected, char low[FORMAT_MAX],
                      char high[FORMAT_MAX]);
/* "34 %", "below 1 %", "above 99 %". */
char *outlook_chance(char out[FORMAT_MAX], double chance);
/* {"mean", "sd", "low", "high", "best", "best_trial", "chance", "r2", "why_not"} */
void outlook_json(struct dln_json_writer *w, dln_predictor *predictor, size_t objective,
                  const struct dln_expected *expected);

#endif
