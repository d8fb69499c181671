/* What commands say about why trials are good: importance over real files. */
#include <unistd.h>

#include "support/outside.h"
#include "support/program.h"

static void copy_sample(const char *name)
{
    char path[512], to[128];
    size_t len = 0;
    snprintf(path, sizeof path, TEST_DATA "/optuna/%s.db", name);
    snprintf(to, sizeof to, "%s.db", name);
    char *const bytes = outside_read(path, &len);
    outside_write(to, bytes, len);
    free(bytes);
}

static double number_at(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static void importance_weighs_parameters_that_are_active_in_some_trials_only(void **state)
{
    (void)state;
    copy_sample("conditional-490");
    json_t *const answer = json_of("importance conditional-490.db --json");
    const json_t *const params = json_object_get(answer, "params");
    double sum = 0, last = 1;
    assert_int_equal(int_at(answer, "trials"), 18);
    assert_string_equal(json_string_value(json_object_get(answer, "method")), "ped-anova");
    assert_int_equal(json_array_size(params), 8);
    for (size_t i = 0; i < json_array_size(params); i++) {
        const json_t *const param = json_array_get(params, i);
        const double share = number_at(param, "share");
        assert_true(share <= last);
        assert_true(number_at(param, "low") <= share && share <= number_at(param, "high"));
        sum += share;
        last = share;
    }
    assert_close(sum, 1, 1e-9, 0);
    json_decref(answer);
    expect("importance conditional-490.db", 0, "forest.trees");
    expect("importance conditional-490.db", 0, "by median forest");
}

static void importance_says_what_it_lacks(void **state)
{
    (void)state;
    copy_sample("multi-500");
    copy_sample("attrs-500");
    expect("importance multi-500.db", 0, "needs 10 complete trials, there are 7");
    expect("importance multi-500.db --objective accuracy", 0, "there are 8");
    expect("importance multi-500.db --objective acuracy", 2, "did you mean 'accuracy'");
    expect("importance multi-500.db --method ped", 2, "there is no method 'ped'");
    copy_sample("samplers-490");
    expect("importance samplers-490.db --study cmaes --method fanova", 0, "(fanova, 12 trials)");
    expect("importance samplers-490.db --study cmaes --method mdi", 0, "(mdi, 12 trials)");
    expect("importance attrs-500.db --study empty", 0, "there are 0");
    json_t *const none = json_of("importance attrs-500.db --study empty --json");
    assert_int_equal(json_array_size(json_object_get(none, "params")), 0);
    json_decref(none);
}

static const json_t *row_of(const json_t *answer, const char *name)
{
    size_t i;
    const json_t *row;
    json_array_foreach(json_object_get(answer, "rows"), i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0) return row;
    }
    return NULL;
}

static void two_trials_are_told_apart_by_what_changed(void **state)
{
    (void)state;
    copy_sample("conditional-490");
    json_t *const answer = json_of("compare conditional-490.db 0 15 --json");
    const json_t *const model = json_object_get(row_of(answer, "model"), "values");
    assert_string_equal(json_string_value(json_array_get(model, 0)), "mlp");
    assert_string_equal(json_string_value(json_array_get(model, 1)), "forest");
    const json_t *const layers = json_object_get(row_of(answer, "mlp.layers"), "values");
    assert_int_equal(json_integer_value(json_array_get(layers, 0)), 3);
    assert_true(json_is_null(json_array_get(layers, 1)));
    assert_null(row_of(answer, "state")); /* both are ok */
    json_decref(answer);
    expect("compare conditional-490.db 15 16", 0, "the same: ");
    expect("compare conditional-490.db '#15' 36", 0, "worse");
    expect("compare conditional-490.db 36", 0, "#15"); /* the best */
    expect("compare conditional-490.db 15 15", 0, "no difference");
    expect("compare conditional-490.db 15 15 --all", 0, "forest.trees");
    expect("compare conditional-490.db 15 999", 2, "999");
}

static void two_studies_are_told_apart_by_best_counts_and_space(void **state)
{
    (void)state;
    copy_sample("samplers-490");
    copy_sample("basic-310");
    json_t *const answer = json_of("compare samplers-490.db#cmaes samplers-490.db#grid "
                                   "basic-310.db --json --all");
    const json_t *const best = json_object_get(row_of(answer, "best"), "values");
    assert_close(json_number_value(json_array_get(best, 0)), 0.025623437458514885, 0, 0);
    assert_close(json_number_value(json_array_get(best, 1)), 0, 0, 0);
    const json_t *const trials = json_object_get(row_of(answer, "trials"), "values");
    assert_close(json_number_value(json_array_get(trials, 2)), 15, 0, 0);
    assert_non_null(row_of(answer, "best of first 6"));
    json_decref(answer);
    expect("compare samplers-490.db#cmaes basic-310.db", 0, "space: ");
    expect("compare samplers-490.db#none basic-310.db", 2, "none");
    expect("compare samplers-490.db basic-310.db", 2, "--study NAME");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(importance_weighs_parameters_that_are_active_in_some_trials_only),
        TEST(importance_says_what_it_lacks),
        TEST(two_trials_are_told_apart_by_what_changed),
        TEST(two_studies_are_told_apart_by_best_counts_and_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
