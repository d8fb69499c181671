#include "strategy/tpe_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INSERT_MAX = 32 }; /* more new rows than that are sorted, not inserted */

/* Steps finer than this share of the range are taken as none. */
#define CELLS_MAX 1e6

static enum dln_parzen_kind kind_of(const struct dln_param *param)
{
    const bool is_choice = param->kind == DLN_PARAM_CHOICE || param->kind == DLN_PARAM_FLAG;
    if (is_choice && !param->ordered) return DLN_PARZEN_CHOICE;
    const double count = dln_param_count(param);
    return count > 0 && count <= CELLS_MAX ? DLN_PARZEN_CELLS : DLN_PARZEN_LINE;
}

bool dln_tpe_table_init(struct dln_tpe_table *table, const struct dln_space *space)
{
    *table = (struct dln_tpe_table){.d = space->n};
    table->axes = calloc(space->n + 1, sizeof *table->axes);
    table->order = calloc(space->n + 1, sizeof *table->order);
    table->n_order = calloc(space->n + 1, sizeof *table->n_order);
    if (!table->axes || !table->order || !table->n_order) {
        dln_tpe_table_release(table);
        return false;
    }
    for (size_t j = 0; j < space->n; j++) {
        table->axes[j].kind = kind_of(&space->params[j]);
        table->axes[j].n_choices = space->params[j].n_choices;
    }
    return true;
}

void dln_tpe_table_release(struct dln_tpe_table *table)
{
    for (size_t j = 0; j < table->d && table->axes; j++)
        free(table->axes[j].kernel);
    for (size_t j = 0; j < table->d && table->order; j++)
        free(table->order[j]);
    free(table->axes);
    free(table->order);
    free(table->n_order);
    free(table->x);
    *table = (struct dln_tpe_table){0};
}

/* ── room ──────────────────────────────────────────────────────────────────────────────────────*/

static bool grow_axis(struct dln_tpe_table *table, size_t j, size_t cap)
{
    struct dln_parzen_axis *axis = &table->axes[j];
    struct dln_parzen_kernel *kernel = realloc(axis->kernel, cap * sizeof *kernel);
    if (!kernel) return false;
    axis->kernel = kernel;
    uint32_t *order = realloc(table->order[j], cap * sizeof *order);
    if (!order) return false;
    table->order[j] = order;
    return true;
}

static bool reserve(struct dln_tpe_table *table, size_t n)
{
    if (n <= table->cap) return true;
    size_t cap = table->cap ? table->cap : 64;
    while (cap < n)
        cap *= 2;
    double *x = realloc(table->x, (cap * table->d + 1) * sizeof *x);
    if (!x) return false;
    table->x = x;
    for (size_t j = 0; j < table->d; j++) {
        if (!grow_axis(table, j, cap)) return false;
    }
    table->cap = cap;
    return true;
}

/* ── rows ──────────────────────────────────────────────────────────────────────────────────────*/

struct dln_parzen_value dln_tpe_value(const struct dln_param *param,
                                      const struct dln_parzen_axis *axis, double x)
{
    struct dln_parzen_value value = {.at = x};
    if (axis->kind == DLN_PARZEN_CHOICE) return value;
    value.at = dln_param_encode(param, x);
    if (axis->kind == DLN_PARZEN_CELLS) dln_param_cell(param, x, &value.low, &value.high);
    return value;
}

/* Where a trial is; NaN for a value that the parameter has not (any more). */
static double place(const struct dln_param *param, const struct dln_parzen_axis *axis, double x)
{
    if (!(x >= param->low && x <= param->high)) return (double)NAN;
    return axis->kind == DLN_PARZEN_CHOICE ? floor(x) : dln_param_encode(param, x);
}

/* Forgets all rows from `first` on. */
static void cut(struct dln_tpe_table *table, size_t first)
{
    for (size_t j = 0; j < table->d && first < table->n; j++) {
        uint32_t *order = table->order[j];
        size_t kept = 0;
        for (size_t i = 0; i < table->n_order[j]; i++) {
            order[kept] = order[i];
            kept += order[i] < first;
        }
        table->n_order[j] = kept;
    }
    table->n = first < table->n ? first : table->n;
}

/* Puts the newest row in its place: behind those that are not greater. */
static void insert(struct dln_tpe_table *table, size_t j, uint32_t row)
{
    const struct dln_parzen_kernel *kernel = table->axes[j].kernel;
    uint32_t *order = table->order[j];
    size_t low = 0;
    size_t high = table->n_order[j];
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (kernel[order[middle]].at <= kernel[row].at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    memmove(order + low + 1, order + low, (table->n_order[j] - low) * sizeof *order);
    order[low] = row;
    table->n_order[j]++;
}

struct key {
    double at;
    uint32_t row;
};

static int compare_keys(const void *a, const void *b)
{
    const struct key *left = a;
    const struct key *right = b;
    if (left->at != right->at) return left->at < right->at ? -1 : 1;
    return left->row < right->row ? -1 : left->row > right->row;
}

static bool sort_all(struct dln_tpe_table *table)
{
    struct key *keys = malloc((table->n + 1) * sizeof *keys);
    if (!keys) return false;
    for (size_t j = 0; j < table->d; j++) {
        size_t n = 0;
        for (size_t row = 0; row < table->n; row++) {
            const double at = table->axes[j].kernel[row].at;
            if (!isnan(at)) keys[n++] = (struct key){.at = at, .row = (uint32_t)row};
        }
        qsort(keys, n, sizeof *keys, compare_keys);
        for (size_t i = 0; i < n; i++)
            table->order[j][i] = keys[i].row;
        table->n_order[j] = n;
    }
    free(keys);
    return true;
}

/* The number of rows at the start that are still what they were. */
static size_t count_same(const struct dln_tpe_table *table, const struct dln_history_view *history)
{
    const size_t bytes = table->d * sizeof *table->x;
    size_t same = 0;
    while (same < table->n && same < history->n &&
           memcmp(table->x + same * table->d, history->trials[same].x, bytes) == 0) {
        same++;
    }
    return same;
}

bool dln_tpe_table_sync(struct dln_tpe_table *table, const struct dln_space *space,
                        const struct dln_history_view *history)
{
    if (table->d == 0) return true;
    cut(table, count_same(table, history));
    if (!reserve(table, history->n)) return false;
    const size_t first = table->n;
    const bool sorts = history->n - first > INSERT_MAX;
    for (size_t row = first; row < history->n; row++) {
        const double *x = history->trials[row].x;
        memcpy(table->x + row * table->d, x, table->d * sizeof *x);
        for (size_t j = 0; j < table->d; j++) {
            struct dln_parzen_axis *axis = &table->axes[j];
            const double at = place(&space->params[j], axis, x[j]);
            axis->kernel[row] = (struct dln_parzen_kernel){.at = at, .sigma = (double)NAN};
            if (!sorts && !isnan(at)) insert(table, j, (uint32_t)row);
        }
    }
    table->n = history->n;
    if (!sorts || sort_all(table)) return true;
    cut(table, 0);
    return false;
}
