/* Who runs: fills free slots, ends what must end. */
#ifndef DLN_ENGINE_SLOTS_H
#define DLN_ENGINE_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/driver.h"

/*
 * Starts at most one run, if one may be started: a job that waits for a slot, else a WAITING trial,
 * else what the strategy proposes. True: call again soon, there may be more to start.
 */
bool dln_slots_fill(struct dln_driver *driver, int64_t now_ns);
/*
 * With several workers, all of them busy, and a trial to follow: asks the strategy for it now. May
 * take as long as a suggestion takes.
 */
void dln_slots_ask_ahead(struct dln_driver *driver);
/*
 * Takes up a run that a dead engine has left in a batch system, in a slot of its own, whatever the
 * state of the study. True: it is followed.
 */
bool dln_slots_take_up(struct dln_driver *driver, struct dln_job *job);
/* Second looks at claims, time limits, what pruners said. */
void dln_slots_check(struct dln_driver *driver, int64_t now_ns);
/* The earliest moment at which dln_slots_check() has something to do; INT64_MAX: none. */
int64_t dln_slots_next_ns(const struct dln_driver *driver);
/* When a job that runs is out of a limit, and of which one; INT64_MAX: never. */
int64_t dln_slots_limit_ns(const struct dln_machine *machine, const struct dln_job *job,
                           enum dln_verdict *verdict);
/*
 * Ends a job's run with TERM, then KILL after the study's grace. A later verdict does not replace
 * an earlier one. grace_ms < 0: the study's.
 */
void dln_slots_end(struct dln_driver *driver, struct dln_job *job, enum dln_verdict verdict,
                   int64_t grace_ms);
/* The engine goes: ends the run, to be run again; one in a batch system goes on without it. */
void dln_slots_leave(struct dln_driver *driver, struct dln_job *job, int64_t grace_ms);

/*
 * Stops a RUNNING job's processes, and lets them go on: the slot stays theirs, time limits do not
 * count the pause.
 */
void dln_slots_suspend(struct dln_driver *driver, struct dln_job *job);
void dln_slots_continue(struct dln_driver *driver, struct dln_job *job);

#endif
