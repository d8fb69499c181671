#include "strategy/gp_rows.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"

#define PRUNED_NOISE 0.25 /* variance, of values with variance 1 */
#define PAREGO_RHO   0.05

enum { LATELY = 10 };

static bool is_pending(const struct dln_view_trial *trial)
{
    return trial->state == DLN_TRIAL_RUNNING || trial->state == DLN_TRIAL_WAITING;
}

static bool breaks_limits(const struct dln_view_trial *trial)
{
    return trial->violation > 0;
}

/* A failure that another run of the same point would most likely share. */
static bool is_telling(const struct dln_view_trial *trial)
{
    return trial->state == DLN_TRIAL_FAIL && trial->reason != DLN_FAIL_LOST &&
           trial->reason != DLN_FAIL_STOPPED;
}

static bool has_values(const struct dln_view_trial *trial, size_t m)
{
    if (trial->state != DLN_TRIAL_COMPLETE) return false;
    for (size_t i = 0; i < m; i++) {
        if (isnan(trial->loss[i])) return false;
    }
    return true;
}

/* ── losses ────────────────────────────────────────────────────────────────────────────────────*/

struct scale {
    double low, high; /* of the finite losses; low > high when there are none */
};

static struct scale scale_of(const struct dln_ask *ask, const struct dln_gp_coding *coding,
                             size_t objective)
{
    struct scale scale = {.low = HUGE_VAL, .high = -HUGE_VAL};
    for (size_t i = 0; i < ask->history->n; i++) {
        const struct dln_view_trial *trial = &ask->history->trials[i];
        if (!has_values(trial, ask->history->m) || !dln_gp_is_whole(coding, trial->x)) continue;
        if (!isfinite(trial->loss[objective])) continue;
        scale.low = fmin(scale.low, trial->loss[objective]);
        scale.high = fmax(scale.high, trial->loss[objective]);
    }
    return scale;
}

static double clipped(double loss, struct scale scale)
{
    if (scale.low > scale.high) return 0;
    return loss < scale.low ? scale.low : loss > scale.high ? scale.high : loss;
}

/* Weights ~ Dirichlet(1): exponentials over their sum. */
static void draw_weights(const struct dln_ask *ask, size_t m, double *weights)
{
    struct dln_rng rng;
    dln_rng_init_trial(&rng, ask->seed, ask->number, dln_hash_bytes("parego", 6));
    double sum = 0;
    for (size_t i = 0; i < m; i++)
        sum += weights[i] = -log1p(-dln_rng_uniform(&rng));
    for (size_t i = 0; i < m; i++)
        weights[i] /= sum > 0 ? sum : 1;
}

static double chebyshev(const struct dln_view_trial *trial, size_t m, const struct scale *scales,
                        const double *weights)
{
    double worst = 0;
    double sum = 0;
    for (size_t i = 0; i < m; i++) {
        const double width = scales[i].high - scales[i].low;
        const double part =
            width > 0 ? weights[i] * (clipped(trial->loss[i], scales[i]) - scales[i].low) / width
                      : 0;
        worst = fmax(worst, part);
        sum += part;
    }
    return worst + PAREGO_RHO * sum;
}

/* ── rows ──────────────────────────────────────────────────────────────────────────────────────*/

struct collection {
    const struct dln_ask *ask;
    const struct dln_gp_coding *coding;
    struct dln_gp_rows *rows;
    struct scale *scales;
    double *weights;
    bool by_violation;
    bool has_pending;
};

static double loss_of(const struct collection *c, const struct dln_view_trial *trial)
{
    const size_t m = c->ask->history->m;
    if (c->by_violation) return log1p(trial->violation);
    if (m == 1) return clipped(trial->loss[0], c->scales[0]);
    return chebyshev(trial, m, c->scales, c->weights);
}

static void add_row(struct collection *c, const struct dln_view_trial *trial, double loss,
                    bool is_real)
{
    struct dln_gp_rows *rows = c->rows;
    rows->trials[rows->n] = trial;
    rows->y[rows->n] = -loss;
    for (int k = 0; k < 2 && rows->pair[k]; k++)
        rows->pair[k][rows->n] = -clipped(trial->loss[k], c->scales[k]);
    rows->noise[rows->n] = trial->state == DLN_TRIAL_PRUNED ? PRUNED_NOISE : 0;
    rows->is_real[rows->n] = is_real;
    rows->n++;
    if (!c->has_pending) rows->settled = rows->n;
}

static void add_mark(struct collection *c, const struct dln_view_trial *trial, bool is_good)
{
    struct dln_gp_rows *rows = c->rows;
    rows->marked[rows->n_marks] = trial;
    rows->marks[rows->n_marks++] = is_good ? 1 : -1;
    if (!is_good) rows->n_bad++;
    if (!c->has_pending) rows->settled_marks = rows->n_marks;
}

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

/*
 * What a pruned trial counts as at least. The reports of other trials at the same step, which could
 * tell more, are not part of the view.
 */
static bool upper_quartile(const struct collection *c, double *quartile)
{
    const struct dln_history_view *history = c->ask->history;
    double *losses = DLN_ARENA_ARRAY(c->ask->scratch, double, history->n);
    if (!losses) return false;
    size_t n = 0;
    for (size_t i = 0; i < history->n; i++) {
        const struct dln_view_trial *trial = &history->trials[i];
        if (has_values(trial, 1)) losses[n++] = clipped(trial->loss[0], c->scales[0]);
    }
    qsort(losses, n, sizeof *losses, by_value);
    *quartile = n > 0 ? losses[(3 * (n - 1) + 2) / 4] : -HUGE_VAL;
    return true;
}

/* Limits that every complete trial has broken. */
static bool all_break_limits(const struct dln_history_view *history)
{
    size_t n = 0;
    for (size_t i = 0; i < history->n; i++) {
        if (!has_values(&history->trials[i], history->m)) continue;
        if (!breaks_limits(&history->trials[i])) return false;
        n++;
    }
    return n > 0;
}

/* The two objectives side by side, for a search along their front. */
static bool add_pair(struct collection *c, size_t n)
{
    struct dln_gp_rows *rows = c->rows;
    rows->pair[0] = DLN_ARENA_ARRAY(c->ask->scratch, double, 2 * n);
    if (!rows->pair[0]) return false;
    rows->pair[1] = rows->pair[0] + n;
    for (int k = 0; k < 2; k++) {
        const double worst = c->scales[k].high;
        rows->reference[k] = -fmax(1.1 * worst, 0.9 * worst);
    }
    return true;
}

static bool allocate(struct dln_gp_rows *rows, size_t n, struct dln_arena *arena)
{
    *rows = (struct dln_gp_rows){0};
    rows->trials = DLN_ARENA_ARRAY(arena, const struct dln_view_trial *, 3 * n);
    rows->y = DLN_ARENA_ARRAY(arena, double, 4 * n);
    rows->is_real = DLN_ARENA_ARRAY(arena, bool, n);
    if (!rows->trials || !rows->y || !rows->is_real) return false;
    rows->pending = rows->trials + n;
    rows->marked = rows->trials + 2 * n;
    rows->noise = rows->y + n;
    rows->marks = rows->y + 2 * n;
    rows->mark_noise = rows->y + 3 * n;
    return true;
}

bool dln_gp_rows_collect(struct dln_gp_rows *rows, const struct dln_ask *ask,
                         const struct dln_gp_coding *coding)
{
    const struct dln_history_view *history = ask->history;
    const size_t m = history->m;
    struct collection c = {.ask = ask, .coding = coding, .rows = rows};
    c.scales = DLN_ARENA_ARRAY(ask->scratch, struct scale, m);
    c.weights = DLN_ARENA_ARRAY(ask->scratch, double, m);
    if (!c.scales || !c.weights || !allocate(rows, history->n, ask->scratch)) return false;
    for (size_t i = 0; i < m; i++)
        c.scales[i] = scale_of(ask, coding, i);
    c.by_violation = all_break_limits(history);
    rows->is_objective = m == 1 && !c.by_violation;
    if (m > 1) draw_weights(ask, m, c.weights);
    if (m == 2 && !c.by_violation && !add_pair(&c, history->n)) return false;
    double quartile = 0;
    if (m == 1 && !upper_quartile(&c, &quartile)) return false;

    for (size_t i = 0; i < history->n; i++) {
        const struct dln_view_trial *trial = &history->trials[i];
        if (!dln_gp_is_whole(coding, trial->x)) continue;
        if (is_pending(trial)) {
            rows->pending[rows->n_pending++] = trial;
            c.has_pending = true;
            continue;
        }
        const bool is_pruned = trial->state == DLN_TRIAL_PRUNED;
        if (has_values(trial, m)) {
            add_row(&c, trial, loss_of(&c, trial), c.by_violation || !breaks_limits(trial));
        } else if (is_pruned && rows->is_objective) {
            const double last = isnan(trial->last_loss) ? quartile : trial->last_loss;
            const double loss = fmax(clipped(last, c.scales[0]), quartile);
            if (isfinite(loss)) add_row(&c, trial, loss, false);
        }
        if (has_values(trial, m) || is_pruned) add_mark(&c, trial, !breaks_limits(trial));
        if (is_telling(trial)) add_mark(&c, trial, false);
    }
    for (size_t i = rows->n_marks > LATELY ? rows->n_marks - LATELY : 0; i < rows->n_marks; i++)
        rows->bad_lately += rows->marks[i] < 0 ? 1.0 / LATELY : 0;
    return true;
}

size_t dln_gp_rows_best(const struct dln_gp_rows *rows)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->is_real[i] && (best == SIZE_MAX || rows->y[i] > rows->y[best])) best = i;
    }
    return best;
}
