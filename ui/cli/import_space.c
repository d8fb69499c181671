/* Columns that look like parameters, with ranges as wide as what was seen. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import.h"
#include "dialin/num.h"

enum { CHOICES_MAX = 50, LOG_SPAN = 1000 };

/* What is written beside parameters by dialin, Optuna and Weights & Biases. */
static bool is_other(const char *title)
{
    static const char *const words[] = {
        "",
        "number",
        "state",
        "started",
        "ended",
        "duration",
        "reason",
        "detail",
        "strategy",
        "value",
        "Name",
        "State",
        "Created",
        "Runtime",
        "User",
        "Tags",
        "Notes",
        "ID",
        "Sweep",
        "Hostname",
        "datetime_start",
        "datetime_complete",
    };
    static const char *const starts[] = {"attr.", "user_attrs_", "system_attrs_", "values_",
                                         "_",     "gradients/",  "parameters/"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], title) == 0) return true;
    }
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (strncmp(starts[i], title, strlen(starts[i])) == 0) return true;
    }
    return false;
}

static const char *name_of(const char *title)
{
    return strncmp(title, "params_", 7) == 0 ? title + 7 : title;
}

static bool is_listed(const char *only, const char *name)
{
    const size_t len = strlen(name);
    for (const char *p = only; *p;) {
        const size_t n = strcspn(p, ",");
        if (n == len && strncmp(p, name, len) == 0) return true;
        p += n + (p[n] == ',');
    }
    return false;
}

struct column { /* what its cells have in common */
    size_t filled;
    bool is_number, is_whole, is_positive;
    double low, high;
    size_t n_choices;
    struct dln_scalar choices[CHOICES_MAX + 1];
};

static void note_choice(struct column *column, const char *cell)
{
    for (size_t i = 0; i < column->n_choices; i++) {
        if (strcmp(column->choices[i].text, cell) == 0) return;
    }
    if (column->n_choices > CHOICES_MAX) return;
    struct dln_scalar *const choice = &column->choices[column->n_choices++];
    *choice = (struct dln_scalar){.kind = DLN_SCALAR_TEXT, .text = cell};
    if (strcmp(cell, "true") == 0 || strcmp(cell, "True") == 0 || strcmp(cell, "false") == 0 ||
        strcmp(cell, "False") == 0) {
        choice->kind = DLN_SCALAR_BOOL;
        choice->truth = cell[0] == 't' || cell[0] == 'T';
    }
}

static void look(const struct csv_table *table, size_t index, struct column *out)
{
    *out = (struct column){.is_number = true,
                           .is_whole = true,
                           .is_positive = true,
                           .low = (double)NAN,
                           .high = (double)NAN};
    for (size_t row = 0; row < table->n_rows; row++) {
        const char *const cell = csv_cell(table, row, index);
        double number;
        if (!cell[0]) continue;
        out->filled++;
        note_choice(out, cell);
        if (!dln_num_parse(cell, strlen(cell), &number) || !isfinite(number)) {
            out->is_number = false;
            continue;
        }
        out->low = fmin(out->low, number);
        out->high = fmax(out->high, number);
        out->is_whole = out->is_whole && number == floor(number) && fabs(number) < DLN_INT_MAX;
        out->is_positive = out->is_positive && number > 0;
    }
}

/* False: not a parameter, since it is always the same or never a value of few. */
static bool fill_param(const struct column *column, const char *name, struct dln_arena *arena,
                       struct dln_param *out)
{
    *out = (struct dln_param){.name = name, .low = column->low, .high = column->high};
    if (column->is_number) {
        if (!(column->low < column->high)) return false;
        out->kind = column->is_whole ? DLN_PARAM_INT : DLN_PARAM_FLOAT;
        out->step = column->is_whole ? 1 : 0;
        out->log = column->is_positive && column->high / column->low >= LOG_SPAN;
        return true;
    }
    if (column->n_choices < 2 || column->n_choices > CHOICES_MAX) return false;
    struct dln_scalar *const choices = DLN_ARENA_ARRAY(arena, struct dln_scalar, column->n_choices);
    if (!choices) return false;
    memcpy(choices, column->choices, column->n_choices * sizeof *choices);
    out->kind = DLN_PARAM_CHOICE;
    out->choices = choices;
    out->n_choices = column->n_choices;
    out->low = 0;
    out->high = (double)(column->n_choices - 1);
    return true;
}

static double value_at(const struct dln_param *param, const char *cell)
{
    double x;
    if (!cell[0]) return (double)NAN;
    for (size_t i = 0; i < param->n_choices; i++) {
        if (strcmp(param->choices[i].text, cell) == 0) return (double)i;
    }
    return dln_num_parse(cell, strlen(cell), &x) ? x : (double)NAN;
}

static bool is_metric(const char *const *metrics, size_t m, const char *title)
{
    for (size_t i = 0; i < m; i++) {
        if (strcmp(metrics[i], title) == 0) return true;
    }
    return false;
}

bool import_space(const struct csv_table *table, const char *const *metrics, size_t m,
                  const char *only, struct dln_arena *arena, struct dln_space *out,
                  const double ***points, size_t *n, struct dln_error *err)
{
    struct dln_space space = {.params = DLN_ARENA_ARRAY(arena, struct dln_param, table->n_columns)};
    size_t *const from = DLN_ARENA_ARRAY(arena, size_t, table->n_columns);
    struct column *const column = calloc(1, sizeof *column);
    bool ok = (space.params && from && column) || dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; ok && i < m; i++) {
        if (csv_column(table, metrics[i]) != SIZE_MAX) continue;
        ok = dln_fail(err, DLN_USAGE, "no column is called '%s'", metrics[i]);
    }
    for (size_t c = 0; ok && c < table->n_columns; c++) {
        const char *const title = table->titles[c];
        if (is_metric(metrics, m, title)) continue;
        if (only ? !is_listed(only, name_of(title)) : is_other(title)) continue;
        look(table, c, column);
        if (!fill_param(column, name_of(title), arena, &space.params[space.n])) continue;
        from[space.n++] = c;
    }
    free(column);
    if (ok && space.n == 0) {
        ok = dln_fail(err, DLN_USAGE, "no column looks like a parameter; --params names them");
    }
    const double **const x = ok ? DLN_ARENA_ARRAY(arena, const double *, table->n_rows) : NULL;
    if (ok && !x) ok = dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t row = 0; ok && row < table->n_rows; row++) {
        double *const point = DLN_ARENA_ARRAY(arena, double, space.n);
        ok = point || dln_fail(err, DLN_NOMEM, "out of memory");
        for (size_t i = 0; ok && i < space.n; i++)
            point[i] = value_at(&space.params[i], csv_cell(table, row, from[i]));
        x[row] = point;
    }
    if (!ok) return false;
    *out = space;
    *points = x;
    *n = table->n_rows;
    return true;
}
