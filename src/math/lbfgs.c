#include "math/lbfgs.h"

#include <math.h>
#include <string.h>

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

static double dot(size_t d, const double *a, const double *b)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++)
        sum += a[i] * b[i];
    return sum;
}

bool dln_lbfgs_init(struct dln_lbfgs *search, size_t d, const double *low, const double *high,
                    struct dln_lbfgs_stop stop, struct dln_arena *arena)
{
    *search = (struct dln_lbfgs){.d = d, .low = low, .high = high, .stop = stop};
    double *block = DLN_ARENA_ARRAY(arena, double, (4 + 2 * (size_t)DLN_LBFGS_MEMORY) * d);
    if (!block) return false;
    search->trial = block;
    search->x = block + d;
    search->g = block + 2 * d;
    search->direction = block + 3 * d;
    search->steps = block + 4 * d;
    search->changes = search->steps + (size_t)DLN_LBFGS_MEMORY * d;
    return true;
}

void dln_lbfgs_start(struct dln_lbfgs *search, const double *x0)
{
    for (size_t i = 0; i < search->d; i++)
        search->trial[i] = clip(x0[i], search->low[i], search->high[i]);
    search->f = HUGE_VAL;
    search->n_pairs = 0;
    search->newest = 0;
    search->has_point = false;
    search->iterations = 0;
    search->evaluations = 0;
}

/* Whether the variable rests on a bound and would only leave the box downhill. */
static bool is_held(const struct dln_lbfgs *search, size_t i)
{
    return (search->x[i] <= search->low[i] && search->g[i] > 0) ||
           (search->x[i] >= search->high[i] && search->g[i] < 0);
}

/* direction = -H g over the variables that are not held (two loops over the remembered pairs). */
static void two_loops(struct dln_lbfgs *search)
{
    const size_t d = search->d;
    double *q = search->direction;
    double weight[DLN_LBFGS_MEMORY];
    for (size_t i = 0; i < d; i++)
        q[i] = is_held(search, i) ? 0 : search->g[i];
    for (size_t k = 0; k < search->n_pairs; k++) {
        const size_t at = (search->newest + DLN_LBFGS_MEMORY - k) % DLN_LBFGS_MEMORY;
        weight[at] = dot(d, search->steps + at * d, q) / search->curvature[at];
        for (size_t i = 0; i < d; i++)
            q[i] -= weight[at] * search->changes[at * d + i];
    }
    if (search->n_pairs > 0) {
        const double *y = search->changes + search->newest * d;
        const double scale = search->curvature[search->newest] / dot(d, y, y);
        for (size_t i = 0; i < d; i++)
            q[i] *= scale;
    }
    for (size_t k = search->n_pairs; k-- > 0;) {
        const size_t at = (search->newest + DLN_LBFGS_MEMORY - k) % DLN_LBFGS_MEMORY;
        const double back = dot(d, search->changes + at * d, q) / search->curvature[at];
        for (size_t i = 0; i < d; i++)
            q[i] += (weight[at] - back) * search->steps[at * d + i];
    }
    for (size_t i = 0; i < d; i++)
        q[i] = is_held(search, i) ? 0 : -q[i];
}

static void set_trial(struct dln_lbfgs *search)
{
    for (size_t i = 0; i < search->d; i++) {
        search->trial[i] = clip(search->x[i] + search->length * search->direction[i],
                                search->low[i], search->high[i]);
    }
}

/* A direction from x and the first step along it; false: x is as good as it gets. */
static bool set_out(struct dln_lbfgs *search)
{
    double steepest = 0;
    for (size_t i = 0; i < search->d; i++) {
        if (!is_held(search, i)) steepest = fmax(steepest, fabs(search->g[i]));
    }
    if (!(steepest > search->stop.gradient)) return false;
    two_loops(search);
    search->slope = dot(search->d, search->g, search->direction);
    if (!(search->slope < 0)) {
        search->n_pairs = 0;
        two_loops(search);
        search->slope = dot(search->d, search->g, search->direction);
    }
    search->length = 1;
    if (search->n_pairs == 0) { /* no scale is known: a tenth of the box at most */
        double widest = 0;
        for (size_t i = 0; i < search->d; i++) {
            const double width = search->high[i] - search->low[i];
            if (width > 0) widest = fmax(widest, fabs(search->direction[i]) / width);
        }
        search->length = widest > 0.1 ? 0.1 / widest : 1;
    }
    set_trial(search);
    return true;
}

/* Keeps the pair of the step from x to trial where it shows curvature. */
static void remember(struct dln_lbfgs *search, const double *g)
{
    const size_t d = search->d;
    const size_t at = search->n_pairs == 0 ? 0 : (search->newest + 1) % DLN_LBFGS_MEMORY;
    double *step = search->steps + at * d;
    double *change = search->changes + at * d;
    for (size_t i = 0; i < d; i++) {
        step[i] = search->trial[i] - search->x[i];
        change[i] = g[i] - search->g[i];
    }
    const double curvature = dot(d, step, change);
    if (!(curvature > 1e-10 * sqrt(dot(d, step, step) * dot(d, change, change)))) return;
    search->curvature[at] = curvature;
    search->newest = at;
    if (search->n_pairs < DLN_LBFGS_MEMORY) search->n_pairs++;
}

bool dln_lbfgs_tell(struct dln_lbfgs *search, double f, const double *g)
{
    const size_t d = search->d;
    const size_t bytes = d * sizeof *g;
    bool is_finite = isfinite(f);
    for (size_t i = 0; i < d; i++)
        is_finite = is_finite && isfinite(g[i]);
    search->evaluations++;
    const bool may_go_on = search->evaluations < search->stop.evaluations;

    if (!search->has_point) {
        memcpy(search->x, search->trial, bytes);
        search->f = f;
        if (!is_finite) return false;
        memcpy(search->g, g, bytes);
        search->has_point = true;
        return may_go_on && set_out(search);
    }
    double along = 0; /* the slope of the projected step */
    for (size_t i = 0; i < d; i++)
        along += search->g[i] * (search->trial[i] - search->x[i]);
    if (!is_finite || !(f <= search->f + 1e-4 * fmin(along, 0))) {
        /* back: to the minimum of the parabola, a tenth to a half of the step */
        double shrink = 0.5;
        const double bend = f - search->f - along;
        if (is_finite && bend > 0) shrink = clip(-along / (2 * bend), 0.1, 0.5);
        search->length *= shrink;
        set_trial(search);
        return may_go_on && memcmp(search->trial, search->x, bytes) != 0;
    }
    remember(search, g);
    const double gain = search->f - f;
    memcpy(search->x, search->trial, bytes);
    memcpy(search->g, g, bytes);
    search->f = f;
    search->iterations++;
    if (gain < search->stop.gain || search->iterations >= search->stop.iterations) return false;
    return may_go_on && set_out(search);
}
