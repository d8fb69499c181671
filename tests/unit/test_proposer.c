#include "support/test.h"

#include "support/space_fixture.h"

static const struct dln_scalar models[] = {{.kind = DLN_SCALAR_TEXT, .text = "mlp"},
                                           {.kind = DLN_SCALAR_TEXT, .text = "xgb"}};

static dln_proposer *opened(const struct fixture *f)
{
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    assert_ok(dln_proposer_new(&f->study, 77, &proposer, &err), err);
    return proposer;
}

/* ── the history ───────────────────────────────────────────────────────────────────────────────*/

static void losses_have_the_sign_turned_where_more_is_better(void **state)
{
    (void)state;
    const struct dln_param param = fixture_float("a", 0, 1);
    struct fixture f;
    fixture_init(&f, 1, &param, "random");
    fixture_objectives(&f, 2, true);
    f.study.objectives[0].maximize = false;
    f.study.prune_on = "time";
    dln_proposer *proposer = opened(&f);
    const double x = 0.25;
    const double values[] = {3, 4};
    const struct dln_history_row row = {.number = 0,
                                        .state = DLN_TRIAL_COMPLETE,
                                        .x = &x,
                                        .values = values,
                                        .last_step = 9,
                                        .last_value = 5,
                                        .violation = 0.5,
                                        .memo = "{\"g\": 1}",
                                        .strategy = "nsga2"};
    struct dln_error err = {0};
    assert_ok(dln_proposer_learn(proposer, 1, &row, &err), err);
    const struct dln_history_view *view = dln_proposer_history(proposer);
    assert_int_equal(view->n, 1);
    assert_int_equal(view->m, 2);
    assert_close(view->trials[0].loss[0], 3, 0, 0);
    assert_close(view->trials[0].loss[1], -4, 0, 0);
    assert_close(view->trials[0].last_loss, -5, 0, 0);
    assert_int_equal(view->trials[0].last_step, 9);
    assert_close(view->trials[0].violation, 0.5, 0, 0);
    assert_close(view->trials[0].u[0], 0.25, 0, 0);
    assert_string_equal(view->trials[0].memo, "{\"g\": 1}");
    assert_string_equal(view->trials[0].strategy, "nsga2");
    dln_proposer_free(proposer);
    fixture_release(&f);
}

static void a_trial_learned_again_replaces_itself(void **state)
{
    (void)state;
    const struct dln_param param = fixture_int("a", 0, 9);
    struct fixture f;
    fixture_init(&f, 1, &param, "random");
    dln_proposer *proposer = opened(&f);
    const struct dln_history_view *view = dln_proposer_history(proposer);
    fixture_learn(proposer, 4, DLN_TRIAL_RUNNING, &(double){3}, NULL);
    fixture_learn(proposer, 2, DLN_TRIAL_WAITING, &(double){(double)NAN}, NULL);
    const uint64_t before = view->revision;
    const uint64_t forgotten = view->forgotten;
    fixture_learn(proposer, 4, DLN_TRIAL_COMPLETE, &(double){3}, &(double){0.5});
    assert_int_equal(view->n, 2);
    assert_int_equal(view->n_finished, 1);
    assert_int_equal(view->trials[0].number, 2);
    assert_int_equal(view->trials[1].state, DLN_TRIAL_COMPLETE);
    assert_true(view->revision != before);
    assert_int_equal(view->forgotten, forgotten);
    assert_true(dln_history_has(view, &f.study.space, &(double){3}));

    fixture_learn(proposer, 4, DLN_TRIAL_COMPLETE, &(double){5}, &(double){0.5});
    assert_true(view->forgotten != forgotten);
    assert_false(dln_history_has(view, &f.study.space, &(double){3}));
    assert_true(dln_history_has(view, &f.study.space, &(double){5}));
    dln_proposer_free(proposer);
    fixture_release(&f);
}

static void many_trials_keep_their_order_and_their_points(void **state)
{
    (void)state;
    enum { N = 5000 };
    const struct dln_param param = fixture_int("a", 0, 1e6);
    struct fixture f;
    fixture_init(&f, 1, &param, "random");
    dln_proposer *proposer = opened(&f);
    for (int i = 0; i < N; i++) {
        const int number = (i * 7) % N; /* 7 and N have no common factor: each once */
        fixture_learn(proposer, number, DLN_TRIAL_RUNNING, &(double){number * 3}, NULL);
    }
    const struct dln_history_view *view = dln_proposer_history(proposer);
    assert_int_equal(view->n, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(view->trials[i].number, i);
        assert_true(dln_history_has(view, &f.study.space, &(double){i * 3}));
        assert_false(dln_history_has(view, &f.study.space, &(double){i * 3 + 1}));
    }
    dln_proposer_free(proposer);
    fixture_release(&f);
}

static void a_history_is_rewritten_by_all_but_what_goes_on(void **state)
{
    (void)state;
    const struct dln_param param = fixture_int("a", 0, 9);
    struct fixture f;
    fixture_init(&f, 1, &param, "random");
    dln_proposer *proposer = opened(&f);
    const struct dln_history_view *view = dln_proposer_history(proposer);
    uint64_t before = view->rewritten;
    fixture_learn(proposer, 0, DLN_TRIAL_WAITING, &(double){(double)NAN}, NULL);
    fixture_learn(proposer, 0, DLN_TRIAL_RUNNING, &(double){3}, NULL);
    fixture_learn(proposer, 2, DLN_TRIAL_RUNNING, &(double){4}, NULL);
    fixture_learn(proposer, 0, DLN_TRIAL_COMPLETE, &(double){3}, &(double){0.5});
    fixture_learn(proposer, 0, DLN_TRIAL_COMPLETE, &(double){3}, &(double){0.5}); /* the same */
    struct dln_error err = {0};
    struct dln_proposal proposal;
    assert_ok(dln_proposer_ask(proposer, 3, NULL, 0, &proposal, &err), err);
    assert_int_equal(view->rewritten, before);

    fixture_learn(proposer, 0, DLN_TRIAL_COMPLETE, &(double){3}, &(double){0.25});
    assert_true(view->rewritten != before);
    before = view->rewritten;
    fixture_learn(proposer, 2, DLN_TRIAL_RUNNING, &(double){5}, NULL);
    assert_true(view->rewritten != before);
    before = view->rewritten;
    fixture_learn(proposer, 1, DLN_TRIAL_RUNNING, &(double){6}, NULL);
    assert_true(view->rewritten != before);
    before = view->rewritten;
    assert_ok(dln_proposer_ask(proposer, 0, NULL, 0, &proposal, &err), err); /* hidden meanwhile */
    assert_true(view->rewritten != before);
    dln_proposer_free(proposer);
    fixture_release(&f);
}

/* ── what a person fixed ───────────────────────────────────────────────────────────────────────*/

static void fixed_values_stand_and_the_rest_is_suggested(void **state)
{
    (void)state;
    struct dln_param params[] = {fixture_choice("model", models, 2), fixture_int("layers", 1, 9),
                                 fixture_float("lr", 0, 1)};
    params[1].when_text = "model == mlp";
    for (const struct dln_strategy *const *at = dln_strategies(); *at; at++) {
        struct fixture f;
        fixture_init(&f, 3, params, (*at)->name);
        dln_proposer *proposer = opened(&f);
        struct dln_error err = {0};
        struct dln_proposal proposal;
        const double fixed[] = {0, NAN, 0.123};
        for (int i = 0; i < 9; i++) {
            assert_ok(dln_proposer_ask(proposer, i, fixed, 0, &proposal, &err), err);
            assert_true(proposal.x[0] == 0);
            assert_true(proposal.x[1] >= 1 && proposal.x[1] <= 9);
            assert_true(proposal.x[2] == 0.123);
            const bool is_auto = strcmp((*at)->name, "auto") == 0; /* names whose turn it was */
            if (!is_auto) assert_string_equal(proposal.strategy, (*at)->name);
            assert_non_null(dln_strategy_find(proposal.strategy));
            assert_int_equal(strncmp(proposal.why, "model, lr given; ", 17), 0);
            const double x[] = {0, proposal.x[1], 0.123};
            assert_false(dln_history_has(dln_proposer_history(proposer), &f.study.space, x));
            fixture_learn(proposer, i, DLN_TRIAL_RUNNING, x, NULL);
        }
        /* all nine are there: a person's wish goes before the duplicate policy */
        assert_ok(dln_proposer_ask(proposer, 9, fixed, 0, &proposal, &err), err);
        assert_true(proposal.x[2] == 0.123);
        dln_proposer_free(proposer);
        fixture_release(&f);
    }
}

static void a_point_given_whole_is_taken_as_it_is(void **state)
{
    (void)state;
    struct dln_param params[] = {fixture_choice("model", models, 2), fixture_int("layers", 1, 9)};
    params[1].when_text = "model == mlp";
    struct fixture f;
    fixture_init(&f, 2, params, "sobol");
    fixture_constrain(&f, "model == mlp");
    dln_proposer *proposer = opened(&f);
    struct dln_error err = {0};
    struct dln_proposal proposal;
    const double fixed[] = {1, 4}; /* layers is not active; the constraint is the person's affair */
    fixture_learn(proposer, 0, DLN_TRIAL_COMPLETE, (const double[]){1, NAN}, &(double){1});
    assert_ok(dln_proposer_ask(proposer, 1, fixed, 0, &proposal, &err), err);
    assert_true(proposal.x[0] == 1);
    assert_true(isnan(proposal.x[1]));
    assert_string_equal(proposal.strategy, "enqueued");
    assert_non_null(strstr(proposal.why, "given"));
    assert_null(proposal.memo);
    dln_proposer_free(proposer);
    fixture_release(&f);
}

/* ── constraints ───────────────────────────────────────────────────────────────────────────────*/

static void suggestions_keep_the_constraints(void **state)
{
    (void)state;
    const struct dln_param params[] = {fixture_float("a", 0, 1), fixture_float("b", 0, 1)};
    static const char *const names[] = {"random", "sobol"};
    for (size_t k = 0; k < 2; k++) {
        struct fixture f;
        fixture_init(&f, 2, params, names[k]);
        fixture_constrain(&f, "a + b <= 0.5");
        fixture_constrain(&f, "a <= b");
        dln_proposer *proposer = opened(&f);
        for (int i = 0; i < 50; i++) {
            struct dln_error err = {0};
            struct dln_proposal proposal;
            assert_ok(dln_proposer_ask(proposer, i, NULL, 0, &proposal, &err), err);
            assert_true(proposal.x[0] + proposal.x[1] <= 0.5);
            assert_true(proposal.x[0] <= proposal.x[1]);
            const double x[] = {proposal.x[0], proposal.x[1]};
            fixture_learn(proposer, i, DLN_TRIAL_COMPLETE, x, &(double){1});
        }
        dln_proposer_free(proposer);
        fixture_release(&f);
    }
}

static void a_narrow_corner_is_found(void **state)
{
    (void)state;
    const struct dln_param params[] = {fixture_float("a", 0, 1), fixture_float("b", 0, 1)};
    struct fixture f;
    fixture_init(&f, 2, params, "sobol");
    fixture_constrain(&f, "a + b <= 0.02"); /* 1 in 5000 */
    dln_proposer *proposer = opened(&f);
    struct dln_error err = {0};
    struct dln_proposal proposal;
    for (int i = 0; i < 5; i++) {
        assert_ok(dln_proposer_ask(proposer, i, NULL, 0, &proposal, &err), err);
        assert_true(proposal.x[0] + proposal.x[1] <= 0.02);
    }
    dln_proposer_free(proposer);
    fixture_release(&f);
}

static void constraints_that_nothing_keeps_are_named(void **state)
{
    (void)state;
    const struct dln_param floats[] = {fixture_float("a", 0, 1), fixture_float("b", 0, 1)};
    const struct dln_param ints[] = {fixture_int("a", 0, 1), fixture_int("b", 0, 1)};
    static const char *const names[] = {"random", "sobol"};
    for (size_t k = 0; k < 4; k++) {
        struct fixture f;
        fixture_init(&f, 2, k % 2 ? ints : floats, names[k / 2]);
        fixture_constrain(&f, "a >= 0");
        fixture_constrain(&f, "a + b > 2");
        dln_proposer *proposer = opened(&f);
        struct dln_error err = {0};
        struct dln_proposal proposal;
        assert_fails(dln_proposer_ask(proposer, 0, NULL, 0, &proposal, &err), err, DLN_INVALID);
        assert_non_null(strstr(err.text, "'a + b > 2'"));
        dln_proposer_free(proposer);
        fixture_release(&f);
    }
}

/* ── duplicates ────────────────────────────────────────────────────────────────────────────────*/

/* After 64 attempts the last points of a space are found by looking through it. */
static void the_last_points_of_a_large_space_are_found(void **state)
{
    (void)state;
    enum { N = 3000 };
    const struct dln_param param = fixture_int("a", 1, N);
    struct fixture f;
    fixture_init(&f, 1, &param, "random");
    dln_proposer *proposer = opened(&f);
    for (int i = 0; i < N; i++) {
        if (i == 1234 || i == 2500) continue;
        fixture_learn(proposer, i, DLN_TRIAL_COMPLETE, &(double){i + 1}, &(double){1});
    }
    struct dln_error err = {0};
    struct dln_proposal proposal;
    double found[2];
    for (int i = 0; i < 2; i++) {
        assert_ok(dln_proposer_ask(proposer, N + i, NULL, 0, &proposal, &err), err);
        found[i] = proposal.x[0];
        fixture_learn(proposer, N + i, DLN_TRIAL_RUNNING, &found[i], NULL);
    }
    assert_true(fmin(found[0], found[1]) == 1235);
    assert_true(fmax(found[0], found[1]) == 2501);
    assert_fails(dln_proposer_ask(proposer, N + 2, NULL, 0, &proposal, &err), err, DLN_EXHAUSTED);
    dln_proposer_free(proposer);
    fixture_release(&f);
}

static void foreign_trials_that_are_odd_do_no_harm(void **state)
{
    (void)state;
    struct dln_param params[] = {fixture_choice("model", models, 2), fixture_int("layers", 1, 9)};
    params[1].when_text = "model == mlp";
    struct fixture f;
    fixture_init(&f, 2, params, "sobol");
    dln_proposer *proposer = opened(&f);
    fixture_learn(proposer, 0, DLN_TRIAL_COMPLETE, (const double[]){NAN, NAN}, &(double){1});
    fixture_learn(proposer, 1, DLN_TRIAL_COMPLETE, (const double[]){0, 1e300}, &(double){1});
    fixture_learn(proposer, 2, DLN_TRIAL_COMPLETE, (const double[]){7, -3}, &(double){NAN});
    fixture_learn(proposer, 3, DLN_TRIAL_COMPLETE, (const double[]){-1, INFINITY}, &(double){1});
    struct dln_error err = {0};
    struct dln_proposal proposal;
    for (int i = 4; i < 14; i++) {
        assert_ok(dln_proposer_ask(proposer, i, NULL, 0, &proposal, &err), err);
        const double x[] = {proposal.x[0], proposal.x[1]};
        fixture_learn(proposer, i, DLN_TRIAL_COMPLETE, x, &(double){1});
    }
    assert_fails(dln_proposer_ask(proposer, 14, NULL, 0, &proposal, &err), err, DLN_EXHAUSTED);
    dln_proposer_free(proposer);
    fixture_release(&f);
}

/* ── where trials fail ─────────────────────────────────────────────────────────────────────────*/

/* How many of 24 asks lie in the half where all trials have failed. */
static int count_in_bad_half(enum dln_fail_policy policy)
{
    const struct dln_param params[] = {fixture_float("a", 0, 1), fixture_float("b", 0, 1)};
    struct fixture f;
    struct dln_error err = {0};
    int n_bad = 0;
    fixture_init(&f, 2, params, "random");
    f.study.policy[DLN_FAIL_OOM] = policy;
    dln_proposer *proposer = opened(&f);
    for (int64_t i = 0; i < 30; i++) {
        const double x[] = {((double)i + 0.5) / 30, (double)(i * 7 % 30) / 30};
        const double value = 1;
        const bool fails = x[0] > 0.5;
        const struct dln_history_row row = {.number = i,
                                            .state = fails ? DLN_TRIAL_FAIL : DLN_TRIAL_COMPLETE,
                                            .reason = fails ? DLN_FAIL_OOM : DLN_FAIL_NONE,
                                            .x = x,
                                            .values = fails ? NULL : &value,
                                            .last_step = -1,
                                            .strategy = "random"};
        assert_ok(dln_proposer_learn(proposer, 1, &row, &err), err);
    }
    for (int64_t number = 50; number < 74; number++) {
        struct dln_proposal proposal;
        assert_ok(dln_proposer_ask(proposer, number, NULL, 0, &proposal, &err), err);
        n_bad += proposal.x[0] > 0.55;
    }
    dln_proposer_free(proposer);
    fixture_release(&f);
    return n_bad;
}

static void a_region_that_fails_is_avoided_where_the_policy_says_so(void **state)
{
    (void)state;
    assert_int_equal(count_in_bad_half(DLN_POLICY_AVOID), 0);
    assert_true(count_in_bad_half(DLN_POLICY_IGNORE) > 4);
    assert_true(count_in_bad_half(DLN_POLICY_RETRY) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_have_the_sign_turned_where_more_is_better),
        cmocka_unit_test(a_trial_learned_again_replaces_itself),
        cmocka_unit_test(a_history_is_rewritten_by_all_but_what_goes_on),
        cmocka_unit_test(many_trials_keep_their_order_and_their_points),
        cmocka_unit_test(fixed_values_stand_and_the_rest_is_suggested),
        cmocka_unit_test(a_point_given_whole_is_taken_as_it_is),
        cmocka_unit_test(suggestions_keep_the_constraints),
        cmocka_unit_test(a_narrow_corner_is_found),
        cmocka_unit_test(constraints_that_nothing_keeps_are_named),
        cmocka_unit_test(the_last_points_of_a_large_space_are_found),
        cmocka_unit_test(foreign_trials_that_are_odd_do_no_harm),
        cmocka_unit_test(a_region_that_fails_is_avoided_where_the_policy_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
