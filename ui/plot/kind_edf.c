/* The empirical distribution function: which share of the trials reaches a value. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "format.h"
#include "plot/frame.h"
#include "plot/plot.h"
#include "plot/plots.h"

static void draw_steps(struct plot_job *job, const struct plot_values *values, const size_t *order,
                       struct frame *frame)
{
    const size_t n = values->n_shown;
    const bool maximize = job->study->maximize[job->ask->goal];
    int x = -1, y = frame_y(frame, 0);
    for (size_t k = 0; k < n; k++) {
        const double share = 100.0 * (double)(k + 1) / (double)n;
        const int next_x = frame_x(frame, values->value[order[k]]);
        const int next_y = frame_y(frame, share);
        const int from = x < 0 ? next_x : x;
        dots_line(&frame->dots, from, y, next_x, y, ROLE_SERIES_1);
        dots_vline(&frame->dots, next_x, y, next_y, ROLE_SERIES_1);
        x = next_x;
        y = next_y;
    }
    dots_line(&frame->dots, x, y, maximize ? 0 : frame->dots.width - 1, y, ROLE_SERIES_1);
    dots_draw(&frame->dots, job->cells);
    for (size_t k = 0; k < n; k++) {
        const double share = 100.0 * (double)(k + 1) / (double)n;
        const double value = values->value[order[k]];
        const double across = scale_unit(&frame->x, value);
        plot_spot_add(job, frame->rect.row + scale_row(&frame->y, share, frame->rect.rows),
                      across >= 0 && across <= 1
                          ? frame->rect.col + scale_col(&frame->x, value, frame->rect.cols)
                          : -1,
                      order[k], value, share);
    }
}

static void say_shares(struct plot_job *job, const struct plot_values *values, const size_t *order)
{
    static const struct {
        const char *what;
        size_t percent;
    } shares[] = {{"Half", 50}, {"A quarter", 25}, {"A tenth", 10}};
    const size_t n = values->n_shown;
    char half[FORMAT_MAX], quarter[FORMAT_MAX], tenth[FORMAT_MAX];
    char *const text[] = {half, quarter, tenth};
    const struct number_style style = number_objective(values->value[order[0]], NAN);
    for (size_t i = 0; i < 3; i++) {
        const size_t at = (n * shares[i].percent + 99) / 100;
        (void)format_number(text[i], style, values->value[order[at ? at - 1 : 0]]);
    }
    plot_say(job, "Half of the trials reach %s, a quarter %s, a tenth %s (%s, %s).", half, quarter,
             tenth, job->study->metric[job->ask->goal],
             job->study->maximize[job->ask->goal] ? "max" : "min");
}

static void draw(struct plot_job *job)
{
    struct plot_values values;
    double low, high, clip;
    if (!plot_values_init(&values, job, job->ask->goal)) return;
    const bool maximize = job->study->maximize[job->ask->goal];
    size_t *order = plot_best_first(&values, maximize);
    size_t n_clipped = 0;
    plot_names(job, job->study->metric[job->ask->goal], "percent");
    if (!order) {
        job->out->no_memory = true;
    } else if (!frame_bounds(values.value, values.n, maximize, job->ask->show_all, &low, &high,
                             &clip)) {
        plot_empty(job->cells, job->rect, "No finished trial yet.");
    } else if (job->rect.rows < PLOT_MIN_ROWS || job->rect.cols < PLOT_MIN_COLS) {
        plot_sparkline(job->cells, job->rect, values.value, values.n, ROLE_SERIES_1);
    } else {
        struct frame frame;
        if (frame_open(&frame, job->cells, job->rect, scale_make(low, high, job->ask->log_y),
                       scale_make(0, 100, false))) {
            axis_bottom(job->cells, frame.rect, &frame.x, false);
            draw_steps(job, &values, order, &frame);
            dots_release(&frame.dots);
        } else {
            job->out->no_memory = true;
        }
        for (size_t i = 0; i < values.n && !isnan(clip); i++)
            n_clipped += maximize ? values.value[i] < clip : values.value[i] > clip;
        say_shares(job, &values, order);
    }
    plot_say_left_out(job, &values, n_clipped);
    free(order);
    plot_values_release(&values);
}

const struct plot_kind plot_kind_edf = {
    .name = "edf",
    .title = "which share of the trials reaches a value",
    .uses = PLOT_USES_GOAL,
    .draw = draw,
};
