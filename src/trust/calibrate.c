#include <math.h>

#include "dialin/trust.h"

#define Z90 1.6448536269514722 /* 90 % lie within so many sd */

struct dln_calibration dln_calibrate(size_t n, const struct dln_foretold *rows, bool by_hand)
{
    struct dln_calibration found = {.share = NAN, .bias = NAN};
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double z = (rows[i].value - rows[i].mean) / rows[i].sd;
        if (rows[i].is_by_hand != by_hand || !isfinite(z)) continue;
        found.n++;
        found.n_within += fabs(z) <= Z90;
        sum += z;
    }
    if (found.n == 0) return found;
    found.share = (double)found.n_within / (double)found.n;
    found.bias = sum / (double)found.n;
    return found;
}
