/* The points of curves as they come out of the file, one after the other. */
#ifndef DLN_STORE_POINTS_H
#define DLN_STORE_POINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"

struct dln_points { /* = {0} is empty; the arrays are the arena's */
    size_t n, cap;
    int64_t *steps;
    double *curve;
};

/* False: no memory. */
bool dln_points_push(struct dln_points *points, struct dln_arena *arena, int64_t step,
                     double value);

#endif
