#include "support/test.h"

#include "math/differential.h"
#include "support/vectors.h"

static double number(const json_t *array, size_t index)
{
    const json_t *value = json_array_get(array, index);
    assert_non_null(value);
    return json_number_value(value);
}

static void successes_are_remembered_as_in_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("de");
    const char *id = "memory_update";
    struct dln_lehmer f = {0};
    struct dln_lehmer cr = {0};
    assert_close(dln_lehmer_mean(&f), 0, 0, 0);
    for (size_t i = 0; i < 5; i++) {
        const double delta = number(vectors_input(vectors, id, "delta_f"), i);
        dln_lehmer_add(&f, number(vectors_input(vectors, id, "F"), i), delta);
        dln_lehmer_add(&cr, number(vectors_input(vectors, id, "CR"), i), delta);
    }
    assert_close(dln_lehmer_mean(&f), json_number_value(vectors_expected(vectors, id, "lehmer_F")),
                 1e-12, 1e-12);
    assert_close(dln_lehmer_mean(&cr),
                 json_number_value(vectors_expected(vectors, id, "lehmer_CR")), 1e-12, 1e-12);
    json_decref(vectors);
}

static void the_population_shrinks_as_in_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("de");
    const char *id = "population_size";
    const json_t *initial = vectors_input(vectors, id, "N_init");
    const json_t *evals = vectors_input(vectors, id, "evals");
    const double max = json_number_value(vectors_input(vectors, id, "max_evals"));
    for (size_t i = 0; i < json_array_size(initial); i++) {
        const json_t *sizes = json_array_get(vectors_expected(vectors, id, "N"), i);
        for (size_t j = 0; j < json_array_size(evals); j++) {
            assert_int_equal(
                dln_population_size((size_t)number(initial, i), 4, number(evals, j), max),
                number(sizes, j));
        }
    }
    assert_int_equal(dln_population_size(20, 4, 1e9, 100), 4);
    assert_int_equal(dln_population_size(3, 4, 50, 100), 3);
    json_decref(vectors);
}

static void mutants_are_made_and_repaired_as_in_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("de");
    const char *id = "current_to_pbest_1";
    const double f = json_number_value(vectors_input(vectors, id, "F"));
    for (size_t i = 0; i < 3; i++) {
        const double x = number(vectors_input(vectors, id, "x"), i);
        const double v = dln_current_to_pbest(x, number(vectors_input(vectors, id, "x_pbest"), i),
                                              number(vectors_input(vectors, id, "x_r1"), i),
                                              number(vectors_input(vectors, id, "x_r2"), i), f, f);
        assert_close(v, number(vectors_expected(vectors, id, "v_raw"), i), 1e-12, 1e-12);
        assert_close(dln_midpoint_repair(v, x, 0, 1),
                     number(vectors_expected(vectors, id, "v_repaired"), i), 1e-12, 1e-12);
    }
    assert_close(dln_midpoint_repair(-3, 0.5, 0, 1), 0.25, 0, 0);
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(successes_are_remembered_as_in_the_reference),
        cmocka_unit_test(the_population_shrinks_as_in_the_reference),
        cmocka_unit_test(mutants_are_made_and_repaired_as_in_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
