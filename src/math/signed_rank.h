/* Wilcoxon's signed-rank test. */
#ifndef DLN_MATH_SIGNED_RANK_H
#define DLN_MATH_SIGNED_RANK_H

#include <stdbool.h>
#include <stddef.h>

struct dln_signed_rank {
    double sum;    /* ranks of the positive differences, and half of those of zeros */
    double p;      /* probability of such a sum or more if positive and negative are as likely */
    bool is_exact; /* by counting; else by the normal approximation */
};

/*
 * Of n ≥ 1 finite differences, which are reordered. Zeros count and their ranks are split
 * ("zsplit"). The null distribution is counted for n ≤ 50 without ties and zeros, else normal with
 * the variance that ties leave and without continuity correction. No allocation.
 */
void dln_signed_rank(size_t n, double *difference, struct dln_signed_rank *out);

#endif
