/* Predictions and peeks while memory fails: they say so, leave nothing behind, work the next time.
 */
#include "support/test.h"

#include "dialin/peek.h"
#include "dialin/predict.h"
#include "math/blas.h"
#include "support/fault.h"
#include "support/play.h"

static bool checked(bool ok, const struct dln_error *err)
{
    if (ok) return true;
    assert_int_equal(err->code, DLN_NOMEM);
    assert_true(strlen(err->text) > 0);
    return false;
}

enum { N = 12, D = 2 };

struct trials {
    struct fixture f;
    struct dln_history_row rows[N];
    double x[N][D], values[N], run_s[N];
};

static void fill(struct trials *trials)
{
    for (int i = 0; i < N; i++) {
        const bool fails = i % 4 == 3;
        trials->x[i][0] = 0.1 * i - 0.5;
        trials->x[i][1] = i % 3;
        trials->values[i] = fails ? (double)NAN : trials->x[i][0] * trials->x[i][0] + i % 3;
        trials->run_s[i] = 1 + i;
        trials->rows[i] =
            (struct dln_history_row){.id = i + 1,
                                     .number = i,
                                     .state = fails ? DLN_TRIAL_FAIL : DLN_TRIAL_COMPLETE,
                                     .x = trials->x[i],
                                     .values = &trials->values[i],
                                     .last_step = -1,
                                     .last_value = NAN,
                                     .violation = i % 2,
                                     .reason = fails ? DLN_FAIL_EXIT : DLN_FAIL_NONE,
                                     .memo = "",
                                     .strategy = "random"};
    }
}

static bool predict(void *context)
{
    const struct trials *trials = context;
    static const bool maximize[] = {false};
    dln_predictor *predictor = NULL;
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_prediction p;
    struct dln_profile curve;
    struct dln_map map;
    struct dln_trust trust;
    double x[] = {0.3, NAN};
    bool ok = dln_predictor_new(&trials->f.study.space, 1, maximize, &predictor, &err);
    assert_true(ok == (predictor != NULL));
    ok = ok && dln_predictor_learn(predictor, N, trials->rows, trials->run_s, &err) &&
         dln_predictor_complete(predictor, -1, x, NULL, NULL, &err) &&
         dln_predictor_point(predictor, x, &p, &err) &&
         dln_predictor_profile(predictor, 0, x, 0, 10, &arena, &curve, &err) &&
         dln_predictor_map(predictor, 0, x, 0, 4, 1, 4, &arena, &map, &err) &&
         dln_predictor_trust(predictor, 0, &trust, &err);
    if (ok) assert_true(isfinite(p.expected[0].mean) && curve.n == 10 && map.n_across == 4);
    dln_predictor_free(predictor);
    dln_arena_release(&arena);
    return checked(ok, &err);
}

static void a_prediction_is_made_or_refused(void **state)
{
    (void)state;
    static struct trials trials;
    struct dln_error err = {0};
    assert_ok(dln_blas_open(&err), err);
    play_space(&trials.f, D, -1, 2, "random");
    fill(&trials);
    assert_true(fault_each(FAULT_ALLOC, predict, &trials) >= 20);
    fixture_release(&trials.f);
}

static bool peek(void *context)
{
    const struct trials *trials = context;
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_peek out;
    const struct dln_peek_request request = {
        .study = &trials->f.study, .seed = 1, .n_rows = N, .rows = trials->rows, .count = 3};
    const bool ok = dln_peek_rows(&request, &arena, &out, &err);
    if (ok) assert_int_equal(out.n, 3);
    dln_arena_release(&arena);
    return checked(ok, &err);
}

static void a_peek_is_taken_or_refused(void **state)
{
    (void)state;
    static struct trials trials;
    play_space(&trials.f, D, -1, 2, "tpe");
    fill(&trials);
    assert_true(fault_each(FAULT_ALLOC, peek, &trials) >= 5);
    fixture_release(&trials.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prediction_is_made_or_refused),
        cmocka_unit_test(a_peek_is_taken_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
