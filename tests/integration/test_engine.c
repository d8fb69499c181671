/* The engine on real files with real children: budgets, commands, live settings, leaving, resuming.
 */
#include <unistd.h>

#include "support/engine_rig.h"

static const char plain[] = "objective: {minimize: loss}\n"
                            "space: {x: {float: [0, 1]}}\n"
                            "strategy: random\n";
/* prints x as the loss */
static const char prints[] = "echo \"loss: ${1#--x=}\"\n";
/* waits until the test writes the file go */
static const char waits[] = "touch started.$DIALIN_TRIAL\n"
                            "while [ ! -e go ]; do sleep 0.02; done\n"
                            "echo \"loss: ${1#--x=}\"\n";

static void open_rig(struct engine_rig *rig, const char *script, const char *more)
{
    char yaml[2048];
    assert_true(snprintf(yaml, sizeof yaml, "%s%s", plain, more) < (int)sizeof yaml);
    rig_open(rig, script, yaml);
}

/* ── budgets ───────────────────────────────────────────────────────────────────────────────────*/

static void a_study_runs_to_exactly_its_budget_with_three_slots(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, prints, "budget: {trials: 12}\nmachine: {parallel: 3}\n");
    rig_run(&rig);
    const struct dln_study_summary summary = rig_summary(&rig);
    assert_int_equal(summary.counts[DLN_TRIAL_COMPLETE], 12);
    assert_int_equal(summary.state, DLN_ENGINE_DONE);
    assert_string_equal(summary.why, "budget: trials");
    assert_false(summary.lease.held);
    rig_assert_numbers(&rig, 12);
    for (int64_t i = 0; i < 12; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        assert_close(trial.values[0], trial.x[0], 0, 0);
        assert_int_equal(trial.attempt, 1);
        assert_in_range(trial.slot, 0, 2);
        assert_string_equal(trial.strategy, "random");
    }
    assert_true(rig_journal_says(&rig, "done: budget: trials"));
    assert_true(rig_journal_says(&rig, "new best #"));
    rig_close(&rig);
}

static void a_finished_study_ends_at_once_when_it_is_run_again(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, prints, "budget: {trials: 2}\n");
    rig_run(&rig);
    rig_run(&rig);
    rig_assert_numbers(&rig, 2);
    rig_close(&rig);
}

static void a_target_ends_the_study(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "echo \"loss: $((10 - $DIALIN_TRIAL))\"\n", "budget: {trials: 50, target: 6}\n");
    rig_run(&rig);
    rig_assert_numbers(&rig, 5);
    assert_string_equal(rig_summary(&rig).why, "budget: target");
    rig_close(&rig);
}

static void no_improvement_ends_the_study_exactly_with_parallel_trials(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "[ $DIALIN_TRIAL = 3 ] && echo loss: 1 || echo loss: 2\n",
             "budget: {trials: 50, no_improvement: 6}\nmachine: {parallel: 4}\n");
    rig_run(&rig);
    rig_assert_numbers(&rig, 10);
    assert_string_equal(rig_summary(&rig).why, "budget: no_improvement");
    rig_close(&rig);
}

static void a_time_budget_lets_the_running_trials_finish(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "sleep 0.3; echo loss: 1\n", "budget: {time: 1s}\nmachine: {parallel: 2}\n");
    rig_run(&rig);
    const struct dln_study_summary summary = rig_summary(&rig);
    assert_string_equal(summary.why, "budget: time");
    assert_int_equal(summary.counts[DLN_TRIAL_COMPLETE], summary.n_trials);
    assert_true(summary.spent.time_s >= 1.0);
    rig_close(&rig);
}

static void a_small_space_ends_when_every_point_was_tried(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, "echo loss: 1\n",
             "objective: {minimize: loss}\nspace: {n: {int: [1, 4]}}\nstrategy: grid\n"
             "budget: {trials: 100}\nmachine: {parallel: 2}\n");
    rig_run(&rig);
    rig_assert_numbers(&rig, 4);
    assert_string_equal(rig_summary(&rig).why, "every point was tried");
    rig_close(&rig);
}

static void known_points_are_not_run_again_where_values_are_reused(void **state)
{
    (void)state;
    struct engine_rig rig;
    rig_open(&rig, "touch ran.$DIALIN_TRIAL; echo \"loss: ${1#--n=}\"\n",
             "objective: {minimize: loss}\nspace: {n: {int: [1, 2]}}\nstrategy: random\n"
             "duplicates: reuse\nbudget: {trials: 30}\n");
    rig_run(&rig);
    rig_assert_numbers(&rig, 30);
    int n_ran = 0;
    for (int64_t i = 0; i < 30; i++) {
        char file[32];
        const struct dln_trial trial = rig_trial(&rig, i);
        assert_close(trial.values[0], trial.x[0], 0, 0);
        assert_true(snprintf(file, sizeof file, "ran.%d", (int)i) > 0);
        n_ran += rig_has(&rig, file);
    }
    assert_int_equal(n_ran, 2);
    rig_close(&rig);
}

static void a_trial_beyond_a_limit_does_not_reach_the_target(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "echo loss: 1; echo mem: $((20 - $DIALIN_TRIAL))\n",
             "limits: [mem <= 17]\nbudget: {trials: 50, target: 1}\n");
    rig_run(&rig);
    rig_assert_numbers(&rig, 4);
    assert_string_equal(rig_summary(&rig).why, "budget: target");
    rig_close(&rig);
}

/* ── points ────────────────────────────────────────────────────────────────────────────────────*/

static void start_points_run_first_and_keep_their_values(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, prints, "start: [{x: 0.25}, {x: 0.75}]\nbudget: {trials: 4}\n");
    rig_run(&rig);
    rig_assert_numbers(&rig, 4);
    assert_close(rig_trial(&rig, 0).x[0], 0.25, 0, 0);
    assert_close(rig_trial(&rig, 1).values[0], 0.75, 0, 0);
    assert_string_equal(rig_trial(&rig, 0).strategy, "enqueued");
    assert_string_equal(rig_trial(&rig, 2).strategy, "random");
    rig_close(&rig);
}

static void the_same_study_gives_the_same_points_and_seeds(void **state)
{
    (void)state;
    double x[2][5];
    double seeds[2][5];
    for (int round = 0; round < 2; round++) {
        struct engine_rig rig;
        open_rig(&rig, "echo loss: $DIALIN_SEED\n", "seed: 7\nbudget: {trials: 5}\n");
        rig_run(&rig);
        for (int64_t i = 0; i < 5; i++) {
            x[round][i] = rig_trial(&rig, i).x[0];
            seeds[round][i] = rig_trial(&rig, i).values[0];
        }
        rig_close(&rig);
    }
    for (int i = 0; i < 5; i++) {
        assert_close(x[0][i], x[1][i], 0, 0);
        assert_close(seeds[0][i], seeds[1][i], 0, 0);
    }
    assert_true(seeds[0][0] != seeds[0][1]);
}

static void an_enqueued_point_runs_next_with_its_values(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, waits, "budget: {trials: 3}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 1);
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_ENQUEUE, "{\"params\": {\"x\": 0.125}}"),
                        "queued as #1");
    assert_non_null(strstr(rig_refused(&rig, DLN_COMMAND_ENQUEUE, "{\"params\": {\"x\": 7}}"),
                           "outside the space"));
    assert_non_null(
        strstr(rig_refused(&rig, DLN_COMMAND_ENQUEUE, "{\"params\": {\"y\": 7}}"), "'y'"));
    rig_write(&rig, "go", "");
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_close(rig_trial(&rig, 1).values[0], 0.125, 0, 0);
    rig_assert_numbers(&rig, 3);
    rig_close(&rig);
}

static void the_queue_can_be_changed_until_a_trial_starts(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, waits, "budget: {trials: 4}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 1);
    (void)rig_steer(&rig, DLN_COMMAND_ENQUEUE, "{\"params\": {\"x\": 0.125}}");
    (void)rig_steer(&rig, DLN_COMMAND_ENQUEUE, "{\"params\": {\"x\": 0.25}}");
    assert_string_equal(
        rig_steer(&rig, DLN_COMMAND_REVISE, "{\"trial\": 2, \"params\": {\"x\": 0.375}}"),
        "changed #2 in the queue");
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_WITHDRAW, "{\"trial\": 1}"),
                        "took #1 out of the queue");
    assert_non_null(
        strstr(rig_refused(&rig, DLN_COMMAND_REVISE, "{\"trial\": 1, \"params\": {\"x\": 0.5}}"),
               "not in the queue"));
    assert_non_null(
        strstr(rig_refused(&rig, DLN_COMMAND_WITHDRAW, "{\"trial\": 0}"), "not in the queue"));
    assert_non_null(
        strstr(rig_refused(&rig, DLN_COMMAND_REVISE, "{\"trial\": 2, \"params\": {\"x\": 7}}"),
               "outside the space"));
    rig_write(&rig, "go", "");
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_int_equal(rig_trial(&rig, 1).state, DLN_TRIAL_FAIL);
    assert_int_equal(rig_trial(&rig, 1).reason, DLN_FAIL_STOPPED);
    assert_close(rig_trial(&rig, 2).x[0], 0.375, 0, 0);
    assert_int_equal(rig_trial(&rig, 2).state, DLN_TRIAL_COMPLETE);
    rig_close(&rig);
}

static void a_retry_is_a_copy_with_a_new_number(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, prints, "budget: {trials: 2}\n");
    rig_run(&rig);
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_RETRY, "{\"trials\": [1]}"), "retry #1 as #2");
    assert_non_null(strstr(rig_refused(&rig, DLN_COMMAND_RETRY, "{\"trials\": [2]}"), "not ended"));
    (void)rig_steer(&rig, DLN_COMMAND_SET_BUDGET, "{\"trials\": 3}");
    rig_run(&rig);
    assert_close(rig_trial(&rig, 2).x[0], rig_trial(&rig, 1).x[0], 0, 0);
    assert_int_equal(rig_trial(&rig, 2).state, DLN_TRIAL_COMPLETE);
    rig_close(&rig);
}

/* ── the session ───────────────────────────────────────────────────────────────────────────────*/

static void a_paused_study_starts_nothing_until_it_is_resumed(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, waits, "budget: {trials: 4}\nmachine: {parallel: 2}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 2);
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_PAUSE, "{}"),
                        "paused; 2 running trials go on to the end");
    assert_string_equal(rig_refused(&rig, DLN_COMMAND_PAUSE, "{}"), "it is paused already");
    rig_write(&rig, "go", "");
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, 2);
    assert_int_equal(rig_summary(&rig).state, DLN_ENGINE_PAUSED);
    assert_int_equal(rig_summary(&rig).n_trials, 2);
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_RESUME, "{}"), "running");
    rig_join(&rig, DLN_OUTCOME_DONE);
    rig_assert_numbers(&rig, 4);
    rig_close(&rig);
}

static void draining_finishes_what_runs_and_stops(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, waits, "budget: {trials: 9}\nmachine: {parallel: 2}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 2);
    (void)rig_steer(&rig, DLN_COMMAND_DRAIN, "{}");
    assert_int_equal(rig_summary(&rig).state, DLN_ENGINE_DRAINING);
    rig_write(&rig, "go", "");
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    const struct dln_study_summary summary = rig_summary(&rig);
    assert_int_equal(summary.counts[DLN_TRIAL_COMPLETE], 2);
    assert_int_equal(summary.n_trials, 2);
    assert_int_equal(summary.state, DLN_ENGINE_IDLE);
    assert_non_null(strstr(summary.why, "drained by "));
    rig_run(&rig);
    rig_assert_numbers(&rig, 9);
    rig_close(&rig);
}

static void stopping_now_ends_what_runs_as_failed(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, waits, "budget: {trials: 9}\nmachine: {parallel: 2}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 2);
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_STOP, "{\"now\": true}"),
                        "stopping; 2 trials ended");
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_FAIL], 2);
    assert_int_equal(rig_trial(&rig, 0).reason, DLN_FAIL_STOPPED);
    assert_non_null(strstr(rig_summary(&rig).why, "stopped by "));
    rig_close(&rig);
}

static void a_second_engine_is_told_who_holds_the_study(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    dln_engine *second;
    char pid[32];
    open_rig(&rig, waits, "budget: {trials: 1}\n");
    rig_start(&rig);
    const struct dln_engine_options options = {.db_path = rig.db, .study_id = rig.study_id};
    assert_fails(dln_engine_start(&options, &second, &err), err, DLN_BUSY);
    assert_true(snprintf(pid, sizeof pid, "%d", (int)getpid()) > 0);
    assert_non_null(strstr(err.text, pid));
    rig_write(&rig, "go", "");
    rig_join(&rig, DLN_OUTCOME_DONE);
    rig_close(&rig);
}

static void what_ran_when_the_engine_was_left_is_run_again(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig,
             "echo $DIALIN_SEED >>seeds.$DIALIN_TRIAL\n"
             "while [ ! -e go ]; do sleep 0.02; done\n"
             "echo \"loss: ${1#--x=}\"\n",
             "budget: {trials: 5}\nmachine: {parallel: 2}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "seeds.0");
    rig_wait_file(&rig, "seeds.1");
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 2);
    dln_engine_quit(rig.engine);
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_RUNNING], 2);
    assert_int_equal(rig_summary(&rig).state, DLN_ENGINE_IDLE);
    const double x = rig_trial(&rig, 0).x[0];

    rig_write(&rig, "go", "");
    rig_run(&rig);
    rig_assert_numbers(&rig, 5);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 5);
    assert_close(rig_trial(&rig, 0).values[0], x, 0, 0);
    assert_int_equal(rig_trial(&rig, 0).attempt, 2);
    assert_int_equal(rig_trial(&rig, 4).attempt, 1);

    char path[256];
    char first[32];
    char second[32];
    rig_path(&rig, "seeds.0", path, sizeof path);
    FILE *seeds = fopen(path, "r");
    assert_non_null(seeds);
    assert_non_null(fgets(first, sizeof first, seeds));
    assert_non_null(fgets(second, sizeof second, seeds));
    assert_string_equal(first, second); /* cut short, not failed: repeated as it was */
    assert_int_equal(fclose(seeds), 0);
    rig_close(&rig);
}

static void leaving_twice_does_not_wait_for_the_grace(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "trap '' TERM\ntouch started.0\nwhile :; do sleep 0.1; done\n",
             "budget: {trials: 1}\nmachine: {grace: 1h}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "started.0");
    dln_engine_quit(rig.engine);
    dln_engine_quit(rig.engine);
    rig_join(&rig, DLN_OUTCOME_STOPPED); /* or the test runs into its time limit */
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_RUNNING], 1);
    rig_close(&rig);
}

/* ── one trial ─────────────────────────────────────────────────────────────────────────────────*/

static void a_pruned_trial_keeps_its_curve_and_last_value(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig,
             "for e in 1 2 3; do echo \"epoch $e loss 0.$e\"; done\n"
             "while [ ! -e go ]; do sleep 0.02; done\necho loss: 0.9\n",
             "budget: {trials: 2}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 1);
    while (rig_trial(&rig, 0).n_steps < 3)
        rig_wait_count(&rig, DLN_TRIAL_RUNNING, 1);
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_PRUNE, "{\"trials\": [0]}"), "prune #0");
    rig_wait_count(&rig, DLN_TRIAL_PRUNED, 1);
    rig_write(&rig, "go", "");
    rig_join(&rig, DLN_OUTCOME_DONE);
    const struct dln_trial pruned = rig_trial(&rig, 0);
    assert_int_equal(pruned.state, DLN_TRIAL_PRUNED);
    assert_int_equal(pruned.n_steps, 3);
    assert_int_equal(pruned.steps[2], 3);
    assert_close(pruned.values[0], 0.3, 0, 0);
    assert_int_equal(rig_trial(&rig, 1).state, DLN_TRIAL_COMPLETE);
    assert_close(rig_trial(&rig, 1).values[0], 0.9, 0, 0);
    rig_close(&rig);
}

static void a_stopped_trial_fails_and_the_study_goes_on(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, waits, "budget: {trials: 2}\nfailure: {retry: 3, signal: retry}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 1);
    (void)rig_steer(&rig, DLN_COMMAND_STOP_TRIAL, "{\"trials\": [0]}");
    rig_wait_count(&rig, DLN_TRIAL_FAIL, 1);
    rig_write(&rig, "go", "");
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_int_equal(rig_trial(&rig, 0).reason, DLN_FAIL_STOPPED);
    assert_int_equal(rig_trial(&rig, 0).attempt, 1);
    assert_int_equal(rig_trial(&rig, 1).state, DLN_TRIAL_COMPLETE);
    rig_close(&rig);
}

static void ending_what_does_not_run_is_refused_with_a_reason(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig,
             "[ $DIALIN_TRIAL = 0 ] || while [ ! -e go ]; do sleep 0.02; done\necho loss: 1\n",
             "budget: {trials: 2}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_COMPLETE, 1);
    assert_string_equal(rig_refused(&rig, DLN_COMMAND_PRUNE, "{\"trials\": [0]}"),
                        "#0 is not running, it has ended (ok)");
    assert_string_equal(rig_refused(&rig, DLN_COMMAND_STOP_TRIAL, "{\"trials\": [77]}"),
                        "there is no trial #77");
    (void)rig_refused(&rig, DLN_COMMAND_PRUNE, "{}");
    (void)rig_refused(&rig, DLN_COMMAND_PRUNE, "{\"trials\": [\"a\"]}");
    (void)rig_refused(&rig, DLN_COMMAND_PRUNE, "[");
    rig_write(&rig, "go", "");
    rig_join(&rig, DLN_OUTCOME_DONE);
    rig_close(&rig);
}

/* ── live settings ─────────────────────────────────────────────────────────────────────────────*/

static void parallel_changes_while_it_runs(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, waits, "budget: {trials: 6}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 1);
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_SET_PARALLEL, "{\"value\": 3}"),
                        "parallel 1 → 3");
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 3);
    (void)rig_steer(&rig, DLN_COMMAND_SET_PARALLEL, "{\"value\": 1}");
    (void)rig_refused(&rig, DLN_COMMAND_SET_PARALLEL, "{\"value\": 0}");
    (void)rig_refused(&rig, DLN_COMMAND_SET_PARALLEL, "{\"value\": \"many\"}");
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_RUNNING], 3); /* the surplus goes on */
    rig_write(&rig, "go", "");
    rig_join(&rig, DLN_OUTCOME_DONE);
    rig_assert_numbers(&rig, 6);
    assert_int_equal(rig_summary(&rig).live.parallel, 1);
    for (int64_t i = 3; i < 6; i++)
        assert_int_equal(rig_trial(&rig, i).slot, 0);
    rig_close(&rig);
}

static void the_budget_is_raised_while_it_runs_and_after_it_was_met(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, waits, "budget: {trials: 1}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 1);
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_SET_BUDGET, "{\"trials\": 3}"),
                        "budget 1 trials → 3 trials");
    (void)rig_refused(&rig, DLN_COMMAND_SET_BUDGET, "{\"trials\": -1}");
    (void)rig_refused(&rig, DLN_COMMAND_SET_BUDGET, "{\"cost\": 5}");
    (void)rig_refused(&rig, DLN_COMMAND_SET_BUDGET, "{}");
    rig_write(&rig, "go", "");
    rig_join(&rig, DLN_OUTCOME_DONE);
    rig_assert_numbers(&rig, 3);
    assert_int_equal(rig_summary(&rig).state, DLN_ENGINE_DONE);
    (void)rig_steer(&rig, DLN_COMMAND_SET_BUDGET, "{\"trials\": 5}");
    assert_int_equal(rig_summary(&rig).state, DLN_ENGINE_IDLE);
    rig_run(&rig);
    rig_assert_numbers(&rig, 5);
    rig_close(&rig);
}

static void without_an_engine_the_study_can_be_changed_but_not_paused(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, waits, "budget: {trials: 2}\n");
    assert_string_equal(rig_refused(&rig, DLN_COMMAND_PAUSE, "{}"),
                        "no engine is running this study: dialin run starts one");
    (void)rig_steer(&rig, DLN_COMMAND_SET_PARALLEL, "{\"value\": 2}");
    (void)rig_steer(&rig, DLN_COMMAND_ENQUEUE, "{\"params\": {\"x\": 0.5}}");
    (void)rig_steer(&rig, DLN_COMMAND_NOTE, "{\"text\": \"before the deadline\"}");
    assert_true(rig_journal_says(&rig, "before the deadline"));
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 2);
    dln_engine_quit(rig.engine);
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    assert_string_equal(rig_steer(&rig, DLN_COMMAND_STOP_TRIAL, "{\"trials\": [0]}"), "stop #0");
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_FAIL);
    rig_write(&rig, "go", "");
    rig_run(&rig);
    rig_assert_numbers(&rig, 2);
    assert_int_equal(rig_trial(&rig, 0).reason, DLN_FAIL_STOPPED);
    assert_int_equal(rig_trial(&rig, 1).state, DLN_TRIAL_COMPLETE);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_runs_to_exactly_its_budget_with_three_slots),
        cmocka_unit_test(a_finished_study_ends_at_once_when_it_is_run_again),
        cmocka_unit_test(a_target_ends_the_study),
        cmocka_unit_test(no_improvement_ends_the_study_exactly_with_parallel_trials),
        cmocka_unit_test(a_time_budget_lets_the_running_trials_finish),
        cmocka_unit_test(a_small_space_ends_when_every_point_was_tried),
        cmocka_unit_test(known_points_are_not_run_again_where_values_are_reused),
        cmocka_unit_test(a_trial_beyond_a_limit_does_not_reach_the_target),
        cmocka_unit_test(start_points_run_first_and_keep_their_values),
        cmocka_unit_test(the_same_study_gives_the_same_points_and_seeds),
        cmocka_unit_test(an_enqueued_point_runs_next_with_its_values),
        cmocka_unit_test(the_queue_can_be_changed_until_a_trial_starts),
        cmocka_unit_test(a_retry_is_a_copy_with_a_new_number),
        cmocka_unit_test(a_paused_study_starts_nothing_until_it_is_resumed),
        cmocka_unit_test(draining_finishes_what_runs_and_stops),
        cmocka_unit_test(stopping_now_ends_what_runs_as_failed),
        cmocka_unit_test(a_second_engine_is_told_who_holds_the_study),
        cmocka_unit_test(what_ran_when_the_engine_was_left_is_run_again),
        cmocka_unit_test(leaving_twice_does_not_wait_for_the_grace),
        cmocka_unit_test(a_pruned_trial_keeps_its_curve_and_last_value),
        cmocka_unit_test(a_stopped_trial_fails_and_the_study_goes_on),
        cmocka_unit_test(ending_what_does_not_run_is_refused_with_a_reason),
        cmocka_unit_test(parallel_changes_while_it_runs),
        cmocka_unit_test(the_budget_is_raised_while_it_runs_and_after_it_was_met),
        cmocka_unit_test(without_an_engine_the_study_can_be_changed_but_not_paused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
