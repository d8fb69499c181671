/* The dial's two panes: the parameters, and what the models expect of the point. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "advice.h"
#include "dialin/strbuf.h"
#include "format.h"
#include "plot/frame.h"
#include "plot/param_axis.h"
#include "plot/plot.h"
#include "screen/dial.h"
#include "widget/dialog.h"
#include "widget/shorten.h"
#include "widget/spark.h"

enum { LABEL_COLS = 10, SPLIT_COLS = 80, SIDE_COLS = 44 };
static const double MAX_RUN_S = 1e9; /* a guess beyond it is none: two trials, say */

/* ── drawing: the parameters ───────────────────────────────────────────────────────────────────*/

struct columns {
    int name, value, bar, base, top; /* widths; 0: not shown */
};

static struct columns columns_for(const struct dial *dial, int cols)
{
    struct columns columns = {.name = 10, .value = 10, .base = 10};
    for (size_t i = 0; i < dial->space->n; i++) {
        const int len = (int)strlen(dial->space->params[i].name);
        if (len > columns.name) columns.name = len;
    }
    const int name_max = cols >= 120 ? 30 : cols >= 80 ? 14 : 12;
    if (columns.name > name_max) columns.name = name_max;
    if (cols >= 80) columns.top = 19;
    columns.bar =
        cols - 3 - columns.name - 1 - columns.value - 2 - columns.base - 2 - columns.top - 1;
    if (columns.bar > 60) columns.bar = 60;
    return columns;
}

static void value_text(const struct dln_param *param, double x, char *out, size_t cap)
{
    if (isnan(x)) {
        (void)snprintf(out, cap, "%s", FORMAT_MISSING);
    } else {
        param_value_text(param, x, out, cap);
    }
}

/* "[adamw] sgd lion" where that fits, else a dot a choice. */
static void draw_choices(struct view *view, int row, int col, int width,
                         const struct dln_param *param, double x)
{
    struct cells *cells = &view->cells;
    int need = 0;
    char text[96];
    for (size_t i = 0; i < param->n_choices && need <= width; i++) {
        param_value_text(param, (double)i, text, sizeof text);
        need += cells_text_width(cells, text) + 1 + 2 * (x == (double)i);
    }
    const bool has_names = need - 1 <= width;
    for (size_t i = 0; i < param->n_choices && width > 0; i++) {
        const bool is_it = x == (double)i;
        int used = 1;
        if (has_names) {
            param_value_text(param, (double)i, text, sizeof text);
            used = cells_textf(cells, row, col, width, is_it ? ROLE_STRONG : ROLE_DIM,
                               is_it ? "[%s]" : "%s", text);
        } else {
            cells_glyph(cells, row, col, is_it ? GLYPH_MARKED : GLYPH_DOT,
                        is_it ? ROLE_STRONG : ROLE_DIM);
        }
        col += used + 1;
        width -= used + 1;
    }
}

static int bar_col(const struct dln_param *param, double x, int width)
{
    const double u = dln_param_place(param, x);
    return isnan(u) ? 0 : (int)(dial_clamp(u, 0, 1) * (width - 1) + 0.5);
}

/* The range: thick where the best tenth lies, ★ at the best trial, ● at the point. */
static void draw_bar(struct view *view, int row, int col, int width, size_t p)
{
    const struct dial *dial = dial_of(view);
    const struct session *session = &view->session;
    const struct dln_param *param = &dial->space->params[p];
    const struct advice *advice = advice_of(view);
    struct cells *cells = &view->cells;
    if (width < 5) return;
    if (param_is_choice(param)) {
        draw_choices(view, row, col, width, param, dial->x[p]);
        return;
    }
    cells_hline(cells, row, col, width, ROLE_RANGE);
    const struct advice_top *top = advice && advice->tops ? &advice->tops[p] : NULL;
    if (top && top->n > 0) {
        for (int c = bar_col(param, top->low, width); c <= bar_col(param, top->high, width); c++)
            cells_glyph(cells, row, col + c, GLYPH_THICK, ROLE_LINE_BEST);
    }
    const size_t best = session->best.best;
    if (best < session->model.n && !isnan(session->model.x[p][best])) {
        cells_glyph(cells, row, col + bar_col(param, session->model.x[p][best], width), GLYPH_BEST,
                    ROLE_BEST);
    }
    const double x = dial->x[p];
    const bool is_outside = x < param->low || x > param->high;
    cells_glyph(cells, row, col + bar_col(param, x, width),
                is_outside ? (x < param->low ? GLYPH_LEFT : GLYPH_RIGHT) : GLYPH_MARKED,
                is_outside ? ROLE_WARN : ROLE_STRONG);
}

static void draw_top(struct view *view, int row, int col, int width, size_t p)
{
    const struct dln_param *param = &dial_of(view)->space->params[p];
    const struct advice *advice = advice_of(view);
    if (width == 0 || !advice || !advice->tops || advice->tops[p].n == 0) return;
    const struct advice_top *top = &advice->tops[p];
    char low[96], high[96], text[200];
    if (param_is_choice(param)) {
        value_text(param, top->usual, text, sizeof text);
    } else {
        value_text(param, top->low, low, sizeof low);
        value_text(param, top->high, high, sizeof high);
        (void)snprintf(text, sizeof text, "%s..%s", low, high);
    }
    (void)cells_text(&view->cells, row, col, width, ROLE_DIM, text);
}

static void draw_param(struct view *view, struct rect rect, size_t p, const struct columns *columns)
{
    struct dial *dial = dial_of(view);
    struct cells *cells = &view->cells;
    const struct dln_param *param = &dial->space->params[p];
    const bool is_at = p == dial->at, is_outside = !dln_param_contains(param, dial->x[p]);
    struct dln_strbuf name = {0};
    char text[96];
    int col = rect.col + 3;
    if (is_at) {
        cells_base(cells, rect, ROLE_CURSOR);
        cells_glyph(cells, rect.row, rect.col + 1, GLYPH_CURSOR, ROLE_KEY);
    }
    shorten_middle(cells, param->name, columns->name, &name);
    (void)cells_text(cells, rect.row, col, columns->name, is_at ? ROLE_STRONG : ROLE_TEXT,
                     dln_strbuf_text(&name));
    dln_strbuf_release(&name);
    col += columns->name + 1;
    value_text(param, dial->x[p], text, sizeof text);
    const enum role role = is_outside                 ? ROLE_WARN
                           : dial_is_changed(dial, p) ? ROLE_STRONG
                                                      : ROLE_TEXT;
    cells_right(cells, rect.row, col, columns->value, role, text);
    col += columns->value + 2;
    draw_bar(view, rect.row, col, columns->bar, p);
    col += columns->bar + 2;
    value_text(param, dial->base[p], text, sizeof text);
    if (is_outside) {
        (void)cells_text(cells, rect.row, col, columns->base + columns->top, ROLE_WARN, "outside");
    } else {
        (void)cells_text(cells, rect.row, col, columns->base,
                         dial_is_changed(dial, p) ? ROLE_TEXT : ROLE_DIM, text);
        draw_top(view, rect.row, col + columns->base, columns->top, p);
    }
}

static void source_text(const struct dial *dial, char *out, size_t cap)
{
    switch (dial->source) {
    case DIAL_COPY: (void)snprintf(out, cap, "copy of #%" PRId64, dial->number); return;
    case DIAL_SUGGESTION:
        (void)snprintf(out, cap, "suggestion for #%" PRId64, dial->number);
        return;
    case DIAL_QUEUED: (void)snprintf(out, cap, "#%" PRId64, dial->number); return;
    case DIAL_BEST: (void)snprintf(out, cap, "copy of the best, #%" PRId64, dial->number); return;
    case DIAL_DEFAULT: (void)snprintf(out, cap, "defaults"); return;
    }
}

static void draw_header(struct view *view, int row, const struct columns *columns)
{
    const struct dial *dial = dial_of(view);
    struct cells *cells = &view->cells;
    char base[32] = "DEFAULT";
    if (dial->number >= 0 && dial->source != DIAL_SUGGESTION) {
        (void)snprintf(base, sizeof base, "#%" PRId64, dial->number);
    } else if (dial->source == DIAL_SUGGESTION) {
        (void)snprintf(base, sizeof base, "SUGGESTED");
    }
    int col = 3;
    (void)cells_text(cells, row, col, columns->name, ROLE_HEADER, "PARAMETER");
    col += columns->name + 1;
    cells_right(cells, row, col, columns->value, ROLE_HEADER, "VALUE");
    col += columns->value + 2;
    (void)cells_text(cells, row, col, columns->bar, ROLE_HEADER, "low");
    cells_right(cells, row, col, columns->bar, ROLE_HEADER, "high");
    col += columns->bar + 2;
    (void)cells_text(cells, row, col, columns->base - 1, ROLE_HEADER, base);
    (void)cells_text(cells, row, col + columns->base, columns->top, ROLE_HEADER,
                     columns->top ? "BEST 10 %" : "");
}

/* Rows of the parameters that are active, around the one that is turned. */
void dial_draw_params(struct view *view, struct rect rect)
{
    struct dial *dial = dial_of(view);
    const struct columns columns = columns_for(dial, rect.cols);
    const int rows = rect.rows - 2;
    int n = 0, at = 0, n_changed = 0;
    for (size_t i = 0; i < dial->space->n; i++) {
        if (i == dial->at) at = n;
        n += !isnan(dial->x[i]);
        n_changed += dial_is_changed(dial, i);
    }
    char title[96], source[64], right[64] = "";
    source_text(dial, source, sizeof source);
    (void)snprintf(title, sizeof title, "%s · %s",
                   dial->source == DIAL_QUEUED ? "In the queue" : "New trial", source);
    if (n > rows) (void)snprintf(right, sizeof right, "%d of %d shown", rows, n);
    if (n_changed > 0) {
        const size_t len = strlen(right);
        (void)snprintf(right + len, sizeof right - len, "%s%d of %d changed", len ? " · " : "",
                       n_changed, n);
    }
    cells_rule(&view->cells, rect.row, rect.col, rect.cols, title, right, ROLE_BORDER);
    draw_header(view, rect.row + 1, &columns);
    if (at < dial->top) dial->top = at;
    if (at >= dial->top + rows) dial->top = at - rows + 1;
    if (dial->top > n - rows) dial->top = n > rows ? n - rows : 0;
    int index = 0;
    for (size_t i = 0; i < dial->space->n; i++) {
        if (isnan(dial->x[i])) continue;
        const int row = index++ - dial->top;
        if (row < 0 || row >= rows) continue;
        draw_param(view, (struct rect){rect.row + 2 + row, rect.col, 1, rect.cols}, i, &columns);
    }
}

/* ── drawing: what is expected ─────────────────────────────────────────────────────────────────*/

struct lines {
    struct cells *cells;
    struct rect rect; /* what is left */
};

static void add_line(struct lines *lines, enum role role, const char *label, const char *format,
                     ...) DLN_PRINTF(4, 5);
static void add_line(struct lines *lines, enum role role, const char *label, const char *format,
                     ...)
{
    if (lines->rect.rows <= 0) return;
    char text[2 * VIEW_TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const struct rect rect = lines->rect;
    (void)cells_text(lines->cells, rect.row, rect.col, LABEL_COLS - 1, ROLE_DIM, label);
    const struct rect rest = {rect.row, rect.col + LABEL_COLS, rect.rows, rect.cols - LABEL_COLS};
    int used = wrap_draw(lines->cells, rest, role, text, 0);
    if (used > rect.rows) used = rect.rows;
    lines->rect.row += used;
    lines->rect.rows -= used;
}

static void say_objective(struct view *view, struct lines *lines, size_t k)
{
    const struct dln_expected *e = &dial_of(view)->expected.expected[k];
    char value[FORMAT_MAX], low[FORMAT_MAX], high[FORMAT_MAX], chance[FORMAT_MAX];
    char best[FORMAT_MAX];
    if (!e->is_known) return;
    (void)format_with_sd(value, e->mean, e->sd);
    format_interval(low, high, e->low, e->high);
    add_line(lines, ROLE_STRONG, session_metric(&view->session, k), "%s", value);
    add_line(lines, ROLE_TEXT, "90 %", "%s … %s", low, high);
    if (isnan(e->chance)) return;
    (void)format_number(best, number_objective(e->best, (double)NAN), e->best);
    add_line(lines, ROLE_TEXT, "chance", "%s%s to beat %s of #%" PRId64,
             e->chance < 0.01 ? "below " : "", format_share(chance, fmax(e->chance, 0.01)), best,
             e->best_number);
}

/* What speaks against the point, first; then what it costs. */
static void say_rest(struct view *view, struct lines *lines)
{
    const struct dial *dial = dial_of(view);
    const struct dln_prediction *p = &dial->expected;
    char share[FORMAT_MAX], run[FORMAT_MAX], low[FORMAT_MAX], high[FORMAT_MAX], value[FORMAT_MAX];
    if (!p->is_allowed) {
        add_line(lines, ROLE_ERROR, "! breaks", "%s", dial->space->constraints[p->broken].text);
    }
    if (p->far != DLN_FAR_NOT) add_line(lines, ROLE_WARN, "! guess", "%s", p->far_text);
    if (p->chance_runs < 0.995) {
        add_line(lines, ROLE_TEXT, "runs", "%s without failing",
                 format_share(share, p->chance_runs));
    }
    if (p->chance_limits < 0.995) {
        add_line(lines, ROLE_TEXT, "limits", "%s kept", format_share(share, p->chance_limits));
    }
    if (p->run_high_s < MAX_RUN_S) { /* false where nothing is known */
        add_line(lines, ROLE_TEXT, "run time", "%s  (%s … %s)",
                 format_duration(run, (int64_t)(p->run_s * 1000)),
                 format_duration(low, (int64_t)(p->run_low_s * 1000)),
                 format_duration(high, (int64_t)(p->run_high_s * 1000)));
    }
    if (p->n_nearest > 0) {
        const struct dln_neighbour *near = &p->nearest[0];
        add_line(lines, ROLE_TEXT, "nearest", "#%" PRId64 " %s, distance %.2g", near->number,
                 isnan(near->value) ? dln_trial_state_word(near->state)
                                    : format_detail(value, near->value),
                 near->distance);
    }
}

static void draw_expected(struct view *view, struct rect rect)
{
    const struct dial *dial = dial_of(view);
    const struct advice *advice = advice_of(view);
    struct lines lines = {.cells = &view->cells, .rect = rect};
    if (!advice) return;
    if (!advice->predictor) {
        add_line(&lines, ROLE_DIM, "", "%s",
                 advice->sentence[0] ? advice->sentence : "Learning from the trials so far …");
        return;
    }
    if (!dial->has_answer) {
        add_line(&lines, ROLE_WARN, "", "%s", dial->error);
        return;
    }
    for (size_t k = 0; k < view->session.model.m; k++)
        say_objective(view, &lines, k);
    if (!dial->expected.expected[0].is_known) {
        const char *why = advice->trust[0].why_not; /* a clause of the library */
        add_line(&lines, ROLE_TEXT, "", "%c%s. This is a free choice.",
                 *why >= 'a' && *why <= 'z' ? *why - 'a' + 'A' : *why, *why ? why + 1 : "");
    }
    say_rest(view, &lines);
}

static void draw_curve(struct view *view, struct frame *frame, const struct dln_profile *profile)
{
    const struct dial *dial = dial_of(view);
    const bool is_choice = param_is_choice(&dial->space->params[dial->at]);
    for (size_t i = 0; i < profile->n; i++) {
        const int x = frame_x(frame, profile->at[i]);
        if (is_choice) {
            dots_vline(&frame->dots, x, frame_y(frame, profile->low[i]),
                       frame_y(frame, profile->high[i]), ROLE_PREDICT_BAND);
            dots_line(&frame->dots, x - 2, frame_y(frame, profile->mean[i]), x + 2,
                      frame_y(frame, profile->mean[i]), ROLE_PREDICT);
            continue;
        }
        if (i == 0) continue;
        const int x0 = frame_x(frame, profile->at[i - 1]);
        dots_dashed(&frame->dots, x0, frame_y(frame, profile->low[i - 1]), x,
                    frame_y(frame, profile->low[i]), ROLE_PREDICT_BAND);
        dots_dashed(&frame->dots, x0, frame_y(frame, profile->high[i - 1]), x,
                    frame_y(frame, profile->high[i]), ROLE_PREDICT_BAND);
    }
    for (size_t i = 1; !is_choice && i < profile->n; i++) {
        dots_line(&frame->dots, frame_x(frame, profile->at[i - 1]),
                  frame_y(frame, profile->mean[i - 1]), frame_x(frame, profile->at[i]),
                  frame_y(frame, profile->mean[i]), ROLE_PREDICT);
    }
}

static void best_text(const struct dial *dial, bool maximize, char *out, size_t cap)
{
    const struct dln_profile *profile = &dial->profile;
    const struct dln_param *param = &dial->space->params[dial->at];
    char value[96];
    out[0] = '\0';
    if (profile->best >= profile->n) return;
    value_text(param, profile->at[profile->best], value, sizeof value);
    (void)snprintf(out, cap, "%s %s %s", maximize ? "highest" : "lowest",
                   param_is_choice(param) ? "with" : "near", value);
}

/* The value over the parameter that is turned, all others as they are. */
static void draw_profile(struct view *view, struct rect rect)
{
    const struct dial *dial = dial_of(view);
    const struct dln_profile *profile = &dial->profile;
    const struct dln_param *param = &dial->space->params[dial->at];
    double low = INFINITY, high = -INFINITY;
    if (!dial->has_answer || profile->n < 2) return;
    for (size_t i = 0; i < profile->n; i++) {
        low = fmin(low, profile->low[i]);
        high = fmax(high, profile->high[i]);
    }
    char best[128];
    best_text(dial, view->session.summary->maximize[dial->goal], best, sizeof best);
    if (rect.rows < PLOT_MIN_ROWS + 1 || rect.cols < PLOT_MIN_COLS) {
        if (rect.rows < 1) return;
        const int name = cells_textf(&view->cells, rect.row, rect.col, LABEL_COLS - 1, ROLE_DIM,
                                     "%s", param->name);
        const int width = rect.cols / 2 - LABEL_COLS;
        const int col = rect.col + (name > 0 ? LABEL_COLS : 0);
        spark_draw(&view->cells, rect.row, col, width, ROLE_PREDICT, profile->mean, profile->n, low,
                   high);
        cells_base(&view->cells,
                   (struct rect){rect.row, col + bar_col(param, dial->x[dial->at], width), 1, 1},
                   ROLE_CURSOR);
        (void)cells_text(&view->cells, rect.row, col + width + 2,
                         rect.cols - width - LABEL_COLS - 2, ROLE_TEXT, best);
        return;
    }
    if (view->session.model.m > 1) {
        (void)cells_textf(&view->cells, rect.row, rect.col, rect.cols, ROLE_DIM, "%s, %s alone: %s",
                          session_metric(&view->session, dial->goal), param->name, best);
    } else {
        (void)cells_textf(&view->cells, rect.row, rect.col, rect.cols, ROLE_DIM, "%s alone: %s",
                          param->name, best);
    }
    struct frame frame;
    const struct rect plot = {rect.row + 1, rect.col, rect.rows - 1, rect.cols};
    if (!frame_open(&frame, &view->cells, plot, param_scale(param), scale_make(low, high, false))) {
        return;
    }
    param_axis_bottom(&view->cells, frame.rect, param, &frame.x);
    draw_curve(view, &frame, profile);
    frame_close(&frame, &view->cells);
    frame_cursor(&frame, &view->cells, dial->x[dial->at]);
}

void dial_draw_answer(struct view *view, struct rect rect)
{
    const struct advice *advice = advice_of(view);
    char right[96] = "", share[FORMAT_MAX];
    if (advice && advice->predictor && advice->trust[0].is_known) {
        (void)snprintf(right, sizeof right, "%zu trials · explains %s%s", advice->trust[0].n,
                       format_share(share, fmax(0, advice->trust[0].r2)),
                       advice->is_learning ? " …" : "");
    } else if (advice && advice->is_learning) {
        (void)snprintf(right, sizeof right, "learning …");
    }
    cells_rule(&view->cells, rect.row, rect.col, rect.cols, "What the model expects", right,
               ROLE_BORDER);
    struct rect text = {rect.row + 1, rect.col + 1, rect.rows - 1, rect.cols - 2};
    struct rect plot = text;
    if (rect.cols >= SPLIT_COLS && text.rows > PLOT_MIN_ROWS) {
        const int side = rect.cols >= 120 ? 60 : SIDE_COLS;
        text.cols = side - 3;
        plot.col = rect.col + side;
        plot.cols = rect.cols - side - 1;
    } else {
        plot.row = text.row + text.rows - 1;
        plot.rows = 1;
        text.rows--;
    }
    draw_expected(view, text);
    draw_profile(view, plot);
}
