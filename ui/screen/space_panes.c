/* The space screen's panes: the table of parameters, the one under the cursor, the preview. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/space_edit.h"
#include "format.h"
#include "plot/param_axis.h"
#include "screen/screens.h"
#include "screen/space_screen.h"
#include "widget/dialog.h"
#include "widget/spark.h"

enum { COLUMN_NAME, COLUMN_TYPE, COLUMN_RANGE, COLUMN_LOG, COLUMN_STEP, COLUMN_WHEN, COLUMN_SEEN };
enum { DETAIL_ROWS = 11, DETAIL_ROWS_SMALL = 7, NARROW_DECADES = 3, TRIALS_A_PARAM = 10 };

/* ── what the trials say ───────────────────────────────────────────────────────────────────────*/

static void count_seen(struct view *view)
{
    struct space_screen *screen = space_of(view);
    const struct model *model = &view->session.model;
    const struct dln_space *space = view->session.space;
    if (screen->seen && screen->seen_of == model->revision && screen->seen_space == space) return;
    free(screen->seen);
    screen->seen = calloc(space->n * SEEN_BINS + 1, sizeof *screen->seen);
    screen->seen_of = model->revision;
    screen->seen_space = space;
    for (size_t p = 0; screen->seen && p < space->n; p++) {
        const struct dln_param *param = &space->params[p];
        const size_t bins =
            param->n_choices > 0 && param->n_choices < SEEN_BINS ? param->n_choices : SEEN_BINS;
        for (size_t i = 0; i < model->n; i++) {
            const double x = model->x[p][i];
            if (isnan(x)) continue;
            const double u = param->n_choices > 0 ? (x + 0.5) / (double)param->n_choices
                                                  : dln_param_place(param, x);
            if (!(u >= 0 && u <= 1)) continue;
            size_t bin = (size_t)(u * (double)bins);
            if (bin >= bins) bin = bins - 1;
            screen->seen[p * SEEN_BINS + bin]++;
        }
    }
}

static size_t count_inside(const struct view *view, const struct space_row *row)
{
    const struct model *model = &view->session.model;
    const size_t p = (size_t)(row->now - view->session.space->params);
    size_t n = 0;
    for (size_t i = 0; i < model->n; i++) {
        const double x = dln_param_carry(row->now, model->x[p][i], row->next);
        n += !isnan(x) && dln_param_contains(row->next, x);
    }
    return n;
}

/* What is odd about a parameter and stops nothing; "": nothing. */
static void warning(struct view *view, const struct space_row *row, char *out, size_t cap)
{
    const struct dln_param *param = row->next;
    out[0] = '\0';
    if (!param || param->n_choices > 0 || dln_param_is_single(param)) return;
    if (!param->log && param->low > 0 && log10(param->high / param->low) >= NARROW_DECADES) {
        (void)snprintf(out, cap, "Over %d decades without log: most samples are large ones",
                       NARROW_DECADES);
        return;
    }
    const struct best_range *best = space_best(view, row->now);
    if (!best || !row->now || space_is_edited(view, row)) return;
    const double low = dln_param_encode(param, best->bare_low);
    const double high = dln_param_encode(param, best->bare_high);
    if (high > 0.98 && low > 0.5) {
        (void)snprintf(out, cap, "The best tenth lies at the high end: widen?");
    } else if (low < 0.02 && high < 0.5) {
        (void)snprintf(out, cap, "The best tenth lies at the low end: widen?");
    }
}

/* ── the table ─────────────────────────────────────────────────────────────────────────────────*/

static const char *type_word(const struct dln_param *param)
{
    if (dln_param_is_single(param)) return "frozen";
    switch (param->kind) {
    case DLN_PARAM_FLOAT: return "float";
    case DLN_PARAM_INT: return "int";
    case DLN_PARAM_CHOICE: return param->ordered ? "ordered" : "choice";
    case DLN_PARAM_FLAG: return "flag";
    }
    return "";
}

static void range_text(const struct dln_param *param, char *out, size_t cap)
{
    struct dln_strbuf text = {0};
    struct dln_param bare = *param;
    bare.when_text = NULL;
    bare.log = false; /* these have columns of their own */
    bare.step = param->kind == DLN_PARAM_INT ? 1 : 0;
    dln_param_describe(&bare, 12, &text);
    (void)snprintf(out, cap, "%s", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}

static void cell_text(const struct view *view, const struct space_row *row, int column, char *out,
                      size_t cap)
{
    const struct dln_param *param = row->next ? row->next : row->now;
    out[0] = '\0';
    switch (column) {
    case COLUMN_NAME:
        (void)snprintf(out, cap, "%s%s", param->name, space_is_edited(view, row) ? " *" : "");
        return;
    case COLUMN_TYPE:
        (void)snprintf(out, cap, "%s", row->next ? type_word(param) : "dropped");
        return;
    case COLUMN_RANGE: range_text(param, out, cap); return;
    case COLUMN_LOG: (void)snprintf(out, cap, "%s", param->log ? "log" : FORMAT_MISSING); return;
    case COLUMN_STEP: {
        const bool has_step = param->kind == DLN_PARAM_INT ? param->step > 1 : param->step > 0;
        if (has_step) {
            struct dln_strbuf text = {0};
            const struct dln_param bare = {.kind = param->kind};
            dln_param_text(&bare, param->step, &text);
            (void)snprintf(out, cap, "%s", dln_strbuf_text(&text));
            dln_strbuf_release(&text);
        } else {
            (void)snprintf(out, cap, "%s", FORMAT_MISSING);
        }
        return;
    }
    case COLUMN_WHEN:
        (void)snprintf(out, cap, "%s", param->when_text ? param->when_text : "always");
        return;
    default: return;
    }
}

static void draw_cell(void *context, struct cells *cells, struct rect rect, int64_t at,
                      const struct column *column, enum role role)
{
    struct view *view = context;
    const struct space_screen *screen = space_of(view);
    const struct space_row *row = &screen->rows[at];
    char text[VIEW_TEXT_MAX];
    if (column->id == COLUMN_SEEN) {
        if (!row->now || !screen->seen) return;
        const size_t p = (size_t)(row->now - view->session.space->params);
        const double *bins = screen->seen + p * SEEN_BINS;
        double shown[SEEN_BINS];
        double most = 0;
        for (int i = 0; i < SEEN_BINS; i++) {
            most = fmax(most, bins[i]);
            shown[i] = bins[i] > 0 ? bins[i] : (double)NAN;
        }
        if (most > 0) {
            spark_draw(cells, rect.row, rect.col, SEEN_BINS, ROLE_SPARK, shown, SEEN_BINS, 0, most);
        }
        return;
    }
    cell_text(view, row, column->id, text, sizeof text);
    (void)cells_text(cells, rect.row, rect.col, rect.cols, role, text);
}

static struct table_mark mark(void *context, int64_t at)
{
    const struct view *view = context;
    const struct space_row *row = &space_of(view)->rows[at];
    const enum role role = !row->next                   ? ROLE_DIM
                           : space_is_edited(view, row) ? ROLE_BEST
                                                        : ROLE_TEXT;
    return (struct table_mark){GLYPH_COUNT, role, role};
}

static void add_column(struct view *view, int id, const char *name, int priority, int most)
{
    struct space_screen *screen = space_of(view);
    struct column *column = &screen->columns[screen->table.n_columns++];
    int width = id == COLUMN_SEEN ? SEEN_BINS : (int)strlen(name);
    char text[VIEW_TEXT_MAX];
    for (size_t i = 0; id != COLUMN_SEEN && i < screen->n_rows; i++) {
        cell_text(view, &screen->rows[i], id, text, sizeof text);
        const int cols = cells_text_width(&view->cells, text);
        if (cols > width) width = cols;
    }
    if (width > most) width = most;
    *column = (struct column){.name = name, .width = width, .priority = priority, .id = id};
}

static void draw_table(struct view *view, struct rect rect)
{
    struct space_screen *screen = space_of(view);
    const bool is_narrow = rect.cols < 80;
    screen->table.columns = screen->columns;
    screen->table.n_columns = 0;
    screen->table.draw_cell = draw_cell;
    screen->table.mark = mark;
    screen->table.context = view;
    screen->table.blurred = screen->form.is_open;
    add_column(view, COLUMN_NAME, "PARAMETER", 0, rect.cols >= 120 ? 30 : 16);
    add_column(view, COLUMN_TYPE, "TYPE", 1, 8);
    add_column(view, COLUMN_RANGE, "RANGE", 0, rect.cols >= 120 ? 50 : 22);
    add_column(view, COLUMN_LOG, "LOG", 3, 3);
    add_column(view, COLUMN_STEP, "STEP", 5, 6);
    add_column(view, COLUMN_WHEN, "WHEN", 4, rect.cols >= 120 ? 40 : is_narrow ? 12 : 16);
    add_column(view, COLUMN_SEEN, "SEEN", 2, SEEN_BINS);
    table_draw(&screen->table, &view->cells, rect);
}

/* ── one parameter ─────────────────────────────────────────────────────────────────────────────*/

static const char *const field_words[FIELD_COUNT] = {
    [FIELD_NAME] = "Name",       [FIELD_TYPE] = "Type",       [FIELD_LOW] = "Low",
    [FIELD_HIGH] = "High",       [FIELD_CHOICES] = "Choices", [FIELD_LOG] = "Log",
    [FIELD_ORDERED] = "Ordered", [FIELD_STEP] = "Step",       [FIELD_DEFAULT] = "Default",
    [FIELD_WAS] = "Trials had",  [FIELD_WHEN] = "When",
};
static const char *const field_hints[FIELD_COUNT] = {
    [FIELD_CHOICES] = "e.g. sgd, adamw; removed ones stay in old trials",
    [FIELD_WHEN] = "e.g. optimizer == sgd; empty: always",
    [FIELD_WAS] = "what trials so far count as; empty: nothing",
    [FIELD_STEP] = "empty: none",
    [FIELD_DEFAULT] = "empty: none",
    [FIELD_TYPE] = "h l change",
    [FIELD_LOG] = "Space changes",
    [FIELD_ORDERED] = "Space changes",
};

static void draw_type(struct cells *cells, int row, int col, const struct space_form *form,
                      enum role role)
{
    static const char *const words[] = {"float", "int", "choice", "flag"};
    for (int i = 0; i < 4; i++) {
        const bool is_it = i == (int)form->kind;
        col += cells_textf(cells, row, col, 12, is_it ? role : ROLE_DIM, is_it ? "[%s]" : "%s",
                           words[i]) +
               1;
    }
}

/* Fields, one a row; Low and High share one. Returns the rows used. */
static int draw_form(struct view *view, struct rect rect)
{
    struct space_form *form = &space_of(view)->form;
    struct cells *cells = &view->cells;
    const enum space_field *fields = space_fields(form);
    int at = 0;
    int n = 0;
    for (; fields[n] != FIELD_COUNT; n++) {
        if (fields[n] == form->field) at = n;
    }
    const int first = at >= rect.rows ? at - rect.rows + 1 : 0;
    int used = 0;
    for (int i = first; i < n && used < rect.rows; i++, used++) {
        const enum space_field field = fields[i];
        const bool is_here = i == at;
        const int row = rect.row + used;
        const enum role role = !is_here         ? ROLE_TEXT
                               : form->error[0] ? ROLE_INPUT_INVALID
                                                : ROLE_INPUT;
        if (is_here) cells_glyph(cells, row, rect.col, GLYPH_CURSOR, ROLE_KEY);
        (void)cells_text(cells, row, rect.col + 2, 11, is_here ? ROLE_STRONG : ROLE_DIM,
                         field_words[field]);
        const int col = rect.col + 13;
        const int width = rect.cols - 13 < 28                             ? rect.cols - 13
                          : field == FIELD_CHOICES || field == FIELD_WHEN ? (rect.cols - 13) / 2
                                                                          : 28;
        if (field == FIELD_TYPE) {
            draw_type(cells, row, col, form, is_here ? ROLE_INPUT : ROLE_STRONG);
        } else if (field == FIELD_LOG || field == FIELD_ORDERED) {
            const bool is_on = field == FIELD_LOG ? form->is_log : form->is_ordered;
            (void)cells_text(cells, row, col, 3, role, is_on ? "[x]" : "[ ]");
        } else if (is_here) {
            line_edit_draw(&form->text[field], cells, row, col, width, role);
        } else {
            (void)cells_text(cells, row, col, width, role, form->text[field].text);
        }
        if (is_here && field_hints[field] && rect.cols - 13 - width - 2 > 12) {
            (void)cells_text(cells, row, col + width + 2, rect.cols - 13 - width - 2, ROLE_DIM,
                             field_hints[field]);
        }
    }
    return used;
}

static int draw_line(struct view *view, struct rect rect, int used, const char *label,
                     enum role role, const char *text)
{
    if (used >= rect.rows || !text[0]) return used;
    (void)cells_text(&view->cells, rect.row + used, rect.col, 10, ROLE_DIM, label);
    (void)cells_text(&view->cells, rect.row + used, rect.col + 10, rect.cols - 10, role, text);
    return used + 1;
}

static int draw_facts(struct view *view, const struct space_row *row, struct rect rect)
{
    char text[VIEW_TEXT_MAX];
    struct dln_strbuf words = {0};
    int used = 0;
    if (row->now && row->next && space_is_edited(view, row)) {
        dln_param_describe(row->now, 12, &words);
        used = draw_line(view, rect, used, "Now", ROLE_TEXT, dln_strbuf_text(&words));
        dln_strbuf_reset(&words);
        dln_param_describe(row->next, 12, &words);
        used = draw_line(view, rect, used, "Then", ROLE_BEST, dln_strbuf_text(&words));
    } else {
        dln_param_describe(row->next ? row->next : row->now, 40, &words);
        used = draw_line(view, rect, used, row->next ? "Range" : "Was", ROLE_TEXT,
                         dln_strbuf_text(&words));
    }
    dln_strbuf_release(&words);
    const struct dln_param *param = row->next ? row->next : row->now;
    if (param->has_initial) {
        param_value_text(param, param->initial, text, sizeof text);
        used = draw_line(view, rect, used, "Default", ROLE_TEXT, text);
    }
    if (param->has_was) {
        param_value_text(param, param->was, text, sizeof text);
        used = draw_line(view, rect, used, "Was", ROLE_TEXT, text);
    }
    const struct best_range *best = row->next ? space_best(view, row->now) : NULL;
    if (best) {
        char low[96], high[96];
        param_value_text(row->now, best->bare_low, low, sizeof low);
        param_value_text(row->now, best->bare_high, high, sizeof high);
        (void)snprintf(text, sizeof text,
                       "10 %% of trials lie in %s .. %s   ( narrows, with a margin", low, high);
        used = draw_line(view, rect, used, "Best", ROLE_TEXT, text);
    }
    warning(view, row, text, sizeof text);
    return draw_line(view, rect, used, "", ROLE_WARN, text);
}

static void draw_foot(struct view *view, struct rect rect)
{
    const struct space_screen *screen = space_of(view);
    const struct dln_space *next = space_next(view);
    struct dln_strbuf text = {0};
    size_t n_frozen = 0;
    const size_t n_edits = json_object_size(screen->edits);
    for (size_t i = 0; i < next->n; i++)
        n_frozen += dln_param_is_single(&next->params[i]);
    dln_strbuf_addf(&text, "%zu searched", next->n - n_frozen);
    if (n_frozen > 0) dln_strbuf_addf(&text, " + %zu frozen", n_frozen);
    dln_strbuf_add(&text, ". ");
    if (screen->form.is_open) {
        dln_strbuf_add(&text, screen->form.error[0]
                                  ? screen->form.error
                                  : "Enter takes the edit, Tab goes on, Esc leaves");
    } else if (n_edits > 0) {
        dln_strbuf_addf(&text,
                        "%zu edit%s not applied yet: w applies all at once. Running trials keep "
                        "their values, the model keeps all observations.",
                        n_edits, n_edits == 1 ? "" : "s");
    } else {
        const int64_t trials =
            view->session.summary ? view->session.summary->live.budget.trials : 0;
        const size_t d = next->n - n_frozen;
        if (trials > 0 && d > 12 && (double)trials < (double)d * TRIALS_A_PARAM) {
            dln_strbuf_addf(&text, "That is many for %lld trials.", (long long)trials);
        }
    }
    (void)wrap_draw(&view->cells, rect,
                    screen->form.is_open && screen->form.error[0] ? ROLE_WARN : ROLE_TEXT,
                    dln_strbuf_text(&text), 0);
    dln_strbuf_release(&text);
}

static void draw_detail(struct view *view, struct rect rect)
{
    const struct space_form *form = &space_of(view)->form;
    const struct space_row *row = space_selected(view);
    char right[96] = "";
    const char *title = form->is_open && form->is_new ? "New parameter"
                        : row && row->next            ? row->next->name
                        : row                         ? row->now->name
                                                      : "";
    if (row && row->now && row->next && view->session.model.n > 0 && !form->is_new) {
        (void)snprintf(right, sizeof right, "%zu of %zu trials in this range",
                       count_inside(view, row), view->session.model.n);
    }
    cells_rule(&view->cells, rect.row, rect.col, rect.cols, title, right, ROLE_BORDER);
    const struct rect inside = {rect.row + 1, rect.col + 1, rect.rows - 3, rect.cols - 2};
    if (form->is_open) {
        (void)draw_form(view, inside);
    } else if (row) {
        (void)draw_facts(view, row, inside);
    }
    draw_foot(view, (struct rect){rect.row + rect.rows - 2, rect.col + 1, 2, rect.cols - 2});
}

/* ── the preview ───────────────────────────────────────────────────────────────────────────────*/

/* Points that fill the space evenly, the same each time: multiples of powers of the root of
 * g^(d + 1) = g + 1 (Roberts' sequence). */
static void sample(const struct dln_space *space, int number, double *u, double *x)
{
    double g = 1.5;
    for (int k = 0; k < 40; k++)
        g = pow(1 + g, 1.0 / (double)(space->n + 1));
    double power = 1;
    for (size_t i = 0; i < space->n; i++) {
        power /= g;
        const double value = 0.5 + power * (double)(number + 1);
        u[i] = value - floor(value);
    }
    dln_space_decode(space, u, x);
}

static void draw_preview(struct view *view, struct rect rect)
{
    const struct dln_space *space = space_next(view);
    struct cells *cells = &view->cells;
    double *points = calloc(2 * space->n + 1, sizeof *points);
    if (!points) return;
    double *x = points + space->n;
    const int width = 11;
    const int columns = (rect.cols - 4) / width;
    cells_rule(cells, rect.row, rect.col, rect.cols, "20 samples of this space", "v or Esc: back",
               ROLE_BORDER);
    for (size_t p = 0; p < space->n && (int)p < columns; p++) {
        (void)cells_text(cells, rect.row + 1, rect.col + 4 + (int)p * width, width - 1, ROLE_HEADER,
                         space->params[p].name);
    }
    int row = rect.row + 2;
    for (int i = 0, found = 0; i < 50 * PREVIEW_ROWS && found < PREVIEW_ROWS; i++) {
        sample(space, i, points, x);
        if (!dln_space_allows(space, x, NULL)) continue;
        found++;
        if (row >= rect.row + rect.rows) break;
        char number[8];
        (void)snprintf(number, sizeof number, "%d", found);
        cells_right(cells, row, rect.col, 3, ROLE_DIM, number);
        for (size_t p = 0; p < space->n && (int)p < columns; p++) {
            char text[96] = "";
            if (!isnan(x[p])) param_value_text(&space->params[p], x[p], text, sizeof text);
            (void)cells_text(cells, row, rect.col + 4 + (int)p * width, width - 1, ROLE_TEXT, text);
        }
        row++;
    }
    free(points);
}

/* ── the whole ─────────────────────────────────────────────────────────────────────────────────*/

void space_draw(struct view *view, struct rect body)
{
    struct space_screen *screen = space_of(view);
    if (!view->session.is_open || !view->session.space || !screen->of) return;
    if (screen->is_previewing) {
        draw_preview(view, body);
        return;
    }
    if (screen->n_rows == 0) {
        (void)wrap_draw(&view->cells, (struct rect){body.row + 1, 2, body.rows - 2, body.cols - 4},
                        ROLE_TEXT, "No parameters yet. A adds one; E opens the study file.", 0);
    }
    count_seen(view);
    int detail = body.rows >= 18 ? DETAIL_ROWS : DETAIL_ROWS_SMALL;
    if (screen->form.is_open && detail < 10 && body.rows > 12) detail = 10;
    draw_table(view, (struct rect){body.row, body.col, body.rows - detail, body.cols});
    draw_detail(view, (struct rect){body.row + body.rows - detail, body.col, detail, body.cols});
}
