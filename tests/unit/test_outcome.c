/* src/engine/outcome.c, job.c and limits.c: what a run printed and how it ended, and what follows.
 */
#include <signal.h>

#include "engine/job.h"
#include "engine/limits.h"
#include "engine/outcome.h"
#include "support/test.h"

static struct dln_objective one[] = {{"loss", false}};
static const struct dln_space no_space = {0};
static const size_t first_metric[] = {0};

struct rig {
    struct dln_study study;
    struct dln_job *job;
    struct dln_outcome outcome;
};

static struct rig make_rig(void)
{
    struct rig rig = {.study = {.n_objectives = 1, .objectives = one, .retries = 1}};
    for (size_t i = 0; i < DLN_FAIL_REASON_COUNT; i++)
        rig.study.policy[i] = DLN_POLICY_IGNORE;
    rig.job = dln_job_new(&no_space, 2, NULL, "random", NULL);
    assert_non_null(rig.job);
    rig.job->end = (struct dln_run_event){.kind = DLN_RUN_ENDED, .has_exit = true};
    return rig;
}

static void print_metric(struct rig *rig, double value, bool has_step, int64_t step)
{
    const struct dln_metric_event event = {.value = value, .has_step = has_step, .step = step};
    dln_job_note_metric(rig->job, &event, true);
}

static void judge(struct rig *rig)
{
    dln_outcome_decide(&rig->study, first_metric, rig->job, &rig->outcome);
}

static void exit_0_with_the_metric_is_complete(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    print_metric(&rig, 2, true, 0);
    print_metric(&rig, 1, true, 1);
    print_metric(&rig, 3, true, 2);
    judge(&rig);
    assert_int_equal(rig.outcome.state, DLN_TRIAL_COMPLETE);
    assert_close(rig.outcome.values[0], 3, 0, 0);
    rig.study.aggregate = DLN_AGGREGATE_BEST;
    judge(&rig);
    assert_close(rig.outcome.values[0], 1, 0, 0);
    rig.study.aggregate = DLN_AGGREGATE_MEAN;
    judge(&rig);
    assert_close(rig.outcome.values[0], 2, 0, 0);
    one[0].maximize = true;
    rig.study.aggregate = DLN_AGGREGATE_BEST;
    judge(&rig);
    one[0].maximize = false;
    assert_close(rig.outcome.values[0], 3, 0, 0);
    dln_job_free(rig.job);
}

static void the_best_value_passes_over_nan_but_the_last_one_does_not(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    print_metric(&rig, (double)NAN, true, 0);
    print_metric(&rig, 4, true, 1);
    print_metric(&rig, (double)NAN, true, 2);
    judge(&rig);
    assert_int_equal(rig.outcome.state, DLN_TRIAL_FAIL);
    assert_int_equal(rig.outcome.reason, DLN_FAIL_NAN);
    rig.study.aggregate = DLN_AGGREGATE_BEST;
    judge(&rig);
    assert_int_equal(rig.outcome.state, DLN_TRIAL_COMPLETE);
    assert_close(rig.outcome.values[0], 4, 0, 0);
    dln_job_free(rig.job);
}

static void each_way_to_fail_has_its_reason_and_sentence(void **state)
{
    (void)state;
    static const struct {
        enum dln_verdict verdict;
        struct dln_run_event end;
        enum dln_fail_reason reason;
        const char *detail;
    } cases[] = {
        {0,
         {.kind = DLN_RUN_ENDED, .has_exit = true},
         DLN_FAIL_NO_METRIC,
         "exit 0, but it did not print 'loss'"},
        {0, {.kind = DLN_RUN_ENDED, .has_exit = true, .exit_status = 3}, DLN_FAIL_EXIT, "exit 3"},
        {0, {.kind = DLN_RUN_ENDED, .signal = SIGSEGV}, DLN_FAIL_SIGNAL, "signal SEGV"},
        {0, {.kind = DLN_RUN_ENDED, .signal = SIGKILL, .oom = true}, DLN_FAIL_OOM, "out of memory"},
        {0,
         {.kind = DLN_RUN_ENDED, .guardian_lost = true},
         DLN_FAIL_LOST,
         "the process that watches over the trials died"},
        {0, {.kind = DLN_RUN_FAILED}, DLN_FAIL_EXIT, "could not be started: no such file"},
        {DLN_VERDICT_TIMEOUT,
         {.kind = DLN_RUN_ENDED, .has_exit = true},
         DLN_FAIL_TIMEOUT,
         "ran for 7200 s"},
        {DLN_VERDICT_SILENT,
         {.kind = DLN_RUN_ENDED, .signal = SIGTERM},
         DLN_FAIL_TIMEOUT,
         "silent for 60 s"},
        {DLN_VERDICT_STOP,
         {.kind = DLN_RUN_ENDED, .signal = SIGTERM},
         DLN_FAIL_STOPPED,
         "stopped by a person"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rig rig = make_rig();
        rig.study.machine.timeout_ms = 7200000;
        rig.study.machine.idle_timeout_ms = 60000;
        rig.job->verdict = cases[i].verdict;
        rig.job->end = cases[i].end;
        (void)snprintf(rig.job->end_text, sizeof rig.job->end_text, "no such file");
        judge(&rig);
        assert_int_equal(rig.outcome.state, DLN_TRIAL_FAIL);
        assert_int_equal(rig.outcome.reason, cases[i].reason);
        assert_string_equal(rig.outcome.detail, cases[i].detail);
        assert_false(rig.outcome.again);
        dln_job_free(rig.job);
    }
}

static void a_bad_exit_fails_the_trial_even_with_the_metric(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    print_metric(&rig, 0.5, false, 0);
    rig.job->end.exit_status = 1;
    judge(&rig);
    assert_int_equal(rig.outcome.state, DLN_TRIAL_FAIL);
    assert_int_equal(rig.outcome.reason, DLN_FAIL_EXIT);
    dln_job_free(rig.job);
}

static void a_policy_of_retry_is_limited_and_exit_75_needs_none(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    rig.job->end.exit_status = 1;
    rig.study.policy[DLN_FAIL_EXIT] = DLN_POLICY_RETRY;
    judge(&rig);
    assert_true(rig.outcome.again);
    rig.job->failures = 1;
    judge(&rig);
    assert_false(rig.outcome.again);

    rig.study.policy[DLN_FAIL_EXIT] = DLN_POLICY_AVOID;
    rig.job->failures = 0;
    judge(&rig);
    assert_false(rig.outcome.again);
    rig.job->end.exit_status = 75;
    judge(&rig);
    assert_true(rig.outcome.again);
    dln_job_free(rig.job);
}

static void a_missing_program_is_never_tried_again(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    rig.study.policy[DLN_FAIL_EXIT] = DLN_POLICY_RETRY;
    rig.job->end = (struct dln_run_event){.kind = DLN_RUN_FAILED, .program_missing = true};
    judge(&rig);
    assert_false(rig.outcome.again);
    dln_job_free(rig.job);
}

static void a_pruned_trial_keeps_its_last_intermediate_value(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    rig.study.aggregate = DLN_AGGREGATE_BEST;
    print_metric(&rig, 1, true, 1);
    print_metric(&rig, 2, true, 2);
    rig.job->verdict = DLN_VERDICT_PRUNE;
    rig.job->end = (struct dln_run_event){.kind = DLN_RUN_ENDED, .signal = SIGTERM};
    judge(&rig);
    assert_int_equal(rig.outcome.state, DLN_TRIAL_PRUNED);
    assert_close(rig.outcome.values[0], 2, 0, 0);
    dln_job_free(rig.job);
}

static void what_comes_after_a_pruner_said_no_does_not_count(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    print_metric(&rig, 7, false, 0); /* held back until another one makes it a curve */
    print_metric(&rig, 5, false, 1);
    assert_int_equal(rig.job->n_fresh, 2);
    const struct dln_prune cut = {
        .prune = true, .pruner = "asha", .step = 0, .value = 7, .why = "asha at step 0: no"};
    dln_job_cut(rig.job, &cut);
    assert_int_equal(rig.job->n_reports, 1);
    print_metric(&rig, 1, false, 2);
    assert_int_equal(rig.job->n_reports, 1);
    rig.job->verdict = DLN_VERDICT_PRUNE;
    judge(&rig);
    assert_int_equal(rig.outcome.state, DLN_TRIAL_PRUNED);
    assert_close(rig.outcome.values[0], 7, 0, 0);
    assert_string_equal(rig.outcome.detail, "asha at step 0: no");
    dln_job_free(rig.job);
}

static void one_value_without_a_step_is_no_curve_but_two_are(void **state)
{
    (void)state;
    struct rig rig = make_rig();
    print_metric(&rig, 5, false, 0);
    assert_int_equal(rig.job->n_reports, 0);
    print_metric(&rig, 4, false, 1);
    print_metric(&rig, 3, false, 1);
    assert_int_equal(rig.job->n_reports, 2);
    assert_int_equal(rig.job->reports[0].step, 0);
    assert_close(rig.job->reports[0].value, 5, 0, 0);
    assert_close(rig.job->reports[1].value, 3, 0, 0);
    dln_job_reset_run(rig.job);
    assert_int_equal(rig.job->n_reports, 0);
    assert_int_equal(rig.job->sums[0].n, 0);
    dln_job_free(rig.job);
}

static void the_seed_of_a_run_depends_on_study_number_and_failures(void **state)
{
    (void)state;
    const uint64_t seed = dln_job_seed(42, 7, 0);
    assert_true(seed <= INT32_MAX);
    assert_true(seed == dln_job_seed(42, 7, 0));
    assert_true(seed != dln_job_seed(42, 7, 1));
    assert_true(seed != dln_job_seed(42, 8, 0));
    assert_true(seed != dln_job_seed(43, 7, 0));
}

static void limits_become_numbers_that_say_how_far_off(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double expected;
    } cases[] = {
        {"mem <= 16", 4},
        {"mem >= 16", -4},
        {"mem < 20", 1e-12},
        {"2 * mem <= 50", -10},
        {"ms < 5", 1},
        {"not mem <= 16", 0},
        {"mem == 20", 0},
        {"mem <= 16 or mem > 19", 0},
        {"mem in [1]", 1},
        {"mem / 0 <= 1", 1},
        {"max(mem, 30) <= 16", 14},
        {"mem != 20", 1},
        {"(mem <= 16) == true", 1},
    };
    static const char *const names[] = {"mem", "ms"};
    const struct dln_metric_sum sums[] = {{.n = 1, .last = 20}, {.n = 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dln_error err = {0};
        struct dln_arena arena = {0};
        struct dln_constraint limit = {.text = cases[i].text};
        struct dln_limits *limits;
        double violation = -99;
        const struct dln_study study = {.n_limits = 1, .limits = &limit};
        assert_ok(dln_expr_parse(cases[i].text, &arena, &limit.expr, NULL, &err), err);
        assert_ok(dln_limits_new(&study, &limits, &err), err);
        dln_limits_eval(limits, names, sums, 2, &violation);
        if (fabs(violation - cases[i].expected) > 1e-15) {
            print_error("%s: %g, not %g\n", cases[i].text, violation, cases[i].expected);
            fail();
        }
        dln_limits_free(limits);
        dln_arena_release(&arena);
    }
}

static void states_and_reasons_have_stable_names(void **state)
{
    (void)state;
    assert_string_equal(dln_trial_state_name(DLN_TRIAL_COMPLETE), "COMPLETE");
    assert_string_equal(dln_trial_state_name(DLN_TRIAL_WAITING), "WAITING");
    assert_string_equal(dln_trial_state_word(DLN_TRIAL_PRUNED), "cut");
    for (size_t i = 0; i < DLN_TRIAL_STATE_COUNT; i++) {
        enum dln_trial_state back = DLN_TRIAL_STATE_COUNT;
        assert_true(dln_trial_state_parse(dln_trial_state_name((enum dln_trial_state)i), &back));
        assert_int_equal(back, i);
    }
    enum dln_trial_state untouched = DLN_TRIAL_FAIL;
    assert_false(dln_trial_state_parse("complete", &untouched));
    assert_int_equal(untouched, DLN_TRIAL_FAIL);
    assert_string_equal(dln_fail_reason_name(DLN_FAIL_NO_METRIC), "no_metric");
    assert_string_equal(dln_fail_reason_name(DLN_FAIL_STOPPED), "stopped");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exit_0_with_the_metric_is_complete),
        cmocka_unit_test(the_best_value_passes_over_nan_but_the_last_one_does_not),
        cmocka_unit_test(each_way_to_fail_has_its_reason_and_sentence),
        cmocka_unit_test(a_bad_exit_fails_the_trial_even_with_the_metric),
        cmocka_unit_test(a_policy_of_retry_is_limited_and_exit_75_needs_none),
        cmocka_unit_test(a_missing_program_is_never_tried_again),
        cmocka_unit_test(a_pruned_trial_keeps_its_last_intermediate_value),
        cmocka_unit_test(what_comes_after_a_pruner_said_no_does_not_count),
        cmocka_unit_test(one_value_without_a_step_is_no_curve_but_two_are),
        cmocka_unit_test(the_seed_of_a_run_depends_on_study_number_and_failures),
        cmocka_unit_test(limits_become_numbers_that_say_how_far_off),
        cmocka_unit_test(states_and_reasons_have_stable_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
