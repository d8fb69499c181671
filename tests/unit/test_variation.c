#include "support/test.h"

#include "base/rng.h"
#include "math/variation.h"
#include "support/vectors.h"

static double number(const json_t *array, size_t index)
{
    const json_t *value = json_array_get(array, index);
    assert_non_null(value);
    return json_number_value(value);
}

static void children_and_mutants_are_those_of_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("multiobjective");
    const char *id = "sbx_polynomial";
    const double a = json_number_value(vectors_input(vectors, id, "p1"));
    const double b = json_number_value(vectors_input(vectors, id, "p2"));
    const double low = json_number_value(vectors_input(vectors, id, "low"));
    const double high = json_number_value(vectors_input(vectors, id, "high"));
    const double eta = json_number_value(vectors_input(vectors, id, "eta"));
    const double x = json_number_value(vectors_input(vectors, id, "mutate_x"));
    const json_t *u = vectors_input(vectors, id, "u");
    assert_int_equal(json_array_size(u), 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *pair = json_array_get(vectors_expected(vectors, id, "sbx_children"), i);
        const struct dln_children children = dln_sbx(a, b, low, high, eta, number(u, i));
        assert_close(children.low, number(pair, 0), 1e-9, 1e-9);
        assert_close(children.high, number(pair, 1), 1e-9, 1e-9);
        const double mutant = number(vectors_expected(vectors, id, "polynomial_mutation"), i);
        assert_close(dln_polynomial_mutation(x, low, high, eta, number(u, i)), mutant, 1e-9, 1e-9);
    }
    json_decref(vectors);
}

static void children_and_mutants_stay_within_bounds(void **state)
{
    (void)state;
    struct dln_rng rng;
    dln_rng_init(&rng, 3);
    for (int i = 0; i < 2000; i++) {
        const double a = i % 5 == 0 ? 0 : dln_rng_uniform(&rng);
        const double b = i % 7 == 0 ? a : i % 3 == 0 ? 1 : dln_rng_uniform(&rng);
        const double u = i % 11 == 0 ? 0 : dln_rng_uniform(&rng);
        const struct dln_children children = dln_sbx(a, b, 0, 1, 20, u);
        assert_true(children.low >= 0 && children.low <= children.high && children.high <= 1);
        const double mutant = dln_polynomial_mutation(a, 0, 1, 20, u);
        assert_true(mutant >= 0 && mutant <= 1);
        assert_true(u < 0.5 ? mutant <= a : mutant >= a);
    }
    assert_close(dln_polynomial_mutation(4, 4, 4, 20, 0.9), 4, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_and_mutants_are_those_of_the_reference),
        cmocka_unit_test(children_and_mutants_stay_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
