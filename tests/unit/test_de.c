#include "support/play.h"
#include "support/test.h"

/* ── how good it is ────────────────────────────────────────────────────────────────────────────*/

static double median(const char *strategy, const char *variant, play_objective *objective, size_t n,
                     size_t workers)
{
    struct fixture f;
    play_space(&f, 10, -5, objective == play_sphere ? 5 : 10, strategy);
    if (variant) fixture_set_text(&f, "variant", variant);
    const double best = play_median(&f, objective, n, workers);
    fixture_release(&f);
    return best;
}

static void a_sphere_is_descended(void **state)
{
    (void)state;
    const double jso = median("de", "jso", play_sphere, 1000, 1);
    const double eight = median("de", "jso", play_sphere, 1000, 8);
    const double lshade = median("de", "lshade", play_sphere, 1000, 1);
    print_message("sphere, 1000 trials: jso %.3g, with 8 workers %.3g, lshade %.3g\n", jso, eight,
                  lshade);
    assert_true(jso < 0.02);
    assert_true(eight < 0.05);
    assert_true(lshade < 0.1);
}

static void the_valley_of_rosenbrock_is_found(void **state)
{
    (void)state;
    const double random = median("random", NULL, play_rosenbrock, 1000, 1);
    const double jso = median("de", "jso", play_rosenbrock, 1000, 1);
    print_message("rosenbrock, 1000 trials: random %.3g, jso %.3g\n", random, jso);
    assert_true(jso < 20);
    assert_true(jso < random / 100);
}

static void without_a_budget_it_works_as_well(void **state)
{
    (void)state;
    struct fixture f;
    play_space(&f, 10, -5, 5, "de");
    struct play play;
    play_init(&play, &f, play_sphere, 4);
    play_until(&play, 600);
    assert_true(play_best(&play) < 1);
    play_release(&play);
    fixture_release(&f);
}

/* ── history is state ──────────────────────────────────────────────────────────────────────────*/

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
    fixture_init(f, 3, params, "de");
}

static void history_is_state_at_every_step(void **state)
{
    (void)state;
    for (size_t workers = 1; workers <= 6; workers += 5) {
        struct fixture f;
        machine_space(&f);
        struct play play;
        play_init(&play, &f, machine, 3);
        play.workers = workers;
        play.budget = 200;
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

static void mixed_and_conditional_parameters_evolve(void **state)
{
    (void)state;
    struct fixture f;
    machine_space(&f);
    assert_true(play_median(&f, machine, 200, 1) < 0.05);
    fixture_release(&f);
}

/* Best trials of another strategy, or of a person, are the parents of the first children. */
static void trials_of_others_are_taken_in(void **state)
{
    (void)state;
    struct fixture f;
    play_space(&f, 3, -5, 5, "de");
    struct play play;
    play_init(&play, &f, play_sphere, 3);
    play.budget = 80;
    struct dln_rng rng;
    dln_rng_init(&rng, 8);
    for (int i = 0; i < 10; i++) {
        double x[3];
        double value = 0;
        for (int j = 0; j < 3; j++)
            x[j] = 1 + (dln_rng_uniform(&rng) - 0.5) * 0.01;
        play_sphere(3, x, &value, &(double){0});
        play_add(&play, DLN_TRIAL_COMPLETE, x, value);
    }
    play_step(&play);
    assert_non_null(strstr(play.trials[10].memo, "\"parent\""));
    double distance = 0;
    play_sphere(3, play.trials[10].x, &distance, &(double){0});
    assert_true(distance < 0.01);
    play_release(&play);
    fixture_release(&f);
}

static void memos_that_are_not_ours_are_borne(void **state)
{
    (void)state;
    static const char *const memos[] = {
        "",
        "{",
        "[]",
        "{\"de\": -1}",
        "{\"de\": 99999999999}",
        "{\"de\": \"x\"}",
        "{\"de\": 3}",
        "{\"de\": 3, \"gen\": 999999, \"parent\": 1, \"f\": 0.5, \"cr\": 0.5}",
        "{\"de\": 3, \"gen\": 2, \"parent\": 77, \"f\": 0.5, \"cr\": 0.5}",
        "{\"de\": 3, \"gen\": 2, \"parent\": 2, \"f\": 9, \"cr\": 0.5, \"v\": [1, 2, 3]}",
        "{\"de\": 3, \"gen\": 2, \"parent\": 2, \"f\": 0, \"cr\": 0, \"v\": [7e99, -3, {}]}",
        "{\"cma\": 3, \"v\": []}"};
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
                                            .strategy = "de"};
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
        cmocka_unit_test(a_sphere_is_descended),
        cmocka_unit_test(the_valley_of_rosenbrock_is_found),
        cmocka_unit_test(without_a_budget_it_works_as_well),
        cmocka_unit_test(history_is_state_at_every_step),
        cmocka_unit_test(mixed_and_conditional_parameters_evolve),
        cmocka_unit_test(trials_of_others_are_taken_in),
        cmocka_unit_test(memos_that_are_not_ours_are_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
