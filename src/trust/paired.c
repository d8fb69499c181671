#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "dialin/trust.h"
#include "math/signed_rank.h"
#include "math/student.h"

enum { WILCOXON_MIN = 6, SEEDS_MAX = 1000 };
static const double inside = 0.95;

/* How many seeds until the interval of a difference like this leaves 0 out, beyond those there. */
static size_t seeds_missing(size_t n, double mean, double sd)
{
    if (!(fabs(mean) > 0)) return sd == 0 ? 0 : SIZE_MAX; /* equal for good, or as good as */
    size_t low = n; /* more seeds never widen the interval, so it is halved */
    size_t high = SEEDS_MAX + 1;
    while (low < high) {
        const size_t m = low + (high - low) / 2;
        const double half = dln_student_within(inside, (double)(m - 1)) * sd / sqrt((double)m);
        if (half < fabs(mean)) {
            high = m;
        } else {
            low = m + 1;
        }
    }
    if (low <= SEEDS_MAX) return low - n;
    return SIZE_MAX;
}

static double signed_rank_p(size_t n, const double *difference, double *scratch)
{
    struct dln_signed_rank more;
    struct dln_signed_rank less;
    for (size_t i = 0; i < n; i++)
        scratch[i] = difference[i];
    dln_signed_rank(n, scratch, &more);
    for (size_t i = 0; i < n; i++)
        scratch[i] = -difference[i];
    dln_signed_rank(n, scratch, &less);
    return fmin(1, 2 * fmin(more.p, less.p));
}

bool dln_compare_paired(size_t n, const double *a, const double *b, double test_train,
                        struct dln_arena *arena, struct dln_paired *out, struct dln_error *err)
{
    *out = (struct dln_paired){.p = 1, .more = SIZE_MAX};
    out->mean = out->sd = out->half_width = out->t = out->wilcoxon_p = (double)NAN;
    double *difference = DLN_ARENA_ARRAY(arena, double, n);
    double *scratch = DLN_ARENA_ARRAY(arena, double, n);
    if (!difference || !scratch) return dln_fail(err, DLN_NOMEM, "compare two candidates");
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(a[i]) || isnan(b[i])) continue;
        difference[out->n] = a[i] - b[i];
        sum += difference[out->n++];
    }
    if (out->n == 0) return true;
    const double count = (double)out->n;
    out->mean = sum / count;
    if (out->n < 2) return true;
    double squares = 0;
    for (size_t i = 0; i < out->n; i++)
        squares += (difference[i] - out->mean) * (difference[i] - out->mean);
    out->sd = sqrt(squares / (count - 1));
    const double se = out->sd * sqrt(1 / count + test_train);
    out->half_width = dln_student_within(inside, count - 1) * se;
    if (se > 0) {
        out->t = out->mean / se;
    } else {
        out->t = out->mean == 0 ? 0 : copysign((double)INFINITY, out->mean);
    }
    out->p = dln_student_two_sided(out->t, count - 1);
    if (out->n >= WILCOXON_MIN) out->wilcoxon_p = signed_rank_p(out->n, difference, scratch);
    out->more = seeds_missing(out->n, out->mean, out->sd);
    return true;
}

struct ranked {
    double value;
    size_t place;
};

static int by_value(const void *a, const void *b)
{
    const double x = ((const struct ranked *)a)->value;
    const double y = ((const struct ranked *)b)->value;
    return (x > y) - (x < y);
}

bool dln_holm(size_t n, double *p, struct dln_arena *arena, struct dln_error *err)
{
    struct ranked *sorted = DLN_ARENA_ARRAY(arena, struct ranked, n);
    if (!sorted) return dln_fail(err, DLN_NOMEM, "correct for several comparisons");
    for (size_t i = 0; i < n; i++)
        sorted[i] = (struct ranked){.value = p[i], .place = i};
    if (n > 1) qsort(sorted, n, sizeof *sorted, by_value);
    double highest = 0;
    for (size_t i = 0; i < n; i++) {
        highest = fmax(highest, fmin(1, (double)(n - i) * sorted[i].value));
        p[sorted[i].place] = highest;
    }
    return true;
}

/* The rank of one among n, ties by their mean. */
static double rank_of(size_t n, const double *values, size_t one)
{
    size_t below = 0;
    size_t equal = 0;
    for (size_t i = 0; i < n; i++) {
        below += values[i] < values[one];
        equal += values[i] == values[one];
    }
    return (double)below + (double)(equal + 1) / 2;
}

double dln_rank_correlation(size_t n, const double *a, const double *b)
{
    const double middle = ((double)n + 1) / 2;
    double both = 0;
    double of_a = 0;
    double of_b = 0;
    if (n < 3) return (double)NAN;
    for (size_t i = 0; i < n; i++) {
        const double x = rank_of(n, a, i) - middle;
        const double y = rank_of(n, b, i) - middle;
        both += x * y;
        of_a += x * x;
        of_b += y * y;
    }
    return of_a > 0 && of_b > 0 ? both / sqrt(of_a * of_b) : (double)NAN;
}
