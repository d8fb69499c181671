#include "strategy/tpe_split.h"

#include <math.h>
#include <string.h>

#include "math/hypervolume.h"
#include "math/nondominated.h"

enum { GOOD_MAX = 25 };

size_t dln_tpe_count_good(enum dln_tpe_gamma gamma, size_t n, size_t m)
{
    const double count =
        gamma == DLN_TPE_SQRT ? ceil(0.25 * sqrt((double)n)) : ceil(0.1 * (double)n);
    const bool is_capped = m <= 1 || gamma == DLN_TPE_SQRT;
    return is_capped ? (size_t)fmin(count, GOOD_MAX) : (size_t)count;
}

/* ── merit ─────────────────────────────────────────────────────────────────────────────────────*/

enum merit_class { CLASS_COMPLETE, CLASS_PRUNED, CLASS_BROKEN, CLASS_NONE };

struct merit {
    enum merit_class class;
    double first, second; /* less is better */
    uint32_t row;
};

static enum merit_class class_of(const struct dln_view_trial *trial)
{
    const bool is_complete = trial->state == DLN_TRIAL_COMPLETE;
    if (!is_complete && trial->state != DLN_TRIAL_PRUNED) return CLASS_NONE;
    if (trial->violation > 0 || isnan(trial->violation)) return CLASS_BROKEN;
    return is_complete ? CLASS_COMPLETE : CLASS_PRUNED;
}

static double last_when_nan(double x)
{
    return isnan(x) ? HUGE_VAL : x;
}

static struct merit merit_of(const struct dln_view_trial *trial, uint32_t row)
{
    struct merit merit = {.class = class_of(trial), .row = row};
    switch (merit.class) {
    case CLASS_COMPLETE: merit.first = last_when_nan(trial->loss[0]); break;
    case CLASS_PRUNED:
        merit.first = trial->last_step >= 0 ? -(double)trial->last_step : HUGE_VAL;
        merit.second = last_when_nan(trial->last_loss);
        break;
    case CLASS_BROKEN: merit.first = last_when_nan(trial->violation); break;
    case CLASS_NONE: break;
    }
    return merit;
}

static int compare_merits(const void *a, const void *b)
{
    const struct merit *left = a;
    const struct merit *right = b;
    if (left->class != right->class) return left->class < right->class ? -1 : 1;
    if (left->first != right->first) return left->first < right->first ? -1 : 1;
    if (left->second != right->second) return left->second < right->second ? -1 : 1;
    return left->row < right->row ? -1 : left->row > right->row;
}

size_t dln_tpe_count_finished(const struct dln_history_view *history)
{
    size_t n = 0;
    for (size_t i = 0; i < history->n; i++)
        n += class_of(&history->trials[i]) != CLASS_NONE;
    return n;
}

bool dln_tpe_can_learn(const struct dln_history_view *history)
{
    const struct dln_view_trial *first = NULL;
    for (size_t i = 0; i < history->n; i++) {
        const struct dln_view_trial *trial = &history->trials[i];
        const enum merit_class class = class_of(trial);
        if (class == CLASS_NONE) continue;
        if (!first) {
            first = trial;
            continue;
        }
        if (class != class_of(first)) return true;
        for (size_t k = 0; k < history->m && class == CLASS_COMPLETE; k++) {
            if (trial->loss[k] != first->loss[k]) return true;
        }
        const struct merit one = merit_of(trial, 0);
        const struct merit other = merit_of(first, 0);
        if (compare_merits(&one, &other) != 0) return true;
    }
    return false;
}

/* ── several objectives ────────────────────────────────────────────────────────────────────────*/

/* The feasible COMPLETE trials of a history as points. */
struct front_table {
    size_t n, m;
    uint32_t *row;
    double *loss; /* n × m, finite or NaN */
    size_t *rank;
};

static bool table_of(const struct dln_history_view *history, struct front_table *table,
                     struct dln_arena *arena)
{
    const size_t m = history->m;
    *table = (struct front_table){.m = m};
    table->row = DLN_ARENA_ARRAY(arena, uint32_t, history->n);
    table->loss = DLN_ARENA_ARRAY(arena, double, history->n *m);
    table->rank = DLN_ARENA_ARRAY(arena, size_t, history->n);
    if (!table->row || !table->loss || !table->rank) return false;
    for (size_t i = 0; i < history->n; i++) {
        if (class_of(&history->trials[i]) != CLASS_COMPLETE) continue;
        memcpy(table->loss + table->n * m, history->trials[i].loss, m * sizeof *table->loss);
        table->row[table->n++] = (uint32_t)i;
    }
    dln_clamp_infinite(table->n, m, table->loss);
    return dln_nondominated_ranks(table->n, m, table->loss, NULL, table->rank, NULL, arena, NULL);
}

/*
 * The order inside the front that only n_left of its trials find room from: merits[row].second is
 * the place, n_left for all that are left out.
 */
static bool order_front(const struct front_table *table, size_t rank, size_t n_left,
                        struct merit *merits, struct dln_arena *arena)
{
    const size_t m = table->m;
    double *points = DLN_ARENA_ARRAY(arena, double, table->n *m);
    double *reference = DLN_ARENA_ARRAY(arena, double, m);
    uint32_t *row = DLN_ARENA_ARRAY(arena, uint32_t, table->n);
    size_t *chosen = DLN_ARENA_ARRAY(arena, size_t, n_left);
    if (!points || !reference || !row || !chosen) return false;
    size_t n = 0;
    for (size_t i = 0; i < table->n; i++) {
        if (table->rank[i] != rank) continue;
        const double *loss = table->loss + i * m;
        merits[table->row[i]].second = (double)n_left;
        bool has_all = true;
        for (size_t k = 0; k < m; k++)
            has_all = has_all && !isnan(loss[k]);
        if (!has_all) continue;
        memcpy(points + n * m, loss, m * sizeof *points);
        row[n++] = table->row[i];
    }
    if (n < n_left) n_left = n;
    dln_reference_point(n, m, points, reference);
    if (!dln_hypervolume_subset(n, m, points, reference, n_left, chosen, arena, NULL)) return false;
    for (size_t k = 0; k < n_left; k++)
        merits[row[chosen[k]]].second = (double)k;
    return true;
}

/* Replaces the keys of feasible COMPLETE trials by fronts. */
static bool rank_fronts(const struct dln_history_view *history, size_t n_good, struct merit *merits,
                        struct dln_arena *arena)
{
    struct front_table table;
    if (!table_of(history, &table, arena)) return false;
    for (size_t i = 0; i < table.n; i++)
        merits[table.row[i]].first = (double)table.rank[i];
    size_t n_taken = 0;
    for (size_t rank = 0; n_taken < n_good && n_taken < table.n; rank++) {
        size_t size = 0;
        for (size_t i = 0; i < table.n; i++)
            size += table.rank[i] == rank;
        if (n_taken + size > n_good) {
            return order_front(&table, rank, n_good - n_taken, merits, arena);
        }
        n_taken += size;
    }
    return true;
}

/* ── the split ─────────────────────────────────────────────────────────────────────────────────*/

/* Marks the n_good best trials; `best` has room for n_good. */
static void mark_best(const struct merit *merits, size_t n_trials, size_t n_good,
                      struct merit *best, struct dln_tpe_split *out)
{
    size_t n = 0;
    for (size_t i = 0; i < n_trials && n_good > 0; i++) {
        const struct merit *merit = &merits[i];
        if (merit->class == CLASS_NONE) continue;
        if (n == n_good && compare_merits(merit, &best[n - 1]) > 0) continue;
        size_t at = n < n_good ? n++ : n - 1;
        for (; at > 0 && compare_merits(merit, &best[at - 1]) < 0; at--)
            best[at] = best[at - 1];
        best[at] = *merit;
    }
    for (size_t i = 0; i < n; i++) {
        out->side[best[i].row] = DLN_TPE_GOOD;
        out->place[best[i].row] = (uint32_t)i;
    }
}

/* A failure that tells something about the values, not about the machine or a person. */
static bool is_telling(enum dln_fail_reason reason)
{
    return reason != DLN_FAIL_LOST && reason != DLN_FAIL_STOPPED;
}

/* Of a trial that is not good. */
static enum dln_tpe_side other_side(const struct dln_view_trial *trial, bool takes_failed)
{
    if (class_of(trial) == CLASS_BROKEN) return DLN_TPE_BAD;
    if (trial->state != DLN_TRIAL_FAIL) return DLN_TPE_REST;
    return takes_failed && is_telling(trial->reason) ? DLN_TPE_BAD : DLN_TPE_NONE;
}

bool dln_tpe_split(const struct dln_history_view *history, size_t n_good, bool takes_failed,
                   struct dln_tpe_split *out, struct dln_arena *arena)
{
    struct dln_tpe_split split = {.side = DLN_ARENA_ARRAY(arena, uint8_t, history->n),
                                  .place = DLN_ARENA_ARRAY(arena, uint32_t, history->n)};
    struct merit *merits = DLN_ARENA_ARRAY(arena, struct merit, history->n);
    struct merit *best = DLN_ARENA_ARRAY(arena, struct merit, n_good);
    if (!split.side || !split.place || !merits || !best) return false;
    for (size_t i = 0; i < history->n; i++)
        merits[i] = merit_of(&history->trials[i], (uint32_t)i);
    if (history->m > 1 && !rank_fronts(history, n_good, merits, arena)) return false;
    mark_best(merits, history->n, n_good, best, &split);
    for (size_t i = 0; i < history->n; i++) {
        uint8_t *side = &split.side[i];
        if (*side == DLN_TPE_NONE) *side = (uint8_t)other_side(&history->trials[i], takes_failed);
        split.n[*side]++;
    }
    *out = split;
    return true;
}
