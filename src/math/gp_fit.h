/*
 * The most probable hyperparameters of a Gaussian process: likelihood times prior, over the
 * logarithms without a Jacobian (as Optuna does), by bounded L-BFGS from the prior's mode.
 *
 * SHORT believes in short length scales: ell ~ Gamma(3, rate 6), log sf2 ~ N(0, 0.7²),
 * log sn2 ~ N(-4, 1). WIDE is Optuna's prior: -0.1 (ell² + 1/ell²), sf2 ~ Gamma(2, 1),
 * sn2 ~ Gamma(1.1, 30). No single prior wins on every kind of objective.
 */
#ifndef DLN_MATH_GP_FIT_H
#define DLN_MATH_GP_FIT_H

#include "dialin/error.h"
#include "math/gauss_process.h"

enum dln_gp_prior { DLN_GP_SHORT, DLN_GP_WIDE };

/* Log density of theta, without constants for WIDE and ell of SHORT; gradient += its derivative. */
double dln_gp_log_prior(enum dln_gp_prior prior, size_t n_ell, const double *theta,
                        double *gradient);
/* The theta of highest prior density. */
void dln_gp_prior_mode(enum dln_gp_prior prior, size_t n_ell, double *theta);

/*
 * theta of rows 0 … n-1 of gp; gp's factor is destroyed. DLN_NUMERIC: not even the mode gives a
 * positive definite matrix; theta is the mode then. DLN_NOMEM.
 */
DLN_CHECK bool dln_gp_fit(struct dln_gp *gp, enum dln_gp_prior prior, double *theta,
                          struct dln_arena *arena, struct dln_error *err);

#endif
