/* The functions that strategies are tried on, against reference values. */
#include "support/play.h"
#include "support/test.h"
#include "support/vectors.h"

static void functions_have_the_values_of_the_reference(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        play_objective *objective;
    } all[] = {{"branin", play_branin},
               {"hartmann6", play_hartmann6},
               {"ackley5", play_ackley},
               {"rosenbrock4", play_rosenbrock},
               {"rastrigin3", play_rastrigin},
               {"levy4", play_levy},
               {"styblinski_tang3", play_styblinski_tang}};
    json_t *vectors = vectors_load("functions");
    assert_int_equal(json_array_size(json_object_get(vectors, "cases")), 7);
    for (size_t k = 0; k < 7; k++) {
        const json_t *points = vectors_input(vectors, all[k].id, "x");
        size_t index;
        json_t *point;
        json_array_foreach(points, index, point)
        {
            const size_t d = json_array_size(point);
            double x[PLAY_D_MAX];
            for (size_t i = 0; i < d; i++)
                x[i] = json_number_value(json_array_get(point, i));
            double value[PLAY_M_MAX];
            all[k].objective(d, x, value, &(double){0});
            const json_t *expected = vectors_expected(vectors, all[k].id, "f");
            assert_close(value[0], json_number_value(json_array_get(expected, index)), 1e-10,
                         1e-10);
        }
        assert_true(index >= 3);
    }
    json_decref(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_have_the_values_of_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
