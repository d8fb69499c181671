#include "math/cma.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/eigen.h"
#include "math/normal.h"

size_t dln_cma_lambda(size_t d)
{
    return 4 + (size_t)floor(3 * log((double)d));
}

void dln_cma_release(struct dln_cma *cma)
{
    free(cma->block);
    free(cma->weights);
    *cma = (struct dln_cma){0};
}

/* ── constants ─────────────────────────────────────────────────────────────────────────────────*/

/* Positive weights sum to 1; the negative ones are scaled so that C stays positive definite. */
static void scale_weights(struct dln_cma *cma)
{
    const double d = (double)cma->d;
    double positive = 0;
    double negative = 0;
    for (size_t i = 0; i < cma->lambda; i++) {
        positive += fmax(0, cma->weights[i]);
        negative += fmax(0, -cma->weights[i]);
    }
    double most = 1 + 2 * cma->mu_eff_minus / (cma->mu_eff + 2);
    most = fmin(most, 1 + cma->c1 / cma->cmu);
    most = fmin(most, (1 - cma->c1 - cma->cmu) / (d * cma->cmu));
    for (size_t i = 0; i < cma->lambda; i++)
        cma->weights[i] *= cma->weights[i] >= 0 ? 1 / positive : most / negative;
}

static void set_constants(struct dln_cma *cma)
{
    const double d = (double)cma->d;
    double sum[2] = {0}; /* of the first mu weights, of the others */
    double squares[2] = {0};
    cma->mu = cma->lambda / 2;
    for (size_t i = 0; i < cma->lambda; i++) {
        const double w = log(((double)cma->lambda + 1) / 2) - log((double)i + 1);
        cma->weights[i] = w;
        sum[i >= cma->mu] += w;
        squares[i >= cma->mu] += w * w;
    }
    cma->mu_eff = sum[0] * sum[0] / squares[0];
    cma->mu_eff_minus = sum[1] * sum[1] / squares[1];
    cma->c1 = 2 / ((d + 1.3) * (d + 1.3) + cma->mu_eff);
    cma->cmu = fmin(1 - cma->c1 - 1e-8,
                    2 * (cma->mu_eff - 2 + 1 / cma->mu_eff) / ((d + 2) * (d + 2) + cma->mu_eff));
    if (cma->is_separable) { /* fewer numbers to learn: faster */
        cma->c1 = fmin(0.5, cma->c1 * (d + 2) / 3);
        cma->cmu = fmin(1 - cma->c1 - 1e-8, cma->cmu * (d + 2) / 3);
    }
    cma->c_sigma = (cma->mu_eff + 2) / (d + cma->mu_eff + 5);
    cma->d_sigma = 1 + 2 * fmax(0, sqrt((cma->mu_eff - 1) / (d + 1)) - 1) + cma->c_sigma;
    cma->cc = (4 + cma->mu_eff / d) / (d + 4 + 2 * cma->mu_eff / d);
    cma->chi_n = sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d * d));
    scale_weights(cma);
}

bool dln_cma_set_lambda(struct dln_cma *cma, size_t lambda, struct dln_error *err)
{
    const size_t size = lambda * (cma->d + 1);
    if (size > cma->weights_cap) {
        double *weights = realloc(cma->weights, size * sizeof *weights);
        if (!weights) return dln_fail(err, DLN_NOMEM, "out of memory for the distribution");
        cma->weights = weights;
        cma->weights_cap = size;
    }
    cma->lambda = lambda;
    cma->steps = cma->weights + lambda;
    set_constants(cma);
    return true;
}

/* ── life ──────────────────────────────────────────────────────────────────────────────────────*/

static size_t block_size(size_t d)
{
    const size_t squares = d > DLN_CMA_FULL_MAX ? d : 3 * d * d;
    return 4 * d + squares + 2 * d;
}

/* Room for d dimensions. */
static bool reserve(struct dln_cma *cma, size_t d, struct dln_error *err)
{
    const size_t size = block_size(d);
    if (!cma->block || size > cma->cap) {
        double *block = calloc(size, sizeof *block);
        if (!block) {
            (void)dln_fail(err, DLN_NOMEM, "out of memory for the distribution");
            return false;
        }
        free(cma->block);
        cma->block = block;
        cma->cap = size;
    }
    cma->d = d;
    cma->is_separable = d > DLN_CMA_FULL_MAX;
    double *at = cma->block;
    cma->mean = at;
    cma->p_sigma = at += d;
    cma->p_c = at += d;
    cma->scale = at += d;
    cma->c = at += d;
    cma->basis = at += cma->is_separable ? 0 : d * d;
    cma->work = at + (cma->is_separable ? d : d * d);
    return true;
}

bool dln_cma_init(struct dln_cma *cma, size_t d, size_t lambda, const double *mean, double sigma,
                  struct dln_error *err)
{
    struct dln_cma made = {0};
    if (!reserve(&made, d, err)) return false;
    if (!dln_cma_set_lambda(&made, lambda, err)) {
        dln_cma_release(&made);
        return false;
    }
    made.sigma = made.sigma_first = sigma;
    memcpy(made.mean, mean, d * sizeof *mean);
    for (size_t i = 0; i < d; i++) {
        const size_t diagonal = made.is_separable ? i : i * d + i;
        made.scale[i] = made.c[diagonal] = 1;
        if (!made.is_separable) made.basis[diagonal] = 1;
    }
    dln_cma_release(cma);
    *cma = made;
    return true;
}

bool dln_cma_copy(struct dln_cma *to, const struct dln_cma *from, struct dln_error *err)
{
    if (!reserve(to, from->d, err) || !dln_cma_set_lambda(to, from->lambda, err)) return false;
    memcpy(to->block, from->block, block_size(from->d) * sizeof *to->block);
    to->generation = from->generation;
    to->sigma = from->sigma;
    to->sigma_first = from->sigma_first;
    return true;
}

/* Eigenvectors and scales of C; an eigenvalue that rounding made negative becomes tiny. */
static bool decompose(struct dln_cma *cma)
{
    const size_t d = cma->d;
    double *scale = cma->scale;
    if (cma->is_separable) {
        memcpy(scale, cma->c, d * sizeof *scale);
    } else {
        memcpy(cma->work, cma->c, d * d * sizeof *cma->c);
        if (!dln_eigen_symmetric(d, cma->work, cma->basis, scale)) return false;
    }
    for (size_t i = 0; i < d; i++) {
        if (!isfinite(scale[i])) return false;
    }
    for (size_t i = 0; i < d; i++)
        scale[i] = sqrt(scale[i] > 0 ? scale[i] : 1e-8);
    return true;
}

bool dln_cma_set_covariance(struct dln_cma *cma, double sigma, const double *c)
{
    const size_t d = cma->d;
    for (size_t i = 0; i < d && cma->is_separable; i++)
        cma->c[i] = c[i * d + i];
    if (!cma->is_separable) memcpy(cma->c, c, d * d * sizeof *c);
    cma->sigma = cma->sigma_first = sigma;
    return decompose(cma);
}

/* ── samples ───────────────────────────────────────────────────────────────────────────────────*/

void dln_cma_sample(const struct dln_cma *cma, const double *z, double *x)
{
    const size_t d = cma->d;
    for (size_t i = 0; i < d; i++)
        x[i] = cma->is_separable ? cma->scale[i] * z[i] : 0;
    for (size_t k = 0; k < d && !cma->is_separable; k++) {
        const double step = cma->scale[k] * z[k];
        for (size_t i = 0; i < d; i++)
            x[i] += step * cma->basis[k * d + i];
    }
    for (size_t i = 0; i < d; i++)
        x[i] = cma->mean[i] + cma->sigma * x[i];
}

/* out = C^-½ y; gives |out|². */
static double whiten(const struct dln_cma *cma, const double *y, double *out)
{
    const size_t d = cma->d;
    double square = 0;
    for (size_t i = 0; i < d; i++)
        out[i] = cma->is_separable ? y[i] / cma->scale[i] : 0;
    for (size_t k = 0; k < d && !cma->is_separable; k++) {
        const double *row = cma->basis + k * d;
        double dot = 0;
        for (size_t i = 0; i < d; i++)
            dot += row[i] * y[i];
        for (size_t i = 0; i < d; i++)
            out[i] += dot / cma->scale[k] * row[i];
    }
    for (size_t i = 0; i < d; i++)
        square += out[i] * out[i];
    return square;
}

void dln_cma_shorten(struct dln_cma *cma, double *x)
{
    const size_t d = cma->d;
    double *y = cma->work;
    for (size_t i = 0; i < d; i++)
        y[i] = (x[i] - cma->mean[i]) / cma->sigma;
    const double length = sqrt(whiten(cma, y, cma->work + d));
    const double most = cma->chi_n + 2 * (double)d / ((double)d + 2);
    for (size_t i = 0; i < d && length > most; i++)
        x[i] = cma->mean[i] + cma->sigma * y[i] * most / length;
}

/* ── update ────────────────────────────────────────────────────────────────────────────────────*/

/* C += factor · y yᵀ */
static void add_outer(struct dln_cma *cma, double factor, const double *y)
{
    const size_t d = cma->d;
    for (size_t i = 0; i < d; i++) {
        if (cma->is_separable) {
            cma->c[i] += factor * y[i] * y[i];
            continue;
        }
        for (size_t j = 0; j < d; j++)
            cma->c[i * d + j] += factor * y[i] * y[j];
    }
}

/* Step-size path and step size; gives whether the paths may grow (h_sigma). */
static bool update_step(struct dln_cma *cma, const double *y_w)
{
    const size_t d = cma->d;
    double *white = cma->work + d;
    whiten(cma, y_w, white);
    const double gain = sqrt(cma->c_sigma * (2 - cma->c_sigma) * cma->mu_eff);
    double square = 0;
    for (size_t i = 0; i < d; i++) {
        cma->p_sigma[i] = (1 - cma->c_sigma) * cma->p_sigma[i] + gain * white[i];
        square += cma->p_sigma[i] * cma->p_sigma[i];
    }
    const double length = sqrt(square);
    cma->sigma *= exp(cma->c_sigma / cma->d_sigma * (length / cma->chi_n - 1));
    cma->sigma = fmin(cma->sigma, 1e32);
    const double settled = sqrt(1 - pow(1 - cma->c_sigma, 2 * ((double)cma->generation + 1)));
    return length / settled < (1.4 + 2 / ((double)d + 1)) * cma->chi_n;
}

static void update_covariance(struct dln_cma *cma, const double *y, bool grows)
{
    const size_t d = cma->d;
    double sum = 0;
    for (size_t k = 0; k < cma->lambda; k++)
        sum += cma->weights[k];
    const double missing = grows ? 0 : cma->cc * (2 - cma->cc);
    const double keep = 1 + cma->c1 * missing - cma->c1 - cma->cmu * sum;
    for (size_t i = 0; i < (cma->is_separable ? d : d * d); i++)
        cma->c[i] *= keep;
    add_outer(cma, cma->c1, cma->p_c);
    for (size_t k = 0; k < cma->lambda; k++) {
        double w = cma->weights[k];
        if (w < 0) w *= (double)d / (whiten(cma, y + k * d, cma->work + d) + 1e-8);
        add_outer(cma, cma->cmu * w, y + k * d);
    }
    for (size_t i = 0; i < d && !cma->is_separable; i++) {
        for (size_t j = 0; j < i; j++) { /* rounding is the same on both sides, but be sure */
            cma->c[j * d + i] = cma->c[i * d + j];
        }
    }
}

bool dln_cma_tell(struct dln_cma *cma, const double *x)
{
    const size_t d = cma->d;
    cma->generation++;
    double *y = cma->steps;
    double *y_w = cma->work;
    memset(y_w, 0, d * sizeof *y_w);
    for (size_t k = 0; k < cma->lambda; k++) {
        for (size_t i = 0; i < d; i++) {
            y[k * d + i] = (x[k * d + i] - cma->mean[i]) / cma->sigma;
            if (k < cma->mu) y_w[i] += cma->weights[k] * y[k * d + i];
        }
    }
    for (size_t i = 0; i < d; i++)
        cma->mean[i] += cma->sigma * y_w[i];
    const bool grows = update_step(cma, y_w);
    const double gain = grows ? sqrt(cma->cc * (2 - cma->cc) * cma->mu_eff) : 0;
    for (size_t i = 0; i < d; i++)
        cma->p_c[i] = (1 - cma->cc) * cma->p_c[i] + gain * y_w[i];
    update_covariance(cma, y, grows);

    const double pace = 10 * (double)d * (cma->c1 + cma->cmu); /* C changes slowly: be lazy */
    const size_t period = (size_t)fmax(1, floor(1 / pace));
    return cma->generation % period != 0 || decompose(cma);
}

bool dln_cma_has_ended(const struct dln_cma *cma)
{
    const size_t d = cma->d;
    double least = HUGE_VAL;
    double most = 0;
    bool is_still = true; /* every coordinate's step is tiny beside the first */
    for (size_t i = 0; i < d; i++) {
        const double deviation = sqrt(cma->c[cma->is_separable ? i : i * d + i]);
        least = fmin(least, cma->scale[i]);
        most = fmax(most, cma->scale[i]);
        const double reach = cma->sigma * fmax(deviation, fabs(cma->p_c[i]));
        is_still = is_still && reach < 1e-12 * cma->sigma_first;
        if (cma->mean[i] == cma->mean[i] + 0.2 * cma->sigma * deviation) return true;
    }
    if (is_still || most > 1e7 * least || cma->sigma * most > 1e4 * cma->sigma_first) return true;
    const size_t axis = cma->generation % d;
    if (cma->is_separable) return false;
    for (size_t i = 0; i < d; i++) {
        const double step = 0.1 * cma->sigma * cma->scale[axis] * cma->basis[axis * d + i];
        if (cma->mean[i] != cma->mean[i] + step) return false;
    }
    return true;
}

/* ── start and margin ──────────────────────────────────────────────────────────────────────────*/

bool dln_cma_warm_start(size_t n, size_t d, const double *x, double alpha, double *mean,
                        double *sigma, double *c, double *work)
{
    if (n == 0) return false;
    memset(mean, 0, d * sizeof *mean);
    memset(c, 0, d * d * sizeof *c);
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < d; i++)
            mean[i] += x[k * d + i] / (double)n;
    }
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = i == j ? alpha * alpha : 0;
            for (size_t k = 0; k < n; k++)
                sum += (x[k * d + i] - mean[i]) * (x[k * d + j] - mean[j]) / (double)n;
            c[i * d + j] = c[j * d + i] = sum;
        }
    }
    double log_det = 0;
    memcpy(work, c, d * d * sizeof *c);
    if (!dln_eigen_symmetric(d, work, work + d * d, work + 2 * d * d)) return false;
    for (size_t i = 0; i < d; i++)
        log_det += log(work[2 * d * d + i]); /* alpha² at least */
    *sigma = exp(log_det / (2 * (double)d));
    for (size_t i = 0; i < d * d; i++)
        c[i] /= *sigma * *sigma;
    return isfinite(*sigma);
}

void dln_cma_margin(double alpha, double low, double high, double s, double *mean, double *spread)
{
    const double deviation = s * *spread;
    if (low == high) {
        const double out = dln_normal_cdf(-fabs(*mean - low) / deviation);
        const double reach = -dln_normal_quantile(alpha) * deviation;
        if (out < alpha) *mean = low + (*mean > low ? reach : -reach);
        return;
    }
    double below = dln_normal_cdf((low - *mean) / deviation);
    double above = dln_normal_cdf((*mean - high) / deviation);
    const double inside = fmax(0, 1 - below - above);
    const double half = alpha / 2;
    below = fmax(below, half);
    above = fmax(above, half);
    const double excess = 1 - below - above - inside;
    const double free = below + inside + above - 3 * half;
    const double share = free > 0 ? excess / free : 0;
    const double p_below = below + share * (below - half);
    const double p_above = above + share * (above - half);
    const double q_below = -dln_normal_quantile(fmin(0.5 - 1e-10, fmax(1e-10, p_below)));
    const double q_above = -dln_normal_quantile(fmin(0.5 - 1e-10, fmax(1e-10, p_above)));
    *spread = (high - low) / ((q_below + q_above) * s);
    *mean = (low * q_above + high * q_below) / (q_below + q_above);
}
