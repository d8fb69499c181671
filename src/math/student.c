#include "math/student.h"

#include <math.h>

#include "math/normal.h"

/* The continued fraction of the incomplete beta function (Lentz), x below its turning point. */
static double beta_fraction(double a, double b, double x)
{
    static const double tiny = 1e-300;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double whole = d;
    for (int m = 1; m < 1000; m++) {
        for (int half = 0; half < 2; half++) {
            const double term = half == 0
                                    ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                                    : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 + term * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + term / c;
            if (fabs(c) < tiny) c = tiny;
            whole *= c * d;
        }
        if (fabs(c * d - 1) < 1e-16) break;
    }
    return whole;
}

/* lgamma() writes a global; this one does not. Stirling's series after a few steps upwards. */
static double log_gamma(double x)
{
    double shift = 0;
    for (; x < 12; x++)
        shift += log(x);
    const double r = 1 / (x * x);
    const double series =
        (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r / 1188)))) / x;
    return (x - 0.5) * log(x) - x + DLN_LOG_SQRT_2PI + series - shift;
}

/* Regularised; y is 1 - x, given because it may be tiny. */
static double incomplete_beta(double a, double b, double x, double y)
{
    if (x <= 0) return 0;
    if (y <= 0) return 1;
    const double front =
        exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log(x) + b * log(y));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, y) / b;
}

double dln_student_two_sided(double t, double df)
{
    if (isnan(t) || !(df > 0)) return (double)NAN;
    if (isinf(t)) return 0;
    if (df > 1e7) return 2 * dln_normal_cdf(-fabs(t));
    const double whole = df + t * t;
    return incomplete_beta(df / 2, 0.5, df / whole, t * t / whole);
}

double dln_student_within(double inside, double df)
{
    double low = 0;
    double high = 1;
    if (!(inside >= 0 && inside < 1) || !(df > 0)) return (double)NAN;
    while (dln_student_two_sided(high, df) > 1 - inside && high < 1e300)
        high *= 2;
    for (int i = 0; i < 200 && low < high; i++) {
        const double middle = low + (high - low) / 2;
        if (middle == low || middle == high) break;
        if (dln_student_two_sided(middle, df) > 1 - inside) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}
