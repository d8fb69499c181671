#include "strategy/gp_region.h"

#include <math.h>

/* The paper's numbers. */
#define LENGTH_START  0.8
#define LENGTH_MAX    1.6
#define LENGTH_MIN    0.0078125 /* 2^-7: then it starts anew */
#define SUCCESSES_MAX 3
#define GAIN_MIN      1e-3 /* of |best|: less is no success */

/* Dimensions, or trials without progress, from which the whole cube is too much. */
#define DIMS_FROM   20
#define TRIALS_FROM 150

struct walk {
    double length;
    double best;
    size_t successes, failures;
    size_t since_better;
};

/* The box as it is after all rows, one after the other: a function of the history. */
static struct walk follow(const struct dln_gp_rows *rows, size_t d)
{
    const size_t failures_max = d > 5 ? d : 5;
    struct walk walk = {.length = LENGTH_START, .best = -HUGE_VAL};
    for (size_t i = 0; i < rows->n; i++) {
        const bool is_better =
            rows->is_real[i] &&
            (!isfinite(walk.best) || rows->y[i] > walk.best + GAIN_MIN * fabs(walk.best));
        walk.since_better = is_better ? 0 : walk.since_better + 1;
        if (rows->is_real[i]) walk.best = fmax(walk.best, rows->y[i]);
        if (i < 2 * d) continue;
        walk.successes = is_better ? walk.successes + 1 : 0;
        walk.failures = is_better ? 0 : walk.failures + 1;
        if (walk.successes == SUCCESSES_MAX) {
            walk.length = fmin(2 * walk.length, LENGTH_MAX);
            walk.successes = 0;
        } else if (walk.failures == failures_max) {
            walk.length /= 2;
            walk.failures = 0;
            if (walk.length < LENGTH_MIN) walk.length = LENGTH_START;
        }
    }
    return walk;
}

bool dln_gp_region(const struct dln_gp_rows *rows, const struct dln_gp_coding *coding,
                   const double *theta, int64_t number, double *low, double *high)
{
    const size_t n = coding->space->n;
    const size_t d = coding->layout.n_ell;
    for (size_t k = 0; k < n; k++) {
        low[k] = 0;
        high[k] = 1;
    }
    const size_t best = dln_gp_rows_best(rows);
    if (best == SIZE_MAX || number % 5 == 4) return false;
    const struct walk walk = follow(rows, d);
    const bool is_stuck = rows->n >= TRIALS_FROM && walk.since_better >= 3 * d + 20;
    if (d < DIMS_FROM && !is_stuck) return false;

    double mean = 0; /* of log ell */
    for (size_t k = 0; k < d; k++)
        mean += theta[k] / (double)d;
    for (size_t k = 0; k < n; k++) {
        const size_t column = coding->column_of[k];
        const double centre = rows->trials[best]->u[k];
        if (column == SIZE_MAX || coding->layout.is_category[column] || isnan(centre)) continue;
        const double half = walk.length / 2 * exp(theta[coding->layout.ell_of[column]] - mean);
        low[k] = fmax(0, centre - half);
        high[k] = fmin(1, centre + half);
    }
    return true;
}
