/* Studies from file to file. */
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

/* ── copy ──────────────────────────────────────────────────────────────────────────────────────*/

/* Everything that belongs to finished trials, as one text: ids left out. */
static const char sql_rows[] =
    "SELECT group_concat(line, ';') FROM (SELECT t.number || t.state || coalesce(v.value, 'n') ||"
    " v.value_type || (SELECT group_concat(param_name || param_value || distribution_json) FROM"
    " (SELECT * FROM trial_params p WHERE p.trial_id = t.trial_id ORDER BY param_id)) ||"
    " coalesce((SELECT group_concat(step || coalesce(intermediate_value, 'n') ||"
    " intermediate_value_type) FROM trial_intermediate_values i WHERE i.trial_id = t.trial_id), '')"
    " || coalesce((SELECT group_concat(key || value_json) FROM trial_user_attributes a WHERE"
    " a.trial_id = t.trial_id), '') AS line FROM trials t JOIN trial_values v ON v.trial_id ="
    " t.trial_id WHERE t.study_id = (SELECT max(study_id) FROM studies) ORDER BY t.number)";

static void a_whole_copy_holds_the_same_rows(void **state)
{
    (void)state;
    static const char *const names[] = {"basic-310", "dists-310", "multi-500", "conditional-490"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[128], path[64];
        copy_sample(names[i]);
        snprintf(line, sizeof line, "copy %s.db all.db", names[i]);
        snprintf(path, sizeof path, "%s.db", names[i]);
        expect(line, 0, "all.db: study '");
        char *const before = strdup(outside_ask(path, sql_rows));
        assert_string_equal(outside_ask("all.db", sql_rows), before);
        free(before);
    }
    assert_string_equal(outside_ask("all.db", "SELECT count(*) FROM studies"), "4");
    assert_string_equal(outside_ask("all.db", "PRAGMA integrity_check"), "ok");
    expect("copy basic-310.db all.db", 1, "already has a study 'basic-min'");
    expect("copy basic-310.db all.db --name other", 0, "study 'other' with 14 of 15 trials");
    expect("copy basic-310.db basic-310.db --name other", 2, "into itself");
}

static void some_trials_make_a_clean_study(void **state)
{
    (void)state;
    copy_sample("conditional-490");
    json_t *const told =
        json_of("copy conditional-490.db clean.db --state ok --sort -value --limit 5 --json");
    assert_int_equal(int_at(told, "trials"), 5);
    json_decref(told);
    assert_string_equal(outside_ask("clean.db", "SELECT group_concat(number) FROM trials"),
                        "0,1,2,3,4");
    json_t *const best = json_of("best clean.db --json");
    const json_t *const first = json_array_get(json_object_get(best, "trials"), 0);
    assert_int_equal(int_at(first, "number"), 0);
    assert_close(json_number_value(json_object_get(json_object_get(first, "values"), "value")),
                 0.3125, 0, 0);
    json_decref(best);
}

static void notes_follow_their_trials_and_times_keep_their_instant(void **state)
{
    (void)state;
    copy_sample("attrs-500");
    copy_sample("basic-310");
    expect("copy attrs-500.db notes.db --study 'attrs ä中🚀' --filter 'number == 1'", 0, "1 of 2");
    json_t *const page = json_of("show notes.db 0 --json");
    assert_true(json_is_string(json_object_get(page, "note")));
    json_decref(page);
    setenv("TZ", "Asia/Tokyo", 1);
    json_t *const before = json_of("show basic-310.db 0 --json");
    expect("copy basic-310.db utc.db", 0, "14 of 15");
    json_t *const after = json_of("show utc.db 0 --json");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(before, "trial"), "started")),
        json_string_value(json_object_get(json_object_get(after, "trial"), "started")));
    assert_string_not_equal(outside_ask("basic-310.db", "SELECT datetime_start FROM trials"),
                            outside_ask("utc.db", "SELECT datetime_start FROM trials"));
    unsetenv("TZ");
    json_decref(before);
    json_decref(after);
}

static void a_retry_keeps_its_history_under_new_numbers(void **state)
{
    (void)state;
    copy_sample("queue-500");
    expect("copy queue-500.db some.db --filter 'number >= 3'", 0, "3 of 7");
    expect("copy queue-500.db some.db --filter 'number >= 3'", 1, "already has");
    assert_string_equal(outside_ask("some.db", "SELECT value_json FROM trial_system_attributes"
                                               " WHERE key = 'failed_trial'"),
                        "0");
    assert_string_equal(outside_ask("some.db", "SELECT value_json FROM trial_system_attributes"
                                               " WHERE key = 'retry_history'"),
                        "[0]");
}

/* ── import ────────────────────────────────────────────────────────────────────────────────────*/

static void a_study_of_optuna_becomes_a_study_file_with_its_conditions(void **state)
{
    (void)state;
    copy_sample("conditional-490");
    expect("export conditional-490.db -o study.yaml", 0, "40 trials");
    char *const text = read_all("study.yaml");
    assert_non_null(strstr(text, "study: conditional\n"));
    assert_non_null(strstr(text, "objective: {maximize: value}\n"));
    assert_non_null(strstr(text, "model: {choice: [svm, forest, mlp]}\n"));
    assert_non_null(strstr(text, "svm.c: {float: [0.001, 1000.0], log: true, "
                                 "when: \"model == 'svm'\"}\n"));
    assert_non_null(strstr(text, "forest.trees: {int: [50, 400], step: 50, when: "));
    assert_non_null(strstr(text, "mlp.w1: {float: [0.0, 1.0], when: \"mlp.layers >= 2\"}\n"));
    free(text);
    expect("check study.yaml", 2, "'run' names the program"); /* what a person must add */
    copy_sample("dists-310");
    expect("export dists-310.db -o dists.yaml", 0, "5 trials");
    expect("check dists.yaml", 2, "'run' names the program");
}

static void a_table_of_ours_is_read_back_as_the_same_trials(void **state)
{
    (void)state;
    copy_sample("conditional-490");
    expect("export conditional-490.db -o study.yaml", 0, "40 trials");
    expect("export conditional-490.db -o all.csv", 0, "40 trials");
    json_t *const told = json_of("import study.yaml all.csv --json");
    assert_int_equal(int_at(told, "trials"), 40);
    json_decref(told);
    json_t *const before = json_of("trials conditional-490.db --json --state ok --sort started");
    json_t *const after = json_of("trials study.yaml --json --state ok --sort started");
    const json_t *const a = json_object_get(before, "trials");
    const json_t *const b = json_object_get(after, "trials");
    assert_int_equal(json_array_size(a), json_array_size(b));
    for (size_t i = 0; i < json_array_size(a); i++) {
        static const char *const keys[] = {"values", "params", "started", "ended", "state"};
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            assert_true(json_equal(json_object_get(json_array_get(a, i), keys[k]),
                                   json_object_get(json_array_get(b, i), keys[k])));
        }
    }
    json_decref(before);
    json_decref(after);
    expect("import study.yaml all.csv", 0, "40: the study has it already");
    expect("log study.yaml", 0, "imported 40 trials from all.csv");
}

static const char table[] = "\xef\xbb\xbfName,lr,params_layers,opt,note,val_loss,State\r\n"
                            "a,0.001,2.0,adam,\"x, \"\"y\"\"\nz\",0.5,finished\r\n"
                            "b,0.1,3,sgd,,0.25,finished\n"
                            "c,1e-5,1,sgd,,0.75,\n"
                            "\n"
                            "d,0.01,1,rmsprop,,0.4,finished\n"
                            "e,5,1,adam,,0.4,finished\n"
                            "f,0.01,,adam,,0.4,finished\n"
                            "g,0.02,1,adam,,,finished\n"
                            "h,0.03,1,adam,,,crashed\n"
                            "i,0.04,1,adam,,0.1,running\n";

static void a_table_of_others_gives_what_fits_and_says_what_does_not(void **state)
{
    (void)state;
    write_file("runs.csv", table);
    write_file("net.yaml", "study: net\nobjective: {minimize: val_loss}\nspace:\n"
                           "  lr: {float: [1e-6, 1], log: true}\n  layers: {int: [1, 4]}\n"
                           "  opt: {choice: [sgd, adam]}\n");
    json_t *const told = json_of("import net.yaml runs.csv --json");
    assert_int_equal(int_at(told, "trials"), 4); /* three values and a failure */
    assert_int_equal(json_array_size(json_object_get(told, "left_out")), 5);
    json_decref(told);
    expect("import net.yaml runs.csv", 0, "'rmsprop' is no value of opt (line 7)");
    expect("import net.yaml runs.csv", 0, "lr lies outside its range");
    expect("import net.yaml runs.csv", 0, "layers has no value");
    expect("import net.yaml runs.csv", 0, "it has not ended: 'running'");
    expect("best net.yaml", 0, "best val_loss 0.25");
    expect("show net.db 0", 0, "runs.csv");
    assert_string_equal(outside_ask("net.db", "SELECT group_concat(state) FROM trials"),
                        "COMPLETE,COMPLETE,COMPLETE,FAIL");
    write_file("short.csv", "lr,loss\n1,2\n");
    expect("import net.yaml short.csv", 2, "'val_loss'");
    write_file("open.csv", "lr,val_loss\n1,\"2\n");
    expect("import net.yaml open.csv", 2, "open.csv:2: a quote");
    expect("import net.yaml nothing.csv", 2, "nothing.csv");
}

static void a_table_alone_becomes_a_study_file(void **state)
{
    (void)state;
    write_file("runs.csv", table);
    struct result made = dialin("import runs.csv --minimize val_loss");
    assert_int_equal(made.status, 0);
    assert_non_null(strstr(made.out, "study: runs\n"));
    assert_non_null(strstr(made.out, "  lr: {float: [1e-05, 5.0], log: true}\n"));
    assert_non_null(strstr(made.out, "  layers: {int: [1, 3]}\n"));
    assert_non_null(strstr(made.out, "  opt: {choice: [adam, sgd, rmsprop]}\n"));
    assert_null(strstr(made.out, "Name"));
    write_file("runs.yaml", made.out);
    forget(&made);
    expect("import runs.yaml runs.csv", 0, "6 trials added");
    expect("import runs.csv --minimize val_loss --params lr", 0, "  lr: {float");
    expect("import runs.csv --minimize loss", 2, "no column is called 'loss'");
    expect("import runs.csv", 2, "--minimize METRIC");
}

static void overrides_of_hydra_become_a_study_file(void **state)
{
    (void)state;
    write_file("config.yaml", "defaults:\n  - override hydra/sweeper: optuna\n"
                              "hydra:\n  sweeper:\n    direction: maximize\n    params:\n"
                              "      lr: tag(log, interval(1e-5, 0.1))\n"
                              "      ++model.depth: range(2, 12, step)\n");
    expect("import config.yaml --maximize acc", 2, "model.depth");
    write_file("config.yaml", "hydra:\n  sweeper:\n    direction: maximize\n    params:\n"
                              "      lr: tag(log, interval(1e-5, 0.1))\n"
                              "      model.depth: range(2, 12, 2)\n"
                              "      width: int(interval(16, 64))\n"
                              "      +drop: range(0, 0.5, 0.1)\n"
                              "      opt: choice(sgd, 'a, b', null, 3)\n"
                              "      act: relu,gelu\n"
                              "      seed: 7\n");
    struct result made = dialin("import config.yaml --maximize acc");
    assert_int_equal(made.status, 0);
    static const char *const lines[] = {
        "objective: {maximize: acc}\n",
        "  lr: {float: [1e-05, 0.1], log: true}\n",
        "  model.depth: {int: [2, 12], step: 2}\n",
        "  width: {int: [16, 64]}\n",
        "  drop: {float: [0.0, 0.5], step: 0.1}\n",
        "  opt: {choice: [sgd, \"a, b\", null, 3]}\n",
        "  act: {choice: [relu, gelu]}\n",
        "  seed: {choice: [7]}\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (!strstr(made.out, lines[i])) fail_msg("%s lacks %s", made.out, lines[i]);
    }
    forget(&made);
    write_file("config.yaml", "hydra: {sweeper: {params: {x: glob(*)}}}\n");
    expect("import config.yaml --minimize l", 2, "'x' is drawn by 'glob'");
    write_file("config.yaml", "hydra: {sweeper: {params: {x: 'choice(1, [2)'}}}\n");
    expect("import config.yaml --minimize l", 2, "not closed");
}

static void sweeps_and_search_spaces_of_others_become_study_files(void **state)
{
    (void)state;
    write_file("sweep.yaml", "program: train.py\nmethod: bayes\n"
                             "metric:\n  name: val_loss\n  goal: minimize\n"
                             "parameters:\n"
                             "  lr: {distribution: log_uniform_values, min: 1e-5, max: 0.1}\n"
                             "  batch:\n    values: [16, 32, 64]\n"
                             "  layers: {min: 1, max: 8}\n"
                             "  dropout: {distribution: q_uniform, min: 0, max: 0.5, q: 0.1}\n"
                             "  seed: {value: 7}\n"
                             "  opt:\n    parameters:\n      name: {values: [adam, sgd]}\n");
    struct result made = dialin("import sweep.yaml");
    assert_int_equal(made.status, 0);
    static const char *const lines[] = {
        "run: [python, \"train.py\", '{args}']\n",
        "objective: {minimize: val_loss}\n",
        "  lr: {float: [1e-05, 0.1], log: true}\n",
        "  batch: {choice: [16, 32, 64]}\n",
        "  layers: {int: [1, 8]}\n",
        "  dropout: {float: [0.0, 0.5], step: 0.1}\n",
        "  seed: {choice: [7]}\n",
        "  opt.name: {choice: [adam, sgd]}\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_non_null(strstr(made.out, lines[i]));
    write_file("study.yaml", made.out);
    forget(&made);
    expect("check study.yaml", 0, "6 parameters");
    write_file("space.json", "{\"lr\": {\"_type\": \"loguniform\", \"_value\": [0.0001, 0.1]},"
                             " \"k\": {\"_type\": \"randint\", \"_value\": [1, 5]},"
                             " \"act\": {\"_type\": \"choice\", \"_value\": [\"relu\", null]}}");
    expect("import space.json --maximize acc", 0, "  k: {int: [1, 4]}\n");
    expect("import space.json --maximize acc", 0, "  act: {choice: [relu, null]}\n");
    expect("import space.json", 2, "names no metric");
    write_file("odd.yaml", "parameters:\n  x: {distribution: normal, mu: 0, sigma: 1}\n");
    expect("import odd.yaml --minimize l", 2, "'x' is drawn by 'normal'");
    write_file("not.yaml", "- 1\n- 2\n");
    expect("import not.yaml --minimize l", 2, "neither a sweep");
    write_file("deep.yaml", "a: &x [1]\nparameters: *x\n");
    expect("import deep.yaml --minimize l", 2, "neither a sweep");
}

/* ── upgrade and rescue ────────────────────────────────────────────────────────────────────────*/

static void an_old_head_is_brought_up_after_a_copy(void **state)
{
    (void)state;
    copy_sample("basic-310");
    char *const before = strdup(outside_ask("basic-310.db", sql_rows));
    expect("upgrade basic-310.db", 0, "basic-310.db.v3.0.0.d");
    assert_string_equal(outside_ask("basic-310.db", "SELECT version_num FROM alembic_version"),
                        "v3.2.0.a");
    assert_string_equal(outside_ask("basic-310.db", "SELECT count(*) FROM sqlite_schema WHERE"
                                                    " name = 'trials_study_id_key'"),
                        "1");
    assert_string_equal(outside_ask("basic-310.db", sql_rows), before);
    assert_string_equal(outside_ask("basic-310.db.v3.0.0.d", sql_rows), before);
    assert_string_equal(
        outside_ask("basic-310.db.v3.0.0.d", "SELECT version_num FROM alembic_version"),
        "v3.0.0.d");
    free(before);
    expect("upgrade basic-310.db", 0, "nothing to do");
    copy_sample("dists-310");
    write_file("taken", "x");
    expect("upgrade dists-310.db --backup taken", 1, "'taken' is there already");
    assert_string_equal(outside_ask("dists-310.db", "SELECT version_num FROM alembic_version"),
                        "v3.0.0.d");
}

static void a_whole_file_is_rescued_whole(void **state)
{
    (void)state;
    copy_sample("conditional-490");
    char *const before = strdup(outside_ask("conditional-490.db", sql_rows));
    expect("rescue conditional-490.db new.db", 0, "everything could be read");
    assert_string_equal(outside_ask("new.db", sql_rows), before);
    free(before);
    expect("best new.db", 0, "0.3125");
    expect("rescue conditional-490.db new.db", 1, "is there already");
    write_file("text.db", "no database");
    expect("rescue text.db other.db", 4, "text.db");
    assert_int_not_equal(access("other.db", F_OK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_whole_copy_holds_the_same_rows),
        TEST(some_trials_make_a_clean_study),
        TEST(notes_follow_their_trials_and_times_keep_their_instant),
        TEST(a_retry_keeps_its_history_under_new_numbers),
        TEST(a_study_of_optuna_becomes_a_study_file_with_its_conditions),
        TEST(a_table_of_ours_is_read_back_as_the_same_trials),
        TEST(a_table_of_others_gives_what_fits_and_says_what_does_not),
        TEST(a_table_alone_becomes_a_study_file),
        TEST(overrides_of_hydra_become_a_study_file),
        TEST(sweeps_and_search_spaces_of_others_become_study_files),
        TEST(an_old_head_is_brought_up_after_a_copy),
        TEST(a_whole_file_is_rescued_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
