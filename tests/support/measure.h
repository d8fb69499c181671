/* What benches share: samples and their quantiles, a folder of their own, memory of a process. */
#ifndef TEST_SUPPORT_MEASURE_H
#define TEST_SUPPORT_MEASURE_H

#include <stddef.h>
#include <stdint.h>

#include "dialin/error.h"

enum { MEASURE_MAX = 4096 };

struct samples {
    size_t n;
    double value[MEASURE_MAX]; /* more than that are dropped */
};

void samples_add(struct samples *samples, double value);
/* The value below which a share q of the samples lies (0.5: the median); NaN without samples. */
double samples_quantile(const struct samples *samples, double q);

/* A new folder below TMPDIR or /tmp; measure_remove() takes it away with the files in it. */
void measure_folder(char *out, size_t cap);
void measure_remove(const char *folder);

/* A field of /proc/PID/status in kB ("VmRSS", "VmHWM"); pid 0: this process. -1: unknown. */
int64_t measure_memory_kb(int64_t pid, const char *field);

/* A bench that cannot go on says why and ends. */
_Noreturn void measure_fail(const char *what, const struct dln_error *err);

#endif
