/* src/serve: a tuner in memory, as a program that embeds it sees it. */
#include "dialin/serve.h"
#include "support/test.h"

static dln_tuner *opened(const char *yaml)
{
    struct dln_study *study;
    dln_tuner *tuner;
    struct dln_error err = {0};
    assert_ok(dln_study_read("t.yaml", yaml, strlen(yaml), &study, &err), err);
    assert_ok(dln_tuner_new(study, &tuner, &err), err);
    return tuner;
}

static void a_bowl_is_descended(void **state)
{
    (void)state;
    dln_tuner *tuner = opened("study: b\nobjective: {minimize: y}\nstrategy: cmaes\nseed: 1\n"
                              "budget: {trials: 150}\n"
                              "space: {a: {float: [-5, 5]}, b: {float: [-5, 5]}}\n");
    struct dln_asked trial;
    struct dln_error err = {0};
    int64_t n = 0;
    while (dln_tuner_ask(tuner, &trial, &err)) {
        const double a = dln_tuner_real(tuner, trial.x, "a") - 1;
        const double b = dln_tuner_real(tuner, trial.x, "b") + 2;
        assert_int_equal(trial.number, n++);
        assert_ok(dln_tuner_tell_value(tuner, trial.number, a * a + b * b, &err), err);
    }
    assert_int_equal(err.code, DLN_EXHAUSTED);
    assert_string_equal(err.text, "trials");
    struct dln_best best;
    assert_true(dln_tuner_best(tuner, 0, &best));
    assert_false(dln_tuner_best(tuner, 1, &best));
    assert_int_equal(n, 150);
    assert_true(best.values[0] < 0.01);
    assert_close(dln_tuner_real(tuner, best.x, "a"), 1, 0.1, 0);
    dln_tuner_close(tuner);
}

static void any_point_is_predicted_from_what_was_told(void **state)
{
    (void)state;
    dln_tuner *tuner = opened("study: b\nobjective: {maximize: y}\nstrategy: random\nseed: 1\n"
                              "space: {a: {float: [0, 1]}, b: {float: [0, 1]}}\n");
    struct dln_asked trial;
    struct dln_error err = {0};
    struct dln_prediction p;
    const char *why;
    double x[] = {(double)NAN, (double)NAN};
    assert_ok(dln_tuner_predict(tuner, x, &p, &why, &err), err);
    assert_false(p.expected[0].is_known);
    assert_string_equal(why, "the model needs 5 complete trials, there are 0");
    assert_close(x[0], 0.5, 0, 0);
    for (int i = 0; i < 30; i++) { /* predictions in between learn from each one told */
        assert_ok(dln_tuner_ask(tuner, &trial, &err), err);
        const double a = trial.x[0];
        assert_ok(dln_tuner_tell_value(tuner, trial.number, 5 - (a - 0.3) * (a - 0.3), &err), err);
        if (i == 10) assert_ok(dln_tuner_predict(tuner, x, &p, &why, &err), err);
    }
    double good[] = {0.3, (double)NAN};
    double bad[] = {1, 0.5};
    assert_ok(dln_tuner_predict(tuner, good, &p, &why, &err), err);
    assert_string_equal(why, "");
    assert_close(p.expected[0].mean, 5, 0.05, 0);
    struct dln_best best;
    assert_true(dln_tuner_best(tuner, 0, &best));
    assert_close(good[1], best.x[1], 0, 0);
    assert_close(p.expected[0].best, best.values[0], 0, 0);
    const double chance = p.expected[0].chance;
    assert_ok(dln_tuner_predict(tuner, bad, &p, NULL, &err), err);
    assert_close(p.expected[0].mean, 4.51, 0.05, 0);
    assert_true(p.expected[0].chance < chance);
    dln_tuner_close(tuner);
}

static void values_are_found_by_name(void **state)
{
    (void)state;
    dln_tuner *tuner = opened("study: b\nobjective: {minimize: y}\nstrategy: random\n"
                              "space:\n  k: {choice: [one, two]}\n  f: {flag: true}\n"
                              "  x: {float: [0, 1], when: k == two}\n"
                              "start: [{k: one, f: true}]\n");
    struct dln_asked trial;
    struct dln_error err = {0};
    assert_ok(dln_tuner_ask(tuner, &trial, &err), err);
    assert_string_equal(trial.strategy, "enqueued");
    assert_string_equal(dln_tuner_text(tuner, trial.x, "k"), "one");
    assert_string_equal(dln_tuner_text(tuner, trial.x, "f"), "True");
    assert_string_equal(dln_tuner_text(tuner, trial.x, "x"), "");
    assert_string_equal(dln_tuner_text(tuner, trial.x, "nothing"), "");
    assert_true(isnan(dln_tuner_real(tuner, trial.x, "x")));
    assert_true(isnan(dln_tuner_real(tuner, trial.x, "nothing")));
    dln_tuner_close(tuner);
}

static void a_pruned_trial_counts_with_its_last_report(void **state)
{
    (void)state;
    dln_tuner *tuner = opened("study: b\nobjective: {maximize: y}\nstrategy: tpe\n"
                              "space: {x: {float: [0, 1]}}\nbudget: {trials: 2}\n");
    const struct dln_told pruned = {.state = DLN_TRIAL_PRUNED};
    struct dln_asked trial;
    struct dln_best best;
    struct dln_error err = {0};
    assert_ok(dln_tuner_ask(tuner, &trial, &err), err);
    struct dln_advice advice;
    assert_ok(dln_tuner_report(tuner, 0, 1, 0.5, &advice, &err), err);
    assert_ok(dln_tuner_report(tuner, 0, 2, 0.7, &advice, &err), err);
    assert_ok(dln_tuner_report(tuner, 0, 1, 0.6, &advice, &err), err);
    assert_false(advice.prune);
    assert_ok(dln_tuner_tell(tuner, 0, &pruned, &err), err);
    assert_false(dln_tuner_best(tuner, 0, &best));
    assert_fails(dln_tuner_tell_value(tuner, 0, 1, &err), err, DLN_REFUSED);
    assert_ok(dln_tuner_ask(tuner, &trial, &err), err);
    assert_ok(dln_tuner_tell_value(tuner, 1, 0.1, &err), err);
    assert_true(dln_tuner_best(tuner, 0, &best));
    assert_int_equal(best.number, 1);
    dln_tuner_close(tuner);
}

static void a_finite_space_ends_when_every_point_was_tried(void **state)
{
    (void)state;
    dln_tuner *tuner = opened("study: b\nobjective: {minimize: y}\nstrategy: random\n"
                              "space: {x: {int: [1, 5]}}\n");
    struct dln_asked trial;
    struct dln_error err = {0};
    bool seen[6] = {false};
    for (int i = 0; i < 5; i++) {
        assert_ok(dln_tuner_ask(tuner, &trial, &err), err);
        seen[(int)trial.x[0]] = true;
    }
    for (int i = 1; i <= 5; i++)
        assert_true(seen[i]);
    assert_fails(dln_tuner_ask(tuner, &trial, &err), err, DLN_EXHAUSTED);
    assert_string_equal(err.text, "every point was tried");
    dln_tuner_close(tuner);
}

static void the_budget_may_end_by_target_and_by_lack_of_progress(void **state)
{
    (void)state;
    dln_tuner *tuner = opened("study: b\nobjective: {minimize: y}\nstrategy: random\n"
                              "space: {x: {float: [0, 1]}}\n"
                              "budget: {target: 0.5, no_improvement: 3}\n");
    struct dln_asked trial;
    struct dln_error err = {0};
    for (int i = 0; i < 4; i++) {
        assert_ok(dln_tuner_ask(tuner, &trial, &err), err);
        assert_ok(dln_tuner_tell_value(tuner, i, i == 0 ? 1 : 2, &err), err);
    }
    assert_fails(dln_tuner_ask(tuner, &trial, &err), err, DLN_EXHAUSTED);
    assert_string_equal(err.text, "no_improvement");
    dln_tuner_close(tuner);
    tuner = opened("study: b\nobjective: {minimize: y}\nstrategy: random\n"
                   "space: {x: {float: [0, 1]}}\nbudget: {target: 0.5}\n");
    assert_ok(dln_tuner_ask(tuner, &trial, &err), err);
    assert_ok(dln_tuner_tell_value(tuner, 0, 0.4, &err), err);
    assert_fails(dln_tuner_ask(tuner, &trial, &err), err, DLN_EXHAUSTED);
    assert_string_equal(err.text, "target");
    dln_tuner_close(tuner);
}

static void a_known_point_is_not_asked_for_again_where_values_are_reused(void **state)
{
    (void)state;
    dln_tuner *tuner = opened("study: b\nobjective: {maximize: y}\nstrategy: random\nseed: 2\n"
                              "space: {x: {int: [1, 3]}}\nduplicates: reuse\n");
    struct dln_asked trial;
    struct dln_best best;
    struct dln_error err = {0};
    bool seen[4] = {false};
    int64_t last = -1;
    for (int i = 0; i < 3; i++) {
        assert_ok(dln_tuner_ask(tuner, &trial, &err), err);
        assert_false(seen[(int)trial.x[0]]);
        seen[(int)trial.x[0]] = true;
        last = trial.number;
        assert_ok(dln_tuner_tell_value(tuner, trial.number, trial.x[0], &err), err);
    }
    assert_true(last > 2); /* with trials between that took over a value */
    assert_fails(dln_tuner_ask(tuner, &trial, &err), err, DLN_EXHAUSTED);
    assert_true(dln_tuner_best(tuner, 0, &best));
    assert_close(best.values[0], 3, 0, 0);
    dln_tuner_close(tuner);
}

static void a_pruner_says_when_to_stop(void **state)
{
    (void)state;
    dln_tuner *tuner = opened("study: b\nobjective: {maximize: y}\nstrategy: random\n"
                              "space: {x: {float: [0, 1]}}\n"
                              "pruner: {median: {startup: 2, warmup: 1}}\n");
    static const struct dln_told pruned = {.state = DLN_TRIAL_PRUNED};
    struct dln_asked trial;
    struct dln_advice advice;
    struct dln_error err = {0};
    for (int i = 0; i < 3; i++) {
        assert_ok(dln_tuner_ask(tuner, &trial, &err), err);
        for (int step = 0; step < 4; step++) {
            assert_ok(dln_tuner_report(tuner, i, step, 10 * i + step, &advice, &err), err);
            assert_false(advice.prune);
        }
        assert_ok(dln_tuner_tell_value(tuner, i, 10 * i + 3, &err), err);
    }
    assert_ok(dln_tuner_ask(tuner, &trial, &err), err);
    assert_ok(dln_tuner_report(tuner, 3, 0, 0, &advice, &err), err);
    assert_false(advice.prune);
    assert_ok(dln_tuner_report(tuner, 3, 2, 5, &advice, &err), err);
    assert_true(advice.prune);
    assert_non_null(strstr(advice.why, "12"));
    assert_ok(dln_tuner_tell(tuner, 3, &pruned, &err), err);
    assert_ok(dln_tuner_ask(tuner, &trial, &err), err);
    assert_ok(dln_tuner_report(tuner, 4, 2, 30, &advice, &err), err);
    assert_false(advice.prune);
    dln_tuner_close(tuner);
}

static void told_constraints_keep_a_trial_from_being_best(void **state)
{
    (void)state;
    dln_tuner *tuner = opened("study: b\nobjective: {minimize: y}\nstrategy: random\n"
                              "limits: [gb < 16]\nspace: {x: {float: [0, 1]}}\n");
    static const double value[] = {1};
    static const double broken[] = {2};
    const char *const names[] = {"gb"};
    static const double little[] = {1};
    struct dln_asked trial;
    struct dln_best best;
    struct dln_error err = {0};
    for (int i = 0; i < 3; i++)
        assert_ok(dln_tuner_ask(tuner, &trial, &err), err);
    struct dln_told told = {.state = DLN_TRIAL_COMPLETE, .values = value};
    assert_ok(dln_tuner_tell(tuner, 0, &told, &err), err); /* its limit is not known to be kept */
    told.n_metrics = 1;
    told.metric_names = names;
    told.metric_values = little;
    told.n_constraints = 1;
    told.constraints = broken;
    assert_ok(dln_tuner_tell(tuner, 1, &told, &err), err);
    assert_false(dln_tuner_best(tuner, 0, &best));
    told.n_constraints = 0;
    assert_ok(dln_tuner_tell(tuner, 2, &told, &err), err);
    assert_true(dln_tuner_best(tuner, 0, &best));
    assert_int_equal(best.number, 2);
    dln_tuner_close(tuner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bowl_is_descended),
        cmocka_unit_test(any_point_is_predicted_from_what_was_told),
        cmocka_unit_test(values_are_found_by_name),
        cmocka_unit_test(a_pruned_trial_counts_with_its_last_report),
        cmocka_unit_test(a_finite_space_ends_when_every_point_was_tried),
        cmocka_unit_test(the_budget_may_end_by_target_and_by_lack_of_progress),
        cmocka_unit_test(a_known_point_is_not_asked_for_again_where_values_are_reused),
        cmocka_unit_test(a_pruner_says_when_to_stop),
        cmocka_unit_test(told_constraints_keep_a_trial_from_being_best),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
