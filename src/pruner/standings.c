#include "pruner/standings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dln_column_entry {
    int64_t step;
    struct dln_standing *standings; /* without NaN */
    size_t n, cap, n_nan;
};

static int compare(const void *a, const void *b)
{
    const struct dln_standing *x = a;
    const struct dln_standing *y = b;
    if (x->loss != y->loss) return x->loss < y->loss ? -1 : 1;
    return (x->final > y->final) - (x->final < y->final);
}

void dln_standings_sort(struct dln_standing *standings, size_t n)
{
    if (n > 0) qsort(standings, n, sizeof *standings, compare);
}

void dln_columns_release(struct dln_columns *columns)
{
    for (size_t i = 0; i < columns->n; i++)
        free(columns->entries[i].standings);
    free(columns->entries);
    *columns = (struct dln_columns){0};
}

void dln_columns_sort(struct dln_columns *columns)
{
    for (size_t i = 0; i < columns->n; i++)
        dln_standings_sort(columns->entries[i].standings, columns->entries[i].n);
}

/* The index of the first column whose step is not below. */
static size_t place_of(const struct dln_columns *columns, int64_t step)
{
    size_t low = 0;
    size_t high = columns->n;
    if (high > 0 && columns->entries[high - 1].step < step) return high;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (columns->entries[middle].step < step) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct dln_column_entry *find_or_make(struct dln_columns *columns, int64_t step)
{
    const size_t at = place_of(columns, step);
    if (at < columns->n && columns->entries[at].step == step) return &columns->entries[at];
    if (columns->n == columns->cap) {
        const size_t cap = columns->cap ? 2 * columns->cap : 64;
        struct dln_column_entry *entries = realloc(columns->entries, cap * sizeof *entries);
        if (!entries) return NULL;
        columns->entries = entries;
        columns->cap = cap;
    }
    memmove(columns->entries + at + 1, columns->entries + at,
            (columns->n - at) * sizeof *columns->entries);
    columns->entries[at] = (struct dln_column_entry){.step = step};
    columns->n++;
    return &columns->entries[at];
}

static struct dln_column_entry *append(struct dln_columns *columns, int64_t step, double loss,
                                       double final)
{
    struct dln_column_entry *entry = find_or_make(columns, step);
    if (!entry) return NULL;
    if (isnan(loss)) {
        entry->n_nan++;
        return entry;
    }
    if (entry->n == entry->cap) {
        const size_t cap = entry->cap ? 2 * entry->cap : 16;
        struct dln_standing *standings = realloc(entry->standings, cap * sizeof *standings);
        if (!standings) return NULL;
        entry->standings = standings;
        entry->cap = cap;
    }
    entry->standings[entry->n++] = (struct dln_standing){loss, final};
    return entry;
}

bool dln_columns_append(struct dln_columns *columns, int64_t step, double loss, double final)
{
    return append(columns, step, loss, final) != NULL;
}

bool dln_columns_put(struct dln_columns *columns, int64_t step, double loss, double final)
{
    struct dln_column_entry *entry = append(columns, step, loss, final);
    if (!entry || isnan(loss)) return entry != NULL;
    const struct dln_standing standing = {loss, final};
    size_t low = 0;
    size_t high = entry->n - 1;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(&entry->standings[middle], &standing) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    memmove(entry->standings + low + 1, entry->standings + low,
            (entry->n - 1 - low) * sizeof standing);
    entry->standings[low] = standing;
    return true;
}

void dln_columns_find(const struct dln_columns *columns, int64_t step, struct dln_column *out)
{
    const size_t at = place_of(columns, step);
    *out = (struct dln_column){0};
    if (at == columns->n || columns->entries[at].step != step) return;
    const struct dln_column_entry *entry = &columns->entries[at];
    *out = (struct dln_column){entry->n, entry->n + entry->n_nan, entry->standings};
}
