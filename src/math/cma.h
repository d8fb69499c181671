/*
 * CMA-ES: a normal distribution that learns from ranked samples where to go and how far.
 * Hansen, "The CMA Evolution Strategy: A Tutorial" (2016), with negative weights (active CMA). The
 * letters are the paper's. Beyond DLN_CMA_FULL_MAX dimensions only the diagonal of C is learned
 * (Ros & Hansen, "A simple modification in CMA-ES achieving linear time", 2008).
 */
#ifndef DLN_MATH_CMA_H
#define DLN_MATH_CMA_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/error.h"

enum { DLN_CMA_FULL_MAX = 100, DLN_CMA_LAMBDA_MIN = 4 };

/* Thread: owner. `= {0}` is empty. d ≥ 1. */
struct dln_cma {
    size_t d;
    bool is_separable;
    size_t lambda, mu; /* samples an update, those of them with positive weight */
    double mu_eff, mu_eff_minus, c1, cmu, c_sigma, d_sigma, cc, chi_n;
    size_t generation; /* updates so far */
    double sigma, sigma_first;
    double *weights, *steps;              /* lambda, lambda × d */
    double *mean, *p_sigma, *p_c, *scale; /* d; scale: square roots of the eigenvalues */
    double *c, *basis; /* d × d, basis: eigenvectors as rows; separable: c is d, basis not used */
    double *work, *block;
    size_t cap, weights_cap;
};

/* 4 + ⌊3 ln d⌋ */
size_t dln_cma_lambda(size_t d);

/* A distribution around `mean` with C = I. On failure `cma` is what it was. */
DLN_CHECK bool dln_cma_init(struct dln_cma *cma, size_t d, size_t lambda, const double *mean,
                            double sigma, struct dln_error *err);
/* Another number of samples an update, with the weights and rates that belong to it. */
DLN_CHECK bool dln_cma_set_lambda(struct dln_cma *cma, size_t lambda, struct dln_error *err);
/* C (d × d) and sigma instead of what is there. False: C has no eigenvectors; start anew. */
bool dln_cma_set_covariance(struct dln_cma *cma, double sigma, const double *c);
DLN_CHECK bool dln_cma_copy(struct dln_cma *to, const struct dln_cma *from, struct dln_error *err);
void dln_cma_release(struct dln_cma *cma);

/* x = mean + sigma · C^½ z */
void dln_cma_sample(const struct dln_cma *cma, const double *z, double *x);
/*
 * Moves x, which the distribution did not make, towards the mean until its length there is usual:
 * |C^-½ (x − mean)| ≤ sigma · (chi_n + 2d / (d + 2)). Hansen, "Injecting external solutions into
 * CMA-ES" (2011).
 */
void dln_cma_shorten(struct dln_cma *cma, double *x);
/* One update: x is lambda × d, the best first. False: C has no eigenvectors; start anew. */
bool dln_cma_tell(struct dln_cma *cma, const double *x);
/*
 * Nothing is left to learn: steps below 1e-12 of the first, or 1e4 beyond it; a condition above
 * 1e14; or steps too small to move the mean.
 */
bool dln_cma_has_ended(const struct dln_cma *cma);

/*
 * A distribution around good points (n × d): their mean, their covariance widened by alpha in every
 * direction; det C = 1. Nomura et al., "Warm starting CMA-ES for hyperparameter optimization"
 * (2021). c: d × d, work: 2 d × d + d. False: n = 0, or not finite.
 */
bool dln_cma_warm_start(size_t n, size_t d, const double *x, double alpha, double *mean,
                        double *sigma, double *c, double *work);

/*
 * Keeps a discrete coordinate from freezing: the mean of one cell [low, high] is moved, and its
 * samples are spread by `spread`, until every side is left with probability alpha / 2 at least; in
 * the first or last cell (low = high, the only way out) with alpha. s: standard deviation without
 * spread. Hamano et al., "CMA-ES with margin" (2022).
 */
void dln_cma_margin(double alpha, double low, double high, double s, double *mean, double *spread);

#endif
