#include <math.h>

#include "dialin/trust.h"
#include "math/normal.h"

/* ∫ z k φ(z) Φ(z)^(k-1) dz by Simpson's rule: smooth, and nothing outside these ends. */
double dln_expected_max(size_t k)
{
    enum { STEPS = 4000 };
    static const double low = -9;
    static const double high = 13;
    const double h = (high - low) / STEPS;
    double sum = 0;
    if (k <= 1) return 0;
    for (int i = 0; i <= STEPS; i++) {
        const double z = low + i * h;
        const double weight = i == 0 || i == STEPS ? 1 : i % 2 == 1 ? 4 : 2;
        const double log_density =
            log((double)k) - z * z / 2 - DLN_LOG_SQRT_2PI + (double)(k - 1) * dln_normal_log_cdf(z);
        sum += weight * z * exp(log_density);
    }
    return sum * h / 3;
}

double dln_expected_luck(double noise_sd, size_t n, const double *loss)
{
    double best = (double)INFINITY;
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (loss[i] < best) best = loss[i];
    }
    for (size_t i = 0; i < n; i++)
        k += loss[i] <= best + 2 * noise_sd;
    return noise_sd > 0 ? noise_sd * dln_expected_max(k) : 0;
}
