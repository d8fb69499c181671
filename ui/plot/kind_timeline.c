/* What each worker did over time, how busy they were, and how long a trial takes. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "format.h"
#include "plot/plot.h"
#include "plot/plots.h"

enum { SLOTS_MAX = 64, NAME_COLS = 5 };

struct timeline {
    int n_slots;
    int64_t start_us, end_us;
    double busy_s;
    struct rect plot;
};

static int64_t end_of(const struct plot_job *job, size_t row)
{
    const struct model *model = job->study->model;
    return model->state[row] == DLN_TRIAL_RUNNING ? job->study->now_us : model->ended_us[row];
}

static bool has_run(const struct plot_job *job, size_t row)
{
    const struct model *model = job->study->model;
    return model->started_us[row] > 0 && end_of(job, row) >= model->started_us[row];
}

static void measure(const struct plot_job *job, struct timeline *timeline)
{
    const struct model *model = job->study->model;
    timeline->start_us = INT64_MAX;
    for (size_t i = 0; i < model->n; i++) {
        if (!has_run(job, i)) continue;
        const int slot = model->slot[i] < 0 ? 0 : model->slot[i];
        if (slot >= timeline->n_slots) timeline->n_slots = slot + 1;
        if (model->started_us[i] < timeline->start_us) timeline->start_us = model->started_us[i];
        if (end_of(job, i) > timeline->end_us) timeline->end_us = end_of(job, i);
        timeline->busy_s += (double)(end_of(job, i) - model->started_us[i]) / 1e6;
    }
}

static int column_at(const struct timeline *timeline, int64_t at_us)
{
    const double span = (double)(timeline->end_us - timeline->start_us);
    const double part = span > 0 ? (double)(at_us - timeline->start_us) / span : 0;
    const int col = (int)(part * timeline->plot.cols);
    return col < 0 ? 0 : col >= timeline->plot.cols ? timeline->plot.cols - 1 : col;
}

static void draw_trial(struct plot_job *job, const struct timeline *timeline, size_t row)
{
    const struct model *model = job->study->model;
    const struct rect plot = timeline->plot;
    const int slot = model->slot[row] < 0 ? 0 : model->slot[row];
    const int from = column_at(timeline, model->started_us[row]);
    const int to = column_at(timeline, end_of(job, row));
    const bool is_inside = slot < plot.rows;
    const enum dln_trial_state state = model->state[row];
    const enum role role = state == DLN_TRIAL_RUNNING  ? ROLE_STATE_RUN
                           : state == DLN_TRIAL_FAIL   ? ROLE_STATE_ERR
                           : state == DLN_TRIAL_PRUNED ? ROLE_STATE_CUT
                                                       : ROLE_STATE_OK;
    const enum glyph last = state == DLN_TRIAL_FAIL      ? GLYPH_FAILED
                            : state == DLN_TRIAL_PRUNED  ? GLYPH_PRUNED
                            : state == DLN_TRIAL_RUNNING ? GLYPH_BAR
                                                         : GLYPH_WORKER_END;
    for (int col = from; is_inside && col <= to; col++) {
        cells_glyph(job->cells, plot.row + slot, plot.col + col, col == to ? last : GLYPH_BAR,
                    role);
    }
    plot_spot_add(job, plot.row + slot, is_inside ? plot.col + (from + to) / 2 : -1, row,
                  (double)model->started_us[row] / 1e6, slot);
}

static void draw_clock(struct plot_job *job, const struct timeline *timeline)
{
    enum { COLS_PER_TIME = 20 };
    const struct rect plot = timeline->plot;
    const int row = plot.row + plot.rows;
    cells_glyph(job->cells, row, plot.col - 1, GLYPH_BOTTOM_LEFT, ROLE_AXIS);
    cells_hline(job->cells, row, plot.col, plot.cols, ROLE_AXIS);
    for (int col = 0; col + 10 < plot.cols; col += COLS_PER_TIME) {
        char text[FORMAT_MAX];
        const int64_t at_us = timeline->start_us + (timeline->end_us - timeline->start_us) *
                                                       (int64_t)col / (int64_t)plot.cols;
        (void)format_time(text, at_us, job->study->now_us);
        (void)cells_text(job->cells, row, plot.col + col, COLS_PER_TIME - 2, ROLE_AXIS, text);
    }
}

static int by_length(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The median length of the trials of a state; -1: none. */
static int64_t median_ms(const struct plot_job *job, enum dln_trial_state state)
{
    const struct model *model = job->study->model;
    int64_t *length = malloc((model->n + 1) * sizeof *length);
    size_t n = 0;
    if (!length) {
        job->out->no_memory = true;
        return -1;
    }
    for (size_t i = 0; i < model->n; i++) {
        if (model->state[i] != state || !has_run(job, i)) continue;
        length[n++] = (model->ended_us[i] - model->started_us[i]) / 1000;
    }
    qsort(length, n, sizeof *length, by_length);
    const int64_t median = n ? length[n / 2] : -1;
    free(length);
    return median;
}

static void say_use(struct plot_job *job, const struct timeline *timeline)
{
    const struct model *model = job->study->model;
    const double span = (double)(timeline->end_us - timeline->start_us) / 1e6;
    const double all = span * timeline->n_slots;
    const int64_t ended = model->count[DLN_TRIAL_COMPLETE] + model->count[DLN_TRIAL_PRUNED] +
                          model->count[DLN_TRIAL_FAIL];
    char idle[FORMAT_MAX], run[FORMAT_MAX], cut[FORMAT_MAX];
    if (!(all > 0)) return;
    (void)format_duration(idle, (int64_t)(1000 * fmax(0, all - timeline->busy_s)));
    plot_say(job, "%d worker%s, used %.0f %% of the time; idle %s in all. Finished per hour: %.0f.",
             timeline->n_slots, timeline->n_slots == 1 ? "" : "s",
             100 * fmin(1, timeline->busy_s / all), idle, (double)ended / span * 3600);
    (void)format_duration(run, median_ms(job, DLN_TRIAL_COMPLETE));
    (void)format_duration(cut, median_ms(job, DLN_TRIAL_PRUNED));
    plot_say(job, "Median run %s%s%s.", run, model->count[DLN_TRIAL_PRUNED] ? ", pruned " : "",
             model->count[DLN_TRIAL_PRUNED] ? cut : "");
}

static void draw(struct plot_job *job)
{
    struct timeline timeline = {0};
    measure(job, &timeline);
    plot_names(job, "started", "worker");
    if (timeline.n_slots == 0) {
        plot_empty(job->cells, job->rect, "No trial has run yet.");
        return;
    }
    if (job->rect.rows < 3 || job->rect.cols < PLOT_MIN_COLS) {
        plot_empty(job->cells, job->rect, "Too small for this plot.");
        return;
    }
    const int rows = timeline.n_slots < job->rect.rows - 1 ? timeline.n_slots : job->rect.rows - 1;
    timeline.plot = (struct rect){job->rect.row, job->rect.col + NAME_COLS + 1, rows,
                                  job->rect.cols - NAME_COLS - 1};
    for (int slot = 0; slot < rows; slot++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d", slot);
        cells_right(job->cells, timeline.plot.row + slot, job->rect.col, NAME_COLS - 1, ROLE_AXIS,
                    name);
        cells_glyph(job->cells, timeline.plot.row + slot, timeline.plot.col - 1, GLYPH_VLINE,
                    ROLE_AXIS);
    }
    for (size_t i = 0; i < job->study->model->n; i++) {
        const bool is_hidden = job->study->hidden && job->study->hidden[i];
        if (!is_hidden && has_run(job, i)) draw_trial(job, &timeline, i);
    }
    draw_clock(job, &timeline);
    if (rows < timeline.n_slots) {
        plot_say(job, "%d of %d workers have room here.", rows, timeline.n_slots);
    }
    say_use(job, &timeline);
}

const struct plot_kind plot_kind_timeline = {
    .name = "timeline",
    .title = "what each worker did, over time",
    .draw = draw,
};
