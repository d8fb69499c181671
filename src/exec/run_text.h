/* What is said about a run that ended: sentences, the `status` file, and whether memory ran out. */
#ifndef DLN_EXEC_RUN_TEXT_H
#define DLN_EXEC_RUN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/exec.h"
#include "exec/run_output.h"
#include "exec/wire.h"

#define DLN_RUN_TEXT_MAX 512

/* Why a program could not be started. *pointless: the next try would fail in the same way. */
void dln_run_failure_text(const struct dln_wire *failed, const char *program, const char *directory,
                          char out[DLN_RUN_TEXT_MAX], bool *pointless);
/* Writes RUN_DIR/status; what cannot be written is not worth failing a trial for. */
void dln_run_status_write(const char *run_dir, const struct dln_run_event *event,
                          const struct dln_trial_log logs[DLN_STREAMS], int64_t cut_lines);
/* "log 'stdout' stopped: No space left on device", or "". */
void dln_run_log_text(const struct dln_trial_log logs[DLN_STREAMS], char out[DLN_RUN_TEXT_MAX]);

/* How often the kernel has killed for want of memory since it was started; -1: it does not tell. */
int64_t dln_oom_kill_count(void);
/* Does the end of standard error tell of exhausted memory? */
bool dln_run_says_oom(const struct dln_run_output *output);
bool dln_run_text_says_oom(const char *text);

#endif
