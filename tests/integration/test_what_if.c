/* A pruned study as people see it in lines, and `dialin what-if` on what it left. */
#include <unistd.h>

#include "support/program.h"

/* Ten epochs that end near x. */
static void write_study(const char *pruner)
{
    char text[512];
    write_file("curve.sh", "awk -v x=\"$1\" 'BEGIN { for (i = 1; i <= 10; i++)"
                           " printf \"epoch %d loss %.6f\\n\", i, x + 1 / i }'\n");
    snprintf(text, sizeof text,
             "study: curve\nrun: sh curve.sh {x}\nobjective: {minimize: loss}\n"
             "space: {x: {float: [0, 1]}}\nstrategy: random\nbudget: {trials: 30}\nseed: 3\n%s",
             pruner);
    write_file("curve.yaml", text);
}

static void a_pruned_trial_says_why_in_its_line(void **state)
{
    (void)state;
    write_study("pruner: {median: {startup: 2, step: epoch}}\n");
    expect("check curve.yaml", 0, "pruner     median, on loss");
    expect("run curve.yaml --headless", 0, "cut  median at epoch 1: its best is");
    expect("trials curve.yaml --state cut --columns detail", 0, "median at epoch 1");
    struct result logged = dialin("trials curve.yaml --state cut --json");
    assert_int_equal(logged.status, 0);
    assert_non_null(strstr(logged.out, "\"state\": \"PRUNED\""));
    forget(&logged);
}

static void wrong_settings_of_a_pruner_are_told_by_check_with_their_place(void **state)
{
    (void)state;
    write_study("pruner: {median: {warmpu: 2}}\n");
    expect("check curve.yaml", 2,
           "curve.yaml: 8:19: 'median' has no setting 'warmpu'; did you mean 'warmup'?");
    expect("run curve.yaml --headless", 2, "warmup");
    write_study("pruner: auto\n");
    expect("check curve.yaml", 0, "pruner     auto: forecast");
}

static void what_if_tells_what_would_be_saved_and_lost(void **state)
{
    (void)state;
    write_study("");
    expect("what-if curve.yaml --pruner median", 2, "curve");
    expect("run curve.yaml --headless", 0, "30 of 30 trials");
    expect("what-if curve.yaml --pruner 'median startup=2'", 0, "best        #");
    json_t *answer = json_of("what-if curve.yaml --json --pruner 'median startup=2'");
    assert_int_equal(int_at(answer, "curves"), 30);
    assert_int_equal(int_at(answer, "steps"), 300);
    assert_int_equal(int_at(answer, "good"), 3);
    assert_int_equal(json_array_size(json_object_get(answer, "good_lost")),
                     0); /* no curves cross */
    assert_true(json_is_false(json_object_get(answer, "best_lost")));
    const int64_t n_pruned = int_at(answer, "pruned");
    assert_in_range(n_pruned, 10, 27);
    assert_int_equal(json_array_size(json_object_get(answer, "decisions")), n_pruned);
    assert_int_equal(int_at(answer, "steps_saved"), 9 * n_pruned);
    const json_t *first = json_array_get(json_object_get(answer, "decisions"), 0);
    assert_int_equal(int_at(first, "step"), 1);
    assert_non_null(strstr(json_string_value(json_object_get(first, "why")), "median at step 1"));
    json_decref(answer);
    json_decref(json_of("what-if curve.yaml --json -p 'patient patience=1 inner=asha'"));
    json_decref(json_of("what-if curve.yaml --json -p 'median nearest_step=true step=epoch'"));
}

static void what_if_asks_for_a_pruner_that_is_one(void **state)
{
    (void)state;
    write_study("");
    expect("run curve.yaml --headless", 0, "30 of 30 trials");
    expect("what-if curve.yaml", 2, "--pruner 'asha eta=3'");
    expect("what-if curve.yaml -p 'asha etta=3'", 2, "1:6: 'asha' has no setting 'etta'");
    expect("what-if curve.yaml -p none", 2, "prunes nothing");
    expect("what-if curve.yaml -p 'median startup'", 2, "a name and settings");
    expect("waht-if curve.yaml", 2, "did you mean 'what-if'");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_pruned_trial_says_why_in_its_line),
        TEST(wrong_settings_of_a_pruner_are_told_by_check_with_their_place),
        TEST(what_if_tells_what_would_be_saved_and_lost),
        TEST(what_if_asks_for_a_pruner_that_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
