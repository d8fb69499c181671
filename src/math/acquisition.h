/*
 * What a trial is worth trying for, as a logarithm: expected improvement and probabilities that
 * stay finite and smooth however small they are. Ament et al., "Unexpected improvements to expected
 * improvement for Bayesian optimization" (2023). Everything is maximised.
 */
#ifndef DLN_MATH_ACQUISITION_H
#define DLN_MATH_ACQUISITION_H

#include <stddef.h>

/* exp(x²) erfc(x), relative error below 1e-14 for x ≥ -1; overflows below -26. */
double dln_erfcx(double x);
/* log Φ(z) of the standard normal, and its derivative φ/Φ. */
double dln_log_cdf(double z, double *slope);
/* log h(z), h(z) = φ(z) + z Φ(z), and its derivative Φ/h. */
double dln_log_h(double z, double *slope);

struct dln_gain {
    double value;
    double d_mean, d_var;
};
/* log E[max(0, f - best)] for f ~ N(mean, var), and its derivatives. var is taken as ≥ 1e-12. */
struct dln_gain dln_log_ei(double mean, double var, double best);
/*
 * Two goals: log of the hypervolume that a point adds to a front, as expected. The front: n pairs
 * of values, none dominating another, the first ones falling (so that the second ones rise), all
 * above the reference in both. Exact, a sum over the strips between neighbours (Emmerich, Deutz &
 * Klinkenberg, 2011).
 */
struct dln_gain_pair {
    double value;
    double d_mean[2], d_var[2];
};
struct dln_gain_pair dln_log_ehvi(const double mean[2], const double var[2], size_t n,
                                  const double *front, const double reference[2]);
/* log P(f > threshold). */
struct dln_gain dln_log_exceeds(double mean, double var, double threshold);

#endif
