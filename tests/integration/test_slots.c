/* Slots with GPUs and CPUs of their own, and what they cost, on real children. */
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/num.h"
#include "support/engine_rig.h"

static const char plain[] = "objective: {minimize: loss}\n"
                            "space: {x: {float: [0.001, 0.05]}}\n"
                            "strategy: random\n";

static void open_rig(struct engine_rig *rig, const char *script, const char *more)
{
    char yaml[2048];
    assert_true(snprintf(yaml, sizeof yaml, "%s%s", plain, more) < (int)sizeof yaml);
    rig_open(rig, script, yaml);
}

/* ── GPUs ──────────────────────────────────────────────────────────────────────────────────────*/

/*
 * Each trial locks its GPU, and so does a process that it leaves behind: the next one on it finds
 * it free only if all of the last one is gone.
 */
static const char locks[] = "exec 9> lock.$CUDA_VISIBLE_DEVICES\n"
                            "flock -n 9 || touch twice\n"
                            "sleep 1000 > /dev/null 2>&1 &\n"
                            "sleep ${1#--x=}\n"
                            "echo \"loss: ${1#--x=}\"\n";

static void no_gpu_has_two_trials_however_the_slots_change(void **state)
{
    (void)state;
    struct engine_rig rig;
    assert_int_equal(setenv("CUDA_VISIBLE_DEVICES", "a,b,c,d,e,f,g,h", 1), 0);
    const char *const wanted = getenv("DIALIN_SLOT_TRIALS");
    int64_t n = 60;
    if (wanted) assert_true(dln_num_parse_int(wanted, strlen(wanted), &n));
    open_rig(&rig, locks, "budget: {trials: 100000}\nmachine: {gpus: auto}\n");
    const int64_t since_ns = dln_clock_mono_ns();
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, n / 4);
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_SET_PARALLEL, "{\"value\": 3}"),
                        "parallel 8 → 3");
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, n / 2);
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_SET_PARALLEL, "{\"value\": 12}"),
                        "parallel 3 → 12; there are GPUs for 8");
    /* as many as wanted, and some after the last change however far it has come meanwhile */
    if (n < rig_summary(&rig).n_trials + 20) n = rig_summary(&rig).n_trials + 20;
    char budget[64];
    (void)snprintf(budget, sizeof budget, "{\"trials\": %d}", (int)n);
    (void)rig_steer(&rig, DLN_COMMAND_SET_BUDGET, budget);
    rig_join(&rig, DLN_OUTCOME_DONE);
    const double wall_s = (double)(dln_clock_mono_ns() - since_ns) / 1e9;
    assert_true(rig_journal_says(&rig, "parallel 8, 8 GPUs (a b c d e f g h)"));
    assert_false(rig_has(&rig, "twice"));
    assert_in_range(rig_summary(&rig).n_trials, n,
                    n + 1000); /* it may have run past it meanwhile */
    n = rig_summary(&rig).n_trials;
    rig_assert_numbers(&rig, n);
    double busy_s = 0;
    bool is_used[8] = {false};
    for (int64_t i = 0; i < n; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        assert_int_equal(trial.state, DLN_TRIAL_COMPLETE);
        assert_in_range(trial.slot, 0, 7);
        is_used[trial.slot] = true;
        busy_s += (double)(trial.ended_us - trial.started_us) / 1e6;
    }
    for (size_t i = 0; i < 8; i++)
        assert_true(is_used[i]);
    print_message("8 slots, for a while 3: %.2f of 8 were busy on average\n", busy_s / wall_s);
    rig_close(&rig);
}

static void a_closed_slot_gets_no_trial_until_it_is_open_again(void **state)
{
    (void)state;
    struct engine_rig rig;
    assert_int_equal(setenv("CUDA_VISIBLE_DEVICES", "a,b", 1), 0);
    open_rig(&rig,
             "touch on.$CUDA_VISIBLE_DEVICES.$DIALIN_TRIAL\n"
             "while [ ! -e go.$DIALIN_TRIAL ]; do sleep 0.02; done; echo loss: 1\n",
             "budget: {trials: 5}\nmachine: {gpus: auto}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "on.a.0");
    rig_wait_file(&rig, "on.b.1");
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_SET_SLOT, "{\"slot\": 0, \"open\": false}"),
                        "slot 0 closed; #0 goes on there to its end");
    assert_string_equal(rig_refused(&rig, DLN_COMMAND_SET_SLOT, "{\"slot\": 0, \"open\": false}"),
                        "slot 0 is closed already");
    assert_string_equal(rig_refused(&rig, DLN_COMMAND_SET_SLOT, "{\"slot\": 1, \"open\": false}"),
                        "slot 1 is the last open one; 'pause' starts no more trials");
    assert_string_equal(rig_refused(&rig, DLN_COMMAND_SET_SLOT, "{\"slot\": 2, \"open\": true}"),
                        "it needs a slot from 0 to 1, and whether it is to be open");
    rig_write(&rig, "go.0", "");
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, 1);
    rig_write(&rig, "go.1", "");
    rig_wait_file(&rig, "on.b.2"); /* not on a, which is free for longer */
    assert_true(rig_summary(&rig).live.is_closed[0]);
    (void)rig_steer(&rig, DLN_COMMAND_UNDO, "{}");
    rig_wait_file(&rig, "on.a.3");
    for (int i = 2; i < 5; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "go.%d", i);
        rig_write(&rig, name, "");
    }
    rig_join(&rig, DLN_OUTCOME_DONE);
    rig_assert_numbers(&rig, 5);
    rig_close(&rig);
}

static void a_trial_sees_its_gpus_alone(void **state)
{
    (void)state;
    struct engine_rig rig;
    assert_int_equal(setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7", 1), 0);
    rig_open(&rig, "echo $CUDA_VISIBLE_DEVICES $1 > saw.$DIALIN_TRIAL; echo loss: 1\n",
             "run: sh prog.sh {gpu} {x}\nobjective: {minimize: loss}\n"
             "space: {x: {float: [0, 1]}}\nbudget: {trials: 1}\n"
             "machine: {gpus: auto, gpus_per_trial: 2, parallel: 1}\n");
    rig_run(&rig);
    char path[256];
    char line[32] = "";
    rig_path(&rig, "saw.0", path, sizeof path);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(line, "4,5 4,5\n");
    assert_int_equal(rig_summary(&rig).live.parallel, 1);
    rig_close(&rig);
}

static void without_a_gpu_the_study_is_refused(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    assert_int_equal(setenv("CUDA_VISIBLE_DEVICES", "", 1), 0);
    open_rig(&rig, "echo loss: 1\n", "machine: {gpus: auto}\n");
    const struct dln_engine_options options = {.db_path = rig.db, .study_id = rig.study_id};
    assert_fails(dln_engine_start(&options, &rig.engine, &err), err, DLN_NOT_FOUND);
    assert_string_equal(err.text, "the trials need a GPU, but CUDA_VISIBLE_DEVICES names none");
    assert_int_equal(rig_summary(&rig).n_trials, 0);
    rig_close(&rig);
}

/* ── CPUs ──────────────────────────────────────────────────────────────────────────────────────*/

static void a_trial_has_its_cpu_and_threads_for_it(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig,
             "list=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)\n"
             "case $list in *[,-]*) touch several;; esac\n"
             "echo \"loss: $OMP_NUM_THREADS\"\n",
             "budget: {trials: 2}\nmachine: {cpus_per_trial: 1}\n");
    rig_run(&rig);
    assert_false(rig_has(&rig, "several"));
    assert_close(rig_trial(&rig, 1).values[0], 1, 0, 0);
    rig_close(&rig);
}

static void a_slot_for_which_no_cpu_is_left_has_all(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(
        &rig,
        "sed -n 's/^Cpus_allowed://p' /proc/self/status > saw; echo \"loss: $OMP_NUM_THREADS\"\n",
        "budget: {trials: 1}\nmachine: {cpus_per_trial: 9000}\n");
    rig_run(&rig);
    char command[256];
    assert_true(snprintf(command, sizeof command,
                         "sed -n 's/^Cpus_allowed://p' /proc/self/status | cmp -s - '%s/saw'",
                         rig.dir) > 0);
    assert_int_equal(system(command), 0);
    assert_close(rig_trial(&rig, 0).values[0], 9000, 0, 0);
    rig_close(&rig);
}

/* ── what they cost ────────────────────────────────────────────────────────────────────────────*/

static void costs_are_summed_over_slots_retries_and_starts(void **state)
{
    (void)state;
    struct engine_rig rig;
    /* #0 fails twice, each time after a cost of 1; all others cost 2 */
    open_rig(&rig,
             "if [ $DIALIN_TRIAL = 0 ]; then echo cost: 1; exit 1; fi\n"
             "echo cost: 1; echo cost: 2; echo loss: 3\n",
             "budget: {trials: 100, cost: 10}\n");
    rig_run(&rig);
    assert_string_equal(rig_summary(&rig).why, "budget: cost");
    assert_close(rig_summary(&rig).spent.cost, 10, 0, 0);
    rig_assert_numbers(&rig, 5); /* 2 + 4 × 2 */
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_SET_BUDGET, "{\"cost\": 14}"),
                        "budget 100 trials, cost 10 → 100 trials, cost 14");
    rig_run(&rig);
    assert_close(rig_summary(&rig).spent.cost, 14, 0, 0);
    rig_assert_numbers(&rig, 7);
    rig_close(&rig);
}

static void what_running_trials_have_cost_so_far_counts(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig,
             "echo cost: 5; touch started.$DIALIN_TRIAL\n"
             "while [ ! -e go ]; do sleep 0.02; done; echo loss: 1\n",
             "budget: {cost: 10}\nmachine: {parallel: 2}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "started.0");
    rig_wait_file(&rig, "started.1");
    (void)rig_steer(&rig, DLN_COMMAND_SET_PARALLEL, "{\"value\": 8}");
    rig_write(&rig, "go", "");
    rig_join(&rig, DLN_OUTCOME_DONE);
    rig_assert_numbers(&rig, 2);
    rig_close(&rig);
}

static void a_cost_that_nobody_reads_cannot_be_a_limit(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "echo loss: 1\n", "budget: {trials: 1}\n");
    assert_string_equal(rig_refused(&rig, DLN_COMMAND_SET_BUDGET, "{\"cost\": 5}"),
                        "nothing is read as a trial's cost: 'cost' in the budget of the study file "
                        "makes it a metric");
    rig_close(&rig);
}

static void slot_hours_count_every_slot(void **state)
{
    (void)state;
    struct engine_rig rig;
    /* 0.9 s of slots: with three of them about 0.3 s, 0.1 s a trial */
    open_rig(&rig, "sleep 0.1; echo loss: 1\n",
             "budget: {slot_hours: 0.00025}\nmachine: {parallel: 3}\n");
    rig_run(&rig);
    const struct dln_study_summary summary = rig_summary(&rig);
    assert_string_equal(summary.why, "budget: slot_hours");
    assert_int_equal(summary.counts[DLN_TRIAL_COMPLETE], summary.n_trials);
    assert_true(summary.spent.slot_s >= 0.9);
    assert_true(summary.spent.slot_s > 1.5 * summary.spent.time_s);
    assert_true(summary.n_trials <=
                12); /* none takes less than 0.1 s, and three go on at the end */
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_gpu_has_two_trials_however_the_slots_change),
        cmocka_unit_test(a_closed_slot_gets_no_trial_until_it_is_open_again),
        cmocka_unit_test(a_trial_sees_its_gpus_alone),
        cmocka_unit_test(without_a_gpu_the_study_is_refused),
        cmocka_unit_test(a_trial_has_its_cpu_and_threads_for_it),
        cmocka_unit_test(a_slot_for_which_no_cpu_is_left_has_all),
        cmocka_unit_test(costs_are_summed_over_slots_retries_and_starts),
        cmocka_unit_test(what_running_trials_have_cost_so_far_counts),
        cmocka_unit_test(a_cost_that_nobody_reads_cannot_be_a_limit),
        cmocka_unit_test(slot_hours_count_every_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
