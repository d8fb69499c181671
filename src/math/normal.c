/*
 * cdf        ½ erfc(−z/√2); far out on the left the asymptotic series of Mills' ratio
 *            (Abramowitz & Stegun 26.2.12)
 * quantile   Wichura, "Algorithm AS 241: the percentage points of the normal distribution" (1988),
 *            PPND16: about 16 digits
 */
#include "math/normal.h"

#include <math.h>

#define SQRT_HALF 0.70710678118654752440

double dln_normal_pdf(double z)
{
    return exp(-0.5 * z * z - DLN_LOG_SQRT_2PI);
}

double dln_normal_cdf(double z)
{
    return 0.5 * erfc(-z * SQRT_HALF);
}

double dln_normal_log_cdf(double z)
{
    if (z > 0) return log1p(-0.5 * erfc(z * SQRT_HALF));
    if (z > -25) return log(0.5 * erfc(-z * SQRT_HALF));
    const double r = 1 / (z * z);
    const double series = -r * (1 - r * (3 - r * (15 - r * (105 - r * 945))));
    return -0.5 * z * z - log(-z) - DLN_LOG_SQRT_2PI + log1p(series);
}

static double polynomial(const double *c, int degree, double x)
{
    double sum = c[degree];
    while (degree-- > 0)
        sum = sum * x + c[degree];
    return sum;
}

double dln_normal_quantile(double p)
{
    static const double a[] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                               1.9715909503065514427e+3, 1.3731693765509461125e+4,
                               4.5921953931549871457e+4, 6.7265770927008700853e+4,
                               3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double b[] = {1,
                               4.2313330701600911252e+1,
                               6.8718700749205790830e+2,
                               5.3941960214247511077e+3,
                               2.1213794301586595867e+4,
                               3.9307895800092710610e+4,
                               2.8729085735721942674e+4,
                               5.2264952788528545610e+3};
    static const double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                               5.76949722146069140550e0,  3.64784832476320460504e0,
                               1.27045825245236838258e0,  2.41780725177450611770e-1,
                               2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[] = {1,
                               2.05319162663775882187e0,
                               1.67638483018380384940e0,
                               6.89767334985100004550e-1,
                               1.48103976427480074590e-1,
                               1.51986665636164571966e-2,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
    static const double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                               1.78482653991729133580e0,  2.96560571828504891230e-1,
                               2.65321895265761230930e-2, 1.24266094738807843860e-3,
                               2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {1,
                               5.99832206555887937690e-1,
                               1.36929880922735805310e-1,
                               1.48753612908506148525e-2,
                               7.86869131145613259100e-4,
                               1.84631831751005468180e-5,
                               1.42151175831644588870e-7,
                               2.04426310338993978564e-15};
    if (!(p > 0 && p < 1)) return p == 0 ? -HUGE_VAL : p == 1 ? HUGE_VAL : (double)NAN;
    const double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return q * polynomial(a, 7, r) / polynomial(b, 7, r);
    }
    const double r = sqrt(-log(q < 0 ? p : 1 - p));
    const double z = r <= 5 ? polynomial(c, 7, r - 1.6) / polynomial(d, 7, r - 1.6)
                            : polynomial(e, 7, r - 5) / polynomial(f, 7, r - 5);
    return q < 0 ? -z : z;
}

/* Taylor's series around the middle, for an interval that is short on the density's own scale. */
static double log_mass_short(double a, double b)
{
    const double m = 0.5 * (a + b);
    const double m2 = m * m;
    const double w2 = (b - a) * (b - a);
    const double series = w2 * ((m2 - 1) / 24 + w2 * ((m2 * m2 - 6 * m2 + 3) / 1920));
    return -0.5 * m2 - DLN_LOG_SQRT_2PI + log(b - a) + log1p(series);
}

double dln_normal_log_mass(double a, double b)
{
    if (a >= b) return -HUGE_VAL;
    if (a > 0) {
        const double left = -b;
        b = -a;
        a = left;
    }
    if ((b - a) * fmax(1, -a) < 0.03) return log_mass_short(a, b);
    if (b > 0) {
        const double outside = 0.5 * (erfc(-a * SQRT_HALF) + erfc(b * SQRT_HALF));
        if (outside < 0.5) return log1p(-outside);
        return log(0.5 * (erf(b * SQRT_HALF) - erf(a * SQRT_HALF)));
    }
    const double log_b = dln_normal_log_cdf(b);
    return log_b + log1p(-exp(dln_normal_log_cdf(a) - log_b));
}

/* z of log_cdf(z) = log_p far out on the left: Newton from below, where the concave log cdf never
   lets it overshoot. */
static double quantile_of_log(double log_p)
{
    double z = -sqrt(-2 * log_p);
    for (int i = 0; i < 20; i++) {
        const double at = dln_normal_log_cdf(z);
        const double step = (log_p - at) * exp(at + 0.5 * z * z + DLN_LOG_SQRT_2PI);
        z += step;
        if (fabs(step) <= 1e-15 * fabs(z)) break;
    }
    return z;
}

double dln_normal_truncated(double u, double a, double b)
{
    if (u <= 0) return a;
    if (u >= 1) return b;
    if (a > 0) return -dln_normal_truncated(1 - u, -b, -a);
    double z;
    if (b > -5) {
        /* From the nearer side, so that the difference to 1 is never what carries the answer. */
        const double left = dln_normal_cdf(a);
        const double right = dln_normal_cdf(-b);
        const double p = left + u * (1 - left - right);
        z = p <= 0.5 ? dln_normal_quantile(p)
                     : -dln_normal_quantile(right + (1 - u) * (1 - left - right));
    } else {
        const double log_b = dln_normal_log_cdf(b);
        z = quantile_of_log(log_b + log(u + (1 - u) * exp(dln_normal_log_cdf(a) - log_b)));
    }
    return z < a ? a : z > b ? b : z;
}
