/*
 * Bends the values of an objective (more is better) until a Gaussian process can believe them, and
 * brings predictions back. Every step is monotone, so ranks never change:
 *   1  standardise
 *   2  damp the bad tail: below the median, distances grow as their logarithm, so that one ruined
 *      training run does not flatten everything else
 *   3  standardise
 *   4  Yeo & Johnson's power transform (2000) by maximum likelihood, where it is worth it
 *   5  standardise
 */
#ifndef DLN_MATH_WARPING_H
#define DLN_MATH_WARPING_H

#include <stdbool.h>
#include <stddef.h>

struct dln_warp {
    double mean[3], sd[3]; /* of steps 1, 3, 5 */
    bool damps;
    double median, scale; /* of step 2 */
    bool bends;
    double lambda;        /* of step 4 */
    double low, high;     /* of the fitted values, warped */
    double y_low, y_high; /* of the fitted values, as they came */
};

/*
 * Learns the steps from y (finite) and warps it in place; `damp` asks for step 2. scratch: n.
 * False: all values are equal, there is nothing to learn.
 */
bool dln_warp_fit(struct dln_warp *warp, bool damp, size_t n, double *y, double *scratch);
double dln_warp_apply(const struct dln_warp *warp, double y);
/* Back from warped units; what lies far beyond the fitted values is held there. */
double dln_warp_back(const struct dln_warp *warp, double z);
/*
 * A normal in warped units as its median and half the width of its central 68 %, in units of y.
 * Where nothing bends these are mean and sd; where the bad tail is long, moments would speak of
 * that tail alone.
 */
void dln_warp_back_normal(const struct dln_warp *warp, double mean, double sd, double *y_middle,
                          double *y_sd);

/* ── the steps ─────────────────────────────────────────────────────────────────────────────────*/

/* Population mean and sd. */
void dln_moments(size_t n, const double *y, double *mean, double *sd);
/* Median and 1.4826 times the median distance from it. scratch: n. */
void dln_robust_moments(size_t n, const double *y, double *scratch, double *median, double *scale);
double dln_damp(double y, double median, double scale);
double dln_yeo_johnson(double y, double lambda);
double dln_yeo_johnson_back(double z, double lambda);
/* Log likelihood of lambda, 0 at lambda = 1 for standardised y, without constants. */
double dln_yeo_johnson_likelihood(size_t n, const double *y, double lambda);
/* The most likely lambda in [-3, 5]. */
double dln_yeo_johnson_fit(size_t n, const double *y);

#endif
