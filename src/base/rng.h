/*
 * Seeded random streams: xoshiro256** (Blackman & Vigna, "Scrambled linear pseudorandom number
 * generators", 2021), seeded by splitmix64. State is an argument, never a global; the stream of a
 * suggestion is made from (study seed, strategy, trial number), so that a resumed study draws what
 * an uninterrupted one would have.
 */
#ifndef DLN_BASE_RNG_H
#define DLN_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct dln_rng {
    uint64_t state[4];
};

void dln_rng_init(struct dln_rng *rng, uint64_t seed);
/* The stream of one suggestion; `salt` tells users of the same trial apart. */
void dln_rng_init_trial(struct dln_rng *rng, uint64_t study_seed, int64_t number, uint64_t salt);

uint64_t dln_rng_next(struct dln_rng *rng);
double dln_rng_uniform(struct dln_rng *rng);                 /* [0, 1), 53 bits */
uint64_t dln_rng_below(struct dln_rng *rng, uint64_t bound); /* [0, bound), unbiased; bound > 0 */
double dln_rng_normal(struct dln_rng *rng);                  /* mean 0, sd 1 (polar method) */

/* One step of splitmix64: mixes x into a well-spread 64-bit value. */
uint64_t dln_splitmix64(uint64_t x);
/* FNV-1a over bytes, finished by splitmix64: for salts and hash sets, not for secrets. */
uint64_t dln_hash_bytes(const void *bytes, size_t len);

/* 64 bits from the system's entropy, for a seed that the user did not give. */
uint64_t dln_entropy64(void);

#endif
