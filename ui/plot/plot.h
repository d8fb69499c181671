/* What all plots share: the smallest size, the sparkline below it, and what was left out. */
#ifndef UI_PLOT_H
#define UI_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "cells.h"
#include "plot/axis.h"

enum { PLOT_MIN_COLS = 20, PLOT_MIN_ROWS = 5 };

/* For the footer of a plot: what is not to be seen in it; and where its points are. */
struct plot_note {
    size_t n_shown;
    size_t n_not_finite;
    size_t n_clipped; /* beyond the 98th percentile, marked "▴n" at the edge */
    size_t n_pruned;  /* left out */
    struct rect rect; /* of the dots; no rows: no axes were drawn */
    struct scale x, y;
};

/* Too small for the plot: one line "▅▃▂▁ 0.0387..0.160 last 0.0402" in the first row. */
void plot_sparkline(struct cells *cells, struct rect rect, const double *values, size_t n,
                    enum role role);
/* A sentence, or two lines of it, in the middle of the space where a plot would be. */
void plot_empty(struct cells *cells, struct rect rect, const char *sentence);
/* The q-quantile (0 … 1) of the finite values, NaN if there are none; false if out of memory. */
bool plot_quantile(const double *values, size_t n, double q, double *out);

#endif
