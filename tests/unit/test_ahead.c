/* A suggestion that was asked for early: when it holds, and when it does not. */
#include "support/test.h"

#include "engine/ahead.h"
#include "support/play.h"

struct early {
    struct fixture f;
    struct play play;
    struct dln_ahead ahead;
};

/* Fourteen trials, two of which run: #12 and #13. */
static void begin(struct early *early, const char *strategy)
{
    *early = (struct early){0};
    play_space(&early->f, 2, -5, 5, strategy);
    play_init(&early->play, &early->f, play_sphere, 3);
    play_until(&early->play, 12);
    early->play.workers = 2;
    play_step(&early->play);
    play_step(&early->play);
}

static void end(struct early *early)
{
    dln_ahead_release(&early->ahead);
    play_release(&early->play);
    fixture_release(&early->f);
}

static void prepare(struct early *early, int64_t number)
{
    dln_ahead_prepare(&early->ahead, early->play.proposer, &early->f.study.space, number, 0);
}

static bool take(struct early *early, int64_t number, int64_t budget, struct dln_proposal *out)
{
    return dln_ahead_take(&early->ahead, early->play.proposer, &early->f.study.space, number,
                          budget, true, out);
}

static void learn(struct early *early, int64_t number, enum dln_trial_state state, const double *x,
                  double value)
{
    fixture_learn(early->play.proposer, number, state, x, &value);
}

static void it_is_what_an_ask_at_that_time_gives_although_a_trial_has_ended_since(void **state)
{
    (void)state;
    struct early early;
    struct dln_error err = {0};
    struct dln_proposal asked;
    struct dln_proposal taken;
    double x[2];
    begin(&early, "gp");
    assert_ok(dln_proposer_ask(early.play.proposer, 14, NULL, 0, &asked, &err), err);
    memcpy(x, asked.x, sizeof x);
    prepare(&early, 14);
    struct play_trial *running = &early.play.trials[12];
    const struct dln_history_row row = {.id = 13,
                                        .number = 12,
                                        .state = DLN_TRIAL_COMPLETE,
                                        .x = running->x,
                                        .values = (const double[]){-1000},
                                        .last_step = -1,
                                        .last_value = NAN,
                                        .memo = running->memo,
                                        .strategy = running->strategy};
    assert_ok(dln_proposer_learn(early.play.proposer, 1, &row, &err), err);
    assert_ok(dln_proposer_ask(early.play.proposer, 14, NULL, 0, &asked, &err), err);
    assert_memory_not_equal(x, asked.x, sizeof x);
    assert_true(take(&early, 14, 0, &taken));
    assert_memory_equal(x, taken.x, sizeof x);
    assert_string_equal(taken.strategy, "gp");
    assert_false(take(&early, 14, 0, &taken)); /* once */
    end(&early);
}

static void it_is_asked_once_for_a_history_and_again_for_a_newer_one(void **state)
{
    (void)state;
    struct early early;
    struct dln_proposal taken;
    double first[2];
    begin(&early, "gp");
    prepare(&early, 14);
    const double *before = early.ahead.proposal.x;
    memcpy(first, before, sizeof first);
    prepare(&early, 14);
    assert_ptr_equal(before, early.ahead.proposal.x);
    learn(&early, 12, DLN_TRIAL_COMPLETE, early.play.trials[12].x, -1000);
    prepare(&early, 14);
    assert_true(take(&early, 14, 0, &taken));
    assert_memory_not_equal(first, taken.x, sizeof first);
    end(&early);
}

static void it_is_for_one_trial_and_one_budget(void **state)
{
    (void)state;
    struct early early;
    struct dln_proposal taken;
    begin(&early, "tpe");
    assert_false(take(&early, 14, 0, &taken)); /* nothing was asked */
    prepare(&early, 14);
    assert_false(take(&early, 15, 0, &taken));
    prepare(&early, 14);
    assert_false(take(&early, 14, 100, &taken));
    prepare(&early, 14);
    dln_ahead_drop(&early.ahead);
    assert_false(take(&early, 14, 0, &taken));
    end(&early);
}

static void it_is_void_once_the_past_is_rewritten_or_its_point_taken(void **state)
{
    (void)state;
    struct early early;
    struct dln_proposal taken;
    begin(&early, "tpe");
    prepare(&early, 14);
    learn(&early, 3, DLN_TRIAL_COMPLETE, early.play.trials[3].x, 77); /* had another value */
    assert_false(take(&early, 14, 0, &taken));

    prepare(&early, 14);
    double x[2];
    memcpy(x, early.ahead.proposal.x, sizeof x);
    learn(&early, 13, DLN_TRIAL_RUNNING, x, NAN);
    assert_false(take(&early, 14, 0, &taken));
    end(&early);
}

static void where_there_is_no_point_left_there_is_none_ahead(void **state)
{
    (void)state;
    struct early early = {0};
    struct dln_proposal taken;
    const struct dln_param params[] = {fixture_int("a", 1, 2)};
    fixture_init(&early.f, 1, params, "random");
    play_init(&early.play, &early.f, play_sphere, 3);
    play_until(&early.play, 2);
    prepare(&early, 2);
    assert_false(take(&early, 2, 0, &taken));
    end(&early);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_an_ask_at_that_time_gives_although_a_trial_has_ended_since),
        cmocka_unit_test(it_is_asked_once_for_a_history_and_again_for_a_newer_one),
        cmocka_unit_test(it_is_for_one_trial_and_one_budget),
        cmocka_unit_test(it_is_void_once_the_past_is_rewritten_or_its_point_taken),
        cmocka_unit_test(where_there_is_no_point_left_there_is_none_ahead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
