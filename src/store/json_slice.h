/*
 * Reads the outline of JSON without changing it: members and elements as slices of the text. For
 * stored values whose exact text matters: NaN beside "NaN", 2^80, lone surrogates, order of keys.
 * Iterative, no memory; damaged text ends the walk with false.
 */
#ifndef DLN_STORE_JSON_SLICE_H
#define DLN_STORE_JSON_SLICE_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/arena.h"
#include "dialin/strbuf.h"

struct dln_slice {
    const char *at;
    size_t len;
};

struct dln_json_walk {
    const char *at, *end;
    bool is_started, is_broken, is_over;
};

/* The text must be one object; then each member in turn, the key with its quotes. */
bool dln_json_walk_object(struct dln_json_walk *walk, struct dln_slice text);
bool dln_json_walk_member(struct dln_json_walk *walk, struct dln_slice *key,
                          struct dln_slice *value);
/* The text must be one array; then each element in turn. */
bool dln_json_walk_array(struct dln_json_walk *walk, struct dln_slice text);
bool dln_json_walk_element(struct dln_json_walk *walk, struct dln_slice *value);

bool dln_slice_is(struct dln_slice slice, const char *text);
/* A JSON string (quotes included) as text; what cannot be decoded is given as it stands. */
const char *dln_slice_string(struct dln_slice slice, struct dln_arena *arena);
/* The member of an object by its name, an empty slice without one. */
struct dln_slice dln_slice_member(struct dln_slice object, const char *name,
                                  struct dln_arena *arena);
bool dln_slice_number(struct dln_slice slice, double *out); /* NaN and Infinity included */

/* A number as Python's json.dumps() writes it: repr(), or the bare words NaN and Infinity. */
void dln_python_real(struct dln_strbuf *out, double x);

#endif
