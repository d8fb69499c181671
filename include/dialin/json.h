/*
 * JSON: read by jansson behind limits, written by a small writer of our own, because the stored
 * text must equal Python's json.dumps() byte for byte (", " and ": ", ASCII only, repr() floats).
 */
#ifndef DIALIN_JSON_H
#define DIALIN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/strbuf.h"

#define DLN_JSON_DEPTH_MAX 64
#define DLN_JSON_BYTES_MAX (1024 * 1024)

/*
 * Parses one JSON value (any kind) of at most DLN_JSON_BYTES_MAX bytes and DLN_JSON_DEPTH_MAX
 * levels. Python's bare NaN, Infinity and -Infinity are read as strings of that text.
 * The caller owns *out (json_decref).
 */
DLN_API DLN_CHECK bool dln_json_read(const char *text, size_t len, json_t **out,
                                     struct dln_error *err);

/* A sticky writer on a string: commas and colons are put where they belong. */
struct dln_json_writer {
    struct dln_strbuf *out;
    bool needs_comma;
};

DLN_API void dln_json_object(struct dln_json_writer *w);     /* { */
DLN_API void dln_json_end_object(struct dln_json_writer *w); /* } */
DLN_API void dln_json_array(struct dln_json_writer *w);      /* [ */
DLN_API void dln_json_end_array(struct dln_json_writer *w);  /* ] */
DLN_API void dln_json_key(struct dln_json_writer *w, const char *key);
DLN_API void dln_json_string(struct dln_json_writer *w, const char *text); /* NULL writes null */
DLN_API void dln_json_int(struct dln_json_writer *w, int64_t value);
DLN_API void dln_json_bool(struct dln_json_writer *w, bool value);
DLN_API void dln_json_null(struct dln_json_writer *w);
/* repr() of a finite value; null for NaN and infinities. */
DLN_API void dln_json_double(struct dln_json_writer *w, double value);
/* Text that is JSON already. */
DLN_API void dln_json_raw(struct dln_json_writer *w, const char *json);
/* Any jansson value, in the same style. */
DLN_API void dln_json_value(struct dln_json_writer *w, const json_t *value);

#endif
