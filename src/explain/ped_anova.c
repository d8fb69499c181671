/*
 * PED-ANOVA: how different a parameter's density is among the best tenth of the trials from its
 * density among all of them, as Pearson divergence.
 * Watanabe, Bansal, Hutter, "PED-ANOVA: efficiently quantifying hyperparameter importance in
 * arbitrary subspaces" (IJCAI 2023). A conditional parameter counts by regimes, here active and
 * inactive: "Conditional PED-ANOVA" (arXiv 2601.20800), theorem 4.2. Numbers equal those of Optuna
 * 5.0 (optuna/importance/_ped_anova).
 *
 *   top        trials as good as the ⌈n/10⌉-th best one
 *   cells      a parameter on at most 50 cells; a choice on its own
 *   density    discrete truncated normals of one width (Scott's rule) and a broad prior kernel
 *   raw        Σ over cells of p_all · (p_top / p_all − 1)²
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "explain/method.h"
#include "math/normal.h"

enum { CELLS_MAX = 50 };

static const double top_share = 0.1;
static const double floor_density = 1e-12;

struct counts { /* of trials in each cell */
    size_t n_cells;
    const struct dln_param *param;
    size_t total;
    double *in; /* n_cells */
};

static bool is_choice(const struct dln_param *param)
{
    return param->n_choices > 0;
}

static size_t count_cells(const struct dln_param *param)
{
    if (is_choice(param)) return param->n_choices;
    if (param->kind == DLN_PARAM_INT && param->log) {
        const double cells = ceil(log(param->high - param->low + 1) / log(2)) + 1;
        return cells < CELLS_MAX ? (size_t)cells : CELLS_MAX;
    }
    if (param->step > 0) {
        const double cells = nearbyint((param->high - param->low) / param->step) + 1;
        return cells < CELLS_MAX ? (size_t)cells : CELLS_MAX;
    }
    return CELLS_MAX;
}

/* Ties between two cells go to the lower one. */
static size_t cell_of(const struct counts *counts, double x)
{
    const struct dln_param *param = counts->param;
    const double last = (double)(counts->n_cells - 1);
    double place = x;
    if (!is_choice(param)) {
        const double low = param->log ? log(param->low) : param->low;
        const double high = param->log ? log(param->high) : param->high;
        const double at = param->log ? (x > 0 ? log(x) : low) : x;
        place = ceil((at - low) / ((high - low) / last) - 0.5);
    }
    if (!(place > 0)) return 0;
    return place < last ? (size_t)place : counts->n_cells - 1;
}

/* ── one density on the cells ──────────────────────────────────────────────────────────────────*/

/* Scott's rule on weighted cells, in units of a cell. */
static double bandwidth(const struct counts *counts)
{
    const double total = (double)counts->total;
    double mean = 0, spread = 0;
    for (size_t i = 0; i < counts->n_cells; i++)
        mean += (double)i * counts->in[i];
    mean /= total;
    for (size_t i = 0; i < counts->n_cells; i++) {
        spread += ((double)i - mean) * ((double)i - mean) * counts->in[i];
    }
    const double sd = sqrt(spread / fmax(1, total - 1));
    const double quarter = floor(total / 4);
    const double three = floor(total * 3 / 4);
    double sum = 0, q1 = NAN, q3 = NAN, last = 0;
    for (size_t i = 0; i < counts->n_cells; i++) {
        if (counts->in[i] == 0) continue;
        sum += counts->in[i];
        last = (double)i;
        if (isnan(q1) && sum >= quarter) q1 = (double)i;
        if (isnan(q3) && sum > three) q3 = (double)i;
    }
    const double iqr = (isnan(q3) ? last : q3) - q1;
    const double width = 1.059 * fmin(iqr / 1.34, sd) * pow(total, -0.2);
    return fmax(width, 0.5 / 1.64); /* nine tenths of a kernel in its own cell at the least */
}

static double kernel_mass(double mu, double sigma, double cell, double last)
{
    const double inside = dln_normal_log_mass((cell - 0.5 - mu) / sigma, (cell + 0.5 - mu) / sigma);
    const double whole = dln_normal_log_mass((-0.5 - mu) / sigma, (last + 0.5 - mu) / sigma);
    return exp(inside - whole);
}

static void number_density(const struct counts *counts, double *density)
{
    const double last = (double)(counts->n_cells - 1);
    const double all = (double)counts->total + 1; /* the prior has the weight of one trial */
    const double sigma = bandwidth(counts);
    for (size_t i = 0; i < counts->n_cells; i++)
        density[i] = kernel_mass(last / 2, last + 1, (double)i, last) / all;
    for (size_t k = 0; k < counts->n_cells; k++) {
        if (counts->in[k] == 0) continue;
        for (size_t i = 0; i < counts->n_cells; i++) {
            density[i] += counts->in[k] / all * kernel_mass((double)k, sigma, (double)i, last);
        }
    }
}

static void choice_density(const struct counts *counts, double *density)
{
    const double all = (double)counts->total + 1;
    const double k = (double)counts->n_cells;
    double kernels = 1; /* of the prior, and of each choice that was tried */
    for (size_t i = 0; i < counts->n_cells; i++)
        kernels += counts->in[i] > 0;
    const double other = 1 / kernels;
    const double row = 1 + k * other;
    for (size_t i = 0; i < counts->n_cells; i++) {
        density[i] = 1 / k / all;
        density[i] += counts->in[i] / all * (1 + other) / row;
        density[i] += ((double)counts->total - counts->in[i]) / all * other / row;
    }
}

static void density_of(const struct counts *counts, double *density)
{
    if (is_choice(counts->param)) {
        choice_density(counts, density);
    } else {
        number_density(counts, density);
    }
    for (size_t i = 0; i < counts->n_cells; i++)
        density[i] += floor_density;
}

/* ── one parameter ─────────────────────────────────────────────────────────────────────────────*/

static void add(struct counts *counts, double x)
{
    counts->in[cell_of(counts, x)]++;
    counts->total++;
}

static bool divergence(const struct dln_evidence *evidence, size_t j, const bool *is_top,
                       size_t n_top, struct dln_arena *arena, double *out)
{
    const struct dln_param *param = &evidence->space->params[j];
    *out = 0;
    if (dln_param_is_single(param)) return true;
    struct counts all = {.param = param, .n_cells = count_cells(param)};
    if (all.n_cells < 2) return true;
    struct counts top = all;
    all.in = DLN_ARENA_ARRAY(arena, double, all.n_cells);
    top.in = DLN_ARENA_ARRAY(arena, double, all.n_cells);
    double *p_all = DLN_ARENA_ARRAY(arena, double, all.n_cells);
    double *p_top = DLN_ARENA_ARRAY(arena, double, all.n_cells);
    if (!all.in || !top.in || !p_all || !p_top) return false;
    for (size_t i = 0; i < evidence->n; i++) {
        const double x = evidence->x[i][j];
        if (isnan(x)) continue;
        add(&all, x);
        if (is_top[i]) add(&top, x);
    }
    if (all.total < 2 || top.total == 0) return true; /* too few in the active regime */
    density_of(&all, p_all);
    density_of(&top, p_top);
    double sum = 0;
    for (size_t i = 0; i < all.n_cells; i++) {
        const double ratio = p_top[i] / p_all[i] - 1;
        sum += p_all[i] * ratio * ratio;
    }
    const double top_active = (double)top.total / (double)n_top;
    const double all_active = (double)all.total / (double)evidence->n;
    *out = sum * top_active * top_active / all_active;
    return true;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

bool dln_ped_anova(const struct dln_evidence *evidence, struct dln_arena *arena, double *raw)
{
    const size_t n = evidence->n;
    double *sorted = DLN_ARENA_ARRAY(arena, double, n);
    bool *is_top = DLN_ARENA_ARRAY(arena, bool, n);
    if (!sorted || !is_top) return false;
    memcpy(sorted, evidence->loss, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, ascending);
    const double limit = sorted[(size_t)ceil(top_share * (double)n) - 1];
    size_t n_top = 0;
    for (size_t i = 0; i < n; i++) {
        is_top[i] = evidence->loss[i] <= limit;
        n_top += is_top[i];
    }
    const double quantile = (double)n_top / (double)n;
    for (size_t j = 0; j < evidence->space->n; j++) {
        if (!divergence(evidence, j, is_top, n_top, arena, &raw[j])) return false;
        raw[j] *= quantile * quantile;
    }
    return true;
}
