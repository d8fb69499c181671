/* The library's threads must never get a signal that was meant for us. */
#include "support/test.h"

#include <dirent.h>
#include <unistd.h>

#include "math/blas.h"

/* Counts the threads of this process, and those that block SIGTERM. */
static void count_threads(int *threads, int *blocking)
{
    *threads = 0;
    *blocking = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (struct dirent *entry = readdir(tasks); entry; entry = readdir(tasks)) {
        if (entry->d_name[0] == '.') continue;
        char path[300];
        char line[200];
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        FILE *status = fopen(path, "r");
        assert_non_null(status);
        ++*threads;
        while (fgets(line, sizeof line, status)) {
            /* hexadecimal; signal 15 is the third bit of the fourth digit from the right */
            if (strncmp(line, "SigBlk:", 7) != 0) continue;
            const char digit = line[strcspn(line, "\n") - 4];
            *blocking += strchr("4567cdef", digit) != NULL;
        }
        (void)fclose(status);
    }
    (void)closedir(tasks);
}

static void nothing_of_it_is_there_before_it_is_needed(void **state)
{
    (void)state;
    char line[1000];
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps))
        assert_null(strstr(line, "openblas"));
    (void)fclose(maps);
}

static void its_threads_block_signals_and_ours_does_not(void **state)
{
    (void)state;
    struct dln_error err = {0};
    int threads;
    int blocking;
    assert_ok(dln_blas_open(&err), err);
    assert_ok(dln_blas_open(&err), err);
    count_threads(&threads, &blocking);
    assert_int_equal(blocking, threads - 1);
    const double x[] = {1, 2, 3};
    assert_close(dln_blas()->ddot(3, x, 1, x, 1), 14, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_it_is_there_before_it_is_needed),
        cmocka_unit_test(its_threads_block_signals_and_ours_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
