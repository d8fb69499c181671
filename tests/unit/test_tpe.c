#include "support/play.h"
#include "support/test.h"

#include "math/hypervolume.h"

enum { SEEDS = 21 };

/* ── searches ──────────────────────────────────────────────────────────────────────────────────*/

static int ascending(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;
    return (*left > *right) - (*left < *right);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, ascending);
    return values[n / 2];
}

static void floats(struct fixture *f, size_t d, double low, double high, const char *strategy)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    struct dln_param params[6];
    for (size_t i = 0; i < d; i++)
        params[i] = fixture_float(names[i], low, high);
    fixture_init(f, d, params, strategy);
}

static double median_best(const struct fixture *f, play_objective *objective, size_t n,
                          size_t workers)
{
    double best[SEEDS];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct play play;
        play_init(&play, f, objective, seed);
        play.workers = workers;
        play.budget = (int64_t)n;
        play_until(&play, n);
        best[seed] = play_best(&play);
        play_release(&play);
    }
    return median(best, SEEDS);
}

static void it_finds_better_points_than_chance(void **state)
{
    (void)state;
    static const struct {
        size_t d;
        double low, high, optimum, share; /* of what random search leaves, at most */
        play_objective *objective;
    } cases[] = {
        {2, -5, 15, 0.397887, 0.5, play_branin},
        {6, 0, 1, -3.32237, 0.6, play_hartmann6},
        {5, -5, 5, 0, 0.3, play_sphere},
    };
    for (size_t i = 0; i < 3; i++) {
        double rest[2];
        for (size_t k = 0; k < 2; k++) {
            struct fixture f;
            floats(&f, cases[i].d, cases[i].low, cases[i].high, k == 0 ? "tpe" : "random");
            rest[k] = median_best(&f, cases[i].objective, 100, 1) - cases[i].optimum;
            fixture_release(&f);
        }
        assert_true(rest[0] >= 0);
        assert_true(rest[0] < cases[i].share * rest[1]);
    }
}

static void four_workers_do_not_spoil_the_search(void **state)
{
    (void)state;
    struct fixture f;
    floats(&f, 5, -5, 5, "random");
    const double chance = median_best(&f, play_sphere, 100, 1);
    fixture_release(&f);
    floats(&f, 5, -5, 5, "tpe");
    assert_true(median_best(&f, play_sphere, 100, 4) < 0.5 * chance);
    fixture_release(&f);
}

static const struct dln_scalar words[] = {{.kind = DLN_SCALAR_TEXT, .text = "mlp"},
                                          {.kind = DLN_SCALAR_TEXT, .text = "xgb"},
                                          {.kind = DLN_SCALAR_TEXT, .text = "linear"}};

/* Three models with parameters of their own; the middle one is best, at depth 7 and rate 0.01. */
enum { MODEL, LAYERS, WIDTH, DEPTH, RATE, ALPHA };

static void models(struct fixture *f, const char *strategy)
{
    struct dln_param params[6];
    params[MODEL] = fixture_choice("model", words, 3);
    params[LAYERS] = fixture_int("layers", 1, 4);
    params[LAYERS].when_text = "model == mlp";
    params[WIDTH] = fixture_int("width", 8, 512);
    params[WIDTH].log = true;
    params[WIDTH].when_text = "model == mlp";
    params[DEPTH] = fixture_int("depth", 1, 30);
    params[DEPTH].when_text = "model == xgb";
    params[RATE] = fixture_float("rate", 1e-4, 1);
    params[RATE].log = true;
    params[RATE].when_text = "model == xgb";
    params[ALPHA] = fixture_float("alpha", 0, 1);
    params[ALPHA].when_text = "model == linear";
    fixture_init(f, 6, params, strategy);
}

static void models_loss(size_t d, const double *x, double *values, double *violation)
{
    (void)d;
    (void)violation;
    if (x[MODEL] == 0) values[0] = 2 + 0.1 * x[LAYERS] + 0.1 * fabs(log(x[WIDTH] / 64));
    if (x[MODEL] == 1) values[0] = 0.1 * fabs(x[DEPTH] - 7) + 0.3 * fabs(log10(x[RATE]) + 2);
    if (x[MODEL] == 2) values[0] = 1.5 + x[ALPHA];
}

static void it_learns_the_branch_and_then_what_is_in_it(void **state)
{
    (void)state;
    struct fixture f;
    models(&f, "random");
    const double chance = median_best(&f, models_loss, 80, 1);
    fixture_release(&f);
    models(&f, "tpe");
    assert_true(median_best(&f, models_loss, 80, 1) < 0.5 * chance);

    size_t n_in_branch = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct play play;
        play_init(&play, &f, models_loss, seed);
        play_until(&play, 80);
        for (size_t i = 40; i < 80; i++)
            n_in_branch += play.trials[i].x[MODEL] == 1;
        play_release(&play);
    }
    assert_true(n_in_branch > SEEDS * 40 * 3 / 4);
    fixture_release(&f);
}

static void crash_on_the_right(size_t d, const double *x, double *values, double *violation)
{
    (void)violation;
    values[0] = x[0] > 0.7 ? (double)NAN : 0;
    for (size_t i = 0; i < d; i++)
        values[0] += (x[i] - 0.6) * (x[i] - 0.6);
}

static void it_leaves_the_region_where_trials_fail(void **state)
{
    (void)state;
    struct fixture f;
    floats(&f, 2, 0, 1, "tpe");
    size_t n_failed = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct play play;
        play_init(&play, &f, crash_on_the_right, seed);
        play_until(&play, 80);
        for (size_t i = 30; i < 80; i++)
            n_failed += play.trials[i].state == DLN_TRIAL_FAIL;
        play_release(&play);
    }
    assert_true(n_failed < SEEDS * 50 / 10);
    fixture_release(&f);
}

/* Without its limit the minimum is at 1, with it at 0.3. */
static void limited(size_t d, const double *x, double *values, double *violation)
{
    values[0] = 0;
    for (size_t i = 0; i < d; i++)
        values[0] += (1 - x[i]) * (1 - x[i]);
    *violation = fmax(0, x[0] - 0.3);
}

static void it_learns_to_keep_the_limits(void **state)
{
    (void)state;
    struct fixture f;
    floats(&f, 2, 0, 1, "tpe");
    double early = 0;
    double late = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct play play;
        play_init(&play, &f, limited, seed);
        play_until(&play, 80);
        for (size_t i = 0; i < 20; i++) {
            early += play.trials[i].violation > 0;
            late += play.trials[i + 60].violation > 0;
        }
        play_release(&play);
    }
    assert_true(late < 0.7 * early);
    fixture_release(&f);
}

static void it_widens_the_front_of_two_goals_more_than_chance(void **state)
{
    (void)state;
    double volume[2][SEEDS];
    for (size_t k = 0; k < 2; k++) {
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            struct fixture f;
            floats(&f, 5, 0, 1, k == 0 ? "tpe" : "random");
            fixture_objectives(&f, 2, false);
            struct play play;
            play_init(&play, &f, play_zdt1, seed);
            play_until(&play, 120);
            double points[120][2];
            for (size_t i = 0; i < 120; i++)
                memcpy(points[i], play.trials[i].values, sizeof points[i]);
            struct dln_arena arena = {0};
            struct dln_error err = {0};
            const double reference[] = {1.1, 6};
            assert_ok(dln_hypervolume(120, 2, points[0], reference, &volume[k][seed], &arena, &err),
                      err);
            dln_arena_release(&arena);
            play_release(&play);
            fixture_release(&f);
        }
    }
    assert_true(median(volume[0], SEEDS) > 1.1 * median(volume[1], SEEDS));
}

/* ── what a suggestion depends on ──────────────────────────────────────────────────────────────*/

static void rosenbrock_rescaled(size_t d, const double *x, double *values, double *violation)
{
    play_rosenbrock(d, x, values, violation);
    values[0] = log(1e-3 + values[0]) - 40;
}

static void rosenbrock_negated(size_t d, const double *x, double *values, double *violation)
{
    play_rosenbrock(d, x, values, violation);
    values[0] = -values[0];
}

static void only_the_order_of_values_matters(void **state)
{
    (void)state;
    play_objective *const same[] = {play_rosenbrock, rosenbrock_rescaled, rosenbrock_negated};
    double all[3][60][3];
    for (size_t k = 0; k < 3; k++) {
        struct fixture f;
        floats(&f, 3, -2, 2, "tpe");
        fixture_objectives(&f, 1, k == 2);
        struct play play;
        play_init(&play, &f, same[k], 4);
        play_until(&play, 60);
        for (size_t i = 0; i < 60; i++)
            memcpy(all[k][i], play.trials[i].x, sizeof all[k][i]);
        play_release(&play);
        fixture_release(&f);
    }
    assert_memory_equal(all[0], all[1], sizeof all[0]);
    assert_memory_equal(all[0], all[2], sizeof all[0]);
}

static void first_two(size_t d, const double *x, double *values, double *violation)
{
    (void)d;
    play_branin(2, x, values, violation);
}

static void a_parameter_with_one_value_changes_nothing(void **state)
{
    (void)state;
    const struct dln_param params[] = {fixture_float("a", -5, 10), fixture_float("b", 0, 15),
                                       fixture_int("folds", 5, 5)};
    double all[2][40][2];
    for (size_t k = 0; k < 2; k++) {
        struct fixture f;
        fixture_init(&f, 2 + k, params, "tpe");
        struct play play;
        play_init(&play, &f, first_two, 4);
        play_until(&play, 40);
        for (size_t i = 0; i < 40; i++)
            memcpy(all[k][i], play.trials[i].x, sizeof all[k][i]);
        play_release(&play);
        fixture_release(&f);
    }
    assert_memory_equal(all[0], all[1], sizeof all[0]);
}

static void the_model_is_the_same_when_it_is_made_anew(void **state)
{
    (void)state;
    struct fixture f;
    models(&f, "tpe");
    struct play play;
    play_init(&play, &f, models_loss, 3);
    play.workers = 3;
    for (size_t n = 5; n <= 90; n += 5) {
        while (play.n < n)
            play_step(&play);
        play_check_history_is_state(&play);
    }
    play_release(&play);
    fixture_release(&f);
}

/* A trial is taken out, changed, put in between: what was known of later rows must go. */
static void a_history_that_changes_in_the_middle_is_read_anew(void **state)
{
    (void)state;
    struct fixture f;
    floats(&f, 3, -2, 2, "tpe");
    struct play play;
    play_init(&play, &f, play_rosenbrock, 3);
    play_until(&play, 50);
    struct dln_error err = {0};
    struct dln_proposal proposal;
    assert_ok(dln_proposer_ask(play.proposer, 50, NULL, 0, &proposal, &err), err);
    play.trials[20].x[1] = 1.875;
    fixture_learn(play.proposer, 20, DLN_TRIAL_COMPLETE, play.trials[20].x, play.trials[20].values);
    play_check_history_is_state(&play);
    assert_ok(dln_proposer_ask(play.proposer, 30, NULL, 0, &proposal, &err), err);
    play_check_history_is_state(&play);
    play_release(&play);
    fixture_release(&f);
}

static void points_asked_for_together_are_spread(void **state)
{
    (void)state;
    enum { D = 4, Q = 16 };
    struct fixture f;
    floats(&f, D, -5, 5, "tpe");
    for (uint64_t seed = 0; seed < 5; seed++) {
        struct play play;
        play_init(&play, &f, play_sphere, seed);
        play_until(&play, 40);
        double asked[Q][D];
        for (int i = 0; i < Q; i++) {
            struct dln_error err = {0};
            struct dln_proposal proposal;
            assert_ok(dln_proposer_ask(play.proposer, 40 + i, NULL, 0, &proposal, &err), err);
            memcpy(asked[i], proposal.x, sizeof asked[i]);
            fixture_learn(play.proposer, 40 + i, DLN_TRIAL_RUNNING, asked[i], NULL);
            for (int k = 0; k < i; k++) {
                double sum = 0;
                for (int j = 0; j < D; j++)
                    sum += pow((asked[i][j] - asked[k][j]) / 10, 2);
                assert_true(sqrt(sum) > 0.02 * sqrt(D));
            }
        }
        play_release(&play);
    }
    fixture_release(&f);
}

static void on_the_diagonal(size_t d, const double *x, double *values, double *violation)
{
    (void)d;
    (void)violation;
    values[0] = fabs(x[0] - x[1]);
}

static void a_value_that_a_person_fixed_is_taken_into_account(void **state)
{
    (void)state;
    struct fixture f;
    floats(&f, 2, 0, 1, "tpe");
    double distance[SEEDS];
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct play play;
        play_init(&play, &f, on_the_diagonal, seed);
        struct dln_rng rng;
        dln_rng_init(&rng, seed);
        while (play.n < 100) {
            const double x[] = {dln_rng_uniform(&rng), dln_rng_uniform(&rng)};
            play_add(&play, DLN_TRIAL_COMPLETE, x, fabs(x[0] - x[1]));
        }
        struct dln_error err = {0};
        struct dln_proposal proposal;
        const double fixed[] = {0.9, NAN};
        assert_ok(dln_proposer_ask(play.proposer, 100, fixed, 0, &proposal, &err), err);
        assert_close(proposal.x[0], 0.9, 0, 0);
        distance[seed] = fabs(proposal.x[1] - 0.9);
        play_release(&play);
    }
    assert_true(median(distance, SEEDS) < 0.15); /* by chance 0.4 */
    fixture_release(&f);
}

static void equal_values_teach_nothing(void **state)
{
    (void)state;
    struct fixture f;
    floats(&f, 2, 0, 1, "tpe");
    dln_proposer *proposer = NULL;
    struct dln_error err = {0};
    struct dln_proposal proposal;
    assert_ok(dln_proposer_new(&f.study, 1, &proposer, &err), err);
    for (int i = 0; i < 30; i++) {
        assert_ok(dln_proposer_ask(proposer, i, NULL, 0, &proposal, &err), err);
        assert_null(strstr(proposal.why, "denser"));
        const double x[] = {proposal.x[0], proposal.x[1]};
        fixture_learn(proposer, i, DLN_TRIAL_COMPLETE, x, &(double){7});
    }
    const double x[] = {0.5, 0.5};
    fixture_learn(proposer, 30, DLN_TRIAL_COMPLETE, x, &(double){6});
    assert_ok(dln_proposer_ask(proposer, 31, NULL, 0, &proposal, &err), err);
    assert_non_null(strstr(proposal.why, "denser"));
    dln_proposer_free(proposer);
    fixture_release(&f);
}

static void every_setting_has_an_effect(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        double number;
    } changes[] = {{"startup", NULL, 4},  {"candidates", NULL, 3},   {"gamma", "sqrt", 0},
                   {"weights", "age", 0}, {"bandwidth", "scott", 0}, {"explore", NULL, 1}};
    struct fixture f;
    models(&f, "tpe");
    struct play usual;
    play_init(&usual, &f, models_loss, 1);
    play_until(&usual, 60);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct fixture other;
        models(&other, "tpe");
        if (changes[i].text) {
            fixture_set_text(&other, changes[i].name, changes[i].text);
        } else {
            fixture_set_number(&other, changes[i].name, changes[i].number);
        }
        struct play play;
        play_init(&play, &other, models_loss, 1);
        play_until(&play, 60);
        bool differs = false;
        for (size_t k = 0; k < 60; k++) {
            differs |= !dln_space_same(&f.study.space, play.trials[k].x, usual.trials[k].x);
        }
        assert_true(differs);
        play_release(&play);
        fixture_release(&other);
    }
    play_release(&usual);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_finds_better_points_than_chance),
        cmocka_unit_test(four_workers_do_not_spoil_the_search),
        cmocka_unit_test(it_learns_the_branch_and_then_what_is_in_it),
        cmocka_unit_test(it_leaves_the_region_where_trials_fail),
        cmocka_unit_test(it_learns_to_keep_the_limits),
        cmocka_unit_test(it_widens_the_front_of_two_goals_more_than_chance),
        cmocka_unit_test(only_the_order_of_values_matters),
        cmocka_unit_test(a_parameter_with_one_value_changes_nothing),
        cmocka_unit_test(the_model_is_the_same_when_it_is_made_anew),
        cmocka_unit_test(a_history_that_changes_in_the_middle_is_read_anew),
        cmocka_unit_test(points_asked_for_together_are_spread),
        cmocka_unit_test(a_value_that_a_person_fixed_is_taken_into_account),
        cmocka_unit_test(equal_values_teach_nothing),
        cmocka_unit_test(every_setting_has_an_effect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
