/* What programs leave in their run directories: checkpoints to go on from, and what is kept. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/engine_rig.h"

static void shell(const struct engine_rig *rig, const char *line)
{
    char command[512];
    assert_true(snprintf(command, sizeof command, "cd '%s' && %s", rig->dir, line) <
                (int)sizeof command);
    assert_int_equal(system(command), 0);
}

static bool has(const struct engine_rig *rig, int64_t number, const char *file)
{
    char path[128];
    assert_true(snprintf(path, sizeof path, "t.runs/%06d/%s", (int)number, file) > 0);
    return rig_has(rig, path);
}

/* ── checkpoints ───────────────────────────────────────────────────────────────────────────────*/

static void a_retry_goes_on_from_the_checkpoint(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "echo \"$@\" >> saw\n"
             "if [ $# = 1 ]; then [ ! -e \"$1\" ] || touch stale; echo 7 > \"$1\"; exit 1; fi\n"
             "echo \"loss: $(cat \"$3\")\"\n",
             "run: sh prog.sh {ckpt} --resume {resume}\ncheckpoint: true\n"
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nbudget: {trials: 2}\n");
    /* of a study of that name whose file was deleted since */
    shell(&rig, "mkdir -p t.runs/000000/deep && touch t.runs/000000/checkpoint "
                "t.runs/000000/deep/x && ln -s ../../prog.sh t.runs/000000/link");
    rig_run(&rig);
    for (int64_t i = 0; i < 2; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        assert_int_equal(trial.state, DLN_TRIAL_COMPLETE);
        assert_int_equal(trial.attempt, 2);
        assert_close(trial.values[0], 7, 0, 0);
    }
    assert_false(rig_has(&rig, "stale"));
    assert_false(has(&rig, 0, "deep"));
    assert_true(rig_has(&rig, "prog.sh"));
    rig_close(&rig);
}

static void a_trial_that_was_cut_short_goes_on_from_the_checkpoint(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "if [ $# = 1 ]; then mkdir \"$1\"; touch saved; sleep 1000; fi\n"
             "[ -d \"$3\" ] && echo loss: 4\n",
             "run: sh prog.sh {ckpt} --resume {resume}\ncheckpoint: state\n"
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nbudget: {trials: 1}\n"
             "machine: {grace: 1s}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "saved");
    dln_engine_quit(rig.engine);
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    rig_run(&rig);
    assert_close(rig_trial(&rig, 0).values[0], 4, 0, 0);
    assert_true(has(&rig, 0, "state"));
    rig_close(&rig);
}

/* ── what stays ────────────────────────────────────────────────────────────────────────────────*/

static void the_best_keep_what_they_left_and_all_keep_their_logs(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "mkdir $DIALIN_DIR/model; touch $DIALIN_DIR/model/weights\n"
             "set -- 5 3 4 x 1 2 9; shift $DIALIN_TRIAL; [ $1 = x ] && exit 1; echo loss: $1\n",
             "run: sh prog.sh {args}\nobjective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\n"
             "budget: {trials: 7}\nkeep: {top: 2}\nfailure: {retry: 0}\n");
    rig_run(&rig);
    for (int64_t i = 0; i < 7; i++) {
        assert_int_equal(has(&rig, i, "model/weights"), i == 4 || i == 5);
        assert_int_equal(has(&rig, i, "model"), i == 4 || i == 5);
        assert_true(has(&rig, i, "cmd") && has(&rig, i, "params.json"));
        assert_true(i == 3 || has(&rig, i, "stdout"));
    }
    rig_close(&rig);
}

static void with_several_objectives_the_front_stays(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(
        &rig,
        "touch $DIALIN_DIR/model\n"
        "set -- 5:5 3:6 4:4 9:9 3:3; shift $DIALIN_TRIAL\n"
        "echo a: ${1%:*}; echo b: ${1#*:}\n",
        "run: sh prog.sh {args}\nobjective: [{minimize: a}, {minimize: b}]\n"
        "space: {x: {float: [0, 1]}}\nstrategy: random\nbudget: {trials: 4}\nkeep: {top: 1}\n");
    rig_run(&rig);
    for (int64_t i = 0; i < 4; i++)
        assert_int_equal(has(&rig, i, "model"), i == 1 || i == 2);
    (void)rig_steer(&rig, DLN_COMMAND_SET_BUDGET, "{\"trials\": 5}");
    rig_run(&rig);
    for (int64_t i = 0; i < 5; i++)
        assert_int_equal(has(&rig, i, "model"), i == 4);
    rig_close(&rig);
}

static void what_runs_is_never_touched(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig,
             "touch $DIALIN_DIR/model started.$DIALIN_TRIAL\n"
             "if [ $DIALIN_TRIAL = 0 ]; then while [ ! -e go ]; do sleep 0.02; done; fi\n"
             "[ -e $DIALIN_DIR/model ] && echo loss: $DIALIN_TRIAL\n",
             "run: sh prog.sh {args}\nobjective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\n"
             "budget: {trials: 8}\nkeep: {top: 0}\nmachine: {parallel: 2}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, 7);
    assert_true(has(&rig, 0, "model"));
    rig_write(&rig, "go", "");
    rig_join(&rig, DLN_OUTCOME_DONE);
    for (int64_t i = 0; i < 8; i++)
        assert_false(has(&rig, i, "model"));
    rig_close(&rig);
}

static void without_the_key_everything_stays(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, "touch $DIALIN_DIR/model; echo loss: 1\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nbudget: {trials: 3}\n");
    rig_run(&rig);
    for (int64_t i = 0; i < 3; i++)
        assert_true(has(&rig, i, "model"));
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retry_goes_on_from_the_checkpoint),
        cmocka_unit_test(a_trial_that_was_cut_short_goes_on_from_the_checkpoint),
        cmocka_unit_test(the_best_keep_what_they_left_and_all_keep_their_logs),
        cmocka_unit_test(with_several_objectives_the_front_stays),
        cmocka_unit_test(what_runs_is_never_touched),
        cmocka_unit_test(without_the_key_everything_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
