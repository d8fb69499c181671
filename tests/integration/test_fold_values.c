/* A value of several runs is shown with its spread and their number, wherever it is shown. */
#include "support/program.h"

static void write_study(const char *more)
{
    struct dln_strbuf text = {0};
    write_file("cv.sh", "echo \"accuracy: 0.9$2$2\"\n");
    dln_strbuf_add(&text, "study: cv\nrun: [sh, cv.sh, '{x}', '{fold}']\nfolds: 5\n"
                          "objective: {maximize: accuracy}\nspace: {x: {float: [0, 1]}}\n"
                          "strategy: random\nbudget: {trials: 2}\nseed: 1\n");
    dln_strbuf_add(&text, more);
    write_file("cv.yaml", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}

static void every_command_that_shows_a_value_shows_its_spread(void **state)
{
    (void)state;
    static const char shown[] = "0.922 ±0.017 (n=5)";
    write_study("");
    expect("check cv.yaml", 0, "sh cv.sh");
    expect("run cv.yaml --headless", 0, shown);
    expect("best cv.db", 0, shown);
    expect("show cv.db", 0, shown);
    expect("trials cv.db", 0, shown);
    expect("show cv.db 1", 0, shown);
    expect("ls cv.db", 0, shown);
    expect("export cv.db --to md", 0, shown);
    expect("export cv.db --to html", 0, shown);
    expect("trials cv.db --columns number,runs,spread --csv", 0, "0,5,0.0173");
    json_t *const trial = json_of("show cv.db 1 --json");
    const json_t *const row = json_object_get(trial, "trial");
    assert_int_equal(int_at(row, "runs"), 5);
    assert_close(json_number_value(json_object_get(json_object_get(row, "spread"), "accuracy")),
                 0.017392527130926083, 0, 1e-12);
    json_decref(trial);
}

static void the_best_are_confirmed_on_another_split(void **state)
{
    (void)state;
    write_file("split.sh", "echo \"$1 $2/$3 $4\" >>runs\n"
                           "awk -v x=$1 -v f=$2 'BEGIN { print \"accuracy: \" x + f / 1000 }'\n");
    write_file("split.yaml",
               "study: split\nrun: sh split.sh {x} {fold} {folds} {seed}\nfolds: 2\n"
               "objective: {maximize: accuracy}\nspace: {x: {float: [0, 1]}}\n"
               "strategy: random\nbudget: {trials: 3}\nseed: 1\nconfirm: {top: 1, folds: 4}\n");
    expect("run split.yaml --headless", 0, "split");
    json_t *const found = json_of("confirm split.db --json");
    assert_true(json_is_true(json_object_get(found, "finished")));
    json_decref(found);
    char *const runs = read_all("runs");
    int n_fresh = 0;
    char searched[24] = "";
    for (char *line = runs, *end; (end = strchr(line, '\n')); line = end + 1) {
        char x[40];
        char seed[24];
        int fold;
        int folds;
        *end = '\0';
        assert_int_equal(sscanf(line, "%39s %d/%d %23s", x, &fold, &folds, seed), 4);
        assert_in_range(fold, 0, folds - 1);
        if (folds == 2) {
            (void)snprintf(searched, sizeof searched, "%s", seed);
        } else {
            n_fresh++;
            assert_string_not_equal(seed, searched); /* another split than the search's */
        }
    }
    assert_int_equal(n_fresh % 4, 0); /* whole cross-validations */
    assert_true(n_fresh >= 8);        /* of the best and of the default */
    free(runs);
}

static void one_of_several_objectives_is_confirmed_where_the_study_names_it(void **state)
{
    (void)state;
    write_file("two.sh", "echo \"recall: $1\"\necho \"p99: $((DIALIN_SEED % 10))\"\n");
    write_file("two.yaml", "study: two\nrun: sh two.sh {x}\n"
                           "objective: [{maximize: recall}, {minimize: p99}]\n"
                           "space: {x: {float: [0, 1]}}\nstrategy: random\nbudget: {trials: 6}\n"
                           "seed: 1\nconfirm: {top: 2, seeds: 3, metric: p99}\n");
    expect("run two.yaml --headless", 0, "on fresh seeds");
    json_t *const found = json_of("confirm two.db --json");
    assert_true(json_is_true(json_object_get(found, "finished")));
    assert_string_equal(json_string_value(json_object_get(found, "metric")), "p99");
    json_decref(found);
}

static void without_a_name_it_is_asked_for(void **state)
{
    (void)state;
    write_file("two.yaml", "study: two\nrun: sh two.sh {x}\n"
                           "objective: [{maximize: recall}, {minimize: p99}]\n"
                           "space: {x: {float: [0, 1]}}\nconfirm: {top: 2, seeds: 3}\n");
    expect("run two.yaml --headless", 2, "'metric'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_command_that_shows_a_value_shows_its_spread,
                                        in_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_best_are_confirmed_on_another_split, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(
            one_of_several_objectives_is_confirmed_where_the_study_names_it, in_folder,
            remove_folder),
        cmocka_unit_test_setup_teardown(without_a_name_it_is_asked_for, in_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
