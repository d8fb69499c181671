/* Reference numbers in tests/data/vectors: {"cases": [{"id", "inputs", "expected"}, …]}. */
#ifndef TEST_SUPPORT_VECTORS_H
#define TEST_SUPPORT_VECTORS_H

#include <stdint.h>

#include <jansson.h>

json_t *vectors_load(const char *name); /* "grid"; json_decref when done */
/* A case by its id; the test fails if there is none. */
const json_t *vectors_case(const json_t *vectors, const char *id);
const json_t *vectors_input(const json_t *vectors, const char *id, const char *key);
const json_t *vectors_expected(const json_t *vectors, const char *id, const char *key);
/* Numbers above 2^53 are written as text. */
uint64_t vectors_u64(const json_t *value);
/* All numbers of nested arrays, in order, at most cap of them; the count. */
size_t vectors_numbers(const json_t *value, double *out, size_t cap);
/* Every number of `expected` against actual, within absolute + relative·|expected|. */
void vectors_assert_close(const json_t *expected, const double *actual, double absolute,
                          double relative);

#endif
