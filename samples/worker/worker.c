/*
 * worker.py in C: the same lines, the same numbers. It looks for the few values that it needs
 * instead of reading JSON in general, which is enough because dialin writes them always in the same
 * way. Messages are read when there are some: poll() between two steps.
 */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POINTS = 50, STEPS = 20, DEGREE_MAX = 16 };

static double data_x[POINTS], data_y[POINTS];
static char buffer[65536];
static size_t used;

/* The next line, without its end; NULL: end of input. Nothing of it is left in a buffer of stdio,
   so that poll() tells the truth. */
static char *next_line(void)
{
    static char line[sizeof buffer];
    for (;;) {
        char *end = memchr(buffer, '\n', used);
        if (end) {
            const size_t len = (size_t)(end - buffer);
            memcpy(line, buffer, len);
            line[len] = '\0';
            used -= len + 1;
            memmove(buffer, end + 1, used);
            return line;
        }
        const ssize_t got = read(0, buffer + used, sizeof buffer - used);
        if (got <= 0) return NULL;
        used += (size_t)got;
    }
}

static int has_line(void)
{
    struct pollfd input = {.fd = 0, .events = POLLIN};
    return memchr(buffer, '\n', used) || poll(&input, 1, 0) > 0;
}

static double number_after(const char *line, const char *key)
{
    const char *at = strstr(line, key);
    return at ? strtod(at + strlen(key), NULL) : NAN;
}

static int is_to_stop(long trial)
{
    if (!has_line()) return 0;
    const char *line = next_line();
    if (!line) return 0; /* no more trials after this one */
    if (strstr(line, "\"exit\": ")) exit(0);
    return (long)number_after(line, "\"prune\": ") == trial;
}

static void run(long trial, double rate, int degree)
{
    double weights[DEGREE_MAX + 1] = {0};
    double loss = 0;
    for (int step = 1; step <= STEPS; step++) {
        double gradient[DEGREE_MAX + 1] = {0};
        loss = 0;
        for (int i = 0; i < POINTS; i++) {
            double wrong = -data_y[i];
            for (int k = 0; k <= degree; k++)
                wrong += weights[k] * pow(data_x[i], k);
            loss += wrong * wrong / POINTS;
            for (int k = 0; k <= degree; k++)
                gradient[k] += 2 * wrong * pow(data_x[i], k) / POINTS;
        }
        if (!(loss < 1e6)) {
            printf("{\"trial\": %ld, \"error\": \"diverged at step %d\"}\n", trial, step);
            return;
        }
        for (int k = 0; k <= degree; k++)
            weights[k] -= rate * gradient[k];
        printf("{\"trial\": %ld, \"step\": %d, \"loss\": %.17g}\n", trial, step, loss);
        fflush(stdout);
        if (is_to_stop(trial)) {
            printf("{\"trial\": %ld, \"pruned\": true}\n", trial);
            return;
        }
    }
    printf("{\"trial\": %ld, \"loss\": %.17g}\n", trial, loss);
}

int main(void)
{
    const char *line;
    for (int i = 0; i < POINTS; i++) {
        data_x[i] = i / 50.0;
        data_y[i] = sin(4 * i / 50.0) + 0.3 * (i / 50.0) * (i / 50.0);
    }
    while ((line = next_line()) && !strstr(line, "\"exit\": ")) {
        const double degree = number_after(line, "\"degree\": ");
        if (!(degree >= 0 && degree <= DEGREE_MAX))
            continue; /* a prune message that came too late */
        run((long)number_after(line, "\"trial\": "), number_after(line, "\"rate\": "), (int)degree);
        fflush(stdout);
    }
    return 0;
}
