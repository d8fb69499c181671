/*
 * Real runs for tests: a runner with a guardian (which is the test program itself: its main() must
 * begin with run_guardian()), a folder of its own, and a record of what happened to each run.
 */
#ifndef TEST_SUPPORT_LIVE_RUN_H
#define TEST_SUPPORT_LIVE_RUN_H

#include "dialin/exec.h"
#include "support/test.h"

enum { RUN_METRICS_KEPT = 64, RUN_WAIT_S = 60 };

struct run_record {
    char dir[256];
    bool started, over;
    int64_t pid;
    int n_output, n_metrics;
    struct dln_metric_event metric[RUN_METRICS_KEPT]; /* the first of them */
    struct dln_metric_event last_metric;
    struct dln_run_event end; /* ENDED or FAILED */
    char text[512];           /* of it */
};

struct run_fixture {
    dln_runner *runner;
    struct dln_study study;
    struct dln_objective objective;
    char root[128];
    int n_runs;
};

/* True: this process is a guardian, and *status is its exit status. */
bool run_guardian(int argc, char **argv, int *status);

void run_open(struct run_fixture *f, int64_t log_limit_bytes);
/* With a descriptor for the guardian to keep. */
void run_open_with(struct run_fixture *f, int64_t log_limit_bytes, int inherit_fd);
void run_close(struct run_fixture *f);
/* A run's folder, with what a run leaves in it. */
void run_remove(const char *dir);

/* Starts argv with the given settings (NULL: PATH alone). */
void run_start(struct run_fixture *f, struct run_record *record, char *const *argv,
               char *const *envp);
void run_request(struct run_fixture *f, struct run_record *record,
                 const struct dln_run_request *request);
/* One turn of the loop; at most max_ms. */
void run_turn(struct run_fixture *f, int max_ms);
void run_wait(struct run_fixture *f, struct run_record *record);
void run_wait_started(struct run_fixture *f, struct run_record *record);
void run_wait_output(struct run_fixture *f, struct run_record *record);

/* The whole of RUN_DIR/file; the caller frees it. */
char *run_read(const struct run_record *record, const char *file, size_t *len);
/* How many living processes have DIALIN_RUN=value. */
size_t run_count_marked(const char *value);
/* Waits until there are none; fails the test after deadline_ms. Returns how long it took. */
int64_t run_wait_no_marked(const char *value, int64_t deadline_ms);

#endif
