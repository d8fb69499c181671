/* Budgets that a person types, and points as commands. */
#include "support/test.h"

#include "actions.h"

static void budgets_are_numbers_of_trials_or_times(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_good, is_time;
        double value;
    } cases[] = {
        {"400", true, false, 400},  {"+100", true, false, 300},     {" 12 trials", true, false, 12},
        {"6h", true, true, 21600},  {"90m", true, true, 5400},      {"1.5 h", true, true, 5400},
        {"2d", true, true, 172800}, {"", false, false, 0},          {"many", false, false, 0},
        {"-5", false, false, 0},    {"0", false, false, 0},         {"1.5", false, false, 0},
        {"+6h", false, false, 0},   {"10 apples", false, false, 0}, {"1e300", false, false, 0},
        {"nan", false, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is_time = false;
        double value = 0;
        const bool is_good = actions_budget_parse(cases[i].text, 200, &is_time, &value);
        if (is_good != cases[i].is_good) fail_msg("'%s'", cases[i].text);
        if (!is_good) continue;
        assert_int_equal(is_time, cases[i].is_time);
        assert_close(value, cases[i].value, 0, 0);
    }
}

static const struct dln_scalar choices[] = {
    {.kind = DLN_SCALAR_TEXT, .text = "plain"},
    {.kind = DLN_SCALAR_TEXT, .text = "with blank"},
    {.kind = DLN_SCALAR_TEXT, .text = "a\"quote\\"},
};
static struct dln_param params[] = {
    {.name = "lr", .kind = DLN_PARAM_FLOAT, .low = 1e-5, .high = 0.1, .log = true},
    {.name = "layers", .kind = DLN_PARAM_INT, .low = 1, .high = 8, .step = 1},
    {.name = "kind",
     .kind = DLN_PARAM_CHOICE,
     .high = 2,
     .choices = choices,
     .n_choices = sizeof choices / sizeof choices[0]},
};
static const struct dln_space space = {.n = 3, .params = params};

static void a_copy_names_only_what_was_changed(void **state)
{
    (void)state;
    const double base[] = {0.25e-4, 4, 2}, x[] = {0.25e-4, 5, 2};
    struct dln_strbuf payload = {0};
    actions_point_payload(&space, x, base, 7, &payload);
    assert_string_equal(dln_strbuf_text(&payload), "{\"params\": {\"layers\": 5}, \"copy_of\": 7}");
    dln_strbuf_release(&payload);
}

static void a_point_of_its_own_names_all_that_is_active(void **state)
{
    (void)state;
    const double x[] = {0.25e-4, (double)NAN, 2};
    struct dln_strbuf payload = {0};
    actions_point_payload(&space, x, NULL, -1, &payload);
    assert_string_equal(dln_strbuf_text(&payload),
                        "{\"params\": {\"lr\": 2.5e-05, \"kind\": \"a\\\"quote\\\\\"}}");
    dln_strbuf_release(&payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budgets_are_numbers_of_trials_or_times),
        cmocka_unit_test(a_copy_names_only_what_was_changed),
        cmocka_unit_test(a_point_of_its_own_names_all_that_is_active),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
