#include "math/acquisition.h"

#include <math.h>

#define LOG_SQRT_2PI   0.91893853320467274178
#define SQRT_HALF_PI   1.25331413731550025121
#define SQRT_HALF      0.70710678118654752440
#define INV_SQRT_PI    0.56418958354775628695
#define VARIANCE_FLOOR 1e-12

/*
 * W. J. Cody, "Rational Chebyshev approximations for the error function" (1969), as in his CALERF:
 * three ranges of |x|.
 */
static double erfcx_positive(double x)
{
    if (x <= 0.46875) return exp(x * x) * erfc(x);
    if (x <= 4) {
        static const double c[] = {
            5.64188496988670089e-1, 8.88314979438837594,   6.61191906371416295e1,
            2.98635138197400131e2,  8.81952221241769090e2, 1.71204761263407058e3,
            2.05107837782607147e3,  1.23033935479799725e3, 2.15311535474403846e-8};
        static const double d[] = {1.57449261107098347e1, 1.17693950891312499e2,
                                   5.37181101862009858e2, 1.62138957456669019e3,
                                   3.29079923573345963e3, 4.36261909014324716e3,
                                   3.43936767414372164e3, 1.23033935480374942e3};
        double above = c[8] * x;
        double below = x;
        for (int i = 0; i < 7; i++) {
            above = (above + c[i]) * x;
            below = (below + d[i]) * x;
        }
        return (above + c[7]) / (below + d[7]);
    }
    static const double p[] = {3.05326634961232344e-1, 3.60344899949804439e-1,
                               1.25781726111229246e-1, 1.60837851487422766e-2,
                               6.58749161529837803e-4, 1.63153871373020978e-2};
    static const double q[] = {2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1,
                               6.05183413124413191e-2, 2.33520497626869185e-3};
    const double z = 1 / (x * x);
    double above = p[5] * z;
    double below = z;
    for (int i = 0; i < 4; i++) {
        above = (above + p[i]) * z;
        below = (below + q[i]) * z;
    }
    return (INV_SQRT_PI - z * (above + p[4]) / (below + q[4])) / x;
}

double dln_erfcx(double x)
{
    return x >= 0 ? erfcx_positive(x) : 2 * exp(x * x) - erfcx_positive(-x);
}

double dln_log_cdf(double z, double *slope)
{
    if (z > -1) {
        const double above = 0.5 * erfc(z * SQRT_HALF); /* 1 - Φ */
        *slope = exp(-0.5 * z * z - LOG_SQRT_2PI) / (1 - above);
        return log1p(-above);
    }
    const double tail = 0.5 * dln_erfcx(-z * SQRT_HALF); /* Φ exp(z²/2) */
    *slope = exp(-LOG_SQRT_2PI) / tail;
    return log(tail) - 0.5 * z * z;
}

/*
 * Far out, by t = 1/z²: Φ = φ/|z| (1 - t + 3t² - 15t³ + …), h = φ t (1 - 3t + 15t² - 105t³ + …).
 * At |z| = 50 the next terms are below 1e-14.
 */
static double log_h_far(double z, double *slope)
{
    const double t = 1 / (z * z);
    const double cdf = -t * (1 - t * (3 - t * (15 - t * (105 - t * 945))));
    const double h = -t * (3 - t * (15 - t * (105 - t * (945 - t * 10395))));
    *slope = -z * (1 + cdf) / (1 + h);
    return -0.5 * z * z - LOG_SQRT_2PI - 2 * log(-z) + log1p(h);
}

double dln_log_h(double z, double *slope)
{
    if (z < -50) return log_h_far(z, slope);
    if (z > -1) {
        const double pdf = exp(-0.5 * z * z - LOG_SQRT_2PI);
        const double cdf = 0.5 * erfc(-z * SQRT_HALF);
        const double h = pdf + z * cdf;
        *slope = cdf / h;
        return log(h);
    }
    /* both divided by φ: h/φ = 1 + z √(π/2) erfcx(-z/√2) */
    const double cdf = SQRT_HALF_PI * dln_erfcx(-z * SQRT_HALF);
    const double h = 1 + z * cdf;
    *slope = cdf / h;
    return log(h) - 0.5 * z * z - LOG_SQRT_2PI;
}

struct dln_gain dln_log_ei(double mean, double var, double best)
{
    const double sd = sqrt(fmax(var, VARIANCE_FLOOR));
    const double z = (mean - best) / sd;
    double slope;
    const double log_h = dln_log_h(z, &slope);
    /* d log EI / d sd = φ / (h sd), and φ/h = 1 - z Φ/h */
    const double d_sd = (1 - z * slope) / sd;
    return (struct dln_gain){.value = log_h + log(sd),
                             .d_mean = slope / sd,
                             .d_var = var > VARIANCE_FLOOR ? d_sd / (2 * sd) : 0};
}

/* log (EI(low) - EI(high)): what lies between two values of the first goal. */
static struct dln_gain between(struct dln_gain low, struct dln_gain high)
{
    const double part = exp(high.value - low.value);
    if (!(part < 1)) return (struct dln_gain){.value = -HUGE_VAL};
    return (struct dln_gain){.value = low.value + log1p(-part),
                             .d_mean = (low.d_mean - part * high.d_mean) / (1 - part),
                             .d_var = (low.d_var - part * high.d_var) / (1 - part)};
}

/* log (exp a + exp b), with the derivatives in the same proportion. */
static struct dln_gain_pair sum_of(struct dln_gain_pair a, struct dln_gain_pair b)
{
    if (!(b.value > -HUGE_VAL)) return a;
    if (!(a.value > -HUGE_VAL)) return b;
    const double high = fmax(a.value, b.value);
    const double sum = exp(a.value - high) + exp(b.value - high);
    const double share = exp(a.value - high) / sum;
    struct dln_gain_pair both = {.value = high + log(sum)};
    for (int k = 0; k < 2; k++) {
        both.d_mean[k] = share * a.d_mean[k] + (1 - share) * b.d_mean[k];
        both.d_var[k] = share * a.d_var[k] + (1 - share) * b.d_var[k];
    }
    return both;
}

struct dln_gain_pair dln_log_ehvi(const double mean[2], const double var[2], size_t n,
                                  const double *front, const double reference[2])
{
    struct dln_gain_pair total = {.value = -HUGE_VAL};
    struct dln_gain high = {.value = -HUGE_VAL}; /* beyond infinity there is nothing */
    for (size_t k = 0; k <= n; k++) {
        const double left = k < n ? front[2 * k] : reference[0];
        const double floor_of_second = k > 0 ? front[2 * k - 1] : reference[1];
        const struct dln_gain low = dln_log_ei(mean[0], var[0], left);
        const struct dln_gain width = between(low, high);
        const struct dln_gain height = dln_log_ei(mean[1], var[1], floor_of_second);
        const struct dln_gain_pair strip = {.value = width.value + height.value,
                                            .d_mean = {width.d_mean, height.d_mean},
                                            .d_var = {width.d_var, height.d_var}};
        total = sum_of(total, strip);
        high = low;
    }
    return total;
}

struct dln_gain dln_log_exceeds(double mean, double var, double threshold)
{
    const double sd = sqrt(fmax(var, VARIANCE_FLOOR));
    const double z = (mean - threshold) / sd;
    double slope;
    const double log_p = dln_log_cdf(z, &slope);
    return (struct dln_gain){.value = log_p,
                             .d_mean = slope / sd,
                             .d_var = var > VARIANCE_FLOOR ? -slope * z / (2 * sd * sd) : 0};
}
