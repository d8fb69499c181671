/* Learning curves: finished trials dim, running ones and the best on top. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "format.h"
#include "plot/plot_curve.h"
#include "plot/plots.h"

enum { CURVES_MAX = 400 }; /* the newest; more is a block of dots */

struct curves {
    size_t n, n_running, n_pruned;
    struct curve curve[CURVES_MAX];
    size_t row[CURVES_MAX];
    int64_t step[CURVES_MAX][MODEL_CURVE];
    double value[CURVES_MAX][MODEL_CURVE];
};

static void add(struct curves *curves, const struct model *model, size_t row, enum role role)
{
    const struct model_curve *samples = &model->curve[row];
    if (curves->n == CURVES_MAX || samples->n < 2) return;
    const size_t at = curves->n++;
    curves->row[at] = row;
    for (size_t i = 0; i < samples->n; i++) {
        curves->step[at][i] = samples->step[i];
        curves->value[at][i] = (double)samples->value[i];
    }
    curves->n_running += model->state[row] == DLN_TRIAL_RUNNING;
    curves->n_pruned += model->state[row] == DLN_TRIAL_PRUNED;
    curves->curve[at] = (struct curve){.n = samples->n,
                                       .step = curves->step[at],
                                       .value = curves->value[at],
                                       .role = role,
                                       .is_pruned = model->state[row] == DLN_TRIAL_PRUNED};
}

static size_t find_best(const struct plot_job *job)
{
    const struct model *model = job->study->model;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < model->n; i++) {
        const double value = model->value[0][i];
        if (model->state[i] != DLN_TRIAL_COMPLETE || isnan(value)) continue;
        if (job->study->hidden && job->study->hidden[i]) continue;
        if (best == SIZE_MAX || (job->study->maximize[0] ? value > model->value[0][best]
                                                         : value < model->value[0][best])) {
            best = i;
        }
    }
    return best;
}

static void collect(struct curves *curves, const struct plot_job *job)
{
    const struct model *model = job->study->model;
    const size_t best = find_best(job);
    for (size_t i = model->n; i > 0 && curves->n + 1 < CURVES_MAX; i--) {
        const size_t row = i - 1;
        if (row == best || (job->study->hidden && job->study->hidden[row])) continue;
        const bool is_running = model->state[row] == DLN_TRIAL_RUNNING;
        add(curves, model, row, is_running ? ROLE_LINE_RUNNING : ROLE_DIM);
    }
    /* Drawn from the oldest on, running ones last: what is drawn later is on top. */
    if (best != SIZE_MAX) add(curves, model, best, ROLE_BEST);
}

static int running_last(const void *a, const void *b)
{
    const struct curve *x = a;
    const struct curve *y = b;
    const int order_x = x->role == ROLE_DIM ? 0 : x->role == ROLE_BEST ? 1 : 2;
    const int order_y = y->role == ROLE_DIM ? 0 : y->role == ROLE_BEST ? 1 : 2;
    return order_x - order_y;
}

static void draw(struct plot_job *job)
{
    const struct model *model = job->study->model;
    struct curves *curves = calloc(1, sizeof *curves);
    if (!curves) {
        job->out->no_memory = true;
        return;
    }
    collect(curves, job);
    const size_t n = curves->n;
    struct curve sorted[CURVES_MAX];
    for (size_t i = 0; i < n; i++)
        sorted[i] = curves->curve[i];
    if (n > 1) qsort(sorted, n, sizeof sorted[0], running_last);
    const struct curve_plot plot = {.n = n,
                                    .curve = sorted,
                                    .maximize = job->study->maximize[0],
                                    .log_y = job->ask->log_y,
                                    .show_all = job->ask->show_all,
                                    .cursor = -1};
    const struct plot_note note = plot_curve(job->cells, job->rect, &plot);
    plot_names(job, "step", job->study->metric[0]);
    for (size_t i = 0; i < n; i++) {
        const struct model_curve *samples = &model->curve[curves->row[i]];
        for (size_t k = 0; k < samples->n; k++) {
            const double value = (double)samples->value[k];
            const bool is_inside = note.rect.rows > 0 && isfinite(value);
            plot_spot_add(job, note.rect.row + scale_row(&note.y, value, note.rect.rows),
                          is_inside
                              ? note.rect.col + scale_col(&note.x, samples->step[k], note.rect.cols)
                              : -1,
                          curves->row[i], samples->step[k], value);
        }
    }
    if (n > 0) {
        plot_say(job, "%zu curve%s%s: %zu running, %zu pruned (a dot at their end), %zu finished.",
                 n, n == 1 ? "" : "s", n == CURVES_MAX ? ", the newest" : "", curves->n_running,
                 curves->n_pruned, n - curves->n_running - curves->n_pruned);
    }
    free(curves);
}

const struct plot_kind plot_kind_curves = {
    .name = "curves",
    .title = "learning curves: value against step",
    .draw = draw,
};
