/*
 * Between a space and the rows of a study: the distribution text to write for each parameter, and
 * the place of a choice in the stored list.
 *
 * Stored lists only ever grow at their end, because old rows hold positions in them; the study file
 * may reorder and drop choices. The study's system attribute `dialin:space` keeps the stored
 * distribution of each name; without it (a study that Python made) the space came from the rows.
 */
#ifndef DLN_STORE_BINDING_H
#define DLN_STORE_BINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/space.h"
#include "store/db.h"
#include "store/json_slice.h"

struct dln_bound {
    const char *name;
    const char *json;    /* the distribution as rows get it */
    size_t n_choices;    /* of the space; 0: not a choice */
    size_t n_stored;     /* choices in the stored list */
    const int *to_space; /* stored position → the space's, -1: dropped; NULL: the same */
    const int *to_store; /* and back */
};

struct dln_binding {
    size_t n;
    struct dln_bound *params;
    size_t *by_name; /* indexes in the order of SQLite's index: bytes */
};

bool dln_binding_make(dln_db *db, int64_t study_id, const struct dln_space *space,
                      struct dln_arena *arena, struct dln_binding *out, struct dln_error *err);
/*
 * The stored list of a choice and the maps, from the space's param and a stored one (NULL: none):
 * what is new in the space is put at the end. *grown: the list got longer.
 */
bool dln_bound_merge(const struct dln_param *param, struct dln_slice stored,
                     struct dln_arena *arena, struct dln_bound *out, bool *grown,
                     struct dln_error *err);

/* The value in the space, NaN for a choice that the space does not have. */
double dln_bound_read(const struct dln_bound *bound, double stored);
double dln_bound_write(const struct dln_bound *bound, double x);
/* Index of a name, SIZE_MAX without one. *cursor: 0 at first; names that come in order are found
   at the first look. */
size_t dln_binding_find(const struct dln_binding *binding, const char *name, size_t *cursor);

/* One binding, made anew only when the space or the study is another. `= {0}` is empty. */
struct dln_binding_cache {
    struct dln_arena arena;
    bool is_filled;
    uint64_t fingerprint;
    struct dln_binding binding;
};
bool dln_binding_get(struct dln_binding_cache *cache, dln_db *db, int64_t study_id,
                     const struct dln_space *space, const struct dln_binding **out,
                     struct dln_error *err);
void dln_binding_cache_release(struct dln_binding_cache *cache);

#endif
