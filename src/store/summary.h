/* A study's summary, inside a transaction of the caller. */
#ifndef DLN_STORE_SUMMARY_H
#define DLN_STORE_SUMMARY_H

#include "store/handle.h"

bool dln_summary_read(dln_store *store, int64_t study_id, struct dln_arena *arena,
                      struct dln_study_summary *out, struct dln_error *err);

/*
 * Whether that is had at once: few trials, or an engine has stored its tally. *span is how many
 * trial ids there are in the whole file.
 */
bool dln_summary_is_cheap(dln_store *store, int64_t study_id, bool *cheap, int64_t *span,
                          struct dln_error *err);

#endif
