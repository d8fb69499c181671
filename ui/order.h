/*
 * The order in which a table shows the rows of a model. By number, running trials stand first and
 * the others follow, newest first; that order renews itself. Any other
 * order stays as it is while values change (rows must not move under the cursor) and is renewed
 * when it is asked for. 100 000 rows are sorted in a few milliseconds: a radix sort on keys that
 * are made from the column first. Thread: owner (ui).
 */
#ifndef UI_ORDER_H
#define UI_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/export.h"
#include "model.h"

enum sort_key {
    SORT_NUMBER,
    SORT_VALUE,
    SORT_TIME,
    SORT_STATE,
    SORT_METRIC, /* as value, of any objective */
    SORT_PARAM,
    SORT_STEP,
    SORT_KEY_COUNT
};
const char *sort_key_name(enum sort_key key); /* "number" … */

struct sort_by {
    enum sort_key key;
    size_t index;  /* of the metric or parameter */
    bool maximize; /* the objective: its largest value is the best, and comes first */
    bool reversed;
};

struct entry;
struct order {
    enum sort_key key; /* and what belongs to it, the second key too, in by and then */
    struct sort_by by, then;
    bool has_then;
    const bool *hidden; /* model->n: rows that are left out; NULL: none is. Set before following */
    bool reversed; /* number: oldest first, running or not; value: worst first; time: shortest first
                    */
    bool is_stale; /* values have changed since it was sorted */
    size_t n;      /* rows in it */
    uint32_t *row; /* n; indexes of the model */
    size_t cap;
    uint64_t revision;     /* of the model when it was last looked at */
    struct entry *scratch; /* 2 × scratch_cap; the file's own */
    size_t scratch_cap;
};

void order_release(struct order *order);
/* Sorts anew. False: out of memory, the order is as it was. */
DLN_CHECK bool order_sort(struct order *order, const struct model *model, enum sort_key key,
                          bool reversed, bool maximize, int64_t now_us);
/* The same by any key, rows that are equal in it by a second one (or NULL), without hidden rows. */
DLN_CHECK bool order_arrange(struct order *order, const struct model *model, struct sort_by by,
                             const struct sort_by *then, const bool *hidden, int64_t now_us);
/*
 * After the model has changed: new rows come to where they belong (newest first), or to the end of
 * any other order, which is stale then; rows that are hidden by now go. False: out of memory.
 */
DLN_CHECK bool order_follow(struct order *order, const struct model *model,
                            const struct model_change *change, bool maximize, int64_t now_us);
/* Position of a row of the model, -1 if it is not there. */
int64_t order_find(const struct order *order, size_t row);

#endif
