/*
 * A Feistel network of four rounds permutes the smallest set of 2^b ≥ n numbers with even b; a
 * result outside 0 … n-1 is put through it again until it falls inside ("cycle walking": Black &
 * Rogaway, "Ciphers with arbitrary finite domains", 2002). As 2^b < 4n, that takes fewer than 4
 * passes on average.
 */
#include "math/permutation.h"

#include "base/rng.h"

enum { ROUNDS = 4 };

#define GOLDEN    UINT64_C(0x9E3779B97F4A7C15) /* splitmix64's increment, 2^64 / golden ratio */
#define ROUND_KEY UINT64_C(0xD1B54A32D192ED03)

void dln_permutation_init(struct dln_permutation *order, uint64_t n, uint64_t seed)
{
    *order = (struct dln_permutation){.n = n, .seed = seed, .half_bits = 1};
    while (order->half_bits < 32 && (n - 1) >> (2 * order->half_bits) != 0)
        order->half_bits++;
}

static uint64_t one_pass(const struct dln_permutation *order, uint64_t i)
{
    const uint64_t mask = (UINT64_C(1) << order->half_bits) - 1;
    uint64_t left = i >> order->half_bits;
    uint64_t right = i & mask;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        /* dln_splitmix64 adds GOLDEN itself: the finalizer sees seed + round key + right·GOLDEN. */
        const uint64_t key = order->seed + round * ROUND_KEY + (right - 1) * GOLDEN;
        const uint64_t next = left ^ (dln_splitmix64(key) & mask);
        left = right;
        right = next;
    }
    return left << order->half_bits | right;
}

uint64_t dln_permutation_at(const struct dln_permutation *order, uint64_t i)
{
    do {
        i = one_pass(order, i);
    } while (i >= order->n);
    return i;
}
