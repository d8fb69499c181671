#include "plot/frame.h"

#include <math.h>
#include <stdio.h>

#include "plot/plot.h"

enum { FEW = 50 };

bool frame_bounds(const double *values, size_t n, bool maximize, bool show_all, double *low,
                  double *high, double *clip)
{
    double least = INFINITY;
    double most = -INFINITY;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) continue;
        count++;
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
    }
    if (least > most) return false;
    *low = least;
    *high = most;
    *clip = NAN;
    if (show_all) return true;
    double edge;
    if (!plot_quantile(values, n, maximize ? 0.02 : 0.98, &edge)) return false;
    const double kept = maximize ? most - edge : edge - least;
    const double gain = count < FEW ? 5 : 1.5; /* of few values, only a far one is an outlier */
    if (kept <= 0 || most - least < gain * kept) return true;
    *clip = edge;
    *(maximize ? low : high) = edge;
    return true;
}

bool frame_open(struct frame *frame, struct cells *cells, struct rect rect, struct scale x,
                struct scale y)
{
    *frame = (struct frame){.x = x, .y = y};
    const int labels = axis_left_width(&y, rect.rows - 1) + 1; /* a blank before them */
    frame->rect =
        (struct rect){rect.row, rect.col + labels + 1, rect.rows - 1, rect.cols - labels - 1};
    if (!dots_init(&frame->dots, frame->rect, cells->level)) return false;
    axis_left(cells, frame->rect, rect.col, labels, &y);
    return true;
}

void frame_close(struct frame *frame, struct cells *cells)
{
    dots_draw(&frame->dots, cells);
    dots_release(&frame->dots);
}

int frame_x(const struct frame *frame, double x)
{
    return scale_col(&frame->x, x, frame->dots.width);
}

int frame_y(const struct frame *frame, double y)
{
    return scale_row(&frame->y, y, frame->dots.height);
}

void frame_clipped(const struct frame *frame, struct cells *cells, size_t n, bool maximize)
{
    const struct rect rect = frame->rect;
    char text[24];
    if (n == 0) return;
    snprintf(text, sizeof text, "%s%zu", maximize ? "▾" : "▴", n);
    cells_right(cells, maximize ? rect.row + rect.rows - 1 : rect.row, rect.col, rect.cols,
                ROLE_WARN, text);
}

void frame_cursor(const struct frame *frame, struct cells *cells, double x)
{
    const int col = scale_col(&frame->x, x, frame->rect.cols);
    if (col < 0 || scale_unit(&frame->x, x) < 0 || scale_unit(&frame->x, x) > 1) return;
    cells_base(cells, (struct rect){frame->rect.row, frame->rect.col + col, frame->rect.rows, 1},
               ROLE_CURSOR);
}
