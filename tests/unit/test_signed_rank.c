/* src/math/signed_rank.c: p values of SciPy and of counting by hand. */
#include "math/signed_rank.h"
#include "support/test.h"
#include "support/vectors.h"

static size_t read_differences(const json_t *inputs, double *out, size_t cap)
{
    const json_t *best = json_object_get(inputs, "best");
    const json_t *current = json_object_get(inputs, "current");
    const bool maximize =
        strcmp(json_string_value(json_object_get(inputs, "direction")), "maximize") == 0;
    size_t n = 0;
    const char *step;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)current, step, value)
    {
        const json_t *other = json_object_get(best, step);
        if (!json_is_number(other) || !json_is_number(value)) continue;
        assert_true(n < cap);
        const double d = json_number_value(value) - json_number_value(other);
        out[n++] = maximize ? -d : d;
    }
    return n;
}

static void p_values_are_those_of_scipy(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("pruners");
    size_t index;
    size_t n_compared = 0;
    json_t *entry;
    json_array_foreach(json_object_get(vectors, "cases"), index, entry)
    {
        const json_t *inputs = json_object_get(entry, "inputs");
        const char *pruner = json_string_value(json_object_get(inputs, "pruner"));
        const json_t *expected = json_object_get(entry, "expected");
        if (!pruner || strcmp(pruner, "wilcoxon") != 0) continue;
        if (!json_is_number(json_object_get(expected, "p"))) continue;
        double difference[64];
        const size_t n = read_differences(inputs, difference, 64);
        struct dln_signed_rank rank;
        dln_signed_rank(n, difference, &rank);
        assert_close(rank.p, json_number_value(json_object_get(expected, "p")), 1e-6, 0);
        const char *null = json_string_value(json_object_get(expected, "null"));
        assert_int_equal(rank.is_exact, strcmp(null, "exact") == 0);
        n_compared++;
    }
    assert_true(n_compared >= 8);
    json_decref(vectors);
}

static void every_sign_pattern_of_eight_is_counted(void **state)
{
    (void)state;
    enum { N = 8, PATTERNS = 1 << N };
    int sums[PATTERNS];
    for (int pattern = 0; pattern < PATTERNS; pattern++) {
        sums[pattern] = 0;
        for (int i = 0; i < N; i++)
            sums[pattern] += pattern & 1 << i ? i + 1 : 0;
    }
    for (int pattern = 0; pattern < PATTERNS; pattern++) {
        double difference[N];
        int as_high = 0;
        for (int i = 0; i < N; i++)
            difference[i] = pattern & 1 << i ? i + 1 : -(i + 1);
        for (int other = 0; other < PATTERNS; other++)
            as_high += sums[other] >= sums[pattern];
        struct dln_signed_rank rank;
        dln_signed_rank(N, difference, &rank);
        assert_true(rank.is_exact);
        assert_close(rank.sum, sums[pattern], 0, 0);
        assert_close(rank.p, as_high / (double)PATTERNS, 1e-12, 0);
    }
}

static void zeros_split_their_ranks_and_all_zeros_say_nothing(void **state)
{
    (void)state;
    double zeros[5] = {0};
    struct dln_signed_rank rank;
    dln_signed_rank(5, zeros, &rank);
    assert_close(rank.sum, 7.5, 0, 0);
    assert_close(rank.p, 0.5, 1e-12, 0);
    double mixed[] = {0, 3, -2};
    dln_signed_rank(3, mixed, &rank);
    assert_close(rank.sum, 0.5 + 3, 0, 0);
    assert_false(rank.is_exact);
}

static void fifty_differences_are_counted_and_fifty_one_are_not(void **state)
{
    (void)state;
    double difference[51];
    for (int n = 50; n <= 51; n++) {
        for (int i = 0; i < n; i++)
            difference[i] = i % 3 == 0 ? -(i + 1) : i + 1;
        struct dln_signed_rank rank;
        dln_signed_rank((size_t)n, difference, &rank);
        assert_int_equal(rank.is_exact, n == 50);
        assert_true(rank.p > 0 && rank.p < 0.05);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(p_values_are_those_of_scipy),
        cmocka_unit_test(every_sign_pattern_of_eight_is_counted),
        cmocka_unit_test(zeros_split_their_ranks_and_all_zeros_say_nothing),
        cmocka_unit_test(fifty_differences_are_counted_and_fifty_one_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
