#include "math/nondominated.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* Where qsort finds its keys: the C library's has no argument for a context. */
struct item {
    const double *loss; /* the whole row */
    size_t m;
    size_t index;
    double violation;
};

bool dln_dominates(size_t m, const double *a, const double *b)
{
    bool better = false;
    for (size_t k = 0; k < m; k++) {
        if (a[k] > b[k]) return false;
        better |= a[k] < b[k];
    }
    return better;
}

static int by_loss(const void *a, const void *b)
{
    const struct item *left = a;
    const struct item *right = b;
    for (size_t k = 0; k < left->m; k++) {
        if (left->loss[k] != right->loss[k]) return left->loss[k] < right->loss[k] ? -1 : 1;
    }
    return left->index < right->index ? -1 : left->index > right->index;
}

static int by_violation(const void *a, const void *b)
{
    const struct item *left = a;
    const struct item *right = b;
    if (left->violation != right->violation) return left->violation < right->violation ? -1 : 1;
    return left->index < right->index ? -1 : left->index > right->index;
}

/* ── fronts ────────────────────────────────────────────────────────────────────────────────────*/

#define NOBODY SIZE_MAX

/* The fronts found so far: newest[f] is the last member of front f, older[i] the one before i. */
struct fronts {
    const struct item *items; /* in lexicographic order */
    size_t m;
    size_t n;
    size_t *newest, *older;
};

/*
 * Does front f have a member that dominates item i? In lexicographic order a point is dominated by
 * earlier ones only; with two objectives the newest member has the front's lowest second loss, so
 * it alone decides.
 */
static bool front_dominates(const struct fronts *fronts, size_t f, size_t i)
{
    for (size_t j = fronts->newest[f]; j != NOBODY; j = fronts->older[j]) {
        if (dln_dominates(fronts->m, fronts->items[j].loss, fronts->items[i].loss)) return true;
        if (fronts->m <= 2) return false;
    }
    return false;
}

/* Puts item i into the first front that does not dominate it; all fronts before that one do. */
static size_t place(struct fronts *fronts, size_t i)
{
    size_t low = 0;
    size_t high = fronts->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (front_dominates(fronts, middle, i)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == fronts->n) fronts->newest[fronts->n++] = NOBODY;
    fronts->older[i] = fronts->newest[low];
    fronts->newest[low] = i;
    return low;
}

bool dln_nondominated_ranks(size_t n, size_t m, const double *loss, const double *violation,
                            size_t *rank, size_t *n_fronts, struct dln_arena *scratch,
                            struct dln_error *err)
{
    struct item *items = DLN_ARENA_ARRAY(scratch, struct item, n);
    struct fronts fronts = {.items = items,
                            .m = m,
                            .newest = DLN_ARENA_ARRAY(scratch, size_t, n),
                            .older = DLN_ARENA_ARRAY(scratch, size_t, n)};
    if (!items || !fronts.newest || !fronts.older) {
        return dln_fail(err, DLN_NOMEM, "out of memory for the fronts");
    }
    size_t n_feasible = 0; /* items: feasible ones from the left, infeasible from the right */
    size_t n_broken = 0;
    for (size_t i = 0; i < n; i++) {
        const double broken = !violation ? 0 : isnan(violation[i]) ? HUGE_VAL : violation[i];
        struct item item = {.loss = loss + i * m, .m = m, .index = i, .violation = broken};
        bool has_loss = true;
        for (size_t k = 0; k < m; k++)
            has_loss &= !isnan(item.loss[k]);
        rank[i] = NOBODY;
        if (!has_loss) continue;
        if (broken <= 0) {
            items[n_feasible++] = item;
        } else {
            items[n - ++n_broken] = item;
        }
    }
    if (n_feasible > 0) qsort(items, n_feasible, sizeof *items, by_loss);
    for (size_t i = 0; i < n_feasible; i++)
        rank[items[i].index] = place(&fronts, i);

    size_t count = fronts.n;
    const struct item *last = items + n - n_broken;
    if (n_broken > 0) qsort(items + n - n_broken, n_broken, sizeof *items, by_violation);
    for (size_t i = 0; i < n_broken; i++) {
        if (i == 0 || last[i].violation != last[i - 1].violation) count++;
        rank[last[i].index] = count - 1;
    }
    for (size_t i = 0; i < n; i++) {
        if (rank[i] == NOBODY) rank[i] = count;
    }
    if (n_fronts) *n_fronts = count + (n_feasible + n_broken < n);
    return true;
}

/* ── crowding ──────────────────────────────────────────────────────────────────────────────────*/

static void finite_range(size_t n, size_t m, const double *loss, size_t k, double *low,
                         double *high)
{
    *low = HUGE_VAL;
    *high = -HUGE_VAL;
    for (size_t i = 0; i < n; i++) {
        const double value = loss[i * m + k];
        if (!isfinite(value)) continue;
        *low = fmin(*low, value);
        *high = fmax(*high, value);
    }
    if (*low > *high) *low = *high = 0;
}

void dln_clamp_infinite(size_t n, size_t m, double *loss)
{
    for (size_t k = 0; k < m; k++) {
        double low;
        double high;
        finite_range(n, m, loss, k, &low, &high);
        for (size_t i = 0; i < n; i++) {
            double *value = &loss[i * m + k];
            if (isinf(*value)) *value = *value < 0 ? low : high;
        }
    }
}

bool dln_crowding(size_t n_front, const size_t *front, size_t m, const double *loss,
                  double *crowding, struct dln_arena *scratch, struct dln_error *err)
{
    double *finite = DLN_ARENA_ARRAY(scratch, double, n_front *m);
    struct item *items = DLN_ARENA_ARRAY(scratch, struct item, n_front);
    if (!finite || !items) return dln_fail(err, DLN_NOMEM, "out of memory for a front");
    for (size_t i = 0; i < n_front; i++) {
        crowding[i] = 0;
        for (size_t k = 0; k < m; k++)
            finite[i * m + k] = loss[front[i] * m + k];
    }
    dln_clamp_infinite(n_front, m, finite);
    for (size_t k = 0; k < m; k++) {
        for (size_t i = 0; i < n_front; i++)
            items[i] = (struct item){.loss = finite + i * m + k, .m = 1, .index = i};
        if (n_front > 0) qsort(items, n_front, sizeof *items, by_loss);
        const double width = n_front > 0 ? items[n_front - 1].loss[0] - items[0].loss[0] : 0;
        if (!(width > 0)) continue;
        crowding[items[0].index] = crowding[items[n_front - 1].index] = HUGE_VAL;
        for (size_t i = 1; i + 1 < n_front; i++)
            crowding[items[i].index] += (items[i + 1].loss[0] - items[i - 1].loss[0]) / width;
    }
    return true;
}
