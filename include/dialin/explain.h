/*
 * What the trials of a study say about its parameters, after the fact and without any engine.
 */
#ifndef DIALIN_EXPLAIN_H
#define DIALIN_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/space.h"

/* Complete trials with a finite value, in the order in which they were made. */
struct dln_evidence {
    const struct dln_space *space;
    size_t n;
    const double *const *x; /* n points; NaN where inactive */
    const double *loss;     /* n: less is better */
};

/* clang-format off */
#define DLN_IMPORTANCE_METHODS(X)                                                               \
    X(PED_ANOVA, "ped-anova") /* what the best tenth of the trials has in common */             \
    X(FANOVA, "fanova")       /* its share in the variance of a forest's prediction */          \
    X(MDI, "mdi")             /* how much a forest gains by splitting on it */
/* clang-format on */

enum dln_importance_method {
#define DLN_IMPORTANCE_ENUM(name, text) DLN_IMPORTANCE_##name,
    DLN_IMPORTANCE_METHODS(DLN_IMPORTANCE_ENUM)
#undef DLN_IMPORTANCE_ENUM
        DLN_IMPORTANCE_METHOD_COUNT
};
DLN_API const char *dln_importance_method_name(enum dln_importance_method method);

#define DLN_IMPORTANCE_FOLDS 5

struct dln_importance {
    size_t param;     /* its place in the space */
    double raw;       /* the method's own number, ≥ 0 */
    double share;     /* of the sum over all parameters; 0 where that is 0 */
    double low, high; /* the share when each fifth of the trials is left out in turn */
    size_t n;         /* trials in which it was active */
};

/*
 * One entry for each parameter, in the order of the space. Fewer than two trials, or equal values
 * everywhere, give zeros. DLN_NOMEM.
 */
DLN_API DLN_CHECK bool dln_importance(const struct dln_evidence *evidence,
                                      enum dln_importance_method method, struct dln_arena *arena,
                                      struct dln_importance **out, struct dln_error *err);

struct dln_interaction {
    size_t a, b;  /* places in the space */
    double share; /* of the variance that the two explain beyond what each explains alone */
};
/* All pairs of these parameters, by fANOVA, the largest share first. */
DLN_API DLN_CHECK bool dln_interactions(const struct dln_evidence *evidence, const size_t *params,
                                        size_t n_params, struct dln_arena *arena,
                                        struct dln_interaction **out, size_t *n,
                                        struct dln_error *err);

#endif
