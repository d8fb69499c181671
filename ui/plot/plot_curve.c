#include "plot/plot_curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot/frame.h"

static const char no_steps[] =
    "This objective reports no steps. Print `step value` lines to get curves and pruning.";

static size_t n_values(const struct curve_plot *plot)
{
    size_t n = 0;
    for (size_t i = 0; i < plot->n; i++)
        n += plot->curve[i].n;
    return n;
}

/* All values in one array, for the bounds. */
static double *all_values(const struct curve_plot *plot, size_t n, struct plot_note *note)
{
    double *values = calloc(n ? n : 1, sizeof *values);
    if (!values) return NULL;
    double *to = values;
    for (size_t i = 0; i < plot->n; i++) {
        const struct curve *curve = &plot->curve[i];
        if (curve->n) memcpy(to, curve->value, curve->n * sizeof *to);
        to += curve->n;
    }
    for (size_t i = 0; i < n; i++) {
        if (isfinite(values[i])) {
            note->n_shown++;
        } else {
            note->n_not_finite++;
        }
    }
    return values;
}

static struct scale x_scale(const struct curve_plot *plot)
{
    double low = INFINITY;
    double high = -INFINITY;
    for (size_t i = 0; i < plot->n; i++) {
        const struct curve *curve = &plot->curve[i];
        if (curve->n == 0) continue;
        low = fmin(low, (double)curve->step[0]);
        high = fmax(high, (double)curve->step[curve->n - 1]);
    }
    high = fmax(high, (double)plot->x_max);
    return scale_make(low, high > low ? high : low + 1, false);
}

/* Values that fall into the same dot column become one vertical stroke from least to greatest. */
struct stroke {
    int x, first_y, last_y, top, bottom; /* x -1: none yet */
};

static void flush(struct frame *frame, const struct curve *curve, const struct stroke *before,
                  const struct stroke *stroke)
{
    if (stroke->x < 0) return;
    if (before->x >= 0 && !curve->points_only) {
        dots_line(&frame->dots, before->x, before->last_y, stroke->x, stroke->first_y, curve->role);
    }
    if (curve->points_only) {
        dots_set(&frame->dots, stroke->x, stroke->top, curve->role);
        dots_set(&frame->dots, stroke->x, stroke->bottom, curve->role);
    } else {
        dots_vline(&frame->dots, stroke->x, stroke->top, stroke->bottom, curve->role);
    }
}

static void draw_curve(struct frame *frame, const struct curve *curve)
{
    static const struct stroke none = {.x = -1};
    struct stroke before = none;
    struct stroke stroke = none;
    for (size_t i = 0; i < curve->n; i++) {
        if (!isfinite(curve->value[i])) { /* a gap */
            flush(frame, curve, &before, &stroke);
            before = stroke = none;
            continue;
        }
        const int x = frame_x(frame, (double)curve->step[i]);
        const int y = frame_y(frame, curve->value[i]);
        if (x != stroke.x) {
            flush(frame, curve, &before, &stroke);
            before = stroke;
            stroke = (struct stroke){x, y, y, y, y};
            continue;
        }
        stroke.last_y = y;
        if (y < stroke.top) stroke.top = y;
        if (y > stroke.bottom) stroke.bottom = y;
    }
    flush(frame, curve, &before, &stroke);
}

static void draw_rungs(const struct frame *frame, struct cells *cells,
                       const struct curve_plot *plot)
{
    for (size_t i = 0; i < plot->n_rungs; i++) {
        const double unit = scale_unit(&frame->x, (double)plot->rung[i]);
        if (!(unit >= 0 && unit <= 1)) continue;
        const int col =
            frame->rect.col + scale_col(&frame->x, (double)plot->rung[i], frame->rect.cols);
        for (int row = 0; row < frame->rect.rows; row++) {
            cells_glyph(cells, frame->rect.row + row, col, GLYPH_DOTTED, ROLE_GRID);
        }
    }
}

/* A dot where a curve was cut. */
static void draw_ends(const struct frame *frame, struct cells *cells, const struct curve_plot *plot)
{
    for (size_t i = 0; i < plot->n; i++) {
        const struct curve *curve = &plot->curve[i];
        if (!curve->is_pruned || curve->n == 0 || !isfinite(curve->value[curve->n - 1])) continue;
        const int per_row = frame->dots.per_row;
        const int row =
            scale_row(&frame->y, curve->value[curve->n - 1], frame->rect.rows * per_row);
        const int col = scale_col(&frame->x, (double)curve->step[curve->n - 1], frame->rect.cols);
        cells_glyph(cells, frame->rect.row + row / per_row, frame->rect.col + col, GLYPH_DOT,
                    ROLE_POINT_CUT);
    }
}

struct plot_note plot_curve(struct cells *cells, struct rect rect, const struct curve_plot *plot)
{
    struct plot_note note = {0};
    const size_t n = n_values(plot);
    double *values = all_values(plot, n, &note);
    if (!values) return note;
    double low, high, clip;
    if (!frame_bounds(values, n, plot->maximize, plot->show_all, &low, &high, &clip)) {
        plot_empty(cells, rect, plot->empty ? plot->empty : no_steps);
    } else if (rect.cols < PLOT_MIN_COLS || rect.rows < PLOT_MIN_ROWS) {
        const struct curve *last = &plot->curve[plot->n - 1];
        plot_sparkline(cells, rect, last->value, last->n, last->role);
    } else {
        for (size_t i = 0; i < n && !isnan(clip); i++) {
            note.n_clipped += plot->maximize ? values[i] < clip : values[i] > clip;
        }
        struct frame frame;
        if (frame_open(&frame, cells, rect, x_scale(plot), scale_make(low, high, plot->log_y))) {
            axis_bottom(cells, frame.rect, &frame.x, true);
            note.rect = frame.rect;
            note.x = frame.x;
            note.y = frame.y;
            draw_rungs(&frame, cells, plot);
            for (size_t i = 0; i < plot->n; i++)
                draw_curve(&frame, &plot->curve[i]);
            frame_close(&frame, cells);
            draw_ends(&frame, cells, plot);
            frame_clipped(&frame, cells, note.n_clipped, plot->maximize);
            if (plot->cursor >= 0) frame_cursor(&frame, cells, (double)plot->cursor);
        }
    }
    free(values);
    return note;
}
