#include "math/variation.h"

#include <math.h>

/* How far from the middle a child may lie, in half distances of the parents. */
static double spread(double room, double distance, double eta, double u)
{
    const double beta = 1 + 2 * room / distance;
    const double alpha = 2 - pow(beta, -(eta + 1));
    const double share = u <= 1 / alpha ? u * alpha : 1 / (2 - u * alpha);
    return pow(share, 1 / (eta + 1));
}

static double clip(double x, double low, double high)
{
    return fmin(high, fmax(low, x));
}

struct dln_children dln_sbx(double a, double b, double low, double high, double eta, double u)
{
    const double lower = fmin(a, b);
    const double upper = fmax(a, b);
    const double distance = fmax(upper - lower, 1e-10); /* equal parents: equal children */
    const double middle = (lower + upper) / 2;
    const double down = spread(lower - low, distance, eta, u) * distance / 2;
    const double up = spread(high - upper, distance, eta, u) * distance / 2;
    return (struct dln_children){.low = clip(middle - down, low, high),
                                 .high = clip(middle + up, low, high)};
}

double dln_polynomial_mutation(double x, double low, double high, double eta, double u)
{
    const double range = high - low;
    if (!(range > 0)) return x;
    const double room = u <= 0.5 ? (x - low) / range : (high - x) / range;
    const double tail = pow(1 - room, eta + 1);
    const double share = u <= 0.5 ? 2 * u + (1 - 2 * u) * tail : 2 - 2 * u + (2 * u - 1) * tail;
    const double step = pow(share, 1 / (eta + 1)) - 1; /* in [−room, 0] */
    return clip(u <= 0.5 ? x + step * range : x - step * range, low, high);
}
