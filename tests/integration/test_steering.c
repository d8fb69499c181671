/* Steering a run of the real program from other processes, and by signals. */
#include <signal.h>

#include "support/program.h"

/* Runs until the file `go` exists, then prints its value. */
static const char gate_program[] = "echo \"epoch 1 loss $1\"\n"
                                   "while [ ! -e go ]; do sleep 0.02; done\n"
                                   "echo \"epoch 2 loss $1\"\n";
static const char gate_study[] = "study: gate\n"
                                 "run: sh gate.sh {x}\n"
                                 "objective: {minimize: loss}\n"
                                 "space:\n"
                                 "  x: {float: [0, 1]}\n"
                                 "strategy: random\n"
                                 "budget: {trials: 4}\n"
                                 "machine: {parallel: 1, grace: 1s}\n"
                                 "seed: 7\n";

static void a_running_study_is_steered_from_another_process(void **state)
{
    (void)state;
    write_file("gate.sh", gate_program);
    write_file("gate.yaml", gate_study);
    struct running run = start_run("run gate.yaml --headless");
    await(&run, "#0    run");

    expect("run gate.yaml --headless", 3, "pid ");
    expect("ls gate.db", 0, "running");
    expect("watch gate.db --once", 0, "1 run; running (pid ");
    expect("pause gate.db", 0, "");
    expect("enqueue gate.yaml x=0.25", 0, "#1");
    expect("enqueue gate.yaml y=0.25", 2, "'y' is no parameter");
    expect("enqueue gate.yaml x=7", 1, "x");
    expect("set gate.db parallel 2", 0, "parallel 1");
    expect("set gate.db budget trials=2", 0, "");
    expect("set gate.db budget trals=2", 2, "did you mean 'trials'");
    expect("set gate.db parallel none", 2, "whole number");
    expect("set gate.db strategy", 2, "needs a name");
    expect("set gate.db strategy tpe startup", 2, "startup=20");
    expect("set gate.db strategy tpe startup=2 startup=3", 2, "twice");
    expect("set gate.db strategy tppe", 1, "did you mean 'tpe'");
    expect("set gate.db pruner", 2, "none, or asha");
    expect("set gate.db pruner asha etta=3", 1, "did you mean 'eta'");
    expect("set gate.db strategy tpe startup=2 multivariate=false gamma=sqrt", 0,
           "random → tpe startup=2 multivariate=false gamma=sqrt");
    expect("check gate.yaml", 0, "its strategy is tpe now");
    expect("prune gate.db 77", 1, "77");

    json_t *const answer = json_of("resume gate.db --json");
    assert_true(json_is_true(json_object_get(answer, "ok")));
    assert_string_equal(json_string_value(json_object_get(answer, "command")), "resume");
    json_decref(answer);
    await(&run, "#1    run");
    write_file("go", "");
    assert_int_equal(end_of(&run), 0);
    json_t *const shown = json_of("trials gate.db --json");
    const json_t *const trials = json_object_get(shown, "trials");
    assert_int_equal(json_array_size(trials), 2);
    const json_t *const second = json_object_get(json_array_get(trials, 1), "params");
    assert_close(json_number_value(json_object_get(second, "x")), 0.25, 0, 0);
    json_decref(shown);
}

static void a_running_trial_is_pruned_and_retried(void **state)
{
    (void)state;
    write_file("gate.sh", gate_program);
    write_file("gate.yaml", gate_study);
    struct running run = start_run("run gate.yaml --headless");
    await(&run, "#0    run");
    expect("prune gate.db 0", 0, "0");
    await(&run, "#0    cut");
    expect("retry gate.db 0", 0, "");
    expect("stop gate.db 1", 0, "");
    await(&run, "#1    err");
    write_file("go", "");
    assert_int_equal(end_of(&run), 0);
    struct result watched = dialin("watch gate.db");
    assert_int_equal(watched.status, 0);
    assert_non_null(strstr(watched.out, "1 cut"));
    forget(&watched);
}

static void sigterm_ends_a_run_politely_and_a_start_resumes_it(void **state)
{
    (void)state;
    write_file("gate.sh", gate_program);
    write_file("gate.yaml", gate_study);
    struct running run = start_run("run gate.yaml --headless");
    await(&run, "#0    run");
    assert_int_equal(kill(run.pid, SIGHUP), 0); /* nothing happens */
    assert_int_equal(kill(run.pid, SIGTERM), 0);
    assert_int_equal(end_of(&run), 1); /* it was stopped without a result */
    expect("ls gate.db", 0, "idle");
    expect("best gate.db", 1, "no trial is complete yet");
    write_file("go", "");
    expect("run gate.yaml --headless", 0, "resumed");
    json_t *const shown = json_of("trials gate.db --json --state ok");
    assert_int_equal(json_array_size(json_object_get(shown, "trials")), 4);
    json_decref(shown);
}

static void stop_ends_the_engine_of_another_process(void **state)
{
    (void)state;
    write_file("gate.sh", gate_program);
    write_file("gate.yaml", gate_study);
    struct running run = start_run("run gate.yaml --headless");
    await(&run, "#0    run");
    expect("stop gate.db", 0, "");
    assert_int_equal(end_of(&run), 1);
}

static void a_study_starts_from_what_another_one_found(void **state)
{
    (void)state;
    write_file("gate.sh", gate_program);
    write_file("gate.yaml", gate_study);
    write_file("go", "");
    expect("run gate.yaml --headless", 0, "");
    write_file("next.yaml", "study: next\n"
                            "run: sh gate.sh {x}\n"
                            "objective: {minimize: loss}\n"
                            "space: {x: {float: [0, 1]}, y: {int: [1, 3], default: 2}}\n"
                            "fixed: {unused: 1}\n"
                            "strategy: tpe\n"
                            "budget: {trials: 3}\n"
                            "seed: 7\n"
                            "warm_start: [gate.db]\n");
    expect("check next.yaml", 2, "'y'");
    write_file("next.yaml", "study: next\n"
                            "run: sh gate.sh {x} {y}\n"
                            "objective: {minimize: loss}\n"
                            "space: {x: {float: [0, 1]}, y: {int: [1, 3], default: 2}}\n"
                            "strategy: tpe\n"
                            "budget: {trials: 3}\n"
                            "seed: 7\n"
                            "warm_start: [gate.db]\n");
    expect("check next.yaml", 0, "warm start gate.db: study 'gate', 4 of 4 complete trials fit");
    expect("check next.yaml", 0, "matched x");
    expect("check next.yaml", 0, "taken as the default: y");
    json_t *const best = json_of("best gate.db --json");
    expect("run next.yaml --headless", 0, "");
    json_t *const shown = json_of("trials next.db --json");
    const json_t *const first = json_array_get(json_object_get(shown, "trials"), 0);
    const json_t *const params = json_object_get(first, "params");
    const json_t *const winner = json_array_get(json_object_get(best, "trials"), 0);
    assert_close(json_number_value(json_object_get(params, "x")),
                 json_number_value(json_object_get(json_object_get(winner, "params"), "x")), 0, 0);
    assert_int_equal(int_at(params, "y"), 2);
    json_decref(best);
    json_decref(shown);
    assert_int_equal(remove("gate.db"), 0);
    expect("set next.yaml budget trials=6", 0, "");
    expect("run next.yaml --headless", 0, "");
    expect("check next.yaml", 2, "gate.db");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_running_study_is_steered_from_another_process),
        TEST(a_running_trial_is_pruned_and_retried),
        TEST(sigterm_ends_a_run_politely_and_a_start_resumes_it),
        TEST(stop_ends_the_engine_of_another_process),
        TEST(a_study_starts_from_what_another_one_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
