/* What every test includes: cmocka and its standard headers, and assertions for doubles. */
#ifndef TEST_SUPPORT_TEST_H
#define TEST_SUPPORT_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dialin/error.h"

/* |actual - expected| ≤ absolute + relative·|expected|, NaN equals NaN (cmocka compares floats). */
static inline void assert_close_(double actual, double expected, double absolute, double relative,
                                 const char *file, int line)
{
    if (isnan(actual) && isnan(expected)) return;
    if (actual == expected) return;
    if (fabs(actual - expected) <= absolute + relative * fabs(expected)) return;
    print_error("%s:%d: %.17g is not %.17g\n", file, line, actual, expected);
    _fail(file, line);
}
#define assert_close(actual, expected, absolute, relative)                                         \
    assert_close_((actual), (expected), (absolute), (relative), __FILE__, __LINE__)

/* A call that must succeed; prints the error's sentence when it does not. */
#define assert_ok(call, err)                                                                       \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            print_error("%s:%d: %s: %s\n", __FILE__, __LINE__, #call, (err).text);                 \
            _fail(__FILE__, __LINE__);                                                             \
        }                                                                                          \
    } while (0)

/* A call that must fail with this code. */
#define assert_fails(call, err, expected)                                                          \
    do {                                                                                           \
        dln_error_reset(&(err));                                                                   \
        assert_false(call);                                                                        \
        if ((err).code != (expected)) {                                                            \
            print_error("%s:%d: %s: code %s: %s\n", __FILE__, __LINE__, #call,                     \
                        dln_code_name((err).code), (err).text);                                    \
            _fail(__FILE__, __LINE__);                                                             \
        }                                                                                          \
    } while (0)

#endif
