#include "support/predict_rig.h"

#include "support/test.h"

void predict_rig_make(struct predict_rig *rig, size_t m)
{
    struct dln_error err = {0};
    assert_ok(dln_predictor_new(&rig->f.study.space, m, rig->maximize, &rig->predictor, &err), err);
    dln_rng_init(&rig->rng, 7);
}

void predict_rig_floats(struct predict_rig *rig, size_t d, double low, double high)
{
    *rig = (struct predict_rig){0};
    play_space(&rig->f, d, low, high, "random");
    predict_rig_make(rig, 1);
}

void predict_rig_params(struct predict_rig *rig, size_t n, const struct dln_param *params)
{
    *rig = (struct predict_rig){0};
    fixture_init(&rig->f, n, params, "random");
    predict_rig_make(rig, 1);
}

void predict_rig_free(struct predict_rig *rig)
{
    dln_predictor_free(rig->predictor);
    fixture_release(&rig->f);
}

void predict_rig_draw(struct predict_rig *rig, double *x)
{
    double u[PLAY_D_MAX];
    for (size_t i = 0; i < rig->f.study.space.n; i++)
        u[i] = dln_rng_uniform(&rig->rng);
    dln_space_decode(&rig->f.study.space, u, x);
}

void predict_rig_tell_full(struct predict_rig *rig, const double *x, const struct told *told)
{
    struct dln_error err = {0};
    const struct dln_history_row row = {.id = rig->n + 1,
                                        .number = rig->n,
                                        .state = told->state,
                                        .x = x,
                                        .values = told->values,
                                        .last_step = -1,
                                        .last_value = NAN,
                                        .violation = told->violation,
                                        .reason = told->state == DLN_TRIAL_FAIL ? DLN_FAIL_EXIT
                                                                                : DLN_FAIL_NONE,
                                        .memo = "",
                                        .strategy = "random"};
    rig->n++;
    assert_ok(dln_predictor_learn(rig->predictor, 1, &row, &told->run_s, &err), err);
}

void predict_rig_tell(struct predict_rig *rig, const double *x, double value)
{
    const struct told told = {DLN_TRIAL_COMPLETE, {value, NAN}, 0, NAN};
    predict_rig_tell_full(rig, x, &told);
}

double predict_rig_value(play_objective *objective, size_t d, const double *x)
{
    double values[PLAY_M_MAX];
    double violation = 0;
    objective(d, x, values, &violation);
    return values[0];
}

void predict_rig_tell_many(struct predict_rig *rig, play_objective *objective, int n)
{
    for (int i = 0; i < n; i++) {
        double x[PLAY_D_MAX];
        predict_rig_draw(rig, x);
        predict_rig_tell(rig, x, predict_rig_value(objective, rig->f.study.space.n, x));
    }
}

struct dln_prediction predict_rig_predict(struct predict_rig *rig, const double *x)
{
    struct dln_error err = {0};
    struct dln_prediction out;
    assert_ok(dln_predictor_point(rig->predictor, x, &out, &err), err);
    return out;
}
