/*
 * From the request to the end of `true`: through the runner and its guardian, and by bare
 * posix_spawn and wait, two at a time. Rounds alternate, so that other load hits both; the best
 * round of each counts. Goal: a ratio of at most 1.2. The folders of the runs are in memory, or in
 * the folder given as an argument, which shows what its file system takes for one small file.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/exec.h"
#include "support/live_run.h"

enum { RUNS = 400, PARALLEL = 2, ROUNDS = 7, DIR_BYTES = 160 };

static char program[] = "/bin/true";
static char path[] = "PATH=/usr/bin:/bin";
static char *const argv_true[] = {program, NULL};
static char *const envp_true[] = {path, NULL};

static double bare(void)
{
    const int64_t start_ns = dln_clock_mono_ns();
    int running = 0;
    for (int begun = 0, ended = 0; ended < RUNS;) {
        while (running < PARALLEL && begun < RUNS) {
            pid_t pid;
            if (posix_spawn(&pid, program, NULL, NULL, argv_true, envp_true) != 0) exit(1);
            begun++;
            running++;
        }
        if (waitpid(-1, NULL, 0) < 0) exit(1);
        running--;
        ended++;
    }
    return (double)(dln_clock_mono_ns() - start_ns) / 1e3 / RUNS;
}

struct loop {
    dln_runner *runner;
    char (*dirs)[DIR_BYTES];
    int begun, ended;
};

static void begin(struct loop *loop)
{
    if (loop->begun == RUNS) return;
    char *dir = loop->dirs[loop->begun];
    const struct dln_run_request request = {
        .owner = dir, .argv = argv_true, .envp = envp_true, .directory = "/", .run_dir = dir};
    if (!dln_runner_start(loop->runner, &request, NULL)) exit(1);
    loop->begun++;
}

static void note(void *context, const struct dln_run_event *event)
{
    struct loop *loop = context;
    if (event->kind == DLN_RUN_FAILED) exit(1);
    if (event->kind != DLN_RUN_ENDED) return;
    loop->ended++;
    begin(loop);
}

static double through_runner(dln_runner *runner, char (*dirs)[DIR_BYTES])
{
    struct loop loop = {.runner = runner, .dirs = dirs};
    const int64_t start_ns = dln_clock_mono_ns();
    for (int i = 0; i < PARALLEL; i++)
        begin(&loop);
    while (loop.ended < RUNS) {
        struct pollfd fd;
        int timeout_ms = 1000;
        const size_t n = dln_runner_poll(runner, &fd, 1, &timeout_ms);
        (void)poll(&fd, (nfds_t)n, timeout_ms);
        if (!dln_runner_work(runner, note, &loop, NULL)) exit(1);
    }
    return (double)(dln_clock_mono_ns() - start_ns) / 1e3 / RUNS;
}

/* A folder for each run, as in a study. */
static void make_dirs(const char *root, int round, char (*dirs)[DIR_BYTES])
{
    for (int i = 0; i < RUNS; i++) {
        (void)snprintf(dirs[i], sizeof dirs[i], "%.120s/%d-%d", root, round, i);
        if (mkdir(dirs[i], 0700) != 0) exit(1);
    }
}

static void remove_dirs(char (*dirs)[DIR_BYTES])
{
    static const char *const files[] = {"stdout", "stderr", "metrics.jsonl", "status"};
    for (int i = 0; i < RUNS; i++) {
        for (size_t j = 0; j < sizeof files / sizeof files[0]; j++) {
            char name[200];
            (void)snprintf(name, sizeof name, "%.150s/%s", dirs[i], files[j]);
            (void)unlink(name);
        }
        (void)rmdir(dirs[i]);
    }
}

int main(int argc, char **argv)
{
    int status;
    if (run_guardian(argc, argv, &status)) return status;
    char root[128];
    (void)snprintf(root, sizeof root, "%.90s/dialin-bench-XXXXXX", argc > 1 ? argv[1] : "/dev/shm");
    if (!mkdtemp(root)) return 1;
    static char dirs[ROUNDS][RUNS][DIR_BYTES];
    static struct dln_objective objective = {.metric = "loss"};
    const struct dln_study study = {.name = "bench", .n_objectives = 1, .objectives = &objective};
    const struct dln_runner_options options = {
        .inherit_fd = -1, .log_limit_bytes = 1 << 20, .orphan_grace_ms = 100};
    dln_runner *runner;
    if (!dln_runner_new(&study, &options, &runner, NULL)) return 1;

    double best_bare = 1e9;
    double best_runner = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        best_bare = fmin(best_bare, bare());
        make_dirs(root, i, dirs[i]);
        best_runner = fmin(best_runner, through_runner(runner, dirs[i]));
    }
    dln_runner_free(runner);
    /* Not earlier: ext4 looks long for an inode where many have just been given back. */
    for (int i = 0; i < ROUNDS; i++)
        remove_dirs(dirs[i]);
    printf("bare posix_spawn + wait   %7.1f us a run, %d in parallel\n", best_bare, PARALLEL);
    printf("runner, logs and status   %7.1f us a run\n", best_runner);
    printf("ratio                     %7.2f   (goal 1.20)\n", best_runner / best_bare);
    (void)rmdir(root);
    return 0;
}
