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

enum sort_key { SORT_NUMBER, SORT_VALUE, SORT_TIME, SORT_STATE, SORT_KEY_COUNT };
const char *sort_key_name(enum sort_key key); /* "number" … */

struct entry;
struct order {
    enum sort_key key;
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
/*
 * After the model has changed: new rows come to where they belong (newest first), or to the end of
 * any other order, which is stale then. False: out of memory.
 */
DLN_CHECK bool order_follow(struct order *order, const struct model *model,
                            const struct model_change *change, bool maximize, int64_t now_us);
/* Position of a row of the model, -1 if it is not there. */
int64_t order_find(const struct order *order, size_t row);

#endif
