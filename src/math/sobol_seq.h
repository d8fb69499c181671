/*
 * Scrambled Sobol' points: the first 2^k points fill every dyadic box of the cube evenly.
 *
 * Points are reached by index, without the ones before. Dimensions from DLN_SOBOL_DIMS on are
 * padded: each is a one-dimensional net of its own, its order shuffled within every aligned block
 * of 2^k indexes, so that each coordinate alone stays even and pairs are as good as random.
 */
#ifndef DLN_MATH_SOBOL_SEQ_H
#define DLN_MATH_SOBOL_SEQ_H

#include <stddef.h>
#include <stdint.h>

#include "dialin/error.h"
#include "math/joe_kuo.h"

enum { DLN_SOBOL_BITS = 32 };

/* Direction numbers of one dimension (dim < DLN_SOBOL_DIMS), the first digit in the top bit. */
void dln_sobol_directions(size_t dim, uint32_t v[DLN_SOBOL_BITS]);
/* Digits of the point at index (modulo 2^32) in Gray-code order; times 2^-32 it is the coordinate.
 */
uint32_t dln_sobol_digits(const uint32_t v[DLN_SOBOL_BITS], uint64_t index);

/* Thread: owner; immutable once made. */
typedef struct dln_sobol_seq dln_sobol_seq;

/* d dimensions, scrambled by the seed (random lower triangular matrix and digital shift). */
DLN_CHECK bool dln_sobol_seq_new(size_t d, uint64_t seed, dln_sobol_seq **out,
                                 struct dln_error *err);
void dln_sobol_seq_free(dln_sobol_seq *seq);
/*
 * u (d values in (0, 1)) of the point at index. Every `stream` is the same net under another
 * digital shift: as even in itself, and unrelated to the other streams at the same index.
 */
void dln_sobol_seq_point(const dln_sobol_seq *seq, uint64_t index, uint64_t stream, double *u);

#endif
