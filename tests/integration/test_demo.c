/* `dialin demo`: a study for trying things, without a program of one's own. */
#include "support/program.h"

#define FAST "--headless --speed 20000"

static void it_runs_and_shows_every_kind_of_outcome(void **state)
{
    (void)state;
    expect("demo d " FAST " --trials 60", 0, "best val_loss");
    expect("check d/demo.yaml", 0, "a valid study file");
    json_t *show = json_of("show d/demo.db --json");
    json_t *counts = json_object_get(json_object_get(show, "study"), "counts");
    assert_int_equal(int_at(counts, "COMPLETE") + int_at(counts, "PRUNED") + int_at(counts, "FAIL"),
                     60);
    assert_true(int_at(counts, "COMPLETE") > 0);
    assert_true(int_at(counts, "PRUNED") > 0);
    assert_true(int_at(counts, "FAIL") > 0);
    json_decref(show);
    json_t *trials = json_of("trials d/demo.db --json");
    size_t with = 0, without = 0, at;
    json_t *trial;
    json_array_foreach(json_object_get(trials, "trials"), at, trial)
    {
        *(json_object_get(json_object_get(trial, "params"), "momentum") ? &with : &without) += 1;
    }
    assert_true(with > 0 && without > 0); /* the conditional parameter */
    json_decref(trials);
}

static void it_goes_on_where_it_was(void **state)
{
    (void)state;
    expect("demo d " FAST " --trials 4", 0, "4 of 4 trials");
    expect("set d/demo.db budget trials=+3", 0, "7 trials");
    expect("demo d --headless", 0, "7 of 7 trials");
    expect("demo d " FAST, 2, "'d/demo.yaml' is there already");
}

static void a_study_of_somebody_else_is_left_alone(void **state)
{
    (void)state;
    write_file("demo.yaml", "study: mine\n");
    expect("demo . " FAST, 2, "'./demo.yaml' is there, and is not the demo's");
    char *text = read_all("demo.yaml");
    assert_string_equal(text, "study: mine\n");
    free(text);
}

static void without_a_folder_it_says_where_it_is(void **state)
{
    (void)state;
    assert_int_equal(setenv("TMPDIR", ".", 1), 0);
    expect("demo " FAST " --trials 2", 0, "the demo is in ./dialin-demo-");
    assert_int_equal(unsetenv("TMPDIR"), 0);
    expect("demo --speed 0", 2, "--speed");
}

static void its_trials_refuse_words_they_do_not_know(void **state)
{
    (void)state;
    expect("--demo-trial 20 1 --nonsense=3", 2, "unknown word: '--nonsense=3'");
    expect("--demo-trial 20000 1 --lr=0.001 --optimizer=adamw --augment", 0, "epoch 24 train_loss");
    expect("--demo-trial 20000 1 --batch=256 --width=1024", 1, "CUDA out of memory");
    expect("--demo-trial 20000 1 --lr=1", 0, "val_loss nan");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_runs_and_shows_every_kind_of_outcome),  TEST(it_goes_on_where_it_was),
        TEST(a_study_of_somebody_else_is_left_alone),   TEST(without_a_folder_it_says_where_it_is),
        TEST(its_trials_refuse_words_they_do_not_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
