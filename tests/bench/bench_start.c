/*
 * How long the program takes to say its version, beside /bin/true: posix_spawn() to the end, output
 * to /dev/null. Rounds alternate. Goal: less than 10 ms.
 *
 *     bench_start DIALIN
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "dialin/clock.h"
#include "support/measure.h"

enum { RUNS = 60 };

static double run(char *const argv[])
{
    static char path[] = "PATH=/usr/bin:/bin";
    static char *const env[] = {path, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;
    const int64_t start_ns = dln_clock_mono_ns();
    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0) != 0 ||
        posix_spawn(&pid, argv[0], &actions, NULL, argv, env) != 0 ||
        waitpid(pid, &status, 0) != pid || status != 0) {
        measure_fail(argv[0], NULL);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return (double)(dln_clock_mono_ns() - start_ns) / 1e6;
}

int main(int argc, char **argv)
{
    static char nothing[] = "/bin/true";
    static char verb[] = "--version";
    if (argc != 2) {
        (void)fprintf(stderr, "bench_start DIALIN\n");
        return 2;
    }
    char *const with_true[] = {nothing, NULL};
    char *const with_dialin[] = {argv[1], verb, NULL};
    static struct samples ms[2];
    for (int i = 0; i < RUNS; i++) {
        samples_add(&ms[0], run(with_true));
        samples_add(&ms[1], run(with_dialin));
    }
    printf("Start to end of a process            median      99 %%\n");
    printf("  /bin/true                       %7.2f   %7.2f ms\n", samples_quantile(&ms[0], 0.5),
           samples_quantile(&ms[0], 0.99));
    printf("  dialin --version                %7.2f   %7.2f ms   (limit 10)\n",
           samples_quantile(&ms[1], 0.5), samples_quantile(&ms[1], 0.99));
    return 0;
}
