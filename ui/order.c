#include "order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    uint64_t key;
    uint32_t row;
};

const char *sort_key_name(enum sort_key key)
{
    switch (key) {
    case SORT_NUMBER: return "number";
    case SORT_VALUE: return "value";
    case SORT_TIME: return "time";
    case SORT_STATE: return "state";
    case SORT_METRIC: return "metric";
    case SORT_PARAM: return "parameter";
    case SORT_STEP: return "step";
    case SORT_KEY_COUNT: break;
    }
    return "";
}

void order_release(struct order *order)
{
    free(order->row);
    free(order->scratch);
    *order = (struct order){0};
}

static bool reserve(struct order *order, size_t n)
{
    if (n <= order->cap) return true;
    const size_t cap = n + n / 4 + 256;
    uint32_t *grown = realloc(order->row, cap * sizeof *grown);
    if (!grown) return false;
    order->row = grown;
    order->cap = cap;
    return true;
}

/* Kept from one time to the next: fresh memory would cost as much as the sorting. */
static bool reserve_scratch(struct order *order, size_t n)
{
    if (n <= order->scratch_cap) return true;
    struct entry *grown = malloc(order->cap * 2 * sizeof *grown);
    if (!grown) return false;
    free(order->scratch);
    order->scratch = grown;
    order->scratch_cap = order->cap;
    return true;
}

/* ── keys ──────────────────────────────────────────────────────────────────────────────────────*/

/* Doubles as unsigned numbers of the same order; NaN comes last. */
static uint64_t key_of_double(double x)
{
    if (isnan(x)) return UINT64_MAX;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

/* Running first, then what waits, then what has ended. */
static uint64_t key_of_state(enum dln_trial_state state)
{
    switch (state) {
    case DLN_TRIAL_RUNNING: return 0;
    case DLN_TRIAL_WAITING: return 1;
    case DLN_TRIAL_COMPLETE: return 2;
    case DLN_TRIAL_PRUNED: return 3;
    case DLN_TRIAL_FAIL: return 4;
    case DLN_TRIAL_STATE_COUNT: break;
    }
    return 5;
}

static uint64_t key_of_value(const struct model *model, size_t row, size_t index,
                             const struct sort_by *by)
{
    const double value = index < model->m ? model_shown_value(model, row, index) : (double)NAN;
    return key_of_double(by->maximize != by->reversed ? -value : value); /* best first */
}

static uint64_t key_of_row(const struct model *model, size_t row, const struct sort_by *by,
                           int64_t now_us)
{
    switch (by->key) {
    case SORT_VALUE: return key_of_value(model, row, 0, by);
    case SORT_METRIC: return key_of_value(model, row, by->index, by);
    case SORT_PARAM: {
        const double x = by->index < model->d ? model->x[by->index][row] : (double)NAN;
        return key_of_double(by->reversed ? -x : x);
    }
    case SORT_STEP: {
        const int32_t step = model->last_step[row];
        if (step < 0) return UINT64_MAX;
        return by->reversed ? (uint64_t)step : (uint64_t)(INT32_MAX - step);
    }
    case SORT_TIME: {
        const int64_t elapsed_ms = model_elapsed_ms(model, row, now_us);
        if (elapsed_ms < 0) return UINT64_MAX;
        return by->reversed ? (uint64_t)elapsed_ms : (uint64_t)(INT64_MAX - elapsed_ms);
    }
    case SORT_STATE: {
        const uint64_t state = key_of_state(model->state[row]);
        return by->reversed ? 8 - state : state;
    }
    case SORT_NUMBER: return by->reversed ? row : UINT32_MAX - row;
    case SORT_KEY_COUNT: break;
    }
    return 0;
}

/* ── sorting ───────────────────────────────────────────────────────────────────────────────────*/

enum { DIGIT_BITS = 11, BUCKETS = 1 << DIGIT_BITS, DIGITS_MAX = 6, QUICK_DIGITS = 3 };

/* Least significant digit first, stable, by the bits of the keys from `low` on, digit by digit. */
static void sort_digits(struct entry *entries, struct entry *scratch, size_t n, unsigned low,
                        unsigned n_digits)
{
    static uint32_t start[DIGITS_MAX][BUCKETS]; /* large; only the ui sorts */
    memset(start, 0, sizeof start);
    for (size_t i = 0; i < n; i++) {
        for (unsigned d = 0; d < n_digits; d++)
            start[d][entries[i].key >> (low + d * DIGIT_BITS) & (BUCKETS - 1)]++;
    }
    struct entry *from = entries, *to = scratch;
    for (unsigned d = 0; d < n_digits; d++) {
        const unsigned shift = low + d * DIGIT_BITS;
        uint32_t at = 0;
        for (size_t i = 0; i < BUCKETS; i++) {
            const uint32_t count = start[d][i];
            start[d][i] = at;
            at += count;
        }
        for (size_t i = 0; i < n; i++)
            to[start[d][from[i].key >> shift & (BUCKETS - 1)]++] = from[i];
        struct entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != entries) memcpy(entries, from, n * sizeof *entries);
}

/* Puts right what is almost sorted, stable; false when that would take too long. */
static bool mend(struct entry *entries, size_t n)
{
    size_t moves = 0;
    for (size_t i = 1; i < n; i++) {
        const struct entry entry = entries[i];
        size_t at = i;
        for (; at > 0 && entries[at - 1].key > entry.key; at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
        moves += i - at;
        if (moves > 4 * n) return false;
    }
    return true;
}

/*
 * By the highest 33 bits in which the keys differ: of values of a column that is nearly all, and
 * three passes do it. Where many values are closer than that, all digits are gone through.
 */
static void sort_entries(struct entry *entries, struct entry *scratch, size_t n)
{
    uint64_t differs = 0;
    for (size_t i = 1; i < n; i++)
        differs |= entries[i].key ^ entries[0].key;
    unsigned bits = 0;
    while (bits < 64 && differs >> bits != 0)
        bits++;
    const unsigned all = (bits + DIGIT_BITS - 1) / DIGIT_BITS;
    if (all <= QUICK_DIGITS) {
        sort_digits(entries, scratch, n, 0, all);
        return;
    }
    sort_digits(entries, scratch, n, bits - QUICK_DIGITS * DIGIT_BITS, QUICK_DIGITS);
    if (!mend(entries, n)) sort_digits(entries, scratch, n, 0, all);
}

static bool is_hidden(const struct order *order, size_t row)
{
    return order->hidden && order->hidden[row];
}

/* Running trials first, in the order they were started in, then all others, newest first. */
static void fill_by_number(struct order *order, const struct model *model)
{
    const size_t n = model->n;
    size_t at = 0;
    if (order->reversed) {
        for (size_t i = 0; i < n; i++) {
            if (!is_hidden(order, i)) order->row[at++] = (uint32_t)i;
        }
        order->n = at;
        return;
    }
    int64_t left = model->count[DLN_TRIAL_RUNNING];
    for (size_t i = 0; i < n && left > 0; i++) {
        if (model->state[i] != DLN_TRIAL_RUNNING) continue;
        left--;
        if (!is_hidden(order, i)) order->row[at++] = (uint32_t)i;
    }
    for (size_t i = n; i > 0; i--) {
        if (model->state[i - 1] == DLN_TRIAL_RUNNING || is_hidden(order, i - 1)) continue;
        order->row[at++] = (uint32_t)(i - 1);
    }
    order->n = at;
}

/* Sorts the rows of the entries by one key, stable. */
static void sort_rows(struct order *order, const struct model *model, size_t n, size_t half,
                      const struct sort_by *by, int64_t now_us)
{
    struct entry *entries = order->scratch;
    for (size_t i = 0; i < n; i++)
        entries[i].key = key_of_row(model, entries[i].row, by, now_us);
    sort_entries(entries, entries + half, n);
}

bool order_arrange(struct order *order, const struct model *model, struct sort_by by,
                   const struct sort_by *then, const bool *hidden, int64_t now_us)
{
    const size_t n = model->n;
    const bool by_number = by.key == SORT_NUMBER;
    if (!reserve(order, n)) return false;
    if (!by_number && !reserve_scratch(order, n)) return false;
    order->hidden = hidden;
    order->key = by.key;
    order->reversed = by.reversed;
    order->by = by;
    order->has_then = then != NULL;
    if (then) order->then = *then;
    order->is_stale = false;
    order->revision = model->revision;
    if (by_number) {
        fill_by_number(order, model);
        return true;
    }
    size_t kept = 0;
    for (size_t i = n; i > 0; i--) { /* among equals the newest comes first */
        if (!is_hidden(order, i - 1)) order->scratch[kept++].row = (uint32_t)(i - 1);
    }
    if (then) sort_rows(order, model, kept, n, &order->then, now_us);
    sort_rows(order, model, kept, n, &by, now_us);
    for (size_t i = 0; i < kept; i++)
        order->row[i] = order->scratch[i].row;
    order->n = kept;
    return true;
}

bool order_sort(struct order *order, const struct model *model, enum sort_key key, bool reversed,
                bool maximize, int64_t now_us)
{
    const struct sort_by by = {.key = key, .maximize = maximize, .reversed = reversed};
    return order_arrange(order, model, by, NULL, NULL, now_us);
}

/* Rows that are hidden by now go, those that are not come to the end. */
static bool refill(struct order *order, const struct model *model)
{
    bool *is_there = calloc(model->n + 1, sizeof *is_there);
    if (!is_there) return false;
    const size_t before = order->n;
    size_t kept = 0;
    for (size_t i = 0; i < before; i++) {
        const uint32_t row = order->row[i];
        if (row >= model->n || is_hidden(order, row)) continue;
        is_there[row] = true;
        order->row[kept++] = row;
    }
    for (size_t i = 0; i < model->n; i++) {
        if (!is_there[i] && !is_hidden(order, i)) order->row[kept++] = (uint32_t)i;
    }
    order->n = kept;
    free(is_there);
    return true;
}

bool order_follow(struct order *order, const struct model *model, const struct model_change *change,
                  bool maximize, int64_t now_us)
{
    if (order->revision == model->revision) return true;
    if (!reserve(order, model->n)) return false;
    if (order->key == SORT_NUMBER) {
        order->revision = model->revision;
        fill_by_number(order, model);
        return true;
    }
    if (!change->only_at_end) { /* old indexes have moved: only while a study is loading */
        struct sort_by by = order->by;
        const struct sort_by then = order->then;
        if (by.key == SORT_VALUE) by.maximize = maximize;
        return order_arrange(order, model, by, order->has_then ? &then : NULL, order->hidden,
                             now_us);
    }
    if (!refill(order, model)) return false;
    order->revision = model->revision;
    order->is_stale = true;
    return true;
}

int64_t order_find(const struct order *order, size_t row)
{
    for (size_t i = 0; i < order->n; i++) {
        if (order->row[i] == row) return (int64_t)i;
    }
    return -1;
}
