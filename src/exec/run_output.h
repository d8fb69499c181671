/*
 * What one run prints, on its three ways: standard output (log and metrics), standard error (log
 * and the last words, for a look at why it died), and $DIALIN_METRICS (metrics).
 */
#ifndef DLN_EXEC_RUN_OUTPUT_H
#define DLN_EXEC_RUN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/error.h"
#include "dialin/exec.h"
#include "exec/trial_log.h"

enum { DLN_STREAM_OUT, DLN_STREAM_ERR, DLN_STREAMS };

#define DLN_READ_BYTES      ((size_t)64 * 1024)
#define DLN_READ_TURN_BYTES ((size_t)1024 * 1024) /* of one child before the next has its turn */
#define DLN_LAST_WORDS      4096

struct dln_run_output {
    int fd[DLN_STREAMS]; /* read ends, non-blocking; -1: ended */
    struct dln_trial_log log[DLN_STREAMS];
    dln_metric_reader *lines;       /* of standard output */
    dln_metric_reader *file_lines;  /* of the metrics file; NULL until it has any */
    const dln_metric_reader *model; /* to clone readers from */
    char *metrics_path;
    int metrics_fd;                  /* -1: not open */
    bool has_more_metrics;           /* the file was not read to its end */
    bool has_news;                   /* bytes came since this was last set to false */
    char last_words[DLN_LAST_WORDS]; /* the end of standard error, as a ring */
    uint64_t last_words_total;
};

enum dln_read_result { DLN_READ_BLOCKED, DLN_READ_MORE, DLN_READ_ENDED };

/* Two pipes, and no trace of an earlier run in run_dir; the caller owns write_fds. */
DLN_CHECK bool dln_run_output_init(struct dln_run_output *output, const char *run_dir,
                                   int64_t log_limit_bytes, const dln_metric_reader *model,
                                   int write_fds[DLN_STREAMS], struct dln_error *err);
/* Reads one stream for at most a turn. ENDED: closed, everybody who could write is gone. */
enum dln_read_result dln_run_output_read(struct dln_run_output *output, int stream, char *buffer,
                                         dln_metric_sink *sink, void *context);
/* What was added to the metrics file, for at most a turn. BLOCKED: its end, or there is none yet.
 */
enum dln_read_result dln_run_output_read_metrics(struct dln_run_output *output, char *buffer,
                                                 dln_metric_sink *sink, void *context);
/* Makes the metrics file where the program has not, so that it can be watched. */
void dln_run_output_make_metrics(struct dln_run_output *output);
/* No more will come: half lines count, logs are put in order. Counts and errors stay readable. */
void dln_run_output_finish(struct dln_run_output *output, dln_metric_sink *sink, void *context);
void dln_run_output_release(struct dln_run_output *output);

int64_t dln_run_output_cut_lines(const struct dln_run_output *output);
/* Bytes of standard error that somebody else has read. */
void dln_run_output_keep_words(struct dln_run_output *output, const char *bytes, size_t len);
/* The last words as text, NUL-terminated, NULs replaced. */
void dln_run_output_last_words(const struct dln_run_output *output, char out[DLN_LAST_WORDS + 1]);

#endif
