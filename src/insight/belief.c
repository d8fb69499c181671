#include "insight/belief.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/matrix.h"
#include "math/normal.h"

#define Z90       1.6448536269514722 /* 90 % lie within so many sd */
#define WIDEN_MAX 2.0

enum { WIDEN_FROM = 20 }; /* trials, before their share in an interval means something */

void dln_belief_release(struct dln_belief *belief)
{
    dln_gp_model_release(&belief->models[DLN_GP_SHORT]);
    dln_gp_model_release(&belief->models[DLN_GP_WIDE]);
    *belief = (struct dln_belief){0};
}

static bool fail_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory for a prediction");
}

/* ── leaving one out ───────────────────────────────────────────────────────────────────────────*/

struct left_out {
    double *mean, *sd; /* of trial i, from all the others; warped units */
    double *z;         /* standardised residuals of trials without a noise of their own */
    size_t n_z;
    double score; /* log density of the values as they came */
    double r2;
};

/*
 * mean_i = y_i - alpha_i / K⁻¹_ii, var_i = 1 / K⁻¹_ii. Rasmussen & Williams, "Gaussian Processes
 * for Machine Learning" (2006), eq. 5.12. False: no memory.
 */
static bool leave_out(const struct dln_gp *gp, struct left_out *out, struct dln_arena *scratch)
{
    const size_t n = gp->n;
    double *inverse = DLN_ARENA_ARRAY(scratch, double, n *n);
    out->mean = DLN_ARENA_ARRAY(scratch, double, 3 * n);
    if (!inverse || !out->mean) return false;
    out->sd = out->mean + n;
    out->z = out->mean + 2 * n;
    for (size_t i = 0; i < n; i++)
        memcpy(inverse + i * n, gp->l + i * gp->cap, (i + 1) * sizeof *inverse);
    const bool ok = dln_cholesky_invert(n, inverse, n);
    for (size_t i = 0; i < n; i++) {
        const double diagonal = ok ? fmax(inverse[i * n + i], 1e-12) : 1;
        out->mean[i] = gp->y[i] - gp->alpha[i] / diagonal;
        out->sd[i] = 1 / sqrt(diagonal);
    }
    return true;
}

/* The derivative of the warp, so that densities of different warps can be compared. */
static double slope_of(const struct dln_warp *warp, double y)
{
    const double h = 1e-4 * (warp->y_high - warp->y_low);
    const double rise = dln_warp_apply(warp, y + h) - dln_warp_apply(warp, y - h);
    return fmax(rise / (2 * h), 1e-12);
}

static void judge(const struct dln_gp_model *model, const struct dln_lesson *lesson,
                  struct left_out *out)
{
    const struct dln_gp *gp = &model->gp;
    double errors = 0;
    double squares = 0;
    for (size_t i = 0; i < gp->n; i++) {
        if (gp->noise[i] > 0) continue; /* a pruned trial's value is not known */
        const double z = (gp->y[i] - out->mean[i]) / out->sd[i];
        out->score -= 0.5 * z * z + log(out->sd[i]);
        if (lesson->warps) out->score += log(slope_of(&model->warp, lesson->y[i]));
        out->z[out->n_z++] = fabs(z);
        errors += (gp->y[i] - out->mean[i]) * (gp->y[i] - out->mean[i]);
        squares += gp->y[i] * gp->y[i];
    }
    out->r2 = squares > 0 ? 1 - errors / squares : (double)NAN;
}

static int ascending(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void take(struct dln_belief *belief, const struct dln_gp_model *model, struct left_out *out)
{
    belief->model = model;
    belief->widen = 1;
    belief->r2 = out->r2;
    belief->coverage = NAN;
    if (out->n_z == 0) return;
    qsort(out->z, out->n_z, sizeof *out->z, ascending);
    /* as one more trial would fall among them, split conformal prediction's quantile */
    const size_t rank = (size_t)ceil(0.9 * (double)(out->n_z + 1));
    const double at = out->z[rank < out->n_z ? rank - 1 : out->n_z - 1];
    if (out->n_z >= WIDEN_FROM) {
        /* theta was fitted to the trial that is left out, too */
        const double n = (double)out->n_z;
        const double fitted = fmin((double)model->gp.layout->n_ell + 2, n / 2);
        belief->widen = fmin(fmax(at / Z90 * sqrt(n / (n - fitted)), 1), WIDEN_MAX);
    }
    size_t within = 0;
    while (within < out->n_z && out->z[within] <= Z90 * belief->widen)
        within++;
    belief->coverage = (double)within / (double)out->n_z;
}

/* ── learning ──────────────────────────────────────────────────────────────────────────────────*/

static bool learn_by(struct dln_belief *belief, enum dln_gp_prior prior,
                     const struct dln_lesson *lesson, struct left_out *best,
                     struct dln_arena *scratch, struct dln_error *err)
{
    struct dln_gp_model *model = &belief->models[prior];
    const struct dln_gp_task task = {
        .coding = lesson->coding,
        .prior = prior,
        .damps = lesson->warps && prior == DLN_GP_SHORT,
        .warps = lesson->warps,
        .n = lesson->n,
        .trials = lesson->trials,
        .y = lesson->y,
        .noise = lesson->noise,
        .settled = lesson->n,
    };
    struct dln_error why = {0};
    if (!dln_gp_model_update(model, &task, scratch, &why)) {
        return why.code == DLN_NUMERIC || fail_memory(err);
    }
    struct left_out out = {0};
    if (!leave_out(&model->gp, &out, scratch)) return fail_memory(err);
    judge(model, lesson, &out);
    if (belief->model && out.score <= best->score) return true;
    *best = out;
    take(belief, model, &out);
    return true;
}

bool dln_belief_learn(struct dln_belief *belief, const struct dln_lesson *lesson,
                      struct dln_arena *scratch, struct dln_error *err)
{
    struct left_out best = {0};
    belief->model = NULL;
    belief->warps = lesson->warps;
    belief->shift = 0;
    belief->n = lesson->n;
    belief->r2 = belief->coverage = NAN;
    belief->widen = 1;
    if (lesson->n == 0 || lesson->coding->layout.n_ell == 0) return true;
    if (!lesson->warps) {
        for (size_t i = 0; i < lesson->n; i++)
            belief->shift += lesson->y[i] / (double)lesson->n;
        for (size_t i = 0; i < lesson->n; i++)
            lesson->y[i] -= belief->shift;
    }
    if (!learn_by(belief, DLN_GP_SHORT, lesson, &best, scratch, err)) return false;
    return !lesson->is_tried_twice || learn_by(belief, DLN_GP_WIDE, lesson, &best, scratch, err);
}

void dln_belief_ask(const struct dln_belief *belief, struct dln_gp_query *query, size_t m,
                    const double *columns, double *mean, double *sd)
{
    const struct dln_gp *gp = &belief->model->gp;
    dln_gp_predict(gp, query, m, columns);
    for (size_t i = 0; i < m; i++) {
        mean[i] = query->mean[i] + belief->shift;
        sd[i] = belief->widen * sqrt(fmax(query->var[i], 0) + gp->sn2);
    }
}
