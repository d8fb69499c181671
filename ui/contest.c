#include "contest.h"

#include <math.h>
#include <stdlib.h>

enum { RANKED_MIN = 4 };

double contest_best_of(size_t n_losses, const double *loss, size_t n)
{
    double best = (double)NAN;
    for (size_t i = 0; i < n && i < n_losses; i++)
        best = fmin(best, loss[i]);
    return best;
}

double contest_best_until(size_t n_losses, const double *loss, const double *at_s, double until_s)
{
    double best = (double)NAN;
    for (size_t i = 0; i < n_losses; i++) {
        if (at_s[i] <= until_s) best = fmin(best, loss[i]);
    }
    return best;
}

/* ── time ──────────────────────────────────────────────────────────────────────────────────────*/

struct stretch {
    int64_t from_us, to_us;
    int64_t before_us; /* that had run when it began */
};

static int by_start(const void *a, const void *b)
{
    const struct stretch *x = a;
    const struct stretch *y = b;
    return (x->from_us > y->from_us) - (x->from_us < y->from_us);
}

bool contest_clock(size_t n, const int64_t *started_us, const int64_t *ended_us, double *at_s)
{
    struct stretch *run = calloc(n + 1, sizeof *run);
    size_t count = 0, joined = 0;
    if (!run) return false;
    for (size_t i = 0; i < n; i++) {
        if (started_us[i] <= 0 || ended_us[i] < started_us[i]) continue;
        run[count++] = (struct stretch){.from_us = started_us[i], .to_us = ended_us[i]};
    }
    qsort(run, count, sizeof *run, by_start);
    for (size_t i = 0; i < count; i++) { /* those that overlap become one */
        struct stretch *last = joined > 0 ? &run[joined - 1] : NULL;
        if (last && run[i].from_us <= last->to_us) {
            if (run[i].to_us > last->to_us) last->to_us = run[i].to_us;
            continue;
        }
        run[i].before_us = last ? last->before_us + (last->to_us - last->from_us) : 0;
        run[joined++] = run[i];
    }
    for (size_t i = 0; i < n; i++) {
        at_s[i] = (double)NAN;
        if (started_us[i] <= 0 || ended_us[i] < started_us[i]) continue;
        size_t low = 0, high = joined; /* the last stretch that had begun by then */
        while (high - low > 1) {
            const size_t middle = (low + high) / 2;
            if (run[middle].from_us <= ended_us[i]) {
                low = middle;
            } else {
                high = middle;
            }
        }
        at_s[i] = (double)(run[low].before_us + ended_us[i] - run[low].from_us) / 1e6;
    }
    free(run);
    return true;
}

/* ── ranks ─────────────────────────────────────────────────────────────────────────────────────*/

struct ranked {
    double value;
    bool is_a;
};

static int by_value(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

double contest_rank_p(size_t n_a, const double *a, size_t n_b, const double *b)
{
    const size_t n = n_a + n_b;
    struct ranked *all = n_a < RANKED_MIN || n_b < RANKED_MIN ? NULL : calloc(n, sizeof *all);
    if (!all) return (double)NAN;
    for (size_t i = 0; i < n_a; i++)
        all[i] = (struct ranked){a[i], true};
    for (size_t i = 0; i < n_b; i++)
        all[n_a + i] = (struct ranked){b[i], false};
    qsort(all, n, sizeof *all, by_value);
    double rank_sum = 0, ties = 0;
    for (size_t i = 0, end; i < n; i = end) {
        size_t of_a = 0;
        for (end = i; end < n && all[end].value == all[i].value; end++)
            of_a += all[end].is_a;
        const double k = (double)(end - i);
        rank_sum += (double)of_a * ((double)(i + end + 1) / 2);
        ties += k * k * k - k;
    }
    free(all);
    const double na = (double)n_a, nb = (double)n_b, sum = na + nb;
    const double away = fabs(rank_sum - na * (sum + 1) / 2);
    const double variance = na * nb / 12 * (sum + 1 - ties / (sum * (sum - 1)));
    if (!(variance > 0)) return 1; /* all are equal */
    const double z = fmax(0, away - 0.5) / sqrt(variance);
    return erfc(z / sqrt(2));
}
