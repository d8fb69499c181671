/*
 * Doubles and text, always in the C locale: the one place that reads and prints numbers.
 */
#ifndef DIALIN_NUM_H
#define DIALIN_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/export.h"

#define DLN_NUM_TEXT_MAX 40 /* every text written here fits, NUL included */

/*
 * Shortest digits that read back to the same double, laid out as Python's repr():
 * 5.0  0.1  1e-05  100000.0  1e+16  nan  inf  -inf. Returns its length.
 */
DLN_API size_t dln_num_repr(double x, char out[DLN_NUM_TEXT_MAX]);

/* As dln_num_repr(), but whole numbers below 1e16 have no ".0": for programs and people. */
DLN_API size_t dln_num_short(double x, char out[DLN_NUM_TEXT_MAX]);

/*
 * Strict: the whole of text[0..len) must be [+-]digits[.digits][e[+-]digits], ".5" and "5." allowed;
 * or nan, inf, infinity in any case with a sign. No blanks, no hex, no comma. Overflow gives ±inf.
 */
DLN_API bool dln_num_parse(const char *text, size_t len, double *out);

/* The longest such number at the start of text; its length in bytes, 0 if there is none. */
DLN_API size_t dln_num_scan(const char *text, size_t len, double *out);

/* A whole number in decimal that fits in 64 bits. */
DLN_API bool dln_num_parse_int(const char *text, size_t len, int64_t *out);

#endif
