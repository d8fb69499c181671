/* Predictions against functions that are known. */
#include "support/test.h"

#include "support/predict_rig.h"

/* ── how good it is ────────────────────────────────────────────────────────────────────────────*/

/* Over held-out points: the share in the 90 % interval, and the share of variance explained. */
static void judge(play_objective *objective, size_t d, double low, double high, int n,
                  double *coverage, double *r2)
{
    enum { SEEDS = 5, POINTS = 200 };
    double within = 0;
    double errors = 0;
    double sum = 0;
    double squares = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct predict_rig rig;
        predict_rig_floats(&rig, d, low, high);
        dln_rng_init(&rig.rng, seed);
        predict_rig_tell_many(&rig, objective, n);
        for (int i = 0; i < POINTS; i++) {
            double x[PLAY_D_MAX];
            predict_rig_draw(&rig, x);
            const double truth = predict_rig_value(objective, d, x);
            const struct dln_prediction p = predict_rig_predict(&rig, x);
            assert_true(p.expected[0].low <= p.expected[0].mean);
            assert_true(p.expected[0].mean <= p.expected[0].high);
            assert_true(p.expected[0].sd > 0);
            within += truth >= p.expected[0].low && truth <= p.expected[0].high;
            errors += (truth - p.expected[0].mean) * (truth - p.expected[0].mean);
            sum += truth;
            squares += truth * truth;
        }
        predict_rig_free(&rig);
    }
    const double count = SEEDS * POINTS;
    *coverage = within / count;
    *r2 = 1 - errors / (squares - sum * sum / count);
}

static void held_out_points_of_smooth_functions_lie_in_their_intervals(void **state)
{
    (void)state;
    static const struct {
        play_objective *objective;
        size_t d;
        double low, high;
        int n;
        double r2;
    } cases[] = {
        {play_branin, 2, -5, 10, 60, 0.95},
        {play_sphere, 5, -5, 5, 100, 0.98},
        {play_rosenbrock, 4, -2, 2, 150, 0.9},
        {play_ackley, 5, -5, 5, 100, 0.8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double coverage;
        double r2;
        judge(cases[i].objective, cases[i].d, cases[i].low, cases[i].high, cases[i].n, &coverage,
              &r2);
        if (coverage < 0.86 || r2 < cases[i].r2) {
            print_error("case %zu: %.3f covered, r2 %.3f\n", i, coverage, r2);
        }
        assert_true(coverage >= 0.86); /* 90 % of 1000 points that depend on 5 sets of trials */
        assert_true(r2 >= cases[i].r2);
    }
}

static void noise_is_part_of_what_is_expected(void **state)
{
    (void)state;
    struct predict_rig rig;
    predict_rig_floats(&rig, 1, 0, 1);
    for (int i = 0; i < 80; i++) {
        double x[1];
        predict_rig_draw(&rig, x);
        predict_rig_tell(&rig, x, x[0] + (dln_rng_uniform(&rig.rng) - 0.5));
    }
    const struct dln_prediction p = predict_rig_predict(&rig, (const double[]){0.5});
    assert_close(p.expected[0].mean, 0.5, 0.15, 0);
    assert_in_range((int)(1000 * p.expected[0].sd), 200, 420); /* sd of the noise: 0.29 */
    predict_rig_free(&rig);
}

static void trust_tells_a_model_from_no_model(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct dln_trust trust;
    struct predict_rig rig;
    predict_rig_floats(&rig, 2, 0, 1);
    for (int i = 0; i < 60; i++) {
        double x[2];
        predict_rig_draw(&rig, x);
        predict_rig_tell(&rig, x, dln_rng_uniform(&rig.rng));
    }
    assert_ok(dln_predictor_trust(rig.predictor, 0, &trust, &err), err);
    assert_true(trust.is_known && trust.r2 < 0.2);
    assert_int_equal(trust.n, 60);
    predict_rig_free(&rig);
    predict_rig_floats(&rig, 2, -5, 5);
    predict_rig_tell_many(&rig, play_sphere, 60);
    assert_ok(dln_predictor_trust(rig.predictor, 0, &trust, &err), err);
    assert_true(trust.r2 > 0.95 && trust.coverage > 0.85);
    predict_rig_free(&rig);
}

static void many_trials_are_stood_for_by_some(void **state)
{
    (void)state;
    struct predict_rig rig;
    predict_rig_floats(&rig, 3, -5, 5);
    predict_rig_tell_many(&rig, play_sphere, 1500);
    const struct dln_prediction p = predict_rig_predict(&rig, (const double[]){1, 2, -1});
    assert_close(p.expected[0].mean, 5, 1.5, 0);
    assert_true(p.n_trials < 1000);
    assert_true(p.nearest[0].distance < 0.15); /* all of them are looked at */
    predict_rig_free(&rig);
}

static void a_minimum_of_f_is_a_maximum_of_minus_f(void **state)
{
    (void)state;
    struct predict_rig down;
    struct predict_rig up = {.maximize = {true}};
    predict_rig_floats(&down, 2, -5, 10);
    play_space(&up.f, 2, -5, 10, "random");
    predict_rig_make(&up, 1);
    double x[2];
    for (int i = 0; i < 30; i++) {
        predict_rig_draw(&down, x);
        predict_rig_tell(&down, x, predict_rig_value(play_branin, 2, x));
        predict_rig_tell(&up, x, -predict_rig_value(play_branin, 2, x));
    }
    for (int i = 0; i < 20; i++) {
        predict_rig_draw(&down, x);
        const struct dln_prediction a = predict_rig_predict(&down, x);
        const struct dln_prediction b = predict_rig_predict(&up, x);
        assert_close(a.expected[0].mean, -b.expected[0].mean, 0, 0);
        assert_close(a.expected[0].low, -b.expected[0].high, 0, 0);
        assert_close(a.expected[0].chance, b.expected[0].chance, 0, 0);
        assert_close(a.expected[0].best, -b.expected[0].best, 0, 0);
        assert_int_equal(a.expected[0].best_number, b.expected[0].best_number);
    }
    predict_rig_free(&down);
    predict_rig_free(&up);
}

static void each_objective_has_a_model_of_its_own(void **state)
{
    (void)state;
    struct predict_rig rig = {.maximize = {false, true}};
    play_space(&rig.f, 2, 0, 1, "random");
    predict_rig_make(&rig, 2);
    for (int i = 0; i < 40; i++) {
        double x[2];
        predict_rig_draw(&rig, x);
        const struct told told = {DLN_TRIAL_COMPLETE, {x[0], 10 * x[1]}, 0, NAN};
        predict_rig_tell_full(&rig, x, &told);
    }
    const struct dln_prediction p = predict_rig_predict(&rig, (const double[]){0.25, 0.75});
    assert_close(p.expected[0].mean, 0.25, 0.02, 0);
    assert_close(p.expected[1].mean, 7.5, 0.2, 0);
    assert_true(p.expected[0].best < 0.1 && p.expected[1].best > 9);
    predict_rig_free(&rig);
}

/* ── chances ───────────────────────────────────────────────────────────────────────────────────*/

static void the_chance_falls_as_more_is_asked_for(void **state)
{
    (void)state;
    struct predict_rig rig;
    struct dln_error err = {0};
    predict_rig_floats(&rig, 2, -5, 10);
    predict_rig_tell_many(&rig, play_branin, 40);
    const double x[] = {3, 3};
    const struct dln_prediction p = predict_rig_predict(&rig, x);
    double last = 1;
    for (int i = 0; i <= 50; i++) {
        const double value = 100 - 2 * i;
        double chance;
        assert_ok(dln_predictor_chance(rig.predictor, 0, x, value, &chance, &err), err);
        assert_true(chance >= 0 && chance <= last);
        last = chance;
    }
    double half;
    assert_ok(dln_predictor_chance(rig.predictor, 0, x, p.expected[0].mean, &half, &err), err);
    assert_close(half, 0.5, 1e-6, 0);
    assert_ok(dln_predictor_chance(rig.predictor, 0, x, p.expected[0].low, &half, &err), err);
    assert_close(half, 0.05, 1e-3, 0);
    predict_rig_free(&rig);
}

static void the_chance_to_be_the_best_is_high_where_the_function_is_low(void **state)
{
    (void)state;
    struct predict_rig rig;
    predict_rig_floats(&rig, 1, -5, 5);
    for (int i = 0; i < 12; i++)
        predict_rig_tell(&rig, (const double[]){-5 + i * 10.0 / 11},
                         predict_rig_value(play_sphere, 1, (const double[]){-5 + i * 10.0 / 11}));
    const double at_best = predict_rig_predict(&rig, (const double[]){1}).expected[0].chance;
    const double near = predict_rig_predict(&rig, (const double[]){1.4}).expected[0].chance;
    const double away = predict_rig_predict(&rig, (const double[]){-3}).expected[0].chance;
    assert_true(at_best > 0.8);
    assert_true(at_best >= near && near >= away);
    assert_true(away < 0.01);
    predict_rig_free(&rig);
}

static void where_trials_failed_the_chance_to_run_is_low(void **state)
{
    (void)state;
    struct predict_rig rig;
    predict_rig_floats(&rig, 2, 0, 1);
    assert_true(isnan(predict_rig_predict(&rig, (const double[]){0.5, 0.5}).chance_works));
    for (int i = 0; i < 50; i++) {
        double x[2];
        predict_rig_draw(&rig, x);
        const bool fails = x[0] > 0.7;
        const struct told told = {fails ? DLN_TRIAL_FAIL : DLN_TRIAL_COMPLETE,
                                  {fails ? (double)NAN : x[1], NAN},
                                  x[1] > 0.5,
                                  NAN};
        predict_rig_tell_full(&rig, x, &told);
    }
    const struct dln_prediction good = predict_rig_predict(&rig, (const double[]){0.3, 0.2});
    const struct dln_prediction bad = predict_rig_predict(&rig, (const double[]){0.95, 0.2});
    const struct dln_prediction broken = predict_rig_predict(&rig, (const double[]){0.3, 0.9});
    assert_true(good.chance_runs > 0.9 && good.chance_limits > 0.9);
    assert_true(bad.chance_runs < 0.1 && bad.chance_works < 0.1);
    assert_true(broken.chance_limits < 0.1 && broken.chance_runs > 0.9);
    predict_rig_free(&rig);
}

static void a_point_that_breaks_a_constraint_is_not_allowed(void **state)
{
    (void)state;
    struct predict_rig rig = {0};
    play_space(&rig.f, 2, 0, 1, "random");
    fixture_constrain(&rig.f, "a + b <= 1");
    predict_rig_make(&rig, 1);
    predict_rig_tell_many(&rig, play_sphere, 10);
    const struct dln_prediction p = predict_rig_predict(&rig, (const double[]){0.9, 0.9});
    assert_false(p.is_allowed);
    assert_int_equal(p.broken, 0);
    assert_close(p.chance_works, 0, 0, 0);
    assert_true(predict_rig_predict(&rig, (const double[]){0.1, 0.1}).is_allowed);
    predict_rig_free(&rig);
}

static void run_times_are_learned(void **state)
{
    (void)state;
    struct predict_rig rig;
    predict_rig_floats(&rig, 1, 0, 1);
    for (int i = 0; i < 20; i++) {
        double x[1];
        predict_rig_draw(&rig, x);
        const struct told told = {DLN_TRIAL_COMPLETE, {x[0], NAN}, 0, 10 * exp(3 * x[0])};
        predict_rig_tell_full(&rig, x, &told);
    }
    const struct dln_prediction p = predict_rig_predict(&rig, (const double[]){0.5});
    assert_close(p.run_s, 10 * exp(1.5), 0, 0.1);
    assert_true(p.run_low_s < p.run_s && p.run_s < p.run_high_s);
    predict_rig_free(&rig);
    predict_rig_floats(&rig, 1, 0, 1);
    assert_true(isnan(predict_rig_predict(&rig, (const double[]){0.5}).run_s));
    const struct told one = {DLN_TRIAL_COMPLETE, {0.1, NAN}, 0, 42};
    predict_rig_tell_full(&rig, (const double[]){0.1}, &one);
    assert_close(predict_rig_predict(&rig, (const double[]){0.5}).run_s, 42, 0, 1e-12);
    predict_rig_free(&rig);
}

/* ── too little to learn from ──────────────────────────────────────────────────────────────────*/

static void with_too_few_trials_a_sentence_says_so(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct dln_trust trust;
    struct predict_rig rig;
    predict_rig_floats(&rig, 2, 0, 1);
    struct dln_prediction p = predict_rig_predict(&rig, (const double[]){0.5, 0.5});
    assert_false(p.expected[0].is_known);
    assert_int_equal(p.n_nearest, 0);
    assert_int_equal(p.far, DLN_FAR_NOT);
    predict_rig_tell_many(&rig, play_sphere, 4);
    p = predict_rig_predict(&rig, (const double[]){0.5, 0.5});
    assert_false(p.expected[0].is_known);
    assert_true(isnan(p.expected[0].mean) && isnan(p.expected[0].chance));
    assert_int_equal(p.n_nearest, 3);
    assert_false(isnan(p.nearest[0].value));
    assert_ok(dln_predictor_trust(rig.predictor, 0, &trust, &err), err);
    assert_string_equal(trust.why_not, "the model needs 5 complete trials, there are 4");
    predict_rig_tell_many(&rig, play_sphere, 1);
    assert_true(predict_rig_predict(&rig, (const double[]){0.5, 0.5}).expected[0].is_known);
    predict_rig_free(&rig);
}

static void equal_values_teach_nothing_and_are_no_failure(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct dln_trust trust;
    struct predict_rig rig;
    predict_rig_floats(&rig, 2, 0, 1);
    for (int i = 0; i < 20; i++) {
        double x[2];
        predict_rig_draw(&rig, x);
        predict_rig_tell(&rig, x, 3);
    }
    assert_false(predict_rig_predict(&rig, (const double[]){0.5, 0.5}).expected[0].is_known);
    assert_ok(dln_predictor_trust(rig.predictor, 0, &trust, &err), err);
    assert_non_null(strstr(trust.why_not, "equal"));
    predict_rig_free(&rig);
}

static void a_space_of_one_point_has_no_model(void **state)
{
    (void)state;
    struct predict_rig rig;
    const struct dln_param param = fixture_float("a", 2, 2);
    predict_rig_params(&rig, 1, &param);
    for (int i = 0; i < 8; i++)
        predict_rig_tell(&rig, (const double[]){2}, i);
    const struct dln_prediction p = predict_rig_predict(&rig, (const double[]){2});
    assert_false(p.expected[0].is_known);
    assert_close(p.expected[0].best, 0, 0, 0);
    predict_rig_free(&rig);
}

static void infinite_values_do_not_spoil_the_model(void **state)
{
    (void)state;
    struct predict_rig rig;
    predict_rig_floats(&rig, 1, -5, 5);
    for (int i = 0; i < 30; i++) {
        double x[1];
        predict_rig_draw(&rig, x);
        predict_rig_tell(&rig, x, x[0] > 4 ? HUGE_VAL : predict_rig_value(play_sphere, 1, x));
    }
    const struct dln_prediction p = predict_rig_predict(&rig, (const double[]){0});
    assert_close(p.expected[0].mean, 1, 1, 0);
    assert_true(isfinite(predict_rig_predict(&rig, (const double[]){4.9}).expected[0].mean));
    predict_rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(held_out_points_of_smooth_functions_lie_in_their_intervals),
        cmocka_unit_test(noise_is_part_of_what_is_expected),
        cmocka_unit_test(trust_tells_a_model_from_no_model),
        cmocka_unit_test(many_trials_are_stood_for_by_some),
        cmocka_unit_test(a_minimum_of_f_is_a_maximum_of_minus_f),
        cmocka_unit_test(each_objective_has_a_model_of_its_own),
        cmocka_unit_test(the_chance_falls_as_more_is_asked_for),
        cmocka_unit_test(the_chance_to_be_the_best_is_high_where_the_function_is_low),
        cmocka_unit_test(where_trials_failed_the_chance_to_run_is_low),
        cmocka_unit_test(a_point_that_breaks_a_constraint_is_not_allowed),
        cmocka_unit_test(run_times_are_learned),
        cmocka_unit_test(with_too_few_trials_a_sentence_says_so),
        cmocka_unit_test(equal_values_teach_nothing_and_are_no_failure),
        cmocka_unit_test(a_space_of_one_point_has_no_model),
        cmocka_unit_test(infinite_values_do_not_spoil_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
