/*
 * What a warm worker prints, after a first byte that says how it is cut. Whatever it is, the trial
 * it has ends at most once, and with it the run is over.
 */
#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/run.h"
#include "exec/warm.h"
#include "fuzz/fuzz.h"

enum { PIECE_MAX = 32 * 1024 };

static void note(void *context, const struct dln_run_event *event)
{
    int *ends = context;
    if (event->kind == DLN_RUN_METRIC) FUZZ_HOLDS(*ends == 0 || event->owner);
    if (event->kind != DLN_RUN_ENDED) return;
    FUZZ_HOLDS(event->text);
    ++*ends;
}

static const dln_metric_reader *reader(void)
{
    static struct dln_objective objectives[] = {{.metric = "loss"}, {.metric = "acc"}};
    static const struct dln_study study = {.n_objectives = 2, .objectives = objectives};
    static dln_metric_reader *made;
    if (!made) FUZZ_HOLDS(dln_metric_reader_new(&study, &made, NULL));
    return made;
}

void fuzz_worker(const uint8_t *data, size_t size)
{
    static char buffer[DLN_READ_BYTES];
    static char folder[600];
    static char program[] = "worker";
    static char *argv[] = {program, NULL};
    static char *envp[] = {NULL};
    if (size < 1) return;
    if (!folder[0]) {
        (void)snprintf(folder, sizeof folder, "%s/run", fuzz_folder());
        FUZZ_HOLDS(mkdir(folder, 0700) == 0);
    }
    const struct dln_run_request request = {.owner = buffer,
                                            .argv = argv,
                                            .envp = envp,
                                            .directory = folder,
                                            .run_dir = folder,
                                            .line = "{\"trial\": 7}",
                                            .number = 7,
                                            .worker_dir = folder};
    struct dln_run *run;
    int64_t oom_kills = 0;
    int ends = 0;
    FUZZ_HOLDS(dln_run_new(&request, 1, reader(), 4096, &run, NULL));
    const int pipe_end = run->load.fds[DLN_STREAM_OUT];
    const size_t cut = data[0] ? (size_t)data[0] * data[0] : PIECE_MAX;
    for (size_t at = 1; at < size;) {
        const size_t len = size - at < cut ? size - at : cut;
        FUZZ_HOLDS(write(pipe_end, data + at, len) == (ssize_t)len);
        FUZZ_HOLDS(dln_warm_read(run, DLN_STREAM_OUT, buffer, note, &ends) == DLN_READ_BLOCKED);
        at += len;
    }
    FUZZ_HOLDS(ends <= 1);
    dln_run_drop_request(run);
    FUZZ_HOLDS(dln_warm_read(run, DLN_STREAM_OUT, buffer, note, &ends) == DLN_READ_ENDED);
    dln_warm_finish(run, &oom_kills, note, &ends);
    FUZZ_HOLDS(ends == 1 && run->state == DLN_RUN_IS_OVER);
    dln_run_free(run);
}
