/* Jacobi's cyclic method: Golub & Van Loan, "Matrix Computations" (2013), section 8.5. */
#include "math/eigen.h"

#include <float.h>
#include <math.h>
#include <stdint.h>

enum { SWEEPS_MAX = 50 }; /* the error squares itself in each: far beyond what is ever needed */

/* Turns rows p and q of a matrix by the angle of cosine c and sine s. */
static void turn(size_t n, double *p, double *q, double c, double s)
{
    for (size_t k = 0; k < n; k++) {
        const double x = p[k];
        p[k] = c * x - s * q[k];
        q[k] = s * x + c * q[k];
    }
}

/* Makes a[p][q] zero by a rotation of both sides; false when it is as good as zero already. */
static bool rotate(size_t n, double *a, double *vectors, size_t p, size_t q)
{
    double *row_p = a + p * n;
    double *row_q = a + q * n;
    const double app = row_p[p];
    const double aqq = row_q[q];
    const double apq = row_p[q];
    if (fabs(apq) <= DBL_EPSILON / 8 * sqrt(fabs(app)) * sqrt(fabs(aqq))) return false;
    const double theta = (aqq - app) / (2 * apq);
    const double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1);
    turn(n, row_p, row_q, c, t * c);
    turn(n, vectors + p * n, vectors + q * n, c, t * c);
    for (size_t k = 0; k < n; k++) { /* the other side, by symmetry */
        a[k * n + p] = row_p[k];
        a[k * n + q] = row_q[k];
    }
    row_p[p] = app - t * apq;
    row_q[q] = aqq + t * apq;
    row_p[q] = row_q[p] = 0;
    return true;
}

static void swap_rows(size_t n, double *a, double *b)
{
    for (size_t k = 0; k < n; k++) {
        const double x = a[k];
        a[k] = b[k];
        b[k] = x;
    }
}

bool dln_eigen_symmetric(size_t n, double *a, double *vectors, double *values)
{
    for (size_t i = 0; i < n * n; i++) {
        if (!isfinite(a[i])) return false;
        vectors[i] = i % (n + 1) == 0;
    }
    bool has_turned = true;
    for (int sweep = 0; has_turned && sweep < SWEEPS_MAX; sweep++) {
        has_turned = false;
        for (size_t p = 0; p < n; p++) {
            for (size_t q = p + 1; q < n; q++)
                has_turned |= rotate(n, a, vectors, p, q);
        }
    }
    for (size_t i = 0; i < n; i++)
        values[i] = a[i * n + i];
    for (size_t i = 0; i < n; i++) {
        size_t least = i;
        for (size_t j = i + 1; j < n; j++) {
            if (values[j] < values[least]) least = j;
        }
        if (least == i) continue;
        swap_rows(1, values + i, values + least);
        swap_rows(n, vectors + i * n, vectors + least * n);
    }
    return true;
}
