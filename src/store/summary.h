/* A study's summary, inside a transaction of the caller. */
#ifndef DLN_STORE_SUMMARY_H
#define DLN_STORE_SUMMARY_H

#include "store/handle.h"

bool dln_summary_read(dln_store *store, int64_t study_id, struct dln_arena *arena,
                      struct dln_study_summary *out, struct dln_error *err);

#endif
