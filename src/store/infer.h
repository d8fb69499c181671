/* What the rows of a study say about its parameters. */
#ifndef DLN_STORE_INFER_H
#define DLN_STORE_INFER_H

#include "store/handle.h"

struct dln_stored_param {
    const char *name;
    const char *json; /* distribution of the newest row */
    int64_t first_id; /* of its rows: the order of the parameters */
};

/* Every name that occurs, in order of appearance; at most DLN_SPACE_MAX. */
bool dln_infer_names(dln_store *store, int64_t study_id, struct dln_arena *arena,
                     struct dln_stored_param **out, size_t *n, struct dln_error *err);
/* The distribution text of the newest row of a name, in the arena; NULL when no trial has it. */
bool dln_infer_newest(dln_store *store, int64_t study_id, const char *name, struct dln_arena *arena,
                      const char **json, struct dln_error *err);

#endif
