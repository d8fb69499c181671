/* Looking ahead with the real program: what peek shows is what then runs, what predict says holds.
 */
#include <unistd.h>

#include "support/program.h"

/* lr has its best at 0.01, depth at 4. */
static const char program[] = "awk -v lr=\"$1\" -v d=\"$2\" 'BEGIN { l = log(lr) / log(10) + 2;\n"
                              "  printf \"loss %.9f\\n\", 0.1 + l * l + 0.02 * (d - 4) ^ 2 }'\n";
/* Waits for the file `go`, so that none ends too soon. */
static const char gathers[] = "while [ ! -e go ]; do sleep 0.02; done\n"
                              "echo \"loss $1\"\n";

static void write_study(const char *strategy, const char *script, int trials, int parallel)
{
    char text[1024];
    snprintf(text, sizeof text,
             "study: hill\nrun: sh hill.sh {lr} {depth} {args}\nobjective: {minimize: loss}\n"
             "space:\n  lr: {float: [1e-4, 1], log: true}\n  depth: {int: [1, 8]}\n"
             "  opt: {choice: [adam, sgd]}\n  momentum: {float: [0, 0.9], when: opt == sgd}\n"
             "constraints: ['depth * lr <= 6']\nstrategy: %s\nbudget: {trials: %d}\n"
             "machine: {parallel: %d}\nseed: 11\n",
             strategy, trials, parallel);
    write_file("hill.yaml", text);
    write_file("hill.sh", script);
}

static const json_t *next_of(const json_t *peek, size_t i)
{
    return json_array_get(json_object_get(peek, "next"), i);
}

static void assert_same_params(const json_t *a, const json_t *b)
{
    if (!json_equal(json_object_get(a, "params"), json_object_get(b, "params"))) {
        char *one = json_dumps(json_object_get(a, "params"), 0);
        char *two = json_dumps(json_object_get(b, "params"), 0);
        print_error("%s\nis not\n%s\n", one, two);
        fail();
    }
}

static void one_worker_runs_what_peek_has_shown(const char *strategy)
{
    write_study(strategy, program, 12, 1);
    expect("run hill.yaml --headless", 0, "best loss");
    json_t *const peek = json_of("peek hill.yaml -n 1 --json");
    assert_int_equal(int_at(peek, "budget_left"), 0);
    assert_int_equal(int_at(next_of(peek, 0), "number"), 12);
    expect("set hill.db budget trials=13", 0, "");
    expect("run hill.db --headless", 0, "best loss");
    json_t *const shown = json_of("trials hill.db --json --filter 'number == 12'");
    const json_t *const ran = json_array_get(json_object_get(shown, "trials"), 0);
    assert_same_params(next_of(peek, 0), ran);
    assert_string_equal(json_string_value(json_object_get(next_of(peek, 0), "why")),
                        json_string_value(json_object_get(ran, "why")));
    json_decref(shown);
    json_decref(peek);
    assert_int_equal(unlink("hill.db"), 0);
}

static void the_next_trial_is_the_one_that_peek_shows(void **state)
{
    (void)state;
    one_worker_runs_what_peek_has_shown("gp");
    one_worker_runs_what_peek_has_shown("tpe");
    one_worker_runs_what_peek_has_shown("cmaes");
}

static void three_workers_start_what_peek_shows_enqueued_ones_first(void **state)
{
    (void)state;
    write_study("tpe", program, 12, 3);
    expect("run hill.yaml --headless", 0, "best loss");
    expect("set hill.db budget trials=15", 0, "");
    expect("enqueue hill.db lr=0.5 opt=sgd", 0, "#12");
    json_t *const peek = json_of("peek hill.db -n 3 --json");
    assert_int_equal(int_at(peek, "budget_left"), 3);
    assert_true(json_is_true(json_object_get(next_of(peek, 0), "enqueued")));
    const json_t *const params = json_object_get(next_of(peek, 0), "params");
    assert_close(json_number_value(json_object_get(params, "lr")), 0.5, 0, 0);
    assert_non_null(json_object_get(params, "momentum"));
    assert_true(json_is_false(json_object_get(next_of(peek, 1), "enqueued")));

    write_file("hill.sh", gathers);
    struct running run = start_run("run hill.db --headless");
    await(&run, "#12   run");
    await(&run, "#14   run");
    json_t *const shown = json_of("trials hill.db --json --filter 'number >= 12' --sort number");
    for (size_t i = 0; i < 3; i++) {
        const json_t *const ran = json_array_get(json_object_get(shown, "trials"), i);
        assert_int_equal(int_at(ran, "number"), int_at(next_of(peek, i), "number"));
        assert_same_params(next_of(peek, i), ran);
    }
    write_file("go", "");
    assert_int_equal(end_of(&run), 0);
    json_decref(shown);
    json_decref(peek);
}

static void peek_says_where_the_budget_and_the_space_end(void **state)
{
    (void)state;
    write_study("random", program, 4, 1);
    expect("check hill.yaml", 0, "valid");
    expect("run hill.yaml --headless", 0, "best loss");
    expect("peek hill.yaml", 0, "the budget of 4 trials is met");
    expect("peek hill.yaml", 0, "#8 lr=");
    expect("peek hill.yaml -n 0", 2, "1");
    expect("peek hill.yaml -n 1000", 2, "100");
    expect("peek nothing.db", 2, "nothing.db");
    expect("peek --help", 0, "Usage: dialin peek STUDY");
    write_file("tiny.yaml", "study: tiny\nrun: sh tiny.sh {n}\nobjective: {minimize: loss}\n"
                            "space:\n  n: {int: [1, 3]}\nstrategy: random\nbudget: {trials: 1}\n"
                            "seed: 3\n");
    write_file("tiny.sh", "echo \"loss $1\"\n");
    expect("run tiny.yaml --headless", 0, "best loss");
    expect("peek tiny.db", 0, "then every point has been tried");
}

/* ── predict ───────────────────────────────────────────────────────────────────────────────────*/

static const json_t *loss_of(const json_t *prediction)
{
    return json_object_get(json_object_get(prediction, "expected"), "loss");
}

static double number_at(const json_t *object, const char *key)
{
    assert_true(json_is_number(json_object_get(object, key)));
    return json_number_value(json_object_get(object, key));
}

static void a_point_is_predicted_before_it_is_run(void **state)
{
    (void)state;
    write_study("gp", program, 30, 2);
    expect("run hill.yaml --headless", 0, "best loss");
    json_t *const good = json_of("predict hill.yaml lr=0.01 depth=4 opt=adam --json");
    json_t *const bad = json_of("predict hill.db lr=0.5 depth=4 opt=adam --json");
    assert_true(number_at(loss_of(good), "low") <= 0.1 + 0.05);
    assert_close(number_at(loss_of(good), "mean"), 0.1, 0.1, 0);
    assert_true(number_at(loss_of(bad), "mean") > 1);
    assert_true(number_at(loss_of(good), "chance") > number_at(loss_of(bad), "chance"));
    assert_true(json_is_null(json_object_get(loss_of(good), "why_not")));
    assert_true(json_is_true(json_object_get(good, "allowed")));
    assert_true(number_at(good, "run_time_s") > 0);
    assert_int_equal(json_array_size(json_object_get(good, "nearest")), 3);
    const json_t *const origins = json_object_get(good, "origins");
    assert_string_equal(json_string_value(json_object_get(origins, "lr")), "given");
    assert_string_equal(json_string_value(json_object_get(origins, "momentum")), "inactive");
    json_decref(good);
    json_decref(bad);

    expect("predict hill.db lr=0.01 depth=4", 0, "% chance to beat the best 0.1");
    expect("predict hill.db lr=0.01", 0, "the best: depth=");
    expect("predict hill.db lr=0.01 --copy 3", 0, "from #3");
    expect("predict hill.db lr=1 depth=8", 0, "not allowed: it breaks 'depth * lr <= 6'");
    expect("predict hill.db lr=30 depth=1", 0, "extrapolating: lr 30 is outside its range");
    expect("predict hill.db depth=800", 0, "extrapolating: depth 800");
    expect("predict hill.db opt=adam momentum=0.5", 0, "without effect at this point: momentum");
    json_t *const far = json_of("predict hill.db depth=800 --json");
    assert_string_equal(json_string_value(json_object_get(far, "extrapolates")), "range");
    assert_string_equal(json_string_value(json_object_get(far, "extrapolates_in")), "depth");
    assert_int_equal(int_at(json_object_get(far, "params"), "depth"), 800);
    json_decref(far);
}

static void with_few_trials_it_says_that_it_does_not_know(void **state)
{
    (void)state;
    write_study("random", program, 3, 1);
    expect("run hill.yaml --headless", 0, "best loss");
    expect("predict hill.db lr=0.01", 0,
           "loss: no prediction, the model needs 5 complete trials, there are 3");
    json_t *const none = json_of("predict hill.db lr=0.01 --json");
    assert_true(json_is_null(json_object_get(loss_of(none), "mean")));
    assert_true(json_is_string(json_object_get(loss_of(none), "why_not")));
    json_decref(none);
}

static void words_that_make_no_point_are_refused(void **state)
{
    (void)state;
    write_study("random", program, 6, 1);
    expect("run hill.yaml --headless", 0, "best loss");
    expect("predict hill.db", 0, "loss ");
    expect("predict", 2, "dialin predict STUDY");
    expect("predict hill.db lr", 2, "NAME=VALUE");
    expect("predict hill.db =1", 2, "NAME=VALUE");
    expect("predict hill.db lr=", 2, "'lr'");
    expect("predict hill.db lr=nan", 2, "'lr'");
    expect("predict hill.db lr=1e999", 2, "'lr'");
    expect("predict hill.db lr=-1", 2, "'lr' must be above 0");
    expect("predict hill.db lr=0", 2, "'lr' must be above 0");
    expect("predict hill.db lr=1e300", 0, "extrapolating");
    expect("predict hill.db lr=1e-300", 0, "extrapolating");
    expect("predict hill.db depth=2.5", 2, "whole number");
    expect("predict hill.db opt=adm", 2, "did you mean 'adam'");
    expect("predict hill.db ler=1", 2, "did you mean 'lr'");
    expect("predict hill.db --copy 99", 2, "no trial #99");
    expect("predict hill.db --copy x", 2, "no trial number");
    expect("predict nothing.db lr=1", 2, "nothing.db");
    expect("predict --help", 0, "at least 5 complete ones");
}

/* The truth has no noise and a simple shape: what a model expects of it must mostly come true. */
static void it_is_told_how_often_predictions_came_true(void **state)
{
    (void)state;
    write_study("gp", program, 30, 1);
    expect("run hill.yaml --headless", 0, "best loss");
    json_t *const page = json_of("show hill.db --json");
    const json_t *const found = json_object_get(page, "calibration");
    const json_t *const suggested = json_object_get(found, "suggested");
    assert_true(int_at(suggested, "predictions") >= 10);
    assert_true(int_at(suggested, "within") >= int_at(suggested, "predictions") / 2);
    assert_int_equal(int_at(json_object_get(found, "by_hand"), "predictions"), 0);
    json_decref(page);
    expect("show hill.db", 0, "predictions of suggested points");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_next_trial_is_the_one_that_peek_shows),
        TEST(three_workers_start_what_peek_shows_enqueued_ones_first),
        TEST(peek_says_where_the_budget_and_the_space_end),
        TEST(a_point_is_predicted_before_it_is_run),
        TEST(it_is_told_how_often_predictions_came_true),
        TEST(with_few_trials_it_says_that_it_does_not_know),
        TEST(words_that_make_no_point_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
