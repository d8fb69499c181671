/* A confirmation's short list, what is measured, what comes next. */
#ifndef DLN_ENGINE_CONFIRM_PLAN_H
#define DLN_ENGINE_CONFIRM_PLAN_H

#include "dialin/confirm.h"

/*
 * Goes on with what the file has, where study and settings are the same; else makes a short list
 * from the trials.
 */
DLN_CHECK bool dln_confirm_plan(dln_store *store, int64_t study_id, const struct dln_study *study,
                                const struct dln_confirm_settings *settings,
                                struct dln_confirmation *out, struct dln_error *err);
/* A run that may start now. False: none, before others have ended. */
bool dln_confirm_next(struct dln_confirmation *confirmation, size_t *row, size_t *seed);
/* Takes a run's value in; NaN: it failed. */
DLN_CHECK bool dln_confirm_take(struct dln_confirmation *confirmation, size_t row, size_t seed,
                                double value, struct dln_error *err);
/* The seed of a run: the same for every row. */
uint64_t dln_confirm_seed(const struct dln_confirmation *confirmation, uint64_t study_seed,
                          size_t seed);
/* Plan and verdict, and one row where row < n, in one durable commit. */
DLN_CHECK bool dln_confirm_save(dln_store *store, int64_t study_id,
                                const struct dln_confirmation *confirmation, uint64_t study_seed,
                                size_t row, struct dln_error *err);

#endif
