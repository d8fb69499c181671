#define _DEFAULT_SOURCE /* getentropy */
#include "base/rng.h"

#include <math.h>
#include <unistd.h>

#include "dialin/clock.h"

uint64_t dln_splitmix64(uint64_t x)
{
    x += 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31);
}

uint64_t dln_hash_bytes(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    uint64_t hash = 0xCBF29CE484222325U;
    for (size_t i = 0; i < len; i++) hash = (hash ^ p[i]) * 0x100000001B3U;
    return dln_splitmix64(hash);
}

void dln_rng_init(struct dln_rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        rng->state[i] = dln_splitmix64(seed);
        seed += 0x9E3779B97F4A7C15U;
    }
}

void dln_rng_init_trial(struct dln_rng *rng, uint64_t study_seed, int64_t number, uint64_t salt)
{
    const uint64_t mixed = study_seed ^ (0x9E3779B97F4A7C15U * (uint64_t)number);
    dln_rng_init(rng, dln_splitmix64(mixed) ^ dln_splitmix64(~salt));
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t dln_rng_next(struct dln_rng *rng)
{
    uint64_t *s = rng->state;
    const uint64_t result = rotate(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double dln_rng_uniform(struct dln_rng *rng)
{
    return (double)(dln_rng_next(rng) >> 11) * 0x1.0p-53;
}

uint64_t dln_rng_below(struct dln_rng *rng, uint64_t bound)
{
    const uint64_t reject = -bound % bound; /* 2^64 mod bound */
    uint64_t x;
    do {
        x = dln_rng_next(rng);
    } while (x < reject);
    return x % bound;
}

double dln_rng_normal(struct dln_rng *rng)
{
    for (;;) {
        const double a = 2.0 * dln_rng_uniform(rng) - 1.0;
        const double b = 2.0 * dln_rng_uniform(rng) - 1.0;
        const double r2 = a * a + b * b;
        if (r2 > 0.0 && r2 < 1.0) return a * sqrt(-2.0 * log(r2) / r2);
    }
}

uint64_t dln_entropy64(void)
{
    uint64_t bits;
    if (getentropy(&bits, sizeof bits) == 0) return bits;
    return dln_splitmix64((uint64_t)dln_clock_wall_us() ^ ((uint64_t)getpid() << 32));
}
