/*
 * A shuffled order of 0 … n-1 that is computed, not stored: any position in O(1), for any n < 2^64.
 */
#ifndef DLN_MATH_PERMUTATION_H
#define DLN_MATH_PERMUTATION_H

#include <stdint.h>

struct dln_permutation {
    uint64_t n;
    uint64_t seed;
    unsigned half_bits;
};

void dln_permutation_init(struct dln_permutation *order, uint64_t n, uint64_t seed);
/* What stands at position i < n. */
uint64_t dln_permutation_at(const struct dln_permutation *order, uint64_t i);

#endif
