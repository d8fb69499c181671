/*
 * What a scalar of a study file means: the YAML 1.2 core schema, of which only true, false, null
 * and ~ are words; everything else that is not a number is text, and what is quoted always is.
 */
#ifndef DLN_STUDY_SCALAR_H
#define DLN_STUDY_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/space.h"
#include "study/yaml_tree.h"

/*
 * Any node as a scalar; lists and maps become JSON text. false: out of memory. A number that is too
 * large is REAL with an infinite value: the caller says so, who knows the place.
 */
DLN_CHECK bool dln_scalar_of_node(const struct dln_node *node, struct dln_arena *arena,
                                  struct dln_scalar *out);

/* Python's ==: 1, 1.0 and true are equal. */
bool dln_scalar_equal(const struct dln_scalar *a, const struct dln_scalar *b);

/* yes, no, on, off, True, False and kin: text here, something else elsewhere. */
bool dln_scalar_misleads(const struct dln_node *node);

/* "90s" "10m" "1.5h" "1d" → seconds; "500MB" "16GB" "2GiB" → bytes (1 MB = 10^6). */
bool dln_duration_parse(const char *text, double *seconds);
bool dln_size_parse(const char *text, int64_t *bytes);

/* Whether x can be the value of a parameter: its internal representation, in range, on the grid. */
bool dln_scalar_to_value(const struct dln_scalar *scalar, const struct dln_param *param, double *x);

#endif
