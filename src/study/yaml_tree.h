/*
 * A YAML document as a small tree with places, read through libyaml's event interface behind
 * limits. What a study file has no use for (anchors, aliases, tags, merge keys, a second document,
 * duplicate keys) is refused here, with line and column.
 */
#ifndef DLN_STUDY_YAML_TREE_H
#define DLN_STUDY_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"

#define DLN_YAML_DEPTH_MAX  16
#define DLN_YAML_EVENTS_MAX 500000
#define DLN_YAML_SCALAR_MAX (64 * 1024)

enum dln_node_kind { DLN_NODE_SCALAR, DLN_NODE_LIST, DLN_NODE_MAP };

/* 32 bytes, because a file of 1 MiB can hold half a million of them. */
struct dln_node {
    struct dln_node *next;
    union {
        const char *text;       /* SCALAR; no NUL inside */
        struct dln_node *first; /* LIST: items; MAP: key, value, key, value … */
    };
    uint32_t line;         /* 1-based */
    uint32_t count;        /* LIST: items, MAP: pairs, SCALAR: bytes of text */
    uint32_t column : 28;  /* 1-based, in characters */
    uint32_t kind : 2;     /* enum dln_node_kind */
    uint32_t is_plain : 1; /* SCALAR without quotes */
    uint32_t is_exact : 1; /* SCALAR on one line that stands in the file as in text */
};

/*
 * `path` begins every error: "PATH:LINE:COLUMN: sentence". Codes: DLN_INVALID, DLN_NOMEM.
 * The tree lives in the arena and does not point into `text`.
 */
DLN_CHECK bool dln_yaml_parse(const char *path, const char *text, size_t len,
                              struct dln_arena *arena, const struct dln_node **out,
                              struct dln_error *err);

/* The value of a key, NULL if the map has no such key (or is not a map). */
const struct dln_node *dln_node_get(const struct dln_node *map, const char *key);
/* The key itself, for its place. */
const struct dln_node *dln_node_get_key(const struct dln_node *map, const char *key);
bool dln_node_is(const struct dln_node *node, const char *text); /* a scalar with this text */

#endif
