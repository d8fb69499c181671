/*
 * Cholesky factors of symmetric matrices. dln_blas_open() comes first.
 *
 * Matrices are square, row-major, with a leading dimension `ld` ≥ n. A factor L (A = LLᵀ) stands in
 * the lower triangle; what is above the diagonal is not read as part of it.
 */
#ifndef DLN_MATH_MATRIX_H
#define DLN_MATH_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

/* A → L in place, from the lower triangle. False: not positive definite, `a` is spoilt. */
bool dln_cholesky(size_t n, double *a, size_t ld);
/*
 * The same for a matrix that is given as its strict upper triangle, which stays, and its diagonal.
 * Tried with 0, then 1e-10, 1e-8, 1e-6, 1e-4 times the mean of the diagonal added to it; *jitter:
 * what was added. False: not positive definite even so.
 */
bool dln_cholesky_jittered(size_t n, double *a, size_t ld, const double *diagonal, double *jitter);
/*
 * Makes the factor of n rows one of n + 1: row n of `l` holds the new row of A, the last entry its
 * diagonal, and becomes the new row of L. O(n²). False: not positive definite, the row is spoilt.
 */
bool dln_cholesky_append(size_t n, double *l, size_t ld);
/* L → A⁻¹ in place, lower triangle only. False: the factor is singular. */
bool dln_cholesky_invert(size_t n, double *l, size_t ld);
/* sum of log L_ii; half the log determinant of A. */
double dln_cholesky_log_det_half(size_t n, const double *l, size_t ld);

/* Each of m rows b (n long, leading dimension ldb) becomes L⁻¹b, or L⁻ᵀb. */
void dln_solve_lower(size_t n, const double *l, size_t ld, size_t m, double *b, size_t ldb);
void dln_solve_lower_transposed(size_t n, const double *l, size_t ld, size_t m, double *b,
                                size_t ldb);

#endif
