/* What the file says of trials, taken into ledger and proposer. */
#ifndef DLN_ENGINE_REFRESH_H
#define DLN_ENGINE_REFRESH_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/driver.h"

/* Trials with a higher id than any known: all of them at first. */
bool dln_refresh_new(struct dln_driver *driver);
/* After a foreign commit: new trials, and what became of those that are unfinished and not ours. */
bool dln_refresh_foreign(struct dln_driver *driver);
/* One trial again; *state may be NULL. */
bool dln_refresh_trial(struct dln_driver *driver, int64_t number, enum dln_trial_state *state);
/* Tells a new pruner every curve that the file and our own runs have. False: trouble, told. */
bool dln_refresh_pruning(struct dln_driver *driver, dln_pruning *pruning);

#endif
