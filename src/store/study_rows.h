/* Writing a study's own rows, inside a write transaction of the caller. */
#ifndef DLN_STORE_STUDY_ROWS_H
#define DLN_STORE_STUDY_ROWS_H

#include "store/handle.h"

/* 32 hexadecimal digits from the system's entropy. */
void dln_make_uid(char out[DLN_UID_MAX]);
/* The study's uid, drawn when it has none. */
bool dln_rows_give_uid(dln_store *store, int64_t study_id, char out[DLN_UID_MAX],
                       struct dln_error *err);
/* A row of `studies` alone, with leftovers of its id removed. DLN_REFUSED: the name is taken. */
bool dln_rows_new_study(dln_store *store, const char *name, int64_t *study_id,
                        struct dln_error *err);
/* The dialin_studies row: made, or file, strategy, budget and parallel replaced. */
bool dln_rows_put_definition(dln_store *store, int64_t study_id, const char *uid,
                             const struct dln_study *def, struct dln_error *err);
/* The definition as the file has it, whatever was set since. */
bool dln_rows_written_definition(dln_store *store, int64_t study_id, struct dln_study **out,
                                 struct dln_error *err);
/*
 * What a person set instead of the file's strategy and pruner, before and after the study's rows
 * take over a changed file: each stays where the file names the same one as before.
 */
struct dln_set_methods {
    struct dln_method strategy, pruner;
    bool strategy_stays, pruner_stays;
};
bool dln_rows_methods_stay(dln_store *store, int64_t study_id, const struct dln_study *def,
                           struct dln_arena *arena, struct dln_set_methods *out,
                           struct dln_error *err);
/*
 * What a person edited of the space: put into a definition as the file has it; and what is left of
 * it for a changed file, which wins where it says something new. *out: NULL for a file that needs
 * no edits.
 */
bool dln_rows_edit_space(dln_store *store, int64_t study_id, struct dln_study **study,
                         struct dln_error *err);
bool dln_rows_space_stays(dln_store *store, int64_t study_id, const struct dln_study *def,
                          struct dln_study **out, struct dln_error *err);
bool dln_rows_put_edits(dln_store *store, int64_t study_id, const struct dln_study *study,
                        struct dln_error *err);
/* Brings `dialin:space` and the rows of grown choices to this space. */
bool dln_rows_merge_space(dln_store *store, int64_t study_id, const struct dln_space *space,
                          struct dln_arena *arena, struct dln_error *err);
bool dln_rows_put_methods(dln_store *store, int64_t study_id, const struct dln_set_methods *set,
                          struct dln_error *err);
/* Names of metrics and limits. */
bool dln_rows_put_names(dln_store *store, int64_t study_id, const struct dln_study *def,
                        struct dln_error *err);
/* The stored distribution of each name, as `dialin:space`. */
bool dln_rows_put_space(dln_store *store, int64_t study_id, const struct dln_bound *params,
                        size_t n, struct dln_error *err);

#endif
