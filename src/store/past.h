/* Trials of earlier studies, as a study's rows carry them: its own copy, made once. */
#ifndef DLN_STORE_PAST_H
#define DLN_STORE_PAST_H

#include "dialin/json.h"
#include "store/handle.h"

/*
 * The point that values have here: names and values in the same order, what is not named at its
 * default. False: it has none; *culprit is the parameter that cannot have its value, or space->n
 * where a constraint is broken.
 */
bool dln_past_place(const struct dln_space *space, const json_t *names, const json_t *values,
                    double *x, size_t *culprit);

/*
 * Inside a write transaction: what `warm_start` names is read and copied. A source that was copied
 * before stays as it was, wherever it is now.
 */
bool dln_rows_put_past(dln_store *store, int64_t study_id, const struct dln_study *def,
                       struct dln_arena *arena, struct dln_error *err);
/* Fills study->past from the copies. */
bool dln_rows_read_past(dln_store *store, int64_t study_id, struct dln_study *study,
                        struct dln_error *err);

#endif
