#include "insight/lessons.h"

#include <math.h>
#include <stdlib.h>

#define PRUNED_NOISE 0.25 /* variance, of values with variance 1, as the strategy `gp` takes it */

#define SANE_MAX 1e100 /* a value beyond is as good as infinite: its square is no number */

enum {
    VALUE_MAX = 512, /* trials that teach an objective */
    VALUE_BEST = 256,
    VALUE_NEWEST = 128,
    SIDE_MAX = 224, /* trials that teach anything else */
    SIDE_FIRST = 96,
    SIDE_NEWEST = 64
};

bool dln_lesson_is_telling(const struct dln_view_trial *trial)
{
    return trial->state == DLN_TRIAL_FAIL && trial->reason != DLN_FAIL_LOST &&
           trial->reason != DLN_FAIL_STOPPED;
}

static bool allocate(struct dln_lesson *lesson, const struct dln_gp_coding *coding, size_t n,
                     struct dln_arena *arena)
{
    *lesson = (struct dln_lesson){.coding = coding};
    lesson->trials = DLN_ARENA_ARRAY(arena, const struct dln_view_trial *, n);
    lesson->y = DLN_ARENA_ARRAY(arena, double, 2 * n);
    lesson->noise = lesson->y ? lesson->y + n : NULL;
    return lesson->trials && lesson->y;
}

static void add(struct dln_lesson *lesson, const struct dln_view_trial *trial, double y,
                double noise)
{
    lesson->trials[lesson->n] = trial;
    lesson->y[lesson->n] = y;
    lesson->noise[lesson->n++] = noise;
}

/* ── some for all ──────────────────────────────────────────────────────────────────────────────*/

struct ranked {
    double rank; /* less is first */
    size_t row;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *left = a;
    const struct ranked *right = b;
    if (left->rank != right->rank) return left->rank < right->rank ? -1 : 1;
    return (left->row < right->row) - (left->row > right->row); /* of equals the newer one */
}

/* Keeps at most `cap` rows: those of the least rank, the newest, the rest evenly. */
static bool thin(struct dln_lesson *lesson, size_t cap, size_t n_first, size_t n_newest,
                 struct ranked *ranked, struct dln_arena *arena)
{
    const size_t n = lesson->n;
    if (n <= cap) return true;
    bool *is_kept = DLN_ARENA_ARRAY(arena, bool, n);
    if (!is_kept) return false;
    qsort(ranked, n, sizeof *ranked, by_rank);
    for (size_t i = 0; i < n_first; i++)
        is_kept[ranked[i].row] = true;
    for (size_t i = n - n_newest; i < n; i++)
        is_kept[i] = true;
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += is_kept[i];
    const size_t others = n - count;
    const size_t wanted = cap - count;
    size_t seen = 0;
    lesson->n = 0;
    for (size_t i = 0; i < n; i++) {
        bool takes = is_kept[i];
        if (!takes) {
            takes = (seen + 1) * wanted / others > seen * wanted / others;
            seen++;
        }
        if (takes) add(lesson, lesson->trials[i], lesson->y[i], lesson->noise[i]);
    }
    return true;
}

static struct ranked *rank_rows(const struct dln_lesson *lesson, struct dln_arena *arena)
{
    struct ranked *ranked = DLN_ARENA_ARRAY(arena, struct ranked, lesson->n);
    for (size_t i = 0; ranked && i < lesson->n; i++)
        ranked[i] = (struct ranked){.rank = -lesson->y[i], .row = i};
    return ranked;
}

/* ── an objective ──────────────────────────────────────────────────────────────────────────────*/

static int ascending(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static bool is_sane(double loss)
{
    return fabs(loss) < SANE_MAX;
}

bool dln_lesson_value(struct dln_lesson *lesson, const struct dln_history_view *history,
                      const struct dln_gp_coding *coding, size_t objective, size_t *n_complete,
                      struct dln_arena *arena)
{
    double *finite = DLN_ARENA_ARRAY(arena, double, history->n);
    if (!finite || !allocate(lesson, coding, history->n, arena)) return false;
    lesson->warps = true;
    lesson->is_tried_twice = true;
    *n_complete = 0;
    size_t n = 0;
    for (size_t i = 0; i < history->n; i++) {
        const struct dln_view_trial *trial = &history->trials[i];
        if (trial->state != DLN_TRIAL_COMPLETE || !dln_gp_is_whole(coding, trial->x)) continue;
        *n_complete += !isnan(trial->loss[objective]);
        if (is_sane(trial->loss[objective])) finite[n++] = trial->loss[objective];
    }
    if (n == 0) return true;
    qsort(finite, n, sizeof *finite, ascending);
    const double low = finite[0];
    const double high = finite[n - 1];
    const double quartile = finite[(3 * (n - 1) + 2) / 4];
    for (size_t i = 0; i < history->n; i++) {
        const struct dln_view_trial *trial = &history->trials[i];
        if (!dln_gp_is_whole(coding, trial->x)) continue;
        const double loss = trial->loss[objective];
        if (trial->state == DLN_TRIAL_COMPLETE && !isnan(loss)) {
            add(lesson, trial, -fmin(fmax(loss, low), high), 0);
        } else if (trial->state == DLN_TRIAL_PRUNED && history->m == 1) {
            const double last = isnan(trial->last_loss) ? quartile : trial->last_loss;
            add(lesson, trial, -fmax(fmin(last, high), quartile), PRUNED_NOISE);
        }
    }
    struct ranked *ranked = rank_rows(lesson, arena);
    return ranked && thin(lesson, VALUE_MAX, VALUE_BEST, VALUE_NEWEST, ranked, arena);
}

/* ── success ───────────────────────────────────────────────────────────────────────────────────*/

/* +1, -1, 0: says nothing. */
static double mark_of(const struct dln_view_trial *trial, enum dln_mark mark)
{
    const bool is_complete = trial->state == DLN_TRIAL_COMPLETE;
    if (mark == DLN_MARK_LIMITS) {
        if (!is_complete) return 0;
        return trial->violation > 0 ? -1 : 1;
    }
    if (is_complete || trial->state == DLN_TRIAL_PRUNED) return 1;
    return dln_lesson_is_telling(trial) ? -1 : 0;
}

bool dln_lesson_mark(struct dln_lesson *lesson, const struct dln_history_view *history,
                     const struct dln_gp_coding *coding, enum dln_mark mark, size_t *n_good,
                     size_t *n_bad, struct dln_arena *arena)
{
    if (!allocate(lesson, coding, history->n, arena)) return false;
    *n_good = *n_bad = 0;
    for (size_t i = 0; i < history->n; i++) {
        const struct dln_view_trial *trial = &history->trials[i];
        const double y = mark_of(trial, mark);
        if (y == 0 || !dln_gp_is_whole(coding, trial->x)) continue;
        *n_good += y > 0;
        *n_bad += y < 0;
        add(lesson, trial, y, 0);
    }
    struct ranked *ranked = rank_rows(lesson, arena);
    if (!ranked) return false;
    for (size_t i = 0; i < lesson->n; i++) /* the rarer kind first */
        ranked[i].rank = *n_bad < *n_good ? lesson->y[i] : -lesson->y[i];
    return thin(lesson, SIDE_MAX, SIDE_FIRST, SIDE_NEWEST, ranked, arena);
}

/* ── time ──────────────────────────────────────────────────────────────────────────────────────*/

bool dln_lesson_time(struct dln_lesson *lesson, const struct dln_history_view *history,
                     const struct dln_gp_coding *coding, const double *run_s,
                     struct dln_arena *arena)
{
    if (!allocate(lesson, coding, history->n, arena)) return false;
    lesson->warps = true;
    for (size_t i = 0; i < history->n; i++) {
        const struct dln_view_trial *trial = &history->trials[i];
        if (trial->state != DLN_TRIAL_COMPLETE || !dln_gp_is_whole(coding, trial->x)) continue;
        if (run_s[i] > 0 && isfinite(run_s[i])) add(lesson, trial, log(run_s[i]), 0);
    }
    struct ranked *ranked = rank_rows(lesson, arena);
    return ranked && thin(lesson, SIDE_MAX, 0, SIDE_NEWEST, ranked, arena);
}
