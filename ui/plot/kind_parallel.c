/*
 * Parallel coordinates: an axis a parameter that varies, the objective first, a line a trial of the
 * best share; the best one on top.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "plot/braille.h"
#include "plot/param_axis.h"
#include "plot/plot.h"
#include "plot/plots.h"

enum { AXES_MAX = 24, AXIS_COLS_MIN = 9, LINES_MAX = 600 };

struct axis {
    const struct dln_param *param; /* NULL: the objective */
    const double *x;
    struct scale scale;
    int col; /* in cells */
};

struct parallel {
    int n_axes, n_left_out;
    struct axis axes[AXES_MAX];
    struct plot_values values;
    size_t *order; /* best first */
    size_t n_top;
};

static bool varies(const struct model *model, size_t p)
{
    return model->x_low[p] < model->x_high[p];
}

static void choose_axes(struct plot_job *job, struct parallel *parallel)
{
    const struct model *model = job->study->model;
    const int room = job->rect.cols / AXIS_COLS_MIN;
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (size_t i = 0; i < parallel->values.n; i++) {
        if (isnan(parallel->values.value[i])) continue;
        low = fmin(low, parallel->values.value[i]);
        high = fmax(high, parallel->values.value[i]);
    }
    parallel->axes[parallel->n_axes++] =
        (struct axis){.x = parallel->values.value, .scale = scale_make(low, high, job->ask->log_y)};
    for (size_t p = 0; p < model->d; p++) {
        if (!varies(model, p)) continue;
        if (parallel->n_axes == AXES_MAX || parallel->n_axes >= room) {
            parallel->n_left_out++;
            continue;
        }
        const struct dln_param *param = &job->study->space->params[p];
        parallel->axes[parallel->n_axes++] =
            (struct axis){.param = param, .x = model->x[p], .scale = param_scale(param)};
    }
}

static void place_axes(struct plot_job *job, struct parallel *parallel)
{
    const int n = parallel->n_axes;
    const int margin = 3;
    for (int i = 0; i < n; i++) {
        parallel->axes[i].col =
            job->rect.col + margin + (n > 1 ? (job->rect.cols - 2 * margin - 4) * i / (n - 1) : 0);
    }
}

/* From axis to axis; where the parameter is not active the line has a gap. */
static void draw_line(struct dots *dots, const struct parallel *parallel, size_t row,
                      enum role role)
{
    int from_x = -1, from_y = -1;
    for (int i = 0; i < parallel->n_axes; i++) {
        const struct axis *axis = &parallel->axes[i];
        const int x = (axis->col - dots->rect.col) * dots->per_col;
        const int y = scale_row(&axis->scale, axis->x[row], dots->height);
        if (y >= 0 && from_y >= 0) dots_line(dots, from_x, from_y, x, y, role);
        from_x = x;
        from_y = y;
    }
}

static void end_text(const struct axis *axis, bool high, char *out, size_t cap)
{
    if (axis->param) {
        param_value_text(axis->param, high ? axis->param->high : axis->param->low, out, cap);
        return;
    }
    char text[FORMAT_MAX];
    const double end = high ? axis->scale.high : axis->scale.low;
    (void)snprintf(out, cap, "%s", format_number(text, number_objective(end, NAN), end));
}

static void draw_axis(struct plot_job *job, const struct parallel *parallel, int i,
                      struct rect body)
{
    const struct axis *axis = &parallel->axes[i];
    const char *name = axis->param ? axis->param->name : job->study->metric[job->ask->goal];
    const int next =
        i + 1 < parallel->n_axes ? parallel->axes[i + 1].col : job->rect.col + job->rect.cols + 3;
    const int width = next - axis->col - 1;
    const int left = axis->col - 3 < job->rect.col ? job->rect.col : axis->col - 3;
    char low[96], high[96];
    end_text(axis, false, low, sizeof low);
    end_text(axis, true, high, sizeof high);
    (void)cells_text(job->cells, body.row - 2, left, width, ROLE_HEADER, name);
    (void)cells_text(job->cells, body.row - 1, left, width, ROLE_AXIS, high);
    (void)cells_text(job->cells, body.row + body.rows, left, width, ROLE_AXIS, low);
    for (int row = 0; row < body.rows; row++)
        cells_glyph(job->cells, body.row + row, axis->col, GLYPH_VLINE, ROLE_AXIS);
}

/* What nearly all of the best have in common. */
static void say_common(struct plot_job *job, const struct parallel *parallel)
{
    char text[PLOT_LINE_MAX] = "";
    size_t len = 0;
    for (int i = 1; i < parallel->n_axes && parallel->n_top >= 3; i++) {
        const struct axis *axis = &parallel->axes[i];
        double low = HUGE_VAL, high = -HUGE_VAL;
        size_t active = 0;
        for (size_t k = 0; k < parallel->n_top; k++) {
            const double x = axis->x[parallel->order[k]];
            if (isnan(x)) continue;
            active++;
            low = fmin(low, x);
            high = fmax(high, x);
        }
        const double part = scale_unit(&axis->scale, high) - scale_unit(&axis->scale, low);
        if (active < parallel->n_top || (low != high && part > 0.5)) continue;
        char from[96], to[96];
        param_value_text(axis->param, low, from, sizeof from);
        param_value_text(axis->param, high, to, sizeof to);
        if (len + 200 > sizeof text) break;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%.40s %.40s%s%.40s",
                                len ? ", " : "", axis->param->name, from, low == high ? "" : " .. ",
                                low == high ? "" : to);
    }
    if (len) plot_say(job, "All of the best %zu have %s.", parallel->n_top, text);
}

static void draw_lines(struct plot_job *job, struct parallel *parallel)
{
    const struct rect body = {job->rect.row + 2, job->rect.col, job->rect.rows - 3, job->rect.cols};
    struct dots dots;
    place_axes(job, parallel);
    if (!dots_init(&dots, body, job->cells->level)) {
        job->out->no_memory = true;
        return;
    }
    const size_t n = parallel->values.n_shown;
    const size_t n_drawn = parallel->n_top < LINES_MAX ? parallel->n_top : LINES_MAX;
    for (size_t k = n_drawn; k > 0; k--)
        draw_line(&dots, parallel, parallel->order[k - 1], k == 1 ? ROLE_LINE_BEST : ROLE_POINT);
    dots_draw(&dots, job->cells);
    dots_release(&dots);
    for (int i = 0; i < parallel->n_axes; i++)
        draw_axis(job, parallel, i, body);
    const struct axis *first = &parallel->axes[0];
    for (size_t k = 0; k < n; k++) {
        const size_t row = parallel->order[k];
        const double value = parallel->values.value[row];
        plot_spot_add(job, body.row + scale_row(&first->scale, value, body.rows), first->col, row,
                      (double)k, value);
    }
    plot_say(job, "Best %d %%: %zu of %zu lines.", job->ask->share, n_drawn, n);
    say_common(job, parallel);
    if (parallel->n_left_out > 0) {
        plot_say(job, "%d more parameter%s find%s no room: a wider terminal shows them.",
                 parallel->n_left_out, parallel->n_left_out == 1 ? "" : "s",
                 parallel->n_left_out == 1 ? "s" : "");
    }
    plot_say_left_out(job, &parallel->values, 0);
}

static void draw(struct plot_job *job)
{
    struct parallel parallel = {0};
    if (!plot_values_init(&parallel.values, job, job->ask->goal)) return;
    parallel.order = plot_best_first(&parallel.values, job->study->maximize[job->ask->goal]);
    plot_names(job, "rank", job->study->metric[job->ask->goal]);
    if (!parallel.order) {
        job->out->no_memory = true;
    } else if (parallel.values.n_shown == 0) {
        plot_empty(job->cells, job->rect, "No finished trial yet.");
    } else if (job->rect.rows < PLOT_MIN_ROWS + 3 || job->rect.cols < PLOT_MIN_COLS) {
        plot_empty(job->cells, job->rect, "Too small for this plot.");
    } else {
        parallel.n_top = plot_share_of(job, parallel.values.n_shown);
        choose_axes(job, &parallel);
        draw_lines(job, &parallel);
    }
    free(parallel.order);
    plot_values_release(&parallel.values);
}

const struct plot_kind plot_kind_parallel = {
    .name = "parallel",
    .title = "all parameters side by side, a line a trial",
    .uses = PLOT_USES_GOAL,
    .draw = draw,
};
