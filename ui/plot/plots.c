#include "plot/plots.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"
#include "plot/plot.h"
#include "widget/dialog.h"

const struct plot_kind *const *plots(size_t *n)
{
    static const struct plot_kind *const all[] = {
        &plot_kind_history,  &plot_kind_curves,   &plot_kind_importance, &plot_kind_slice,
        &plot_kind_contour,  &plot_kind_parallel, &plot_kind_pareto,     &plot_kind_edf,
        &plot_kind_timeline, &plot_kind_rank,
    };
    *n = sizeof all / sizeof all[0];
    return all;
}

const struct plot_kind *plot_find(const char *name)
{
    size_t n;
    const struct plot_kind *const *all = plots(&n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i]->name, name) == 0) return all[i];
    }
    return NULL;
}

/* ── one plot ──────────────────────────────────────────────────────────────────────────────────*/

static size_t in_range(size_t index, size_t n)
{
    return index < n ? index : 0;
}

void plot_draw(const struct plot_kind *kind, struct cells *cells, struct rect rect,
               const struct plot_study *study, const struct plot_ask *ask, struct plot_result *out)
{
    out->n_spots = 0;
    out->n_lines = 0;
    out->no_memory = false;
    out->has_map = false;
    out->x_name[0] = out->y_name[0] = '\0';
    const struct model *model = study->model;
    struct plot_ask settled = *ask;
    settled.goal = in_range(ask->goal, model->m);
    settled.other_goal = in_range(ask->other_goal, model->m);
    settled.param = in_range(ask->param, model->d);
    settled.other_param = in_range(ask->other_param, model->d);
    if (settled.share <= 0) settled.share = PLOT_SHARE_TOP;
    int lines = rect.rows / 4;
    lines = lines < 0 ? 0 : lines > PLOT_LINES_MAX ? PLOT_LINES_MAX : lines;
    struct plot_job job = {
        .cells = cells, .rect = rect, .study = study, .ask = &settled, .out = out};
    job.rect.rows -= lines;
    if (model->m == 0) {
        plot_empty(cells, job.rect, "This study has no objective: there is nothing to plot.");
    } else if ((kind->uses & (PLOT_USES_PARAM | PLOT_USES_OTHER_PARAM | PLOT_USES_SPACE)) &&
               model->d == 0) {
        plot_empty(cells, job.rect, "This study has no parameter.");
    } else {
        kind->draw(&job);
    }
    if (out->no_memory) plot_empty(cells, job.rect, "Out of memory: this plot is not whole.");
    struct rect below = {job.rect.row + job.rect.rows, rect.col + 1, lines, rect.cols - 2};
    for (int i = 0; i < out->n_lines && below.rows > 0; i++) {
        const int used = wrap_draw(cells, below, ROLE_TEXT, out->line[i], 0);
        below.row += used;
        below.rows -= used;
    }
}

void plot_result_release(struct plot_result *result)
{
    if (!result) return;
    free(result->spots);
    *result = (struct plot_result){0};
}

void plot_say(struct plot_job *job, const char *format, ...)
{
    if (job->out->n_lines == PLOT_LINES_MAX) return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(job->out->line[job->out->n_lines++], PLOT_LINE_MAX, format, args);
    va_end(args);
}

void plot_names(struct plot_job *job, const char *x, const char *y)
{
    (void)snprintf(job->out->x_name, sizeof job->out->x_name, "%s", x);
    (void)snprintf(job->out->y_name, sizeof job->out->y_name, "%s", y);
}

void plot_spot_add(struct plot_job *job, int row, int col, size_t trial, double x, double y)
{
    struct plot_result *out = job->out;
    if (out->n_spots == out->cap_spots) {
        const size_t cap = out->cap_spots ? 2 * out->cap_spots : 256;
        struct plot_spot *moved = realloc(out->spots, cap * sizeof *moved);
        if (!moved) {
            out->no_memory = true;
            return;
        }
        out->spots = moved;
        out->cap_spots = cap;
    }
    out->spots[out->n_spots++] =
        (struct plot_spot){.row = row, .col = col, .trial = trial, .x = x, .y = y};
    if (col < 0 || job->study->model->number[trial] != job->ask->selected) return;
    cells_base(job->cells, (struct rect){row, col, 1, 1}, ROLE_CURSOR);
    cells_flag(job->cells, (struct rect){row, col, 1, 1}, CELL_REVERSE);
}

size_t plot_neighbour(const struct plot_result *result, size_t trial, int d_row, int d_col)
{
    const struct plot_spot *from = NULL;
    for (size_t i = 0; i < result->n_spots && !from; i++) {
        if (result->spots[i].trial == trial && result->spots[i].col >= 0) from = &result->spots[i];
    }
    size_t best = SIZE_MAX;
    double least = HUGE_VAL;
    for (size_t i = 0; i < result->n_spots; i++) {
        const struct plot_spot *to = &result->spots[i];
        if (to->col < 0) continue;
        if (!from) return to->trial; /* from nowhere: the first */
        /* A cell is twice as high as wide; what lies aside counts threefold. */
        const double down = 2.0 * (to->row - from->row);
        const double right = to->col - from->col;
        const double ahead = d_row * down + d_col * right;
        const double aside = fabs(d_row ? right : down);
        if (ahead <= 0 || to->trial == trial) continue;
        const double distance = ahead + 3 * aside;
        if (distance >= least) continue;
        least = distance;
        best = to->trial;
    }
    return best;
}

static void map_csv(const struct plot_result *result, const struct plot_guess *guess,
                    struct dln_strbuf *out)
{
    const struct dln_map *map = &guess->map;
    dln_strbuf_addf(out, "%s,%s,mean,sd,chance\n", result->x_name, result->y_name);
    for (size_t i = 0; i < map->n_across * map->n_down; i++) {
        if (!map->is_allowed[i]) continue;
        dln_strbuf_addf(out, "%.17g,%.17g,%.17g,%.17g,", map->across[i % map->n_across],
                        map->down[i / map->n_across], map->mean[i], map->sd[i]);
        if (guess->chance) dln_strbuf_addf(out, "%.17g", guess->chance[i]);
        dln_strbuf_add(out, "\n");
    }
}

void plot_csv(const struct plot_result *result, const struct plot_study *study,
              struct dln_strbuf *out)
{
    if (result->has_map) {
        map_csv(result, study->guess, out);
        return;
    }
    dln_strbuf_addf(out, "trial,state,%s,%s\n", result->x_name, result->y_name);
    for (size_t i = 0; i < result->n_spots; i++) {
        const struct plot_spot *spot = &result->spots[i];
        dln_strbuf_addf(out, "%" PRId64 ",%s,%.17g,%.17g\n", study->model->number[spot->trial],
                        dln_trial_state_word(study->model->state[spot->trial]), spot->x, spot->y);
    }
}

static void json_numbers(struct dln_json_writer *w, const char *key, const double *x, size_t n)
{
    dln_json_key(w, key);
    dln_json_array(w);
    for (size_t i = 0; i < n; i++)
        dln_json_double(w, x[i]);
    dln_json_end_array(w);
}

/* A matrix is an array of its rows, the first at the lowest value of y. */
static void json_map(struct dln_json_writer *w, const char *key, const struct dln_map *map,
                     const double *cells)
{
    dln_json_key(w, key);
    dln_json_array(w);
    for (size_t row = 0; row < map->n_down; row++) {
        dln_json_array(w);
        for (size_t i = row * map->n_across; i < (row + 1) * map->n_across; i++)
            dln_json_double(w, map->is_allowed[i] ? cells[i] : (double)NAN);
        dln_json_end_array(w);
    }
    dln_json_end_array(w);
}

static void json_guess(struct dln_json_writer *w, const struct plot_guess *guess, bool is_map)
{
    dln_json_key(w, "model");
    dln_json_object(w);
    dln_json_key(w, "trials");
    dln_json_int(w, (int64_t)guess->n_learned);
    dln_json_key(w, "r2");
    dln_json_double(w, guess->r2);
    if (is_map) {
        const struct dln_map *map = &guess->map;
        dln_json_key(w, "others_as_in");
        dln_json_int(w, guess->base_number);
        json_numbers(w, "x", map->across, map->n_across);
        json_numbers(w, "y", map->down, map->n_down);
        json_map(w, "mean", map, map->mean);
        json_map(w, "sd", map, map->sd);
        if (guess->chance) json_map(w, "chance", map, guess->chance);
    } else {
        json_numbers(w, "x", guess->at, guess->n_curve);
        json_numbers(w, "mean", guess->mean, guess->n_curve);
        json_numbers(w, "sd", guess->sd, guess->n_curve);
    }
    dln_json_end_object(w);
}

void plot_json(const struct plot_kind *kind, const struct plot_result *result,
               const struct plot_study *study, struct dln_strbuf *out)
{
    struct dln_json_writer w = {.out = out};
    const struct {
        const char *key, *text;
    } heads[] = {
        {"plot", kind->name}, {"study", study->name}, {"x", result->x_name}, {"y", result->y_name}};
    dln_json_object(&w);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        dln_json_key(&w, heads[i].key);
        dln_json_string(&w, heads[i].text);
    }
    dln_json_key(&w, "points");
    dln_json_array(&w);
    for (size_t i = 0; i < result->n_spots; i++) {
        const struct plot_spot *spot = &result->spots[i];
        dln_json_object(&w);
        dln_json_key(&w, "trial");
        dln_json_int(&w, study->model->number[spot->trial]);
        dln_json_key(&w, "state");
        dln_json_string(&w, dln_trial_state_word(study->model->state[spot->trial]));
        dln_json_key(&w, "x");
        dln_json_double(&w, spot->x);
        dln_json_key(&w, "y");
        dln_json_double(&w, spot->y);
        dln_json_end_object(&w);
    }
    dln_json_end_array(&w);
    if ((kind->uses & PLOT_USES_GUESS) && study->guess && study->guess->n_curve > 0) {
        json_guess(&w, study->guess, result->has_map);
    }
    dln_json_key(&w, "sentences");
    dln_json_array(&w);
    for (int i = 0; i < result->n_lines; i++)
        dln_json_string(&w, result->line[i]);
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    dln_strbuf_add(out, "\n");
}

/* ── values ────────────────────────────────────────────────────────────────────────────────────*/

bool plot_values_init(struct plot_values *values, struct plot_job *job, size_t goal)
{
    const struct model *model = job->study->model;
    *values = (struct plot_values){.n = model->n};
    values->value = malloc((model->n ? model->n : 1) * sizeof *values->value);
    if (!values->value) {
        job->out->no_memory = true;
        return false;
    }
    for (size_t i = 0; i < model->n; i++) {
        values->value[i] = NAN;
        if (job->study->hidden && job->study->hidden[i]) continue;
        const bool is_pruned = model->state[i] == DLN_TRIAL_PRUNED;
        if (is_pruned && !job->ask->show_pruned) {
            values->n_pruned++;
            continue;
        }
        if (!is_pruned && model->state[i] != DLN_TRIAL_COMPLETE) continue;
        const double value = model_shown_value(model, i, goal);
        if (!isfinite(value)) {
            values->n_not_finite++;
            continue;
        }
        values->value[i] = value;
        values->n_shown++;
    }
    return true;
}

void plot_values_release(struct plot_values *values)
{
    free(values->value);
    *values = (struct plot_values){0};
}

struct ranked {
    double value; /* smaller is better */
    size_t row;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

size_t *plot_best_first(const struct plot_values *values, bool maximize)
{
    struct ranked *ranked = malloc((values->n_shown + 1) * sizeof *ranked);
    size_t *rows = malloc((values->n_shown + 1) * sizeof *rows);
    if (ranked && rows) {
        size_t n = 0;
        for (size_t i = 0; i < values->n; i++) {
            if (isnan(values->value[i])) continue;
            ranked[n++] = (struct ranked){maximize ? -values->value[i] : values->value[i], i};
        }
        qsort(ranked, n, sizeof *ranked, by_value);
        for (size_t i = 0; i < n; i++)
            rows[i] = ranked[i].row;
    } else {
        free(rows);
        rows = NULL;
    }
    free(ranked);
    return rows;
}

size_t plot_share_of(const struct plot_job *job, size_t n)
{
    const size_t k = (n * (size_t)job->ask->share + 99) / 100;
    return k == 0 && n > 0 ? 1 : k;
}

void plot_say_left_out(struct plot_job *job, const struct plot_values *values, size_t n_clipped)
{
    char text[PLOT_LINE_MAX] = "";
    size_t len = 0;
    const struct {
        size_t n;
        const char *what;
    } parts[] = {
        {values->n_pruned, "pruned left out"},
        {values->n_not_finite, "not finite"},
        {n_clipped, "beyond the edge"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].n == 0 || len + 40 > sizeof text) continue;
        len +=
            (size_t)snprintf(text + len, sizeof text - len, ", %zu %s", parts[i].n, parts[i].what);
    }
    plot_say(job, "%zu trial%s%s.", values->n_shown, values->n_shown == 1 ? "" : "s", text);
}
