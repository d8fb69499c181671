#include "support/test.h"

#include "dialin/json.h"
#include "dialin/space.h"

static struct dln_param param_of(const json_t *spec)
{
    const bool is_int = strcmp(json_string_value(json_object_get(spec, "type")), "int") == 0;
    struct dln_param param = {
        .name = "p",
        .kind = is_int ? DLN_PARAM_INT : DLN_PARAM_FLOAT,
        .low = json_number_value(json_object_get(spec, "low")),
        .high = json_number_value(json_object_get(spec, "high")),
        .step = json_number_value(json_object_get(spec, "step")),
        .log = json_is_true(json_object_get(spec, "log")),
    };
    if (is_int && param.step == 0) param.step = 1;
    return param;
}

static void encoding_equals_the_reference_vectors(void **state)
{
    (void)state;
    json_t *file = json_load_file(TEST_DATA "/vectors/encoding.json", 0, NULL);
    assert_non_null(file);
    size_t i;
    const json_t *one;
    size_t n_checked = 0;
    json_array_foreach(json_object_get(file, "cases"), i, one)
    {
        const json_t *inputs = json_object_get(one, "inputs");
        const json_t *expected = json_object_get(one, "expected");
        const struct dln_param param = param_of(json_object_get(inputs, "param"));
        const json_t *us = json_object_get(inputs, "u");
        for (size_t k = 0; k < json_array_size(us); k++) {
            const double x = dln_param_decode(&param, json_number_value(json_array_get(us, k)));
            assert_close(x,
                         json_number_value(json_array_get(json_object_get(expected, "value"), k)),
                         1e-12, 1e-12);
            assert_close(
                dln_param_encode(&param, x),
                json_number_value(json_array_get(json_object_get(expected, "u_of_value"), k)),
                1e-12, 1e-12);
            assert_true(dln_param_contains(&param, x));
            n_checked++;
        }
    }
    assert_int_equal(n_checked, 64);
    json_decref(file);
}

static const struct dln_scalar kernels[] = {
    {.kind = DLN_SCALAR_NULL, .text = "None"},
    {.kind = DLN_SCALAR_BOOL, .truth = true, .number = 1, .text = "True"},
    {.kind = DLN_SCALAR_INT, .number = 64, .text = "64"},
    {.kind = DLN_SCALAR_REAL, .number = 1e-5, .text = "1e-05"},
    {.kind = DLN_SCALAR_TEXT, .text = "caf\xC3\xA9"},
    {.kind = DLN_SCALAR_JSON, .text = "[1, 2]"},
};
static const struct dln_param mixed = {
    .name = "mixed", .kind = DLN_PARAM_CHOICE, .high = 5, .choices = kernels, .n_choices = 6};
static const struct dln_param whole = {
    .name = "whole", .kind = DLN_PARAM_INT, .low = -3, .high = 9, .step = 4};
static const struct dln_param real = {.name = "real", .kind = DLN_PARAM_FLOAT, .low = 0, .high = 1};
static const struct dln_param stepped = {
    .name = "stepped", .kind = DLN_PARAM_FLOAT, .low = 0.1, .high = 0.9, .step = 0.1};

static void a_choice_owns_a_cell_and_is_encoded_at_its_middle(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        assert_close(dln_param_encode(&mixed, i), (i + 0.5) / 6, 1e-15, 0);
        assert_close(dln_param_decode(&mixed, (i + 0.01) / 6), i, 0, 0);
        assert_close(dln_param_decode(&mixed, (i + 0.99) / 6), i, 0, 0);
    }
    assert_close(dln_param_decode(&mixed, 1), 5, 0, 0);
}

static void a_value_owns_the_cell_that_decodes_to_it(void **state)
{
    (void)state;
    const struct dln_param params[] = {
        {.name = "n", .kind = DLN_PARAM_INT, .low = 4, .high = 512, .step = 1, .log = true},
        {.name = "q", .kind = DLN_PARAM_FLOAT, .low = 0, .high = 2, .step = 0.5},
        {.name = "c",
         .kind = DLN_PARAM_CHOICE,
         .low = 0,
         .high = 5,
         .choices = kernels,
         .n_choices = 6},
    };
    for (size_t i = 0; i < 3; i++) {
        const struct dln_param *param = &params[i];
        double edge = 0;
        for (double k = 0; k < dln_param_count(param); k++) {
            const double x = dln_param_nth(param, k);
            double low;
            double high;
            dln_param_cell(param, x, &low, &high);
            assert_close(low, edge, 1e-12, 0);
            assert_true(dln_param_encode(param, x) > low && dln_param_encode(param, x) < high);
            assert_close(dln_param_decode(param, low + 1e-9), x, 0, 0);
            assert_close(dln_param_decode(param, high - 1e-9), x, 0, 0);
            edge = high;
        }
        assert_close(edge, 1, 0, 0);
    }
    const struct dln_param smooth = {.name = "x", .low = -1, .high = 3};
    double low;
    double high;
    dln_param_cell(&smooth, 0, &low, &high);
    assert_close(low, 0.25, 0, 0);
    assert_close(high, 0.25, 0, 0);
}

static void what_lies_outside_is_clipped(void **state)
{
    (void)state;
    assert_close(dln_param_decode(&whole, -3), -3, 0, 0);
    assert_close(dln_param_decode(&whole, 7), 9, 0, 0);
    assert_close(dln_param_decode(&whole, (double)NAN), -3, 0, 0);
    assert_close(dln_param_encode(&real, 5), 1, 0, 0);
    assert_close(dln_param_encode(&real, -5), 0, 0, 0);
    assert_true(isnan(dln_param_encode(&real, (double)NAN)));
}

static void the_widest_ranges_do_not_overflow(void **state)
{
    (void)state;
    const struct dln_param wide = {.kind = DLN_PARAM_FLOAT, .low = -1.7e308, .high = 1.7e308};
    assert_close(dln_param_decode(&wide, 0.5), 0, 1e290, 0);
    assert_close(dln_param_decode(&wide, 1), 1.7e308, 0, 0);
    assert_close(dln_param_encode(&wide, 0), 0.5, 1e-15, 0);
    const struct dln_param exact = {
        .kind = DLN_PARAM_INT, .low = -DLN_INT_MAX, .high = DLN_INT_MAX, .step = 1};
    assert_close(dln_param_decode(&exact, 1), DLN_INT_MAX, 0, 0);
    assert_close(dln_param_decode(&exact, 0), -DLN_INT_MAX, 0, 0);
}

/* Two values of it are further apart than a double tells numbers from each other. */
static void steps_of_the_widest_int_are_exact(void **state)
{
    (void)state;
    const struct dln_param widest = {
        .kind = DLN_PARAM_INT, .low = -DLN_INT_MAX, .high = DLN_INT_MAX - 4, .step = 5};
    for (int k = 0; k <= 1000; k++) {
        const double x = dln_param_decode(&widest, k / 1000.0);
        assert_true(dln_param_contains(&widest, x));
        assert_int_equal(((int64_t)x - (int64_t)widest.low) % 5, 0);
    }
    assert_false(dln_param_contains(&widest, DLN_INT_MAX - 5));
}

static void stepped_values_are_the_decimal_ones(void **state)
{
    (void)state;
    assert_true(dln_param_nth(&stepped, 2) == 0.3);
    assert_true(dln_param_nth(&stepped, 5) == 0.6);
    assert_true(dln_param_nth(&stepped, 99) == 0.9);
    assert_true(dln_param_nth(&stepped, -1) == 0.1);
    for (double k = 0; k < 9; k++) {
        const double x = dln_param_nth(&stepped, k);
        assert_true(dln_param_decode(&stepped, dln_param_encode(&stepped, x)) == x);
    }
}

static void the_last_step_is_found_in_decimal_arithmetic(void **state)
{
    (void)state;
    assert_true(dln_param_last_step(0.1, 0.95, 0.25) == 0.85);
    assert_true(dln_param_last_step(0, 1, 0.25) == 1);
    assert_true(dln_param_last_step(0, 0.3, 0.1) == 0.3);
    assert_true(dln_param_last_step(0.1, 0.30000000000000004, 0.1) == 0.3);
    assert_true(dln_param_last_step(-0.75, 0.2, 0.5) == -0.25);
    assert_true(dln_param_last_step(0.5, 0.6, 3) == 0.5);
    assert_true(dln_param_last_step(1, 10, 4) == 9);
    assert_true(dln_param_last_step(-2, -0.05, 0.1) == -0.1);
    assert_true(dln_param_last_step(0, 1e300, 1e299) == 1e300);
    assert_close(dln_param_last_step(1e-300, 1e300, 1e299), 1e300, 0, 1e-12);
    assert_true(dln_param_last_step(3, 3, 1) == 3);
}

static void values_are_counted(void **state)
{
    (void)state;
    assert_close(dln_param_count(&whole), 4, 0, 0);
    assert_close(dln_param_count(&mixed), 6, 0, 0);
    assert_close(dln_param_count(&real), 0, 0, 0);
    assert_close(dln_param_count(&stepped), 9, 0, 0);
    const struct dln_param one = {.kind = DLN_PARAM_FLOAT, .low = 2, .high = 2};
    assert_close(dln_param_count(&one), 1, 0, 0);
    assert_true(dln_param_is_single(&one));
    assert_false(dln_param_is_single(&real));
}

static void only_values_on_the_grid_are_contained(void **state)
{
    (void)state;
    assert_true(dln_param_contains(&whole, 5));
    assert_false(dln_param_contains(&whole, 4));
    assert_false(dln_param_contains(&whole, 13));
    assert_false(dln_param_contains(&whole, 5.5));
    assert_true(dln_param_contains(&stepped, 0.1 + 2 * 0.1));
    assert_false(dln_param_contains(&stepped, 0.35));
    assert_false(dln_param_contains(&mixed, 6));
    assert_false(dln_param_contains(&mixed, 0.5));
    assert_false(dln_param_contains(&real, (double)NAN));
}

static void assert_texts(const struct dln_param *param, double x, const char *text,
                         const char *json)
{
    struct dln_strbuf out = {0};
    dln_param_text(param, x, &out);
    assert_string_equal(dln_strbuf_text(&out), text);
    dln_strbuf_reset(&out);
    dln_param_json(param, x, &out);
    assert_string_equal(dln_strbuf_text(&out), json);
    dln_strbuf_release(&out);
}

static void values_are_written_as_python_does(void **state)
{
    (void)state;
    assert_texts(&mixed, 0, "None", "null");
    assert_texts(&mixed, 1, "True", "true");
    assert_texts(&mixed, 2, "64", "64");
    assert_texts(&mixed, 3, "1e-05", "1e-05");
    assert_texts(&mixed, 4, "caf\xC3\xA9", "\"caf\\u00e9\"");
    assert_texts(&mixed, 5, "[1, 2]", "[1, 2]");
    assert_texts(&mixed, 17, "?", "null");
    assert_texts(&mixed, (double)NAN, "", "null");
    assert_texts(&real, 0.001, "0.001", "0.001");
    assert_texts(&real, 1, "1.0", "1.0");
    assert_texts(&whole, 9, "9", "9");
    const struct dln_param exact = {
        .kind = DLN_PARAM_INT, .low = -DLN_INT_MAX, .high = DLN_INT_MAX, .step = 1};
    assert_texts(&exact, -DLN_INT_MAX, "-9007199254740992", "-9007199254740992");
}

static void typed_text_is_read_back(void **state)
{
    (void)state;
    struct dln_error err = {0};
    const struct {
        const struct dln_param *param;
        const char *text;
        double x;
    } good[] = {
        {&real, "1e-3", 0.001},     {&real, "7", 7},
        {&whole, "-3", -3},         {&whole, "4.0", 4},
        {&mixed, "None", 0},        {&mixed, "null", 0},
        {&mixed, "true", 1},        {&mixed, "64.0", 2},
        {&mixed, "0.00001", 3},     {&mixed, "[1, 2]", 5},
        {&mixed, "caf\xC3\xA9", 4},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        double x = -1;
        assert_ok(dln_param_parse(good[i].param, good[i].text, &x, &err), err);
        assert_close(x, good[i].x, 0, 0);
    }
    double x = 42;
    assert_fails(dln_param_parse(&real, "0.1x", &x, &err), err, DLN_USAGE);
    assert_string_equal(err.text, "'0.1x' is not a number, which 'real' takes");
    assert_fails(dln_param_parse(&real, "nan", &x, &err), err, DLN_USAGE);
    assert_fails(dln_param_parse(&whole, "1.5", &x, &err), err, DLN_USAGE);
    assert_fails(dln_param_parse(&whole, "1e300", &x, &err), err, DLN_USAGE);
    assert_fails(dln_param_parse(&mixed, "Nome", &x, &err), err, DLN_USAGE);
    assert_string_equal(err.text, "'Nome' is not a choice of 'mixed'; did you mean 'None'?");
    assert_fails(dln_param_parse(&mixed, "rubbish", &x, &err), err, DLN_USAGE);
    assert_string_equal(err.text, "'rubbish' is not a choice of 'mixed': None, True, 64, 1e-05, "
                                  "caf\xC3\xA9, [1, 2]");
    assert_close(x, 42, 0, 0);
}

static void a_value_outside_the_range_is_placed_as_far_outside_the_cube(void **state)
{
    (void)state;
    const struct dln_param plain = {.kind = DLN_PARAM_FLOAT, .low = 2, .high = 4};
    assert_close(dln_param_place(&plain, 3), 0.5, 1e-15, 0);
    assert_close(dln_param_place(&plain, 5), 1.5, 1e-15, 0);
    assert_close(dln_param_place(&plain, 0), -1, 1e-15, 0);
    const struct dln_param rate = {.kind = DLN_PARAM_FLOAT, .low = 1e-4, .high = 1, .log = true};
    assert_close(dln_param_place(&rate, 1e4), 2, 1e-12, 0);
    assert_close(dln_param_place(&rate, 1e-8), -1, 1e-12, 0);
    assert_true(isnan(dln_param_place(&rate, 0)));
    assert_true(isnan(dln_param_place(&rate, -1)));
    const struct dln_param count = {.kind = DLN_PARAM_INT, .low = 1, .high = 4, .step = 1};
    assert_close(dln_param_place(&count, 6), 1.375, 1e-15, 0);
    for (int x = 1; x <= 4; x++)
        assert_close(dln_param_place(&count, x), dln_param_encode(&count, x), 0, 0);
    const struct dln_param wide = {.kind = DLN_PARAM_FLOAT, .low = -1e308, .high = 1e308};
    assert_true(isfinite(dln_param_place(&wide, 1.7e308)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_outside_the_range_is_placed_as_far_outside_the_cube),
        cmocka_unit_test(encoding_equals_the_reference_vectors),
        cmocka_unit_test(a_choice_owns_a_cell_and_is_encoded_at_its_middle),
        cmocka_unit_test(a_value_owns_the_cell_that_decodes_to_it),
        cmocka_unit_test(what_lies_outside_is_clipped),
        cmocka_unit_test(the_widest_ranges_do_not_overflow),
        cmocka_unit_test(steps_of_the_widest_int_are_exact),
        cmocka_unit_test(stepped_values_are_the_decimal_ones),
        cmocka_unit_test(the_last_step_is_found_in_decimal_arithmetic),
        cmocka_unit_test(values_are_counted),
        cmocka_unit_test(only_values_on_the_grid_are_contained),
        cmocka_unit_test(values_are_written_as_python_does),
        cmocka_unit_test(typed_text_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
