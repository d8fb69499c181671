/*
 * What a model of the trials says over two parameters, the others as in the best trial: its mean,
 * its doubt, or the chance to beat the best, in tenths of the area. The trials stand on top.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "plot/param_axis.h"
#include "plot/plot.h"
#include "plot/plots.h"

enum { LEGEND_COLS = 13, STEPS = 10, SHADES = 5, SIDE_MAX = 512 };

struct contour {
    const struct plot_guess *guess;
    const struct dln_param *px, *py;
    struct rect rect;
    struct scale x, y;
    const double *shown; /* one a cell of the map; more is `up` */
    bool up;             /* large values are the ones that are dark */
    double edge[STEPS];  /* the worst value of each step, best step first */
    double doubt;        /* hatched above it */
};

static const enum glyph shade[SHADES - 1] = {GLYPH_BAR, GLYPH_SHADE_3, GLYPH_SHADE_2,
                                             GLYPH_SHADE_1};

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Steps of equal area; and where the doubt is unusual. False: no memory, or nothing to show. */
static bool find_edges(struct contour *contour)
{
    const struct dln_map *map = &contour->guess->map;
    const size_t n = map->n_across * map->n_down;
    double *sorted = malloc((n + 1) * sizeof *sorted);
    size_t count = 0;
    for (size_t i = 0; sorted && i < n; i++) {
        if (!map->is_allowed[i] || !isfinite(contour->shown[i])) continue;
        sorted[count++] = contour->up ? -contour->shown[i] : contour->shown[i];
    }
    const bool ok = count > 0;
    if (ok) {
        qsort(sorted, count, sizeof *sorted, ascending);
        for (size_t step = 0; step < STEPS; step++) {
            const size_t at = (step + 1) * count / STEPS;
            const double edge = sorted[at > 0 ? at - 1 : 0];
            contour->edge[step] = contour->up ? -edge : edge;
        }
        double least = INFINITY, most = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            if (!map->is_allowed[i] || !isfinite(map->mean[i])) continue;
            least = fmin(least, map->mean[i]);
            most = fmax(most, map->mean[i]);
        }
        contour->doubt = (most - least) / 2;
    }
    free(sorted);
    return ok;
}

static int step_of(const struct contour *contour, double value)
{
    int step = 0;
    while (step < STEPS - 1 &&
           (contour->up ? value < contour->edge[step] : value > contour->edge[step]))
        step++;
    return step;
}

static void nearest(const double *at, size_t n, const struct scale *scale, int size, bool is_row,
                    size_t *out)
{
    for (int k = 0; k < size; k++) {
        int least = INT32_MAX;
        for (size_t i = 0; i < n; i++) {
            const int there =
                is_row ? scale_row(scale, at[i], size) : scale_col(scale, at[i], size);
            if (abs(there - k) >= least) continue;
            least = abs(there - k);
            out[k] = i;
        }
    }
}

static enum role heat(int step)
{
    return (enum role)(ROLE_HEAT_0 + (STEPS - 1 - step));
}

static void draw_cells(struct plot_job *job, struct contour *contour)
{
    const struct dln_map *map = &contour->guess->map;
    const struct rect rect = contour->rect;
    size_t across[SIDE_MAX] = {0}, down[SIDE_MAX] = {0};
    nearest(map->across, map->n_across, &contour->x, rect.cols, false, across);
    nearest(map->down, map->n_down, &contour->y, rect.rows, true, down);
    for (int row = 0; row < rect.rows; row++) {
        for (int col = 0; col < rect.cols; col++) {
            const size_t cell = down[row] * map->n_across + across[col];
            if (!map->is_allowed[cell] || !isfinite(contour->shown[cell])) {
                cells_glyph(job->cells, rect.row + row, rect.col + col, GLYPH_TIMES, ROLE_GRID);
                continue;
            }
            const int step = step_of(contour, contour->shown[cell]);
            const bool is_doubtful = job->ask->map_show == PLOT_MAP_MEAN && (row + col) % 2 == 0 &&
                                     map->sd[cell] > contour->doubt;
            const int dark = step * SHADES / STEPS;
            if (is_doubtful) {
                cells_glyph(job->cells, rect.row + row, rect.col + col, GLYPH_PRUNED, heat(step));
            } else if (dark == SHADES - 1) {
                cells_put(job->cells, rect.row + row, rect.col + col, ' ', heat(step));
            } else {
                cells_glyph(job->cells, rect.row + row, rect.col + col, shade[dark], heat(step));
            }
        }
    }
}

/* So many trials that they would hide the map: the best share of them stands for all. */
static size_t dots_of(const struct plot_job *job, const struct contour *contour, size_t n)
{
    const size_t room = (size_t)contour->rect.rows * (size_t)contour->rect.cols / 4;
    const size_t best = plot_share_of(job, n);
    if (n <= room) return n;
    return best < room ? best : room;
}

/* In the colour of the cell that they stand on. */
static void draw_trials(struct plot_job *job, const struct contour *contour, const size_t *order,
                        size_t n, size_t n_dots)
{
    const struct model *model = job->study->model;
    const double *x = model->x[job->ask->param], *y = model->x[job->ask->other_param];
    const struct rect rect = contour->rect;
    for (size_t k = n; k > 0; k--) {
        const size_t at = order[k - 1];
        const int row = rect.row + scale_row(&contour->y, y[at], rect.rows);
        const int col = rect.col + scale_col(&contour->x, x[at], rect.cols);
        const struct cell *cell =
            &job->cells->cell[(size_t)row * (size_t)job->cells->cols + (size_t)col];
        const enum role role = cell->role == ROLE_TEXT ? ROLE_POINT : (enum role)cell->role;
        plot_spot_add(job, row, col, at, x[at], y[at]);
        if (k > n_dots) continue;
        if (job->cells->level == GLYPHS_ASCII) {
            cells_put(job->cells, row, col, 'o', role);
        } else {
            cells_glyph(job->cells, row, col, GLYPH_DOT, role);
        }
        if (k == 1) cells_glyph(job->cells, row, col, GLYPH_BEST, ROLE_BEST);
    }
}

static void draw_legend(struct plot_job *job, const struct contour *contour, struct rect rect)
{
    char value[FORMAT_MAX];
    for (int i = 0; i < SHADES && i * 2 < rect.rows - 3; i++) {
        const int row = rect.row + i * 2, step = i * STEPS / SHADES + 1;
        if (i == SHADES - 1) {
            (void)cells_text(job->cells, row, rect.col + 2, rect.cols - 2, ROLE_DIM,
                             contour->up ? "below" : "above");
            break;
        }
        cells_glyph(job->cells, row, rect.col, shade[i], heat(step));
        if (job->ask->map_show == PLOT_MAP_CHANCE) {
            (void)snprintf(value, sizeof value, "%.2g %%", 100 * contour->edge[step]);
        } else {
            (void)snprintf(value, sizeof value, "%.3g", contour->edge[step]);
        }
        (void)cells_textf(job->cells, row, rect.col + 2, rect.cols - 2, ROLE_DIM, "%s %s",
                          contour->up ? ">" : "<", value);
    }
    const int last = rect.row + rect.rows - 1;
    cells_glyph(job->cells, last - 1, rect.col, GLYPH_BEST, ROLE_BEST);
    (void)cells_text(job->cells, last - 1, rect.col + 2, rect.cols - 2, ROLE_DIM, "best");
    if (job->cells->level == GLYPHS_ASCII) {
        cells_put(job->cells, last, rect.col, 'o', ROLE_POINT);
    } else {
        cells_glyph(job->cells, last, rect.col, GLYPH_DOT, ROLE_POINT);
    }
    (void)cells_text(job->cells, last, rect.col + 2, rect.cols - 2, ROLE_DIM, "trial");
}

/* As many digits as the doubt leaves two of. */
static char *with_doubt(char out[FORMAT_MAX], double x, double sd)
{
    enum { DECIMALS_MAX = 6 };
    const double decimals = sd > 0 ? 1 - floor(log10(sd)) : DECIMALS_MAX + 1;
    if (!(decimals <= DECIMALS_MAX) || fabs(x) >= 1e7) return format_detail(out, x);
    (void)snprintf(out, FORMAT_MAX, "%.*f", decimals > 0 ? (int)decimals : 0, x);
    return out;
}

void plot_map_point_text(const struct plot_study *study, size_t cell, char *out, size_t cap)
{
    const struct plot_guess *guess = study->guess;
    const struct dln_param *px = &study->space->params[guess->param];
    const struct dln_param *py = &study->space->params[guess->other_param];
    char x[96], y[96], mean[FORMAT_MAX], sd[FORMAT_MAX], chance[48] = "";
    param_value_text(px, guess->map.across[cell % guess->map.n_across], x, sizeof x);
    param_value_text(py, guess->map.down[cell / guess->map.n_across], y, sizeof y);
    if (!guess->map.is_allowed[cell]) {
        (void)snprintf(out, cap, "%s %s  %s %s: a constraint excludes it", px->name, x, py->name,
                       y);
        return;
    }
    if (guess->chance) {
        const double percent = 100 * guess->chance[cell];
        (void)snprintf(chance, sizeof chance,
                       percent < 1    ? ", beats the best: below 1 %%"
                       : percent > 99 ? ", beats the best: above 99 %%"
                                      : ", beats the best: %.0f %%",
                       percent);
    }
    (void)snprintf(out, cap, "%s %s  %s %s: %s ± %s%s", px->name, x, py->name, y,
                   with_doubt(mean, guess->map.mean[cell], guess->map.sd[cell]),
                   with_doubt(sd, guess->map.sd[cell], guess->map.sd[cell]), chance);
}

static void say(struct plot_job *job, const struct contour *contour)
{
    const struct plot_guess *guess = contour->guess;
    const struct model *model = job->study->model;
    char text[PLOT_LINE_MAX - 40], doubt[FORMAT_MAX], base[48] = "at the defaults";
    const bool maximize = job->study->maximize[job->ask->goal];
    const size_t best = plot_guess_best(guess, maximize);
    if (best != SIZE_MAX) {
        plot_map_point_text(job->study, best, text, sizeof text);
        plot_say(job, "%s predicted: %s.", maximize ? "Highest" : "Lowest", text);
    }
    if (guess->base_number >= 0) {
        (void)snprintf(base, sizeof base, "as in #%" PRId64, guess->base_number);
    }
    (void)snprintf(text, sizeof text, "%s", "");
    if (job->ask->map_show == PLOT_MAP_MEAN) {
        (void)snprintf(text, sizeof text, "; hatched where sd > %s",
                       with_doubt(doubt, contour->doubt, contour->doubt));
    }
    static const char *const what[] = {"mean", "sd", "chance to beat the best"};
    plot_say(job, "x %s, y %s: the model's %s%s%s%s%s.", contour->px->name, contour->py->name,
             what[job->ask->map_show], model->d > 2 ? ", others " : "", model->d > 2 ? base : "",
             text, contour->guess->r2 < 0.3 ? "; it explains little: a guess" : "");
}

static void draw_map(struct plot_job *job, const size_t *order, size_t n)
{
    const struct plot_guess *guess = job->study->guess;
    struct contour contour = {.guess = guess,
                              .px = &job->study->space->params[job->ask->param],
                              .py = &job->study->space->params[job->ask->other_param]};
    contour.up = job->ask->map_show == PLOT_MAP_MEAN ? job->study->maximize[job->ask->goal] : true;
    contour.shown = job->ask->map_show == PLOT_MAP_MEAN ? guess->map.mean
                    : job->ask->map_show == PLOT_MAP_SD ? guess->map.sd
                                                        : guess->chance;
    if (!contour.shown || !find_edges(&contour)) {
        plot_empty(job->cells, job->rect,
                   contour.shown ? "The model allows no point of this picture."
                                 : "There is no best trial yet to improve on.");
        return;
    }
    const struct rect rect = job->rect;
    contour.x = param_scale(contour.px);
    contour.y = param_scale(contour.py);
    const int labels = param_axis_width(contour.py, &contour.y, rect.rows - 1) + 1;
    const int legend = rect.cols >= 60 ? LEGEND_COLS + 2 : 0;
    contour.rect = (struct rect){rect.row, rect.col + labels + 1, rect.rows - 1,
                                 rect.cols - labels - 1 - legend};
    if (contour.rect.cols > SIDE_MAX) contour.rect.cols = SIDE_MAX;
    if (contour.rect.rows > SIDE_MAX) contour.rect.rows = SIDE_MAX;
    param_axis_left(job->cells, contour.rect, rect.col, labels, contour.py, &contour.y);
    param_axis_bottom(job->cells, contour.rect, contour.px, &contour.x);
    draw_cells(job, &contour);
    const size_t n_dots = dots_of(job, &contour, n);
    draw_trials(job, &contour, order, n, n_dots);
    if (legend) {
        draw_legend(job, &contour,
                    (struct rect){contour.rect.row, contour.rect.col + contour.rect.cols + 2,
                                  contour.rect.rows, LEGEND_COLS});
    }
    job->out->has_map = true;
    job->out->map_rect = contour.rect;
    job->out->map_x = contour.x;
    job->out->map_y = contour.y;
    say(job, &contour);
    if (n_dots < n) plot_say(job, "Dots: the best %zu trials.", n_dots);
}

static void draw(struct plot_job *job)
{
    const struct model *model = job->study->model;
    struct plot_values values;
    if (job->ask->param == job->ask->other_param) {
        plot_empty(job->cells, job->rect, "Needs 2 parameters.");
        return;
    }
    if (job->rect.rows < PLOT_MIN_ROWS || job->rect.cols < PLOT_MIN_COLS) {
        plot_empty(job->cells, job->rect, "Too small for this plot.");
        return;
    }
    if (!job->study->guess || job->study->guess->map.n_across == 0) {
        char text[PLOT_LINE_MAX];
        const char *why = job->study->guess ? job->study->guess->why_not : job->study->guess_why;
        (void)snprintf(text, sizeof text, "No model: %.250s", why ? why : "it was not asked for");
        plot_empty(job->cells, job->rect,
                   job->study->is_guessing ? "Learning from the trials …" : text);
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
    if (order) {
        draw_map(job, order, values.n_shown);
        plot_say_left_out(job, &values, 0);
    } else {
        job->out->no_memory = true;
    }
    free(order);
    plot_values_release(&values);
}

const struct plot_kind plot_kind_contour = {
    .name = "contour",
    .title = "what the model says over two parameters",
    .uses = PLOT_USES_GOAL | PLOT_USES_PARAM | PLOT_USES_OTHER_PARAM | PLOT_USES_GUESS,
    .draw = draw,
};
