/*
 * Every combination once. The grid is never laid out: a position in the order (shuffled by a
 * permutation that is computed, or sequential) gives an index, the index gives a point. What was
 * visited is known by the points themselves, whoever made the trial; so a changed grid goes on
 * where nothing was tried yet. The suggestion is the first allowed point in the order without a
 * trial.
 */
#include "dialin/strategy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"
#include "math/permutation.h"
#include "strategy/lattice.h"

/* Points in a row that break a constraint before an ask gives up: some seconds of looking. */
enum { BROKEN_MAX = 4 * 1000 * 1000 };

enum { SET_ORDER, SET_POINTS, SET_VALUES };
static const char *const orders[] = {"shuffled", "sequential", NULL};
static const struct dln_setting settings[] = {
    {.name = "order",
     .kind = DLN_SETTING_CHOICE,
     .choices = orders,
     .help = "shuffled, or as listed with the last parameter fastest"},
    {.name = "points",
     .kind = DLN_SETTING_INT,
     .low = 1,
     .high = 1000,
     .initial = 5,
     .help = "values of a float that has no step; log spacing for log"},
    {.name = "values",
     .kind = DLN_SETTING_LISTS,
     .help = "{parameter: [values]}: what to try instead of the whole range"},
    {0},
};

struct grid {
    struct dln_arena arena;
    struct dln_axis *axes;
    dln_lattice *lattice;
    bool is_shuffled;
    /* A cache: in this order and this history, nothing is left to try before the cursor. */
    struct dln_permutation order;
    const struct dln_visited *visited;
    uint64_t forgotten, revision;
    uint64_t cursor;
    bool has_allowed; /* some point before the cursor keeps the constraints */
};

/* 12 significant digits: 0.001, not 0.00099999999999999980, which exp(log(…)) gives. */
static double clean(double x)
{
    if (x == 0 || !isfinite(x)) return x;
    const int digits = 11 - (int)floor(log10(fabs(x)));
    if (digits < -22 || digits > 22) return x; /* beyond the exact powers of ten */
    const double scale = pow(10, abs(digits));
    return digits >= 0 ? nearbyint(x * scale) / scale : nearbyint(x / scale) * scale;
}

static bool spread_axis(struct grid *grid, const struct dln_param *param, uint64_t n,
                        struct dln_axis *axis, struct dln_error *err)
{
    double *x = DLN_ARENA_ARRAY(&grid->arena, double, n);
    if (!x) return dln_fail(err, DLN_NOMEM, "out of memory for a grid");
    for (uint64_t k = 0; k < n; k++) {
        const double u = n == 1 ? 0.5 : (double)k / (double)(n - 1);
        const double value = clean(dln_param_decode(param, u));
        x[k] = fmin(fmax(value, param->low), param->high);
    }
    *axis = (struct dln_axis){.n = n, .x = x};
    return true;
}

/* ── `values: {lr: [0.001, 0.01], optimizer: [sgd]}` ───────────────────────────────────────────*/

/* The internal value of a list's element; NaN if the parameter has no such value. */
static double value_of(const struct dln_param *param, const json_t *element)
{
    if (param->kind == DLN_PARAM_FLOAT || param->kind == DLN_PARAM_INT) {
        const double x = json_number_value(element);
        if (json_is_number(element) && dln_param_contains(param, x)) return x;
        return NAN;
    }
    struct dln_strbuf wanted = {0};
    struct dln_strbuf text = {0};
    struct dln_json_writer w = {.out = &wanted};
    dln_json_value(&w, element);
    double found = NAN;
    for (size_t k = 0; k < param->n_choices && isnan(found); k++) {
        dln_strbuf_reset(&text);
        dln_param_json(param, (double)k, &text);
        if (strcmp(dln_strbuf_text(&text), dln_strbuf_text(&wanted)) == 0) found = (double)k;
    }
    dln_strbuf_release(&wanted);
    dln_strbuf_release(&text);
    return found;
}

static bool read_list(struct grid *grid, const struct dln_param *param, const json_t *list,
                      struct dln_axis *axis, struct dln_error *err)
{
    const size_t n = json_array_size(list);
    if (n == 0) return dln_fail(err, DLN_INVALID, "'%s' needs a list of values", param->name);
    double *x = DLN_ARENA_ARRAY(&grid->arena, double, n);
    if (!x) return dln_fail(err, DLN_NOMEM, "out of memory for a grid");
    for (size_t k = 0; k < n; k++) {
        x[k] = value_of(param, json_array_get(list, k));
        if (isnan(x[k])) {
            return dln_fail(err, DLN_INVALID, "value %zu of '%s' is not one that the parameter has",
                            k + 1, param->name);
        }
        for (size_t before = 0; before < k; before++) {
            if (x[before] == x[k]) {
                return dln_fail(err, DLN_INVALID, "value %zu of '%s' stands there twice", k + 1,
                                param->name);
            }
        }
    }
    *axis = (struct dln_axis){.n = n, .x = x};
    return true;
}

static bool read_lists(struct grid *grid, const struct dln_space *space, const char *text,
                       struct dln_error *err)
{
    json_t *map = NULL;
    if (!dln_json_read(text, strlen(text), &map, err)) return false;
    const char *name;
    json_t *list;
    bool ok = json_is_object(map) ||
              dln_fail(err, DLN_INVALID, "this must be a map of parameters to lists");
    json_object_foreach(map, name, list)
    {
        const size_t index = dln_space_find(space, name);
        ok =
            index != SIZE_MAX || dln_fail(err, DLN_INVALID, "there is no parameter '%.100s'", name);
        ok = ok && read_list(grid, &space->params[index], list, &grid->axes[index], err);
        if (!ok) break;
    }
    json_decref(map);
    return ok;
}

/* ── life ──────────────────────────────────────────────────────────────────────────────────────*/

static void close(void *instance)
{
    struct grid *grid = instance;
    dln_lattice_free(grid->lattice);
    dln_arena_release(&grid->arena);
    free(grid);
}

static bool make_axes(struct grid *grid, const struct dln_space *space, const double *values,
                      const struct dln_method *raw, struct dln_error *err)
{
    grid->axes = DLN_ARENA_ARRAY(&grid->arena, struct dln_axis, space->n);
    if (!grid->axes) return dln_fail(err, DLN_NOMEM, "out of memory for a grid");
    for (size_t i = 0; raw && i < raw->n_settings; i++) {
        const struct dln_named_scalar *given = &raw->settings[i];
        if (strcmp(given->name, settings[SET_VALUES].name) != 0) continue;
        if (!read_lists(grid, space, given->value.text, err)) {
            return dln_wrap(err, "%u:%u: 'values'", given->line, given->column);
        }
    }
    for (size_t i = 0; i < space->n; i++) {
        const struct dln_param *param = &space->params[i];
        struct dln_axis *axis = &grid->axes[i];
        if (axis->n > 0 || dln_axis_of(param, NULL, axis)) continue;
        if (!spread_axis(grid, param, (uint64_t)values[SET_POINTS], axis, err)) return false;
    }
    return true;
}

static bool open(const struct dln_space *space, const double *values, const struct dln_method *raw,
                 void **instance, struct dln_error *err)
{
    struct grid *grid = calloc(1, sizeof *grid);
    if (!grid) return dln_fail(err, DLN_NOMEM, "out of memory for a grid");
    grid->is_shuffled = values[SET_ORDER] == 0;
    if (!make_axes(grid, space, values, raw, err) ||
        !dln_lattice_new(space, grid->axes, &grid->lattice, err)) {
        close(grid);
        return false;
    }
    *instance = grid;
    return true;
}

/* ── asking ────────────────────────────────────────────────────────────────────────────────────*/

/* Keeps the cursor only where the history has since grown and nothing else. */
static void check_cache(struct grid *grid, const struct dln_ask *ask)
{
    const struct dln_history_view *history = ask->history;
    const bool is_same = grid->visited == history->visited && grid->order.seed == ask->seed &&
                         grid->forgotten == history->forgotten &&
                         grid->revision <= history->revision;
    if (!is_same) {
        dln_permutation_init(&grid->order, dln_lattice_count(grid->lattice), ask->seed);
        grid->cursor = 0;
        grid->has_allowed = false;
    }
    grid->visited = history->visited;
    grid->forgotten = history->forgotten;
    grid->revision = history->revision;
}

/*
 * Sets x to the (attempt + 1)-th point in the order that is allowed and not visited, or to the last
 * one if there are fewer; *position: where it stands.
 */
static bool find_point(struct grid *grid, const struct dln_ask *ask, double *x, uint64_t *position,
                       struct dln_error *err)
{
    const uint64_t n = grid->order.n;
    uint64_t found = n;
    unsigned left = ask->attempt;
    size_t n_broken = 0;
    for (uint64_t at = grid->cursor; at < n; at++) {
        dln_lattice_point(grid->lattice,
                          grid->is_shuffled ? dln_permutation_at(&grid->order, at) : at, x);
        const bool is_allowed = dln_space_allows(ask->space, x, NULL);
        if (!is_allowed && ++n_broken >= BROKEN_MAX) {
            return dln_fail(err, DLN_UNSUPPORTED,
                            "%d points of the grid in turn break a "
                            "constraint; give it fewer values",
                            BROKEN_MAX);
        }
        if (is_allowed) grid->has_allowed = true;
        if (!is_allowed || dln_history_has(ask->history, ask->space, x)) continue;
        if (found == n) grid->cursor = at;
        found = at;
        if (left-- == 0) break;
    }
    if (found == n) {
        grid->cursor = n;
        if (!grid->has_allowed) {
            return dln_fail(err, DLN_INVALID, "no point of the grid keeps the constraints");
        }
        return dln_fail(err, DLN_EXHAUSTED, "every point of the grid has been tried");
    }
    *position = found;
    dln_lattice_point(grid->lattice,
                      grid->is_shuffled ? dln_permutation_at(&grid->order, found) : found, x);
    return true;
}

static bool suggest(void *instance, const struct dln_ask *ask, struct dln_suggestion *out,
                    struct dln_error *err)
{
    struct grid *grid = instance;
    const struct dln_space *space = ask->space;
    check_cache(grid, ask);
    double *x = DLN_ARENA_ARRAY(ask->scratch, double, space->n);
    if (!x) return dln_fail(err, DLN_NOMEM, "out of memory for a suggestion");
    uint64_t position = 0;
    if (!find_point(grid, ask, x, &position, err)) return false;
    for (size_t i = 0; i < space->n; i++) {
        out->x[i] = x[i];
        out->u[i] = isnan(x[i]) ? 0.5 : dln_param_encode(&space->params[i], x[i]);
    }
    snprintf(out->why, sizeof out->why, "grid: point %llu of %llu%s",
             (unsigned long long)position + 1, (unsigned long long)grid->order.n,
             grid->is_shuffled ? ", shuffled" : "");
    return true;
}

const struct dln_strategy dln_strategy_grid = {
    .name = "grid",
    .title = "Grid",
    .summary = "Every combination of values exactly once, then\n"
               "the study is done. For few values.",
    .best_for = "< 200 points",
    .settings = settings,
    .multi_objective = true,
    .open = open,
    .close = close,
    .suggest = suggest,
};
