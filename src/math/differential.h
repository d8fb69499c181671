/*
 * The arithmetic of success-history differential evolution: Tanabe & Fukunaga, "Improving the
 * search performance of SHADE using linear population size reduction" (2014), and jSO: Brest,
 * Maučec & Bošković, "Single objective real-parameter optimization: algorithm jSO" (2017).
 */
#ifndef DLN_MATH_DIFFERENTIAL_H
#define DLN_MATH_DIFFERENTIAL_H

#include <stddef.h>

/* Σ w s² / Σ w s over successful values s with weights w ≥ 0, one by one. `= {0}` has none. */
struct dln_lehmer {
    double squares, sum;
};
void dln_lehmer_add(struct dln_lehmer *lehmer, double s, double w);
double dln_lehmer_mean(const struct dln_lehmer *lehmer); /* 0 where all are 0 */

/* The population after `evals` of `max_evals` trials: linear from n_init to n_min, rounded. */
size_t dln_population_size(size_t n_init, size_t n_min, double evals, double max_evals);

/* current-to-pbest/1: x + fw·(best − x) + f·(r1 − r2), one coordinate. */
double dln_current_to_pbest(double x, double best, double r1, double r2, double fw, double f);

/* What lies outside [low, high] goes half-way from x, which is inside, to the bound it passed. */
double dln_midpoint_repair(double v, double x, double low, double high);

#endif
