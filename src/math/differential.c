#include "math/differential.h"

#include <math.h>

void dln_lehmer_add(struct dln_lehmer *lehmer, double s, double w)
{
    lehmer->squares += w * s * s;
    lehmer->sum += w * s;
}

double dln_lehmer_mean(const struct dln_lehmer *lehmer)
{
    return lehmer->sum > 0 ? lehmer->squares / lehmer->sum : 0;
}

size_t dln_population_size(size_t n_init, size_t n_min, double evals, double max_evals)
{
    if (n_init <= n_min) return n_init;
    const double done = fmin(1, fmax(0, evals / max_evals));
    const double first = (double)n_init;
    return (size_t)floor(first + ((double)n_min - first) * done + 0.5);
}

double dln_current_to_pbest(double x, double best, double r1, double r2, double fw, double f)
{
    return x + fw * (best - x) + f * (r1 - r2);
}

double dln_midpoint_repair(double v, double x, double low, double high)
{
    if (v < low) return (low + x) / 2;
    if (v > high) return (high + x) / 2;
    return v;
}
