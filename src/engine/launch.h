/* From a job to a request for the guardian: run directory, command line, environment. */
#ifndef DLN_ENGINE_LAUNCH_H
#define DLN_ENGINE_LAUNCH_H

#include "engine/driver.h"

/*
 * Makes the run directory with params.json and cmd and asks the guardian to start the job in its
 * slot; the outcome comes as an event. False: nothing was started. DLN_IO means that the machine
 * refused (disk full, no rights): the same may work later.
 */
DLN_CHECK bool dln_launch(struct dln_driver *driver, struct dln_job *job, struct dln_error *err);
/* The same by another command, in the job's run_dir, which is there. */
DLN_CHECK bool dln_launch_words(struct dln_driver *driver, struct dln_job *job,
                                const struct dln_words *words, uint64_t seed,
                                struct dln_error *err);

#endif
