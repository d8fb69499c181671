/*
 * A bounded minimiser: limited-memory BFGS projected on a box, which asks for its evaluations.
 *
 * The caller evaluates; so many minimisations can run side by side and share each batch of
 * evaluations. Nocedal & Wright, "Numerical Optimization" (2006), algorithms 7.4 and 3.1; bounds by
 * projection: variables that a step would push out of the box are held for that step (Bertsekas,
 * "Projected Newton methods for optimization problems with simple constraints", 1982).
 *
 *   dln_lbfgs_start(&search, start);
 *   do f = evaluate(search.trial, g); while (dln_lbfgs_tell(&search, f, g));
 *   … search.x, search.f
 */
#ifndef DLN_MATH_LBFGS_H
#define DLN_MATH_LBFGS_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/arena.h"

enum { DLN_LBFGS_MEMORY = 8 };

struct dln_lbfgs_stop {
    double gradient; /* largest entry of the projected gradient */
    double gain;     /* of one step, absolute */
    int iterations;  /* accepted steps */
    int evaluations;
};

/* Thread: owner. Memory is in the arena given to dln_lbfgs_init(). */
struct dln_lbfgs {
    size_t d;
    const double *low, *high; /* d each, borrowed */
    struct dln_lbfgs_stop stop;
    double *trial; /* where to evaluate next */
    double *x;     /* the best point so far */
    double f;
    double *g, *direction;
    double *steps, *changes; /* DLN_LBFGS_MEMORY × d: differences of x and of g */
    double curvature[DLN_LBFGS_MEMORY];
    size_t n_pairs, newest;
    double length, slope;
    bool has_point;
    int iterations, evaluations;
};

/* False: no memory. */
bool dln_lbfgs_init(struct dln_lbfgs *search, size_t d, const double *low, const double *high,
                    struct dln_lbfgs_stop stop, struct dln_arena *arena);
/* A new minimisation from x0, which is moved into the box. */
void dln_lbfgs_start(struct dln_lbfgs *search, const double *x0);
/*
 * Takes f and its gradient at `trial`; a value that is not finite counts as very bad. True: wants
 * another evaluation; false: done.
 */
bool dln_lbfgs_tell(struct dln_lbfgs *search, double f, const double *g);

#endif
