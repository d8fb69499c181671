/* A predictor and the trials it is told of, in memory. */
#ifndef TEST_SUPPORT_PREDICT_RIG_H
#define TEST_SUPPORT_PREDICT_RIG_H

#include "dialin/predict.h"
#include "support/play.h"

struct predict_rig {
    struct fixture f;
    bool maximize[2];
    dln_predictor *predictor;
    struct dln_rng rng;
    int64_t n;
};

/* Of a fixture that is made already, and maximize filled in. */
void predict_rig_make(struct predict_rig *rig, size_t m);
/* d floats; these parameters. One objective, minimised. */
void predict_rig_floats(struct predict_rig *rig, size_t d, double low, double high);
void predict_rig_params(struct predict_rig *rig, size_t n, const struct dln_param *params);
void predict_rig_free(struct predict_rig *rig);

/* A point of the space, drawn. */
void predict_rig_draw(struct predict_rig *rig, double *x);

struct told {
    enum dln_trial_state state;
    double values[2], violation, run_s;
};
void predict_rig_tell_full(struct predict_rig *rig, const double *x, const struct told *told);
/* A complete trial with one value; n of them where they were drawn. */
void predict_rig_tell(struct predict_rig *rig, const double *x, double value);
void predict_rig_tell_many(struct predict_rig *rig, play_objective *objective, int n);
double predict_rig_value(play_objective *objective, size_t d, const double *x);

struct dln_prediction predict_rig_predict(struct predict_rig *rig, const double *x);

#endif
