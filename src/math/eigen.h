/*
 * Eigenvectors of a symmetric matrix, for the small ones of CMA-ES. Not by LAPACK: for 10 rows a
 * call of it takes as long, and this gives the same bits on every machine.
 */
#ifndef DLN_MATH_EIGEN_H
#define DLN_MATH_EIGEN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * vectors (n × n): the eigenvectors of a (n × n, row-major, symmetric), one a row, of length 1;
 * values (n): ascending. `a` is spoilt. False: `a` is not finite. Cost O(n³), some 8 sweeps.
 */
bool dln_eigen_symmetric(size_t n, double *a, double *vectors, double *values);

#endif
