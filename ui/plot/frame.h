/* The frame of a plot with two axes: where the dots go, and clipping of outliers. */
#ifndef UI_PLOT_FRAME_H
#define UI_PLOT_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "cells.h"
#include "plot/axis.h"
#include "plot/braille.h"

struct frame {
    struct rect rect; /* of the dots */
    struct scale x, y;
    struct dots dots;
};

/*
 * Bounds of y over values[0..n), NaN and infinities aside. Unless show_all, the bad side ends at
 * the 98th percentile if the rest gains enough room by it; *clip is then that bound, else NaN.
 * False: no value, or no memory.
 */
bool frame_bounds(const double *values, size_t n, bool maximize, bool show_all, double *low,
                  double *high, double *clip);

/*
 * Opens the canvas in rect, with the y axis to its left; the row below it is the caller's, for the
 * x axis. False if out of memory.
 */
bool frame_open(struct frame *frame, struct cells *cells, struct rect rect, struct scale x,
                struct scale y);
/* Puts the dots into the cells and frees the canvas. */
void frame_close(struct frame *frame, struct cells *cells);

int frame_x(const struct frame *frame, double x); /* dot column, -1 for NaN */
int frame_y(const struct frame *frame, double y);

/* "▴n" (▾ when maximizing) at the edge behind which n values lie. */
void frame_clipped(const struct frame *frame, struct cells *cells, size_t n, bool maximize);
/* A column under the plot's cursor. */
void frame_cursor(const struct frame *frame, struct cells *cells, double x);

#endif
