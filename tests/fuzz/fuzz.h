/*
 * Fuzz targets: each takes any bytes, and ends the process where the program breaks a promise. In a
 * build by clang with the address sanitizer they are driven by libFuzzer (fuzz_drive.c), in every
 * build by the seeds (fuzz_replay.c).
 */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* clang-format off */
#define FUZZ_TARGETS(X) \
    X(study)  /* a study file */ \
    X(expr)   /* an expression, and a filter */ \
    X(space)  /* a study file, and edits of its space */ \
    X(metric) /* what a trial prints, cut anywhere */ \
    X(serve)  /* requests of `dialin serve` */ \
    X(json)   /* stored JSON: values, slices, distributions */ \
    X(worker) /* what a warm worker answers */ \
    X(keys)   /* what a terminal sends, cut anywhere */ \
    X(theme)  /* a theme file */
/* clang-format on */

#define FUZZ_DECLARE(name) void fuzz_##name(const uint8_t *data, size_t size);
FUZZ_TARGETS(FUZZ_DECLARE)
#undef FUZZ_DECLARE

/* What must hold. */
#define FUZZ_HOLDS(what)                                                              \
    do {                                                                              \
        if (!(what)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #what); \
            abort();                                                                  \
        }                                                                             \
    } while (0)

/* NUL-terminated, of the exact size, so that a step behind its end is seen; free() it. */
char *fuzz_text(const uint8_t *data, size_t size);
/* A folder for files of this process, gone at its end. */
const char *fuzz_folder(void);
/* folder/name with these bytes; the path is good until the next call. */
const char *fuzz_file(const char *name, const void *bytes, size_t size);

#endif
