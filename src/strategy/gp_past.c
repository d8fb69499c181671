#include "strategy/gp_past.h"

#include <math.h>
#include <string.h>

#include "strategy/gp_model.h"
#include "strategy/memo.h"

enum { PAST_MAX = 64 };
#define NOISE_MIN  0.02 /* variance, of values with variance 1 */
#define ALIKE_FROM 0.3  /* correlation below which the past is not like this study */
#define REACH      0.1  /* of a past trial: a share of the cube's diagonal */

/* The squared distance of two points, 1 where they differ in a choice or in what is active. */
static double distance2(const struct dln_space *space, const double *a, const double *b)
{
    double sum = 0;
    for (size_t i = 0; i < space->n; i++) {
        if (isnan(a[i]) && isnan(b[i])) continue;
        const double gap = a[i] - b[i];
        const bool is_far = isnan(gap) || (!dln_param_is_ordered(&space->params[i]) && gap != 0);
        sum += is_far ? 1 : gap * gap;
    }
    return sum;
}

/*
 * The score that past trials expect at a point: a mean weighted by distance. Of one of themselves,
 * what the others expect there.
 */
static double expected(const struct dln_ask *ask, const double *u)
{
    const struct dln_history_view *history = ask->history;
    const double reach2 = REACH * REACH * (double)ask->space->n;
    double nearest = HUGE_VAL;
    double sum = 0;
    double weights = 0;
    for (size_t i = 0; i < history->n_past; i++)
        if (history->past[i].u != u) {
            nearest = fmin(nearest, distance2(ask->space, history->past[i].u, u));
        }
    for (size_t i = 0; i < history->n_past; i++) {
        if (history->past[i].u == u) continue;
        const double d2 = distance2(ask->space, history->past[i].u, u) - nearest;
        const double weight = exp(-0.5 * d2 / reach2); /* the nearest has 1: no point is too far */
        sum += weight * history->past[i].loss[0];
        weights += weight;
    }
    return weights > 0 ? sum / weights : 0;
}

/*
 * A mean over neighbours differs less from point to point than the scores do. What neighbours
 * expect where a score is such: from + (score − to) · share.
 */
struct flattening {
    double from, to, share;
};

static struct flattening flatten(const struct dln_ask *ask,
                                 const struct dln_view_trial *const *trials, size_t n)
{
    struct flattening flat = {.share = 1};
    double *x = DLN_ARENA_ARRAY(ask->scratch, double, n);
    double xx = 0;
    double xy = 0;
    for (size_t i = 0; x && i < n; i++) {
        x[i] = expected(ask, trials[i]->u);
        flat.from += x[i] / (double)n;
        flat.to += trials[i]->loss[0] / (double)n;
    }
    for (size_t i = 0; x && i < n; i++) {
        xx += (x[i] - flat.from) * (x[i] - flat.from);
        xy += (x[i] - flat.from) * (trials[i]->loss[0] - flat.to);
    }
    if (xx > 1e-12 && xy > xx) flat.share = xx / xy;
    return flat;
}

/* y = offset + slope · (−score); noise: the share of y's variance that the line leaves. */
struct line {
    double offset, slope, noise;
};

/* By least squares over the first n rows. False: not alike. */
static bool find_line(const struct dln_gp_rows *rows, const struct dln_ask *ask, size_t n,
                      struct line *line)
{
    double mean_x = 0;
    double mean_y = 0;
    double *x = DLN_ARENA_ARRAY(ask->scratch, double, n);
    double most = 0;
    if (!x) return false;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(rows->y[i]));
    if (!(most > 0)) return false;
    for (size_t i = 0; i < n; i++) {
        x[i] = -expected(ask, rows->trials[i]->u);
        mean_x += x[i] / (double)n;
        mean_y += rows->y[i] / most / (double)n;
    }
    double xx = 0;
    double xy = 0;
    double yy = 0;
    for (size_t i = 0; i < n; i++) {
        const double dx = x[i] - mean_x;
        const double dy = rows->y[i] / most - mean_y;
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
    }
    if (!(xx > 1e-12) || !(yy > 1e-24)) return false;
    const double alike = xy / sqrt(xx * yy);
    if (!(alike >= ALIKE_FROM)) return false;
    line->slope = xy / xx * most;
    line->offset = mean_y * most - line->slope * mean_x;
    line->noise = fmax(NOISE_MIN, 1 - alike * alike);
    return isfinite(line->slope) && isfinite(line->offset);
}

/* Which past trials: of each source its share, half of it the best, the other half evenly. */
static size_t choose(const struct dln_history_view *history, const struct dln_view_trial **out)
{
    size_t n_sources = 0;
    for (size_t i = 0; i < history->n_past; i++)
        n_sources += i == 0 || history->past[i].strategy != history->past[i - 1].strategy;
    const size_t share = n_sources < PAST_MAX / 2 ? PAST_MAX / n_sources : 2;
    size_t count = 0;
    for (size_t first = 0; first < history->n_past && count + share <= PAST_MAX;) {
        size_t n = 1;
        while (first + n < history->n_past &&
               history->past[first + n].strategy == history->past[first].strategy)
            n++;
        const size_t best = n <= share ? n : share / 2;
        for (size_t i = 0; i < best; i++)
            out[count++] = &history->past[first + i];
        for (size_t i = best; i < n && n > share; i++) {
            const size_t rest = n - best;
            const size_t wanted = share - best;
            const size_t at = i - best;
            if ((at + 1) * wanted / rest > at * wanted / rest)
                out[count++] = &history->past[i + first];
        }
        first += n;
    }
    return count;
}

bool dln_gp_past_join(const struct dln_gp_rows *rows, const struct dln_ask *ask,
                      struct dln_gp_rows *out, size_t *n_past)
{
    *out = *rows;
    *n_past = 0;
    if (ask->history->n_past == 0 || !rows->is_objective || rows->n < DLN_GP_PAST_FROM) return true;
    const size_t known = dln_gp_milestone(rows->n, rows->settled);
    struct line line;
    if (!find_line(rows, ask, known, &line)) return true;

    const size_t most = rows->n + PAST_MAX;
    out->trials = DLN_ARENA_ARRAY(ask->scratch, const struct dln_view_trial *, most);
    out->y = DLN_ARENA_ARRAY(ask->scratch, double, 2 * most);
    out->is_real = DLN_ARENA_ARRAY(ask->scratch, bool, most);
    if (!out->trials || !out->y || !out->is_real) return false;
    out->noise = out->y + most;
    const size_t n = choose(ask->history, out->trials);
    const struct flattening flat = flatten(ask, out->trials, n);
    for (size_t i = 0; i < n; i++) {
        const double score = flat.from + (out->trials[i]->loss[0] - flat.to) * flat.share;
        out->y[i] = line.offset - line.slope * score;
        out->noise[i] = line.noise * (1 + (double)known / 10);
    }
    memcpy(out->trials + n, rows->trials, rows->n * sizeof(const struct dln_view_trial *));
    memcpy(out->y + n, rows->y, rows->n * sizeof *rows->y);
    memcpy(out->noise + n, rows->noise, rows->n * sizeof *rows->noise);
    memcpy(out->is_real + n, rows->is_real, rows->n * sizeof *rows->is_real);
    out->n = rows->n + n;
    out->settled = rows->settled + n;
    *n_past = n;
    return true;
}
