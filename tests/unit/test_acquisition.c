/* Against numbers of 60 digits (mpmath), out to where a plain logarithm would be of zero. */
#include "support/test.h"

#include "math/acquisition.h"
#include "support/vectors.h"

enum { N_MAX = 64 };

static void logarithms_of_h_and_phi_hold_far_into_the_tail(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("logei");
    double z[N_MAX];
    double log_h[N_MAX];
    double slope[N_MAX];
    double log_cdf[N_MAX];
    const size_t n = vectors_numbers(vectors_input(vectors, "log_h", "z"), z, N_MAX);
    for (size_t i = 0; i < n; i++) {
        double ignored;
        log_h[i] = dln_log_h(z[i], &slope[i]);
        log_cdf[i] = dln_log_cdf(z[i], &ignored);
    }
    vectors_assert_close(vectors_expected(vectors, "log_h", "log_h"), log_h, 1e-10, 1e-10);
    vectors_assert_close(vectors_expected(vectors, "log_h", "dlog_h_dz"), slope, 1e-10, 1e-10);
    vectors_assert_close(vectors_expected(vectors, "log_h", "log_Phi"), log_cdf, 1e-10, 1e-10);
    json_decref(vectors);
}

static void log_ei_is_that_of_the_vectors(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("logei");
    double mean[N_MAX];
    double var[N_MAX];
    double actual[N_MAX];
    const size_t n = vectors_numbers(vectors_input(vectors, "log_ei_max", "mean"), mean, N_MAX);
    vectors_numbers(vectors_input(vectors, "log_ei_max", "var"), var, N_MAX);
    const double best = json_number_value(vectors_input(vectors, "log_ei_max", "best"));
    for (size_t i = 0; i < n; i++)
        actual[i] = dln_log_ei(mean[i], var[i], best).value;
    vectors_assert_close(vectors_expected(vectors, "log_ei_max", "log_ei"), actual, 1e-10, 1e-10);

    /* minimising is maximising with every sign turned */
    vectors_numbers(vectors_input(vectors, "log_ei_min", "mean"), mean, N_MAX);
    vectors_numbers(vectors_input(vectors, "log_ei_min", "var"), var, N_MAX);
    const double least = json_number_value(vectors_input(vectors, "log_ei_min", "best"));
    for (size_t i = 0; i < n; i++)
        actual[i] = dln_log_ei(-mean[i], var[i], -least).value;
    vectors_assert_close(vectors_expected(vectors, "log_ei_min", "log_ei"), actual, 1e-10, 1e-10);
    json_decref(vectors);
}

/* Hypervolume of a front (first values falling) above a reference. */
static double volume(size_t n, const double *front, const double reference[2])
{
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
        const double right = k > 0 ? front[2 * k - 1] : reference[1];
        sum += (front[2 * k] - reference[0]) * (front[2 * k + 1] - right);
    }
    return sum;
}

/* Of the front with one more point. */
static double volume_with(size_t n, const double *front, const double reference[2], double a,
                          double b)
{
    double all[16];
    size_t kept = 0;
    bool is_in = false;
    if (a <= reference[0] || b <= reference[1]) return volume(n, front, reference);
    for (size_t k = 0; k < n; k++) {
        if (front[2 * k] >= a && front[2 * k + 1] >= b) return volume(n, front, reference);
        if (!is_in && front[2 * k] < a) {
            all[2 * kept] = a;
            all[2 * kept++ + 1] = b;
            is_in = true;
        }
        if (front[2 * k] <= a && front[2 * k + 1] <= b) continue;
        all[2 * kept] = front[2 * k];
        all[2 * kept++ + 1] = front[2 * k + 1];
    }
    if (!is_in) {
        all[2 * kept] = a;
        all[2 * kept++ + 1] = b;
    }
    return volume(kept, all, reference);
}

static void gains_in_hypervolume_are_what_a_sum_over_a_grid_says(void **state)
{
    (void)state;
    const double front[] = {1.5, -0.5, 0.5, 0.25, -0.25, 1.25};
    const double reference[] = {-2, -2};
    static const double means[][2] = {{0, 0}, {1, 1}, {-1, 2}, {-1.5, -1.5}};
    for (size_t n = 0; n <= 3; n++) {
        for (size_t i = 0; i < sizeof means / sizeof *means; i++) {
            const double var[] = {0.25, 0.64};
            double sum = 0;
            for (int a = 0; a < 600; a++) {
                for (int b = 0; b < 600; b++) {
                    const double s = -6 + 12 * (a + 0.5) / 600;
                    const double t = -6 + 12 * (b + 0.5) / 600;
                    const double gained = volume_with(n, front, reference, means[i][0] + 0.5 * s,
                                                      means[i][1] + 0.8 * t) -
                                          volume(n, front, reference);
                    sum += gained * exp(-0.5 * (s * s + t * t)) * 0.02 * 0.02 / 6.283185307179586;
                }
            }
            const struct dln_gain_pair gain = dln_log_ehvi(means[i], var, n, front, reference);
            assert_close(exp(gain.value), sum, 1e-5, 1e-3);
            for (int k = 0; k < 2; k++) { /* slopes, by differences */
                double up[] = {means[i][0], means[i][1]};
                double wide[] = {var[0], var[1]};
                up[k] += 1e-6;
                wide[k] += 1e-6;
                const double by_mean = dln_log_ehvi(up, var, n, front, reference).value;
                const double by_var = dln_log_ehvi(means[i], wide, n, front, reference).value;
                assert_close(gain.d_mean[k], (by_mean - gain.value) / 1e-6, 1e-5, 1e-4);
                assert_close(gain.d_var[k], (by_var - gain.value) / 1e-6, 1e-5, 1e-4);
            }
        }
    }
    /* far below the front there is still a slope to follow */
    const struct dln_gain_pair far =
        dln_log_ehvi((const double[]){-40, -40}, (const double[]){1, 1}, 3, front, reference);
    assert_true(isfinite(far.value) && far.d_mean[0] > 0 && far.d_mean[1] > 0);
}

static void the_chance_of_keeping_a_limit_is_that_of_the_vectors(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("logei");
    double mean[N_MAX];
    double var[N_MAX];
    double actual[N_MAX];
    const char *id = "log_prob_feasible";
    const size_t n = vectors_numbers(vectors_input(vectors, id, "mean"), mean, N_MAX);
    vectors_numbers(vectors_input(vectors, id, "var"), var, N_MAX);
    for (size_t i = 0; i < n; i++)
        actual[i] = dln_log_exceeds(-mean[i], var[i], 0).value;
    vectors_assert_close(vectors_expected(vectors, id, "log_pof"), actual, 1e-10, 1e-10);
    json_decref(vectors);
}

static void derivatives_are_those_of_small_differences(void **state)
{
    (void)state;
    static const double means[] = {-400, -60, -3, -0.5, 0, 0.4, 3};
    static const double vars[] = {0.01, 0.5, 2};
    struct dln_gain (*const gains[])(double, double, double) = {dln_log_ei, dln_log_exceeds};
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < sizeof means / sizeof means[0]; i++) {
            for (size_t j = 0; j < sizeof vars / sizeof vars[0]; j++) {
                const double mean = means[i];
                const double var = vars[j];
                const struct dln_gain at = gains[k](mean, var, 0.1);
                const double h = 1e-5;
                const double by_mean =
                    (gains[k](mean + h, var, 0.1).value - gains[k](mean - h, var, 0.1).value) /
                    (2 * h);
                const double hv = h * var;
                const double by_var =
                    (gains[k](mean, var + hv, 0.1).value - gains[k](mean, var - hv, 0.1).value) /
                    (2 * hv);
                assert_close(at.d_mean, by_mean, 1e-5, 1e-5); /* of differences at 1e-5 */
                assert_close(at.d_var, by_var, 1e-5, 1e-5);
            }
        }
    }
}

static void certainty_and_impossibility_stay_finite(void **state)
{
    (void)state;
    for (double mean = -1e6; mean <= 1e6; mean += 1e5) {
        const struct dln_gain sure = dln_log_ei(mean, 0, 0);
        assert_true(isfinite(sure.value) && isfinite(sure.d_mean) && isfinite(sure.d_var));
        const struct dln_gain chance = dln_log_exceeds(mean, 0, 0);
        assert_true(isfinite(chance.value) && isfinite(chance.d_mean) && isfinite(chance.d_var));
    }
}

static void erfcx_meets_its_definition(void **state)
{
    (void)state;
    for (double x = -3; x <= 5; x += 0.03125) /* erfc(5) is far from where it loses digits */
        assert_close(dln_erfcx(x), exp(x * x) * erfc(x), 0, 2e-14);
    /* 1/(x √π) (1 - 1/2x² + 3/4x⁴) */
    assert_close(dln_erfcx(1e4), 5.6418958354775629e-05 * (1 - 0.5e-8), 0, 1e-14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logarithms_of_h_and_phi_hold_far_into_the_tail),
        cmocka_unit_test(log_ei_is_that_of_the_vectors),
        cmocka_unit_test(gains_in_hypervolume_are_what_a_sum_over_a_grid_says),
        cmocka_unit_test(the_chance_of_keeping_a_limit_is_that_of_the_vectors),
        cmocka_unit_test(derivatives_are_those_of_small_differences),
        cmocka_unit_test(certainty_and_impossibility_stay_finite),
        cmocka_unit_test(erfcx_meets_its_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
