/*
 * A config file as bytes with named places: what a parameter of that name replaces. Untouched bytes
 * stay as they are, with comments and order. A name is the keys from the outside in, joined by
 * dots; an item of a list has its index as key.
 */
#ifndef DLN_EXEC_CONFIG_SLOTS_H
#define DLN_EXEC_CONFIG_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/space.h"
#include "dialin/strbuf.h"
#include "dialin/study.h"

struct dln_slot {
    const char *name;
    size_t start, end;   /* bytes of the value */
    bool needs_blank;    /* nothing stands between the key and an empty value */
    const char *trouble; /* why the value cannot be replaced; NULL: it can */
};

struct dln_slots {
    struct dln_arena *arena;
    struct dln_slot *slot; /* a list or map comes before what is in it */
    size_t n, cap;
};

/* SIZE_MAX: no memory. The name is copied. */
size_t dln_slots_add(struct dln_slots *slots, const struct dln_slot *slot);
/* "TITLE:LINE:COLUMN: sentence" for a byte of the text; false. */
bool dln_slots_fail(const char *title, const char *text, size_t at, struct dln_error *err,
                    const char *sentence);

/* All values of a text. `title` is the file's name, for errors. DLN_INVALID, DLN_NOMEM. */
DLN_CHECK bool dln_config_scan_yaml(const char *title, const char *text, size_t len,
                                    struct dln_slots *slots, struct dln_error *err);
DLN_CHECK bool dln_config_scan_json(const char *title, const char *text, size_t len,
                                    struct dln_slots *slots, struct dln_error *err);
DLN_CHECK bool dln_config_scan_toml(const char *title, const char *text, size_t len,
                                    struct dln_slots *slots, struct dln_error *err);
DLN_CHECK bool dln_config_scan_ini(const char *title, const char *text, size_t len,
                                   struct dln_slots *slots, struct dln_error *err);

/*
 * Writes a value so that it is read back as what it is. NULL, or why the format cannot hold it
 * ("TOML has no null"); then *out may hold a part.
 */
const char *dln_config_put(enum dln_config_format as, const struct dln_scalar *value,
                           struct dln_strbuf *out);
/* A key of a file that is made from nothing. */
void dln_config_put_key(enum dln_config_format as, const char *key, size_t len,
                        struct dln_strbuf *out);

/* A parameter or constant with its value: what a file is made from. */
struct dln_entry {
    const char *name;
    struct dln_scalar value;
};
/* A file of entries alone, dotted names nested. NULL, or why the format cannot hold them. */
const char *dln_config_put_all(enum dln_config_format as, size_t n, const struct dln_entry *entries,
                               struct dln_strbuf *out);

#endif
