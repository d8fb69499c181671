/* Trials that are halted where they are, and go on. */
#include <stdlib.h>

#include "support/engine_rig.h"

/* Waits until the process of trial 0 is stopped, or is not. */
static void wait_stopped(const struct engine_rig *rig, bool wanted)
{
    char command[512];
    assert_true(snprintf(command, sizeof command,
                         "pid=$(cat '%s/pid.0'); n=0; while [ $n -lt 3000 ]; do "
                         "case $(sed 's/.*) //' /proc/$pid/stat) in T*) is=1;; *) is=0;; esac; "
                         "[ $is = %d ] && exit 0; n=$((n+1)); sleep 0.01; done; exit 1",
                         rig->dir, wanted) < (int)sizeof command);
    assert_int_equal(system(command), 0);
}

static void a_suspended_trial_stands_still_and_its_time_limit_too(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "echo $$ > pid.$DIALIN_TRIAL.new; mv pid.$DIALIN_TRIAL.new pid.$DIALIN_TRIAL\n"
             "[ $DIALIN_TRIAL = 1 ] && exec sleep 1000\n"
             "while [ ! -e go ]; do sleep 0.02; done; echo loss: 1\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "budget: {trials: 2}\nmachine: {parallel: 2, timeout: 3s}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "pid.0");
    rig_wait_run(&rig, 0);
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_SUSPEND, "{\"trials\": [0]}"),
                        "suspend #0; time limits wait, slots stay taken");
    wait_stopped(&rig, true);
    assert_string_equal(rig_refused(&rig, DLN_COMMAND_SUSPEND, "{\"trials\": [0]}"),
                        "#0 is suspended already");
    (void)rig_steer(&rig, DLN_COMMAND_UNDO, "{}");
    wait_stopped(&rig, false);
    (void)rig_steer(&rig, DLN_COMMAND_SUSPEND, "{\"trials\": [0]}");
    rig_wait_count(&rig, DLN_TRIAL_FAIL, 1); /* #1, by the limit that #0 would have met before */
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_RUNNING);
    rig_write(&rig, "go", "");
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_CONTINUE, "{\"trials\": [0]}"), "continue #0");
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_COMPLETE);
    assert_int_equal(rig_trial(&rig, 1).reason, DLN_FAIL_TIMEOUT);
    assert_string_equal(rig_refused(&rig, DLN_COMMAND_CONTINUE, "{\"trials\": [0]}"),
                        "#0 is not running, it has ended (ok)");
    rig_close(&rig);
}

static void a_suspended_trial_can_be_ended(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, "echo $$ > pid.new; mv pid.new pid.0; exec sleep 1000\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "budget: {trials: 1}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "pid.0");
    rig_wait_run(&rig, 0);
    (void)rig_steer(&rig, DLN_COMMAND_SUSPEND, "{\"trials\": [0]}");
    wait_stopped(&rig, true);
    (void)rig_steer(&rig, DLN_COMMAND_PRUNE, "{\"trials\": [0]}");
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_PRUNED);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suspended_trial_stands_still_and_its_time_limit_too),
        cmocka_unit_test(a_suspended_trial_can_be_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
