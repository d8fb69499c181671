/*
 * What a trial has, by name: the columns of `dialin trials`, and what its --sort sorts by. A
 * parameter wins over a metric of the same name, both over our own words.
 */
#ifndef UI_CLI_COLUMNS_H
#define UI_CLI_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/locate.h"
#include "dialin/error.h"
#include "dialin/expr.h"
#include "dialin/strbuf.h"
#include "dialin/trial.h"
#include "format.h"

enum column_kind {
    COLUMN_PARAM,
    COLUMN_METRIC,
    COLUMN_NUMBER,
    COLUMN_STATE,
    COLUMN_VALUE, /* of the first objective */
    COLUMN_DURATION,
    COLUMN_STARTED,
    COLUMN_ENDED,
    COLUMN_REASON,
    COLUMN_DETAIL,
    COLUMN_STRATEGY,
    COLUMN_WHY,
    COLUMN_ATTEMPTS,
    COLUMN_SLOT,
    COLUMN_STEP, /* the last one reported, and its value */
    COLUMN_LAST,
    COLUMN_RUNS,
    COLUMN_SPREAD,
    COLUMN_ATTRIBUTE, /* attr.KEY: what the program or a person noted on the trial */
};

struct trial_column {
    enum column_kind kind;
    size_t index;     /* of the parameter or metric */
    const char *name; /* of an attribute, with "attr."; lives as long as what was asked with */
};

/* DLN_USAGE names the nearest column. */
DLN_CHECK bool column_find(const struct opened *study, const char *name, struct trial_column *out,
                           struct dln_error *err);
const char *column_name(const struct opened *study, struct trial_column column);
/* Number, state, values, parameters, duration, detail. In the study's arena; NULL: no memory. */
struct trial_column *columns_default(struct opened *study, size_t *n);
/* "number,val_loss,lr". */
DLN_CHECK bool columns_parse(struct opened *study, const char *list, struct trial_column **out,
                             size_t *n, struct dln_error *err);

/* The value, MISSING where there is none. Texts are borrowed, or in `scratch` (reset by the call).
 */
struct dln_value column_value(const struct opened *study, struct trial_column column,
                              const struct dln_trial *trial, struct dln_strbuf *scratch);
bool column_is_number(const struct opened *study, struct trial_column column);
/* How a column's numbers are written, so that they align: made from all trials that are shown. */
struct number_style column_style(const struct opened *study, struct trial_column column, size_t n,
                                 const struct dln_trial *trials);
/* For a table of people. Appends; nothing where there is no value. */
void column_text(const struct opened *study, struct trial_column column,
                 const struct dln_trial *trial, struct number_style style, struct dln_strbuf *out);

#endif
