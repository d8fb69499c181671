#include "support/play.h"
#include "support/test.h"

static const struct dln_scalar kernels[] = {{.kind = DLN_SCALAR_TEXT, .text = "linear"},
                                            {.kind = DLN_SCALAR_TEXT, .text = "poly"},
                                            {.kind = DLN_SCALAR_TEXT, .text = "rbf"}};

/* Best: c = 17, kernel rbf with gamma 0.25; above 90 it crashes. */
static void machine(size_t d, const double *x, double *values, double *violation)
{
    (void)d;
    (void)violation;
    values[0] = fabs(x[0] - 17) / 50 + (x[1] == 2 ? fabs(x[2] - 0.25) : 1 + x[1]);
    if (x[0] > 90) values[0] = NAN;
}

static void machine_space(struct fixture *f)
{
    struct dln_param params[] = {fixture_int("c", 0, 100), fixture_choice("kernel", kernels, 3),
                                 fixture_float("gamma", 0, 1)};
    params[2].when_text = "kernel == rbf";
    fixture_init(f, 3, params, "cmaes");
}

/* ── how good it is ────────────────────────────────────────────────────────────────────────────*/

static double median(const char *strategy, play_objective *objective, size_t n, size_t workers)
{
    struct fixture f;
    play_space(&f, 10, -5, objective == play_sphere ? 5 : 10, strategy);
    const double best = play_median(&f, objective, n, workers);
    fixture_release(&f);
    return best;
}

static void a_sphere_is_descended_also_by_many_workers(void **state)
{
    (void)state;
    const double one = median("cmaes", play_sphere, 1000, 1);
    const double eight = median("cmaes", play_sphere, 1000, 8);
    const double many = median("cmaes", play_sphere, 1000, 30);
    print_message("sphere, 1000 trials: %.3g, with 8 workers %.3g, with 30 %.3g\n", one, eight,
                  many);
    assert_true(one < 1e-4);
    assert_true(eight < 1e-4);
    assert_true(many < 1e-2);
}

static void the_valley_of_rosenbrock_is_found(void **state)
{
    (void)state;
    const double random = median("random", play_rosenbrock, 1000, 1);
    const double cmaes = median("cmaes", play_rosenbrock, 1000, 1);
    print_message("rosenbrock, 1000 trials: random %.3g, cmaes %.3g\n", random, cmaes);
    assert_true(cmaes < 20);
    assert_true(cmaes < random / 100);
}

static void ints_do_not_freeze(void **state)
{
    (void)state;
    struct dln_param params[6];
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < 6; i++)
        params[i] = i < 4 ? fixture_int(names[i], -20, 5) : fixture_float(names[i], -5, 20);
    struct fixture f;
    fixture_init(&f, 6, params, "cmaes");
    const double best = play_median(&f, play_sphere, 500, 1);
    print_message("sphere, 4 ints and 2 floats, 500 trials: %.3g\n", best);
    assert_true(best < 0.01);
    fixture_release(&f);
}

static void mixed_and_conditional_parameters_are_learned(void **state)
{
    (void)state;
    struct fixture f;
    machine_space(&f);
    const double best = play_median(&f, machine, 200, 1);
    print_message("mixed, 200 trials: %.3g\n", best);
    assert_true(best < 0.02);
    fixture_release(&f);
}

static void equal_choices(size_t d, const double *x, double *values, double *violation)
{
    (void)violation;
    values[0] = 0;
    for (size_t i = 0; i < d; i++)
        values[0] += fabs(x[i] - 2) + (i > 0 && x[i] != x[i - 1]);
}

static void choices_alone_are_learned(void **state)
{
    (void)state;
    struct dln_param params[8];
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    for (size_t i = 0; i < 8; i++)
        params[i] = fixture_choice(names[i], kernels, 3);
    struct fixture f;
    fixture_init(&f, 8, params, "random");
    const double random = play_median(&f, equal_choices, 250, 1);
    fixture_release(&f);
    fixture_init(&f, 8, params, "cmaes");
    const double cmaes = play_median(&f, equal_choices, 250, 1);
    print_message("8 choices, 250 trials: random %.3g, cmaes %.3g\n", random, cmaes);
    assert_true(cmaes < random);
    fixture_release(&f);
}

static void a_region_that_crashes_is_left(void **state)
{
    (void)state;
    struct fixture f;
    machine_space(&f);
    struct play play;
    play_init(&play, &f, machine, 3);
    play_until(&play, 130);
    size_t failed = 0;
    for (size_t i = 30; i < 130; i++)
        failed += play.trials[i].state == DLN_TRIAL_FAIL;
    assert_true(failed < 10);
    play_release(&play);
    fixture_release(&f);
}

/* ── what came before ──────────────────────────────────────────────────────────────────────────*/

static double mean_of(const struct play *play, size_t from, size_t to)
{
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += play->trials[i].values[0] / (double)(to - from);
    return sum;
}

static void trials_of_others_are_where_it_starts(void **state)
{
    (void)state;
    struct fixture f;
    struct play play;
    play_space(&f, 5, -5, 5, "random");
    play_init(&play, &f, play_sphere, 6);
    play_until(&play, 100);
    dln_proposer_free(play.proposer);
    f.study.strategy.name = "cmaes";
    play.proposer = play_read_again(&play);
    play_until(&play, 110);
    assert_non_null(strstr(play.trials[100].memo, "\"of\": 100"));
    assert_true(mean_of(&play, 100, 110) < 0.6 * mean_of(&play, 0, 100));
    play_check_history_is_state(&play);
    play_release(&play);
    fixture_release(&f);
}

static void a_better_point_of_a_person_is_taken_in(void **state)
{
    (void)state;
    struct fixture f;
    play_space(&f, 5, -5, 5, "cmaes");
    struct play play;
    play_init(&play, &f, play_sphere, 6);
    play_until(&play, 12);
    play_add(&play, DLN_TRIAL_COMPLETE, (const double[]){1, 1, 1, 1, 1}, 0);
    play_until(&play, 40);
    bool is_used = false;
    for (size_t i = 13; i < 40; i++) /* 8 a generation: 12 belongs to the second update */
        is_used |= strstr(play.trials[i].memo, "\"8-15\"") != NULL;
    assert_true(is_used);
    play_release(&play);
    fixture_release(&f);
}

/* ── history is state ──────────────────────────────────────────────────────────────────────────*/

static void history_is_state_at_every_step(void **state)
{
    (void)state;
    for (size_t workers = 1; workers <= 11; workers += 5) {
        struct fixture f;
        machine_space(&f);
        struct play play;
        play_init(&play, &f, machine, 3);
        play.workers = workers;
        for (int i = 0; i < 150; i++) {
            play_step(&play);
            play_check_history_is_state(&play);
            if (i == 40) play_add(&play, DLN_TRIAL_COMPLETE, (const double[]){17, 0, NAN}, 1.25);
            if (i == 90) play_add(&play, DLN_TRIAL_FAIL, (const double[]){1, 1, NAN}, NAN);
        }
        play_release(&play);
        fixture_release(&f);
    }
}

/* Two floats converge, run after run. */
static void history_is_state_across_restarts(void **state)
{
    (void)state;
    static const char *const words[] = {"bipop", "ipop"};
    for (size_t k = 0; k < 2; k++) {
        struct fixture f;
        play_space(&f, 2, -5, 5, "cmaes");
        fixture_set_text(&f, "restarts", words[k]);
        struct play play;
        play_init(&play, &f, play_sphere, 9);
        play.workers = 3;
        for (int i = 0; i < 1500; i++) {
            play_step(&play);
            if (i % 17 == 0) play_check_history_is_state(&play);
        }
        struct dln_error err = {0};
        struct dln_proposal proposal;
        assert_ok(dln_proposer_ask(play.proposer, 1500, NULL, 0, &proposal, &err), err);
        assert_non_null(strstr(proposal.why, "cmaes: run "));
        assert_true(proposal.why[strlen("cmaes: run ")] >= '3');
        play_release(&play);
        fixture_release(&f);
    }
}

/* A look ahead that nobody records must not stay. */
static void an_ask_without_a_trial_leaves_nothing_behind(void **state)
{
    (void)state;
    struct fixture f;
    play_space(&f, 3, -5, 5, "cmaes");
    struct play play;
    play_init(&play, &f, play_sphere, 9);
    play.workers = 4;
    for (int i = 0; i < 60; i++) {
        struct dln_error err = {0};
        struct dln_proposal proposal;
        play_step(&play);
        for (int64_t ahead = 0; ahead < 3; ahead++) {
            assert_ok(
                dln_proposer_ask(play.proposer, (int64_t)play.n + ahead, NULL, 0, &proposal, &err),
                err);
        }
        play_check_history_is_state(&play);
    }
    play_release(&play);
    fixture_release(&f);
}

static void sphere_of_another_scale(size_t d, const double *x, double *values, double *violation)
{
    play_sphere(d, x, values, violation);
    values[0] = 1e6 * cbrt(values[0]) - 7;
}

static void only_the_order_of_losses_matters(void **state)
{
    (void)state;
    static const char *const names[] = {"cmaes", "ga"};
    for (size_t k = 0; k < 2; k++) {
        struct fixture f;
        play_space(&f, 4, -5, 5, names[k]);
        struct play one;
        struct play two;
        play_init(&one, &f, play_sphere, 5);
        play_init(&two, &f, sphere_of_another_scale, 5);
        play_until(&one, 200);
        play_until(&two, 200);
        for (size_t i = 0; i < 200; i++)
            assert_memory_equal(one.trials[i].x, two.trials[i].x, 4 * sizeof(double));
        play_release(&one);
        play_release(&two);
        fixture_release(&f);
    }
}

static void memos_that_are_not_ours_are_borne(void **state)
{
    (void)state;
    static const char *const memos[] = {
        "",
        "{",
        "[]",
        "{\"cma\": -1}",
        "{\"cma\": 99999999999}",
        "{\"cma\": \"x\"}",
        "{\"cma\": 3}",
        "{\"cma\": 2, \"used\": \"1-99999999999\"}",
        "{\"cma\": 4, \"used\": \"5,4,3\"}",
        "{\"cma\": 5, \"used\": \"1,,2\", \"v\": [1e300, -5, {}]}",
        "{\"cma\": 6, \"used\": \"0-3\", \"v\": [9000000000000, -5]}",
        "{\"cma\": 7, \"used\": \"7-12\", \"v\": 3}",
        "{\"cma\": 0, \"warm\": [1, 2], \"of\": 77}",
        "{\"de\": 3, \"v\": []}"};
    enum { N = sizeof memos / sizeof memos[0] };
    struct fixture f;
    machine_space(&f);
    struct play play;
    play_init(&play, &f, machine, 3);
    for (int i = 0; i < 3 * N; i++) {
        const struct dln_history_row row = {.id = i + 1,
                                            .number = i,
                                            .state = DLN_TRIAL_COMPLETE,
                                            .x = (const double[]){i % 50, 2, i / 100.0},
                                            .values = &(double){i % 7},
                                            .last_step = -1,
                                            .last_value = NAN,
                                            .memo = memos[i % N],
                                            .strategy = "cmaes"};
        struct dln_error err = {0};
        struct dln_proposal proposal;
        assert_ok(dln_proposer_learn(play.proposer, 1, &row, &err), err);
        assert_ok(dln_proposer_ask(play.proposer, i + 1, NULL, 100, &proposal, &err), err);
        assert_true(dln_param_contains(&f.study.space.params[0], proposal.x[0]));
    }
    play_release(&play);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sphere_is_descended_also_by_many_workers),
        cmocka_unit_test(the_valley_of_rosenbrock_is_found),
        cmocka_unit_test(ints_do_not_freeze),
        cmocka_unit_test(mixed_and_conditional_parameters_are_learned),
        cmocka_unit_test(choices_alone_are_learned),
        cmocka_unit_test(a_region_that_crashes_is_left),
        cmocka_unit_test(trials_of_others_are_where_it_starts),
        cmocka_unit_test(a_better_point_of_a_person_is_taken_in),
        cmocka_unit_test(history_is_state_at_every_step),
        cmocka_unit_test(history_is_state_across_restarts),
        cmocka_unit_test(an_ask_without_a_trial_leaves_nothing_behind),
        cmocka_unit_test(only_the_order_of_losses_matters),
        cmocka_unit_test(memos_that_are_not_ours_are_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
