/*
 * A Gaussian process with Matérn-5/2 kernel over columns of numbers.
 * Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), algorithm 2.1, eq. 5.9.
 *
 *   k(x, x') = sf2 (1 + √5 r + 5r²/3) exp(-√5 r),   r² = sum over columns of D / ell²
 *
 * D is the squared difference of two numbers, or, in a column of categories, 0 where they are the
 * same and 1 where not. Several columns may share one length scale (a parameter that can be absent
 * is embedded in a plane). Rows may carry a noise of their own beside the common sn2.
 *
 * theta = log ell (n_ell), log sf2, log sn2. Values are of mean 0 and variance about 1.
 * dln_blas_open() comes first.
 */
#ifndef DLN_MATH_GAUSS_PROCESS_H
#define DLN_MATH_GAUSS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/arena.h"

struct dln_gp_layout {
    size_t n_ell, n_columns;
    size_t *ell_of;    /* per column */
    bool *is_category; /* per column */
};

/* Thread: owner. Rows 0 … n-1 have values; after them stand n_pending rows whose values are not
 * known yet: they take uncertainty away and leave the mean as it is (Kriging believer). */
struct dln_gp {
    const struct dln_gp_layout *layout;
    size_t cap; /* rows; also the distance of columns in x and of rows in l */
    size_t n, n_pending;
    double *x;      /* n_columns × cap, column after column */
    double *y;      /* cap */
    double *noise;  /* cap, added to sn2 */
    double *theta;  /* n_ell + 2 */
    double *l;      /* cap × cap: factor of K, above its diagonal K itself */
    double *alpha;  /* cap: K⁻¹y */
    double *weight; /* n_columns: 1 / ell² */
    double sf2, sn2;
    double jitter; /* that the factor needed */
};

/* Memory for `cap` rows; theta is 0. False: no memory. */
bool dln_gp_init(struct dln_gp *gp, const struct dln_gp_layout *layout, size_t cap);
void dln_gp_release(struct dln_gp *gp);
/* Row i from n_columns numbers side by side. */
void dln_gp_set_row(struct dln_gp *gp, size_t i, const double *columns);
void dln_gp_set_theta(struct dln_gp *gp, const double *theta);

/*
 * Factorises K: rows 0 … base-1 at once, the others appended one by one, so that a factor which has
 * `kept` valid rows (kept ≥ base) gets the new ones in O(n²) each, with the very same bits as one
 * made from nothing. False: not positive definite; then dln_gp_factorise_jittered() may help.
 */
bool dln_gp_factorise(struct dln_gp *gp, size_t base, size_t kept);
bool dln_gp_factorise_jittered(struct dln_gp *gp);
/* Appends rows n … n + n_pending - 1 to the factor; those that do not fit in are left out. */
void dln_gp_append_pending(struct dln_gp *gp, size_t n_pending);
/* alpha from y. */
void dln_gp_solve(struct dln_gp *gp);

/*
 * Log marginal likelihood of theta and its gradient (n_ell + 2). Factor and alpha are destroyed.
 * work: cap × cap, and row: 2·cap + n_columns·cap. False: not positive definite.
 */
bool dln_gp_likelihood(struct dln_gp *gp, double *work, double *rows, double *value,
                       double *gradient);

/* Queries in one go, with memory for what their gradients need. */
struct dln_gp_query {
    size_t cap;
    double *k;          /* cap × gp->cap: covariance with each row, then K⁻¹k */
    double *slope;      /* cap × gp->cap: derivative by r² */
    double *v;          /* cap × gp->cap: L⁻¹k */
    double *mean, *var; /* cap */
};
/* Memory for `cap` queries of a process with up to `rows` rows. False: no memory. */
bool dln_gp_query_init(struct dln_gp_query *query, size_t cap, size_t rows,
                       struct dln_arena *arena);
/*
 * Posterior mean and variance (of f, without noise; ≥ 0) at m ≤ query->cap points, each n_columns
 * numbers side by side. O(m n (n + columns)).
 */
void dln_gp_predict(const struct dln_gp *gp, struct dln_gp_query *query, size_t m,
                    const double *points);
/* The mean, and no variance but a bound that it cannot pass: of the nearest row alone. O(n). */
void dln_gp_predict_roughly(const struct dln_gp *gp, struct dln_gp_query *query, size_t m,
                            const double *points);
/*
 * After dln_gp_predict(): makes ready for dln_gp_gradient() of the same points.
 */
void dln_gp_prepare_gradients(const struct dln_gp *gp, struct dln_gp_query *query, size_t m);
/* gradient (n_columns) += d_mean ∂mean/∂x + d_var ∂var/∂x at query i; category columns get 0. */
void dln_gp_gradient(const struct dln_gp *gp, struct dln_gp_query *query, size_t i,
                     const double *point, double d_mean, double d_var, double *gradient);

#endif
