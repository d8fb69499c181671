#include "trial_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/strbuf.h"
#include "dialin/text.h"
#include "format.h"
#include "plot/plot.h"
#include "widget/spark.h"

enum column_kind {
    COLUMN_NUMBER,
    COLUMN_STATE,
    COLUMN_VALUE,
    COLUMN_PARAM,
    COLUMN_STEP,
    COLUMN_TIME,
    COLUMN_CURVE,
    COLUMN_TAGS
};

enum { CHOICE_WIDTH_MAX = 12, CURVE_WIDTH = 12, SCALE_SAMPLE = 2000 };

/* ── columns ───────────────────────────────────────────────────────────────────────────────────*/

/* Headers are in capitals, as far as letters of ASCII go. */
static void set_name(struct trial_column *info, const char *name)
{
    (void)snprintf(info->name, sizeof info->name, "%s", name);
    for (char *c = info->name; *c; c++) {
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
    }
}

static struct column *add_column(struct trial_table *view, int *n, enum column_kind kind,
                                 size_t index, const char *name)
{
    if (*n == TABLE_COLUMNS_MAX) return NULL;
    struct trial_column *info = &view->info[*n];
    static const enum sort_key keys[] = {
        [COLUMN_NUMBER] = SORT_NUMBER,   [COLUMN_STATE] = SORT_STATE,
        [COLUMN_VALUE] = SORT_METRIC,    [COLUMN_PARAM] = SORT_PARAM,
        [COLUMN_STEP] = SORT_STEP,       [COLUMN_TIME] = SORT_TIME,
        [COLUMN_CURVE] = SORT_KEY_COUNT, [COLUMN_TAGS] = SORT_KEY_COUNT,
    };
    *info = (struct trial_column){.kind = kind, .index = index};
    info->sort = (struct sort_by){.key = keys[kind], .index = index};
    if (kind == COLUMN_VALUE) {
        const struct dln_study_summary *summary = view->session->summary;
        if (index == 0) info->sort.key = SORT_VALUE;
        info->sort.maximize =
            index == 0 ? view->session->maximize
                       : summary && index < summary->n_objectives && summary->maximize[index];
    }
    set_name(info, name);
    struct column *column = &view->columns[*n];
    *column = (struct column){.name = info->name, .width = 1, .align = ALIGN_RIGHT, .id = *n};
    (*n)++;
    return column;
}

/* The arrow of a column that the table is sorted by, as in the menu of sorting: ▴ smallest first.
 */
static int arrow_of(const struct order *order, const struct sort_by *sort)
{
    const struct sort_by *by = &order->by;
    if (order->key != sort->key || by->index != sort->index) return 0;
    switch (sort->key) {
    case SORT_NUMBER: return order->reversed ? 1 : 0;
    case SORT_STATE: return order->is_stale ? 2 : 1;
    case SORT_VALUE: return order->is_stale ? 2 : 1;
    case SORT_METRIC:
    case SORT_PARAM: return order->is_stale ? 2 : by->maximize != by->reversed ? -1 : 1;
    case SORT_STEP:
    case SORT_TIME: return order->is_stale ? 2 : order->reversed ? 1 : -1;
    case SORT_KEY_COUNT: break;
    }
    return 0;
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

/* The ranges of the objectives, found anew when a row has changed. */
static void find_ranges(struct trial_table *view)
{
    const struct model *model = &view->session->model;
    if (view->range_n == model->n && view->range_revision == model->revision) return;
    view->range_n = model->n;
    view->range_revision = model->revision;
    view->has_spread = false;
    for (size_t i = 0; i < model->n && !view->has_spread; i++)
        view->has_spread = model->n_runs[i] > 1;
    for (size_t k = 0; k < model->m && k < DLN_OBJECTIVES_MAX; k++) {
        double low = HUGE_VAL, high = -HUGE_VAL;
        for (size_t i = 0; i < model->n; i++) {
            const double value = model_shown_value(model, i, k);
            if (!isfinite(value)) continue;
            if (value < low) low = value;
            if (value > high) high = value;
        }
        view->low[k] = low;
        view->high[k] = high;
    }
}

/* " ±0.004", on wide screens " ±0.004 (n=5)"; the sign is two columns in ASCII. */
static int spread_width(const struct trial_table *view, struct number_style style)
{
    return 3 + number_width(style, 0, 0) + (view->is_wide ? 6 : 0);
}

static void add_value(struct trial_table *view, int *n, size_t objective)
{
    const struct session *session = view->session;
    const struct model *model = &session->model;
    struct column *column =
        add_column(view, n, COLUMN_VALUE, objective, session_metric(session, objective));
    if (!column) return;
    double best = (double)NAN, second = (double)NAN;
    if (objective == 0 && session->best.best < model->n) {
        best = model->value[0][session->best.best];
        if (session->best.second < model->n) second = model->value[0][session->best.second];
    }
    for (size_t i = model->n; i > 0 && isnan(best); i--) {
        best = model_shown_value(model, i - 1, objective);
    }
    struct trial_column *info = &view->info[*n - 1];
    info->style = number_objective(best, second);
    int width = 6;
    const double low = view->low[objective], high = view->high[objective];
    if (low <= high) width = number_width(info->style, low, high);
    column->width = width < 6 ? 6 : width > 12 ? 12 : width;
    if (view->has_spread) column->width += spread_width(view, info->style);
    column->grow_to = max_int(column->width, (int)dln_text_width(info->name));
    column->priority = objective == 0 ? 2 : 60 + (int)objective;
}

struct number_style trial_param_style(const struct dln_param *param, bool is_wide)
{
    return number_param(param->low, param->high, param->step, param->log,
                        param->kind == DLN_PARAM_INT, is_wide);
}

static bool is_choice(const struct dln_param *param)
{
    return param->kind == DLN_PARAM_CHOICE || param->kind == DLN_PARAM_FLAG;
}

static void add_param(struct trial_table *view, int *n, size_t index)
{
    const struct model *model = &view->session->model;
    const struct dln_param *param = &view->session->space->params[index];
    const double low = model->x_low[index], high = model->x_high[index];
    /* A column that says the same in every row is hidden, if not wanted. */
    const bool is_constant = model->n > 1 && !(low < high) && !model->x_missing[index];
    if (is_constant && !view->choices) return;
    struct column *column = add_column(view, n, COLUMN_PARAM, index, param->name);
    if (!column) return;
    struct trial_column *info = &view->info[*n - 1];
    info->is_constant = is_constant;
    column->hidden = is_constant;
    if (is_choice(param)) {
        int width = 1;
        for (size_t i = 0; i < param->n_choices; i++) {
            width = max_int(width, (int)dln_text_width(param->choices[i].text));
        }
        column->width = width > CHOICE_WIDTH_MAX ? CHOICE_WIDTH_MAX : width;
        column->align = ALIGN_LEFT;
    } else {
        info->style = trial_param_style(param, view->is_wide);
        column->width = number_width(info->style, param->low, param->high);
        if (column->width > 12) column->width = 12;
    }
    column->grow_to = max_int(column->width, (int)dln_text_width(info->name));
    if (column->grow_to > 14) column->grow_to = 14;
    column->priority = 10 + (int)(index < 40 ? index : 40);
}

/* The columns in the order that the person chose, hidden and wide as they want them. */
static void apply_choices(struct trial_table *view)
{
    const struct column_choices *choices = view->choices;
    int at = 0;
    for (int c = 0; c < choices->n; c++) {
        const struct column_choice *choice = &choices->choice[c];
        int i = at;
        while (i < view->table.n_columns && strcmp(view->columns[i].name, choice->name) != 0)
            i++;
        if (i >= view->table.n_columns) continue;
        struct column column = view->columns[i];
        memmove(&view->columns[at + 1], &view->columns[at], (size_t)(i - at) * sizeof column);
        if (choice->hidden) column.hidden = true;
        if (choice->shown) column.hidden = false;
        if (choice->shown && column.priority > 3) column.priority = 3;
        if (choice->width > 0) {
            column.width = choice->width;
            column.grow_to = 0;
        }
        view->columns[at++] = column;
    }
}

static void make_columns(struct trial_table *view)
{
    const struct session *session = view->session;
    const struct model *model = &session->model;
    int n = 0;
    const int64_t last = model->n > 0 ? model->number[model->n - 1] : 0;
    struct column *column = add_column(view, &n, COLUMN_NUMBER, 0, "trial");
    column->align = ALIGN_LEFT;
    column->width = max_int(5, snprintf(NULL, 0, "#%" PRId64, last));
    column = add_column(view, &n, COLUMN_STATE, 0, "state");
    column->align = ALIGN_LEFT;
    column->width = 6;
    column->priority = 1;
    find_ranges(view);
    for (size_t i = 0; i < model->m && i < DLN_OBJECTIVES_MAX; i++)
        add_value(view, &n, i);
    for (size_t i = 0; i < model->d && n < TABLE_COLUMNS_MAX - 3; i++)
        add_param(view, &n, i);
    if (view->is_wide && model->max_steps > 1) {
        column = add_column(view, &n, COLUMN_STEP, 0, "step");
        if (column) {
            column->width = max_int(4, snprintf(NULL, 0, "%d", (int)model->max_steps));
            column->priority = 70;
        }
    }
    column = add_column(view, &n, COLUMN_TIME, 0, "time");
    if (column) {
        column->width = 5;
        column->priority = 55;
    }
    if (model->max_steps > 1) {
        column = add_column(view, &n, COLUMN_CURVE, 0, "curve");
        if (column) {
            column->width = CURVE_WIDTH;
            column->align = ALIGN_LEFT;
            column->priority = 58;
        }
    }
    if (view->choices && session->n_tagged > 0) {
        column = add_column(view, &n, COLUMN_TAGS, 0, "tags");
        if (column) {
            column->width = 8;
            column->grow_to = 16;
            column->align = ALIGN_LEFT;
            column->priority = 57;
        }
    }
    for (int i = 0; i < n; i++)
        view->columns[i].sort = arrow_of(view->order, &view->info[i].sort);
    view->table.columns = view->columns;
    view->table.n_columns = n;
    if (view->choices) apply_choices(view);
}

/*
 * One scale for all curves, so that rows compare by eye: from the smallest value to the 95th
 * percentile of a sample, because one diverging run must not flatten all others.
 */
static void make_scale(struct trial_table *view)
{
    const struct model *model = &view->session->model;
    if (model->n == view->curve_n ||
        (view->curve_n > 100 && model->n < view->curve_n + view->curve_n / 10)) {
        return;
    }
    view->curve_n = model->n;
    view->curve_low = model->curve_low;
    view->curve_high = model->curve_high;
    double *values = malloc((size_t)SCALE_SAMPLE * MODEL_CURVE * sizeof *values);
    if (!values) return;
    size_t n = 0;
    const size_t stride = model->n / SCALE_SAMPLE + 1;
    for (size_t i = 0; i < model->n; i += stride) {
        for (size_t k = 0; k < model->curve[i].n; k++) {
            const double value = (double)model->curve[i].value[k];
            if (isfinite(value)) values[n++] = value;
        }
    }
    double low = 0, high = 0;
    if (n > 20 && plot_quantile(values, n, 0.05, &low) && plot_quantile(values, n, 0.95, &high)) {
        /* Of a value that grows, the low end is the one that may be far off. */
        if (view->session->maximize) {
            view->curve_low = low;
        } else {
            view->curve_high = high;
        }
    }
    free(values);
}

/* ── cells ─────────────────────────────────────────────────────────────────────────────────────*/

void trial_value_text(const struct dln_param *param, double x, struct number_style style, char *out,
                      size_t cap)
{
    char number[FORMAT_MAX];
    if (isnan(x)) {
        out[0] = '\0';
    } else if (is_choice(param)) {
        struct dln_strbuf text = {0};
        dln_param_text(param, x, &text);
        (void)snprintf(out, cap, "%s", dln_strbuf_text(&text));
        dln_strbuf_release(&text);
    } else {
        (void)snprintf(out, cap, "%s", format_number(number, style, x));
    }
}

static enum glyph glyph_of_state(enum dln_trial_state state, enum role *role)
{
    switch (state) {
    case DLN_TRIAL_RUNNING: *role = ROLE_STATE_RUN; return GLYPH_RUNNING;
    case DLN_TRIAL_COMPLETE: *role = ROLE_STATE_OK; return GLYPH_COMPLETE;
    case DLN_TRIAL_PRUNED: *role = ROLE_STATE_CUT; return GLYPH_PRUNED;
    case DLN_TRIAL_FAIL: *role = ROLE_STATE_ERR; return GLYPH_FAILED;
    case DLN_TRIAL_WAITING: *role = ROLE_STATE_WAIT; return GLYPH_WAITING;
    case DLN_TRIAL_STATE_COUNT: break;
    }
    *role = ROLE_TEXT;
    return GLYPH_WAITING;
}

static void draw_value(struct trial_table *view, struct cells *cells, struct rect rect, size_t row,
                       const struct trial_column *info, enum role role)
{
    const struct model *model = &view->session->model;
    const double value = model_shown_value(model, row, info->index);
    char text[FORMAT_MAX];
    if (isnan(value) && model->state[row] != DLN_TRIAL_COMPLETE) return;
    if (!isfinite(value)) role = ROLE_ERROR;
    (void)format_number(text, info->style, value);
    if (!view->has_spread) {
        cells_right(cells, rect.row, rect.col, rect.cols, role, text);
        return;
    }
    const int behind = spread_width(view, info->style);
    const int width = rect.cols - behind;
    if (width <= 0) return;
    cells_right(cells, rect.row, rect.col, width, role, text);
    if (model->n_runs[row] == 0) return;
    (void)format_spread(text, info->style, (double)model->spread[info->index][row],
                        model->n_runs[row]);
    char *const n = strstr(text, " (");
    if (n && !view->is_wide) *n = '\0';
    (void)cells_text(cells, rect.row, rect.col + width, behind, role, text);
}

static void draw_curve(struct trial_table *view, struct cells *cells, struct rect rect, size_t row)
{
    const struct model *model = &view->session->model;
    const struct model_curve *curve = &model->curve[row];
    if (curve->n == 0 || !(view->curve_low <= view->curve_high)) return;
    double values[MODEL_CURVE];
    for (size_t i = 0; i < curve->n; i++)
        values[i] = (double)curve->value[i];
    const int32_t steps = model->n_steps[row];
    const size_t total =
        steps > 0
            ? ((size_t)curve->n * (size_t)model->max_steps + (size_t)steps - 1) / (size_t)steps
            : 0;
    const bool is_running = model->state[row] == DLN_TRIAL_RUNNING;
    if (is_running && view->is_slow) return;
    spark_curve(cells, rect.row, rect.col, rect.cols, is_running ? ROLE_LINE_RUNNING : ROLE_SPARK,
                values, curve->n, total, view->curve_low, view->curve_high);
}

static void draw_cell(void *context, struct cells *cells, struct rect rect, int64_t at,
                      const struct column *column, enum role role)
{
    struct trial_table *view = context;
    const struct model *model = &view->session->model;
    const size_t row = view->order->row[at];
    const struct trial_column *info = &view->info[column->id];
    char text[96];
    switch ((enum column_kind)info->kind) {
    case COLUMN_NUMBER:
        (void)cells_textf(cells, rect.row, rect.col, rect.cols, role, "#%" PRId64,
                          model->number[row]);
        break;
    case COLUMN_STATE: {
        enum role state_role;
        const enum glyph glyph = glyph_of_state(model->state[row], &state_role);
        cells_glyph(cells, rect.row, rect.col, glyph, state_role);
        (void)cells_text(cells, rect.row, rect.col + 2, rect.cols - 2, state_role,
                         dln_trial_state_word(model->state[row]));
        break;
    }
    case COLUMN_VALUE: draw_value(view, cells, rect, row, info, role); break;
    case COLUMN_PARAM: {
        const struct dln_param *param = &view->session->space->params[info->index];
        trial_value_text(param, model->x[info->index][row], info->style, text, sizeof text);
        if (column->align == ALIGN_LEFT) {
            (void)cells_text(cells, rect.row, rect.col, rect.cols, role, text);
        } else {
            cells_right(cells, rect.row, rect.col, rect.cols, role, text);
        }
        break;
    }
    case COLUMN_STEP:
        if (model->last_step[row] < 0) break;
        (void)snprintf(text, sizeof text, "%d", (int)model->last_step[row]);
        cells_right(cells, rect.row, rect.col, rect.cols, role, text);
        break;
    case COLUMN_TIME: {
        const int64_t elapsed_ms = model_elapsed_ms(model, row, view->now_us);
        if (elapsed_ms < 0) break;
        const bool is_coarse = view->is_slow && model->state[row] == DLN_TRIAL_RUNNING;
        cells_right(cells, rect.row, rect.col, rect.cols, role,
                    is_coarse ? format_minutes(text, elapsed_ms)
                              : format_duration(text, elapsed_ms));
        break;
    }
    case COLUMN_CURVE: draw_curve(view, cells, rect, row); break;
    case COLUMN_TAGS: {
        const struct dln_trial_marks *marks = session_marks(view->session, model->id[row]);
        if (marks) (void)cells_text(cells, rect.row, rect.col, rect.cols, ROLE_INFO, marks->tags);
        break;
    }
    }
}

static struct table_mark mark_of(void *context, int64_t at)
{
    const struct trial_table *view = context;
    const struct model *model = &view->session->model;
    const size_t row = view->order->row[at];
    struct table_mark mark = {GLYPH_COUNT, ROLE_TEXT, ROLE_TEXT};
    if (model->state[row] == DLN_TRIAL_PRUNED) mark.text = ROLE_STATE_CUT;
    if (row == view->session->best.best) {
        mark = (struct table_mark){GLYPH_BEST, ROLE_BEST, ROLE_BEST};
    }
    if (model->mark[row] & MODEL_MARKED) {
        mark.glyph = GLYPH_MARKED;
        mark.role = ROLE_MARK;
    }
    return mark;
}

void trial_table_update(struct trial_table *view, const struct session *session,
                        const struct order *order, bool is_wide, bool is_slow, int64_t now_us)
{
    if (session->model.n < view->curve_n) view->curve_n = 0; /* another study */
    view->session = session;
    view->order = order;
    view->is_wide = is_wide;
    view->is_slow = is_slow;
    view->now_us = now_us;
    view->table.draw_cell = draw_cell;
    view->table.mark = mark_of;
    view->table.context = view;
    make_scale(view);
    make_columns(view);
    const size_t best = session->best.best;
    view->table.pinned = best < session->model.n && view->pins_best ? order_find(order, best) : -1;
}
