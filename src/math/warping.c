#include "math/warping.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LAMBDA_LOW  (-3.0)
#define LAMBDA_HIGH 5.0
/* A bend must be worth more than the parameter it costs; a nearly flat likelihood is no reason. */
#define GAIN_MIN 1.0
/* Below, the bend has squeezed most values into one (the safeguard of Huawei's HEBO). */
#define BENT_SD_MIN 0.5
/* How many ranges of the values a prediction may lie beyond them. */
#define FAR 10.0

void dln_moments(size_t n, const double *y, double *mean, double *sd)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += y[i];
    *mean = sum / (double)n;
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (y[i] - *mean) * (y[i] - *mean);
    *sd = sqrt(squares / (double)n);
}

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median_of_sorted(size_t n, const double *sorted)
{
    return n % 2 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
}

void dln_robust_moments(size_t n, const double *y, double *scratch, double *median, double *scale)
{
    memcpy(scratch, y, n * sizeof *y);
    qsort(scratch, n, sizeof *scratch, by_value);
    *median = median_of_sorted(n, scratch);
    for (size_t i = 0; i < n; i++)
        scratch[i] = fabs(y[i] - *median);
    qsort(scratch, n, sizeof *scratch, by_value);
    *scale = 1.4826 * median_of_sorted(n, scratch);
}

double dln_damp(double y, double median, double scale)
{
    return y < median ? median - scale * log1p((median - y) / scale) : y;
}

static double damp_back(double z, double median, double scale)
{
    return z < median ? median - scale * expm1((median - z) / scale) : z;
}

/* (exp(power·log_y) - 1) / power, log_y at 0. */
static double box_cox(double log_y, double power)
{
    return fabs(power) < 1e-12 ? log_y : expm1(power * log_y) / power;
}

double dln_yeo_johnson(double y, double lambda)
{
    return y >= 0 ? box_cox(log1p(y), lambda) : -box_cox(log1p(-y), 2 - lambda);
}

static double box_cox_back(double z, double power)
{
    if (fabs(power) < 1e-12) return expm1(z);
    /* a power below 0 has a ceiling, which a prediction may pass */
    return expm1(log1p(fmax(power * z, -1 + 1e-9)) / power);
}

double dln_yeo_johnson_back(double z, double lambda)
{
    return z >= 0 ? box_cox_back(z, lambda) : -box_cox_back(-z, 2 - lambda);
}

double dln_yeo_johnson_likelihood(size_t n, const double *y, double lambda)
{
    double sum = 0;
    double squares = 0;
    double jacobian = 0;
    for (size_t i = 0; i < n; i++) {
        const double bent = dln_yeo_johnson(y[i], lambda);
        sum += bent;
        squares += bent * bent;
        jacobian += copysign(log1p(fabs(y[i])), y[i]);
    }
    const double mean = sum / (double)n;
    const double var = fmax(squares / (double)n - mean * mean, 1e-300);
    return (lambda - 1) * jacobian - 0.5 * (double)n * log(var);
}

double dln_yeo_johnson_fit(size_t n, const double *y)
{
    const double golden = 0.61803398874989484820;
    double low = LAMBDA_LOW;
    double high = LAMBDA_HIGH;
    double left = high - golden * (high - low);
    double right = low + golden * (high - low);
    double at_left = dln_yeo_johnson_likelihood(n, y, left);
    double at_right = dln_yeo_johnson_likelihood(n, y, right);
    while (high - low > 5e-5) {
        if (at_left >= at_right) {
            high = right;
            right = left;
            at_right = at_left;
            left = high - golden * (high - low);
            at_left = dln_yeo_johnson_likelihood(n, y, left);
        } else {
            low = left;
            left = right;
            at_left = at_right;
            right = low + golden * (high - low);
            at_right = dln_yeo_johnson_likelihood(n, y, right);
        }
    }
    return 0.5 * (low + high);
}

static void standardise(struct dln_warp *warp, int step, size_t n, double *y)
{
    dln_moments(n, y, &warp->mean[step], &warp->sd[step]);
    warp->sd[step] = fmax(warp->sd[step], 1e-12);
    for (size_t i = 0; i < n; i++)
        y[i] = (y[i] - warp->mean[step]) / warp->sd[step];
}

static void fit_bend(struct dln_warp *warp, size_t n, double *y)
{
    const double lambda = dln_yeo_johnson_fit(n, y);
    if (dln_yeo_johnson_likelihood(n, y, lambda) < GAIN_MIN) return;
    double mean = 0;
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        const double bent = dln_yeo_johnson(y[i], lambda);
        mean += bent / (double)n;
        squares += bent * bent / (double)n;
    }
    if (!(sqrt(fmax(squares - mean * mean, 0)) >= BENT_SD_MIN)) return;
    warp->bends = true;
    warp->lambda = lambda;
    for (size_t i = 0; i < n; i++)
        y[i] = dln_yeo_johnson(y[i], lambda);
}

bool dln_warp_fit(struct dln_warp *warp, bool damp, size_t n, double *y, double *scratch)
{
    *warp = (struct dln_warp){.sd = {1, 1, 1}, .lambda = 1};
    double low = HUGE_VAL;
    double high = -HUGE_VAL;
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, y[i]);
        high = fmax(high, y[i]);
    }
    if (!(low < high)) return false;
    standardise(warp, 0, n, y);
    if (damp) {
        dln_robust_moments(n, y, scratch, &warp->median, &warp->scale);
        warp->damps = warp->scale > 1e-9;
        for (size_t i = 0; warp->damps && i < n; i++)
            y[i] = dln_damp(y[i], warp->median, warp->scale);
    }
    standardise(warp, 1, n, y);
    fit_bend(warp, n, y);
    standardise(warp, 2, n, y);
    warp->y_low = low;
    warp->y_high = high;
    warp->low = dln_warp_apply(warp, low);
    warp->high = dln_warp_apply(warp, high);
    return warp->low < warp->high;
}

double dln_warp_apply(const struct dln_warp *warp, double y)
{
    double z = (y - warp->mean[0]) / warp->sd[0];
    if (warp->damps) z = dln_damp(z, warp->median, warp->scale);
    z = (z - warp->mean[1]) / warp->sd[1];
    if (warp->bends) z = dln_yeo_johnson(z, warp->lambda);
    return (z - warp->mean[2]) / warp->sd[2];
}

double dln_warp_back(const struct dln_warp *warp, double z)
{
    const double range = warp->high - warp->low;
    z = fmin(fmax(z, warp->low - range), warp->high + range);
    double y = z * warp->sd[2] + warp->mean[2];
    if (warp->bends) y = dln_yeo_johnson_back(y, warp->lambda);
    y = y * warp->sd[1] + warp->mean[1];
    if (warp->damps) y = damp_back(y, warp->median, warp->scale);
    y = y * warp->sd[0] + warp->mean[0];
    const double far = FAR * (warp->y_high - warp->y_low); /* a steep bend may lead to infinity */
    return fmin(fmax(y, warp->y_low - far), warp->y_high + far);
}

void dln_warp_back_normal(const struct dln_warp *warp, double mean, double sd, double *y_middle,
                          double *y_sd)
{
    *y_middle = dln_warp_back(warp, mean);
    *y_sd = 0.5 * (dln_warp_back(warp, mean + sd) - dln_warp_back(warp, mean - sd));
}
