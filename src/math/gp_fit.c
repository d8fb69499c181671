#include "math/gp_fit.h"

#include <math.h>
#include <string.h>

#include "math/lbfgs.h"

#define LOG_SQRT_2PI 0.91893853320467274178

/* Log density of N(mean, sd²) and its derivative. */
static double log_normal_density(double x, double mean, double sd, double *slope)
{
    const double z = (x - mean) / sd;
    *slope += -z / sd;
    return -0.5 * z * z - log(sd) - LOG_SQRT_2PI;
}

/* Log density of Gamma(shape, rate) at exp(x), without its constant. */
static double log_gamma_density(double x, double shape, double rate, double *slope)
{
    *slope += shape - 1 - rate * exp(x);
    return (shape - 1) * x - rate * exp(x);
}

double dln_gp_log_prior(enum dln_gp_prior prior, size_t n_ell, const double *theta,
                        double *gradient)
{
    double sum = 0;
    double *by_sf2 = gradient + n_ell;
    double *by_sn2 = gradient + n_ell + 1;
    for (size_t k = 0; k < n_ell; k++) {
        if (prior == DLN_GP_SHORT) {
            sum += log_gamma_density(theta[k], 3, 6, &gradient[k]);
        } else {
            const double squared = exp(2 * theta[k]);
            sum -= 0.1 * (squared + 1 / squared);
            gradient[k] -= 0.2 * (squared - 1 / squared);
        }
    }
    if (prior == DLN_GP_SHORT) {
        sum += log_normal_density(theta[n_ell], 0, 0.7, by_sf2);
        sum += log_normal_density(theta[n_ell + 1], -4, 1, by_sn2);
    } else {
        sum += log_gamma_density(theta[n_ell], 2, 1, by_sf2);
        sum += log_gamma_density(theta[n_ell + 1], 1.1, 30, by_sn2);
    }
    return sum;
}

void dln_gp_prior_mode(enum dln_gp_prior prior, size_t n_ell, double *theta)
{
    const bool is_short = prior == DLN_GP_SHORT;
    for (size_t k = 0; k < n_ell; k++)
        theta[k] = is_short ? log(2.0 / 6) : 0;
    theta[n_ell] = 0;
    theta[n_ell + 1] = is_short ? -4 : log(0.1 / 30);
}

static bool fail_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory for a Gaussian process");
}

bool dln_gp_fit(struct dln_gp *gp, enum dln_gp_prior prior, double *theta, struct dln_arena *arena,
                struct dln_error *err)
{
    const size_t n_ell = gp->layout->n_ell;
    const size_t d = n_ell + 2;
    dln_gp_prior_mode(prior, n_ell, theta);

    double *low = DLN_ARENA_ARRAY(arena, double, 3 * d);
    double *work = DLN_ARENA_ARRAY(arena, double, gp->cap * gp->cap);
    double *rows = DLN_ARENA_ARRAY(arena, double, gp->cap *(2 + gp->layout->n_columns));
    /* Evidence is counted in nats; what is left when a step gains a thousandth says nothing. */
    const struct dln_lbfgs_stop stop = {
        .gradient = 1e-2, .gain = 1e-3, .iterations = 60, .evaluations = 90};
    struct dln_lbfgs search;
    if (!low || !work || !rows) return fail_memory(err);
    double *high = low + d;
    double *gradient = low + 2 * d;
    for (size_t k = 0; k < d; k++) {
        low[k] = k < n_ell ? log(0.005) : k == n_ell ? -6 : log(1e-6);
        high[k] = k < n_ell ? log(100) : k == n_ell ? 6 : 1;
    }
    if (!dln_lbfgs_init(&search, d, low, high, stop, arena)) return fail_memory(err);
    dln_lbfgs_start(&search, theta);
    double loss = 0;
    do {
        double value = 0;
        dln_gp_set_theta(gp, search.trial);
        loss = HUGE_VAL;
        if (dln_gp_likelihood(gp, work, rows, &value, gradient)) {
            loss = -(value + dln_gp_log_prior(prior, n_ell, search.trial, gradient));
            for (size_t k = 0; k < d; k++)
                gradient[k] = -gradient[k];
        }
    } while (dln_lbfgs_tell(&search, loss, gradient));
    if (!search.has_point) return dln_fail(err, DLN_NUMERIC, "the kernel matrix is singular");
    memcpy(theta, search.x, d * sizeof *theta);
    return true;
}
