/* What a dead engine, or a commit that failed, left behind. */
#ifndef DLN_ENGINE_RECOVER_H
#define DLN_ENGINE_RECOVER_H

#include <stdbool.h>

#include "engine/driver.h"

/*
 * RUNNING trials of ours that no job stands for become jobs that wait for a slot: each is run again
 * with its own parameters, so that a resumed study ends with exactly its budget, every number once.
 * `end_leftovers`: what their engine left running is killed first. (The result of a local run whose
 * engine died cannot be had: its exit status went to a process that is gone.) Trials of other
 * programs are never touched. *n (may be NULL): how many were taken over.
 */
bool dln_recover_orphans(struct dln_driver *driver, bool end_leftovers, size_t *n);

/* After storage trouble: a commit that failed may be in the file all the same. */
bool dln_recover_resync(struct dln_driver *driver);

#endif
