/*
 * Bandwidth   sigma_i = the larger gap to a neighbour, the ends of the range not counting as
 *             neighbours when there are two rows or more; then clipped to [1/min(100, n + 2), 1].
 * Density     sum of w_i k_i1(x_1) … k_id(x_d). With many rows nearly all kernels are far from any
 *             given x, so coordinates are taken one by one and a kernel is dropped as soon as an
 *             upper bound of its share is below 1e-15 of a lower bound of the sum: the prior's.
 *             For CELLS the bound is cell width × the kernel's highest density in the cell.
 */
#include "math/parzen.h"

#include <math.h>

#include "math/normal.h"

/* Shares below exp(-UNSEEN) of the sum are not looked for. */
#define UNSEEN 36.0

/* Optuna's defaults: the prior counts as one observation; hyperopt's "magic clip" is 100. */
#define PRIOR_WEIGHT 1.0
#define MAGIC_CLIP   100.0

enum { RECENT = 25 }; /* rows of full weight */

void dln_parzen_ages(size_t k, double *w)
{
    const size_t n_old = k > RECENT ? k - RECENT : 0;
    for (size_t i = 0; i < k; i++) {
        const double first = 1 / (double)k;
        w[i] = i >= n_old   ? 1
               : n_old == 1 ? first
                            : first + (1 - first) * (double)i / (double)(n_old - 1);
    }
}

/* ── fitting ───────────────────────────────────────────────────────────────────────────────────*/

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* log of the mass that the kernel has between 0 and 1. */
static double log_inside(double at, double scale)
{
    /* 8.3 sigma from both ends, what is outside does not change a double */
    if (at * scale > 8.3 && (1 - at) * scale > 8.3) return 0;
    return dln_normal_log_mass(-at * scale, (1 - at) * scale);
}

static void shape(struct dln_parzen_axis *axis, uint32_t row, double sigma, double least)
{
    sigma = clip(sigma, least, 1);
    if (axis->sigma[row] == sigma) return;
    const double scale = 1 / sigma;
    axis->sigma[row] = sigma;
    axis->scale[row] = scale;
    axis->peak[row] = log(scale) - DLN_LOG_SQRT_2PI - log_inside(axis->at[row], scale);
}

static void shape_by_neighbours(struct dln_parzen_axis *axis, size_t n, const uint32_t *order)
{
    const double least = 1 / fmin(MAGIC_CLIP, (double)n + 2);
    const double *at = axis->at;
    if (n == 1) {
        shape(axis, order[0], fmax(at[order[0]], 1 - at[order[0]]), least);
        return;
    }
    double gap_before = 0;
    for (size_t i = 0; i < n; i++) {
        const double gap_after = i + 1 < n ? at[order[i + 1]] - at[order[i]] : 0;
        shape(axis, order[i], fmax(gap_before, gap_after), least);
        gap_before = gap_after;
    }
}

static void fit_axis(struct dln_parzen *mixture, size_t j, const uint32_t *order,
                     enum dln_parzen_widths widths)
{
    struct dln_parzen_axis *axis = mixture->axes[j];
    const size_t n = mixture->n;
    double most = 0; /* what a kernel gains at most; masses are at most 1 */
    switch (axis->kind) {
    case DLN_PARZEN_CHOICE: {
        const double share = PRIOR_WEIGHT / (double)(n + 1);
        const double sum = 1 + (double)axis->n_choices * share;
        mixture->log_hit[j] = log((1 + share) / sum);
        mixture->log_miss[j] = log(share / sum);
        break;
    }
    case DLN_PARZEN_LINE:
    case DLN_PARZEN_CELLS:
        if (widths == DLN_PARZEN_NEIGHBOURS) {
            shape_by_neighbours(axis, n, order);
        } else {
            const double sigma = 0.2 * pow((double)n, -1 / ((double)mixture->d + 4));
            for (size_t i = 0; i < n; i++)
                shape(axis, order[i], sigma, 1 / fmin(MAGIC_CLIP, (double)n + 2));
        }
        if (axis->kind == DLN_PARZEN_CELLS) break;
        for (size_t i = 0; i < n; i++)
            most = fmax(most, axis->peak[order[i]]);
        break;
    }
    mixture->rest[j] = most;
}

static void fit_weights(struct dln_parzen *mixture, const double *weight)
{
    const size_t n = mixture->n;
    if (weight) {
        for (size_t i = 0; i <= n; i++)
            mixture->weight[i] = weight[i];
    } else {
        dln_parzen_ages(n, mixture->weight);
        mixture->weight[n] = PRIOR_WEIGHT;
    }
    double sum = 0;
    double most = 0;
    for (size_t i = 0; i <= n; i++) {
        sum += mixture->weight[i];
        most = fmax(most, mixture->weight[i]);
    }
    for (size_t i = 0; i <= n; i++)
        mixture->weight[i] /= sum;
    mixture->max_log_weight = log(most / sum);
}

bool dln_parzen_fit(struct dln_parzen *mixture, size_t d, struct dln_parzen_axis *const *axes,
                    size_t n, const uint32_t *rows, const uint32_t *const *order,
                    const double *weight, enum dln_parzen_widths widths, struct dln_arena *arena)
{
    double *block = DLN_ARENA_ARRAY(arena, double, n + 1 + 3 * (d + 1));
    if (!block) return false;
    *mixture = (struct dln_parzen){.d = d, .axes = axes, .n = n, .rows = rows};
    mixture->weight = block;
    mixture->rest = block + n + 1;
    mixture->log_hit = mixture->rest + d + 1;
    mixture->log_miss = mixture->log_hit + d + 1;
    for (size_t j = 0; j < d; j++)
        fit_axis(mixture, j, order[j], widths);
    for (size_t j = d; j-- > 0;)
        mixture->rest[j] += mixture->rest[j + 1];
    fit_weights(mixture, weight);
    return true;
}

/* ── density ───────────────────────────────────────────────────────────────────────────────────*/

/* The prior: a normal of sigma 1 around the middle; an even chance for each choice. */
static double log_prior(const struct dln_parzen_axis *axis, struct dln_parzen_value value)
{
    static const double log_inside_prior = -0.9599163336956223193; /* erf(½/√2) */
    switch (axis->kind) {
    case DLN_PARZEN_LINE:
        return -0.5 * (value.at - 0.5) * (value.at - 0.5) - DLN_LOG_SQRT_2PI - log_inside_prior;
    case DLN_PARZEN_CELLS:
        return dln_normal_log_mass(value.low - 0.5, value.high - 0.5) - log_inside_prior;
    case DLN_PARZEN_CHOICE: return -log((double)axis->n_choices);
    }
    return 0;
}

double dln_parzen_log_kernel(const struct dln_parzen *mixture, size_t kernel, size_t j,
                             struct dln_parzen_value value)
{
    const struct dln_parzen_axis *axis = mixture->axes[j];
    if (kernel == mixture->n) return log_prior(axis, value);
    const uint32_t row = mixture->rows[kernel];
    const double at = axis->at[row];
    switch (axis->kind) {
    case DLN_PARZEN_LINE: {
        const double z = (value.at - at) * axis->scale[row];
        return axis->peak[row] - 0.5 * z * z;
    }
    case DLN_PARZEN_CELLS: {
        const double scale = axis->scale[row];
        return dln_normal_log_mass((value.low - at) * scale, (value.high - at) * scale) -
               log_inside(at, scale);
    }
    case DLN_PARZEN_CHOICE: return at == value.at ? mixture->log_hit[j] : mixture->log_miss[j];
    }
    return 0;
}

/* Adds to each live kernel's sum what coordinate j brings at most; drops those below the floor. */
static size_t take_axis(const struct dln_parzen *mixture, size_t j, struct dln_parzen_value value,
                        double floor, size_t n_live, struct dln_parzen_scratch *scratch)
{
    const struct dln_parzen_axis *axis = mixture->axes[j];
    const uint32_t *rows = mixture->rows;
    uint32_t *live = scratch->live;
    double *sum = scratch->sum;
    size_t n = 0;
    switch (axis->kind) {
    case DLN_PARZEN_LINE:
        for (size_t i = 0; i < n_live; i++) {
            const uint32_t row = rows[live[i]];
            const double z = (value.at - axis->at[row]) * axis->scale[row];
            const double next = sum[i] + axis->peak[row] - 0.5 * z * z;
            live[n] = live[i];
            sum[n] = next;
            n += next >= floor;
        }
        return n;
    case DLN_PARZEN_CELLS: {
        const double log_width = log(value.high - value.low);
        for (size_t i = 0; i < n_live; i++) {
            const uint32_t row = rows[live[i]];
            const double at = axis->at[row];
            const double z = fmax(0, fmax(value.low - at, at - value.high)) * axis->scale[row];
            const double most = fmin(0, log_width + axis->peak[row] - 0.5 * z * z);
            live[n] = live[i];
            sum[n] = sum[i] + most;
            n += sum[n] >= floor;
        }
        return n;
    }
    case DLN_PARZEN_CHOICE:
        for (size_t i = 0; i < n_live; i++) {
            const bool is_hit = axis->at[rows[live[i]]] == value.at;
            const double next = sum[i] + (is_hit ? mixture->log_hit[j] : mixture->log_miss[j]);
            live[n] = live[i];
            sum[n] = next;
            n += next >= floor;
        }
        return n;
    }
    return n_live;
}

bool dln_parzen_scratch_init(struct dln_parzen_scratch *scratch, size_t n, struct dln_arena *arena)
{
    scratch->live = DLN_ARENA_ARRAY(arena, uint32_t, n + 1);
    scratch->sum = DLN_ARENA_ARRAY(arena, double, n + 1);
    return scratch->live && scratch->sum;
}

double dln_parzen_log_density(const struct dln_parzen *mixture,
                              const struct dln_parzen_value *point,
                              struct dln_parzen_scratch *scratch)
{
    const size_t n = mixture->n;
    const size_t d = mixture->d;
    double prior = log(mixture->weight[n]);
    for (size_t j = 0; j < d; j++)
        prior += log_prior(mixture->axes[j], point[j]);

    size_t n_live = n;
    for (size_t i = 0; i < n; i++) {
        scratch->live[i] = (uint32_t)i;
        scratch->sum[i] = 0;
    }
    const double floor = prior - UNSEEN - mixture->max_log_weight;
    for (size_t j = 0; j < d && n_live > 0; j++)
        n_live = take_axis(mixture, j, point[j], floor - mixture->rest[j + 1], n_live, scratch);

    double most = prior;
    for (size_t i = 0; i < n_live; i++) {
        double sum = log(mixture->weight[scratch->live[i]]);
        for (size_t j = 0; j < d; j++)
            sum += dln_parzen_log_kernel(mixture, scratch->live[i], j, point[j]);
        scratch->sum[i] = sum;
        most = fmax(most, sum);
    }
    double total = exp(prior - most);
    for (size_t i = 0; i < n_live; i++)
        total += exp(scratch->sum[i] - most);
    return most + log(total);
}

/* ── drawing ───────────────────────────────────────────────────────────────────────────────────*/

size_t dln_parzen_draw_kernel(const struct dln_parzen *mixture, const double *weight,
                              struct dln_rng *rng)
{
    double left = dln_rng_uniform(rng);
    size_t kernel = 0;
    while (kernel < mixture->n && left >= weight[kernel])
        left -= weight[kernel++];
    return kernel;
}

double dln_parzen_draw(const struct dln_parzen *mixture, size_t kernel, size_t j,
                       struct dln_rng *rng)
{
    const struct dln_parzen_axis *axis = mixture->axes[j];
    const bool is_prior = kernel == mixture->n;
    const uint32_t row = is_prior ? 0 : mixture->rows[kernel];
    const double u = dln_rng_uniform(rng);
    if (axis->kind == DLN_PARZEN_CHOICE) {
        const double k = (double)axis->n_choices;
        if (is_prior) return fmin(floor(u * k), k - 1);
        const double hit = exp(mixture->log_hit[j]);
        if (u < hit) return axis->at[row];
        const double other = fmin(floor((u - hit) / (1 - hit) * (k - 1)), k - 2);
        return other >= axis->at[row] ? other + 1 : other;
    }
    const double at = is_prior ? 0.5 : axis->at[row];
    const double scale = is_prior ? 1 : axis->scale[row];
    const double z = dln_normal_truncated(u, -at * scale, (1 - at) * scale);
    return clip(at + z / scale, 0, 1);
}
