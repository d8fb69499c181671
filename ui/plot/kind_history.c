/* Best so far, with its forecast and what further trials would buy. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "format.h"
#include "plot/heading.h"
#include "plot/plot_history.h"
#include "plot/plots.h"

enum { FORECAST_POINTS = 40, GAINS_MAX = 512 };

/* How the best went: over finished trials, in the order of their numbers. */
struct progress {
    double *best; /* n */
    size_t n;
    size_t best_row; /* SIZE_MAX: none */
    size_t n_gains;
    size_t gap[GAINS_MAX]; /* finished trials between two gains */
    size_t since;          /* finished trials after the last gain */
};

static bool follow(const struct model *model, const struct plot_values *values, bool maximize,
                   struct progress *out)
{
    *out = (struct progress){.best_row = SIZE_MAX};
    out->best = malloc((values->n_shown + 1) * sizeof *out->best);
    if (!out->best) return false;
    double best = NAN;
    for (size_t i = 0; i < values->n; i++) {
        const double value = values->value[i];
        if (isnan(value) || model->state[i] != DLN_TRIAL_COMPLETE) continue;
        out->since++;
        if (isnan(best) || (maximize ? value > best : value < best)) {
            if (!isnan(best) && out->n_gains < GAINS_MAX) out->gap[out->n_gains++] = out->since;
            best = value;
            out->best_row = i;
            out->since = 0;
        }
        out->best[out->n++] = best;
    }
    return true;
}

static int by_size(const void *a, const void *b)
{
    const size_t x = *(const size_t *)a;
    const size_t y = *(const size_t *)b;
    return (x > y) - (x < y);
}

static void say_progress(struct plot_job *job, struct progress *progress)
{
    char value[FORMAT_MAX];
    const struct model *model = job->study->model;
    if (progress->best_row == SIZE_MAX) return;
    const double best = progress->best[progress->n - 1];
    (void)format_detail(value, best);
    if (progress->n_gains == 0) {
        plot_say(job, "Best %s at #%" PRId64 ", the first finished trial.", value,
                 model->number[progress->best_row]);
        return;
    }
    qsort(progress->gap, progress->n_gains, sizeof *progress->gap, by_size);
    const double median = (double)progress->gap[progress->n_gains / 2];
    plot_say(job,
             "Best %s at #%" PRId64 ". Improved %zu time%s, last %zu trial%s ago (%.1f × the "
             "median gap).",
             value, model->number[progress->best_row], progress->n_gains,
             progress->n_gains == 1 ? "" : "s", progress->since, progress->since == 1 ? "" : "s",
             (double)progress->since / median);
}

static void say_forecast(struct plot_job *job, const struct progress *progress,
                         const struct forecast *fit, double end)
{
    char value[FORMAT_MAX], gain[FORMAT_MAX];
    const double best = progress->best[progress->n - 1];
    const double there = forecast_at(fit, end);
    const bool maximize = job->study->maximize[job->ask->goal];
    const double more = fmax(0, maximize ? there - best : best - there);
    if (end <= (double)progress->n) return;
    (void)snprintf(value, sizeof value, "%.3g", maximize ? fmax(there, best) : fmin(there, best));
    (void)snprintf(gain, sizeof gain, "about %.1g", more);
    plot_say(job, "Fit a+b·n^-c: %s at %.0f trials; %.0f more trials buy %s.", value, end,
             end - (double)progress->n, more > 0 ? gain : "nothing");
}

static void add_spots(struct plot_job *job, const struct plot_values *values,
                      const struct plot_note *note)
{
    const struct model *model = job->study->model;
    for (size_t i = 0; i < values->n; i++) {
        const double value = values->value[i];
        if (isnan(value)) continue;
        const double number = (double)model->number[i];
        const double up = scale_unit(&note->y, value);
        const bool is_inside = note->rect.rows > 0 && up >= 0 && up <= 1;
        plot_spot_add(job, note->rect.row + scale_row(&note->y, value, note->rect.rows),
                      is_inside ? note->rect.col + scale_col(&note->x, number, note->rect.cols)
                                : -1,
                      i, number, value);
    }
}

static void draw_with(struct plot_job *job, const struct plot_values *values,
                      struct progress *progress)
{
    const struct plot_study *study = job->study;
    const bool maximize = study->maximize[job->ask->goal];
    struct forecast fit;
    double x[FORECAST_POINTS], y[FORECAST_POINTS];
    const double end = study->budget > 0 ? (double)study->budget : 2 * (double)progress->n;
    const bool has_fit = forecast_fit(progress->best, progress->n, &fit) &&
                         (maximize ? fit.b < 0 : fit.b > 0) && end > (double)progress->n;
    for (int i = 0; i < FORECAST_POINTS && has_fit; i++) {
        x[i] = (double)progress->n + (end - (double)progress->n) * i / (FORECAST_POINTS - 1);
        y[i] = forecast_at(&fit, x[i]);
    }
    const struct history_plot plot = {
        .n = values->n,
        .number = study->model->number,
        .value = values->value,
        .state = study->model->state,
        .maximize = maximize,
        .log_y = job->ask->log_y,
        .show_pruned = job->ask->show_pruned,
        .show_all = job->ask->show_all,
        .x_max = study->budget,
        .cursor = -1,
        .n_forecast = has_fit ? FORECAST_POINTS : 0,
        .forecast_x = x,
        .forecast_y = y,
    };
    const struct plot_note note = plot_history(job->cells, job->rect, &plot);
    plot_names(job, "number", study->metric[job->ask->goal]);
    add_spots(job, values, &note);
    say_progress(job, progress);
    if (has_fit) say_forecast(job, progress, &fit, end);
    plot_say_left_out(job, values, note.n_clipped);
}

static void draw(struct plot_job *job)
{
    struct plot_values values;
    struct progress progress;
    if (!plot_values_init(&values, job, job->ask->goal)) return;
    if (follow(job->study->model, &values, job->study->maximize[job->ask->goal], &progress)) {
        draw_with(job, &values, &progress);
        free(progress.best);
    } else {
        job->out->no_memory = true;
    }
    plot_values_release(&values);
}

const struct plot_kind plot_kind_history = {
    .name = "history",
    .title = "best so far, and where it is heading",
    .uses = PLOT_USES_GOAL,
    .draw = draw,
};
