/*
 * Two objectives against each other with their front: the trials that no other one beats in both.
 * The knee is the point of the front farthest from the chord between its ends, both objectives
 * scaled to the front's own range (Das 1999, "On characterizing the knee of the Pareto curve").
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "format.h"
#include "plot/frame.h"
#include "plot/plot.h"
#include "plot/plots.h"

struct pareto {
    struct plot_values x, y;
    bool max_x, max_y;
    size_t n;
    size_t *order; /* by x, best first */
    size_t n_front;
    size_t *front; /* rows, by x, best first */
};

static double lower_is_better(double value, bool maximize)
{
    return maximize ? -value : value;
}

/* Walks the rows by x, best first: what has a better y than all before it is on the front. */
static void find_front(struct pareto *pareto)
{
    double best = HUGE_VAL;
    for (size_t k = 0; k < pareto->n; k++) {
        const size_t row = pareto->order[k];
        const double y = lower_is_better(pareto->y.value[row], pareto->max_y);
        if (y >= best) continue;
        /* Equal x: the better y takes the place. */
        const size_t last = pareto->n_front ? pareto->front[pareto->n_front - 1] : SIZE_MAX;
        if (last != SIZE_MAX && pareto->x.value[last] == pareto->x.value[row]) pareto->n_front--;
        pareto->front[pareto->n_front++] = row;
        best = y;
    }
}

static size_t find_knee(const struct pareto *pareto)
{
    if (pareto->n_front < 3) return SIZE_MAX;
    const size_t a = pareto->front[0];
    const size_t b = pareto->front[pareto->n_front - 1];
    const double dx = pareto->x.value[b] - pareto->x.value[a];
    const double dy = pareto->y.value[b] - pareto->y.value[a];
    size_t knee = SIZE_MAX;
    double farthest = 0;
    for (size_t k = 1; k + 1 < pareto->n_front; k++) {
        const size_t row = pareto->front[k];
        const double u = (pareto->x.value[row] - pareto->x.value[a]) / dx;
        const double v = (pareto->y.value[row] - pareto->y.value[a]) / dy;
        const double distance = u - v;  /* to the chord v = u, times √2 */
        const double bulge = -distance; /* towards both being good */
        if (bulge <= farthest) continue;
        farthest = bulge;
        knee = row;
    }
    return knee;
}

/* Area that the front covers between its best and the worst seen of both, as a share. */
static double covered(const struct pareto *pareto)
{
    double low_x = HUGE_VAL, high_x = -HUGE_VAL, low_y = HUGE_VAL, high_y = -HUGE_VAL;
    for (size_t k = 0; k < pareto->n; k++) {
        const double x = lower_is_better(pareto->x.value[pareto->order[k]], pareto->max_x);
        const double y = lower_is_better(pareto->y.value[pareto->order[k]], pareto->max_y);
        low_x = fmin(low_x, x), high_x = fmax(high_x, x);
        low_y = fmin(low_y, y), high_y = fmax(high_y, y);
    }
    if (!(high_x > low_x) || !(high_y > low_y)) return NAN;
    double area = 0;
    double top = high_y;
    for (size_t k = 0; k < pareto->n_front; k++) {
        const double x = lower_is_better(pareto->x.value[pareto->front[k]], pareto->max_x);
        const double y = lower_is_better(pareto->y.value[pareto->front[k]], pareto->max_y);
        area += (high_x - x) * (top - y);
        top = y;
    }
    return area / ((high_x - low_x) * (high_y - low_y));
}

static void draw_front(const struct pareto *pareto, struct frame *frame)
{
    for (size_t k = 0; k < pareto->n; k++) {
        const size_t row = pareto->order[k];
        dots_set(&frame->dots, frame_x(frame, pareto->x.value[row]),
                 frame_y(frame, pareto->y.value[row]), ROLE_POINT);
    }
    int from_x = 0, from_y = 0;
    for (size_t k = 0; k < pareto->n_front; k++) {
        const size_t row = pareto->front[k];
        const int x = frame_x(frame, pareto->x.value[row]);
        const int y = frame_y(frame, pareto->y.value[row]);
        if (k > 0) {
            dots_line(&frame->dots, from_x, from_y, x, from_y, ROLE_FRONT);
            dots_vline(&frame->dots, x, from_y, y, ROLE_FRONT);
        } else {
            dots_set(&frame->dots, x, y, ROLE_FRONT);
        }
        from_x = x;
        from_y = y;
    }
}

/* The front first: the cursor starts on it. */
static void add_spots(struct plot_job *job, const struct pareto *pareto, const struct frame *frame)
{
    for (size_t k = 0; k < pareto->n_front + pareto->n; k++) {
        const size_t row =
            k < pareto->n_front ? pareto->front[k] : pareto->order[k - pareto->n_front];
        plot_spot_add(
            job, frame->rect.row + scale_row(&frame->y, pareto->y.value[row], frame->rect.rows),
            frame->rect.col + scale_col(&frame->x, pareto->x.value[row], frame->rect.cols), row,
            pareto->x.value[row], pareto->y.value[row]);
    }
}

static void say_front(struct plot_job *job, const struct pareto *pareto)
{
    const struct model *model = job->study->model;
    const char *const *metric = job->study->metric;
    char text[PLOT_LINE_MAX], x[FORMAT_MAX], y[FORMAT_MAX];
    const double share = covered(pareto);
    const size_t knee = find_knee(pareto);
    plot_say(job, "x %s (%s), y %s (%s). Front: %zu of %zu%s.", metric[job->ask->goal],
             pareto->max_x ? "max" : "min", metric[job->ask->other_goal],
             pareto->max_y ? "max" : "min", pareto->n_front, pareto->n,
             model->m > 2 ? ", of these two goals alone" : "");
    if (knee != SIZE_MAX) {
        (void)format_detail(x, pareto->x.value[knee]);
        (void)format_detail(y, pareto->y.value[knee]);
        plot_say(job, "Knee, the best trade-off: #%" PRId64 " with %s %s, %s %s.%s%s",
                 model->number[knee], metric[job->ask->goal], x, metric[job->ask->other_goal], y,
                 "", "");
    }
    size_t len = 0;
    text[0] = '\0';
    for (size_t k = 0; k < pareto->n_front && len + 60 < sizeof text && k < 8; k++) {
        const size_t row = pareto->front[k];
        len += (size_t)snprintf(text + len, sizeof text - len, "%s#%" PRId64 " %.3g/%.3g",
                                k ? "  " : "", model->number[row], pareto->x.value[row],
                                pareto->y.value[row]);
    }
    plot_say(job, "%s", text);
    if (isfinite(share)) {
        plot_say(job, "It covers %.1f %% of the area between its best and the worst seen.",
                 100 * share);
    }
}

static void draw_pareto(struct plot_job *job, struct pareto *pareto)
{
    double x[2] = {HUGE_VAL, -HUGE_VAL}, y[2] = {HUGE_VAL, -HUGE_VAL};
    for (size_t k = 0; k < pareto->n; k++) {
        const size_t row = pareto->order[k];
        x[0] = fmin(x[0], pareto->x.value[row]), x[1] = fmax(x[1], pareto->x.value[row]);
        y[0] = fmin(y[0], pareto->y.value[row]), y[1] = fmax(y[1], pareto->y.value[row]);
    }
    struct frame frame;
    if (frame_open(&frame, job->cells, job->rect, scale_make(x[0], x[1], job->ask->log_y),
                   scale_make(y[0], y[1], job->ask->log_y))) {
        axis_bottom(job->cells, frame.rect, &frame.x, false);
        draw_front(pareto, &frame);
        dots_draw(&frame.dots, job->cells);
        add_spots(job, pareto, &frame);
        dots_release(&frame.dots);
    } else {
        job->out->no_memory = true;
    }
    say_front(job, pareto);
}

static bool load(struct plot_job *job, struct pareto *pareto)
{
    if (!plot_values_init(&pareto->x, job, job->ask->goal)) return false;
    if (!plot_values_init(&pareto->y, job, job->ask->other_goal)) return false;
    for (size_t i = 0; i < pareto->x.n; i++) {
        if (!isnan(pareto->x.value[i]) && !isnan(pareto->y.value[i])) {
            pareto->n++;
        } else if (!isnan(pareto->x.value[i])) {
            pareto->x.value[i] = NAN;
            pareto->x.n_shown--;
        }
    }
    pareto->order = plot_best_first(&pareto->x, pareto->max_x);
    pareto->front = malloc((pareto->n + 1) * sizeof *pareto->front);
    job->out->no_memory |= !pareto->order || !pareto->front;
    return !job->out->no_memory;
}

static void draw(struct plot_job *job)
{
    if (job->study->model->m < 2) {
        plot_empty(job->cells, job->rect, "One goal only: see history.");
        return;
    }
    struct pareto pareto = {.max_x = job->study->maximize[job->ask->goal],
                            .max_y = job->study->maximize[job->ask->other_goal]};
    plot_names(job, job->study->metric[job->ask->goal], job->study->metric[job->ask->other_goal]);
    if (job->ask->goal == job->ask->other_goal) {
        plot_empty(job->cells, job->rect, "Both axes are the same goal.");
    } else if (load(job, &pareto)) {
        find_front(&pareto);
        if (pareto.n == 0) {
            plot_empty(job->cells, job->rect, "No finished trial has both values yet.");
        } else if (job->rect.rows < PLOT_MIN_ROWS || job->rect.cols < PLOT_MIN_COLS) {
            plot_empty(job->cells, job->rect, "Too small for this plot.");
        } else {
            draw_pareto(job, &pareto);
        }
    }
    free(pareto.order);
    free(pareto.front);
    plot_values_release(&pareto.x);
    plot_values_release(&pareto.y);
}

const struct plot_kind plot_kind_pareto = {
    .name = "pareto",
    .title = "two objectives and their front",
    .uses = PLOT_USES_GOAL,
    .draw = draw,
};
