/* ui/cli/replay.c: what a pruner would have done with trials that are over. */
#include "cli/replay.h"
#include "support/prune_rig.h"
#include "support/test.h"

enum { TRIALS = 20, STEPS = 10 };

static int64_t steps[TRIALS][STEPS];
static double curves[TRIALS][STEPS];

/* One after the other, ten seconds each; trial t ends at 20 - t or, where it is odd, at 50 + t. */
static void fill(struct replay_trial *trials)
{
    for (int t = 0; t < TRIALS; t++) {
        const double end = t % 2 ? 50 + t : 20 - t;
        for (int i = 0; i < STEPS; i++) {
            steps[t][i] = i + 1;
            curves[t][i] = end + 10.0 / (i + 1);
        }
        trials[t] = (struct replay_trial){
            .number = t,
            .state = DLN_TRIAL_COMPLETE,
            .started_us = 1000000 + t * 10000000LL,
            .ended_us = 1000000 + (t + 1) * 10000000LL,
            .value = curves[t][STEPS - 1],
            .n = STEPS,
            .steps = steps[t],
            .curve = curves[t],
        };
    }
}

static void time_and_steps_that_a_pruner_saves_are_counted(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct replay_trial trials[TRIALS];
    struct replay replay;
    const struct prune_setting settings[] = {{.name = "upper", .number = 40}};
    fill(trials);
    dln_pruning *pruning = prune_rig("s", false, "threshold", 1, settings);
    assert_ok(replay_run(pruning, false, TRIALS, trials, &replay, &err), err);
    assert_int_equal(replay.n_curves, TRIALS);
    assert_int_equal(replay.n_pruned, TRIALS / 2); /* the odd ones, at their first step */
    assert_int_equal(replay.n_steps, TRIALS * STEPS);
    assert_int_equal(replay.n_steps_saved, TRIALS / 2 * (STEPS - 1));
    assert_close(replay.time_s, 200, 1e-9, 0);
    assert_close(replay.saved_s, 90, 1e-9, 0);
    assert_int_equal(replay.n_good, 2);
    assert_int_equal(replay.n_good_lost, 0);
    assert_int_equal(replay.best, 18);
    assert_false(replay.is_best_lost);
    assert_true(trials[1].cut.prune);
    assert_int_equal(trials[1].cut.step, 1);
    dln_pruning_free(pruning);
}

static void good_trials_that_would_be_lost_are_counted(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct replay_trial trials[TRIALS];
    struct replay replay;
    const struct prune_setting settings[] = {{.name = "lower", .number = 4}};
    fill(trials);
    dln_pruning *pruning = prune_rig("s", false, "threshold", 1, settings);
    assert_ok(replay_run(pruning, false, TRIALS, trials, &replay, &err), err);
    assert_int_equal(replay.n_pruned, 1); /* only #18 falls below 4 */
    assert_int_equal(replay.n_good_lost, 1);
    assert_int_equal(replay.best, 18);
    assert_true(replay.is_best_lost);
    dln_pruning_free(pruning);
}

static void trials_are_shown_in_the_order_of_time_whatever_theirs_is(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct replay_trial trials[TRIALS];
    struct replay_trial turned[TRIALS];
    struct replay one;
    struct replay other;
    fill(trials);
    for (int t = 0; t < TRIALS; t++)
        turned[t] = trials[TRIALS - 1 - t];
    dln_pruning *pruning = prune_rig("s", false, "median", 0, NULL);
    assert_ok(replay_run(pruning, false, TRIALS, trials, &one, &err), err);
    dln_pruning_free(pruning);
    pruning = prune_rig("s", false, "median", 0, NULL);
    assert_ok(replay_run(pruning, false, TRIALS, turned, &other, &err), err);
    dln_pruning_free(pruning);
    assert_true(one.n_pruned > 0);
    for (int t = 0; t < TRIALS; t++) {
        assert_int_equal(trials[t].cut.prune, turned[TRIALS - 1 - t].cut.prune);
        if (t < 5) assert_false(trials[t].cut.prune); /* a pruned trial is no complete one */
    }
}

static void trials_without_times_or_curves_do_no_harm(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct replay_trial trials[2] = {
        {.number = 0, .state = DLN_TRIAL_FAIL, .value = (double)NAN},
        {.number = 1, .state = DLN_TRIAL_COMPLETE, .value = 3},
    };
    struct replay replay;
    dln_pruning *pruning = prune_rig("s", false, "asha", 0, NULL);
    assert_ok(replay_run(pruning, false, 2, trials, &replay, &err), err);
    assert_int_equal(replay.n_curves, 0);
    assert_int_equal(replay.best, 1);
    assert_close(replay.time_s, 0, 0, 0);
    assert_ok(replay_run(pruning, false, 0, trials, &replay, &err), err);
    assert_int_equal(replay.best, -1);
    dln_pruning_free(pruning);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_and_steps_that_a_pruner_saves_are_counted),
        cmocka_unit_test(good_trials_that_would_be_lost_are_counted),
        cmocka_unit_test(trials_are_shown_in_the_order_of_time_whatever_theirs_is),
        cmocka_unit_test(trials_without_times_or_curves_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
