/* `keep: {top: N}`: what programs leave in their run directories stays for the best trials only. */
#ifndef DLN_ENGINE_KEEP_H
#define DLN_ENGINE_KEEP_H

#include "engine/driver.h"

/* Before a trial's end is learnt: the front as it stands, in the scratch arena. */
struct dln_front {
    size_t n;
    const int64_t *numbers;
};
struct dln_front dln_keep_front(struct dln_driver *driver);
/*
 * After it: tidies the run directory of this trial, or of those that it has taken the place of.
 * With several objectives the front is kept, whatever N. Only of trials that have ended; logs,
 * command and parameters always stay. A failure is a note.
 */
void dln_keep_tidy(struct dln_driver *driver, int64_t number, const struct dln_front *before);

#endif
