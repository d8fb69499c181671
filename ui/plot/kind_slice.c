/*
 * The value against one parameter: every trial a point, the best share of them brighter, and below
 * the axis where the search has sampled and where its best trials lie.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "plot/frame.h"
#include "plot/param_axis.h"
#include "plot/plot.h"
#include "plot/plots.h"

enum { BELOW = 2 }; /* rows under the axis: density, range of the best */

struct slice {
    const struct dln_param *param;
    const double *x; /* of the model */
    struct plot_values values;
    size_t *order; /* best first */
    size_t n, n_top;
};

/* The model's mean and one deviation to both sides, under the points. */
static void draw_band(struct plot_job *job, struct frame *frame)
{
    const struct plot_guess *guess = job->study->guess;
    const struct rect rect = frame->rect;
    int last_x = -1, last_y = -1;
    if (!guess || guess->n_curve == 0) return;
    for (int col = 0; col < rect.cols; col++) {
        size_t near = 0;
        for (size_t i = 0; i < guess->n_curve; i++) {
            if (abs(scale_col(&frame->x, guess->at[i], rect.cols) - col) <
                abs(scale_col(&frame->x, guess->at[near], rect.cols) - col)) {
                near = i;
            }
        }
        const double high = guess->mean[near] + guess->sd[near];
        const double low = guess->mean[near] - guess->sd[near];
        if (!isfinite(high) || scale_unit(&frame->y, low) > 1 || scale_unit(&frame->y, high) < 0) {
            continue;
        }
        const int to = isfinite(scale_unit(&frame->y, low)) ? scale_row(&frame->y, low, rect.rows)
                                                            : rect.rows - 1;
        for (int row = scale_row(&frame->y, high, rect.rows); row <= to && row >= 0; row++)
            cells_glyph(job->cells, rect.row + row, rect.col + col, GLYPH_SHADE_1,
                        ROLE_PREDICT_BAND);
    }
    for (size_t i = 0; i < guess->n_curve; i++) {
        const double up = scale_unit(&frame->y, guess->mean[i]);
        const double across = scale_unit(&frame->x, guess->at[i]);
        const bool is_inside = up >= 0 && up <= 1 && across >= 0 && across <= 1;
        const int x = frame_x(frame, guess->at[i]), y = frame_y(frame, guess->mean[i]);
        if (is_inside && last_x >= 0) dots_line(&frame->dots, last_x, last_y, x, y, ROLE_PREDICT);
        last_x = is_inside ? x : -1;
        last_y = y;
    }
}

static void draw_points(struct plot_job *job, const struct slice *slice, struct frame *frame)
{
    const struct rect rect = frame->rect;
    for (size_t k = slice->n; k > 0; k--) { /* the best last, on top */
        const size_t row = slice->order[k - 1];
        const double x = slice->x[row];
        const double y = slice->values.value[row];
        const double up = scale_unit(&frame->y, y);
        const bool is_inside = up >= 0 && up <= 1;
        const bool is_pruned = job->study->model->state[row] == DLN_TRIAL_PRUNED;
        const enum role role = is_pruned              ? ROLE_POINT_CUT
                               : k - 1 < slice->n_top ? ROLE_LINE_BEST
                                                      : ROLE_POINT;
        if (is_inside) dots_set(&frame->dots, frame_x(frame, x), frame_y(frame, y), role);
    }
    dots_draw(&frame->dots, job->cells);
    for (size_t k = 0; k < slice->n; k++) {
        const size_t row = slice->order[k];
        const double y = slice->values.value[row];
        const double up = scale_unit(&frame->y, y);
        const int col = rect.col + scale_col(&frame->x, slice->x[row], rect.cols);
        plot_spot_add(job, rect.row + scale_row(&frame->y, y, rect.rows),
                      up >= 0 && up <= 1 ? col : -1, row, slice->x[row], y);
    }
    if (slice->n == 0) return;
    const size_t best = slice->order[0];
    cells_glyph(job->cells, rect.row + scale_row(&frame->y, slice->values.value[best], rect.rows),
                rect.col + scale_col(&frame->x, slice->x[best], rect.cols), GLYPH_BEST, ROLE_BEST);
}

/* The axis holds all that was tried; the range of now may be narrower. */
static struct scale axis_of(const struct plot_job *job, const struct dln_param *param)
{
    const struct model *model = job->study->model;
    const size_t p = job->ask->param;
    if (param_is_choice(param) || !(model->x_low[p] <= model->x_high[p])) return param_scale(param);
    return scale_make(fmin(param->low, model->x_low[p]), fmax(param->high, model->x_high[p]),
                      param->log);
}

static bool is_narrowed(const struct slice *slice, const struct scale *scale)
{
    return !param_is_choice(slice->param) &&
           (scale->low < slice->param->low || scale->high > slice->param->high);
}

/* "├──── range now 1e-04 .. 1e-02 ────┤" */
static void draw_force(struct plot_job *job, const struct slice *slice, struct rect plot,
                       const struct scale *scale, int row)
{
    char low[96], high[96], text[256];
    const int from = scale_col(scale, slice->param->low, plot.cols);
    const int to = scale_col(scale, slice->param->high, plot.cols);
    for (int col = 0; col < plot.cols; col++) {
        if (col < from || col > to) {
            cells_glyph(job->cells, row, plot.col + col, GLYPH_SHADE_1, ROLE_GRID);
        }
    }
    cells_hline(job->cells, row, plot.col + from, to - from + 1, ROLE_RANGE);
    cells_glyph(job->cells, row, plot.col + from, GLYPH_TEE_RIGHT, ROLE_RANGE);
    cells_glyph(job->cells, row, plot.col + to, to > from ? GLYPH_TEE_LEFT : GLYPH_CROSS,
                ROLE_RANGE);
    param_value_text(slice->param, slice->param->low, low, sizeof low);
    param_value_text(slice->param, slice->param->high, high, sizeof high);
    (void)snprintf(text, sizeof text, " range now %s .. %s ", low, high);
    const int len = cells_text_width(job->cells, text);
    if (to - from > len + 2) {
        (void)cells_text(job->cells, row, plot.col + (from + to - len) / 2, len, ROLE_RANGE, text);
    }
}

/* What the line is, and how far it is to be believed. */
static void say_model(struct plot_job *job)
{
    const struct plot_guess *guess = job->study->guess;
    if (!guess || guess->n_curve == 0) return;
    plot_say(job, "Line: the model's mean ± sd, the others averaged over %zu trials%s.",
             guess->n_averaged, guess->r2 < 0.3 ? "; it explains little: a guess" : "");
}

/* How many trials fell into each column, as a bar of eight heights. */
static void draw_density(struct plot_job *job, const struct slice *slice, struct rect plot,
                         const struct scale *scale)
{
    enum { COLS_MAX = 1024 };
    int count[COLS_MAX] = {0};
    const int cols = plot.cols < COLS_MAX ? plot.cols : COLS_MAX;
    int most = 0;
    for (size_t k = 0; k < slice->n; k++) {
        const int col = scale_col(scale, slice->x[slice->order[k]], cols);
        if (++count[col] > most) most = count[col];
    }
    for (int col = 0; col < cols; col++) {
        if (count[col] == 0) continue;
        const int eighth = (count[col] * 8 + most - 1) / most - 1;
        cells_put(job->cells, plot.row + plot.rows + 1, plot.col + col,
                  glyph_spark(job->cells->level, eighth), ROLE_SPARK);
    }
    cells_right(job->cells, plot.row + plot.rows + 1, job->rect.col, plot.col - 1 - job->rect.col,
                ROLE_DIM, "n");
}

static void best_range(const struct slice *slice, double *low, double *high)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t k = 0; k < slice->n_top; k++) {
        const double x = slice->x[slice->order[k]];
        *low = fmin(*low, x);
        *high = fmax(*high, x);
    }
}

static void draw_range(struct plot_job *job, const struct slice *slice, struct rect plot,
                       const struct scale *scale)
{
    double low, high;
    const int row = plot.row + plot.rows + 2;
    best_range(slice, &low, &high);
    const int from = scale_col(scale, low, plot.cols);
    const int to = scale_col(scale, high, plot.cols);
    cells_hline(job->cells, row, plot.col + from, to - from + 1, ROLE_RANGE);
    cells_glyph(job->cells, row, plot.col + from, GLYPH_TEE_RIGHT, ROLE_RANGE);
    cells_glyph(job->cells, row, plot.col + to, to > from ? GLYPH_TEE_LEFT : GLYPH_CROSS,
                ROLE_RANGE);
    char text[32];
    (void)snprintf(text, sizeof text, " best %d %% ", job->ask->share);
    const int len = cells_text_width(job->cells, text);
    if (to - from > len + 2) {
        (void)cells_text(job->cells, row, plot.col + (from + to - len) / 2, len, ROLE_RANGE, text);
    }
}

static void say_best(struct plot_job *job, const struct slice *slice)
{
    char low_text[96], high_text[96];
    double low, high;
    if (param_is_choice(slice->param)) {
        size_t most = 0;
        double favourite = 0;
        for (size_t i = 0; i < slice->param->n_choices; i++) {
            size_t count = 0;
            for (size_t k = 0; k < slice->n_top; k++)
                count += slice->x[slice->order[k]] == (double)i;
            if (count <= most) continue;
            most = count;
            favourite = (double)i;
        }
        param_value_text(slice->param, favourite, low_text, sizeof low_text);
        plot_say(job, "%zu of the best %zu trials have %s %s.", most, slice->n_top,
                 slice->param->name, low_text);
        return;
    }
    best_range(slice, &low, &high);
    param_value_text(slice->param, low, low_text, sizeof low_text);
    param_value_text(slice->param, high, high_text, sizeof high_text);
    plot_say(job, "Best %d %% of the trials (%zu): %s %s .. %s.", job->ask->share, slice->n_top,
             slice->param->name, low_text, high_text);
}

static void draw_slice(struct plot_job *job, struct slice *slice)
{
    double low, high, clip;
    const bool maximize = job->study->maximize[job->ask->goal];
    double *shown = malloc((slice->n + 1) * sizeof *shown);
    if (!shown) {
        job->out->no_memory = true;
        return;
    }
    for (size_t k = 0; k < slice->n; k++)
        shown[k] = slice->values.value[slice->order[k]];
    const bool any =
        frame_bounds(shown, slice->n, maximize, job->ask->show_all, &low, &high, &clip);
    size_t n_clipped = 0;
    for (size_t k = 0; any && k < slice->n && !isnan(clip); k++)
        n_clipped += maximize ? shown[k] < clip : shown[k] > clip;
    if (!any) {
        plot_empty(job->cells, job->rect, "No finished trial yet.");
    } else if (job->rect.rows < PLOT_MIN_ROWS || job->rect.cols < PLOT_MIN_COLS) {
        plot_sparkline(job->cells, job->rect, shown, slice->n, ROLE_POINT);
    } else {
        const struct scale across = axis_of(job, slice->param);
        const int force = is_narrowed(slice, &across);
        const int below = job->rect.rows >= PLOT_MIN_ROWS + BELOW + force ? BELOW + force : 0;
        struct frame frame;
        const struct rect rect = {job->rect.row, job->rect.col, job->rect.rows - below,
                                  job->rect.cols};
        if (frame_open(&frame, job->cells, rect, across, scale_make(low, high, job->ask->log_y))) {
            param_axis_bottom(job->cells, frame.rect, slice->param, &frame.x);
            draw_band(job, &frame);
            draw_points(job, slice, &frame);
            if (below) {
                draw_density(job, slice, frame.rect, &frame.x);
                draw_range(job, slice, frame.rect, &frame.x);
                if (force) {
                    draw_force(job, slice, frame.rect, &frame.x,
                               frame.rect.row + frame.rect.rows + BELOW + 1);
                }
            }
            frame_clipped(&frame, job->cells, n_clipped, maximize);
            dots_release(&frame.dots);
        } else {
            job->out->no_memory = true;
        }
        say_best(job, slice);
        say_model(job);
    }
    plot_say_left_out(job, &slice->values, n_clipped);
    free(shown);
}

static void draw(struct plot_job *job)
{
    const struct model *model = job->study->model;
    const size_t p = job->ask->param;
    struct slice slice = {.param = &job->study->space->params[p], .x = model->x[p]};
    if (!plot_values_init(&slice.values, job, job->ask->goal)) return;
    for (size_t i = 0; i < model->n; i++) { /* where it is not active it says nothing */
        if (!isnan(slice.values.value[i]) && isnan(slice.x[i])) {
            slice.values.value[i] = NAN;
            slice.values.n_shown--;
        }
    }
    slice.order = plot_best_first(&slice.values, job->study->maximize[job->ask->goal]);
    plot_names(job, slice.param->name, job->study->metric[job->ask->goal]);
    if (slice.order) {
        slice.n = slice.values.n_shown;
        slice.n_top = plot_share_of(job, slice.n);
        draw_slice(job, &slice);
        free(slice.order);
    } else {
        job->out->no_memory = true;
    }
    plot_values_release(&slice.values);
}

const struct plot_kind plot_kind_slice = {
    .name = "slice",
    .title = "value against one parameter",
    .uses = PLOT_USES_GOAL | PLOT_USES_PARAM | PLOT_USES_GUESS,
    .draw = draw,
};
