#include "support/measure.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void samples_add(struct samples *samples, double value)
{
    if (samples->n < MEASURE_MAX) samples->value[samples->n++] = value;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

double samples_quantile(const struct samples *samples, double q)
{
    double sorted[MEASURE_MAX];
    if (samples->n == 0) return NAN;
    memcpy(sorted, samples->value, samples->n * sizeof *sorted);
    qsort(sorted, samples->n, sizeof *sorted, compare);
    /* the nearest rank: 20 samples have their maximum as 99th percentile */
    const size_t rank = (size_t)ceil(q * (double)samples->n);
    return sorted[rank > 0 ? rank - 1 : 0];
}

void measure_folder(char *out, size_t cap)
{
    const char *base = getenv("TMPDIR");
    const int len = snprintf(out, cap, "%s/dialin-bench-XXXXXX", base && base[0] ? base : "/tmp");
    if (len < 0 || (size_t)len >= cap || !mkdtemp(out)) measure_fail("make a folder", NULL);
}

void measure_remove(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir) return;
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    (void)closedir(dir);
    (void)rmdir(folder);
}

int64_t measure_memory_kb(int64_t pid, const char *field)
{
    char path[64];
    char line[256];
    int64_t kb = -1;
    (void)snprintf(path, sizeof path, "/proc/%" PRId64 "/status",
                   pid > 0 ? pid : (int64_t)getpid());
    FILE *in = fopen(path, "r");
    if (!in) return -1;
    const size_t len = strlen(field);
    while (fgets(line, sizeof line, in)) {
        if (strncmp(line, field, len) == 0 && line[len] == ':') {
            kb = strtoll(line + len + 1, NULL, 10);
            break;
        }
    }
    (void)fclose(in);
    return kb;
}

void measure_fail(const char *what, const struct dln_error *err)
{
    (void)fprintf(stderr, "%s: %s\n", what, err ? err->text : "failed");
    exit(1);
}
