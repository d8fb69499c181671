/*
 * The standard normal distribution, with tails that keep their relative accuracy: far from the
 * middle a probability is given and taken as its logarithm.
 */
#ifndef DLN_MATH_NORMAL_H
#define DLN_MATH_NORMAL_H

#define DLN_LOG_SQRT_2PI 0.91893853320467274178

double dln_normal_pdf(double z);
double dln_normal_cdf(double z);
double dln_normal_log_cdf(double z);  /* finite for every finite z whose square is */
double dln_normal_quantile(double p); /* z of cdf(z) = p; ±inf at 0 and 1, NaN outside */

/* log of the probability between a and b, a ≤ b; −inf where they are equal. */
double dln_normal_log_mass(double a, double b);

/*
 * The quantile of the normal restricted to [a, b], a < b, at u in [0, 1]: a draw from it when u is
 * uniform. Never outside [a, b].
 */
double dln_normal_truncated(double u, double a, double b);

#endif
