#include "pruner/curves.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pruner/standings.h"

enum { RUNGS_MAX = 256, NUMBER_MAX = 24, AT_THE_END = -1 };

struct trial {
    struct dln_curve curve; /* first: a trial is its curve */
    size_t cap;
};

struct rung {
    double threshold;
    struct dln_share share;
    struct dln_arrival *arrivals; /* ascending loss */
    size_t n, cap;
};

struct dln_curves {
    char *name;
    struct trial **trials; /* ascending number */
    size_t n, cap;
    size_t n_complete, n_pruned;
    int64_t longest;
    const struct dln_curve *best;
    bool has_columns;
    struct dln_columns columns;
    struct rung rungs[RUNGS_MAX];
    size_t n_rungs;
    double *scratch;
    size_t scratch_cap;
};

bool dln_curves_new(const char *study_name, dln_curves **out, struct dln_error *err)
{
    dln_curves *curves = calloc(1, sizeof *curves);
    const size_t len = strlen(study_name) + 1;
    if (curves) curves->name = malloc(len);
    if (!curves || !curves->name) {
        free(curves);
        return dln_fail(err, DLN_NOMEM, "out of memory for the curves");
    }
    memcpy(curves->name, study_name, len);
    curves->longest = -1;
    *out = curves;
    return true;
}

static void drop_columns(dln_curves *curves)
{
    dln_columns_release(&curves->columns);
    curves->has_columns = false;
}

static void drop_rungs(dln_curves *curves)
{
    for (size_t i = 0; i < curves->n_rungs; i++)
        free(curves->rungs[i].arrivals);
    curves->n_rungs = 0;
}

static void free_trial(struct trial *trial)
{
    if (!trial) return;
    free(trial->curve.steps);
    free(trial->curve.losses);
    free(trial);
}

void dln_curves_free(dln_curves *curves)
{
    if (!curves) return;
    drop_columns(curves);
    drop_rungs(curves);
    for (size_t i = 0; i < curves->n; i++)
        free_trial(curves->trials[i]);
    free(curves->trials);
    free(curves->scratch);
    free(curves->name);
    free(curves);
}

double *dln_curves_scratch(dln_curves *curves, size_t n)
{
    if (n > curves->scratch_cap || !curves->scratch) {
        const size_t cap = n + n / 2 + 16;
        double *scratch = realloc(curves->scratch, cap * sizeof *scratch);
        if (!scratch) return NULL;
        curves->scratch = scratch;
        curves->scratch_cap = cap;
    }
    return curves->scratch;
}

/* ── trials ────────────────────────────────────────────────────────────────────────────────────*/

/* CRC-32 of ISO 3309, as zlib and Python's binascii have it. */
static uint32_t crc_more(uint32_t crc, const char *text)
{
    for (; *text; text++) {
        crc ^= (unsigned char)*text;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
    }
    return crc;
}

static uint32_t crc_of(const dln_curves *curves, int64_t number)
{
    char text[NUMBER_MAX];
    (void)snprintf(text, sizeof text, "_%" PRId64, number);
    return ~crc_more(crc_more(UINT32_MAX, curves->name), text);
}

/* The index of the first trial whose number is not below. */
static size_t place_of(const dln_curves *curves, int64_t number)
{
    size_t low = 0;
    size_t high = curves->n;
    if (high > 0 && curves->trials[high - 1]->curve.number < number) return high;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (curves->trials[middle]->curve.number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct trial *find(const dln_curves *curves, int64_t number)
{
    const size_t at = place_of(curves, number);
    const bool is_there = at < curves->n && curves->trials[at]->curve.number == number;
    return is_there ? curves->trials[at] : NULL;
}

const struct dln_curve *dln_curves_find(const dln_curves *curves, int64_t number)
{
    const struct trial *trial = find(curves, number);
    return trial ? &trial->curve : NULL;
}

static struct trial *find_or_make(dln_curves *curves, int64_t number)
{
    struct trial *trial = find(curves, number);
    if (trial) return trial;
    if (curves->n == curves->cap) {
        const size_t cap = curves->cap ? 2 * curves->cap : 64;
        struct trial **trials = realloc(curves->trials, cap * sizeof *trials);
        if (!trials) return NULL;
        curves->trials = trials;
        curves->cap = cap;
    }
    trial = calloc(1, sizeof *trial);
    if (!trial) return NULL;
    trial->curve = (struct dln_curve){.number = number,
                                      .state = DLN_TRIAL_RUNNING,
                                      .best = (double)NAN,
                                      .loss = (double)NAN,
                                      .crc = crc_of(curves, number)};
    const size_t at = place_of(curves, number);
    memmove(curves->trials + at + 1, curves->trials + at,
            (curves->n - at) * sizeof(struct trial *));
    curves->trials[at] = trial;
    curves->n++;
    return trial;
}

/* The index of the first point whose step is not below. */
static size_t point_at(const struct dln_curve *curve, double step)
{
    size_t low = 0;
    size_t high = curve->n;
    if (high > 0 && (double)curve->steps[high - 1] < step) return high;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if ((double)curve->steps[middle] < step) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static double least(double a, double b)
{
    return isnan(a) || b < a ? b : a;
}

static void find_best_point(struct dln_curve *curve)
{
    curve->best = (double)NAN;
    for (size_t i = 0; i < curve->n; i++)
        curve->best = least(curve->best, curve->losses[i]);
}

/* ── COMPLETE trials: how many, how long, the best ─────────────────────────────────────────────*/

static bool is_better(const struct dln_curve *a, const struct dln_curve *b)
{
    if (isnan(a->loss) || a->violation > 0 || isnan(a->violation)) return false;
    if (!b || a->loss != b->loss) return !b || a->loss < b->loss;
    return a->number < b->number;
}

static void count_complete(dln_curves *curves, const struct dln_curve *curve)
{
    curves->n_complete++;
    if (curve->n > 0 && curve->steps[curve->n - 1] > curves->longest) {
        curves->longest = curve->steps[curve->n - 1];
    }
    if (is_better(curve, curves->best)) curves->best = curve;
}

static void recount(dln_curves *curves)
{
    curves->n_complete = curves->n_pruned = 0;
    curves->longest = -1;
    curves->best = NULL;
    for (size_t i = 0; i < curves->n; i++) {
        const struct dln_curve *curve = &curves->trials[i]->curve;
        if (curve->state == DLN_TRIAL_COMPLETE) count_complete(curves, curve);
        curves->n_pruned += curve->state == DLN_TRIAL_PRUNED;
    }
}

size_t dln_curves_n_complete(const dln_curves *curves)
{
    return curves->n_complete;
}

size_t dln_curves_n_pruned(const dln_curves *curves)
{
    return curves->n_pruned;
}

int64_t dln_curves_longest(const dln_curves *curves)
{
    return curves->longest;
}

const struct dln_curve *dln_curves_best(const dln_curves *curves)
{
    return curves->best;
}

/* ── columns ───────────────────────────────────────────────────────────────────────────────────*/

static bool put_in_columns(dln_curves *curves, const struct dln_curve *curve,
                           dln_columns_taker *take)
{
    if (!take(&curves->columns, AT_THE_END, curve->loss, curve->loss)) return false;
    for (size_t i = 0; i < curve->n; i++) {
        if (!take(&curves->columns, curve->steps[i], curve->losses[i], curve->loss)) return false;
    }
    return true;
}

static bool make_columns(dln_curves *curves)
{
    if (curves->has_columns) return true;
    for (size_t i = 0; i < curves->n; i++) {
        const struct dln_curve *curve = &curves->trials[i]->curve;
        if (curve->state == DLN_TRIAL_COMPLETE &&
            !put_in_columns(curves, curve, dln_columns_append)) {
            drop_columns(curves);
            return false;
        }
    }
    dln_columns_sort(&curves->columns);
    curves->has_columns = true;
    return true;
}

/* Ragged curves: there is no order to keep, every trial is looked at. */
static bool nearest_column(dln_curves *curves, int64_t step, struct dln_column *out)
{
    struct dln_standing *standings =
        (struct dln_standing *)(void *)dln_curves_scratch(curves, 2 * curves->n_complete);
    if (!standings) return false;
    *out = (struct dln_column){.standings = standings};
    for (size_t i = 0; i < curves->n; i++) {
        const struct dln_curve *curve = &curves->trials[i]->curve;
        if (curve->state != DLN_TRIAL_COMPLETE) continue;
        size_t at = point_at(curve, (double)step);
        if (at == curve->n || curve->steps[at] > step) {
            if (at == 0) continue;
            at--;
        }
        out->n_reported++;
        if (isnan(curve->losses[at])) continue;
        standings[out->n++] = (struct dln_standing){curve->losses[at], curve->loss};
    }
    dln_standings_sort(standings, out->n);
    return true;
}

static bool exact_column(dln_curves *curves, int64_t step, struct dln_column *out)
{
    *out = (struct dln_column){0};
    if (!make_columns(curves)) return false;
    dln_columns_find(&curves->columns, step, out);
    return true;
}

bool dln_curves_column(dln_curves *curves, int64_t step, bool nearest, struct dln_column *out)
{
    return nearest ? nearest_column(curves, step, out) : exact_column(curves, step, out);
}

bool dln_curves_finals(dln_curves *curves, struct dln_column *out)
{
    return exact_column(curves, AT_THE_END, out);
}

/* ── rungs ─────────────────────────────────────────────────────────────────────────────────────*/

static bool is_in(const struct dln_share *share, const struct dln_curve *curve)
{
    const uint64_t place = curve->crc % share->total;
    return place >= share->from && place < share->to;
}

/* At the end, where it may not belong. */
static bool append_to_rung(struct rung *rung, int64_t number, double loss)
{
    if (isnan(loss)) return true;
    if (rung->n == rung->cap) {
        const size_t cap = rung->cap ? 2 * rung->cap : 32;
        struct dln_arrival *arrivals = realloc(rung->arrivals, cap * sizeof *arrivals);
        if (!arrivals) return false;
        rung->arrivals = arrivals;
        rung->cap = cap;
    }
    rung->arrivals[rung->n++] = (struct dln_arrival){loss, number};
    return true;
}

static bool put_in_rung(struct rung *rung, int64_t number, double loss)
{
    if (!append_to_rung(rung, number, loss)) return false;
    if (isnan(loss)) return true;
    size_t low = 0;
    size_t high = rung->n - 1;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (rung->arrivals[middle].loss < loss) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    memmove(rung->arrivals + low + 1, rung->arrivals + low,
            (rung->n - 1 - low) * sizeof *rung->arrivals);
    rung->arrivals[low] = (struct dln_arrival){loss, number};
    return true;
}

static void take_from_rung(struct rung *rung, int64_t number)
{
    for (size_t i = 0; i < rung->n; i++) {
        if (rung->arrivals[i].number != number) continue;
        rung->n--;
        memmove(rung->arrivals + i, rung->arrivals + i + 1, (rung->n - i) * sizeof *rung->arrivals);
        return;
    }
}

static int by_loss(const void *a, const void *b)
{
    const struct dln_arrival *x = a;
    const struct dln_arrival *y = b;
    return (x->loss > y->loss) - (x->loss < y->loss);
}

/* The last point of a trial is new, or has a new value. */
static void update_rungs(dln_curves *curves, const struct dln_curve *curve, bool is_new)
{
    const double step = (double)curve->steps[curve->n - 1];
    const double before = curve->n > 1 ? (double)curve->steps[curve->n - 2] : -1;
    for (size_t i = 0; i < curves->n_rungs; i++) {
        struct rung *rung = &curves->rungs[i];
        if (rung->threshold <= before || rung->threshold > step) continue;
        if (!is_in(&rung->share, curve)) continue;
        if (!is_new) take_from_rung(rung, curve->number);
        if (put_in_rung(rung, curve->number, curve->losses[curve->n - 1])) continue;
        drop_rungs(curves);
        return;
    }
}

static bool same_share(const struct dln_share *a, const struct dln_share *b)
{
    return a->total == b->total && a->from == b->from && a->to == b->to;
}

bool dln_curves_rung(dln_curves *curves, double threshold, const struct dln_share *share,
                     const struct dln_arrival **arrivals, size_t *n)
{
    size_t at = 0;
    while (at < curves->n_rungs && !(curves->rungs[at].threshold == threshold &&
                                     same_share(&curves->rungs[at].share, share))) {
        at++;
    }
    if (at == curves->n_rungs) {
        if (at == RUNGS_MAX) { /* thresholds that moved with the curves: start anew */
            drop_rungs(curves);
            at = 0;
        }
        struct rung *rung = &curves->rungs[at];
        *rung = (struct rung){.threshold = threshold, .share = *share};
        curves->n_rungs++;
        for (size_t i = 0; i < curves->n; i++) {
            const struct dln_curve *curve = &curves->trials[i]->curve;
            const size_t point = is_in(share, curve) ? point_at(curve, threshold) : curve->n;
            if (point == curve->n) continue;
            if (append_to_rung(rung, curve->number, curve->losses[point])) continue;
            drop_rungs(curves);
            return false;
        }
        if (rung->n > 0) qsort(rung->arrivals, rung->n, sizeof *rung->arrivals, by_loss);
    }
    *arrivals = curves->rungs[at].arrivals;
    *n = curves->rungs[at].n;
    return true;
}

/* ── changes ───────────────────────────────────────────────────────────────────────────────────*/

static bool reserve(struct trial *trial, size_t n)
{
    if (n <= trial->cap) return true;
    const size_t cap = n > 2 * trial->cap ? n : 2 * trial->cap;
    int64_t *steps = realloc(trial->curve.steps, cap * sizeof *steps);
    if (steps) trial->curve.steps = steps;
    double *losses = steps ? realloc(trial->curve.losses, cap * sizeof *losses) : NULL;
    if (!losses) return false;
    trial->curve.losses = losses;
    trial->cap = cap;
    return true;
}

bool dln_curves_report(dln_curves *curves, int64_t number, int64_t step, double loss, bool *is_last,
                       struct dln_error *err)
{
    struct trial *trial = find_or_make(curves, number);
    if (!trial || !reserve(trial, trial->curve.n + 1)) {
        return dln_fail(err, DLN_NOMEM, "out of memory for the curves");
    }
    struct dln_curve *curve = &trial->curve;
    const size_t at = point_at(curve, (double)step);
    const bool is_known = at < curve->n && curve->steps[at] == step;
    if (!is_known) {
        memmove(curve->steps + at + 1, curve->steps + at, (curve->n - at) * sizeof step);
        memmove(curve->losses + at + 1, curve->losses + at, (curve->n - at) * sizeof loss);
        curve->n++;
    }
    curve->steps[at] = step;
    curve->losses[at] = loss;
    if (is_known) {
        find_best_point(curve);
    } else {
        curve->best = least(curve->best, loss);
    }
    if (at + 1 == curve->n) {
        update_rungs(curves, curve, !is_known);
    } else {
        drop_rungs(curves);
    }
    if (curve->state == DLN_TRIAL_COMPLETE) {
        drop_columns(curves);
        recount(curves);
    }
    *is_last = !is_known && at + 1 == curve->n;
    return true;
}

void dln_curves_rewind(dln_curves *curves, int64_t number, int64_t step)
{
    struct trial *trial = find(curves, number);
    const size_t kept = trial ? point_at(&trial->curve, (double)step) : 0;
    if (!trial || kept == trial->curve.n) return;
    trial->curve.n = kept;
    find_best_point(&trial->curve);
    drop_rungs(curves);
    if (trial->curve.state != DLN_TRIAL_COMPLETE) return;
    drop_columns(curves);
    recount(curves);
}

bool dln_curves_finish(dln_curves *curves, int64_t number, enum dln_trial_state state, double loss,
                       double violation, struct dln_error *err)
{
    struct trial *trial = find_or_make(curves, number);
    if (!trial) return dln_fail(err, DLN_NOMEM, "out of memory for the curves");
    struct dln_curve *curve = &trial->curve;
    const bool was_complete = curve->state == DLN_TRIAL_COMPLETE;
    if (!was_complete) {
        curves->n_pruned += state == DLN_TRIAL_PRUNED;
        curves->n_pruned -= curve->state == DLN_TRIAL_PRUNED;
    }
    curve->state = state;
    curve->loss = state == DLN_TRIAL_COMPLETE ? loss : (double)NAN;
    curve->violation = violation;
    if (was_complete) {
        drop_columns(curves);
        recount(curves);
        return true;
    }
    if (state != DLN_TRIAL_COMPLETE) return true;
    count_complete(curves, curve);
    if (curves->has_columns && !put_in_columns(curves, curve, dln_columns_put)) {
        drop_columns(curves);
    }
    return true;
}

bool dln_curves_put(dln_curves *curves, const struct dln_curve *curve, struct dln_error *err)
{
    struct trial *trial = find_or_make(curves, curve->number);
    if (!trial || !reserve(trial, curve->n)) {
        return dln_fail(err, DLN_NOMEM, "out of memory for the curves");
    }
    struct dln_curve *known = &trial->curve;
    const bool had_points = known->n > 0;
    if (known->state == DLN_TRIAL_COMPLETE) { /* what it gave to the columns goes */
        drop_columns(curves);
        known->state = DLN_TRIAL_RUNNING;
        recount(curves);
    }
    known->n = curve->n;
    if (curve->n > 0) {
        memcpy(known->steps, curve->steps, curve->n * sizeof *curve->steps);
        memcpy(known->losses, curve->losses, curve->n * sizeof *curve->losses);
    }
    find_best_point(known);
    if (had_points || known->n > 0) drop_rungs(curves);
    return dln_curves_finish(curves, curve->number, curve->state, curve->loss, curve->violation,
                             err);
}
