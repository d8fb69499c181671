#include <math.h>

#include "dialin/trust.h"

static bool is_before(const double *expected, const double *loss, size_t a, size_t b)
{
    const double x = isnan(expected[a]) ? loss[a] : expected[a];
    const double y = isnan(expected[b]) ? loss[b] : expected[b];
    if (x != y) return x < y;
    if (loss[a] != loss[b]) return loss[a] < loss[b];
    return a < b;
}

size_t dln_shortlist(size_t n, const double *expected, const double *loss, size_t top, size_t *out)
{
    size_t count = 0;
    size_t best = n;
    for (size_t i = 0; i < n; i++) {
        if (isnan(loss[i])) continue;
        if (best == n || loss[i] < loss[best]) best = i;
        size_t place = count;
        while (place > 0 && is_before(expected, loss, i, out[place - 1]))
            place--;
        if (place >= top) continue;
        if (count < top) count++;
        for (size_t j = count - 1; j > place; j--)
            out[j] = out[j - 1];
        out[place] = i;
    }
    for (size_t i = 0; i < count; i++) {
        if (out[i] == best) return count;
    }
    if (best < n) out[count++] = best;
    return count;
}

size_t dln_halving_plan(size_t k, size_t budget, size_t least,
                        struct dln_round rounds[DLN_ROUNDS_MAX])
{
    size_t n = 0;
    while (n < DLN_ROUNDS_MAX && ((size_t)1 << n) < k)
        n++;
    if (n == 0) n = 1;
    size_t left = k;
    for (size_t i = 0; i < n; i++) {
        size_t repeats = budget / (left * n);
        if (i == 0 && repeats < least) repeats = least;
        rounds[i] = (struct dln_round){.n_left = left, .repeats = repeats > 0 ? repeats : 1};
        left = (left + 1) / 2;
    }
    return n;
}
