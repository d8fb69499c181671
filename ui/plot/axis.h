/* Scales and axes: ticks at 1-2-5 steps or decades, labels that never overlap. */
#ifndef UI_PLOT_AXIS_H
#define UI_PLOT_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#include "cells.h"
#include "format.h"

#define AXIS_TICKS_MAX 12

struct scale {
    double low, high; /* finite; low < high after scale_make() */
    bool log;         /* both above 0 */
};

/*
 * A scale over these bounds: widened where they are equal or not finite; log is dropped where a
 * bound is not above 0.
 */
struct scale scale_make(double low, double high, bool log);
/* Position in [0, 1] for values inside; NaN stays NaN. */
double scale_unit(const struct scale *scale, double x);
double scale_value(const struct scale *scale, double unit);
/* Dot row (0 at the top) or column among `size` dots, clamped; -1 for NaN. */
int scale_row(const struct scale *scale, double x, int size);
int scale_col(const struct scale *scale, double x, int size);

struct ticks {
    int n;
    double at[AXIS_TICKS_MAX];
    char label[AXIS_TICKS_MAX][FORMAT_MAX]; /* all with the same decimals */
};

/* At most `max` ticks inside the scale; integer: whole numbers only. */
void ticks_make(struct ticks *ticks, const struct scale *scale, int max, bool integer);
int ticks_width(const struct ticks *ticks); /* of the longest label */

/*
 * The y axis: labels of ticks right-aligned in `width` columns from `col`, then a vertical line,
 * over the rows of `plot`. Where fewer than two ticks fall into it, the ends are labelled.
 */
void axis_left(struct cells *cells, struct rect plot, int col, int width,
               const struct scale *scale);
int axis_left_width(const struct scale *scale, int rows); /* columns of the labels */
/* The x axis in one row under the plot: "└0────────100───────200──". */
void axis_bottom(struct cells *cells, struct rect plot, const struct scale *scale, bool integer);

#endif
