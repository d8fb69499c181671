/*
 * Which parameters the objective depends on: what the best tenth of the trials has in common
 * (PED-ANOVA, Watanabe et al. 2023), a bar each, with the range of its share when each fifth of the
 * trials is left out.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "dialin/explain.h"
#include "format.h"
#include "plot/param_axis.h"
#include "plot/plot.h"
#include "plot/plots.h"

enum { TRIALS_MIN = 10, TRIALS_MAX = 5000, NAME_COLS_MAX = 16, SHARE_COLS = 16 };

static int by_share(const void *a, const void *b)
{
    const struct dln_importance *x = a;
    const struct dln_importance *y = b;
    if (x->share != y->share) return x->share < y->share ? 1 : -1;
    return (x->param > y->param) - (x->param < y->param);
}

/*
 * The trials as the library takes them, in the order of their numbers; of very many each second, or
 * third …: a share needs no more, and a key waits for the picture.
 */
static bool gather(const struct plot_job *job, const struct plot_values *values,
                   struct dln_arena *arena, struct dln_evidence *out)
{
    const struct model *model = job->study->model;
    const bool maximize = job->study->maximize[job->ask->goal];
    const size_t stride = (values->n_shown + TRIALS_MAX - 1) / TRIALS_MAX;
    const size_t cap = values->n_shown / stride + 2;
    const double **x = DLN_ARENA_ARRAY(arena, const double *, cap);
    double *loss = DLN_ARENA_ARRAY(arena, double, cap);
    double *points = DLN_ARENA_ARRAY(arena, double, cap * model->d);
    if (!x || !loss || !points) return false;
    size_t n = 0, n_seen = 0;
    for (size_t i = 0; i < values->n && n < cap; i++) {
        if (isnan(values->value[i]) || n_seen++ % stride != 0) continue;
        double *point = points + n * model->d;
        for (size_t p = 0; p < model->d; p++)
            point[p] = model->x[p][i];
        x[n] = point;
        loss[n++] = maximize ? -values->value[i] : values->value[i];
    }
    *out = (struct dln_evidence){.space = job->study->space, .n = n, .x = x, .loss = loss};
    return true;
}

/* "61 %  35 … 92" in SHARE_COLS columns from col. */
static void draw_share(struct plot_job *job, int row, int col, const struct dln_importance *entry)
{
    (void)cells_textf(job->cells, row, col, SHARE_COLS, ROLE_TEXT, "%3.0f %%", 100 * entry->share);
    (void)cells_textf(job->cells, row, col + 7, SHARE_COLS - 7, ROLE_DIM, "%.0f … %.0f",
                      100 * entry->low, 100 * entry->high);
}

static void draw_bar(struct plot_job *job, int row, int col, int width, double share)
{
    const int eighths = (int)lround(share * width * 8);
    for (int i = 0; i < eighths / 8; i++)
        cells_glyph(job->cells, row, col + i, GLYPH_BAR, ROLE_PROGRESS);
    if (eighths % 8) {
        cells_put(job->cells, row, col + eighths / 8, glyph_bar(job->cells->level, eighths % 8),
                  ROLE_PROGRESS);
    }
}

static void draw_rows(struct plot_job *job, const struct dln_importance *list, size_t n)
{
    const struct rect rect = job->rect;
    int names = 0;
    for (size_t i = 0; i < n; i++) {
        const int len = cells_text_width(job->cells, job->study->space->params[list[i].param].name);
        if (len > names) names = len;
    }
    if (names > NAME_COLS_MAX) names = NAME_COLS_MAX;
    const int bar = rect.cols - names - SHARE_COLS - 4;
    const int step = (int)n * 2 <= rect.rows ? 2 : 1;
    for (size_t i = 0; i < n && (int)i * step < rect.rows; i++) {
        const int row = rect.row + (int)i * step;
        (void)cells_text(job->cells, row, rect.col + 1, names, ROLE_TEXT,
                         job->study->space->params[list[i].param].name);
        if (bar > 0) draw_bar(job, row, rect.col + names + 2, bar, list[i].share);
        draw_share(job, row, rect.col + rect.cols - SHARE_COLS, &list[i]);
    }
    if ((int)n * step > rect.rows) {
        plot_say(job, "%zu more find no room.", n - (size_t)(rect.rows / step));
    }
}

/* Leaving out a fifth of the trials may change the order of two neighbours. */
static bool is_unsteady(const struct dln_importance *list, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++) {
        if (list[i].share >= 0.1 && list[i].low < list[i + 1].high) return true;
    }
    return false;
}

static void weigh(struct plot_job *job, const struct plot_values *values)
{
    struct dln_arena arena = {0};
    struct dln_evidence evidence;
    struct dln_importance *list;
    struct dln_error err = {0};
    const size_t d = job->study->model->d;
    if (gather(job, values, &arena, &evidence) &&
        dln_importance(&evidence, DLN_IMPORTANCE_PED_ANOVA, &arena, &list, &err)) {
        qsort(list, d, sizeof *list, by_share);
        draw_rows(job, list, d);
        char of[32] = "";
        if (evidence.n < values->n_shown) (void)snprintf(of, sizeof of, " of %zu", values->n_shown);
        plot_say(job,
                 "What the best tenth has in common (PED-ANOVA, %zu%s trials); range: "
                 "with each fifth left out.%s",
                 evidence.n, of, is_unsteady(list, d) ? " More trials may change the order." : "");
    } else {
        job->out->no_memory = true;
    }
    dln_arena_release(&arena);
}

static void draw(struct plot_job *job)
{
    struct plot_values values;
    if (!plot_values_init(&values, job, job->ask->goal)) return;
    plot_names(job, "parameter", "share");
    if (values.n_shown < TRIALS_MIN) {
        char text[80];
        (void)snprintf(text, sizeof text, "Needs %d complete trials, has %zu.", TRIALS_MIN,
                       values.n_shown);
        plot_empty(job->cells, job->rect, text);
    } else {
        weigh(job, &values);
        plot_say_left_out(job, &values, 0);
    }
    plot_values_release(&values);
}

const struct plot_kind plot_kind_importance = {
    .name = "importance",
    .title = "which parameters the objective depends on",
    .uses = PLOT_USES_GOAL | PLOT_USES_SPACE,
    .draw = draw,
};
