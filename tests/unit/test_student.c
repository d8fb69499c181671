/* src/math/student.c: the values of tables, and distributions that have a closed form. */
#include "math/student.h"
#include "support/test.h"

static void tails_and_quantiles_are_those_of_tables(void **state)
{
    (void)state;
    static const struct {
        double df, t; /* |T| < t with 95 % */
    } table[] = {{1, 12.706204736432095},  {2, 4.302652729749464},   {4, 2.7764451051977987},
                 {9, 2.2621571628540993},  {30, 2.0422724563012373}, {120, 1.9799304050824413},
                 {1e9, 1.9599639845400545}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        assert_close(dln_student_within(0.95, table[i].df), table[i].t, 0, 1e-8);
        assert_close(dln_student_two_sided(-table[i].t, table[i].df), 0.05, 0, 1e-7);
    }
    assert_close(dln_student_two_sided(1, 1), 0.5, 1e-12, 0); /* Cauchy */
    assert_close(dln_student_two_sided(sqrt(2), 2), 1 - 1 / sqrt(2), 1e-12, 0);
}

static void edges_are_defined(void **state)
{
    (void)state;
    assert_close(dln_student_two_sided(0, 3), 1, 0, 0);
    assert_close(dln_student_two_sided((double)INFINITY, 3), 0, 0, 0);
    assert_true(isnan(dln_student_two_sided(1, 0)));
    assert_true(isnan(dln_student_within(1, 3)));
    assert_close(dln_student_within(0, 3), 0, 1e-12, 0);
    for (double df = 0.5; df < 1e6; df *= 3) {
        for (double t = 0.01; dln_student_two_sided(t, df) > 1e-6; t *= 4)
            assert_close(dln_student_within(1 - dln_student_two_sided(t, df), df), t, 0, 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails_and_quantiles_are_those_of_tables),
        cmocka_unit_test(edges_are_defined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
