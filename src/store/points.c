#include "store/points.h"

#include <string.h>

bool dln_points_push(struct dln_points *points, struct dln_arena *arena, int64_t step, double value)
{
    if (points->n == points->cap) {
        const size_t cap = points->cap ? points->cap * 2 : 256;
        int64_t *steps = DLN_ARENA_ARRAY(arena, int64_t, cap);
        double *curve = DLN_ARENA_ARRAY(arena, double, cap);
        if (!steps || !curve) return false;
        if (points->n > 0) {
            memcpy(steps, points->steps, points->n * sizeof *steps);
            memcpy(curve, points->curve, points->n * sizeof *curve);
        }
        *points = (struct dln_points){points->n, cap, steps, curve};
    }
    points->steps[points->n] = step;
    points->curve[points->n++] = value;
    return true;
}
