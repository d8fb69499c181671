/* The samples run as they are, with fewer trials. */
#include <unistd.h>

#include "support/program.h"

/* A copy of samples/NAME in the test's folder, its studies cut down to so many trials. */
static void copy_sample(const char *name, int trials)
{
    char line[1024];
    assert_true(snprintf(line, sizeof line,
                         "cp '" TEST_SOURCE "/samples/%s'/* . && "
                         "sed -i 's/trials: [0-9]*/trials: %d/' *.yaml",
                         name, trials) < (int)sizeof line);
    assert_int_equal(system(line), 0);
}

static int64_t states(const char *study, const char *state)
{
    char line[256];
    (void)snprintf(line, sizeof line, "show %s --json", study);
    json_t *list = json_of(line);
    const json_t *counts = json_object_get(json_object_get(list, "study"), "counts");
    const int64_t n = int_at(counts, state);
    json_decref(list);
    return n;
}

static void workers_in_python_and_in_c_have_the_same_study(void **state)
{
    (void)state;
    copy_sample("worker", 24);
    assert_int_equal(system("sed -i 's/parallel: 2/parallel: 1/' *.yaml && "
                            "${CC:-cc} -O2 -Wall -Wextra -Werror -o worker worker.c -lm"),
                     0);
    expect("run study.yaml --headless", 0, "24 of 24 trials");
    expect("run worker-c.yaml --headless", 0, "24 of 24 trials");
    const int64_t ok = states("study.yaml", "COMPLETE");
    const int64_t cut = states("study.yaml", "PRUNED");
    assert_in_range(ok, 8, 24);
    assert_in_range(cut, 1, 16);
    assert_int_equal(states("worker-c.yaml", "COMPLETE"), ok);
    assert_int_equal(states("worker-c.yaml", "PRUNED"), cut);
    expect("cmd worker-c.yaml 7", 0, "| ./worker");
    assert_int_equal(access("worker.runs/workers/0/stdout", F_OK), -1); /* no line is astray */
}

static void a_learning_curve_is_cut_by_asha(void **state)
{
    (void)state;
    copy_sample("curve", 9);
    expect("run study.yaml --headless", 0, "9 of 9 trials");
    assert_in_range(states("study.yaml", "PRUNED"), 1, 8);
    assert_in_range(states("study.yaml", "COMPLETE"), 1, 8);
}

static void settings_of_sqlite_are_tuned(void **state)
{
    (void)state;
    copy_sample("pragmas", 4);
    expect("run study.yaml --headless", 0, "4 of 4 trials: 4 ok");
    expect("show study.yaml 0", 0, "read_ms");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        T(workers_in_python_and_in_c_have_the_same_study),
        T(a_learning_curve_is_cut_by_asha),
        T(settings_of_sqlite_are_tuned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
