/*
 * What a trial printed, kept in a file that never grows beyond its limit: the first quarter and the
 * last three quarters stay. The file grows as usual up to the limit; then new bytes overwrite the
 * oldest ones behind the first quarter; at the end the file is written anew in the right order,
 * with a line in the gap that says how much is missing. A disk that is full stops the log, never
 * the trial.
 */
#ifndef DLN_EXEC_TRIAL_LOG_H
#define DLN_EXEC_TRIAL_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/error.h"

struct dln_trial_log {
    int fd;     /* -1: not open */
    char *path; /* NULL: closed */
    int64_t head_cap, tail_cap;
    int64_t total; /* bytes ever written */
    int error;     /* errno of the first failed open or write, 0 if none */
};

/* For RUN_DIR/NAME, readable by its owner alone; what an earlier run left there goes away. */
DLN_CHECK bool dln_trial_log_init(struct dln_trial_log *log, const char *run_dir, const char *name,
                                  int64_t limit_bytes, struct dln_error *err);
void dln_trial_log_write(struct dln_trial_log *log, const char *bytes, size_t len);
/* Puts the file in order and closes it; `total` and `error` stay readable. */
void dln_trial_log_close(struct dln_trial_log *log);

#endif
