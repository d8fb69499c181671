#include <math.h>
#include <stdint.h>

#include "dialin/trust.h"
#include "math/student.h"

static const double inside = 0.95;
static const double p_told_apart = 0.05;
enum { RUNS_MAX = 100 };

struct judging {
    size_t n, n_seeds;
    struct dln_candidate *candidates;
    double sign; /* value × sign is a loss */
    double test_train;
    struct dln_arena *arena;
    struct dln_findings *out;
    double df; /* of the noise */
};

const char *dln_verdict_name(enum dln_verdict_word word)
{
    switch (word) {
    case DLN_WORD_HOLDS: return "holds";
    case DLN_WORD_LUCKY: return "lucky";
    case DLN_WORD_UNSETTLED: return "unsettled";
    }
    return "unsettled";
}

static void find_mean(struct dln_candidate *one, size_t n_seeds)
{
    double sum = 0;
    double squares = 0;
    one->n = 0;
    for (size_t i = 0; i < n_seeds; i++) {
        if (isnan(one->values[i])) continue;
        sum += one->values[i];
        one->n++;
    }
    one->mean = one->n > 0 ? sum / (double)one->n : (double)NAN;
    for (size_t i = 0; i < n_seeds; i++) {
        if (isnan(one->values[i])) continue;
        squares += (one->values[i] - one->mean) * (one->values[i] - one->mean);
    }
    one->sd = one->n > 1 ? sqrt(squares / (double)(one->n - 1)) : (double)NAN;
    one->shift = one->mean - one->search;
}

/* Noise of one measurement: pooled over all candidates but the control, which may differ in kind.
 */
static void find_noise(struct judging *j)
{
    double squares = 0;
    j->df = 0;
    for (size_t i = 0; i < j->n; i++) {
        const struct dln_candidate *one = &j->candidates[i];
        if (one->is_control || one->n < 2) continue;
        squares += one->sd * one->sd * (double)(one->n - 1);
        j->df += (double)(one->n - 1);
    }
    j->out->noise_sd = j->df > 0 ? sqrt(squares / j->df) : (double)NAN;
}

/* The variance of a mean by that of one measurement: folds share most of their training rows. */
static double of_mean(const struct judging *j, size_t n)
{
    return 1 / (double)n + j->test_train;
}

static double half_width(const struct judging *j, double sd, double df, size_t n)
{
    if (n == 0 || !(df > 0)) return (double)NAN;
    return sd == 0 ? 0 : dln_student_within(inside, df) * sd * sqrt(of_mean(j, n));
}

static void find_intervals(struct judging *j)
{
    for (size_t i = 0; i < j->n; i++) {
        struct dln_candidate *one = &j->candidates[i];
        one->half_width = one->is_control && one->n > 1
                              ? half_width(j, one->sd, (double)(one->n - 1), one->n)
                              : half_width(j, j->out->noise_sd, j->df, one->n);
    }
}

/* Empirical Bayes: how much of the spread of the means is noise. */
static void shrink(struct judging *j)
{
    struct dln_findings *out = j->out;
    const double s2 = out->noise_sd * out->noise_sd;
    double sum = 0;
    double noise = 0;
    double squares = 0;
    size_t k = 0;
    for (size_t i = 0; i < j->n; i++) {
        const struct dln_candidate *one = &j->candidates[i];
        if (one->is_control || one->n == 0) continue;
        sum += one->mean;
        noise += s2 * of_mean(j, one->n);
        k++;
    }
    out->grand = k > 0 ? sum / (double)k : (double)NAN;
    for (size_t i = 0; i < j->n; i++) {
        const struct dln_candidate *one = &j->candidates[i];
        if (one->is_control || one->n == 0) continue;
        squares += (one->mean - out->grand) * (one->mean - out->grand);
    }
    const bool is_known = k > 1 && !isnan(s2);
    out->between = is_known ? fmax(0, squares / (double)(k - 1) - noise / (double)k) : (double)NAN;
    for (size_t i = 0; i < j->n; i++) {
        struct dln_candidate *one = &j->candidates[i];
        one->shrunk = one->mean;
        if (one->is_control || one->n == 0 || !is_known || s2 == 0) continue;
        const double own = s2 * of_mean(j, one->n);
        const double factor = k > 3 ? (double)(k - 3) / (double)(k - 1) : 1;
        const double b = out->between == 0 ? 1 : factor * own / (own + out->between);
        one->shrunk = out->grand + (1 - b) * (one->mean - out->grand);
    }
}

/* Measured more often goes before, then the better mean. One that mostly failed comes last. */
static bool is_better(const struct judging *j, const struct dln_candidate *a,
                      const struct dln_candidate *b)
{
    const bool a_works = 2 * a->n > a->n_asked;
    const bool b_works = 2 * b->n > b->n_asked;
    if (a_works != b_works) return a_works;
    if (a->n_asked != b->n_asked) return a->n_asked > b->n_asked;
    if (!(a->n > 0) || !(b->n > 0)) return a->n > 0 && b->n == 0;
    return j->sign * a->mean < j->sign * b->mean;
}

static void rank(struct judging *j)
{
    struct dln_findings *out = j->out;
    for (size_t i = 0; i < j->n; i++) {
        struct dln_candidate *one = &j->candidates[i];
        one->rank = 0;
        for (size_t k = 0; k < j->n; k++) {
            const struct dln_candidate *other = &j->candidates[k];
            if (k == i) continue;
            if (one->is_control != other->is_control) {
                one->rank += one->is_control;
            } else {
                one->rank += is_better(j, other, one) || (k < i && !is_better(j, one, other));
            }
        }
        if (one->rank != 0 || one->is_control || one->n == 0) continue;
        out->is_known = true;
        out->winner = i;
        out->value = one->shrunk;
        out->half_width = one->half_width;
    }
}

static bool compare_with_winner(struct judging *j, struct dln_error *err)
{
    struct dln_findings *out = j->out;
    double *p = DLN_ARENA_ARRAY(j->arena, double, j->n);
    if (!p) return dln_fail(err, DLN_NOMEM, "judge candidates");
    size_t n = 0;
    for (size_t i = 0; i < j->n; i++) {
        struct dln_candidate *one = &j->candidates[i];
        one->p = 1;
        if (!dln_compare_paired(j->n_seeds, one->values, j->candidates[out->winner].values,
                                j->test_train, j->arena, &one->behind, err)) {
            return false;
        }
        one->behind.mean *= j->sign;
        one->behind.t *= j->sign;
        if (i != out->winner) p[n++] = one->behind.p;
    }
    if (!dln_holm(n, p, j->arena, err)) return false;
    n = 0;
    for (size_t i = 0; i < j->n; i++) {
        struct dln_candidate *one = &j->candidates[i];
        if (i == out->winner) continue;
        one->p = p[n++];
        const bool is_behind = one->p < p_told_apart && one->behind.mean > 0;
        if (one->is_control) {
            out->has_control = true;
            out->beats_control = is_behind;
            out->p_control = one->p;
        } else if (!is_behind && one->n > 0 && one->n_asked == j->candidates[out->winner].n_asked) {
            one->is_tied = true;
            out->n_tied++;
            if (out->n_tied == 1 || one->behind.more < out->more) out->more = one->behind.more;
        }
    }
    return true;
}

/* Runs until the mean is known to within the noise of one measurement. */
static size_t runs_missing(const struct judging *j, const struct dln_candidate *one)
{
    for (size_t n = one->n < 2 ? 2 : one->n; n < RUNS_MAX; n++) {
        const double df = j->df + (double)(n - one->n);
        if (dln_student_within(inside, df) * sqrt(of_mean(j, n)) <= 1) return n - one->n;
    }
    return RUNS_MAX;
}

static void find_words(struct judging *j)
{
    const double noise = j->out->noise_sd;
    for (size_t i = 0; i < j->n; i++) {
        struct dln_candidate *one = &j->candidates[i];
        const double worse = j->sign * one->shift;
        const double slack = 1e-9 * (fabs(one->mean) + fabs(one->search)); /* of decimal digits */
        one->more = 0;
        if (worse > one->half_width + slack) {
            one->word = DLN_WORD_LUCKY;
        } else if (isnan(worse) || isnan(one->half_width) ||
                   (one->half_width > noise && one->n < RUNS_MAX)) {
            one->word = DLN_WORD_UNSETTLED;
            one->more = runs_missing(j, one);
        } else {
            one->word = DLN_WORD_HOLDS;
        }
    }
}

static bool find_optimism(struct judging *j, struct dln_error *err)
{
    struct dln_findings *out = j->out;
    double *search = DLN_ARENA_ARRAY(j->arena, double, j->n);
    double *fresh = DLN_ARENA_ARRAY(j->arena, double, j->n);
    if (!search || !fresh) return dln_fail(err, DLN_NOMEM, "judge candidates");
    size_t k = 0;
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < j->n; i++) {
        const struct dln_candidate *one = &j->candidates[i];
        if (one->is_control || isnan(one->shift)) continue;
        search[k] = one->search;
        fresh[k++] = one->mean;
        sum += j->sign * one->shift;
    }
    out->optimism = k > 0 ? sum / (double)k : (double)NAN;
    for (size_t i = 0; i < k; i++) {
        const double off = j->sign * (fresh[i] - search[i]) - out->optimism;
        squares += off * off;
    }
    out->optimism_se = k > 1 ? sqrt(squares / (double)(k - 1)) / sqrt((double)k) : (double)NAN;
    out->rank_agreement = dln_rank_correlation(k, search, fresh);
    return true;
}

bool dln_judge(size_t n, struct dln_candidate *candidates, size_t n_seeds, bool maximize,
               double test_train, struct dln_arena *arena, struct dln_findings *out,
               struct dln_error *err)
{
    struct judging j = {
        .n = n,
        .n_seeds = n_seeds,
        .candidates = candidates,
        .sign = maximize ? -1 : 1,
        .test_train = test_train,
        .arena = arena,
        .out = out,
    };
    *out = (struct dln_findings){.p_control = 1};
    out->value = out->half_width = out->grand = out->between = (double)NAN;
    for (size_t i = 0; i < n; i++) {
        find_mean(&candidates[i], n_seeds);
        candidates[i].is_tied = false;
        candidates[i].p = 1;
    }
    find_noise(&j);
    find_intervals(&j);
    shrink(&j);
    rank(&j);
    if (out->is_known && !compare_with_winner(&j, err)) return false;
    find_words(&j);
    if (out->is_known && out->between >= 0 && out->noise_sd > 0) {
        const double spread = candidates[out->winner].mean - out->grand;
        out->shrinkage =
            spread == 0 ? 1 : 1 - (candidates[out->winner].shrunk - out->grand) / spread;
    }
    return find_optimism(&j, err);
}
