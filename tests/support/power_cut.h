/*
 * A disk whose power can be cut: a VFS of SQLite that passes everything on to the real one and
 * keeps a record of what was written, cut, deleted and synced. Afterwards the record gives, for any
 * moment, a state that a disk may have been in when the power went: what was synced is there; of
 * what was not, all, nothing, the first part, some pieces in any order, or sectors with other
 * bytes in them. One recording at a time; files that are there when it begins count as synced.
 */
#ifndef TEST_SUPPORT_POWER_CUT_H
#define TEST_SUPPORT_POWER_CUT_H

#include <stddef.h>
#include <stdint.h>

/* From now on SQLite writes through it in this process. */
void power_record(void);
/* Records no more; until power_forget() the record stays, and nothing is synced for real. */
void power_stop(void);
void power_forget(void);

/* Writes, cuts, deletions and syncs so far. */
size_t power_events(void);

/*
 * Writes into `folder`, under their own names, the files as they may be after the first n events;
 * which of the possible states is drawn by the seed. Files of an earlier call are removed. Calls
 * with growing n are cheap.
 */
void power_cut_at(size_t n, uint64_t seed, const char *folder);

#endif
