#include "strategy/cma_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "strategy/memo.h"

/* ── layout ────────────────────────────────────────────────────────────────────────────────────*/

static bool is_axis(const struct dln_param *param)
{
    return dln_param_is_ordered(param) || param->n_choices <= 2;
}

bool dln_cma_layout_init(struct dln_cma_layout *layout, const struct dln_space *space,
                         struct dln_error *err)
{
    *layout = (struct dln_cma_layout){.space = space};
    layout->axes = calloc(space->n + 1, sizeof *layout->axes);
    if (!layout->axes) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    for (size_t i = 0; i < space->n; i++) {
        const struct dln_param *param = &space->params[i];
        if (!dln_param_is_single(param) && is_axis(param)) layout->axes[layout->n_axes++] = i;
    }
    layout->choices = layout->axes + layout->n_axes;
    for (size_t i = 0; i < space->n; i++) {
        const struct dln_param *param = &space->params[i];
        if (dln_param_is_single(param) || is_axis(param)) continue;
        layout->choices[layout->n_choices++] = i;
        layout->n_cells += param->n_choices;
    }
    return true;
}

void dln_cma_layout_release(struct dln_cma_layout *layout)
{
    free(layout->axes);
    *layout = (struct dln_cma_layout){0};
}

void dln_cma_layout_read(const struct dln_cma_layout *layout, const double *raw, const double *x,
                         double *point)
{
    for (size_t i = 0; i < layout->n_axes; i++)
        point[i] = raw[layout->axes[i]];
    for (size_t i = 0; i < layout->n_choices; i++) {
        const double k = x[layout->choices[i]];
        const double count = (double)layout->space->params[layout->choices[i]].n_choices;
        point[layout->n_axes + i] = k >= 0 && k < count ? k : (double)NAN;
    }
}

static const struct dln_param *axis_param(const struct dln_cma_layout *layout, size_t i)
{
    return &layout->space->params[layout->axes[i]];
}

static size_t choice_count(const struct dln_cma_layout *layout, size_t i)
{
    return layout->space->params[layout->choices[i]].n_choices;
}

/* ── life ──────────────────────────────────────────────────────────────────────────────────────*/

void dln_cma_model_release(struct dln_cma_model *model)
{
    dln_cma_release(&model->cma);
    free(model->table);
    *model = (struct dln_cma_model){0};
}

static bool reserve(struct dln_cma_model *model, const struct dln_cma_layout *layout,
                    struct dln_error *err)
{
    if (model->table) return true;
    model->table = calloc(layout->n_axes + layout->n_cells + 1, sizeof *model->table);
    return model->table || dln_fail(err, DLN_NOMEM, "out of memory for the distribution");
}

bool dln_cma_model_copy(struct dln_cma_model *to, const struct dln_cma_model *from,
                        const struct dln_cma_layout *layout, struct dln_error *err)
{
    if (!reserve(to, layout, err)) return false;
    if (layout->n_axes > 0 && !dln_cma_copy(&to->cma, &from->cma, err)) return false;
    const size_t size = layout->n_axes + layout->n_cells;
    if (size > 0) memcpy(to->table, from->table, size * sizeof *to->table);
    const struct dln_cma cma = to->cma;
    double *table = to->table;
    *to = *from;
    to->cma = cma;
    to->table = table;
    return true;
}

/* ── runs ──────────────────────────────────────────────────────────────────────────────────────*/

/* A run from here on: the mean is a point, all choices are equally likely. */
static bool begin_run(struct dln_cma_model *model, const struct dln_cma_layout *layout,
                      const double *mean, double sigma, struct dln_error *err)
{
    if (layout->n_axes > 0 &&
        !dln_cma_init(&model->cma, layout->n_axes, model->lambda, mean, sigma, err)) {
        return false;
    }
    for (size_t i = 0; i < layout->n_axes; i++)
        model->table[i] = 1;
    double *q = model->table + layout->n_axes;
    for (size_t i = 0; i < layout->n_choices; i++) {
        const size_t count = choice_count(layout, i);
        for (size_t k = 0; k < count; k++)
            *q++ = 1 / (double)count;
    }
    model->run_start = model->flat_start = model->improved = model->generation;
    model->flat_best = (double)NAN;
    model->median = (struct dln_rank){.class = DLN_RANK_FAILED, .first = HUGE_VAL};
    return true;
}

/* How often each choice is among good points, with every value seen once beforehand. */
static void count_choices(struct dln_cma_model *model, const struct dln_cma_layout *layout,
                          size_t n, const double *points)
{
    const size_t width = layout->n_axes + layout->n_choices;
    double *q = model->table + layout->n_axes;
    for (size_t i = 0; i < layout->n_choices; i++) {
        const size_t count = choice_count(layout, i);
        double sum = (double)count;
        for (size_t k = 0; k < count; k++)
            q[k] = 1;
        for (size_t j = 0; j < n; j++) {
            const double k = points[j * width + layout->n_axes + i];
            if (isnan(k)) continue;
            q[(size_t)k]++;
            sum++;
        }
        for (size_t k = 0; k < count; k++)
            q[k] /= sum;
        q += count;
    }
}

/* The normal distribution of good points; a coordinate that a point has not is the mean's. */
static bool warm_up(struct dln_cma_model *model, const struct dln_cma_layout *layout,
                    const double *mean, size_t n, const double *points, struct dln_error *err)
{
    const size_t d = layout->n_axes;
    const size_t width = d + layout->n_choices;
    if (d == 0) return true;
    double *rows = calloc(n, d * sizeof *rows);
    double *c = calloc(3 * d + 2, d * sizeof *c);
    bool ok = rows && c;
    if (!ok) dln_fail(err, DLN_NOMEM, "out of memory for the distribution");
    double *middle = c ? c + 3 * d * d + d : NULL;
    for (size_t j = 0; ok && j < n; j++) {
        for (size_t i = 0; i < d; i++) {
            const double u = points[j * width + i];
            rows[j * d + i] = isnan(u) ? mean[i] : u;
        }
    }
    double sigma = 0;
    /* alpha = 0.1: Nomura et al. (2021) */
    if (ok && dln_cma_warm_start(n, d, rows, 0.1, middle, &sigma, c, c + d * d)) {
        ok = dln_cma_init(&model->cma, d, model->lambda, middle, sigma, err) &&
             (dln_cma_set_covariance(&model->cma, sigma, c) ||
              dln_cma_init(&model->cma, d, model->lambda, middle, sigma, err));
    }
    free(rows);
    free(c);
    return ok;
}

bool dln_cma_model_start(struct dln_cma_model *model, const struct dln_cma_layout *layout,
                         const struct dln_cma_rules *rules, const double *mean, size_t n,
                         const double *points, struct dln_error *err)
{
    if (!reserve(model, layout, err)) return false;
    const size_t size = layout->n_axes + layout->n_choices;
    model->first_lambda = rules->lambda > 0 ? rules->lambda : dln_cma_lambda(size > 0 ? size : 1);
    if (model->first_lambda < DLN_CMA_LAMBDA_MIN) model->first_lambda = DLN_CMA_LAMBDA_MIN;
    model->lambda = model->first_lambda;
    model->generation = 0;
    model->runs = model->large_runs = model->spent[0] = model->spent[1] = 0;
    model->is_small = false;
    if (!begin_run(model, layout, mean, rules->sigma, err)) return false;
    if (n == 0) return true;
    count_choices(model, layout, n, points);
    return warm_up(model, layout, mean, n, points, err);
}

/*
 * IPOP doubles the population (Auger & Hansen 2005). BIPOP (Hansen 2009) does so too, and between
 * spends as many trials on small populations that begin with small steps.
 */
static bool restart(struct dln_cma_model *model, const struct dln_cma_layout *layout,
                    const struct dln_cma_rules *rules, struct dln_error *err)
{
    struct dln_rng rng;
    dln_rng_init_trial(&rng, rules->seed, model->generation, dln_hash_bytes("cma restart", 11));
    double *mean = malloc((layout->n_axes + 1) * sizeof *mean);
    if (!mean) return dln_fail(err, DLN_NOMEM, "out of memory for the distribution");
    for (size_t i = 0; i < layout->n_axes; i++)
        mean[i] = dln_rng_uniform(&rng);
    model->runs++;
    model->is_small = rules->restarts == DLN_CMA_BIPOP && model->spent[1] < model->spent[0];
    double sigma = rules->sigma;
    double growth;
    if (model->is_small) {
        const double u = dln_rng_uniform(&rng);
        growth = pow(pow(2, (double)model->large_runs), u * u);
        sigma *= pow(10, -2 * dln_rng_uniform(&rng));
    } else {
        if (model->large_runs < 6)
            model->large_runs++; /* 64 times the first population is enough */
        growth = pow(2, (double)model->large_runs);
    }
    model->lambda = (size_t)floor((double)model->first_lambda * growth);
    const bool ok = begin_run(model, layout, mean, sigma, err);
    free(mean);
    return ok;
}

/* ── update ────────────────────────────────────────────────────────────────────────────────────*/

static void keep_margins(struct dln_cma_model *model, const struct dln_cma_layout *layout)
{
    struct dln_cma *cma = &model->cma;
    const double alpha = 1 / ((double)layout->n_axes * (double)model->lambda); /* as the paper */
    for (size_t i = 0; i < layout->n_axes; i++) {
        const struct dln_param *param = axis_param(layout, i);
        if (dln_param_count(param) == 0) continue;
        const double x = dln_param_decode(param, fmin(1, fmax(0, cma->mean[i])));
        double low;
        double high;
        dln_param_cell(param, x, &low, &high);
        if (x == param->low) low = high;
        if (x == param->high) high = low;
        const double deviation = cma->sigma * sqrt(cma->c[cma->is_separable ? i : i * cma->d + i]);
        dln_cma_margin(alpha, low, high, deviation, &cma->mean[i], &model->table[i]);
    }
}

/* False without a code in err: the distribution is spoilt. */
static bool move_axes(struct dln_cma_model *model, const struct dln_cma_layout *layout, size_t n,
                      const struct dln_cma_row *rows, bool *is_sound, struct dln_error *err)
{
    struct dln_cma *cma = &model->cma;
    const size_t d = layout->n_axes;
    double *x = malloc(n * d * sizeof *x);
    if (!x) return dln_fail(err, DLN_NOMEM, "out of memory for the distribution");
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < d; i++)
            x[k * d + i] = isnan(rows[k].point[i]) ? cma->mean[i] : rows[k].point[i];
        if (rows[k].is_strange) dln_cma_shorten(cma, x + k * d);
    }
    const bool ok = n == cma->lambda || dln_cma_set_lambda(cma, n, err);
    *is_sound = ok && dln_cma_tell(cma, x);
    free(x);
    if (*is_sound) keep_margins(model, layout);
    return ok;
}

/*
 * Choices follow what the better half chose, by the same weights: q += rate · Σ w (chosen − q), and
 * none becomes unlikelier than in Hamano et al., "CatCMA" (2024). The rate is one of counting: the
 * trials that weigh, over those and the numbers to learn.
 */
static void move_choices(struct dln_cma_model *model, const struct dln_cma_layout *layout, size_t n,
                         const struct dln_cma_row *rows)
{
    const double best = log(((double)n + 1) / 2);
    double sum = 0;
    double squares = 0;
    for (size_t k = 0; k < n / 2; k++) {
        const double w = best - log((double)k + 1);
        sum += w;
        squares += w * w;
    }
    const double weigh = sum * sum / squares;
    const double learn = (double)(layout->n_cells - layout->n_choices);
    const double rate = weigh / (weigh + 2 + learn);
    double *q = model->table + layout->n_axes;
    for (size_t i = 0; i < layout->n_choices; i++) {
        const size_t count = choice_count(layout, i);
        const double least = (1 - pow(0.73, 1 / (double)layout->n_choices)) / ((double)count - 1);
        for (size_t k = 0; k < n / 2; k++) {
            const double chosen = rows[k].point[layout->n_axes + i];
            if (isnan(chosen)) continue;
            const double step = rate * (best - log((double)k + 1)) / sum;
            for (size_t c = 0; c < count; c++)
                q[c] += step * ((c == (size_t)chosen) - q[c]);
        }
        double total = 0;
        for (size_t c = 0; c < count; c++) {
            q[c] = fmax(q[c], least);
            total += q[c];
        }
        for (size_t c = 0; c < count; c++)
            q[c] /= total;
        q += count;
    }
}

/*
 * Whether the run should end: the distribution has collapsed, the best of a generation is the same
 * for long (as in CMA-ES's usual tests), or, which comes sooner where trials are dear, the median
 * of a generation has not improved for 10 + 3d.
 */
static bool has_ended(struct dln_cma_model *model, const struct dln_cma_layout *layout, size_t n,
                      const struct dln_cma_row *rows)
{
    const double d = (double)(layout->n_axes + layout->n_choices);
    const double best = rows[0].rank.class == DLN_RANK_FINE ? rows[0].rank.first : HUGE_VAL;
    if (!(fabs(best - model->flat_best) <= 1e-12)) {
        model->flat_best = best;
        model->flat_start = model->generation;
    }
    if (dln_rank_compare(&rows[n / 2].rank, &model->median) < 0) {
        model->median = rows[n / 2].rank;
        model->improved = model->generation;
    }
    const double flat = (double)(model->generation - model->flat_start);
    const double stuck = (double)(model->generation - model->improved);
    return flat > 10 + ceil(30 * d / (double)model->lambda) || stuck > 10 + 3 * d ||
           (layout->n_axes > 0 && dln_cma_has_ended(&model->cma));
}

bool dln_cma_model_update(struct dln_cma_model *model, const struct dln_cma_layout *layout,
                          const struct dln_cma_rules *rules, size_t n,
                          const struct dln_cma_row *rows, struct dln_error *err)
{
    bool is_sound = true;
    if (layout->n_axes > 0 && !move_axes(model, layout, n, rows, &is_sound, err)) return false;
    move_choices(model, layout, n, rows);
    model->spent[model->is_small] += n;
    model->generation++;
    const bool ended = has_ended(model, layout, n, rows);
    if (is_sound && (!ended || rules->restarts == DLN_CMA_NO_RESTART)) return true;
    return restart(model, layout, rules, err);
}

/* ── draws ─────────────────────────────────────────────────────────────────────────────────────*/

/* Outside the cube, where there are no cells to decode to. */
static bool is_outside(const struct dln_cma_layout *layout, size_t i, double u)
{
    return !(u >= 0 && u <= 1) && dln_param_count(axis_param(layout, i)) == 0;
}

static void draw_axes(const struct dln_cma_model *model, const struct dln_cma_layout *layout,
                      struct dln_rng *rng, double *z, double *raw, double *u)
{
    const struct dln_cma *cma = &model->cma;
    const size_t d = layout->n_axes;
    double *x = z + d;
    bool is_legal = false;
    for (size_t tries = 0; !is_legal && tries < 10 * d; tries++) {
        for (size_t i = 0; i < d; i++)
            z[i] = dln_rng_normal(rng);
        dln_cma_sample(cma, z, x);
        is_legal = true;
        for (size_t i = 0; is_legal && i < d; i++)
            is_legal = !is_outside(layout, i, x[i]);
    }
    for (size_t i = 0; i < d; i++) {
        const size_t at = layout->axes[i];
        const bool is_cell = dln_param_count(axis_param(layout, i)) > 0;
        const double tried =
            is_cell ? cma->mean[i] + model->table[i] * (x[i] - cma->mean[i]) : x[i];
        u[at] = fmin(1, fmax(0, tried));
        raw[at] = is_cell ? fmin(2, fmax(-1, x[i])) : u[at];
    }
}

void dln_cma_model_draw(const struct dln_cma_model *model, const struct dln_cma_layout *layout,
                        struct dln_rng *rng, double *z, double *raw, double *u)
{
    for (size_t i = 0; i < layout->space->n; i++)
        raw[i] = u[i] = 0.5;
    if (layout->n_axes > 0) draw_axes(model, layout, rng, z, raw, u);
    const double *q = model->table + layout->n_axes;
    for (size_t i = 0; i < layout->n_choices; i++) {
        const size_t count = choice_count(layout, i);
        const double point = dln_rng_uniform(rng);
        double sum = q[0];
        size_t k = 0;
        while (k + 1 < count && point >= sum)
            sum += q[++k];
        const size_t at = layout->choices[i];
        raw[at] = u[at] = dln_param_encode(&layout->space->params[at], (double)k);
        q += count;
    }
}
