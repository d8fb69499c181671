/* Predictions at the edges: beyond what was tried, over choices and conditions, of odd questions.
 */
#include "support/test.h"

#include "support/predict_rig.h"

static const struct dln_scalar models[] = {{.kind = DLN_SCALAR_TEXT, .text = "tree"},
                                           {.kind = DLN_SCALAR_TEXT, .text = "net"},
                                           {.kind = DLN_SCALAR_TEXT, .text = "line"}};

static void assert_same_prediction(const struct dln_prediction *a, const struct dln_prediction *b)
{
    assert_close(a->expected[0].mean, b->expected[0].mean, 0, 0);
    assert_close(a->expected[0].sd, b->expected[0].sd, 0, 0);
    assert_close(a->expected[0].chance, b->expected[0].chance, 0, 0);
    assert_close(a->nearest[0].distance, b->nearest[0].distance, 0, 0);
}

/* ── extrapolating ─────────────────────────────────────────────────────────────────────────────*/

static void a_value_outside_its_range_is_not_moved_and_said_to_be_a_guess(void **state)
{
    (void)state;
    struct predict_rig rig;
    predict_rig_floats(&rig, 2, 0, 10);
    predict_rig_tell_many(&rig, play_sphere, 40);
    const struct dln_prediction edge = predict_rig_predict(&rig, (const double[]){5, 10});
    const struct dln_prediction out = predict_rig_predict(&rig, (const double[]){5, 13});
    assert_int_equal(out.far, DLN_FAR_RANGE);
    assert_int_equal(out.far_param, 1);
    assert_non_null(strstr(out.far_text, "b 13 is outside its range 0 … 10"));
    assert_true(out.expected[0].sd > edge.expected[0].sd);
    assert_true(out.nearest[0].distance > 0.25);
    const struct dln_prediction far = predict_rig_predict(&rig, (const double[]){-1e300, 1e308});
    assert_int_equal(far.far, DLN_FAR_RANGE);
    assert_true(isfinite(far.expected[0].mean) && isfinite(far.expected[0].sd));
    assert_true(isfinite(far.nearest[0].distance));
    predict_rig_free(&rig);
}

static void what_no_trial_has_tried_is_said_to_be_a_guess(void **state)
{
    (void)state;
    struct predict_rig rig;
    const struct dln_param params[] = {fixture_float("rate", 0, 1),
                                       fixture_choice("model", models, 3)};
    predict_rig_params(&rig, 2, params);
    for (int i = 0; i < 30; i++) {
        const double x[] = {0.1 + 0.01 * i, i % 2};
        predict_rig_tell(&rig, x, x[0] * x[0] + x[1]);
    }
    assert_int_equal(predict_rig_predict(&rig, (const double[]){0.2, 1}).far, DLN_FAR_NOT);
    const struct dln_prediction choice = predict_rig_predict(&rig, (const double[]){0.2, 2});
    assert_int_equal(choice.far, DLN_FAR_CHOICE);
    assert_int_equal(choice.far_param, 1);
    assert_non_null(strstr(choice.far_text, "model line"));
    const struct dln_prediction beyond = predict_rig_predict(&rig, (const double[]){0.8, 1});
    assert_int_equal(beyond.far, DLN_FAR_TRIED);
    assert_int_equal(beyond.far_param, 0);
    assert_non_null(strstr(beyond.far_text, "0.1 … 0.39"));
    predict_rig_free(&rig);
}

static void a_gap_between_trials_is_said_to_be_a_guess(void **state)
{
    (void)state;
    struct predict_rig rig;
    predict_rig_floats(&rig, 1, 0, 1);
    for (int i = 0; i < 80; i++) { /* short waves, with a hole in the middle */
        const double x = i < 40 ? 0.003 * i : 1 - 0.003 * (i - 40);
        predict_rig_tell(&rig, &x, sin(30 * x));
    }
    const struct dln_prediction p = predict_rig_predict(&rig, (const double[]){0.5});
    assert_int_equal(p.far, DLN_FAR_TRIALS);
    assert_int_equal(p.far_param, 0);
    assert_true(p.nearest[0].lengths > 2);
    assert_non_null(strstr(p.far_text, "a 0.5"));
    assert_int_equal(predict_rig_predict(&rig, (const double[]){0.1}).far, DLN_FAR_NOT);
    predict_rig_free(&rig);
}

/* ── kinds of parameters ───────────────────────────────────────────────────────────────────────*/

static void logarithmic_scales_are_learned_as_such(void **state)
{
    (void)state;
    struct predict_rig rig;
    struct dln_error err = {0};
    struct dln_param params[] = {fixture_float("rate", 1e-6, 1)};
    params[0].log = true;
    predict_rig_params(&rig, 1, params);
    for (int i = 0; i < 25; i++) {
        double x[1];
        predict_rig_draw(&rig, x);
        predict_rig_tell(&rig, x, (log10(x[0]) + 3) * (log10(x[0]) + 3));
    }
    for (int i = 0; i < 5; i++) {
        const double rate = pow(10, -5 + i);
        const double truth = (log10(rate) + 3) * (log10(rate) + 3);
        assert_close(predict_rig_predict(&rig, &rate).expected[0].mean, truth, 0.3, 0);
    }
    assert_int_equal(predict_rig_predict(&rig, (const double[]){10}).far, DLN_FAR_RANGE);
    struct dln_prediction p;
    assert_fails(dln_predictor_point(rig.predictor, (const double[]){0}, &p, &err), err,
                 DLN_INVALID);
    assert_non_null(strstr(err.text, "'rate' must be above 0"));
    predict_rig_free(&rig);
}

/* A rate, a depth that only trees have, a choice. */
static double mixed(const double *x)
{
    const double at = x[0] - (x[2] == 1 ? 0.3 : 0.7);
    const double depth = x[2] == 0 ? 0.05 * (x[1] - 7) * (x[1] - 7) : 0.4;
    return 20 * at * at + depth + 0.3 * x[2];
}

static void rig_mixed(struct predict_rig *rig, int n)
{
    struct dln_param params[] = {fixture_float("rate", 0, 1), fixture_int("depth", 1, 20),
                                 fixture_choice("model", models, 3)};
    params[1].when_text = "model == tree";
    predict_rig_params(rig, 3, params);
    for (int i = 0; i < n; i++) {
        double x[3];
        predict_rig_draw(rig, x);
        predict_rig_tell(rig, x, mixed(x));
    }
}

static void choices_and_conditions_are_learned(void **state)
{
    (void)state;
    struct predict_rig rig;
    rig_mixed(&rig, 120);
    static const double points[][3] = {{0.7, 7, 0},   {0.3, 7, 0},   {0.7, 14, 0},
                                       {0.3, NAN, 1}, {0.7, NAN, 1}, {0.5, NAN, 2}};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        const struct dln_prediction p = predict_rig_predict(&rig, points[i]);
        assert_close(p.expected[0].mean, mixed(points[i]), 0.4, 0);
        assert_true(p.expected[0].low < mixed(points[i]) && mixed(points[i]) < p.expected[0].high);
    }
    /* what is not active makes no difference */
    const struct dln_prediction with = predict_rig_predict(&rig, (const double[]){0.3, 19, 1});
    const struct dln_prediction without = predict_rig_predict(&rig, (const double[]){0.3, NAN, 1});
    assert_same_prediction(&with, &without);
    predict_rig_free(&rig);
}

static void trials_without_a_parameter_teach_all_the_same(void **state)
{
    (void)state;
    struct predict_rig rig;
    struct dln_error err = {0};
    struct dln_prediction p;
    double x[3];
    const struct dln_param params[] = {fixture_float("rate", 0, 1), fixture_float("new", 0, 1)};
    predict_rig_params(&rig, 2, params);
    for (int i = 0; i < 20; i++) {
        predict_rig_draw(&rig, x);
        const double gap[] = {x[0], i % 2 ? (double)NAN : x[1]};
        predict_rig_tell(&rig, gap, 3 * (x[0] - 0.4) * (x[0] - 0.4) + (i % 2 ? 0 : 1));
    }
    p = predict_rig_predict(&rig, (const double[]){0.9, 0.5});
    assert_close(p.expected[0].mean, 1.75, 0.3, 0);
    assert_int_equal(p.n_trials, 20);
    assert_fails(dln_predictor_point(rig.predictor, (const double[]){0.9, NAN}, &p, &err), err,
                 DLN_INVALID);
    dln_predictor_allow_gaps(rig.predictor); /* a program knew when it is there, we do not */
    p = predict_rig_predict(&rig, (const double[]){0.9, NAN});
    assert_close(p.expected[0].mean, 0.75, 0.3, 0);
    enum dln_origin origins[2];
    double y[] = {0.2, NAN};
    assert_ok(dln_predictor_complete(rig.predictor, 1, y, origins, NULL, &err), err);
    assert_int_equal(origins[1], DLN_ORIGIN_ABSENT);
    assert_ok(dln_predictor_complete(rig.predictor, 0, y, origins, NULL, &err), err);
    assert_int_equal(origins[1], DLN_ORIGIN_BASE);
    predict_rig_free(&rig);
}

static void gaps_are_filled_from_the_best_trial_or_the_defaults(void **state)
{
    (void)state;
    struct predict_rig rig;
    struct dln_error err = {0};
    enum dln_origin origins[3];
    int64_t base = 77;
    rig_mixed(&rig, 0);
    double x[] = {NAN, NAN, NAN};
    assert_ok(dln_predictor_complete(rig.predictor, -1, x, origins, &base, &err), err);
    assert_int_equal(base, -1);
    assert_int_equal(origins[0], DLN_ORIGIN_DEFAULT);
    assert_close(x[0], 0.5, 0, 0);
    assert_close(x[1], 11, 0.6, 0);
    assert_close(x[2], 0, 0, 0);

    predict_rig_tell(&rig, (const double[]){0.2, NAN, 1}, 1);
    predict_rig_tell(&rig, (const double[]){0.6, 9, 0}, 2);
    double y[] = {0.4, NAN, NAN};
    assert_ok(dln_predictor_complete(rig.predictor, -1, y, origins, &base, &err), err);
    assert_int_equal(base, 0);
    assert_int_equal(origins[0], DLN_ORIGIN_GIVEN);
    assert_int_equal(origins[1], DLN_ORIGIN_ABSENT);
    assert_int_equal(origins[2], DLN_ORIGIN_BASE);
    assert_close(y[2], 1, 0, 0);
    assert_true(isnan(y[1]));

    double z[] = {NAN, 3, NAN};
    assert_ok(dln_predictor_complete(rig.predictor, 0, z, origins, &base, &err), err);
    assert_int_equal(origins[1], DLN_ORIGIN_IGNORED);
    double w[] = {NAN, NAN, NAN};
    assert_ok(dln_predictor_complete(rig.predictor, 1, w, origins, &base, &err), err);
    assert_close(w[1], 9, 0, 0);
    assert_fails(dln_predictor_complete(rig.predictor, 5, w, origins, &base, &err), err,
                 DLN_NOT_FOUND);
    predict_rig_free(&rig);
}

/* ── trials near, trials that come ─────────────────────────────────────────────────────────────*/

static void the_nearest_trials_are_named(void **state)
{
    (void)state;
    struct predict_rig rig;
    predict_rig_floats(&rig, 1, 0, 10);
    for (int i = 0; i < 10; i++)
        predict_rig_tell(&rig, (const double[]){i}, (i - 3) * (i - 3));
    const struct dln_prediction p = predict_rig_predict(&rig, (const double[]){4.2});
    assert_int_equal(p.n_nearest, 3);
    assert_int_equal(p.nearest[0].number, 4);
    assert_int_equal(p.nearest[1].number, 5);
    assert_int_equal(p.nearest[2].number, 3);
    assert_close(p.nearest[0].distance, 0.02, 1e-12, 0);
    assert_close(p.nearest[0].value, 1, 0, 0);
    assert_close(predict_rig_predict(&rig, (const double[]){6}).nearest[0].distance, 0, 0, 0);
    predict_rig_free(&rig);
}

static void answers_depend_on_the_history_alone(void **state)
{
    (void)state;
    struct predict_rig forward;
    struct predict_rig backward;
    struct dln_error err = {0};
    enum { N = 40 };
    double x[N][2];
    predict_rig_floats(&forward, 2, -5, 10);
    predict_rig_floats(&backward, 2, -5, 10);
    const double at[] = {2, 2};
    for (int i = 0; i < N; i++) {
        predict_rig_draw(&forward, x[i]);
        predict_rig_tell(&forward, x[i], predict_rig_value(play_branin, 2, x[i]));
        (void)predict_rig_predict(&forward, at); /* fits again and again on the way */
    }
    for (int i = N - 1; i >= 0; i--) {
        backward.n = i;
        predict_rig_tell(&backward, x[i], predict_rig_value(play_branin, 2, x[i]));
    }
    const struct dln_prediction a = predict_rig_predict(&forward, at);
    const struct dln_prediction b = predict_rig_predict(&backward, at);
    assert_same_prediction(&a, &b);
    forward.n = N;
    const struct told running = {DLN_TRIAL_RUNNING, {NAN, NAN}, 0, NAN};
    predict_rig_tell_full(&forward, at, &running); /* a trial that runs says nothing */
    const struct dln_prediction c = predict_rig_predict(&forward, at);
    assert_same_prediction(&a, &c);
    forward.n = N;
    predict_rig_tell(&forward, at, -100); /* its result does */
    const struct dln_prediction d = predict_rig_predict(&forward, at);
    assert_true(d.expected[0].mean < a.expected[0].mean);
    assert_close(d.expected[0].best, -100, 0, 0);
    assert_ok(dln_predictor_fit(forward.predictor, &err), err);
    predict_rig_free(&forward);
    predict_rig_free(&backward);
}

/* ── curves and maps ───────────────────────────────────────────────────────────────────────────*/

static void a_curve_shows_one_parameter(void **state)
{
    (void)state;
    struct predict_rig rig;
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_profile curve;
    predict_rig_floats(&rig, 2, -5, 5);
    const double x[] = {4, 1};
    assert_ok(dln_predictor_profile(rig.predictor, 0, x, 0, 50, &arena, &curve, &err), err);
    assert_int_equal(curve.n, 0); /* no model yet */
    predict_rig_tell_many(&rig, play_sphere, 60);
    assert_ok(dln_predictor_profile(rig.predictor, 0, x, 0, 101, &arena, &curve, &err), err);
    assert_int_equal(curve.n, 101);
    assert_close(curve.at[0], -5, 0, 0);
    assert_close(curve.at[100], 5, 0, 0);
    assert_close(curve.at[curve.best], 1, 0.5, 0);
    for (size_t i = 0; i < curve.n; i += 10) {
        const double point[] = {curve.at[i], 1};
        const struct dln_prediction p = predict_rig_predict(&rig, point);
        assert_close(curve.mean[i], p.expected[0].mean, 1e-9, 1e-9);
        assert_close(curve.sd[i], p.expected[0].sd, 1e-9, 1e-6);
        assert_true(curve.low[i] <= curve.mean[i] && curve.mean[i] <= curve.high[i]);
        assert_true(curve.is_allowed[i]);
    }
    dln_arena_release(&arena);
    predict_rig_free(&rig);
}

static void a_curve_goes_over_choices_and_fills_what_they_bring(void **state)
{
    (void)state;
    struct predict_rig rig;
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_profile curve;
    rig_mixed(&rig, 120);
    const double x[] = {0.7, NAN, 2};
    assert_ok(dln_predictor_profile(rig.predictor, 0, x, 2, 64, &arena, &curve, &err), err);
    assert_int_equal(curve.n, 3);
    assert_close(curve.at[curve.best], 0, 0, 0);
    const double tree[] = {0.7, 7, 0};
    assert_ok(dln_predictor_profile(rig.predictor, 0, tree, 1, 64, &arena, &curve, &err), err);
    assert_int_equal(curve.n, 20);
    assert_close(curve.at[curve.best], 7, 2, 0);
    assert_ok(dln_predictor_profile(rig.predictor, 0, tree, 1, 6, &arena, &curve, &err), err);
    assert_in_range(curve.n, 2, 6);
    for (size_t i = 1; i < curve.n; i++)
        assert_true(curve.at[i] > curve.at[i - 1]);
    dln_arena_release(&arena);
    predict_rig_free(&rig);
}

static void a_map_shows_two_parameters(void **state)
{
    (void)state;
    struct predict_rig rig = {0};
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_map map;
    play_space(&rig.f, 2, -5, 10, "random");
    fixture_constrain(&rig.f, "a + b <= 15");
    predict_rig_make(&rig, 1);
    predict_rig_tell_many(&rig, play_branin, 40);
    const double x[] = {0, 0};
    assert_ok(dln_predictor_map(rig.predictor, 0, x, 0, 20, 1, 13, &arena, &map, &err), err);
    assert_int_equal(map.n_across, 20);
    assert_int_equal(map.n_down, 13);
    for (size_t row = 0; row < map.n_down; row++) {
        for (size_t column = 0; column < map.n_across; column++) {
            const double point[] = {map.across[column], map.down[row]};
            const struct dln_prediction p = predict_rig_predict(&rig, point);
            const size_t at = row * map.n_across + column;
            assert_close(map.mean[at], p.expected[0].mean, 1e-9, 1e-9);
            assert_true(map.is_allowed[at] == (point[0] + point[1] <= 15));
        }
    }
    dln_arena_release(&arena);
    predict_rig_free(&rig);
}

/* ── hostile questions ─────────────────────────────────────────────────────────────────────────*/

static void impossible_points_are_refused_with_their_parameter(void **state)
{
    (void)state;
    struct predict_rig rig;
    struct dln_error err = {0};
    struct dln_prediction p;
    struct dln_arena arena = {0};
    struct dln_profile curve;
    struct dln_map map;
    rig_mixed(&rig, 20);
    static const struct {
        double x[3];
        const char *says;
    } cases[] = {
        {{NAN, 3, 0}, "'rate' has no value"},
        {{0.5, NAN, 0}, "'depth' has no value"},
        {{0.5, 3, NAN}, "'model' has no value"},
        {{0.5, 3, 3}, "'model' has no such choice"},
        {{0.5, 3, 0.5}, "'model' has no such choice"},
        {{0.5, 3, -1}, "'model' has no such choice"},
        {{HUGE_VAL, 3, 0}, "'rate' must be finite"},
        {{0.5, -HUGE_VAL, 0}, "'depth' must be finite"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_fails(dln_predictor_point(rig.predictor, cases[i].x, &p, &err), err, DLN_INVALID);
        if (!strstr(err.text, cases[i].says)) print_error("'%s'\n", err.text);
        assert_non_null(strstr(err.text, cases[i].says));
    }
    const double x[] = {0.5, 3, 0};
    assert_fails(dln_predictor_profile(rig.predictor, 0, x, 3, 9, &arena, &curve, &err), err,
                 DLN_INVALID);
    assert_fails(dln_predictor_profile(rig.predictor, 1, x, 0, 9, &arena, &curve, &err), err,
                 DLN_INVALID);
    assert_fails(dln_predictor_profile(rig.predictor, 0, cases[3].x, 0, 9, &arena, &curve, &err),
                 err, DLN_INVALID);
    assert_ok(dln_predictor_profile(rig.predictor, 0, x, 0, 0, &arena, &curve, &err), err);
    assert_int_equal(curve.n, 0);
    assert_ok(dln_predictor_map(rig.predictor, 0, x, 0, 5, 0, 5, &arena, &map, &err), err);
    dln_arena_release(&arena);
    predict_rig_free(&rig);
}

static void trials_of_another_space_do_no_harm(void **state)
{
    (void)state;
    struct predict_rig rig;
    rig_mixed(&rig, 20);
    predict_rig_tell(&rig, (const double[]){1e300, -4, 0}, 5);    /* its range was another one */
    predict_rig_tell(&rig, (const double[]){0.5, 3, 17}, 1e300);  /* a choice that is gone */
    predict_rig_tell(&rig, (const double[]){NAN, NAN, NAN}, 0.1); /* it had other parameters */
    predict_rig_tell(&rig, (const double[]){0.5, NAN, 0}, NAN);
    const struct dln_prediction p = predict_rig_predict(&rig, (const double[]){0.5, 3, 0});
    assert_true(isfinite(p.expected[0].mean) && isfinite(p.expected[0].sd));
    assert_true(p.expected[0].chance >= 0 && p.expected[0].chance <= 1);
    predict_rig_free(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_outside_its_range_is_not_moved_and_said_to_be_a_guess),
        cmocka_unit_test(what_no_trial_has_tried_is_said_to_be_a_guess),
        cmocka_unit_test(a_gap_between_trials_is_said_to_be_a_guess),
        cmocka_unit_test(logarithmic_scales_are_learned_as_such),
        cmocka_unit_test(choices_and_conditions_are_learned),
        cmocka_unit_test(trials_without_a_parameter_teach_all_the_same),
        cmocka_unit_test(gaps_are_filled_from_the_best_trial_or_the_defaults),
        cmocka_unit_test(the_nearest_trials_are_named),
        cmocka_unit_test(answers_depend_on_the_history_alone),
        cmocka_unit_test(a_curve_shows_one_parameter),
        cmocka_unit_test(a_curve_goes_over_choices_and_fills_what_they_bring),
        cmocka_unit_test(a_map_shows_two_parameters),
        cmocka_unit_test(impossible_points_are_refused_with_their_parameter),
        cmocka_unit_test(trials_of_another_space_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
