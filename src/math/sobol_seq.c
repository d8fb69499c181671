/*
 * Directions  m_k = 2 a_1 m_(k-1) ^ 4 a_2 m_(k-2) ^ … ^ 2^s m_(k-s) ^ m_(k-s), v_k = m_k 2^(32-k)
 *             (Bratley & Fox, "Algorithm 659", 1988).
 * Scramble    Matoušek, "On the L2-discrepancy for anchored boxes" (1998): the digits of every
 *             direction number are multiplied by a random lower triangular matrix over GF(2) with
 *             ones on the diagonal; then all points are shifted by xor. Linear, so it costs nothing
 *             per point.
 * Padding     Burley, "Practical hash-based Owen scrambling" (2020), with the hash of Laine &
 * Karras.
 */
#include "math/sobol_seq.h"

#include <stdlib.h>

#include "base/rng.h"

struct dln_sobol_seq {
    size_t d;
    uint64_t seed;
    uint32_t v[][DLN_SOBOL_BITS]; /* scrambled; only of the first DLN_SOBOL_DIMS dimensions */
};

void dln_sobol_directions(size_t dim, uint32_t v[DLN_SOBOL_BITS])
{
    const struct dln_joe_kuo *row = &dln_joe_kuo[dim];
    int degree = 0;
    while (row->polynomial >> (degree + 1))
        degree++;

    uint32_t m[DLN_SOBOL_BITS];
    for (int k = 0; k < DLN_SOBOL_BITS; k++) {
        if (k < degree || degree == 0) {
            m[k] = degree == 0 ? 1 : row->m[k];
        } else {
            m[k] = m[k - degree];
            for (int i = 1; i <= degree; i++) {
                if (row->polynomial >> (degree - i) & 1) m[k] ^= m[k - i] << i;
            }
        }
        v[k] = m[k] << (DLN_SOBOL_BITS - 1 - k);
    }
}

uint32_t dln_sobol_digits(const uint32_t v[DLN_SOBOL_BITS], uint64_t index)
{
    uint32_t gray = (uint32_t)(index ^ (index >> 1));
    uint32_t digits = 0;
    for (int k = 0; gray != 0; k++, gray >>= 1) {
        if (gray & 1) digits ^= v[k];
    }
    return digits;
}

static uint32_t parity(uint32_t x)
{
    x ^= x >> 16;
    x ^= x >> 8;
    x ^= x >> 4;
    return 0x6996U >> (x & 15) & 1;
}

static void scramble(uint32_t v[DLN_SOBOL_BITS], struct dln_rng *rng)
{
    uint32_t matrix[DLN_SOBOL_BITS]; /* row i: which digits up to the i-th make the new i-th one */
    for (int i = 0; i < DLN_SOBOL_BITS; i++) {
        const uint32_t before = ~(UINT32_MAX >> i);
        matrix[i] = ((uint32_t)(dln_rng_next(rng) >> 32) & before) | UINT32_C(1) << (31 - i);
    }
    for (int k = 0; k < DLN_SOBOL_BITS; k++) {
        uint32_t mixed = 0;
        for (int i = 0; i < DLN_SOBOL_BITS; i++)
            mixed |= parity(matrix[i] & v[k]) << (31 - i);
        v[k] = mixed;
    }
}

bool dln_sobol_seq_new(size_t d, uint64_t seed, dln_sobol_seq **out, struct dln_error *err)
{
    const size_t n = d < DLN_SOBOL_DIMS ? d : DLN_SOBOL_DIMS;
    dln_sobol_seq *seq = calloc(1, sizeof *seq + n * sizeof seq->v[0]);
    if (!seq) return dln_fail(err, DLN_NOMEM, "out of memory for a Sobol sequence");
    seq->d = d;
    seq->seed = seed;
    for (size_t j = 0; j < n; j++) {
        struct dln_rng rng;
        dln_rng_init_trial(&rng, seed, (int64_t)j, UINT64_C(0x50B01));
        dln_sobol_directions(j, seq->v[j]);
        scramble(seq->v[j], &rng);
    }
    *out = seq;
    return true;
}

void dln_sobol_seq_free(dln_sobol_seq *seq)
{
    free(seq);
}

static uint32_t reverse(uint32_t x)
{
    x = (x >> 16) | (x << 16);
    x = ((x & 0xFF00FF00U) >> 8) | ((x & 0x00FF00FFU) << 8);
    x = ((x & 0xF0F0F0F0U) >> 4) | ((x & 0x0F0F0F0FU) << 4);
    x = ((x & 0xCCCCCCCCU) >> 2) | ((x & 0x33333333U) << 2);
    return ((x & 0xAAAAAAAAU) >> 1) | ((x & 0x55555555U) << 1);
}

/* A permutation of 32-bit numbers in which a bit depends on itself and on higher ones only. */
static uint32_t nested_permutation(uint32_t x, uint32_t seed)
{
    x = reverse(x);
    x += seed;
    x ^= x * 0x6C50B47CU;
    x ^= x * 0xB82F1E52U;
    x ^= x * 0xC7AFE638U;
    x ^= x * 0x8D22F6E6U;
    return reverse(x);
}

void dln_sobol_seq_point(const dln_sobol_seq *seq, uint64_t index, uint64_t stream, double *u)
{
    const uint64_t base = dln_splitmix64(seq->seed) ^ dln_splitmix64(~stream);
    for (size_t j = 0; j < seq->d; j++) {
        const uint32_t shift = (uint32_t)(dln_splitmix64(base ^ dln_splitmix64(j)) >> 32);
        uint32_t digits;
        if (j < DLN_SOBOL_DIMS) {
            digits = dln_sobol_digits(seq->v[j], index);
        } else {
            const uint64_t seeds = dln_splitmix64(seq->seed ^ dln_splitmix64(j));
            const uint32_t shuffled = nested_permutation((uint32_t)index, (uint32_t)seeds);
            digits = nested_permutation(reverse(shuffled), (uint32_t)(seeds >> 32));
        }
        u[j] = ((double)(digits ^ shift) + 0.5) * 0x1.0p-32;
    }
}
