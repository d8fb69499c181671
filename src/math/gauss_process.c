#include "math/gauss_process.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "math/blas.h"
#include "math/matrix.h"

/*
 * Loops over all trials are also compiled for wider vectors, which are chosen when the program
 * starts. Each element is computed as it would be alone, in the same order, so the results are the
 * same bits. Sanitizers are not ready when that choice is made.
 */
#ifdef __has_feature
#define HAS_SANITIZER (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#elif defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define HAS_SANITIZER 1
#else
#define HAS_SANITIZER 0
#endif
#if defined __x86_64__ && defined __gnu_linux__ && defined __OPTIMIZE__ && !HAS_SANITIZER
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif

#define SQRT_5       2.23606797749978969641
#define LOG_SQRT_2PI 0.91893853320467274178

bool dln_gp_init(struct dln_gp *gp, const struct dln_gp_layout *layout, size_t cap)
{
    *gp = (struct dln_gp){.layout = layout, .cap = cap};
    const size_t columns = layout->n_columns;
    gp->l = calloc(cap * cap + 1, sizeof *gp->l);
    gp->x = calloc(cap * (columns + 3) + columns + layout->n_ell + 2, sizeof *gp->x);
    if (!gp->l || !gp->x) {
        dln_gp_release(gp);
        return false;
    }
    gp->y = gp->x + cap * columns;
    gp->noise = gp->y + cap;
    gp->alpha = gp->noise + cap;
    gp->weight = gp->alpha + cap;
    gp->theta = gp->weight + columns;
    return true;
}

void dln_gp_release(struct dln_gp *gp)
{
    free(gp->l);
    free(gp->x);
    *gp = (struct dln_gp){0};
}

void dln_gp_set_row(struct dln_gp *gp, size_t i, const double *columns)
{
    for (size_t c = 0; c < gp->layout->n_columns; c++)
        gp->x[c * gp->cap + i] = columns[c];
}

void dln_gp_set_theta(struct dln_gp *gp, const double *theta)
{
    const size_t n_ell = gp->layout->n_ell;
    memmove(gp->theta, theta, (n_ell + 2) * sizeof *theta);
    for (size_t c = 0; c < gp->layout->n_columns; c++)
        gp->weight[c] = exp(-2 * theta[gp->layout->ell_of[c]]);
    gp->sf2 = exp(theta[n_ell]);
    gp->sn2 = exp(theta[n_ell + 1]);
}

/* ── the kernel ────────────────────────────────────────────────────────────────────────────────*/

/* r² between a point (its columns `stride` apart) and rows 0 … n-1. */
WIDE static void distances(const struct dln_gp *gp, size_t n, const double *point, size_t stride,
                           double *restrict r2)
{
    memset(r2, 0, n * sizeof *r2);
    for (size_t c = 0; c < gp->layout->n_columns; c++) {
        const double at = point[c * stride];
        const double weight = gp->weight[c];
        const double *x = gp->x + c * gp->cap;
        if (gp->layout->is_category[c]) {
            for (size_t j = 0; j < n; j++)
                r2[j] += x[j] == at ? 0 : weight;
        } else {
            for (size_t j = 0; j < n; j++)
                r2[j] += weight * (x[j] - at) * (x[j] - at);
        }
    }
}

/*
 * exp(-s) for s ≥ 0, relative error below 2e-16·(1 + s/100): half of all time goes into this one
 * function, and unlike the C library's a loop over it becomes vector instructions. With
 * k = round(-s / ln 2), r = -s - k ln 2: a Taylor polynomial of r times 2^k, k being put straight
 * into the exponent. Below 1e-304 it stays there.
 */
static inline double exp_of_negative(double s)
{
    const double shift = 0x1.8p52; /* adding it rounds to a whole number, in the low bits */
    const double x = s < 700 ? -s : -700;
    const double shifted = x * 1.4426950408889634074 + shift;
    const double k = shifted - shift;
    const double r =
        (x - k * 0x1.62e42fefa38p-1) - k * 0x1.ef35793c7673p-45; /* ln 2 in two parts */
    double p = 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}

/* r² → k in place; slope (or NULL): dk/d(r²) = -5/6 sf2 (1 + √5 r) exp(-√5 r). */
WIDE static void matern(double sf2, size_t n, double *restrict r2, double *restrict slope)
{
    if (slope) {
        for (size_t j = 0; j < n; j++)
            slope[j] = SQRT_5 * sqrt(r2[j]);
        for (size_t j = 0; j < n; j++) {
            const double s = slope[j];
            const double tail = sf2 * exp_of_negative(s);
            r2[j] = tail * (1 + s + s * s / 3);
            slope[j] = -5.0 / 6 * tail * (1 + s);
        }
        return;
    }
    for (size_t j = 0; j < n; j++) {
        const double s = SQRT_5 * sqrt(r2[j]);
        r2[j] = sf2 * exp_of_negative(s) * (1 + s + s * s / 3);
    }
}

static double diagonal(const struct dln_gp *gp, size_t i)
{
    return gp->sf2 + gp->sn2 + gp->noise[i];
}

/* K above the diagonal, column i (rows 0 … i-1), from row i's covariances. */
static void set_column(struct dln_gp *gp, size_t i, const double *k)
{
    for (size_t j = 0; j < i; j++)
        gp->l[j * gp->cap + i] = k[j];
}

/* ── the factor ────────────────────────────────────────────────────────────────────────────────*/

/* Row i of `l` gets covariances with the rows before and the diagonal. */
static void fill_row(struct dln_gp *gp, size_t i)
{
    double *row = gp->l + i * gp->cap;
    distances(gp, i, gp->x + i, gp->cap, row);
    matern(gp->sf2, i, row, NULL);
    row[i] = diagonal(gp, i);
}

bool dln_gp_factorise(struct dln_gp *gp, size_t base, size_t kept)
{
    gp->n_pending = 0;
    gp->jitter = 0;
    if (kept < base) {
        for (size_t i = 0; i < base; i++)
            fill_row(gp, i);
        if (!dln_cholesky(base, gp->l, gp->cap)) return false;
        kept = base;
    }
    for (size_t i = kept; i < gp->n; i++) {
        fill_row(gp, i);
        if (!dln_cholesky_append(i, gp->l, gp->cap)) return false;
    }
    return true;
}

bool dln_gp_factorise_jittered(struct dln_gp *gp)
{
    double *diagonals = gp->alpha; /* not in use before dln_gp_solve() */
    gp->n_pending = 0;
    for (size_t i = 0; i < gp->n; i++) {
        fill_row(gp, i);
        diagonals[i] = diagonal(gp, i);
        set_column(gp, i, gp->l + i * gp->cap);
    }
    return dln_cholesky_jittered(gp->n, gp->l, gp->cap, diagonals, &gp->jitter);
}

void dln_gp_append_pending(struct dln_gp *gp, size_t n_pending)
{
    size_t end = gp->n;
    for (size_t i = 0; i < n_pending; i++) {
        const size_t from = gp->n + i;
        for (size_t c = 0; from != end && c < gp->layout->n_columns; c++)
            gp->x[c * gp->cap + end] = gp->x[c * gp->cap + from];
        gp->noise[end] = gp->jitter;
        fill_row(gp, end);
        if (!dln_cholesky_append(end, gp->l, gp->cap)) continue;
        gp->alpha[end++] = 0;
    }
    gp->n_pending = end - gp->n;
}

void dln_gp_solve(struct dln_gp *gp)
{
    memcpy(gp->alpha, gp->y, gp->n * sizeof *gp->alpha);
    dln_solve_lower(gp->n, gp->l, gp->cap, 1, gp->alpha, gp->cap);
    dln_solve_lower_transposed(gp->n, gp->l, gp->cap, 1, gp->alpha, gp->cap);
}

/* ── the likelihood ────────────────────────────────────────────────────────────────────────────*/

/* Fills K (above the diagonal and in the factor) and the slopes (lower triangle of `slopes`). */
static bool factorise_with_slopes(struct dln_gp *gp, double *slopes, double *diagonals)
{
    for (size_t i = 0; i < gp->n; i++) {
        double *row = gp->l + i * gp->cap;
        distances(gp, i, gp->x + i, gp->cap, row);
        matern(gp->sf2, i, row, slopes + i * gp->cap);
        diagonals[i] = diagonal(gp, i);
        set_column(gp, i, row);
    }
    return dln_cholesky_jittered(gp->n, gp->l, gp->cap, diagonals, &gp->jitter);
}

/*
 * With W = alpha alphaᵀ - K⁻¹ and G = W ∘ slopes: the sum over all pairs of G_ij D_ij of a column,
 * for numbers by one symmetric product: sum G_ij (x_i - x_j)² = 2 (sum_i g_i x_i² - xᵀGx), g = G1.
 */
static void add_length_gradients(const struct dln_gp *gp, const double *g, double *sums,
                                 double *product, double *gradient)
{
    const size_t n = gp->n;
    const int order = (int)n;
    const int stride = (int)gp->cap;
    const size_t columns = gp->layout->n_columns;
    double *ones = product;
    for (size_t i = 0; i < n; i++)
        ones[i] = 1;
    dln_blas()->dsymv(DLN_BLAS_ROWS, DLN_BLAS_LOWER, order, 1, g, stride, ones, 1, 0, sums, 1);
    dln_blas()->dsymm(DLN_BLAS_ROWS, DLN_BLAS_RIGHT, DLN_BLAS_LOWER, (int)columns, order, 1, g,
                      stride, gp->x, stride, 0, product, stride);
    for (size_t c = 0; c < columns; c++) {
        const double *x = gp->x + c * gp->cap;
        double sum = 0;
        if (gp->layout->is_category[c]) {
            for (size_t i = 0; i < n; i++) {
                for (size_t j = 0; j < i; j++)
                    sum += x[i] == x[j] ? 0 : 2 * g[i * gp->cap + j];
            }
        } else {
            const double *gx = product + c * gp->cap;
            for (size_t i = 0; i < n; i++)
                sum += 2 * x[i] * (sums[i] * x[i] - gx[i]);
        }
        gradient[gp->layout->ell_of[c]] -= gp->weight[c] * sum;
    }
}

bool dln_gp_likelihood(struct dln_gp *gp, double *work, double *rows, double *value,
                       double *gradient)
{
    const size_t n = gp->n;
    const size_t n_ell = gp->layout->n_ell;
    if (!factorise_with_slopes(gp, work, rows)) return false;
    dln_gp_solve(gp);
    double fit = 0;
    for (size_t i = 0; i < n; i++)
        fit += gp->y[i] * gp->alpha[i];
    *value = -0.5 * fit - dln_cholesky_log_det_half(n, gp->l, gp->cap) - (double)n * LOG_SQRT_2PI;

    if (!dln_cholesky_invert(n, gp->l, gp->cap)) return false;
    double by_sf2 = 0;
    double trace = 0;
    for (size_t i = 0; i < n; i++) {
        const double *inverse = gp->l + i * gp->cap;
        double *g = work + i * gp->cap;
        for (size_t j = 0; j < i; j++) {
            const double w = gp->alpha[i] * gp->alpha[j] - inverse[j];
            by_sf2 += w * gp->l[j * gp->cap + i];
            g[j] *= w;
        }
        g[i] = 0;
        trace += gp->alpha[i] * gp->alpha[i] - inverse[i];
    }
    memset(gradient, 0, (n_ell + 2) * sizeof *gradient);
    add_length_gradients(gp, work, rows, rows + gp->cap, gradient);
    gradient[n_ell] = by_sf2 + 0.5 * gp->sf2 * trace;
    gradient[n_ell + 1] = 0.5 * gp->sn2 * trace;
    return true;
}

/* ── predictions ───────────────────────────────────────────────────────────────────────────────*/

bool dln_gp_query_init(struct dln_gp_query *query, size_t cap, size_t rows, struct dln_arena *arena)
{
    *query = (struct dln_gp_query){.cap = cap};
    query->k = DLN_ARENA_ARRAY(arena, double, cap *rows);
    query->slope = DLN_ARENA_ARRAY(arena, double, cap *rows);
    query->v = DLN_ARENA_ARRAY(arena, double, cap *rows);
    query->mean = DLN_ARENA_ARRAY(arena, double, 2 * cap);
    query->var = query->mean ? query->mean + cap : NULL;
    return query->k && query->slope && query->v && query->mean;
}

static double dot(size_t n, const double *a, const double *b)
{
    return dln_blas()->ddot((int)n, a, 1, b, 1);
}

void dln_gp_predict(const struct dln_gp *gp, struct dln_gp_query *query, size_t m,
                    const double *points)
{
    const size_t rows = gp->n + gp->n_pending;
    for (size_t i = 0; i < m; i++) {
        double *k = query->k + i * rows;
        distances(gp, rows, points + i * gp->layout->n_columns, 1, k);
        matern(gp->sf2, rows, k, query->slope + i * rows);
        query->mean[i] = dot(gp->n, k, gp->alpha);
    }
    memcpy(query->v, query->k, m * rows * sizeof *query->v);
    dln_solve_lower(rows, gp->l, gp->cap, m, query->v, rows);
    for (size_t i = 0; i < m; i++) {
        const double *v = query->v + i * rows;
        query->var[i] = fmax(gp->sf2 - dot(rows, v, v), 0);
    }
}

/* The largest k² over its own variance: what the one trial that tells most takes away. */
WIDE static double most_told(const struct dln_gp *gp, size_t n, const double *k)
{
    enum { LANES = 8 };
    double most[LANES] = {0};
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        for (size_t i = 0; i < LANES; i++) {
            const double told = k[j + i] * k[j + i] / (gp->sf2 + gp->sn2 + gp->noise[j + i]);
            most[i] = told > most[i] ? told : most[i];
        }
    }
    for (; j < n; j++) {
        const double told = k[j] * k[j] / (gp->sf2 + gp->sn2 + gp->noise[j]);
        most[0] = told > most[0] ? told : most[0];
    }
    for (size_t i = 1; i < LANES; i++)
        most[0] = most[i] > most[0] ? most[i] : most[0];
    return most[0];
}

void dln_gp_predict_roughly(const struct dln_gp *gp, struct dln_gp_query *query, size_t m,
                            const double *points)
{
    const size_t rows = gp->n + gp->n_pending;
    for (size_t i = 0; i < m; i++) {
        double *k = query->k;
        distances(gp, rows, points + i * gp->layout->n_columns, 1, k);
        matern(gp->sf2, rows, k, NULL);
        query->mean[i] = dot(gp->n, k, gp->alpha);
        query->var[i] = fmax(gp->sf2 - most_told(gp, rows, k), 0);
    }
}

void dln_gp_prepare_gradients(const struct dln_gp *gp, struct dln_gp_query *query, size_t m)
{
    const size_t rows = gp->n + gp->n_pending;
    memcpy(query->k, query->v, m * rows * sizeof *query->k);
    dln_solve_lower_transposed(rows, gp->l, gp->cap, m, query->k, rows);
}

void dln_gp_gradient(const struct dln_gp *gp, struct dln_gp_query *query, size_t i,
                     const double *point, double d_mean, double d_var, double *gradient)
{
    /* ∂mean = sum_j alpha_j ∂k_j, ∂var = -2 sum_j (K⁻¹k)_j ∂k_j, ∂k_j = 2 slope_j (x - x_j) / ell²
     */
    const size_t rows = gp->n + gp->n_pending;
    const double *w = query->k + i * rows;
    double *share = query->v + i * rows;
    const double *slope = query->slope + i * rows;
    double sum = 0;
    for (size_t j = 0; j < rows; j++) {
        share[j] = slope[j] * (d_mean * gp->alpha[j] - 2 * d_var * w[j]);
        sum += share[j];
    }
    for (size_t c = 0; c < gp->layout->n_columns; c++) {
        if (gp->layout->is_category[c]) continue;
        const double pull = dot(rows, share, gp->x + c * gp->cap);
        gradient[c] += 2 * gp->weight[c] * (sum * point[c] - pull);
    }
}
