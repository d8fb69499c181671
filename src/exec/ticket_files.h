/*
 * The files of a job: the folder that is its own, the script that it runs, `start` and `end` that
 * the script leaves. They lie on a file system that the tuner and the nodes share, and are the
 * truth about the job: what the batch system says comes second.
 */
#ifndef DLN_EXEC_TICKET_FILES_H
#define DLN_EXEC_TICKET_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/exec.h"
#include "exec/batch_system.h"

/*
 * RUN_DIR/NAME/
 *   job.sh     the script              jobid     "1459 cluster\n": it was accepted
 *   out err metrics.jsonl              asked     it was told to end
 *   start      "v1 <epoch> <job id> <restarts> <node>\n"
 *   end        "v1 <epoch> <exit status> <bytes of out> <of err> <of metrics.jsonl>\n"
 *   slurm.ID   what Slurm itself has to say
 * Each attempt has a folder, so that a job that was given up and writes on harms nobody.
 */
struct dln_ticket_end {
    int status; /* 128 + N: a signal, as shells have it */
    int64_t bytes[3];
};

/* The script, for argv and envp of the request. Names of `envp` that are the tuner's own stay out.
 */
void dln_ticket_script(const struct dln_study *study, const struct dln_run_request *request,
                       const char *dir, struct dln_strbuf *out);

/* False: not there, or not whole. *id (may be NULL) is the job's, "" if unknown. */
bool dln_ticket_read_start(const char *dir, struct dln_job_id *id);
bool dln_ticket_read_end(const char *dir, struct dln_ticket_end *end);
bool dln_ticket_parse_end(const char *text, struct dln_ticket_end *end);
bool dln_ticket_read_id(const char *dir, struct dln_job_id *id);
bool dln_ticket_has(const char *dir, const char *file);
/* Whether Slurm's own log of a job tells of memory. */
bool dln_ticket_says_memory(const char *dir, const char *id);

/* The folder of the newest job whose name begins so; NULL: there is none. */
char *dln_ticket_find_dir(const char *run_dir, const char *prefix, struct dln_arena *arena);
/* Makes folder and script, on the disk before it returns. */
DLN_CHECK bool dln_ticket_make_dir(const char *dir, const struct dln_strbuf *script,
                                   struct dln_error *err);
/* Of a job that was never accepted. */
void dln_ticket_remove_dir(const char *dir);

#endif
