/*
 * From the request to the end of `true`, two at a time:
 *
 *     bare     posix_spawn() and waitpid()
 *     piped    the same with what any program does that keeps output: two pipes, read to their end
 *     runner   dln_runner_start() to DLN_RUN_ENDED: guardian, pipes, group, status file
 *
 * Rounds alternate, so that other load hits all. Two clocks: the wall, and the CPU time of
 * everybody who takes part (parent, guardian, trials), which a busy machine disturbs less. The runs
 * have their folders in memory where the machine has /dev/shm, because otherwise ext4 would be
 * measured: it looks long for an inode where many files have been removed within half a minute. The
 * ratio is the median over the rounds. Goal: at most 1.2 times bare.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/exec.h"
#include "support/live_run.h"
#include "support/measure.h"

enum { RUNS = 200, PARALLEL = 2, ROUNDS = 15 };

static char program[] = "/bin/true";
static char path[] = "PATH=/usr/bin:/bin";
static char *const argv_true[] = {program, NULL};
static char *const envp_true[] = {path, NULL};

/* ── CPU time ──────────────────────────────────────────────────────────────────────────────────*/

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Of this process and of its children that were waited for. */
static double cpu_of_family(void)
{
    struct rusage self;
    struct rusage children;
    if (getrusage(RUSAGE_SELF, &self) != 0 || getrusage(RUSAGE_CHILDREN, &children) != 0) return 0;
    return seconds(self.ru_utime) + seconds(self.ru_stime) + seconds(children.ru_utime) +
           seconds(children.ru_stime);
}

/* Of the guardian alone, which is the only child that is still there. */
static double cpu_of_guardian(void)
{
    char name[96];
    int64_t pid = 0;
    int64_t ns = 0;
    (void)snprintf(name, sizeof name, "/proc/self/task/%d/children", (int)getpid());
    FILE *in = fopen(name, "r");
    if (!in || fscanf(in, "%" SCNd64, &pid) != 1) measure_fail("find the guardian", NULL);
    (void)fclose(in);
    (void)snprintf(name, sizeof name, "/proc/%" PRId64 "/schedstat", pid);
    in = fopen(name, "r");
    if (!in || fscanf(in, "%" SCNd64, &ns) != 1) measure_fail("time the guardian", NULL);
    (void)fclose(in);
    return (double)ns / 1e9;
}

struct cost {
    double wall_us, cpu_us; /* a run */
};

/* ── without dialin ────────────────────────────────────────────────────────────────────────────*/

struct child {
    pid_t pid; /* 0: none */
    int fd[2]; /* reading ends, -1: closed */
};

static void start_child(struct child *child, bool piped)
{
    int ends[2][2] = {{-1, -1}, {-1, -1}};
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) measure_fail("spawn", NULL);
    for (int i = 0; piped && i < 2; i++) {
        if (pipe2(ends[i], O_CLOEXEC) != 0 ||
            posix_spawn_file_actions_adddup2(&actions, ends[i][1], i + 1) != 0) {
            measure_fail("make a pipe", NULL);
        }
    }
    if (posix_spawn(&child->pid, program, piped ? &actions : NULL, NULL, argv_true, envp_true)) {
        measure_fail("spawn", NULL);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < 2; i++) {
        if (piped) (void)close(ends[i][1]);
        child->fd[i] = ends[i][0];
    }
}

/* Waits until there is something to read or the end of it, of any child. */
static void drain(struct child children[PARALLEL])
{
    struct pollfd fds[PARALLEL * 2];
    int *owner[PARALLEL * 2];
    nfds_t n = 0;
    char buffer[4096];
    for (int i = 0; i < PARALLEL; i++) {
        for (int k = 0; k < 2; k++) {
            if (children[i].pid == 0 || children[i].fd[k] < 0) continue;
            fds[n] = (struct pollfd){.fd = children[i].fd[k], .events = POLLIN};
            owner[n++] = &children[i].fd[k];
        }
    }
    if (poll(fds, n, -1) < 0) measure_fail("poll", NULL);
    for (nfds_t i = 0; i < n; i++) {
        if (!fds[i].revents || read(fds[i].fd, buffer, sizeof buffer) > 0) continue;
        (void)close(fds[i].fd);
        *owner[i] = -1;
    }
}

static void run_bare(void)
{
    int running = 0;
    for (int begun = 0, ended = 0; ended < RUNS;) {
        struct child child;
        for (; running < PARALLEL && begun < RUNS; begun++, running++)
            start_child(&child, false);
        if (waitpid(-1, NULL, 0) < 0) measure_fail("wait", NULL);
        running--;
        ended++;
    }
}

static void run_piped(void)
{
    struct child children[PARALLEL] = {0};
    for (int begun = 0, ended = 0; ended < RUNS;) {
        for (int i = 0; i < PARALLEL; i++) {
            if (children[i].pid != 0 || begun == RUNS) continue;
            start_child(&children[i], true);
            begun++;
        }
        drain(children);
        for (int i = 0; i < PARALLEL; i++) {
            if (children[i].pid == 0 || children[i].fd[0] >= 0 || children[i].fd[1] >= 0) continue;
            if (waitpid(children[i].pid, NULL, 0) < 0) measure_fail("wait", NULL);
            children[i].pid = 0;
            ended++;
        }
    }
}

static struct cost measure_bare(void (*all)(void))
{
    const int64_t start_ns = dln_clock_mono_ns();
    const double cpu = cpu_of_family();
    all();
    return (struct cost){(double)(dln_clock_mono_ns() - start_ns) / 1e3 / RUNS,
                         (cpu_of_family() - cpu) * 1e6 / RUNS};
}

/* ── through the runner ────────────────────────────────────────────────────────────────────────*/

struct loop {
    dln_runner *runner;
    char (*dirs)[64];
    int begun, ended;
    double trials_s; /* CPU of the runs */
};

static void begin(struct loop *loop)
{
    struct dln_error err;
    if (loop->begun == RUNS) return;
    char *dir = loop->dirs[loop->begun];
    const struct dln_run_request request = {
        .owner = dir, .argv = argv_true, .envp = envp_true, .directory = "/", .run_dir = dir};
    if (!dln_runner_start(loop->runner, &request, &err)) measure_fail("start", &err);
    loop->begun++;
}

static void note(void *context, const struct dln_run_event *event)
{
    struct loop *loop = context;
    if (event->kind == DLN_RUN_FAILED) measure_fail(event->text, NULL);
    if (event->kind != DLN_RUN_ENDED) return;
    loop->ended++;
    loop->trials_s += event->user_s + event->system_s;
    begin(loop);
}

static struct cost measure_runner(dln_runner *runner, char (*dirs)[64])
{
    struct loop loop = {.runner = runner, .dirs = dirs};
    const double cpu = cpu_of_family() + cpu_of_guardian();
    const int64_t start_ns = dln_clock_mono_ns();
    for (int i = 0; i < PARALLEL; i++)
        begin(&loop);
    while (loop.ended < RUNS) {
        struct pollfd fd;
        int timeout_ms = 1000;
        const size_t n = dln_runner_poll(runner, &fd, 1, &timeout_ms);
        (void)poll(&fd, (nfds_t)n, timeout_ms);
        if (!dln_runner_work(runner, note, &loop, NULL)) measure_fail("work", NULL);
    }
    const int64_t ns = dln_clock_mono_ns() - start_ns;
    const double spent = cpu_of_family() + cpu_of_guardian() - cpu + loop.trials_s;
    return (struct cost){(double)ns / 1e3 / RUNS, spent * 1e6 / RUNS};
}

/* A folder for each run, as in a study. */
static void make_dirs(const char *root, int round, char (*dirs)[64])
{
    for (int i = 0; i < RUNS; i++) {
        (void)snprintf(dirs[i], sizeof dirs[i], "%.40s/%d-%d", root, round, i);
        if (mkdir(dirs[i], 0700) != 0) measure_fail("make a folder for a run", NULL);
    }
}

/* ── the table ─────────────────────────────────────────────────────────────────────────────────*/

static void print_row(const char *name, struct samples samples[2][3], int row, const char *limit)
{
    printf("  %-34s %8.1f us", name, samples_quantile(&samples[0][row], 0.5));
    printf(" %8.1f us CPU", samples_quantile(&samples[1][row], 0.5));
    if (row > 0) {
        static struct samples ratio[2];
        for (int k = 0; k < 2; k++) {
            ratio[k].n = 0;
            for (size_t i = 0; i < samples[k][0].n; i++) {
                samples_add(&ratio[k], samples[k][row].value[i] / samples[k][0].value[i]);
            }
        }
        printf("   ratio %.2f, of CPU %.2f%s", samples_quantile(&ratio[0], 0.5),
               samples_quantile(&ratio[1], 0.5), limit);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    int status;
    if (run_guardian(argc, argv, &status)) return status;
    char root[256];
    const bool in_memory = access("/dev/shm", W_OK) == 0;
    if (in_memory) (void)setenv("TMPDIR", "/dev/shm", 1);
    measure_folder(root, sizeof root);
    static char dirs[ROUNDS][RUNS][64];
    static struct dln_objective objective = {.metric = "loss"};
    const struct dln_study study = {.name = "bench", .n_objectives = 1, .objectives = &objective};
    const struct dln_runner_options options = {
        .inherit_fd = -1, .log_limit_bytes = 1 << 20, .orphan_grace_ms = 100};

    static struct samples samples[2][3];
    for (int i = 0; i < ROUNDS; i++) {
        struct cost cost[3];
        struct dln_error err;
        dln_runner *runner;
        make_dirs(root, i, dirs[i]);
        cost[0] = measure_bare(run_bare);
        cost[1] = measure_bare(run_piped);
        if (!dln_runner_new(&study, &options, &runner, &err)) measure_fail("runner", &err);
        cost[2] = measure_runner(runner, dirs[i]);
        dln_runner_free(runner);
        for (int k = 0; k < 3; k++) {
            samples_add(&samples[0][k], cost[k].wall_us);
            samples_add(&samples[1][k], cost[k].cpu_us);
        }
    }
    for (int i = 0; i < ROUNDS; i++) {
        for (int k = 0; k < RUNS; k++)
            measure_remove(dirs[i][k]);
    }
    measure_remove(root);
    printf("From the request to the end of `true`, %d in parallel; folders %s\n", PARALLEL,
           in_memory ? "in memory" : "on disk");
    print_row("posix_spawn, wait", samples, 0, "");
    print_row("the same with two pipes, drained", samples, 1, "   (no limit)");
    print_row("runner: guardian, logs, status", samples, 2, "   (limit 1.20)");
    return 0;
}
