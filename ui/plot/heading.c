#include "plot/heading.h"

#include <math.h>

/* Least squares of a and b for one c; infinite where b is not identifiable. */
static double fit_linear(const double *best, size_t first, size_t n, double c, double *a, double *b)
{
    double sum_x = 0, sum_y = 0;
    const double count = (double)(n - first);
    for (size_t k = first; k < n; k++) {
        sum_x += pow((double)(k + 1), -c);
        sum_y += best[k];
    }
    const double mean_x = sum_x / count;
    const double mean_y = sum_y / count;
    double xx = 0, xy = 0;
    for (size_t k = first; k < n; k++) {
        const double x = pow((double)(k + 1), -c) - mean_x;
        xx += x * x;
        xy += x * (best[k] - mean_y);
    }
    if (!(xx > 0)) return HUGE_VAL;
    *b = xy / xx;
    *a = mean_y - *b * mean_x;
    double error = 0;
    for (size_t k = first; k < n; k++) {
        const double off = best[k] - *a - *b * pow((double)(k + 1), -c);
        error += off * off;
    }
    return error / count;
}

bool forecast_fit(const double *best, size_t n, struct forecast *out)
{
    if (n < FORECAST_MIN) return false;
    const size_t first = n / 10;
    if (best[first] == best[n - 1]) return false;
    double least = HUGE_VAL;
    for (double c = 0.1; c < 4; c *= 1.15) {
        double a = 0, b = 0;
        const double error = fit_linear(best, first, n, c, &a, &b);
        if (!(error < least)) continue;
        least = error;
        *out = (struct forecast){a, b, c, sqrt(error)};
    }
    return isfinite(least);
}

double forecast_at(const struct forecast *fit, double n)
{
    return fit->a + fit->b * pow(n, -fit->c);
}
