/*
 * Dots first, then the forecast, then the line of the best on top. With many more trials than dots,
 * each dot column keeps its least and its greatest value, so that spikes stay and the plot does not
 * become a block.
 */
#include "plot/plot_history.h"

#include <math.h>
#include <stdlib.h>

#include "plot/frame.h"

static enum dln_trial_state state_of(const struct history_plot *plot, size_t i)
{
    return plot->state ? plot->state[i] : DLN_TRIAL_COMPLETE;
}

/* Values that are drawn, NaN for the others; fills what the footer wants to know. */
static double *values_shown(const struct history_plot *plot, struct plot_note *note)
{
    double *shown = malloc((plot->n ? plot->n : 1) * sizeof *shown);
    if (!shown) return NULL;
    for (size_t i = 0; i < plot->n; i++) {
        const enum dln_trial_state state = state_of(plot, i);
        const bool is_pruned = state == DLN_TRIAL_PRUNED;
        const bool is_wanted = state == DLN_TRIAL_COMPLETE || (is_pruned && plot->show_pruned);
        shown[i] = NAN;
        if (is_pruned && !plot->show_pruned) note->n_pruned++;
        if (!is_wanted) continue;
        if (!isfinite(plot->value[i])) {
            note->n_not_finite++;
            continue;
        }
        shown[i] = plot->value[i];
        note->n_shown++;
    }
    return shown;
}

static enum role role_of(const struct history_plot *plot, size_t i)
{
    if (plot->role && plot->role[i] != ROLE_TEXT) return plot->role[i];
    return state_of(plot, i) == DLN_TRIAL_PRUNED ? ROLE_POINT_CUT : ROLE_POINT;
}

static void set_point(struct frame *frame, const struct history_plot *plot, const double *shown,
                      size_t i)
{
    dots_set(&frame->dots, frame_x(frame, (double)plot->number[i]), frame_y(frame, shown[i]),
             role_of(plot, i));
}

/* Only the least and the greatest value of each dot column. */
static void draw_extremes(struct frame *frame, const struct history_plot *plot, const double *shown)
{
    const size_t none = plot->n;
    size_t least = none;
    size_t most = none;
    int column = -1;
    for (size_t i = 0; i <= plot->n; i++) {
        const int x = i < plot->n ? frame_x(frame, (double)plot->number[i]) : -2;
        if (x != column) {
            if (least != none) set_point(frame, plot, shown, least);
            if (most != none) set_point(frame, plot, shown, most);
            least = most = none;
            column = x;
        }
        if (i == plot->n || isnan(shown[i])) continue;
        if (least == none || shown[i] < shown[least]) least = i;
        if (most == none || shown[i] > shown[most]) most = i;
    }
}

static void draw_points(struct frame *frame, const struct history_plot *plot, const double *shown,
                        size_t n_shown)
{
    const size_t n_dots = (size_t)frame->dots.width * (size_t)frame->dots.height;
    if (2 * n_shown > n_dots) {
        draw_extremes(frame, plot, shown);
        return;
    }
    for (size_t i = 0; i < plot->n; i++) {
        if (!isnan(shown[i])) set_point(frame, plot, shown, i);
    }
}

static void draw_best(struct frame *frame, const struct history_plot *plot, const double *shown)
{
    double best = NAN;
    int from_x = 0;
    int from_y = 0;
    for (size_t i = 0; i < plot->n; i++) {
        if (isnan(shown[i]) || state_of(plot, i) != DLN_TRIAL_COMPLETE) continue;
        if (!isnan(best) && (plot->maximize ? shown[i] <= best : shown[i] >= best)) continue;
        const int x = frame_x(frame, (double)plot->number[i]);
        const int y = frame_y(frame, shown[i]);
        if (!isnan(best)) {
            dots_line(&frame->dots, from_x, from_y, x, from_y, ROLE_LINE_BEST);
            dots_vline(&frame->dots, x, from_y, y, ROLE_LINE_BEST);
        }
        best = shown[i];
        from_x = x;
        from_y = y;
    }
    if (isnan(best)) return;
    const int end = frame_x(frame, (double)plot->number[plot->n - 1]);
    dots_line(&frame->dots, from_x, from_y, end, from_y, ROLE_LINE_BEST);
}

static void draw_forecast(struct frame *frame, const struct history_plot *plot)
{
    for (size_t i = 1; i < plot->n_forecast; i++) {
        const double *x = plot->forecast_x + i;
        const double *y = plot->forecast_y + i;
        if (!isfinite(y[-1]) || !isfinite(y[0])) continue;
        dots_dashed(&frame->dots, frame_x(frame, x[-1]), frame_y(frame, y[-1]),
                    frame_x(frame, x[0]), frame_y(frame, y[0]), ROLE_LINE_FORECAST);
    }
}

/* From 0, unless a filter left only late trials. */
static struct scale x_scale(const struct history_plot *plot)
{
    const double first = (double)plot->number[0];
    const double last = (double)plot->number[plot->n - 1];
    const double low = first > last / 2 ? first : 0;
    const double high = fmax(last, (double)plot->x_max);
    return scale_make(low, high > low ? high : low + 1, false);
}

/* Too small for axes: how the best went. */
static void draw_small(struct cells *cells, struct rect rect, const struct history_plot *plot,
                       double *shown)
{
    double best = NAN;
    for (size_t i = 0; i < plot->n; i++) {
        const bool is_better = isnan(best) || (plot->maximize ? shown[i] > best : shown[i] < best);
        if (!isnan(shown[i]) && is_better) best = shown[i];
        shown[i] = best;
    }
    plot_sparkline(cells, rect, shown, plot->n, ROLE_LINE_BEST);
}

struct plot_note plot_history(struct cells *cells, struct rect rect,
                              const struct history_plot *plot)
{
    struct plot_note note = {0};
    double *shown = values_shown(plot, &note);
    if (!shown) return note;
    double low, high, clip;
    if (!frame_bounds(shown, plot->n, plot->maximize, plot->show_all, &low, &high, &clip)) {
        plot_empty(cells, rect, plot->empty ? plot->empty : "No finished trial yet.");
    } else if (rect.cols < PLOT_MIN_COLS || rect.rows < PLOT_MIN_ROWS) {
        draw_small(cells, rect, plot, shown);
    } else {
        for (size_t i = 0; i < plot->n && !isnan(clip); i++) {
            note.n_clipped += plot->maximize ? shown[i] < clip : shown[i] > clip;
        }
        for (size_t i = 0; i < plot->n_forecast; i++) {
            const double y = plot->forecast_y[i];
            if (!isfinite(y)) continue;
            low = plot->maximize ? low : fmin(low, y);
            high = plot->maximize ? fmax(high, y) : high;
        }
        struct frame frame;
        if (frame_open(&frame, cells, rect, x_scale(plot), scale_make(low, high, plot->log_y))) {
            axis_bottom(cells, frame.rect, &frame.x, true);
            note.rect = frame.rect;
            note.x = frame.x;
            note.y = frame.y;
            draw_points(&frame, plot, shown, note.n_shown);
            draw_forecast(&frame, plot);
            draw_best(&frame, plot, shown);
            frame_close(&frame, cells);
            frame_clipped(&frame, cells, note.n_clipped, plot->maximize);
            if (plot->cursor >= 0) frame_cursor(&frame, cells, (double)plot->cursor);
        }
    }
    free(shown);
    return note;
}
