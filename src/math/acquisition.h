/*
 * What a trial is worth trying for, as a logarithm: expected improvement and probabilities that
 * stay finite and smooth however small they are. Ament et al., "Unexpected improvements to expected
 * improvement for Bayesian optimization" (2023). Everything is maximised.
 */
#ifndef DLN_MATH_ACQUISITION_H
#define DLN_MATH_ACQUISITION_H

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
/* log P(f > threshold). */
struct dln_gain dln_log_exceeds(double mean, double var, double threshold);

#endif
