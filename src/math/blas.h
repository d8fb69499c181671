/*
 * The routines of OpenBLAS that are used here, loaded when the first strategy needs them.
 *
 * Not linked: OpenBLAS starts a thread for each core as soon as it is loaded, before main(), with
 * no signal blocked. That would be so in every command, in the stub and in the guardian, which wait
 * for signals and must be the only thread in their process to get them. Loaded late, by a thread
 * that blocks all signals while it does, its threads block them too and sleep for ever; all work is
 * done by the caller, so that sums repeat bit for bit and no core is taken from the trials.
 */
#ifndef DLN_MATH_BLAS_H
#define DLN_MATH_BLAS_H

#include "dialin/error.h"

enum { /* CBLAS's numbers */
       DLN_BLAS_ROWS = 101,
       DLN_BLAS_PLAIN = 111,
       DLN_BLAS_TRANSPOSED = 112,
       DLN_BLAS_LOWER = 122,
       DLN_BLAS_NO_UNIT = 131,
       DLN_BLAS_RIGHT = 142
};

/* CBLAS's functions, and LAPACK's dpotrf and dpotri. */
struct dln_blas {
    void (*set_threads)(int n);
    double (*ddot)(int n, const double *x, int incx, const double *y, int incy);
    void (*dtrsv)(int order, int uplo, int trans, int diag, int n, const double *a, int lda,
                  double *x, int incx);
    void (*dtrsm)(int order, int side, int uplo, int trans, int diag, int m, int n, double alpha,
                  const double *a, int lda, double *b, int ldb);
    void (*dsymv)(int order, int uplo, int n, double alpha, const double *a, int lda,
                  const double *x, int incx, double beta, double *y, int incy);
    void (*dsymm)(int order, int side, int uplo, int m, int n, double alpha, const double *a,
                  int lda, const double *b, int ldb, double beta, double *c, int ldc);
    void (*dpotrf)(const char *uplo, const int *n, double *a, const int *lda, int *info);
    void (*dpotri)(const char *uplo, const int *n, double *a, const int *lda, int *info);
};

/*
 * Thread: any. Loads the library, once in a process. DLN_UNSUPPORTED: it is not installed. Whoever
 * computes with matrices calls this first.
 */
DLN_CHECK bool dln_blas_open(struct dln_error *err);
/* Thread: any. The routines; dln_blas_open() has succeeded. */
const struct dln_blas *dln_blas(void);

#endif
