/*
 * Wilcoxon, "Individual comparisons by ranking methods" (1945); zeros by Pratt's ranks, split
 * evenly between both signs; the variance with ties by Hollander & Wolfe, "Nonparametric
 * Statistical Methods", 3.1.
 */
#include "math/signed_rank.h"

#include <math.h>
#include <stdlib.h>

#include "math/normal.h"

enum { EXACT_MAX = 50, SUM_MAX = EXACT_MAX * (EXACT_MAX + 1) / 2 };

static int by_size(const void *a, const void *b)
{
    const double x = fabs(*(const double *)a);
    const double y = fabs(*(const double *)b);
    return (x > y) - (x < y);
}

/*
 * The probability that a subset of {1 … n}, each number in it with probability 1/2, has a sum of at
 * most `most`: counted number by number.
 */
static double share_of_subsets(size_t n, size_t most)
{
    double ways[SUM_MAX / 2 + 1] = {0};
    ways[0] = 1;
    for (size_t k = 1; k <= n; k++) {
        for (size_t sum = most; sum >= k; sum--)
            ways[sum] += ways[sum - k];
    }
    double total = 0;
    for (size_t sum = 0; sum <= most; sum++)
        total += ways[sum];
    return ldexp(total, -(int)n);
}

/* P(sum ≥ s) = P(sum ≤ n(n + 1)/2 - s), of which only the smaller half is counted. */
static double exact_p(size_t n, double sum)
{
    const size_t whole = n * (n + 1) / 2;
    const size_t s = (size_t)sum;
    if (2 * (whole - s) <= whole) return share_of_subsets(n, whole - s);
    return s == 0 ? 1 : 1 - share_of_subsets(n, s - 1);
}

void dln_signed_rank(size_t n, double *difference, struct dln_signed_rank *out)
{
    qsort(difference, n, sizeof *difference, by_size);
    double sum = 0;
    double ties = 0;
    bool is_plain = true;
    for (size_t first = 0, next; first < n; first = next) {
        const double size = fabs(difference[first]);
        for (next = first + 1; next < n && fabs(difference[next]) == size; next++) {}
        const double rank = (double)(first + next + 1) / 2;
        const double count = (double)(next - first);
        for (size_t i = first; i < next; i++) {
            sum += difference[i] > 0 ? rank : difference[i] == 0 ? rank / 2 : 0;
        }
        ties += count * count * count - count;
        is_plain = is_plain && count == 1 && size > 0;
    }
    out->sum = sum;
    out->is_exact = is_plain && n <= EXACT_MAX;
    if (out->is_exact) {
        out->p = exact_p(n, sum);
        return;
    }
    const double m = (double)n;
    const double variance = (m * (m + 1) * (2 * m + 1) - ties / 2) / 24;
    out->p = dln_normal_cdf(-(sum - m * (m + 1) / 4) / sqrt(variance));
}
