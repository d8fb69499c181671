/* One step of a parameter in the dial. */
#include "support/test.h"

#include "screen/dial.h"

static const struct dln_param lr = {
    .name = "lr", .kind = DLN_PARAM_FLOAT, .low = 1e-5, .high = 0.1, .log = true};
static const struct dln_param layers = {
    .name = "layers", .kind = DLN_PARAM_INT, .low = 1, .high = 8, .step = 1};
static const struct dln_param width = {
    .name = "width", .kind = DLN_PARAM_INT, .low = 1, .high = 4096, .step = 1, .log = true};
static const struct dln_scalar choices[] = {
    {.kind = DLN_SCALAR_TEXT, .text = "a"},
    {.kind = DLN_SCALAR_TEXT, .text = "b"},
    {.kind = DLN_SCALAR_TEXT, .text = "c"},
};
static const struct dln_param kind = {
    .name = "kind", .kind = DLN_PARAM_CHOICE, .high = 2, .choices = choices, .n_choices = 3};

static void fifty_steps_cross_the_range_and_come_back_exactly(void **state)
{
    (void)state;
    const double from = 1.2345678e-3;
    double x = from;
    for (int i = 0; i < 20; i++) {
        const double to = dial_turned(&lr, from, x, 1);
        assert_true(to > x);
        x = to;
    }
    for (int i = 0; i < 20; i++)
        x = dial_turned(&lr, from, x, -1);
    assert_close(x, from, 0, 0);
    assert_close(dial_turned(&lr, lr.low, lr.low, 50), lr.high, 0, 0);
    assert_close(dial_turned(&lr, from, from, 1000), lr.high, 0, 0);
    assert_close(dial_turned(&lr, from, from, -1000), lr.low, 0, 0);
}

static void turned_numbers_are_short(void **state)
{
    (void)state;
    assert_close(dial_turned(&lr, 1e-3, 1e-3, 1), 1.2e-3, 0, 1e-5);
    char text[32];
    (void)snprintf(text, sizeof text, "%.17g", dial_turned(&lr, 1.2345678e-3, 1.2345678e-3, 1));
    double read = 0;
    (void)sscanf(text, "%lf", &read);
    (void)snprintf(text, sizeof text, "%.3g", read);
    double rounded = 0;
    (void)sscanf(text, "%lf", &rounded);
    assert_close(rounded, read, 0, 0);
}

static void whole_numbers_move_by_one_at_least(void **state)
{
    (void)state;
    assert_close(dial_turned(&layers, 4, 4, 1), 5, 0, 0);
    assert_close(dial_turned(&layers, 4, 8, 1), 8, 0, 0);
    assert_close(dial_turned(&layers, 4, 4, -10), 2, 0, 1);
    assert_close(dial_turned(&width, 2, 2, 1), 3, 0, 0);
    assert_true(dial_turned(&width, 1000, 1000, 1) > 1100);
}

static void choices_go_round(void **state)
{
    (void)state;
    assert_close(dial_turned(&kind, 0, 2, 1), 0, 0, 0);
    assert_close(dial_turned(&kind, 0, 0, -1), 2, 0, 0);
    assert_close(dial_turned(&kind, 0, 0, 10), 1, 0, 0);
}

static void a_value_outside_comes_back_inside(void **state)
{
    (void)state;
    assert_close(dial_turned(&lr, 7, 7, -1), 0.1, 0, 0);
    assert_close(dial_turned(&lr, -1, -1, 1), 0.1, 0, 0);
    assert_close(dial_turned(&lr, -1, -1, -1), 1e-5, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifty_steps_cross_the_range_and_come_back_exactly),
        cmocka_unit_test(turned_numbers_are_short),
        cmocka_unit_test(whole_numbers_move_by_one_at_least),
        cmocka_unit_test(choices_go_round),
        cmocka_unit_test(a_value_outside_comes_back_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
