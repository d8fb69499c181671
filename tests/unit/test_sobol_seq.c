#include "support/test.h"

#include "math/sobol_seq.h"
#include "support/vectors.h"

/* Points as SciPy gives them, from our own direction numbers. */
static void check_points(const json_t *points, size_t d, const uint32_t *shift)
{
    size_t index;
    json_t *point;
    json_array_foreach(points, index, point)
    {
        for (size_t j = 0; j < d; j++) {
            uint32_t v[DLN_SOBOL_BITS];
            dln_sobol_directions(j, v);
            double u = dln_sobol_digits(v, index) * 0x1.0p-32;
            if (shift) { /* of 30 digits, to the middle of the last one */
                u = (((uint32_t)(u * 0x1.0p30) ^ shift[j]) + 0.5) * 0x1.0p-30;
            }
            assert_close(u, json_real_value(json_array_get(point, j)), 1e-12, 0);
        }
    }
    assert_true(index >= 16);
}

static void unscrambled_points_are_those_of_scipy(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("sobol");
    check_points(vectors_expected(vectors, "unscrambled_d12_first16", "points"), 12, NULL);
    json_decref(vectors);
}

static void a_digital_shift_moves_points_as_in_scipy(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("sobol");
    uint32_t shift[12];
    for (size_t j = 0; j < 12; j++) {
        const json_t *all = vectors_input(vectors, "digital_shift30", "shift");
        shift[j] = (uint32_t)json_integer_value(json_array_get(all, j));
    }
    check_points(vectors_expected(vectors, "digital_shift30", "points"), 12, shift);
    json_decref(vectors);
}

static void any_index_is_reached_without_those_before(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("sobol");
    const uint64_t index = vectors_u64(vectors_input(vectors, "fast_forward", "index"));
    const json_t *point = vectors_expected(vectors, "fast_forward", "point");
    assert_int_equal(json_array_size(point), 12);
    for (size_t j = 0; j < 12; j++) {
        uint32_t v[DLN_SOBOL_BITS];
        dln_sobol_directions(j, v);
        assert_close(dln_sobol_digits(v, index) * 0x1.0p-32,
                     json_real_value(json_array_get(point, j)), 1e-12, 0);
    }
    json_decref(vectors);
}

/* Hickernell's centered L2 discrepancy, squared, as SciPy defines it. */
static double centered_discrepancy(size_t n, size_t d, double points[][8])
{
    double single = 0;
    double pairs = 0;
    for (size_t i = 0; i < n; i++) {
        double product = 1;
        for (size_t k = 0; k < d; k++) {
            const double c = fabs(points[i][k] - 0.5);
            product *= 1 + 0.5 * c - 0.5 * c * c;
        }
        single += product;
        for (size_t j = 0; j < n; j++) {
            product = 1;
            for (size_t k = 0; k < d; k++) {
                const double a = points[i][k];
                const double b = points[j][k];
                product *= 1 + 0.5 * fabs(a - 0.5) + 0.5 * fabs(b - 0.5) - 0.5 * fabs(a - b);
            }
            pairs += product;
        }
    }
    const double count = (double)n;
    return pow(13.0 / 12.0, (double)d) - 2 / count * single + pairs / (count * count);
}

static void the_points_have_the_discrepancy_that_scipy_finds(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("sobol");
    double points[64][8];
    for (size_t j = 0; j < 5; j++) {
        uint32_t v[DLN_SOBOL_BITS];
        dln_sobol_directions(j, v);
        for (size_t i = 0; i < 64; i++)
            points[i][j] = dln_sobol_digits(v, i) * 0x1.0p-32;
    }
    const json_t *expected = vectors_expected(vectors, "discrepancy_cd", "centered_discrepancy");
    assert_close(centered_discrepancy(64, 5, points), json_real_value(expected), 1e-12, 0);
    json_decref(vectors);
}

/* 300 dimensions reach into the padded ones. */
static void every_scrambled_coordinate_visits_each_interval_once(void **state)
{
    (void)state;
    enum { D = 300, N = 256 };
    struct dln_error err = {0};
    dln_sobol_seq *seq = NULL;
    assert_ok(dln_sobol_seq_new(D, 7, &seq, &err), err);
    static unsigned char hits[D][N];
    memset(hits, 0, sizeof hits);
    for (uint64_t i = 0; i < N; i++) {
        double u[D];
        dln_sobol_seq_point(seq, i, 0, u);
        for (size_t j = 0; j < D; j++) {
            assert_true(u[j] > 0 && u[j] < 1);
            hits[j][(size_t)(u[j] * N)]++;
        }
    }
    for (size_t j = 0; j < D; j++) {
        for (size_t k = 0; k < N; k++)
            assert_int_equal(hits[j][k], 1);
    }
    dln_sobol_seq_free(seq);
}

static void scrambling_keeps_boxes_of_two_coordinates_even(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        struct dln_error err = {0};
        dln_sobol_seq *seq = NULL;
        assert_ok(dln_sobol_seq_new(2, seed, &seq, &err), err);
        for (uint64_t stream = 0; stream < 3; stream++) {
            int hits[16][16] = {{0}};
            for (uint64_t i = 0; i < 256; i++) {
                double u[2];
                dln_sobol_seq_point(seq, i, stream, u);
                hits[(int)(u[0] * 16)][(int)(u[1] * 16)]++;
            }
            for (int k = 0; k < 256; k++)
                assert_int_equal(hits[k / 16][k % 16], 1);
        }
        dln_sobol_seq_free(seq);
    }
}

static double correlation(size_t a, size_t b, const dln_sobol_seq *seq)
{
    enum { N = 1024 };
    double sum = 0;
    for (uint64_t i = 0; i < N; i++) {
        double u[300];
        dln_sobol_seq_point(seq, i, 0, u);
        sum += (u[a] - 0.5) * (u[b] - 0.5);
    }
    return sum / N * 12;
}

static void padded_coordinates_are_unrelated_to_others(void **state)
{
    (void)state;
    struct dln_error err = {0};
    dln_sobol_seq *seq = NULL;
    assert_ok(dln_sobol_seq_new(300, 3, &seq, &err), err);
    /* random pairs would have a standard deviation of 1/32 */
    assert_true(fabs(correlation(0, 256, seq)) < 0.13);
    assert_true(fabs(correlation(256, 257, seq)) < 0.13);
    assert_true(fabs(correlation(280, 299, seq)) < 0.13);
    dln_sobol_seq_free(seq);
}

static void seeds_and_streams_give_other_points(void **state)
{
    (void)state;
    struct dln_error err = {0};
    dln_sobol_seq *one = NULL;
    dln_sobol_seq *two = NULL;
    assert_ok(dln_sobol_seq_new(260, 1, &one, &err), err);
    assert_ok(dln_sobol_seq_new(260, 2, &two, &err), err);
    double a[260];
    double b[260];
    double c[260];
    dln_sobol_seq_point(one, 5, 0, a);
    dln_sobol_seq_point(two, 5, 0, b);
    dln_sobol_seq_point(one, 5, 1, c);
    for (size_t j = 0; j < 260; j++) {
        assert_true(a[j] != b[j]);
        assert_true(a[j] != c[j]);
    }
    dln_sobol_seq_free(one);
    dln_sobol_seq_free(two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unscrambled_points_are_those_of_scipy),
        cmocka_unit_test(a_digital_shift_moves_points_as_in_scipy),
        cmocka_unit_test(any_index_is_reached_without_those_before),
        cmocka_unit_test(the_points_have_the_discrepancy_that_scipy_finds),
        cmocka_unit_test(every_scrambled_coordinate_visits_each_interval_once),
        cmocka_unit_test(scrambling_keeps_boxes_of_two_coordinates_even),
        cmocka_unit_test(padded_coordinates_are_unrelated_to_others),
        cmocka_unit_test(seeds_and_streams_give_other_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
