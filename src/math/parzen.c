/*
 * Bandwidth   sigma_i = the larger gap to a neighbour, the ends of the range not counting as
 *             neighbours when there are two rows or more; then clipped to [1/min(100, n + 2), 1].
 * Density     sum of w_i k_i1(x_1) … k_id(x_d). With many rows nearly all kernels are too far from
 *             any given x to be seen, so a screen of upper bounds in single precision (LANES
 * kernels at a time) comes first; only kernels that may show beside the largest are computed.
 */
#include "math/parzen.h"

#include <math.h>
#include <string.h>

#include "math/normal.h"

/* All kernels that are left out have less than this share of the sum. */
#define UNSEEN 1e-9

/* More than single precision can be wrong by, where it matters. */
#define SLACK 0.05

#define SQRT_HALF 0.70710678118654752440

/* Optuna's defaults: the prior counts as one observation; hyperopt's "magic clip" is 100. */
#define PRIOR_WEIGHT 1.0
#define MAGIC_CLIP   100.0

enum {
    RECENT = 25, /* rows of full weight */
    LANES = 4,
    MEMO = 256
};
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), may_alias));
typedef int32_t lane_masks __attribute__((vector_size(LANES * sizeof(float))));

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

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double clip(double x, double low, double high)
{
    return x < low ? low : x > high ? high : x;
}

/* ── fitting: shapes ───────────────────────────────────────────────────────────────────────────*/

/* log of the mass that the kernel has between 0 and 1. */
static double log_inside(double at, double scale)
{
    /* 8.3 sigma from both ends, what is outside does not change a double */
    if (at * scale > 8.3 && (1 - at) * scale > 8.3) return 0;
    return dln_normal_log_mass(-at * scale, (1 - at) * scale);
}

static void shape(struct dln_parzen_kernel *kernel, double sigma, double least)
{
    sigma = clip(sigma, least, 1);
    if (kernel->sigma == sigma) return;
    kernel->sigma = sigma;
    kernel->scale = 1 / sigma;
    kernel->peak = log(kernel->scale) - DLN_LOG_SQRT_2PI - log_inside(kernel->at, kernel->scale);
}

static void shape_by_neighbours(struct dln_parzen_kernel *kernels, size_t n, const uint32_t *order,
                                double least)
{
    if (n == 0) return;
    struct dln_parzen_kernel *kernel = &kernels[order[0]];
    if (n == 1) {
        shape(kernel, larger(kernel->at, 1 - kernel->at), least);
        return;
    }
    double gap_before = 0;
    for (size_t i = 1; i < n; i++) {
        struct dln_parzen_kernel *next = &kernels[order[i]];
        const double gap_after = next->at - kernel->at;
        shape(kernel, larger(gap_before, gap_after), least);
        gap_before = gap_after;
        kernel = next;
    }
    shape(kernel, gap_before, least);
}

static void fit_axis(struct dln_parzen *mixture, size_t j, const uint32_t *order,
                     enum dln_parzen_widths widths)
{
    struct dln_parzen_axis *axis = mixture->axes[j];
    const double n = (double)mixture->n;
    if (axis->kind == DLN_PARZEN_CHOICE) {
        const double share = PRIOR_WEIGHT / (n + 1);
        const double sum = 1 + (double)axis->n_choices * share;
        mixture->log_hit[j] = log((1 + share) / sum);
        mixture->log_miss[j] = log(share / sum);
        return;
    }
    const double least = 1 / (n + 2 < MAGIC_CLIP ? n + 2 : MAGIC_CLIP);
    if (widths == DLN_PARZEN_NEIGHBOURS) {
        shape_by_neighbours(axis->kernel, mixture->n, order, least);
        return;
    }
    const double sigma = 0.2 * pow(n, -1 / ((double)mixture->d + 4));
    for (size_t i = 0; i < mixture->n; i++)
        shape(&axis->kernel[order[i]], sigma, least);
}

static void fit_weights(struct dln_parzen *mixture, const double *weight)
{
    const size_t n = mixture->n;
    if (weight) {
        memcpy(mixture->weight, weight, (n + 1) * sizeof *weight);
    } else {
        dln_parzen_ages(n, mixture->weight);
        mixture->weight[n] = PRIOR_WEIGHT;
    }
    double sum = 0;
    double most = 0;
    for (size_t i = 0; i <= n; i++) {
        sum += mixture->weight[i];
        most = larger(most, mixture->weight[i]);
    }
    mixture->max_log_weight = log(most / sum);
    for (size_t i = 0; i <= n; i++)
        mixture->weight[i] /= sum;
}

/* ── fitting: the screen ───────────────────────────────────────────────────────────────────────*/

/*
 * For each LANES kernels: the sum of all that does not depend on the point, then for each
 * coordinate LINE     1 / (√2 sigma), at / (√2 sigma) CELLS    at, 1 / (√2 sigma), peak CHOICE   at
 */
static size_t lanes_of(enum dln_parzen_kind kind)
{
    return kind == DLN_PARZEN_LINE ? 2 : kind == DLN_PARZEN_CELLS ? 3 : 1;
}

static size_t pack_kernel(enum dln_parzen_kind kind, const struct dln_parzen_kernel *kernel,
                          float *base, float *at)
{
    switch (kind) {
    case DLN_PARZEN_LINE:
        *base += (float)kernel->peak;
        at[0] = (float)(kernel->scale * SQRT_HALF);
        at[LANES] = (float)(kernel->at * kernel->scale * SQRT_HALF);
        return 2 * LANES;
    case DLN_PARZEN_CELLS:
        at[0] = (float)kernel->at;
        at[LANES] = (float)(kernel->scale * SQRT_HALF);
        at[2 * LANES] = (float)kernel->peak;
        return 3 * LANES;
    case DLN_PARZEN_CHOICE: at[0] = (float)kernel->at; return LANES;
    }
    return 0;
}

static void pack(struct dln_parzen *mixture)
{
    for (size_t i = 0; i < mixture->n; i++) {
        float *base = mixture->screen + i / LANES * mixture->screen_lanes * LANES + i % LANES;
        float *at = base + LANES;
        for (size_t j = 0; j < mixture->d; j++) {
            const struct dln_parzen_axis *axis = mixture->axes[j];
            at += pack_kernel(axis->kind, &axis->kernel[mixture->rows[i]], base, at);
        }
    }
}

bool dln_parzen_fit(struct dln_parzen *mixture, size_t d, struct dln_parzen_axis *const *axes,
                    size_t n, const uint32_t *rows, const uint32_t *const *order,
                    const double *weight, enum dln_parzen_widths widths, struct dln_arena *arena)
{
    *mixture = (struct dln_parzen){.d = d, .axes = axes, .n = n, .rows = rows, .screen_lanes = 1};
    for (size_t j = 0; j < d; j++)
        mixture->screen_lanes += lanes_of(axes[j]->kind);
    const size_t n_blocks = (n + LANES - 1) / LANES;
    mixture->weight = DLN_ARENA_ARRAY(arena, double, n + 1);
    mixture->log_hit = DLN_ARENA_ARRAY(arena, double, d);
    mixture->log_miss = DLN_ARENA_ARRAY(arena, double, d);
    mixture->screen = DLN_ARENA_ARRAY(arena, float, n_blocks * mixture->screen_lanes * LANES);
    if (!mixture->weight || !mixture->log_hit || !mixture->log_miss || !mixture->screen) {
        return false;
    }
    for (size_t j = 0; j < d; j++)
        fit_axis(mixture, j, order[j], widths);
    fit_weights(mixture, weight);
    pack(mixture);
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
    const struct dln_parzen_kernel *k = &axis->kernel[mixture->rows[kernel]];
    switch (axis->kind) {
    case DLN_PARZEN_LINE: {
        const double z = (value.at - k->at) * k->scale;
        return k->peak - 0.5 * z * z;
    }
    case DLN_PARZEN_CELLS:
        return dln_normal_log_mass((value.low - k->at) * k->scale,
                                   (value.high - k->at) * k->scale) -
               log_inside(k->at, k->scale);
    case DLN_PARZEN_CHOICE: return k->at == value.at ? mixture->log_hit[j] : mixture->log_miss[j];
    }
    return 0;
}

double dln_parzen_log_prior(const struct dln_parzen *mixture, const struct dln_parzen_value *point)
{
    double sum = log(mixture->weight[mixture->n]);
    for (size_t j = 0; j < mixture->d; j++)
        sum += log_prior(mixture->axes[j], point[j]);
    return sum;
}

/* Candidates for one suggestion share values, and so do rows: masses are kept for a while. */
struct dln_parzen_memo {
    double at, scale, low, high, log_mass;
};

static double remembered_kernel(const struct dln_parzen *mixture, size_t kernel, size_t j,
                                struct dln_parzen_value value, struct dln_parzen_memo *memos)
{
    const struct dln_parzen_axis *axis = mixture->axes[j];
    if (axis->kind != DLN_PARZEN_CELLS) return dln_parzen_log_kernel(mixture, kernel, j, value);
    const struct dln_parzen_kernel *k = &axis->kernel[mixture->rows[kernel]];
    const struct dln_parzen_memo wanted = {
        .at = k->at, .scale = k->scale, .low = value.low, .high = value.high};
    const double mixed = wanted.at + 0.618034 * wanted.low + 0.137 * wanted.scale;
    uint64_t bits;
    memcpy(&bits, &mixed, sizeof bits);
    struct dln_parzen_memo *memo = &memos[bits * 0x9E3779B97F4A7C15U >> 56];
    if (memo->at != wanted.at || memo->scale != wanted.scale || memo->low != wanted.low ||
        memo->high != wanted.high) {
        *memo = wanted;
        memo->log_mass = dln_parzen_log_kernel(mixture, kernel, j, value);
    }
    return memo->log_mass;
}

static double log_share(const struct dln_parzen *mixture, size_t kernel,
                        const struct dln_parzen_value *point, struct dln_parzen_memo *memos)
{
    double sum = log(mixture->weight[kernel]);
    for (size_t j = 0; j < mixture->d; j++)
        sum += remembered_kernel(mixture, kernel, j, point[j], memos);
    return sum;
}

static lanes selected(lane_masks mask, lanes yes, lanes no)
{
    return (lanes)(((lane_masks)yes & mask) | ((lane_masks)no & ~mask));
}

/* What the screen needs of one coordinate of the point. */
struct dln_parzen_aim {
    enum dln_parzen_kind kind;
    float at, low, high, log_width; /* CHOICE: of the bounds, `low` is a miss and `high` a hit */
};

static void take_aim(const struct dln_parzen *mixture, const struct dln_parzen_value *point,
                     struct dln_parzen_aim *aim)
{
    for (size_t j = 0; j < mixture->d; j++) {
        aim[j] = (struct dln_parzen_aim){.kind = mixture->axes[j]->kind, .at = (float)point[j].at};
        switch (aim[j].kind) {
        case DLN_PARZEN_LINE: break;
        case DLN_PARZEN_CELLS:
            aim[j].low = (float)point[j].low;
            aim[j].high = (float)point[j].high;
            aim[j].log_width = (float)log(point[j].high - point[j].low);
            break;
        case DLN_PARZEN_CHOICE:
            aim[j].low = (float)mixture->log_miss[j];
            aim[j].high = (float)mixture->log_hit[j];
            break;
        }
    }
}

bool dln_parzen_scratch_init(struct dln_parzen_scratch *scratch, size_t d, size_t n,
                             struct dln_arena *arena)
{
    scratch->bound = DLN_ARENA_ARRAY(arena, float, n + LANES);
    scratch->aim = DLN_ARENA_ARRAY(arena, struct dln_parzen_aim, d);
    scratch->sum = DLN_ARENA_ARRAY(arena, double, n + 1);
    scratch->memo = DLN_ARENA_ARRAY(arena, struct dln_parzen_memo, MEMO);
    return scratch->bound && scratch->aim && scratch->sum && scratch->memo;
}

/*
 * Upper bounds of log_share() without the weight, nearly exact but for CELLS: there, the cell's
 * width times the highest density in it.
 */
static void screen(const struct dln_parzen *mixture, const struct dln_parzen_aim *aim, float *bound)
{
    const size_t n_blocks = (mixture->n + LANES - 1) / LANES;
    const lanes zero = {0};
    const lanes *packed = (const lanes *)(const void *)mixture->screen;
    for (size_t block = 0; block < n_blocks; block++) {
        lanes sum = *packed++;
        for (size_t j = 0; j < mixture->d; j++) {
            switch (aim[j].kind) {
            case DLN_PARZEN_LINE: {
                const lanes z = aim[j].at * packed[0] - packed[1];
                sum -= z * z;
                packed += 2;
                break;
            }
            case DLN_PARZEN_CELLS: {
                const lanes left = aim[j].low - packed[0];
                const lanes right = packed[0] - aim[j].high;
                const lanes side = selected(left > right, left, right);
                const lanes z = selected(side > zero, side, zero) * packed[1];
                const lanes most = aim[j].log_width + packed[2] - z * z;
                sum += selected(most < zero, most, zero);
                packed += 3;
                break;
            }
            case DLN_PARZEN_CHOICE:
                sum += selected(packed[0] == aim[j].at, zero + aim[j].high, zero + aim[j].low);
                packed += 1;
                break;
            }
        }
        memcpy(bound + block * LANES, &sum, sizeof sum);
    }
}

double dln_parzen_log_density(const struct dln_parzen *mixture,
                              const struct dln_parzen_value *point,
                              struct dln_parzen_scratch *scratch)
{
    const size_t n = mixture->n;
    const double prior = dln_parzen_log_prior(mixture, point);
    if (n == 0) return prior;
    take_aim(mixture, point, scratch->aim);
    screen(mixture, scratch->aim, scratch->bound);
    /* The newest first: a search is near them, so they soon show what else can be seen. */
    const double unseen = log((double)n / UNSEEN) + mixture->max_log_weight + SLACK;
    double most = prior;
    size_t n_seen = 0;
    for (size_t i = n; i-- > 0;) {
        if (!(scratch->bound[i] >= (float)(most - unseen))) continue;
        const double sum = log_share(mixture, i, point, scratch->memo);
        scratch->sum[n_seen++] = sum;
        most = larger(most, sum);
    }
    double total = exp(prior - most);
    for (size_t i = 0; i < n_seen; i++)
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
    static const struct dln_parzen_kernel prior = {.at = 0.5, .scale = 1};
    const struct dln_parzen_axis *axis = mixture->axes[j];
    const bool is_prior = kernel == mixture->n;
    const struct dln_parzen_kernel *k = is_prior ? &prior : &axis->kernel[mixture->rows[kernel]];
    const double u = dln_rng_uniform(rng);
    if (axis->kind == DLN_PARZEN_CHOICE) {
        const double n_choices = (double)axis->n_choices;
        if (is_prior) return clip(floor(u * n_choices), 0, n_choices - 1);
        const double hit = exp(mixture->log_hit[j]);
        if (u < hit) return k->at;
        const double other = floor((u - hit) / (1 - hit) * (n_choices - 1));
        return clip(other, 0, n_choices - 2) + (other >= k->at ? 1 : 0);
    }
    const double z = dln_normal_truncated(u, -k->at * k->scale, (1 - k->at) * k->scale);
    return clip(k->at + z / k->scale, 0, 1);
}
