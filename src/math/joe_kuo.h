/* The table of Sobol' direction numbers; source and licence are in joe_kuo.c. */
#ifndef DLN_MATH_JOE_KUO_H
#define DLN_MATH_JOE_KUO_H

#include <stdint.h>

enum { DLN_SOBOL_DIMS = 256, DLN_JOE_KUO_DEGREE_MAX = 11 };

struct dln_joe_kuo {
    uint16_t polynomial; /* primitive over GF(2); the top bit is its degree */
    uint16_t m[DLN_JOE_KUO_DEGREE_MAX];
};

extern const struct dln_joe_kuo dln_joe_kuo[DLN_SOBOL_DIMS];

#endif
