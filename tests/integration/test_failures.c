/* The engine and programs that fail: reasons, policies, pauses, and a program that is not there. */
#include "support/engine_rig.h"

static const char one_way_each[] =
    "objective: {minimize: loss}\n"
    "space: {how: {choice: [exit, signal, no_metric, nan, silent, timeout, extra]}}\n"
    "strategy: random\n"
    "duplicates: repeat\n"
    "start: [{how: exit}, {how: signal}, {how: no_metric}, {how: nan}, {how: silent},\n"
    "        {how: timeout}, {how: extra}]\n"
    "budget: {trials: 7}\n"
    "machine: {parallel: 7, timeout: 5s, idle_timeout: 2s}\n"
    "failure: {exit: ignore, signal: ignore, no_metric: ignore, nan: avoid, timeout: ignore,\n"
    "          pause_after: 0}\n";
static const char fails_as_told[] = "case ${1#--how=} in\n"
                                    "exit) echo 'Oops: bad luck' >&2; exit 3 ;;\n"
                                    "signal) kill -SEGV $$ ;;\n"
                                    "no_metric) echo nothing ;;\n"
                                    "nan) echo loss: nan ;;\n"
                                    "silent) sleep 60 ;;\n"
                                    "timeout) while :; do echo .; sleep 0.1; done ;;\n"
                                    "extra) echo loss: 5; exit 1 ;;\n"
                                    "esac\n";

static void each_way_to_fail_is_recorded_with_its_reason(void **state)
{
    (void)state;
    static const struct {
        enum dln_fail_reason reason;
        const char *detail;
    } expected[] = {
        {DLN_FAIL_EXIT, "exit 3: Oops: bad luck"},
        {DLN_FAIL_SIGNAL, "signal SEGV"},
        {DLN_FAIL_NO_METRIC, "did not print 'loss'"},
        {DLN_FAIL_NAN, "loss is nan"},
        {DLN_FAIL_TIMEOUT, "silent for 2 s"},
        {DLN_FAIL_TIMEOUT, "ran for 5 s"},
        {DLN_FAIL_EXIT, "exit 1"},
    };
    struct engine_rig rig;
    rig_open(&rig, fails_as_told, one_way_each);
    rig_run(&rig);
    rig_assert_numbers(&rig, 7);
    for (int64_t i = 0; i < 7; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        assert_int_equal(trial.state, DLN_TRIAL_FAIL);
        assert_int_equal(trial.reason, expected[i].reason);
        if (!strstr(trial.detail, expected[i].detail)) fail_msg("#%d: %s", (int)i, trial.detail);
        assert_int_equal(trial.attempt, 1);
    }
    rig_close(&rig);
}

static void the_metric_of_a_failed_trial_is_kept_as_an_attribute(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    dln_store *store;
    struct dln_attribute *attributes;
    size_t n;
    bool found = false;
    rig_open(&rig, "echo loss: 5; exit 1\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "failure: {exit: ignore}\nbudget: {trials: 1}\n");
    rig_run(&rig);
    const struct dln_trial trial = rig_trial(&rig, 0);
    assert_true(isnan(trial.values[0]));
    assert_ok(dln_store_open(rig.db, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_trial_attributes(store, trial.id, &rig.arena, &attributes, &n, &err), err);
    for (size_t i = 0; i < n; i++) {
        found = found ||
                (strcmp(attributes[i].key, "loss") == 0 && strcmp(attributes[i].json, "5.0") == 0);
    }
    dln_store_close(store);
    assert_true(found);
    rig_close(&rig);
}

static void a_retry_is_another_run_of_the_same_trial(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "[ -e failed.$DIALIN_TRIAL ] && { echo loss: 1; exit 0; }\n"
             "touch failed.$DIALIN_TRIAL; exit 1\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "failure: {exit: retry, retry: 2}\nbudget: {trials: 3}\nmachine: {parallel: 2}\n");
    rig_run(&rig);
    rig_assert_numbers(&rig, 3);
    for (int64_t i = 0; i < 3; i++) {
        assert_int_equal(rig_trial(&rig, i).state, DLN_TRIAL_COMPLETE);
        assert_int_equal(rig_trial(&rig, i).attempt, 2);
    }
    assert_true(rig_journal_says(&rig, "trying again (1 of 2)"));
    rig_close(&rig);
}

static void retries_are_counted_over_a_restart_of_the_engine(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "echo $DIALIN_SEED >>seeds; [ -e second ] && { echo loss: 1; exit 0; }\n"
             "[ -e first ] || { touch first; exit 1; }\n"
             "touch waits; while [ ! -e second ]; do sleep 0.02; done; exit 1\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "failure: {exit: retry, retry: 1}\nbudget: {trials: 1}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "waits"); /* the second attempt */
    rig_wait_journal(&rig, "trying again (1 of 1)");
    dln_engine_quit(rig.engine);
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    rig_write(&rig, "second", "");
    rig_run(&rig);
    assert_int_equal(rig_trial(&rig, 0).attempt, 3);

    char path[256];
    char seeds[3][32];
    rig_path(&rig, "seeds", path, sizeof path);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    for (int i = 0; i < 3; i++)
        assert_non_null(fgets(seeds[i], sizeof seeds[i], stream));
    assert_int_equal(fclose(stream), 0);
    assert_string_not_equal(seeds[0], seeds[1]); /* it failed: drawn anew */
    assert_string_equal(seeds[1], seeds[2]);     /* it was interrupted: repeated */
    rig_close(&rig);
}

static void a_trial_is_given_up_after_so_many_retries(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, "exit 75\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "failure: {exit: ignore, retry: 2}\nbudget: {trials: 1}\n");
    rig_run(&rig);
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_FAIL);
    assert_int_equal(rig_trial(&rig, 0).attempt, 3);
    rig_close(&rig);
}

static void failures_in_a_row_pause_the_study_and_name_the_last_error(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "[ -e go ] && { echo loss: 1; exit 0; }\n"
             "echo 'Traceback: …' >&2; echo 'ValueError: no data' >&2; exit 1\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "failure: {exit: ignore, pause_after: 3}\nbudget: {trials: 5}\n");
    rig_start(&rig);
    rig_wait_state(&rig, DLN_ENGINE_PAUSED);
    assert_string_equal(rig_summary(&rig).why, "3 failures in a row: exit 1: ValueError: no data");
    assert_int_equal(rig_summary(&rig).n_trials, 3);
    rig_write(&rig, "go", "");
    (void)rig_steer(&rig, DLN_COMMAND_RESUME, "{}");
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 2);
    assert_true(rig_journal_says(&rig, "paused: 3 failures in a row"));
    rig_close(&rig);
}

static void a_program_that_is_not_there_ends_the_study_after_one_trial(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    rig_open(&rig, "",
             "run: ./no-such-program {x}\n"
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "budget: {trials: 50}\nmachine: {parallel: 4}\n");
    rig_start(&rig);
    assert_int_equal(dln_engine_join(rig.engine, &err), DLN_OUTCOME_FAILED);
    rig.engine = NULL;
    assert_non_null(strstr(err.text, "no-such-program"));
    rig_assert_numbers(&rig, 1);
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_FAIL);
    assert_int_equal(rig_summary(&rig).state, DLN_ENGINE_IDLE);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_to_fail_is_recorded_with_its_reason),
        cmocka_unit_test(the_metric_of_a_failed_trial_is_kept_as_an_attribute),
        cmocka_unit_test(a_retry_is_another_run_of_the_same_trial),
        cmocka_unit_test(retries_are_counted_over_a_restart_of_the_engine),
        cmocka_unit_test(a_trial_is_given_up_after_so_many_retries),
        cmocka_unit_test(failures_in_a_row_pause_the_study_and_name_the_last_error),
        cmocka_unit_test(a_program_that_is_not_there_ends_the_study_after_one_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
