/*
 * Trials a second through warm workers that have nothing to compute:
 *
 *     bare     the same line through a pipe to the same worker, and its answer back
 *     engine   whole trials of a study: suggestion, run directory, conversation, three transactions
 *
 * Two clocks: the wall, and the processor time of engine and guardian per trial, which other work
 * on the machine does not change. The study lies in memory where the machine has /dev/shm, because
 * otherwise ext4 would be measured (see bench_spawn.c). Goal: 500 trials a second.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "support/engine_rig.h"
#include "support/measure.h"

enum { TRIALS = 2000, ROUNDS = 5, TRIPS = 4000 };

/* Answers every line with the trial's number and the length of the line. */
static int be_worker(void)
{
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        const char *number = strstr(line, "\"trial\": ");
        if (!number) return strstr(line, "exit") ? 0 : 1;
        printf("{\"trial\": %ld, \"loss\": %zu}\n", strtol(number + 9, NULL, 10), strlen(line));
        fflush(stdout);
    }
    return 0;
}

static double bare_us(const char *self)
{
    static const char line[] =
        "{\"trial\": 7, \"seed\": 123456789, \"fold\": 0, \"params\": {\"x\": "
        "0.123456789, \"y\": 0.987654321}, \"dir\": \"/tmp/t.runs/000007\"}\n";
    int to[2];
    int from[2];
    char answer[256];
    if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) measure_fail("make pipes", NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(to[0], 0);
        (void)dup2(from[1], 1);
        (void)execl(self, self, "--worker", (char *)NULL);
        _exit(127);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    int64_t start_ns = 0;
    for (int i = -100; i < TRIPS; i++) {
        if (i == 0) start_ns = dln_clock_mono_ns();
        if (write(to[1], line, sizeof line - 1) < 0 || read(from[0], answer, sizeof answer) <= 0) {
            measure_fail("talk to the worker", NULL);
        }
    }
    const double us = (double)(dln_clock_mono_ns() - start_ns) / 1e3 / TRIPS;
    (void)close(to[1]);
    (void)close(from[0]);
    (void)waitpid(pid, NULL, 0);
    return us;
}

static double cpu_s(void)
{
    struct rusage self;
    if (getrusage(RUSAGE_SELF, &self) != 0) return 0;
    return (double)(self.ru_utime.tv_sec + self.ru_stime.tv_sec) +
           (double)(self.ru_utime.tv_usec + self.ru_stime.tv_usec) / 1e6;
}

/* Wall and processor time of a trial. */
static void study_us(const char *self, const char *strategy, int parallel, double *wall_us,
                     double *cpu_us)
{
    struct engine_rig rig;
    char yaml[1024];
    (void)snprintf(yaml, sizeof yaml,
                   "worker: ['%s', --worker]\nobjective: {minimize: loss}\n"
                   "space: {x: {float: [0, 1]}, y: {float: [0, 1]}}\nseed: 1\n"
                   "strategy: %s\nbudget: {trials: %d}\nmachine: {parallel: %d}\n",
                   self, strategy, TRIALS, parallel);
    rig_open_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", &rig, "", yaml);
    const double cpu = cpu_s();
    rig_run(&rig);
    *cpu_us = (cpu_s() - cpu) * 1e6 / TRIALS;
    const int64_t first_us = rig_trial(&rig, 0).ended_us;
    *wall_us = (double)(rig_trial(&rig, TRIALS - 1).ended_us - first_us) / (TRIALS - 1);
    rig_close(&rig);
}

static void measure(const char *self, const char *strategy, int parallel)
{
    static struct samples wall;
    static struct samples cpu;
    static struct samples bare;
    wall.n = cpu.n = bare.n = 0;
    for (int i = 0; i < ROUNDS; i++) {
        double wall_us;
        double cpu_us;
        samples_add(&bare, bare_us(self));
        study_us(self, strategy, parallel, &wall_us, &cpu_us);
        samples_add(&wall, wall_us);
        samples_add(&cpu, cpu_us);
    }
    const double median_us = samples_quantile(&wall, 0.5);
    printf("  %-8s %3d %12.1f us %12.0f us %8.0f /s %9.0f us %8.0f /s\n", strategy, parallel,
           samples_quantile(&bare, 0.5), median_us, 1e6 / median_us, samples_quantile(&cpu, 0.5),
           1e6 / samples_quantile(&cpu, 0.5));
}

int main(int argc, char **argv)
{
    char self[4096];
    rig_be_guardian(argc, argv);
    if (argc == 2 && strcmp(argv[1], "--worker") == 0) return be_worker();
    const ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0) return 1;
    self[len] = '\0';
    printf("Trials through warm workers that compute nothing, %d trials, median of %d rounds\n"
           "  %-8s %3s %15s %15s %11s %12s %11s   500 /s\n",
           TRIALS, ROUNDS, "strategy", "n", "bare round trip", "a trial, wall", "", "processor",
           "");
    measure(self, "random", 1);
    measure(self, "random", 2);
    measure(self, "random", 8);
    measure(self, "tpe", 2);
    return 0;
}
