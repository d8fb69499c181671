/* dialin confirm with a real noisy program: luck is called luck, and what is real holds. */
#include <signal.h>
#include <unistd.h>

#include "support/program.h"

/*
 * Prints (x - 0.3)² × slope and nearly normal noise of the seed, which is that of `held` for the
 * held-out command. A word a run goes to `calls`; with the file `wait` there, it waits for `go`.
 */
static void write_study(const char *slope, const char *noise, const char *more)
{
    char text[1024];
    write_file("noisy.sh",
               "echo \"$1 $2\" >> calls\n"
               "if [ -e wait ]; then while [ ! -e go ]; do sleep 0.05; done; fi\n"
               "[ -e bad ] && [ \"$1\" = 0.9 ] && exit 3\n"
               "awk -v x=\"$1\" -v s=\"$2\" -v k=\"$3\" -v sd=\"$4\" 'BEGIN { srand(s + x * 1e6);"
               " for (i = 0; i < 12; i++) z += rand();"
               " printf \"loss %.9f test_loss %.9f\\n\", (x - 0.3) ^ 2 * k + (z - 6) * sd,"
               " (x - 0.3) ^ 2 * k + 10 }'\n");
    snprintf(text, sizeof text,
             "study: noisy\nrun: sh noisy.sh {x} {seed} %s %s\nobjective: {minimize: loss}\n"
             "space: {x: {float: [0, 1], default: 0.9}}\nstrategy: random\nbudget: {trials: 60}\n"
             "machine: {parallel: 2}\nseed: 5\n%s",
             slope, noise, more);
    write_file("noisy.yaml", text);
}

static size_t count_lines(const char *path)
{
    char *text = read_all(path);
    size_t n = 0;
    for (const char *at = text; *at; at++)
        n += *at == '\n';
    free(text);
    return n;
}

static void a_best_among_equals_is_called_luck(void **state)
{
    (void)state;
    write_study("0", "1", "");
    expect("confirm noisy.yaml", 2, "noisy.db");
    expect("run noisy.yaml --headless", 0, "60 of 60 trials");
    json_t *before = json_of("best noisy.yaml --json");
    const json_t *const standing = json_object_get(before, "standing");
    const double luck = json_number_value(json_object_get(standing, "luck"));
    assert_true(luck > 1 && luck < 3.5); /* the noise has sd 1, the best is one of 60 */
    assert_true(json_is_string(json_object_get(standing, "warning")));
    assert_true(json_is_integer(json_object_get(standing, "pick")));
    expect("best noisy.yaml", 0, "the luckiest of ");
    expect("show noisy.yaml", 0, "no parameter explains these 60 values");
    expect("confirm noisy.yaml --show", 1, "nothing was confirmed yet");
    expect("confirm noisy.yaml --report report.md", 0, "was lucky");
    json_t *found = json_of("confirm noisy.yaml --show --json");
    assert_string_equal(json_string_value(json_object_get(found, "best_of_search")), "lucky");
    assert_true(json_is_false(json_object_get(found, "beats_default")));
    const double value = json_number_value(json_object_get(found, "value"));
    assert_true(fabs(value) < 1); /* the truth is 0, the best of the search about -2.3 */
    assert_true(json_number_value(json_object_get(found, "optimism")) > 0);
    json_decref(found);
    char *report = read_all("report.md");
    assert_non_null(strstr(report, "# Does the result hold?"));
    assert_non_null(strstr(report, "was lucky"));
    free(report);
    json_t *after = json_of("best noisy.yaml --json"); /* the study is what it was */
    assert_true(json_equal(before, after));
    json_decref(before);
    json_decref(after);
    expect("ls noisy.db", 0, "60");
    expect("log noisy.yaml --json", 0, "was lucky");
}

static void a_real_best_holds_and_beats_the_default(void **state)
{
    (void)state;
    write_study("4", "0.01", "");
    expect("run noisy.yaml --headless", 0, "60 of 60 trials");
    expect("confirm noisy.yaml", 0, "It beats the default");
    json_t *found = json_of("confirm noisy.yaml --show --json");
    assert_true(json_is_true(json_object_get(found, "beats_default")));
    assert_true(fabs(json_number_value(json_object_get(found, "value"))) < 0.02);
    const int64_t runs = int_at(found, "runs");
    /* All candidates have the same seeds: that is what makes them comparable. */
    const json_t *first = json_array_get(json_object_get(found, "candidates"), 0);
    assert_true(json_array_size(json_object_get(first, "values")) >= 5);
    assert_string_equal(json_string_value(json_object_get(first, "verdict")), "holds");
    json_decref(found);

    /* What is measured is not run again; more repeats add to it; a fresh one starts over. */
    assert_int_equal(count_lines("calls"), 60 + runs);
    expect("confirm noisy.yaml", 0, "It beats the default");
    assert_int_equal(count_lines("calls"), 60 + runs);
    expect("confirm noisy.yaml --repeats 7", 0, "goes on after");
    found = json_of("confirm noisy.yaml --show --json");
    assert_int_equal(count_lines("calls"), 60 + int_at(found, "runs"));
    assert_true(int_at(found, "runs") > runs);
    assert_int_equal(int_at(found, "series"), 1);
    json_decref(found);
    found = json_of("confirm noisy.yaml --fresh --json --top 2");
    assert_int_equal(int_at(found, "series"), 2);
    assert_in_range(json_array_size(json_object_get(found, "candidates")), 3, 4);
    json_decref(found);

    /* More trials: the old verdict says that it is old. */
    expect("set noisy.yaml budget trials=+1", 0, "61");
    expect("run noisy.db --headless", 0, "61 of 61 trials");
    expect("confirm noisy.yaml --show", 0, "Trials were completed since");
}

static void a_running_study_confirms_between_its_trials(void **state)
{
    (void)state;
    write_study("4", "0.01", "");
    write_file("wait", "");
    write_file("calls", "");
    struct running running = start_run("run noisy.yaml --headless");
    while (count_lines("calls") < 2)
        usleep(20000); /* the program's own sign; both slots are taken */
    expect("confirm noisy.yaml --top 2 --repeats 2", 0, "after 2 running trials");
    write_file("go", "");
    (void)end_of(&running);
    json_t *found = json_of("confirm noisy.yaml --show --json");
    assert_true(json_is_true(json_object_get(found, "finished")));
    assert_true(int_at(found, "trials") < 60); /* not at the end */
    assert_int_equal(int_at(found, "series"), 1);
    json_decref(found);
    expect("ls noisy.db", 0, "60");
    expect("log noisy.yaml", 0, "confirming the best");
}

static void wrapping_up_confirms_what_there_is_and_ends(void **state)
{
    (void)state;
    write_study("4", "0.01", "");
    write_file("wait", "");
    write_file("calls", "");
    struct running running = start_run("run noisy.yaml --headless");
    while (count_lines("calls") < 2)
        usleep(20000); /* the program's own sign; both slots are taken */
    expect("confirm noisy.yaml --top 2 --repeats 2 --wrap-up", 0, "after 2 running trials");
    write_file("go", "");
    (void)end_of(&running);
    json_t *found = json_of("confirm noisy.yaml --show --json");
    assert_true(json_is_true(json_object_get(found, "finished")));
    assert_int_equal(int_at(found, "trials"), 2);
    json_decref(found);
    expect("ls noisy.db", 0, "idle");
    expect("log noisy.yaml", 0, "wrap");
}

static void one_that_was_killed_goes_on_where_it_stood(void **state)
{
    (void)state;
    write_study("4", "0.01", "");
    expect("run noisy.yaml --headless", 0, "60 of 60 trials");
    write_file("wait", "");
    struct running running = start_run("confirm noisy.yaml");
    while (count_lines("calls") < 62)
        usleep(20000); /* the program's own sign; both slots are taken */
    expect("confirm noisy.yaml", 3, "pid");
    kill(running.pid, SIGKILL);
    (void)end_of(&running);
    unlink("wait");
    expect("confirm noisy.yaml", 0, "It beats the default");
    json_t *found = json_of("confirm noisy.yaml --show --json");
    assert_true(json_is_true(json_object_get(found, "finished")));
    assert_int_equal(count_lines("calls"), 62 + int_at(found, "runs"));
    json_decref(found);
}

static void the_study_file_lets_a_held_out_command_judge_after_the_budget(void **state)
{
    (void)state;
    write_study(
        "4", "0.01",
        "confirm: {top: 3, seeds: 4, run: sh noisy.sh {x} {seed} 4 0.01, metric: test_loss}\n");
    expect("check noisy.yaml", 2, "noisy.yaml:9:"); /* braces of a flow map want quotes */
    write_study("4", "0.01",
                "confirm: {top: 3, seeds: 4, run: \"sh noisy.sh {x} {seed} 4 0.01\","
                " metric: test_loss}\n");
    expect("check noisy.yaml", 0, "noisy");
    expect("run noisy.yaml --headless", 0, "report test_loss");
    json_t *found = json_of("confirm noisy.yaml --show --json");
    assert_true(json_is_true(json_object_get(found, "held_out")));
    assert_true(json_is_true(json_object_get(found, "finished")));
    assert_int_equal(int_at(found, "held_out_uses"), 1);
    assert_true(fabs(json_number_value(json_object_get(found, "value")) - 10) < 0.05);
    json_decref(found);
    const size_t calls = count_lines("calls");
    expect("run noisy.yaml --headless", 0, "nothing is left to run");
    assert_int_equal(count_lines("calls"), calls);
    found = json_of("confirm noisy.yaml --fresh --json");
    assert_int_equal(int_at(found, "held_out_uses"), 2);
    json_decref(found);
}

static void runs_that_fail_are_told_and_others_judge(void **state)
{
    (void)state;
    write_study("4", "0.01", "failure: {retry: 0}\n");
    expect("run noisy.yaml --headless", 0, "60 of 60 trials");
    write_file("bad", ""); /* from now on the default fails */
    expect("confirm noisy.yaml", 0, "default seed 1: failed, exit 3");
    expect("confirm noisy.yaml --show", 0, "failed");
    json_t *found = json_of("confirm noisy.yaml --show --json");
    assert_true(json_is_false(json_object_get(found, "beats_default")));
    assert_true(fabs(json_number_value(json_object_get(found, "value"))) < 0.02);
    json_decref(found);
    write_file("bad.sh", "exit 3\n");
    write_study("4", "0.01", "confirm: {top: 2, seeds: 2, run: sh bad.sh}\n");
    expect("run noisy.yaml --headless", 0, "every fresh run failed");
    expect("confirm noisy.yaml --fresh", 0, "exit 3");
}

static void what_cannot_be_confirmed_is_said(void **state)
{
    (void)state;
    write_file("two.yaml", "study: two\nrun: sh noisy.sh {x} {seed} 4 0.01\n"
                           "objective: [{minimize: loss}, {minimize: test_loss}]\n"
                           "space: {x: {float: [0, 1]}}\nbudget: {trials: 3}\n");
    write_study("4", "0.01", "");
    expect("run two.yaml --headless", 0, "3 of 3 trials");
    expect("confirm two.yaml", 2, "several objectives");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_best_among_equals_is_called_luck),
        TEST(a_real_best_holds_and_beats_the_default),
        TEST(a_running_study_confirms_between_its_trials),
        TEST(wrapping_up_confirms_what_there_is_and_ends),
        TEST(one_that_was_killed_goes_on_where_it_stood),
        TEST(the_study_file_lets_a_held_out_command_judge_after_the_budget),
        TEST(runs_that_fail_are_told_and_others_judge),
        TEST(what_cannot_be_confirmed_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
