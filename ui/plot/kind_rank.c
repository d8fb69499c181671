/*
 * Two parameters against each other, every trial coloured by the rank of its value and no model at
 * all: for the distrustful.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "plot/param_axis.h"
#include "plot/plot.h"
#include "plot/plots.h"

enum { LEGEND_COLS = 14, HEATS = 10 };

static const enum glyph shade[] = {GLYPH_BAR, GLYPH_SHADE_3, GLYPH_SHADE_2, GLYPH_SHADE_1};

static enum role heat(double share)
{
    const int step = (int)(share * HEATS);
    return (enum role)(ROLE_HEAT_0 + (step >= HEATS ? HEATS - 1 : step));
}

static void draw_legend(struct plot_job *job, struct rect rect)
{
    static const char *const words[] = {"best quarter", "second", "third", "last quarter"};
    for (int i = 0; i < 4 && i * 2 < rect.rows; i++) {
        cells_glyph(job->cells, rect.row + i * 2, rect.col, shade[i], heat(1 - (i + 0.5) / 4));
        (void)cells_text(job->cells, rect.row + i * 2, rect.col + 2, rect.cols - 2, ROLE_DIM,
                         words[i]);
    }
}

static void draw_points(struct plot_job *job, const size_t *order, size_t n, struct rect plot,
                        const struct scale *x_scale, const struct scale *y_scale)
{
    const struct model *model = job->study->model;
    const double *x = model->x[job->ask->param];
    const double *y = model->x[job->ask->other_param];
    for (size_t k = n; k > 0; k--) { /* of several in a cell the best is seen */
        const size_t row = order[k - 1];
        const double share = (double)(k - 1) / (double)n;
        cells_glyph(job->cells, plot.row + scale_row(y_scale, y[row], plot.rows),
                    plot.col + scale_col(x_scale, x[row], plot.cols), shade[(int)(share * 4)],
                    heat(1 - share));
    }
    if (n == 0) return;
    cells_glyph(job->cells, plot.row + scale_row(y_scale, y[order[0]], plot.rows),
                plot.col + scale_col(x_scale, x[order[0]], plot.cols), GLYPH_BEST, ROLE_BEST);
    for (size_t k = 0; k < n; k++) {
        const size_t row = order[k];
        plot_spot_add(job, plot.row + scale_row(y_scale, y[row], plot.rows),
                      plot.col + scale_col(x_scale, x[row], plot.cols), row, x[row], y[row]);
    }
}

static void draw_axes(struct plot_job *job, const size_t *order, size_t n)
{
    const struct dln_param *px = &job->study->space->params[job->ask->param];
    const struct dln_param *py = &job->study->space->params[job->ask->other_param];
    const struct rect rect = job->rect;
    const struct scale x_scale = param_scale(px);
    const struct scale y_scale = param_scale(py);
    const int labels = param_axis_width(py, &y_scale, rect.rows - 1) + 1;
    const int legend = rect.cols >= 60 ? LEGEND_COLS + 2 : 0;
    const struct rect plot = {rect.row, rect.col + labels + 1, rect.rows - 1,
                              rect.cols - labels - 1 - legend};
    param_axis_left(job->cells, plot, rect.col, labels, py, &y_scale);
    param_axis_bottom(job->cells, plot, px, &x_scale);
    draw_points(job, order, n, plot, &x_scale, &y_scale);
    if (legend) {
        draw_legend(job, (struct rect){plot.row, plot.col + plot.cols + 2, plot.rows, LEGEND_COLS});
    }
    char value[96], other[96];
    const struct model *model = job->study->model;
    param_value_text(px, model->x[job->ask->param][order[0]], value, sizeof value);
    param_value_text(py, model->x[job->ask->other_param][order[0]], other, sizeof other);
    plot_say(job, "x %s, y %s. Best: #%" PRId64 " at %s %s, %s %s.", px->name, py->name,
             model->number[order[0]], px->name, value, py->name, other);
}

static void draw(struct plot_job *job)
{
    const struct model *model = job->study->model;
    struct plot_values values;
    if (job->ask->param == job->ask->other_param) {
        plot_empty(job->cells, job->rect, "Needs 2 parameters.");
        return;
    }
    if (!plot_values_init(&values, job, job->ask->goal)) return;
    for (size_t i = 0; i < model->n; i++) {
        const bool is_active =
            !isnan(model->x[job->ask->param][i]) && !isnan(model->x[job->ask->other_param][i]);
        if (isnan(values.value[i]) || is_active) continue;
        values.value[i] = NAN;
        values.n_shown--;
    }
    size_t *order = plot_best_first(&values, job->study->maximize[job->ask->goal]);
    plot_names(job, job->study->space->params[job->ask->param].name,
               job->study->space->params[job->ask->other_param].name);
    if (!order) {
        job->out->no_memory = true;
    } else if (values.n_shown == 0) {
        plot_empty(job->cells, job->rect, "No finished trial has both parameters yet.");
    } else if (job->rect.rows < PLOT_MIN_ROWS || job->rect.cols < PLOT_MIN_COLS) {
        plot_empty(job->cells, job->rect, "Too small for this plot.");
    } else {
        draw_axes(job, order, values.n_shown);
        plot_say_left_out(job, &values, 0);
    }
    free(order);
    plot_values_release(&values);
}

const struct plot_kind plot_kind_rank = {
    .name = "rank",
    .title = "two parameters, coloured by the rank of the value",
    .uses = PLOT_USES_GOAL | PLOT_USES_PARAM | PLOT_USES_OTHER_PARAM,
    .draw = draw,
};
