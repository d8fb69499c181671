#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void model_curve_sample(struct model_curve *curve, size_t n, const int64_t *steps,
                        const double *values)
{
    const size_t parts = n < MODEL_CURVE ? n : MODEL_CURVE;
    *curve = (struct model_curve){.n = (uint8_t)parts};
    for (size_t i = 0; i < parts; i++) {
        const size_t at = (i + 1) * n / parts - 1;
        curve->value[i] = (float)values[at];
        const int64_t step = steps[at];
        curve->step[i] = step > INT32_MAX   ? INT32_MAX
                         : step < INT32_MIN ? INT32_MIN
                                            : (int32_t)step;
    }
}

/* ── columns ───────────────────────────────────────────────────────────────────────────────────*/

/* Every column but x, value and spread, so that growing and inserting have one loop. */
#define MODEL_COLUMNS(X) \
    X(id)                \
    X(number)            \
    X(started_us)        \
    X(ended_us)          \
    X(state) X(reason) X(mark) X(slot) X(n_runs) X(n_steps) X(last_step) X(last_value) X(curve)

struct model_row model_row_of(const struct dln_trial *trial)
{
    const size_t n = trial->n_steps;
    const int64_t last_step = n > 0 ? trial->steps[n - 1] : -1;
    struct model_row row = {
        .id = trial->id,
        .number = trial->number,
        .started_us = trial->started_us,
        .ended_us = trial->ended_us,
        .state = trial->state,
        .reason = trial->reason,
        .n_steps = n > INT32_MAX ? INT32_MAX : (int32_t)n,
        .last_step = last_step > INT32_MAX ? INT32_MAX : (int32_t)last_step,
        .last_value = n > 0 ? trial->curve[n - 1] : (double)NAN,
        .slot = (int16_t)trial->slot,
        .n_runs = trial->n_runs > UINT16_MAX ? UINT16_MAX : (uint16_t)trial->n_runs,
        .x = trial->x,
        .values = trial->values,
        .spread = trial->n_runs > 0 ? trial->spread : NULL,
        .detail = trial->detail,
    };
    model_curve_sample(&row.curve, n, trial->steps, trial->curve);
    return row;
}

bool model_init(struct model *model, size_t d, size_t m)
{
    *model = (struct model){.d = d, .m = m, .curve_low = HUGE_VAL, .curve_high = -HUGE_VAL};
    model->x = calloc(d + 1, sizeof *model->x);
    model->value = calloc(m + 1, sizeof *model->value);
    model->spread = calloc(m + 1, sizeof *model->spread);
    model->x_low = calloc(d + 1, sizeof *model->x_low);
    model->x_high = calloc(d + 1, sizeof *model->x_high);
    model->x_missing = calloc(d + 1, sizeof *model->x_missing);
    if (!model->x || !model->value || !model->spread || !model->x_low || !model->x_high ||
        !model->x_missing) {
        model_release(model);
        return false;
    }
    for (size_t i = 0; i < d; i++) {
        model->x_low[i] = HUGE_VAL;
        model->x_high[i] = -HUGE_VAL;
    }
    return true;
}

void model_release(struct model *model)
{
#define FREE_COLUMN(column) free(model->column);
    MODEL_COLUMNS(FREE_COLUMN)
#undef FREE_COLUMN
    for (size_t i = 0; model->x && i < model->d; i++)
        free(model->x[i]);
    for (size_t i = 0; model->value && i < model->m; i++)
        free(model->value[i]);
    for (size_t i = 0; model->spread && i < model->m; i++)
        free(model->spread[i]);
    free(model->x);
    free(model->value);
    free(model->spread);
    free(model->x_low);
    free(model->x_high);
    free(model->x_missing);
    *model = (struct model){0};
}

static bool grow_column(void **column, size_t cap, size_t size)
{
    void *grown = realloc(*column, cap * size);
    if (!grown) return false;
    *column = grown;
    return true;
}

static bool reserve(struct model *model, size_t n)
{
    if (n <= model->cap) return true;
    size_t cap = model->cap + model->cap / 2;
    if (cap < n) cap = n;
    if (cap < 256) cap = 256;
    bool ok = true;
#define GROW_COLUMN(column)                                        \
    {                                                              \
        void *data = model->column;                                \
        ok = grow_column(&data, cap, sizeof *model->column) && ok; \
        model->column = data;                                      \
    }
    MODEL_COLUMNS(GROW_COLUMN)
    for (size_t i = 0; i < model->d; i++)
        GROW_COLUMN(x[i])
    for (size_t i = 0; i < model->m; i++)
        GROW_COLUMN(value[i])
    for (size_t i = 0; i < model->m; i++)
        GROW_COLUMN(spread[i])
#undef GROW_COLUMN
    if (ok) model->cap = cap; /* else some columns are longer than needed, which harms nobody */
    return ok;
}

/* Opens a gap of `count` entries at `at`; the room is reserved. */
static void open_gap(struct model *model, size_t at, size_t count)
{
    const size_t behind = model->n - at;
#define SHIFT_COLUMN(column) \
    memmove(model->column + at + count, model->column + at, behind * sizeof *model->column);
    MODEL_COLUMNS(SHIFT_COLUMN)
    for (size_t i = 0; i < model->d; i++) {
        SHIFT_COLUMN(x[i])
    }
    for (size_t i = 0; i < model->m; i++) {
        SHIFT_COLUMN(value[i])
        SHIFT_COLUMN(spread[i])
    }
#undef SHIFT_COLUMN
    model->n += count;
}

/* ── rows ──────────────────────────────────────────────────────────────────────────────────────*/

static void note_ranges(struct model *model, const struct model_row *row)
{
    for (size_t i = 0; i < model->d; i++) {
        const double x = row->x[i];
        if (isnan(x)) {
            if (row->state != DLN_TRIAL_WAITING) model->x_missing[i] = true;
        } else {
            if (x < model->x_low[i]) model->x_low[i] = x;
            if (x > model->x_high[i]) model->x_high[i] = x;
        }
    }
    for (size_t i = 0; i < row->curve.n; i++) {
        const double value = (double)row->curve.value[i];
        if (!isfinite(value)) continue;
        if (value < model->curve_low) model->curve_low = value;
        if (value > model->curve_high) model->curve_high = value;
    }
    if (row->n_steps > model->max_steps) model->max_steps = row->n_steps;
}

static void put_row(struct model *model, size_t at, const struct model_row *row)
{
    model->id[at] = row->id;
    model->number[at] = row->number;
    model->started_us[at] = row->started_us;
    model->ended_us[at] = row->ended_us;
    model->state[at] = row->state;
    model->reason[at] = (uint8_t)row->reason;
    model->slot[at] = row->slot;
    model->n_runs[at] = row->n_runs;
    model->n_steps[at] = row->n_steps;
    model->last_step[at] = row->last_step;
    model->last_value[at] = row->last_value;
    model->curve[at] = row->curve;
    for (size_t i = 0; i < model->d; i++)
        model->x[i][at] = row->x[i];
    for (size_t i = 0; i < model->m; i++)
        model->value[i][at] = row->values ? row->values[i] : (double)NAN;
    for (size_t i = 0; i < model->m; i++)
        model->spread[i][at] = row->spread ? (float)row->spread[i] : NAN;
    model->count[row->state]++;
    note_ranges(model, row);
}

/* First index whose id is not below `id`. */
static size_t lower_bound(const int64_t *column, size_t n, int64_t wanted)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (column[middle] < wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

bool model_absorb(struct model *model, const struct model_row *rows, size_t n,
                  struct model_change *change)
{
    *change = (struct model_change){.only_at_end = true};
    if (n == 0) return true;
    if (!reserve(model, model->n + n)) return false;
    model->revision++;
    /* From the back, in runs of neighbours that all go into the same gap. */
    size_t end = n;
    const size_t old_n = model->n;
    while (end > 0) {
        const size_t at = lower_bound(model->id, model->n, rows[end - 1].id);
        if (at < model->n && model->id[at] == rows[end - 1].id) {
            end--;
            model->count[model->state[at]]--;
            put_row(model, at, &rows[end]);
            continue;
        }
        size_t start = end - 1;
        while (start > 0 && (at == 0 || rows[start - 1].id > model->id[at - 1]))
            start--;
        const size_t count = end - start;
        if (at < old_n) change->only_at_end = false;
        open_gap(model, at, count);
        for (size_t i = 0; i < count; i++) {
            model->mark[at + i] = 0;
            put_row(model, at + i, &rows[start + i]);
        }
        change->added += count;
        end = start;
    }
    return true;
}

size_t model_find_id(const struct model *model, int64_t id)
{
    const size_t at = lower_bound(model->id, model->n, id);
    return at < model->n && model->id[at] == id ? at : SIZE_MAX;
}

size_t model_find_number(const struct model *model, int64_t number)
{
    const size_t at = lower_bound(model->number, model->n, number);
    return at < model->n && model->number[at] == number ? at : SIZE_MAX;
}

/* ── what is asked of them ─────────────────────────────────────────────────────────────────────*/

struct model_best model_find_best(const struct model *model, bool maximize)
{
    struct model_best found = {SIZE_MAX, SIZE_MAX, 0};
    if (model->m == 0) return found;
    const double sign = maximize ? -1.0 : 1.0;
    double best = HUGE_VAL, second = HUGE_VAL;
    for (size_t i = 0; i < model->n; i++) {
        if (model->state[i] != DLN_TRIAL_COMPLETE) continue;
        const double loss = sign * model->value[0][i];
        if (loss < best) {
            second = best;
            found.second = found.best;
            best = loss;
            found.best = i;
        } else if (loss < second) {
            second = loss;
            found.second = i;
        }
    }
    if (found.best == SIZE_MAX) return found;
    for (size_t i = found.best + 1; i < model->n; i++) {
        const enum dln_trial_state state = model->state[i];
        found.finished_since += state != DLN_TRIAL_RUNNING && state != DLN_TRIAL_WAITING;
    }
    return found;
}

double model_shown_value(const struct model *model, size_t row, size_t objective)
{
    const double value = model->value[objective][row];
    if (!isnan(value) || objective != 0) return value;
    const enum dln_trial_state state = model->state[row];
    if (state != DLN_TRIAL_RUNNING && state != DLN_TRIAL_PRUNED) return value;
    return model->last_step[row] >= 0 ? model->last_value[row] : value;
}

int64_t model_elapsed_ms(const struct model *model, size_t row, int64_t now_us)
{
    if (model->started_us[row] == 0) return -1;
    int64_t end_us = model->ended_us[row];
    if (end_us == 0 && model->state[row] == DLN_TRIAL_RUNNING) end_us = now_us;
    if (end_us < model->started_us[row]) return end_us == 0 ? -1 : 0;
    return (end_us - model->started_us[row]) / 1000;
}

static int compare_int64(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t model_typical_ms(const struct model *model)
{
    enum { NEWEST = 50 };
    int64_t length_ms[NEWEST];
    size_t n = 0;
    for (size_t i = model->n; i > 0 && n < NEWEST; i--) {
        if (model->state[i - 1] != DLN_TRIAL_COMPLETE && model->state[i - 1] != DLN_TRIAL_PRUNED) {
            continue;
        }
        const int64_t elapsed_ms = model_elapsed_ms(model, i - 1, 0);
        if (elapsed_ms >= 0) length_ms[n++] = elapsed_ms;
    }
    if (n == 0) return -1;
    qsort(length_ms, n, sizeof length_ms[0], compare_int64);
    return length_ms[n / 2];
}

void model_set_mark(struct model *model, size_t row, bool on)
{
    const bool was_on = (model->mark[row] & MODEL_MARKED) != 0;
    if (was_on == on) return;
    model->mark[row] ^= MODEL_MARKED;
    if (on) {
        model->n_marked++;
    } else {
        model->n_marked--;
    }
}

void model_clear_marks(struct model *model)
{
    if (model->n_marked == 0) return;
    memset(model->mark, 0, model->n * sizeof model->mark[0]);
    model->n_marked = 0;
}
