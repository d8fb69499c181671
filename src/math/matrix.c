#include "math/matrix.h"

#include <math.h>

#include "math/blas.h"

/* LAPACK counts columns first: our lower triangle is its upper one. */
static bool factor(size_t n, double *a, size_t ld)
{
    const int order = (int)n;
    const int stride = (int)ld;
    int info = 0;
    dln_blas()->dpotrf("U", &order, a, &stride, &info);
    return info == 0;
}

bool dln_cholesky(size_t n, double *a, size_t ld)
{
    return n == 0 || factor(n, a, ld);
}

static void refill(size_t n, double *a, size_t ld, const double *diagonal, double added)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++)
            a[i * ld + j] = a[j * ld + i];
        a[i * ld + i] = diagonal[i] + added;
    }
}

bool dln_cholesky_jittered(size_t n, double *a, size_t ld, const double *diagonal, double *jitter)
{
    static const double ladder[] = {0, 1e-10, 1e-8, 1e-6, 1e-4};
    double mean = 0;
    for (size_t i = 0; i < n; i++)
        mean += diagonal[i] / (double)n;
    for (size_t step = 0; step < sizeof ladder / sizeof ladder[0]; step++) {
        refill(n, a, ld, diagonal, ladder[step] * mean);
        if (!dln_cholesky(n, a, ld)) continue;
        *jitter = ladder[step] * mean;
        return true;
    }
    return false;
}

bool dln_cholesky_append(size_t n, double *l, size_t ld)
{
    double *row = l + n * ld;
    dln_solve_lower(n, l, ld, 1, row, ld);
    double rest = row[n];
    for (size_t j = 0; j < n; j++)
        rest -= row[j] * row[j];
    if (!(rest > 0)) return false;
    row[n] = sqrt(rest);
    return true;
}

bool dln_cholesky_invert(size_t n, double *l, size_t ld)
{
    if (n == 0) return true;
    const int order = (int)n;
    const int stride = (int)ld;
    int info = 0;
    dln_blas()->dpotri("U", &order, l, &stride, &info);
    return info == 0;
}

double dln_cholesky_log_det_half(size_t n, const double *l, size_t ld)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += log(l[i * ld + i]);
    return sum;
}

static void solve(bool is_transposed, size_t n, const double *l, size_t ld, size_t m, double *b,
                  size_t ldb)
{
    if (n == 0 || m == 0) return;
    const int plain = is_transposed ? DLN_BLAS_TRANSPOSED : DLN_BLAS_PLAIN;
    const int turned = is_transposed ? DLN_BLAS_PLAIN : DLN_BLAS_TRANSPOSED;
    if (m == 1) {
        dln_blas()->dtrsv(DLN_BLAS_ROWS, DLN_BLAS_LOWER, plain, DLN_BLAS_NO_UNIT, (int)n, l,
                          (int)ld, b, 1);
    } else { /* the rows of B are the right hand sides: B Lᵀ⁻¹ solves L x = b for each of them */
        dln_blas()->dtrsm(DLN_BLAS_ROWS, DLN_BLAS_RIGHT, DLN_BLAS_LOWER, turned, DLN_BLAS_NO_UNIT,
                          (int)m, (int)n, 1.0, l, (int)ld, b, (int)ldb);
    }
}

void dln_solve_lower(size_t n, const double *l, size_t ld, size_t m, double *b, size_t ldb)
{
    solve(false, n, l, ld, m, b, ldb);
}

void dln_solve_lower_transposed(size_t n, const double *l, size_t ld, size_t m, double *b,
                                size_t ldb)
{
    solve(true, n, l, ld, m, b, ldb);
}
