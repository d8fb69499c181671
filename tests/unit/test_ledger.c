/* src/engine/ledger.c and budget.c: counts, best, front, and when a study has had enough. */
#include "engine/budget.h"
#include "engine/ledger.h"
#include "support/test.h"

static struct dln_objective minimize_one[] = {{"loss", false}};
static const struct dln_spent nothing = {0};
static struct dln_objective two_goals[] = {{"recall", true}, {"ms", false}};

static void learn(struct dln_ledger *ledger, int64_t number, enum dln_trial_state state,
                  const double *values, double violation)
{
    struct dln_error err = {0};
    const struct dln_history_row row = {.id = 100 + number,
                                        .number = number,
                                        .state = state,
                                        .values = values,
                                        .violation = violation};
    assert_ok(dln_ledger_learn(ledger, &row, NULL, &err), err);
}

static void complete(struct dln_ledger *ledger, int64_t number, double value)
{
    learn(ledger, number, DLN_TRIAL_COMPLETE, &value, 0);
}

static struct dln_ledger one_objective(void)
{
    struct dln_error err = {0};
    struct dln_ledger ledger = {0};
    const struct dln_study study = {.n_objectives = 1, .objectives = minimize_one};
    assert_ok(dln_ledger_init(&ledger, &study, &err), err);
    return ledger;
}

static void a_trial_that_changes_is_counted_once(void **state)
{
    (void)state;
    struct dln_ledger ledger = one_objective();
    learn(&ledger, 0, DLN_TRIAL_WAITING, NULL, 0);
    learn(&ledger, 1, DLN_TRIAL_RUNNING, NULL, 0);
    assert_int_equal(dln_ledger_used(&ledger), 1);
    learn(&ledger, 0, DLN_TRIAL_RUNNING, NULL, 0);
    complete(&ledger, 0, 3);
    assert_int_equal(dln_ledger_used(&ledger), 2);
    assert_int_equal(ledger.counts[DLN_TRIAL_COMPLETE], 1);
    assert_int_equal(ledger.counts[DLN_TRIAL_RUNNING], 1);
    assert_int_equal(ledger.counts[DLN_TRIAL_WAITING], 0);
    assert_int_equal(dln_ledger_next_number(&ledger), 2);
    assert_int_equal(dln_ledger_max_id(&ledger), 101);
    dln_ledger_release(&ledger);
}

static void the_best_does_not_depend_on_the_order_of_equal_values(void **state)
{
    (void)state;
    struct dln_ledger ledger = one_objective();
    int64_t number;
    double value;
    assert_false(dln_ledger_best(&ledger, &number, &value));
    learn(&ledger, 0, DLN_TRIAL_RUNNING, NULL, 0);
    complete(&ledger, 1, 2);
    complete(&ledger, 2, 2);
    assert_true(dln_ledger_best(&ledger, &number, &value));
    assert_int_equal(number, 1);
    complete(&ledger, 0, 2);
    assert_true(dln_ledger_best(&ledger, &number, &value));
    assert_int_equal(number, 0);
    assert_close(value, 2, 0, 0);
    dln_ledger_release(&ledger);
}

static void a_trial_beyond_the_limits_is_never_the_best(void **state)
{
    (void)state;
    struct dln_ledger ledger = one_objective();
    int64_t number;
    double value = 1;
    learn(&ledger, 0, DLN_TRIAL_COMPLETE, &value, 0.5);
    assert_false(dln_ledger_best(&ledger, &number, &value));
    complete(&ledger, 1, 9);
    assert_true(dln_ledger_best(&ledger, &number, &value));
    assert_int_equal(number, 1);
    dln_ledger_release(&ledger);
}

static void the_front_keeps_what_nothing_beats(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct dln_ledger ledger = {0};
    const struct dln_study study = {.n_objectives = 2, .objectives = two_goals};
    assert_ok(dln_ledger_init(&ledger, &study, &err), err);
    learn(&ledger, 0, DLN_TRIAL_COMPLETE, (double[]){0.9, 10}, 0);
    learn(&ledger, 1, DLN_TRIAL_COMPLETE, (double[]){0.8, 5}, 0);
    learn(&ledger, 2, DLN_TRIAL_COMPLETE, (double[]){0.8, 6}, 0);
    assert_int_equal(ledger.n_front, 2);
    assert_int_equal(dln_ledger_since_best(&ledger), 1);
    learn(&ledger, 3, DLN_TRIAL_COMPLETE, (double[]){0.95, 4}, 0);
    assert_int_equal(ledger.n_front, 1);
    assert_int_equal(ledger.front_numbers[0], 3);
    assert_int_equal(dln_ledger_since_best(&ledger), 0);
    dln_ledger_release(&ledger);
}

static void a_budget_of_trials_counts_what_runs_but_not_what_waits(void **state)
{
    (void)state;
    struct dln_ledger ledger = one_objective();
    const struct dln_budget budget = {.trials = 2};
    const char *why = NULL;
    learn(&ledger, 0, DLN_TRIAL_WAITING, NULL, 0);
    complete(&ledger, 1, 1);
    assert_true(dln_budget_is_open(&budget, &ledger, &nothing, &why));
    learn(&ledger, 2, DLN_TRIAL_RUNNING, NULL, 0);
    assert_false(dln_budget_is_open(&budget, &ledger, &nothing, &why));
    assert_string_equal(why, "budget: trials");
    dln_ledger_release(&ledger);
}

static void no_improvement_counts_from_the_best_and_waits_for_those_that_run(void **state)
{
    (void)state;
    struct dln_ledger ledger = one_objective();
    const struct dln_budget budget = {.no_improvement = 2};
    const char *why = NULL;
    complete(&ledger, 0, 1);
    learn(&ledger, 1, DLN_TRIAL_FAIL, NULL, 0);
    complete(&ledger, 2, 4);
    assert_true(dln_budget_is_open(&budget, &ledger, &nothing, &why));
    learn(&ledger, 3, DLN_TRIAL_RUNNING, NULL, 0);
    assert_false(dln_budget_is_open(&budget, &ledger, &nothing, &why));
    assert_string_equal(why, "budget: no_improvement");
    complete(&ledger, 3, 0.5);
    assert_true(dln_budget_is_open(&budget, &ledger, &nothing, &why));
    dln_ledger_release(&ledger);
}

static void a_target_is_met_in_the_direction_of_the_objective(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct dln_ledger ledger = {0};
    const struct dln_study study = {.n_objectives = 2, .objectives = two_goals};
    const struct dln_budget budget = {.has_target = true, .target = 0.9};
    const char *why = NULL;
    assert_ok(dln_ledger_init(&ledger, &study, &err), err);
    learn(&ledger, 0, DLN_TRIAL_COMPLETE, (double[]){0.89, 1}, 0);
    assert_true(dln_budget_is_open(&budget, &ledger, &nothing, &why));
    learn(&ledger, 1, DLN_TRIAL_COMPLETE, (double[]){0.9, 7}, 0);
    assert_false(dln_budget_is_open(&budget, &ledger, &nothing, &why));
    assert_string_equal(why, "budget: target");
    dln_ledger_release(&ledger);
}

static void time_is_the_time_that_engines_have_spent(void **state)
{
    (void)state;
    struct dln_ledger ledger = one_objective();
    const struct dln_budget budget = {.time_s = 60};
    const char *why = NULL;
    assert_true(dln_budget_is_open(&budget, &ledger, &(struct dln_spent){.time_s = 59.9}, &why));
    assert_false(dln_budget_is_open(&budget, &ledger, &(struct dln_spent){.time_s = 60}, &why));
    assert_string_equal(why, "budget: time");
    dln_ledger_release(&ledger);
}

static void slots_and_cost_are_counted_together(void **state)
{
    (void)state;
    struct dln_ledger ledger = one_objective();
    const struct dln_budget budget = {.slot_s = 1800, .cost = 12.5};
    struct dln_strbuf text = {0};
    const char *why = NULL;
    assert_true(dln_budget_is_open(&budget, &ledger, &(struct dln_spent){1e9, 1799, 12.4}, &why));
    assert_false(dln_budget_is_open(&budget, &ledger, &(struct dln_spent){0, 1800, 0}, &why));
    assert_string_equal(why, "budget: slot_hours");
    assert_false(dln_budget_is_open(&budget, &ledger, &(struct dln_spent){0, 0, 12.5}, &why));
    assert_string_equal(why, "budget: cost");
    dln_budget_text(&budget, &text);
    assert_string_equal(dln_strbuf_text(&text), "0.5 slot hours, cost 12.5");
    dln_strbuf_release(&text);
    dln_ledger_release(&ledger);
}

static void no_limit_is_never_met(void **state)
{
    (void)state;
    struct dln_ledger ledger = one_objective();
    const struct dln_budget budget = {0};
    struct dln_strbuf text = {0};
    for (int64_t i = 0; i < 1000; i++)
        complete(&ledger, i, (double)i);
    assert_true(dln_budget_is_open(&budget, &ledger, &(struct dln_spent){1e9, 1e9, 1e9}, NULL));
    dln_budget_text(&budget, &text);
    assert_string_equal(dln_strbuf_text(&text), "no limit");
    dln_strbuf_release(&text);
    dln_ledger_release(&ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trial_that_changes_is_counted_once),
        cmocka_unit_test(the_best_does_not_depend_on_the_order_of_equal_values),
        cmocka_unit_test(a_trial_beyond_the_limits_is_never_the_best),
        cmocka_unit_test(the_front_keeps_what_nothing_beats),
        cmocka_unit_test(a_budget_of_trials_counts_what_runs_but_not_what_waits),
        cmocka_unit_test(no_improvement_counts_from_the_best_and_waits_for_those_that_run),
        cmocka_unit_test(a_target_is_met_in_the_direction_of_the_objective),
        cmocka_unit_test(time_is_the_time_that_engines_have_spent),
        cmocka_unit_test(slots_and_cost_are_counted_together),
        cmocka_unit_test(no_limit_is_never_met),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
