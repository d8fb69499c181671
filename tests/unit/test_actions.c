/* Lines that a person types: budgets, and points to enqueue. */
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

static void absorb_point(struct model *model, int64_t id, const double x[3])
{
    const double value = 0.5;
    const struct model_row row = {.id = id,
                                  .number = id,
                                  .state = DLN_TRIAL_COMPLETE,
                                  .last_step = -1,
                                  .slot = -1,
                                  .x = x,
                                  .values = &value,
                                  .detail = ""};
    struct model_change change;
    assert_true(model_absorb(model, &row, 1, &change));
}

static void a_copied_point_is_read_back_as_it_was(void **state)
{
    (void)state;
    struct model model;
    assert_true(model_init(&model, 3, 1));
    absorb_point(&model, 0, (const double[]){0.001, 4, 2});
    absorb_point(&model, 1, (const double[]){0.25e-4, (double)NAN, 1});
    struct dln_strbuf text = {0}, payload = {0};
    char error[VIEW_TEXT_MAX] = "";
    actions_point_text(&space, &model, 0, &text);
    assert_string_equal(dln_strbuf_text(&text), "lr=0.001 layers=4 kind=\"a\\\"quote\\\\\"");
    assert_true(actions_point_payload(&space, dln_strbuf_text(&text), 7, &payload, error));
    assert_string_equal(dln_strbuf_text(&payload),
                        "{\"params\": {\"lr\": 0.001, \"layers\": 4, \"kind\": "
                        "\"a\\\"quote\\\\\"}, \"copy_of\": 7}");
    dln_strbuf_reset(&text);
    dln_strbuf_reset(&payload);
    actions_point_text(&space, &model, 1, &text); /* what is not active is not named */
    assert_true(actions_point_payload(&space, dln_strbuf_text(&text), -1, &payload, error));
    assert_string_equal(dln_strbuf_text(&payload),
                        "{\"params\": {\"lr\": 2.5e-05, \"kind\": \"with blank\"}}");
    dln_strbuf_release(&text);
    dln_strbuf_release(&payload);
    model_release(&model);
}

static void a_wrong_word_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"colour=red", "'colour' is no parameter"},
        {"lr=fast", "lr: "},
        {"kind=none", "kind: "},
        {"   ", "name=value"},
        {"lr", "lr: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dln_strbuf payload = {0};
        char error[VIEW_TEXT_MAX] = "";
        assert_false(actions_point_payload(&space, cases[i].text, -1, &payload, error));
        if (!strstr(error, cases[i].error)) fail_msg("'%s': %s", cases[i].text, error);
        dln_strbuf_release(&payload);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(budgets_are_numbers_of_trials_or_times),
        cmocka_unit_test(a_copied_point_is_read_back_as_it_was),
        cmocka_unit_test(a_wrong_word_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
