#include "support/test.h"

#include "base/rng.h"
#include "math/warping.h"
#include "support/vectors.h"

enum { N_MAX = 64 };

static void check_yeo_johnson(const json_t *vectors, const char *id)
{
    double y[N_MAX];
    const size_t n = vectors_numbers(vectors_input(vectors, id, "y"), y, N_MAX);
    double mean;
    double sd;
    dln_moments(n, y, &mean, &sd);
    for (size_t i = 0; i < n; i++)
        y[i] = (y[i] - mean) / sd;
    vectors_assert_close(vectors_expected(vectors, id, "standardised"), y, 1e-9, 1e-9);

    const double lambda = dln_yeo_johnson_fit(n, y);
    assert_close(lambda, json_number_value(vectors_expected(vectors, id, "lambda_mle")), 1e-4, 0);
    double likelihood[3];
    for (int i = 0; i < 3; i++)
        likelihood[i] = dln_yeo_johnson_likelihood(n, y, i);
    vectors_assert_close(vectors_expected(vectors, id, "loglik_at_0_1_2"), likelihood, 1e-9, 1e-9);

    static const char *const keys[] = {"transformed_at_mle", "transformed_at_0",
                                       "transformed_at_2"};
    const double lambdas[] = {lambda, 0, 2};
    for (int k = 0; k < 3; k++) {
        double bent[N_MAX];
        for (size_t i = 0; i < n; i++) {
            bent[i] = dln_yeo_johnson(y[i], lambdas[k]);
            assert_close(dln_yeo_johnson_back(bent[i], lambdas[k]), y[i], 1e-12, 1e-12);
        }
        const double tolerance = k == 0 ? 1e-4 : 1e-9; /* the search for lambda ends at 1e-4 */
        vectors_assert_close(vectors_expected(vectors, id, keys[k]), bent, tolerance, tolerance);
    }
}

static void yeo_johnson_is_that_of_the_vectors(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("warping");
    check_yeo_johnson(vectors, "yeojohnson_lognormal");
    check_yeo_johnson(vectors, "yeojohnson_gaussian");
    json_decref(vectors);
}

static void a_bad_tail_is_damped_as_in_the_vectors(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("warping");
    double y[N_MAX];
    double scratch[N_MAX];
    const size_t n = vectors_numbers(vectors_input(vectors, "bad_tail_damping", "score"), y, N_MAX);
    dln_moments(n, y, &scratch[0], &scratch[1]);
    const double mean = scratch[0];
    const double sd = scratch[1];
    for (size_t i = 0; i < n; i++)
        y[i] = (y[i] - mean) / sd;
    double median;
    double scale;
    dln_robust_moments(n, y, scratch, &median, &scale);
    for (size_t i = 0; i < n; i++)
        y[i] = dln_damp(y[i], median, scale);
    vectors_assert_close(vectors_expected(vectors, "bad_tail_damping", "damped"), y, 1e-9, 1e-9);
    json_decref(vectors);
}

/* Exponentials of normals, of all scales: what losses look like. */
static void draw(double *y, size_t n, uint64_t seed, double shift, double scale)
{
    struct dln_rng rng;
    dln_rng_init(&rng, seed);
    for (size_t i = 0; i < n; i++)
        y[i] = shift - scale * exp(2 * dln_rng_normal(&rng));
}

static void the_whole_pipeline_keeps_ranks_and_comes_back(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        double y[N_MAX];
        double warped[N_MAX];
        double scratch[N_MAX];
        draw(y, N_MAX, seed, 3, 100);
        memcpy(warped, y, sizeof y);
        struct dln_warp warp;
        assert_true(dln_warp_fit(&warp, seed % 2 == 0, N_MAX, warped, scratch));
        double mean;
        double sd;
        dln_moments(N_MAX, warped, &mean, &sd);
        assert_close(mean, 0, 1e-12, 0);
        assert_close(sd, 1, 1e-12, 0);
        for (int i = 0; i < N_MAX; i++) {
            assert_close(dln_warp_apply(&warp, y[i]), warped[i], 1e-9, 1e-9);
            assert_close(dln_warp_back(&warp, warped[i]), y[i], 1e-6, 1e-9);
            for (int j = 0; j < i; j++)
                assert_true((y[i] < y[j]) == (warped[i] < warped[j]) || y[i] == y[j]);
        }
        assert_true(isfinite(dln_warp_back(&warp, 1e9)) && isfinite(dln_warp_back(&warp, -1e9)));
    }
}

static void shift_and_scale_of_the_objective_do_not_matter(void **state)
{
    (void)state;
    double plain[N_MAX];
    double moved[N_MAX];
    double scratch[N_MAX];
    draw(plain, N_MAX, 4, 0, 1);
    draw(moved, N_MAX, 4, 50, 1000);
    struct dln_warp warp;
    assert_true(dln_warp_fit(&warp, true, N_MAX, plain, scratch));
    assert_true(dln_warp_fit(&warp, true, N_MAX, moved, scratch));
    for (int i = 0; i < N_MAX; i++)
        assert_close(moved[i], plain[i], 1e-6, 1e-6);
}

static void a_normal_comes_back_as_middle_and_width(void **state)
{
    (void)state;
    double y[N_MAX];
    double scratch[N_MAX];
    struct dln_rng rng;
    dln_rng_init(&rng, 1);
    for (int i = 0; i < N_MAX; i++)
        y[i] = 5 + 2 * dln_rng_uniform(&rng); /* nothing to bend */
    struct dln_warp warp;
    assert_true(dln_warp_fit(&warp, false, N_MAX, y, scratch));
    assert_false(warp.bends);
    double mean;
    double sd;
    dln_warp_back_normal(&warp, 0.5, 0.1, &mean, &sd);
    assert_close(mean, warp.mean[0] + 0.5 * warp.sd[0], 1e-12, 1e-12);
    assert_close(sd, 0.1 * warp.sd[0], 1e-12, 1e-12);

    /* most values within 2, some a million away: an uncertain prediction stays among most */
    for (int i = 0; i < N_MAX; i++)
        y[i] = i % 8 == 0 ? -1e6 * (1 + dln_rng_uniform(&rng)) : 5 + 2 * dln_rng_uniform(&rng);
    assert_true(dln_warp_fit(&warp, true, N_MAX, y, scratch));
    dln_warp_back_normal(&warp, dln_warp_apply(&warp, 6.5), 0.1, &mean, &sd);
    assert_close(mean, 6.5, 1e-6, 0);
    assert_true(sd > 0 && sd < 2);
}

static void equal_values_teach_nothing(void **state)
{
    (void)state;
    double y[3] = {2, 2, 2};
    double scratch[3];
    struct dln_warp warp;
    assert_false(dln_warp_fit(&warp, true, 3, y, scratch));
    assert_false(dln_warp_fit(&warp, true, 1, y, scratch));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yeo_johnson_is_that_of_the_vectors),
        cmocka_unit_test(a_bad_tail_is_damped_as_in_the_vectors),
        cmocka_unit_test(the_whole_pipeline_keeps_ranks_and_comes_back),
        cmocka_unit_test(shift_and_scale_of_the_objective_do_not_matter),
        cmocka_unit_test(a_normal_comes_back_as_middle_and_width),
        cmocka_unit_test(equal_values_teach_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
