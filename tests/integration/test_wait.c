/* Waiting for what a study has come to. */
#include <sys/stat.h>

#include "support/program.h"

/* Each trial reads a line from a pipe before it ends, so the test decides how far the study is. */
static void write_study(void)
{
    write_file("gate.sh", "read line <gate-$1\necho loss $2\n");
    write_file("gate.yaml",
               "study: gate\nrun: sh gate.sh {trial} {x}\nobjective: {minimize: loss}\n"
               "space:\n  x: {int: [1, 3]}\nstrategy: grid\nbudget: {trials: 3}\n");
    assert_int_equal(mkfifo("gate-0", 0600), 0);
    assert_int_equal(mkfifo("gate-1", 0600), 0);
    assert_int_equal(mkfifo("gate-2", 0600), 0);
}

static void an_expression_is_met_while_the_study_runs(void **state)
{
    (void)state;
    write_study();
    struct running engine = start_run("run gate.yaml --headless");
    await(&engine, "run");
    expect("wait gate.yaml --until 'ok >= 1' --timeout 0", 3, "the time is up");
    write_file("gate-0", "go\n"); /* as soon as the trial reads it */
    expect("wait gate.yaml --until 'ok >= 1' --timeout 5m", 0, "gate: ");
    json_t *const told = json_of("wait gate.yaml --until 'best <= 3 and engine' --json");
    assert_string_equal(json_string_value(json_object_get(told, "outcome")), "met");
    assert_int_equal(int_at(json_object_get(json_object_get(told, "study"), "counts"), "COMPLETE"),
                     1);
    json_decref(told);
    write_file("gate-1", "go\n");
    write_file("gate-2", "go\n");
    expect("wait gate.yaml", 0, "3 ok");
    expect("wait gate.yaml --until 'ok >= 4'", 1, "no engine is at work");
    expect("wait gate.yaml --until 'state == done'", 0, "3 ok");
    assert_int_equal(end_of(&engine), 0);
}

static void what_cannot_be_waited_for_is_told(void **state)
{
    (void)state;
    write_file("one.yaml", "study: gate\nrun: sh -c 'echo loss 1' sh {x}\n"
                           "objective: {minimize: loss}\nspace:\n  x: {int: [1, 3]}\n"
                           "strategy: grid\nbudget: {trials: 1}\n");
    expect("run one.yaml --headless", 0, "best loss");
    expect("wait one.yaml --until 'okk >= 4'", 2, "did you mean 'ok'");
    expect("wait one.yaml --until 'ok >='", 2, "--until, column");
    expect("wait one.yaml --timeout soon", 2, "no duration");
    expect("wait one.yaml --until 'ok >= 4' --for-engine --timeout 0.1s", 3, "the time is up");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_expression_is_met_while_the_study_runs),
        TEST(what_cannot_be_waited_for_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
