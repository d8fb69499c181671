/*
 * An error is a code to branch on and a sentence for a person.
 *
 * A function that can fail returns bool, is marked DLN_CHECK and takes `struct dln_error *err` last;
 * NULL means "I do not care". The callee that knows writes code and sentence with dln_fail(); each
 * caller on the way up may put its own context in front with dln_wrap(). Out-parameters are
 * untouched on failure. The sentence is one line: lower case, no full stop, names in 'quotes'.
 */
#ifndef DIALIN_ERROR_H
#define DIALIN_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/export.h"

#define DLN_CODES(X)                                                                               \
    X(OK)          /* no error */                                                                  \
    X(NOMEM)       /* an allocation failed */                                                      \
    X(USAGE)       /* the caller's words are off: command line, key, value */                      \
    X(INVALID)     /* a study file, an expression or a stored value is not valid */                \
    X(UNSUPPORTED) /* valid, but this release or this machine cannot do it */                      \
    X(NOT_FOUND)   /* an answer: no such study, trial, file */                                     \
    X(BUSY)        /* an answer: somebody else holds it */                                         \
    X(EXHAUSTED)   /* an answer: no point is left to try */                                        \
    X(REFUSED)     /* an answer: a command that cannot be obeyed now */                            \
    X(TIMEOUT)     /* an answer: the deadline passed */                                            \
    X(IO)          /* the operating system refused a file or a process */                          \
    X(STORAGE)     /* SQLite failed */                                                             \
    X(CORRUPT)     /* a database is damaged or not what it claims to be */                         \
    X(NUMERIC)     /* a computation has no answer */

enum dln_code {
#define DLN_CODE_ENUM(name) DLN_##name,
    DLN_CODES(DLN_CODE_ENUM)
#undef DLN_CODE_ENUM
};

#define DLN_ERROR_TEXT_MAX 1024

struct dln_error {
    enum dln_code code;
    char text[DLN_ERROR_TEXT_MAX];
};

/* Fills err (if not NULL); always returns false, so that `return dln_fail(…)` reads well. */
DLN_API bool dln_fail(struct dln_error *err, enum dln_code code, const char *format, ...)
    DLN_PRINTF(3, 4);

/* Puts "context: " in front of the sentence, keeps the code; always returns false. */
DLN_API bool dln_wrap(struct dln_error *err, const char *format, ...) DLN_PRINTF(2, 3);

/* dln_fail() with ": " and the text of errnum (an errno value) appended. */
DLN_API bool dln_fail_errno(struct dln_error *err, int errnum, const char *format, ...)
    DLN_PRINTF(3, 4);

/* Forgets an error, so that the struct can be used again. */
DLN_API void dln_error_reset(struct dln_error *err);

/* "NOMEM", "USAGE" …: stable names for logs and JSON. */
DLN_API const char *dln_code_name(enum dln_code code);

#endif
