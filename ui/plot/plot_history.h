/* Best so far: a dot for each trial, a line for the best. */
#ifndef UI_PLOT_HISTORY_H
#define UI_PLOT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"
#include "dialin/trial.h"
#include "plot/plot.h"

struct history_plot {
    size_t n; /* trials, ascending number */
    const int64_t *number;
    const double *value;               /* objective, as the person sees it; NaN: none */
    const enum dln_trial_state *state; /* NULL: all complete */
    const enum role *role;             /* NULL; or of each point: marked trials */
    bool maximize;
    bool log_y;
    bool show_pruned;
    bool show_all;     /* no clipping of outliers */
    int64_t x_max;     /* the axis ends here (the budget); 0: at the last trial */
    int64_t cursor;    /* trial number under the plot's cursor, -1: none */
    size_t n_forecast; /* of the best, ascending number */
    const double *forecast_x, *forecast_y;
    const char *empty; /* NULL: "No finished trial yet." */
};

/* Axes and dots into rect; below 20×5 cells a sparkline of the best. */
struct plot_note plot_history(struct cells *cells, struct rect rect,
                              const struct history_plot *plot);

#endif
