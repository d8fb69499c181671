/* Distribution texts, byte for byte as Python's json.dumps() writes them, and read in every form.
 */
#include "dialin/arena.h"
#include "store/distribution.h"
#include "support/test.h"

static struct dln_slice slice(const char *text)
{
    return (struct dln_slice){text, strlen(text)};
}

static void assert_written(const struct dln_param *param, enum dln_distribution_form form,
                           const char *expected)
{
    struct dln_strbuf text = {0};
    dln_distribution_write(param, form, &text);
    assert_string_equal(dln_strbuf_text(&text), expected);
    dln_strbuf_release(&text);
}

/* Reads a text, writes it again in the form it had: the same bytes. */
static void assert_round_trip(const char *text)
{
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    struct dln_param param;
    enum dln_distribution_form form;
    assert_ok(dln_distribution_read(slice(text), &arena, &param, &form, &err), err);
    assert_written(&param, form, text);
    dln_arena_release(&arena);
}

static void every_form_that_optuna_writes_round_trips_byte_for_byte(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": -5.0, \"high\":"
        " 5.0, \"log\": false}}",
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": 1e-05, \"high\":"
        " 0.1, \"log\": true}}",
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": 0.25, \"low\": 0.1, \"high\":"
        " 0.85, \"log\": false}}",
        "{\"name\": \"IntDistribution\", \"attributes\": {\"log\": false, \"step\": 4, \"low\": 1,"
        " \"high\": 9}}",
        "{\"name\": \"IntDistribution\", \"attributes\": {\"log\": true, \"step\": 1, \"low\": 1,"
        " \"high\": 1024}}",
        "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [null, true, false, 2,"
        " -7, 0.5, 1e-12, \"\", \"None\"]}}",
        "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [NaN, Infinity,"
        " -Infinity, 1208925819614629174706176, \"\\u00e4\\ud83d\\ude80\\n\\\"\"]}}",
        "{\"name\": \"UniformDistribution\", \"attributes\": {\"low\": 0.0, \"high\": 2.0}}",
        "{\"name\": \"LogUniformDistribution\", \"attributes\": {\"low\": 0.001, \"high\": 10.0}}",
        "{\"name\": \"DiscreteUniformDistribution\", \"attributes\": {\"low\": 0.0, \"high\": 1.0,"
        " \"q\": 0.25}}",
        "{\"name\": \"IntUniformDistribution\", \"attributes\": {\"step\": 2, \"low\": 0, \"high\":"
        " 10}}",
        "{\"name\": \"IntLogUniformDistribution\", \"attributes\": {\"step\": 1, \"low\": 1,"
        " \"high\": 64}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_round_trip(texts[i]);
}

static void legacy_forms_are_their_modern_kind(void **state)
{
    (void)state;
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    struct dln_param param;
    assert_ok(dln_distribution_read(
                  slice("{\"name\": \"IntLogUniformDistribution\", \"attributes\": {\"low\": 1,"
                        " \"high\": 64}}"),
                  &arena, &param, NULL, &err),
              err);
    assert_int_equal(param.kind, DLN_PARAM_INT);
    assert_true(param.log);
    assert_close(param.step, 1, 0, 0);
    assert_ok(dln_distribution_read(
                  slice("{\"name\": \"DiscreteUniformDistribution\", \"attributes\": {\"low\": 0.1,"
                        " \"high\": 0.95, \"q\": 0.25}}"),
                  &arena, &param, NULL, &err),
              err);
    assert_int_equal(param.kind, DLN_PARAM_FLOAT);
    assert_close(param.step, 0.25, 0, 0);
    assert_close(param.high, 0.85, 0, 0); /* lowered to the last step, in decimal */
    dln_arena_release(&arena);
}

static void short_forms_and_missing_keys_have_defaults(void **state)
{
    (void)state;
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    struct dln_param param;
    assert_ok(dln_distribution_read(slice("{\"type\": \"float\", \"low\": 0, \"high\": 1}"), &arena,
                                    &param, NULL, &err),
              err);
    assert_int_equal(param.kind, DLN_PARAM_FLOAT);
    assert_false(param.log);
    assert_close(param.step, 0, 0, 0);
    assert_ok(dln_distribution_read(
                  slice("{\"type\":\"int\",\"low\":1.0,\"high\":10,\"step\":4,\"log\":false}"),
                  &arena, &param, NULL, &err),
              err);
    assert_int_equal(param.kind, DLN_PARAM_INT);
    assert_close(param.high, 9, 0, 0);
    assert_ok(
        dln_distribution_read(slice("{\"type\": \"categorical\", \"choices\": [\"a\", \"b\"]}"),
                              &arena, &param, NULL, &err),
        err);
    assert_int_equal(param.n_choices, 2);
    assert_close(param.high, 1, 0, 0);
    dln_arena_release(&arena);
}

static void choices_keep_their_json_type(void **state)
{
    (void)state;
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    struct dln_param param;
    assert_ok(dln_distribution_read(
                  slice("{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\":"
                        " [true, 1, 1.0, \"1\", null, NaN, \"\\ud83d\"]}}"),
                  &arena, &param, NULL, &err),
              err);
    static const enum dln_scalar_kind kinds[] = {DLN_SCALAR_BOOL, DLN_SCALAR_INT,  DLN_SCALAR_REAL,
                                                 DLN_SCALAR_TEXT, DLN_SCALAR_NULL, DLN_SCALAR_REAL,
                                                 DLN_SCALAR_TEXT};
    static const char *const texts[] = {"True", "1", "1.0", "1", "None", "nan", "\\ud83d"};
    assert_int_equal(param.n_choices, 7);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(param.choices[i].kind, kinds[i]);
        assert_string_equal(param.choices[i].text, texts[i]);
    }
    dln_arena_release(&arena);
}

static void a_flag_is_false_and_true(void **state)
{
    (void)state;
    const struct dln_scalar choices[] = {{.kind = DLN_SCALAR_BOOL},
                                         {.kind = DLN_SCALAR_BOOL, .truth = true}};
    const struct dln_param flag = {
        .name = "amp", .kind = DLN_PARAM_FLAG, .high = 1, .choices = choices, .n_choices = 2};
    assert_written(&flag, DLN_FORM_MODERN,
                   "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [false,"
                   " true]}}");
}

static void a_list_as_choice_is_kept_as_a_string(void **state)
{
    (void)state;
    const struct dln_scalar choices[] = {{.kind = DLN_SCALAR_JSON, .text = "[64, 32]"}};
    const struct dln_param param = {
        .name = "sizes", .kind = DLN_PARAM_CHOICE, .choices = choices, .n_choices = 1};
    assert_written(&param, DLN_FORM_MODERN,
                   "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [\"[64,"
                   " 32]\"]}}");
}

static void what_is_no_distribution_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "null",
        "[]",
        "{",
        "{\"name\": \"FloatDistribution\"",
        "{\"name\": \"NormalDistribution\", \"attributes\": {\"low\": 0, \"high\": 1}}",
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 0}}",
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"low\": NaN, \"high\": 1}}",
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 2, \"high\": 1}}",
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 0, \"high\": Infinity}}",
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 0, \"high\": 1, \"log\": true}}",
        "{\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 0, \"high\": 1, \"step\": 0}}",
        "{\"name\": \"IntDistribution\", \"attributes\": {\"low\": 0, \"high\": 1e300}}",
        "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": []}}",
        "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [1, 2}}",
        "{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": \"ab\"}}",
        "{\"name\": \"CategoricalDistribution\", \"attributes\": {}}",
        "{\"name\": 7, \"attributes\": {\"low\": 0, \"high\": 1}}",
    };
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    struct dln_param param;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_fails(dln_distribution_read(slice(texts[i]), &arena, &param, NULL, &err), err,
                     DLN_INVALID);
    }
    dln_arena_release(&arena);
}

static void equal_choices_are_those_that_python_calls_equal(void **state)
{
    (void)state;
    const struct dln_scalar yes = {.kind = DLN_SCALAR_BOOL, .truth = true, .number = 1};
    const struct dln_scalar one = {.kind = DLN_SCALAR_INT, .number = 1, .text = "1"};
    const struct dln_scalar text = {.kind = DLN_SCALAR_TEXT, .text = "1"};
    const struct dln_scalar nan = {.kind = DLN_SCALAR_REAL, .number = NAN, .text = "nan"};
    const struct dln_scalar none = {.kind = DLN_SCALAR_NULL, .text = "None"};
    const struct dln_scalar none_text = {.kind = DLN_SCALAR_TEXT, .text = "None"};
    assert_true(dln_choice_same(&yes, &one));
    assert_true(dln_choice_same(&nan, &nan));
    assert_true(dln_choice_same(&none, &none));
    assert_false(dln_choice_same(&one, &text));
    assert_false(dln_choice_same(&none, &none_text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_that_optuna_writes_round_trips_byte_for_byte),
        cmocka_unit_test(legacy_forms_are_their_modern_kind),
        cmocka_unit_test(short_forms_and_missing_keys_have_defaults),
        cmocka_unit_test(choices_keep_their_json_type),
        cmocka_unit_test(a_flag_is_false_and_true),
        cmocka_unit_test(a_list_as_choice_is_kept_as_a_string),
        cmocka_unit_test(what_is_no_distribution_is_refused),
        cmocka_unit_test(equal_choices_are_those_that_python_calls_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
