#include "strategy/gp_points.h"

#include <math.h>
#include <string.h>

#include "math/acquisition.h"

/*
 * An improvement so small, in units of the values' spread, is not worth a failure: where some
 * trials have failed it is added to every expected improvement, so that once the objective is as
 * good as solved the rest of the trials stay where they work.
 */
#define WORTHLESS 1e-5

enum { BATCH = 64 }; /* points predicted together: their covariances stay in the cache */

bool dln_gp_points_init(struct dln_gp_points *points, size_t cap,
                        const struct dln_gp_coding *coding, struct dln_arena *arena)
{
    *points = (struct dln_gp_points){.cap = cap};
    points->u = DLN_ARENA_ARRAY(arena, double, cap * coding->space->n);
    points->x = DLN_ARENA_ARRAY(arena, double, cap * coding->space->n);
    points->columns = DLN_ARENA_ARRAY(arena, double, cap * coding->layout.n_columns);
    points->score = DLN_ARENA_ARRAY(arena, double, cap);
    return points->u && points->x && points->columns && points->score;
}

bool dln_gp_judge_init(struct dln_gp_judge *judge, struct dln_arena *arena)
{
    const struct dln_gp *value = judge->value;
    const struct dln_gp *success = judge->success;
    judge->spare = DLN_ARENA_ARRAY(arena, double, judge->coding->space->n);
    const struct dln_gp *second = judge->second;
    return judge->spare &&
           (!second ||
            dln_gp_query_init(&judge->second_query, BATCH, second->n + second->n_pending, arena)) &&
           dln_gp_query_init(&judge->query, BATCH, value->n + value->n_pending, arena) &&
           (!success || dln_gp_query_init(&judge->success_query, BATCH,
                                          success->n + success->n_pending, arena));
}

void dln_gp_place(const struct dln_gp_judge *judge, struct dln_gp_points *points, size_t i)
{
    const struct dln_gp_coding *coding = judge->coding;
    const size_t d = coding->space->n;
    double *u = points->u + i * d;
    const double *x = points->x + i * d;
    dln_space_encode(coding->space, x, judge->spare);
    for (size_t k = 0; k < d; k++) {
        if (!isnan(judge->spare[k])) u[k] = judge->spare[k];
    }
    dln_gp_code(coding, x, u, points->columns + i * coding->layout.n_columns);
}

void dln_gp_complete(const struct dln_gp_judge *judge, struct dln_gp_points *points, size_t i)
{
    const struct dln_space *space = judge->coding->space;
    double *x = points->x + i * space->n;
    for (size_t k = 0; k < space->n; k++) {
        x[k] = isnan(judge->fixed[k])
                   ? dln_param_decode(&space->params[k], points->u[i * space->n + k])
                   : judge->fixed[k];
    }
    dln_space_activate(space, x);
    dln_gp_place(judge, points, i);
}

void dln_gp_points_copy(const struct dln_gp_coding *coding, struct dln_gp_points *to, size_t i,
                        const struct dln_gp_points *from, size_t j)
{
    const size_t d = coding->space->n;
    const size_t columns = coding->layout.n_columns;
    memcpy(to->u + i * d, from->u + j * d, d * sizeof *to->u);
    memcpy(to->x + i * d, from->x + j * d, d * sizeof *to->x);
    memcpy(to->columns + i * columns, from->columns + j * columns, columns * sizeof *to->columns);
    to->score[i] = from->score[j];
}

/* log (EI + WORTHLESS) in place of log EI. */
static struct dln_gain_pair at_least_worthless(struct dln_gain_pair gain)
{
    const double low = log(WORTHLESS);
    const double high = fmax(gain.value, low);
    const double sum = exp(gain.value - high) + exp(low - high);
    const double share = exp(gain.value - high) / sum;
    gain.value = high + log(sum);
    for (int k = 0; k < 2; k++) {
        gain.d_mean[k] *= share;
        gain.d_var[k] *= share;
    }
    return gain;
}

/* Of one goal, the second half stays empty. */
static struct dln_gain_pair gain_of(const struct dln_gp_judge *judge, size_t i)
{
    struct dln_gain_pair gain;
    if (judge->second) {
        const double mean[] = {judge->query.mean[i], judge->second_query.mean[i]};
        const double var[] = {judge->query.var[i], judge->second_query.var[i]};
        gain = dln_log_ehvi(mean, var, judge->n_front, judge->front, judge->reference);
    } else {
        const struct dln_gain one =
            dln_log_ei(judge->query.mean[i], judge->query.var[i], judge->best);
        gain = (struct dln_gain_pair){
            .value = one.value, .d_mean = {one.d_mean}, .d_var = {one.d_var}};
    }
    return judge->success ? at_least_worthless(gain) : gain;
}

static void refuse_forbidden(const struct dln_gp_judge *judge, struct dln_gp_points *points,
                             size_t from, size_t to)
{
    const struct dln_space *space = judge->coding->space;
    size_t broken;
    for (size_t i = from; i < to; i++) {
        if (isnan(points->score[i]) ||
            !dln_space_allows(space, points->x + i * space->n, &broken)) {
            points->score[i] = -HUGE_VAL;
        }
    }
}

void dln_gp_score(struct dln_gp_judge *judge, struct dln_gp_points *points, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += BATCH) {
        const size_t m = to - at < BATCH ? to - at : BATCH;
        const double *columns = points->columns + at * judge->coding->layout.n_columns;
        dln_gp_predict(judge->value, &judge->query, m, columns);
        if (judge->second) dln_gp_predict(judge->second, &judge->second_query, m, columns);
        for (size_t i = 0; i < m; i++)
            points->score[at + i] = gain_of(judge, i).value;
        if (!judge->success) continue;
        const struct dln_gp_query *query = &judge->success_query;
        dln_gp_predict(judge->success, &judge->success_query, m, columns);
        for (size_t i = 0; i < m; i++) {
            points->score[at + i] +=
                judge->success_weight * dln_log_exceeds(query->mean[i], query->var[i], 0).value;
        }
    }
    refuse_forbidden(judge, points, from, to);
}

void dln_gp_score_roughly(struct dln_gp_judge *judge, struct dln_gp_points *points, size_t from,
                          size_t to)
{
    for (size_t at = from; at < to; at += BATCH) {
        const size_t m = to - at < BATCH ? to - at : BATCH;
        const double *columns = points->columns + at * judge->coding->layout.n_columns;
        dln_gp_predict_roughly(judge->value, &judge->query, m, columns);
        if (judge->second) {
            dln_gp_predict_roughly(judge->second, &judge->second_query, m, columns);
        }
        for (size_t i = 0; i < m; i++)
            points->score[at + i] = gain_of(judge, i).value;
    }
    refuse_forbidden(judge, points, from, to);
}

void dln_gp_score_slopes(struct dln_gp_judge *judge, size_t m, const double *columns,
                         double *scores, double *gradients)
{
    const size_t n_columns = judge->coding->layout.n_columns;
    memset(gradients, 0, m * n_columns * sizeof *gradients);
    dln_gp_predict(judge->value, &judge->query, m, columns);
    dln_gp_prepare_gradients(judge->value, &judge->query, m);
    if (judge->second) {
        dln_gp_predict(judge->second, &judge->second_query, m, columns);
        dln_gp_prepare_gradients(judge->second, &judge->second_query, m);
    }
    for (size_t i = 0; i < m; i++) {
        const struct dln_gain_pair gain = gain_of(judge, i);
        const double *point = columns + i * n_columns;
        double *slope = gradients + i * n_columns;
        scores[i] = gain.value;
        dln_gp_gradient(judge->value, &judge->query, i, point, gain.d_mean[0], gain.d_var[0],
                        slope);
        if (!judge->second) continue;
        dln_gp_gradient(judge->second, &judge->second_query, i, point, gain.d_mean[1],
                        gain.d_var[1], slope);
    }
    if (!judge->success) return;
    struct dln_gp_query *query = &judge->success_query;
    dln_gp_predict(judge->success, query, m, columns);
    dln_gp_prepare_gradients(judge->success, query, m);
    for (size_t i = 0; i < m; i++) {
        const double weight = judge->success_weight;
        const struct dln_gain gain = dln_log_exceeds(query->mean[i], query->var[i], 0);
        scores[i] += weight * gain.value;
        dln_gp_gradient(judge->success, query, i, columns + i * n_columns, weight * gain.d_mean,
                        weight * gain.d_var, gradients + i * n_columns);
    }
}
