/*
 * Studies that nobody would write by hand: a space of any kind and a history of any kind, made from
 * a seed alone, so that a case that fails can be made again.
 */
#ifndef TEST_SUPPORT_WILD_H
#define TEST_SUPPORT_WILD_H

#include "base/rng.h"
#include "support/space_fixture.h"

enum { WILD_D_MAX = 24, WILD_M_MAX = 3 };

/* How large a case may be: a model that costs n^3 gets fewer trials. */
struct wild_size {
    size_t trials;  /* that stand in the file before the strategy is asked */
    size_t pending; /* of those that run, in a case about them */
    size_t asks;    /* whose trials end in one way or another before the last ask */
    double count;   /* points of a space with constraints; 0: as many as there are */
};

struct wild {
    struct fixture fixture;
    struct dln_arena texts; /* of conditions and constraints */
    struct dln_rng rng;
    uint64_t seed;
    struct wild_size size;
    bool has_failing, is_full_of_pending;
    int landscape;
    int64_t budget; /* told to the strategy; 0: unknown */
    struct dln_history_row *rows;
    size_t n, cap;
};

/* Space, goals, settings and trials. The strategy's settings are legal ones of its table. */
void wild_init(struct wild *wild, uint64_t seed, const struct dln_strategy *strategy,
               const struct wild_size *size);
void wild_release(struct wild *wild);

/* A trial at x in any state, as the file might have it; `memo` may be NULL. Copied. */
void wild_add(struct wild *wild, const double *x, const char *memo, const char *strategy);
/* Values that a person might fix for one ask: most are NaN. */
void wild_fix(struct wild *wild, double *fixed);

/* Whether a condition holds, by the parameter's own expression. */
bool wild_is_active(const struct wild *wild, size_t index, const double *x);
/* The number of allowed points without a trial among the first n rows; -1: too many to count. */
long wild_n_left(const struct wild *wild, size_t n);
/* The case in words, for whoever looks for its fault. */
void wild_print(const struct wild *wild);

#endif
