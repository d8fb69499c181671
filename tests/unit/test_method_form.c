/* Settings of strategies and pruners as a person types them; which method fits a study. */
#include "support/test.h"

#include "dialin/pruner.h"
#include "method_form.h"
#include "methods.h"

static const struct dln_setting *settings_of(enum method_kind kind, const char *name)
{
    struct method_choice choice;
    for (size_t i = 0; method_choice(kind, i, &choice); i++)
        if (strcmp(choice.name, name) == 0) return choice.settings;
    fail_msg("no '%s'", name);
    return NULL;
}

static size_t place(const struct method_form *form, const char *name)
{
    size_t i = 0;
    while (i < form->n && strcmp(form->table[i].name, name) != 0)
        i++;
    assert_true(i < form->n);
    return i;
}

static void assert_json(const struct method_form *form, const char *expected)
{
    struct dln_strbuf text = {0};
    method_form_json(form, &text);
    assert_string_equal(dln_strbuf_text(&text), expected);
    dln_strbuf_release(&text);
}

static void only_what_differs_from_the_defaults_is_given(void **state)
{
    (void)state;
    struct method_form form;
    struct dln_error err = {0};
    method_form_init(&form, "tpe", settings_of(METHOD_STRATEGY, "tpe"), NULL);
    assert_json(&form, "{\"tpe\": {}}");
    assert_ok(method_form_set(&form, place(&form, "startup"), " 20 ", &err), err);
    assert_ok(method_form_set(&form, place(&form, "candidates"), "24", &err), err); /* as it is */
    method_form_turn(&form, place(&form, "multivariate"), 1);
    method_form_turn(&form, place(&form, "gamma"), -1);
    assert_json(&form,
                "{\"tpe\": {\"startup\": 20, \"gamma\": \"sqrt\", \"multivariate\": false}}");
    method_form_turn(&form, place(&form, "multivariate"), 1);
    assert_ok(method_form_set(&form, place(&form, "startup"), "", &err), err);
    method_form_turn(&form, place(&form, "gamma"), 1);
    assert_json(&form, "{\"tpe\": {}}");
}

static void what_is_out_of_range_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *setting, *text, *words;
    } cases[] = {
        {"eta", "1", "whole number from 2"}, {"eta", "2.5", "whole number"},
        {"eta", "three", "whole number"},    {"min", "-1", "from 0"},
        {"step", "epich", "'epoch'"},        {"eta", "[", "whole number"},
    };
    struct method_form form;
    method_form_init(&form, "asha", settings_of(METHOD_PRUNER, "asha"), NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dln_error err = {0};
        if (method_form_set(&form, place(&form, cases[i].setting), cases[i].text, &err)) {
            fail_msg("%s=%s", cases[i].setting, cases[i].text);
        }
        if (!strstr(err.text, cases[i].words)) fail_msg("'%s'", err.text);
        assert_null(strstr(err.text, "0:0"));
        assert_json(&form, "{\"asha\": {}}");
    }
}

static void a_form_shows_the_method_in_force(void **state)
{
    (void)state;
    struct method_form form, again;
    struct dln_arena arena = {0};
    struct dln_method method;
    struct dln_error err = {0};
    char value[FORM_TEXT_MAX];
    method_form_init(&form, "grid", settings_of(METHOD_STRATEGY, "grid"), NULL);
    assert_ok(method_form_set(&form, place(&form, "values"), "{\"x\": [0, 0.5]}", &err), err);
    method_form_turn(&form, place(&form, "order"), 1);
    assert_ok(method_form_read(&form, &arena, &method, &err), err);
    assert_true(method_form_is(&form, &method));
    method_form_init(&again, "grid", settings_of(METHOD_STRATEGY, "grid"), &method);
    assert_true(method_form_is(&again, &method));
    method_form_value(&again, place(&again, "order"), value, sizeof value);
    assert_string_equal(value, "sequential");
    method_form_value(&again, place(&again, "points"), value, sizeof value);
    assert_string_equal(value, "5");
    method_form_turn(&again, place(&again, "order"), 1);
    assert_false(method_form_is(&again, &method));
    method_form_init(&again, "gp", settings_of(METHOD_STRATEGY, "gp"), &method);
    assert_int_equal(again.n, 0);
    assert_false(method_form_is(&again, &method));
    dln_arena_release(&arena);
}

/* At 80 columns: name, best use, text. */
static void every_choice_fits_the_picker(void **state)
{
    (void)state;
    for (int kind = 0; kind < METHOD_KINDS; kind++) {
        struct method_choice choice;
        assert_true(method_choices((enum method_kind)kind) >= 9);
        for (size_t i = 0; method_choice((enum method_kind)kind, i, &choice); i++) {
            struct method_form form;
            size_t lines = 0;
            assert_in_range(strlen(choice.name), 1, 10);
            assert_in_range(strlen(choice.best_for), 1, 14);
            for (const char *line = choice.summary; *line; lines++) {
                const size_t len = strcspn(line, "\n");
                assert_in_range(len, 1, 47);
                line += len + (line[len] == '\n');
            }
            assert_in_range(lines, 1, 4);
            method_form_init(&form, choice.name, choice.settings, NULL);
            assert_true(form.n < FORM_SETTINGS_MAX);
            for (size_t k = 0; k < form.n; k++) {
                char text[FORM_TEXT_MAX];
                method_form_range(&form, k, text, sizeof text);
                assert_true(*text && form.table[k].help);
                method_form_value(&form, k, text, sizeof text);
                assert_true(*text);
            }
        }
    }
}

static void what_is_recommended_follows_budget_space_and_goals(void **state)
{
    (void)state;
    char why[DLN_WHY_MAX];
    const struct dln_scalar words[] = {{.kind = DLN_SCALAR_TEXT, .text = "a"},
                                       {.kind = DLN_SCALAR_TEXT, .text = "b"},
                                       {.kind = DLN_SCALAR_TEXT, .text = "c"}};
    struct dln_param params[] = {
        {.name = "n", .kind = DLN_PARAM_INT, .low = 1, .high = 4, .step = 1},
        {.name = "c", .kind = DLN_PARAM_CHOICE, .high = 2, .choices = words, .n_choices = 3},
        {.name = "x", .kind = DLN_PARAM_FLOAT, .low = 0, .high = 1},
    };
    struct dln_objective goals[2] = {{.metric = "loss"}, {.metric = "size"}};
    struct dln_study study = {
        .n_objectives = 1, .objectives = goals, .space = {.n = 2, .params = params}};
    assert_string_equal(dln_strategy_recommend(&study, 0, why)->name, "grid");
    assert_non_null(strstr(why, "12 combinations"));
    assert_string_equal(dln_strategy_recommend(&study, 11, why)->name, "auto");
    study.space.n = 3;
    assert_string_equal(dln_strategy_recommend(&study, 0, why)->name, "auto");
    assert_string_equal(dln_strategy_recommend(&study, 6, why)->name, "sobol");
    assert_string_equal(dln_pruner_recommend(&study, 0, 0, why), "forecast");
    assert_string_equal(dln_pruner_recommend(&study, 12, 3, why), "forecast");
    assert_string_equal(dln_pruner_recommend(&study, 12, 0, why), "none");
    assert_non_null(strstr(why, "no steps"));
    study.folds = 5;
    assert_string_equal(dln_pruner_recommend(&study, 12, 12, why), "wilcoxon");
    study.n_objectives = 2;
    assert_string_equal(dln_strategy_recommend(&study, 100, why)->name, "auto");
    assert_string_equal(dln_pruner_recommend(&study, 12, 12, why), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_differs_from_the_defaults_is_given),
        cmocka_unit_test(what_is_out_of_range_is_refused_and_changes_nothing),
        cmocka_unit_test(a_form_shows_the_method_in_force),
        cmocka_unit_test(every_choice_fits_the_picker),
        cmocka_unit_test(what_is_recommended_follows_budget_space_and_goals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
