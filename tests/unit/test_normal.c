#include "support/test.h"

#include "math/normal.h"
#include "support/vectors.h"

static void log_masses_are_those_of_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("tpe");
    const json_t *a = vectors_input(vectors, "log_gauss_mass", "a");
    const json_t *b = vectors_input(vectors, "log_gauss_mass", "b");
    const json_t *expected = vectors_expected(vectors, "log_gauss_mass", "log_mass");
    assert_int_equal(json_array_size(expected), 7);
    for (size_t i = 0; i < 7; i++) {
        const double low = json_number_value(json_array_get(a, i));
        const double high = json_number_value(json_array_get(b, i));
        const double mass = json_number_value(json_array_get(expected, i));
        assert_close(dln_normal_log_mass(low, high), mass, 0, 1e-13);
        assert_close(dln_normal_log_mass(-high, -low), mass, 0, 1e-13);
    }
    json_decref(vectors);
}

/* SciPy 1.11: norm.cdf, norm.logcdf, norm.logpdf. */
static void distribution_keeps_its_digits_in_the_tails(void **state)
{
    (void)state;
    static const struct {
        double z, cdf, log_cdf;
    } known[] = {
        {-1000.0, 0.0, -500007.8266948122},
        {-37.0, 5.7255712225239266e-300, -689.0305855768908},
        {-25.5, 9.856236518963926e-144, -329.28414898717955},
        {-24.5, 7.385706861488988e-133, -304.24427074096377},
        {-9.0, 1.1285884059538324e-19, -43.62814911333212},
        {-3.0, 0.0013498980316300933, -6.60772622151035},
        {-0.5, 0.3085375387259869, -1.175911761593619},
        {0.0, 0.5, -0.6931471805599453},
        {0.5, 0.6914624612740131, -0.3689464152886563},
        {3.0, 0.9986501019683699, -0.001350809964748193},
        {8.0, 0.9999999999999993, -6.220960574271743e-16},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_close(dln_normal_cdf(known[i].z), known[i].cdf, 0, 1e-13);
        assert_close(dln_normal_log_cdf(known[i].z), known[i].log_cdf, 0, 1e-13);
    }
    assert_close(dln_normal_pdf(0), 0.39894228040143268, 0, 1e-15);
    assert_close(dln_normal_pdf(-3), dln_normal_pdf(3), 0, 0);
    assert_close(dln_normal_pdf(3), 0.0044318484119380075, 0, 1e-14);
}

static void quantile_inverts_the_distribution(void **state)
{
    (void)state;
    static const double ps[] = {1e-300, 1e-20, 1e-5, 0.02425, 0.075, 0.3, 0.5, 0.7, 0.925, 0.999};
    for (size_t i = 0; i < sizeof ps / sizeof ps[0]; i++) {
        assert_close(dln_normal_cdf(dln_normal_quantile(ps[i])), ps[i], 0, 1e-12);
    }
    assert_close(dln_normal_quantile(0.975), 1.9599639845400545, 0, 1e-15);
    assert_close(dln_normal_quantile(0), -HUGE_VAL, 0, 0);
    assert_close(dln_normal_quantile(1), HUGE_VAL, 0, 0);
    assert_true(isnan(dln_normal_quantile(1.5)));
    assert_true(isnan(dln_normal_quantile(NAN)));
}

static void truncated_quantile_inverts_the_mass_wherever_the_interval_is(void **state)
{
    (void)state;
    static const double intervals[][2] = {{-1, 1},    {0, 1e-6},  {-8, 0.5},
                                          {2, 30},    {-6, -5.5}, {-50, -40},
                                          {40, 40.1}, {9, 1e3},   {-1e3, -100}};
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        const double a = intervals[i][0];
        const double b = intervals[i][1];
        const double all = dln_normal_log_mass(a, b);
        double before = a;
        for (double u = 0.01; u < 1; u += 0.07) {
            const double z = dln_normal_truncated(u, a, b);
            assert_true(z > before && z <= b);
            before = z;
            const double share = exp(dln_normal_log_mass(a, z) - all);
            assert_close(share, u, 1e-9, 1e-9);
        }
        assert_close(dln_normal_truncated(0, a, b), a, 0, 0);
        assert_close(dln_normal_truncated(1, a, b), b, 0, 0);
    }
}

static void mass_is_smooth_where_its_formula_changes(void **state)
{
    (void)state;
    for (double a = -20; a < 8; a += 0.37) {
        for (double width = 1e-6; width < 3; width *= 1.3) {
            const double whole = dln_normal_log_mass(a, a + width);
            const double left = dln_normal_log_mass(a, a + width / 3);
            const double right = dln_normal_log_mass(a + width / 3, a + width);
            assert_close(exp(left - whole) + exp(right - whole), 1, 1e-11, 0);
        }
    }
    assert_close(dln_normal_log_mass(2, 2), -HUGE_VAL, 0, 0);
    assert_close(dln_normal_log_mass(-HUGE_VAL, HUGE_VAL), 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_masses_are_those_of_the_reference),
        cmocka_unit_test(distribution_keeps_its_digits_in_the_tails),
        cmocka_unit_test(quantile_inverts_the_distribution),
        cmocka_unit_test(truncated_quantile_inverts_the_mass_wherever_the_interval_is),
        cmocka_unit_test(mass_is_smooth_where_its_formula_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
