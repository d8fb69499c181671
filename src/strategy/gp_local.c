#include "strategy/gp_local.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "math/lbfgs.h"

enum {
    ROUNDS = 4,             /* turns of gradient and values */
    MOVES = 2 * DLN_GP_FEW, /* values of one parameter that are compared */
};

/* One climb along the gradient, over the parameters that are smooth here. */
struct climb {
    struct dln_lbfgs search;
    size_t *params;                        /* search.d of them */
    double *scale;                         /* length scale of each: the search's unit */
    double *low, *high, *start, *gradient; /* d each */
    double *columns;                       /* n_columns */
    bool is_going;
};

static bool climb_init(struct climb *climb, const struct dln_gp_coding *coding,
                       struct dln_arena *arena)
{
    const size_t d = coding->space->n;
    climb->params = DLN_ARENA_ARRAY(arena, size_t, d);
    climb->scale = DLN_ARENA_ARRAY(arena, double, 5 * d + coding->layout.n_columns);
    const struct dln_lbfgs_stop stop = {
        .gradient = 1e-4, .gain = 1e-5, .iterations = 50, .evaluations = 70};
    if (!climb->params || !climb->scale) return false;
    climb->low = climb->scale + d;
    climb->high = climb->scale + 2 * d;
    climb->start = climb->scale + 3 * d;
    climb->gradient = climb->scale + 4 * d;
    climb->columns = climb->scale + 5 * d;
    return dln_lbfgs_init(&climb->search, d, climb->low, climb->high, stop, arena);
}

static void climb_start(struct climb *climb, const struct dln_gp_judge *judge,
                        const struct dln_gp_points *points, size_t i, const double *low,
                        const double *high)
{
    const struct dln_gp_coding *coding = judge->coding;
    const size_t d = coding->space->n;
    const double *u = points->u + i * d;
    const double *x = points->x + i * d;
    size_t n = 0;
    for (size_t k = 0; k < d; k++) {
        const bool moves = coding->motion[k] == DLN_GP_SMOOTH || coding->motion[k] == DLN_GP_STEPS;
        if (!moves || isnan(x[k]) || !isnan(judge->fixed[k])) continue;
        const size_t column = coding->column_of[k];
        climb->params[n] = k;
        climb->scale[n] = exp(judge->value->theta[coding->layout.ell_of[column]]);
        climb->low[n] = low[k] / climb->scale[n];
        climb->high[n] = high[k] / climb->scale[n];
        climb->start[n] = u[k] / climb->scale[n];
        n++;
    }
    memcpy(climb->columns, points->columns + i * coding->layout.n_columns,
           coding->layout.n_columns * sizeof *climb->columns);
    climb->search.d = n;
    climb->is_going = n > 0 && points->score[i] > -HUGE_VAL;
    if (climb->is_going) dln_lbfgs_start(&climb->search, climb->start);
}

/* The columns of where the search wants to know. */
static void climb_ask(const struct climb *climb, const struct dln_gp_coding *coding,
                      double *columns)
{
    memcpy(columns, climb->columns, coding->layout.n_columns * sizeof *columns);
    for (size_t j = 0; j < climb->search.d; j++) {
        const size_t k = climb->params[j];
        const double u = climb->search.trial[j] * climb->scale[j];
        columns[coding->column_of[k]] = coding->space->params[k].when ? u - 0.5 : u;
    }
}

static void climb_tell(struct climb *climb, const struct dln_gp_coding *coding, double score,
                       const double *gradient)
{
    for (size_t j = 0; j < climb->search.d; j++)
        climb->gradient[j] = -gradient[coding->column_of[climb->params[j]]] * climb->scale[j];
    climb->is_going = dln_lbfgs_tell(&climb->search, -score, climb->gradient);
}

struct local {
    struct dln_gp_judge *judge;
    struct dln_gp_points *points;
    const double *low, *high;
    struct climb *climbs; /* one per point */
    double *columns, *gradients, *scores;
    size_t *going;
    struct dln_gp_points moves; /* MOVES + 1, the last one spare */
};

/* Takes the spare point in place of point i, if it is better. */
static bool take_if_better(struct local *local, size_t i, const struct dln_gp_points *from,
                           size_t j)
{
    if (!(from->score[j] > local->points->score[i])) return false;
    dln_gp_points_copy(local->judge->coding, local->points, i, from, j);
    return true;
}

/* All points along their gradients, each evaluation shared by all that still go. */
static void follow_gradients(struct local *local)
{
    struct dln_gp_judge *judge = local->judge;
    struct dln_gp_points *points = local->points;
    const struct dln_gp_coding *coding = judge->coding;
    const size_t n_columns = coding->layout.n_columns;
    const size_t d = coding->space->n;
    for (size_t i = 0; i < points->n; i++)
        climb_start(&local->climbs[i], judge, points, i, local->low, local->high);
    for (;;) {
        size_t m = 0;
        for (size_t i = 0; i < points->n; i++) {
            if (!local->climbs[i].is_going) continue;
            climb_ask(&local->climbs[i], coding, local->columns + m * n_columns);
            local->going[m++] = i;
        }
        if (m == 0) break;
        dln_gp_score_slopes(judge, m, local->columns, local->scores, local->gradients);
        for (size_t k = 0; k < m; k++) {
            climb_tell(&local->climbs[local->going[k]], coding, local->scores[k],
                       local->gradients + k * n_columns);
        }
    }
    const size_t spare = MOVES;
    for (size_t i = 0; i < points->n; i++) {
        const struct climb *climb = &local->climbs[i];
        if (climb->search.d == 0 || !(points->score[i] > -HUGE_VAL)) continue;
        memcpy(local->moves.u + spare * d, points->u + i * d, d * sizeof *points->u);
        for (size_t j = 0; j < climb->search.d; j++) {
            local->moves.u[spare * d + climb->params[j]] =
                fmin(fmax(climb->search.x[j] * climb->scale[j], 0), 1);
        }
        dln_gp_complete(judge, &local->moves, spare);
        dln_gp_score(judge, &local->moves, spare, spare + 1);
        take_if_better(local, i, &local->moves, spare);
    }
}

/*
 * The values of parameter k to compare with x: all where there are few, else those 1, 2, 4, …
 * steps away. The number of them.
 */
static size_t list_moves(const struct local *local, size_t k, double x, double *values)
{
    const struct dln_param *param = &local->judge->coding->space->params[k];
    const int64_t count = (int64_t)dln_param_count(param); /* 2^53 at most */
    size_t n = 0;
    if (local->judge->coding->motion[k] == DLN_GP_SWITCHES && count <= MOVES) {
        for (int64_t at = 0; at < count; at++) {
            const double value = dln_param_nth(param, (double)at);
            if (value != x) values[n++] = value;
        }
        return n;
    }
    int64_t at = 0; /* which value x is, by halving */
    for (int64_t high = count - 1; at < high;) {
        const int64_t middle = at + (high - at) / 2;
        if (dln_param_nth(param, (double)middle) < x) {
            at = middle + 1;
        } else {
            high = middle;
        }
    }
    for (int64_t step = 1; n + 2 <= MOVES && step < count; step *= 2) {
        if (at - step >= 0) values[n++] = dln_param_nth(param, (double)(at - step));
        if (at + step < count) values[n++] = dln_param_nth(param, (double)(at + step));
    }
    return n;
}

/* Point i to the best value of parameter k; true if it moved. */
static bool switch_value(struct local *local, size_t i, size_t k)
{
    const struct dln_gp_judge *judge = local->judge;
    const size_t d = judge->coding->space->n;
    const struct dln_gp_points *points = local->points;
    double values[MOVES];
    const size_t n = list_moves(local, k, points->x[i * d + k], values);
    for (size_t j = 0; j < n; j++) {
        memcpy(local->moves.u + j * d, points->u + i * d, d * sizeof *points->u);
        local->moves.u[j * d + k] = dln_param_encode(&judge->coding->space->params[k], values[j]);
        dln_gp_complete(judge, &local->moves, j);
    }
    dln_gp_score(local->judge, &local->moves, 0, n);
    bool moved = false;
    for (size_t j = 0; j < n; j++)
        moved |= take_if_better(local, i, &local->moves, j);
    return moved;
}

static bool switch_values(struct local *local)
{
    const struct dln_gp_coding *coding = local->judge->coding;
    bool moved = false;
    for (size_t i = 0; i < local->points->n; i++) {
        if (!(local->points->score[i] > -HUGE_VAL)) continue;
        for (size_t k = 0; k < coding->space->n; k++) {
            const bool has_values =
                coding->motion[k] == DLN_GP_STEPS || coding->motion[k] == DLN_GP_SWITCHES;
            if (!has_values || isnan(local->points->x[i * coding->space->n + k])) continue;
            if (isnan(local->judge->fixed[k])) moved |= switch_value(local, i, k);
        }
    }
    return moved;
}

bool dln_gp_climb(struct dln_gp_judge *judge, struct dln_gp_points *points, const double *low,
                  const double *high, struct dln_arena *arena)
{
    const size_t n_columns = judge->coding->layout.n_columns;
    struct local local = {.judge = judge, .points = points, .low = low, .high = high};
    local.climbs = DLN_ARENA_ARRAY(arena, struct climb, points->n);
    local.columns = DLN_ARENA_ARRAY(arena, double, points->n *(2 * n_columns + 1));
    local.going = DLN_ARENA_ARRAY(arena, size_t, points->n);
    if (!local.climbs || !local.columns || !local.going) return false;
    local.gradients = local.columns + points->n * n_columns;
    local.scores = local.gradients + points->n * n_columns;
    if (!dln_gp_points_init(&local.moves, MOVES + 1, judge->coding, arena)) return false;
    for (size_t i = 0; i < points->n; i++) {
        if (!climb_init(&local.climbs[i], judge->coding, arena)) return false;
    }
    for (int round = 0; round < ROUNDS; round++) {
        follow_gradients(&local);
        if (!switch_values(&local)) break;
    }
    return true;
}
