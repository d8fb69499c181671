/*
 * The values of declared metrics in one line of output. First way that fits wins:
 *
 *   1. a JSON object, or `dialin:` and name=value pairs          the whole line is read this way
 *   2. the study's own expression for a metric                   reads this metric, and it alone
 *   3. the metric's name at a word boundary, then `:`, `=` or blanks, then a number
 *
 * Within a line the first value of a metric counts: `val_acc: 0.87 (best val_acc: 0.91)` is 0.87.
 * A number must end where a word ends: 0.5s, 1,234, 45/50, 12:30 and 0x1f are none.
 */
#ifndef DLN_EXEC_METRIC_FIND_H
#define DLN_EXEC_METRIC_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/error.h"
#include "dialin/study.h"

struct dln_metric_set; /* names and compiled expressions; immutable, counted */

/* DLN_INVALID "LINE:COLUMN: …" for an expression that cannot be used. */
DLN_CHECK bool dln_metric_set_new(const struct dln_study *study, struct dln_metric_set **out,
                                  struct dln_error *err);
/* Thread: owner of the set and of all who hold it. */
struct dln_metric_set *dln_metric_set_hold(struct dln_metric_set *set);
void dln_metric_set_drop(struct dln_metric_set *set);

size_t dln_metric_set_count(const struct dln_metric_set *set);
const char *dln_metric_set_name(const struct dln_metric_set *set, size_t metric);
/* A shorter line can hold no value. */
size_t dln_metric_set_shortest(const struct dln_metric_set *set);

struct dln_metric_line {
    bool *has_value; /* by metric */
    double *value;
    bool has_step;
    int64_t step;
};

/* line[len] must be NUL, and no byte before it. True if anything was found. */
bool dln_metric_find(const struct dln_metric_set *set, const char *line, size_t len,
                     struct dln_metric_line *found);

#endif
