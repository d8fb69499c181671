/* Learning curves: one trial's values by step, over those of others. */
#ifndef UI_PLOT_CURVE_H
#define UI_PLOT_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"
#include "plot/plot.h"

struct curve {
    size_t n;
    const int64_t *step; /* ascending */
    const double *value; /* NaN: a gap */
    enum role role;      /* ROLE_LINE_RUNNING, ROLE_DIM … */
    bool points_only;    /* dots at the reports, no line between them */
    bool is_pruned;      /* a mark at its last step */
};

struct curve_plot {
    size_t n; /* curves, drawn in this order: the last one is on top */
    const struct curve *curve;
    bool maximize; /* tells which side outliers are on */
    bool log_y;
    bool show_all;  /* no clipping of outliers */
    int64_t x_max;  /* the axis ends here; 0: at the last step */
    size_t n_rungs; /* dotted verticals */
    const int64_t *rung;
    int64_t cursor;    /* step, -1: none */
    const char *empty; /* NULL: the sentence about reports of steps */
};

/* Below 20×5 cells: a sparkline of the last curve. */
struct plot_note plot_curve(struct cells *cells, struct rect rect, const struct curve_plot *plot);

#endif
