/*
 * The volume in k dimensions by slices along the last one: with the points in ascending order of
 * it, point i adds (reference − its last coordinate) times what it alone dominates, in k − 1
 * dimensions, beside the points before it. That is its own box less the volume of the others,
 * limited to the box, of which only the nondominated are kept. Three dimensions are swept with a
 * staircase, two with a running minimum.
 */
#include "math/hypervolume.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const double *at;
    double key;
};

/* Room for one calculation; level k holds what k dimensions need, for n points. */
struct level {
    struct row *rows;
    double *limited; /* n × (k − 1) */
};
struct room {
    struct level *levels; /* index k, up to m */
    double *xs, *ys;      /* the staircase: ascending, descending */
    double *others;       /* n × m */
};

static bool make_room(struct room *room, size_t n, size_t m, struct dln_arena *scratch,
                      struct dln_error *err)
{
    room->levels = DLN_ARENA_ARRAY(scratch, struct level, m + 1);
    room->xs = DLN_ARENA_ARRAY(scratch, double, n);
    room->ys = DLN_ARENA_ARRAY(scratch, double, n);
    room->others = DLN_ARENA_ARRAY(scratch, double, n *m);
    bool ok = room->levels && room->xs && room->ys && room->others;
    for (size_t k = 2; ok && k <= m; k++) {
        room->levels[k].rows = DLN_ARENA_ARRAY(scratch, struct row, n);
        ok = room->levels[k].rows;
        if (!ok || k <= 3) continue;
        room->levels[k].limited = DLN_ARENA_ARRAY(scratch, double, n *(k - 1));
        ok = room->levels[k].limited;
    }
    return ok || dln_fail(err, DLN_NOMEM, "out of memory for a hypervolume");
}

static int by_key(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    if (left->key != right->key) return left->key < right->key ? -1 : 1;
    return left->at < right->at ? -1 : left->at > right->at;
}

/* Rows in ascending order of one coordinate. */
static void sort_rows(size_t n, size_t k, const double *points, size_t coordinate, struct row *rows)
{
    for (size_t i = 0; i < n; i++)
        rows[i] = (struct row){.at = points + i * k, .key = points[i * k + coordinate]};
    if (n > 0) qsort(rows, n, sizeof *rows, by_key);
}

static double volume_2(size_t n, const struct row *rows, const double *reference)
{
    double volume = 0;
    double lowest = reference[1];
    for (size_t i = 0; i < n; i++) {
        if (!(rows[i].at[1] < lowest)) continue;
        volume += (reference[0] - rows[i].at[0]) * (lowest - rows[i].at[1]);
        lowest = rows[i].at[1];
    }
    return volume;
}

/* The area that a step at (x, y) adds to the staircase of *n steps, which it joins. */
static double add_step(const struct room *room, size_t *n, double x, double y,
                       const double *reference)
{
    double *xs = room->xs;
    double *ys = room->ys;
    size_t first = 0;
    size_t high = *n;
    while (first < high) {
        const size_t middle = first + (high - first) / 2;
        if (xs[middle] < x) {
            first = middle + 1;
        } else {
            high = middle;
        }
    }
    double gain = 0;
    double from = x;
    double top = first > 0 ? ys[first - 1] : reference[1];
    if (!(y < top)) return 0;
    size_t after = first;
    for (; after < *n && ys[after] >= y; after++) {
        gain += (xs[after] - from) * (top - y);
        from = xs[after];
        top = ys[after];
    }
    gain += ((after < *n ? xs[after] : reference[0]) - from) * (top - y);
    if (!(gain > 0)) return 0;
    memmove(xs + first + 1, xs + after, (*n - after) * sizeof *xs);
    memmove(ys + first + 1, ys + after, (*n - after) * sizeof *ys);
    xs[first] = x;
    ys[first] = y;
    *n += 1 - (after - first);
    return gain;
}

static double volume_3(const struct room *room, size_t n, const struct row *rows,
                       const double *reference)
{
    double volume = 0;
    size_t steps = 0;
    for (size_t i = 0; i < n; i++) {
        const double *p = rows[i].at;
        volume += (reference[2] - p[2]) * add_step(room, &steps, p[0], p[1], reference);
    }
    return volume;
}

/* Adds a point to n nondominated ones in k dimensions; gives how many there are then. */
static size_t add_nondominated(size_t n, size_t k, double *points, const double *point)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        const double *other = points + i * k;
        bool is_worse = true; /* nowhere better than the point */
        bool is_better = true;
        for (size_t c = 0; c < k; c++) {
            is_worse &= other[c] >= point[c];
            is_better &= other[c] <= point[c];
        }
        if (is_better) return n; /* then it has replaced nobody so far */
        if (is_worse) continue;
        if (kept < i) memmove(points + kept * k, other, k * sizeof *points);
        kept++;
    }
    memcpy(points + kept * k, point, k * sizeof *points);
    return kept + 1;
}

static double box(size_t m, const double *point, const double *reference)
{
    double volume = 1;
    for (size_t c = 0; c < m; c++)
        volume *= fmax(0, reference[c] - point[c]);
    return volume;
}

static double volume_of(const struct room *room, size_t n, size_t k, const double *points,
                        const double *reference)
{
    if (k == 1) {
        double lowest = reference[0];
        for (size_t i = 0; i < n; i++)
            lowest = fmin(lowest, points[i]);
        return reference[0] - lowest;
    }
    const struct level *level = &room->levels[k];
    sort_rows(n, k, points, k == 2 ? 0 : k - 1, level->rows);
    if (k == 2) return volume_2(n, level->rows, reference);
    if (k == 3) return volume_3(room, n, level->rows, reference);

    double volume = 0;
    double *corner = level->limited + (n > 0 ? (n - 1) * (k - 1) : 0); /* the last is not needed */
    for (size_t i = 0; i < n; i++) {
        const double *p = level->rows[i].at;
        size_t kept = 0;
        for (size_t j = 0; j < i; j++) {
            for (size_t c = 0; c + 1 < k; c++)
                corner[c] = fmax(p[c], level->rows[j].at[c]);
            kept = add_nondominated(kept, k - 1, level->limited, corner);
        }
        const double shared = volume_of(room, kept, k - 1, level->limited, reference);
        volume += (reference[k - 1] - p[k - 1]) * fmax(0, box(k - 1, p, reference) - shared);
    }
    return volume;
}

/* What `point` dominates beside the n others (n × m). */
static double exclusive(const struct room *room, size_t n, size_t m, const double *others,
                        const double *point, const double *reference)
{
    const double own = box(m, point, reference);
    if (!(own > 0)) return 0;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        double *corner = room->others + kept * m;
        bool is_inside = true;
        for (size_t c = 0; c < m; c++) {
            corner[c] = fmax(point[c], others[i * m + c]);
            is_inside &= corner[c] < reference[c];
        }
        kept += is_inside;
    }
    return fmax(0, own - volume_of(room, kept, m, room->others, reference));
}

bool dln_hypervolume(size_t n, size_t m, const double *points, const double *reference,
                     double *volume, struct dln_arena *scratch, struct dln_error *err)
{
    struct room room;
    if (!make_room(&room, n, m, scratch, err)) return false;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(box(m, points + i * m, reference) > 0)) continue;
        memcpy(room.others + kept++ * m, points + i * m, m * sizeof *points);
    }
    *volume = volume_of(&room, kept, m, room.others, reference);
    return true;
}

bool dln_hypervolume_shares(size_t n, size_t m, const double *points, const double *reference,
                            double *share, struct dln_arena *scratch, struct dln_error *err)
{
    struct room room;
    if (!make_room(&room, n, m, scratch, err)) return false;
    double *others = DLN_ARENA_ARRAY(scratch, double, n *m);
    if (!others) return dln_fail(err, DLN_NOMEM, "out of memory for a hypervolume");
    for (size_t i = 0; i < n; i++) { /* the others: all but row i */
        memcpy(others, points, i * m * sizeof *points);
        memcpy(others + i * m, points + (i + 1) * m, (n - 1 - i) * m * sizeof *points);
        share[i] = exclusive(&room, n - 1, m, others, points + i * m, reference);
    }
    return true;
}

bool dln_hypervolume_subset(size_t n, size_t m, const double *points, const double *reference,
                            size_t k, size_t *chosen, struct dln_arena *scratch,
                            struct dln_error *err)
{
    struct room room;
    if (!make_room(&room, k, m, scratch, err)) return false;
    double *bound = DLN_ARENA_ARRAY(scratch, double, n); /* at least what the point would add */
    size_t *fresh = DLN_ARENA_ARRAY(scratch, size_t, n); /* for how many chosen it is exact */
    double *taken = DLN_ARENA_ARRAY(scratch, double, k *m);
    if (!bound || !fresh || !taken) {
        return dln_fail(err, DLN_NOMEM, "out of memory for a hypervolume");
    }
    for (size_t i = 0; i < n; i++)
        bound[i] = box(m, points + i * m, reference);
    for (size_t count = 0; count < k;) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < n; i++) {
            if (bound[i] >= 0 && (best == SIZE_MAX || bound[i] > bound[best])) best = i;
        }
        if (fresh[best] != count) { /* adding to more points never adds more */
            bound[best] = exclusive(&room, count, m, taken, points + best * m, reference);
            fresh[best] = count;
            continue;
        }
        memcpy(taken + count * m, points + best * m, m * sizeof *points);
        chosen[count++] = best;
        bound[best] = -1;
    }
    return true;
}

void dln_reference_point(size_t n, size_t m, const double *points, double *reference)
{
    for (size_t c = 0; c < m; c++) {
        double low = HUGE_VAL;
        double worst = -HUGE_VAL;
        for (size_t i = 0; i < n; i++) {
            low = fmin(low, points[i * m + c]);
            worst = fmax(worst, points[i * m + c]);
        }
        reference[c] = n == 0 ? 1 : fmax(1.1 * worst, 0.9 * worst);
        if (n > 0 && worst == 0) reference[c] = low < 0 ? -0.1 * low : 1;
    }
}
