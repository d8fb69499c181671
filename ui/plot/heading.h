/*
 * Where the best value is heading: a + b·n^-c fitted to the best so far over the number of finished
 * trials n. The power law of learning with samples; a is what no number of trials would beat.
 */
#ifndef UI_PLOT_HEADING_H
#define UI_PLOT_HEADING_H

#include <stdbool.h>
#include <stddef.h>

enum { FORECAST_MIN = 10 }; /* finished trials */

struct forecast {
    double a, b, c; /* b > 0 when minimizing, < 0 when maximizing; c > 0 */
    double error;   /* root of the mean squared residual */
};

/*
 * best[k]: the best of the first k + 1 finished trials. Least squares in a and b for each of a grid
 * of c; the first tenth is left out, where the start dominates. False: fewer than FORECAST_MIN, or
 * nothing was gained since that tenth.
 */
bool forecast_fit(const double *best, size_t n, struct forecast *out);
double forecast_at(const struct forecast *fit, double n);

#endif
