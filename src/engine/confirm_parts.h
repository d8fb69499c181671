/* Inside of a confirmation's plan: what confirm_plan.c, confirm_list.c and confirm_file.c share. */
#ifndef DLN_ENGINE_CONFIRM_PARTS_H
#define DLN_ENGINE_CONFIRM_PARTS_H

#include "engine/confirm_plan.h"

enum { DLN_CONFIRM_SEEDS_MAX = 20000 };

bool dln_confirm_no_memory(struct dln_error *err); /* always false */
bool dln_confirm_is_tried(const struct dln_confirm_row *row, size_t seed);
/* Empty cells, for all rounds and at least so many seeds. */
DLN_CHECK bool dln_confirm_make_room(struct dln_confirmation *c, size_t at_least,
                                     struct dln_error *err);

/* confirm_file.c: the plan as it was written, n 0 where there is none; then what was measured. */
DLN_CHECK bool dln_confirm_read_plan(dln_store *store, int64_t study_id, struct dln_confirmation *c,
                                     struct dln_error *err);
DLN_CHECK bool dln_confirm_read_rows(dln_store *store, int64_t study_id, struct dln_confirmation *c,
                                     struct dln_error *err);

/* confirm_list.c */
/* Whose values are confirmed: confirm.metric or prune_on of several; SIZE_MAX: not said. */
size_t dln_confirm_objective(const struct dln_study *study);
struct dln_confirm_trials {
    struct dln_history_row *rows;
    size_t n, n_complete;
    double *loss, *expected; /* NaN: cannot be a candidate; no model */
};
DLN_CHECK bool dln_confirm_read_trials(dln_store *store, int64_t study_id,
                                       const struct dln_study *study, struct dln_arena *arena,
                                       struct dln_confirm_trials *t, struct dln_error *err);
/* The candidates, c->top of them and the raw best, and the default. */
DLN_CHECK bool dln_confirm_make_list(const struct dln_study *study, struct dln_confirm_trials *t,
                                     struct dln_confirmation *c, struct dln_error *err);
/* The points of candidates that were read; *found false: a trial is not there any more. */
DLN_CHECK bool dln_confirm_find_points(const struct dln_study *study,
                                       const struct dln_confirm_trials *t,
                                       struct dln_confirmation *c, bool *found,
                                       struct dln_error *err);

#endif
