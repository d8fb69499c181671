/* Runs a confirmation with the driver's lease and runner. */
#ifndef DLN_ENGINE_CONFIRMING_H
#define DLN_ENGINE_CONFIRMING_H

#include "dialin/confirm.h"
#include "engine/driver.h"

/*
 * No job of the driver may be left. Returns when all is measured, when it was told to quit, or
 * when a command has put the study into another state than it was in. False: the storage or the
 * guardian failed, or nothing can be confirmed; what was measured is in the file.
 */
DLN_CHECK bool dln_confirm_drive(struct dln_driver *driver,
                                 const struct dln_confirm_options *options, bool *finished,
                                 struct dln_error *err);

#endif
