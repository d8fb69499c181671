#include "strategy/gp_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/sobol_seq.h"
#include "strategy/gp_local.h"
#include "strategy/lattice.h"

enum {
    WHOLE_MAX = 2048,  /* a space of so many points is looked through as a whole */
    TOP = 4,           /* best trials that are perturbed */
    PERTURBED = 32,    /* points around each of them */
    GLOBAL_STARTS = 4, /* drawn from the spread points by their worth */
    NEAR_STARTS = 2,   /* best of the perturbed ones */
    SCREEN_FROM = 100, /* rows from which the pool is screened by a cheap bound first */
    SCREENED = 128,
    DIMS_AT_ONCE = 20, /* coordinates changed at once around the best, of many (TuRBO) */
};

struct pool {
    struct dln_gp_points points;
    size_t n_spread; /* the first ones; then come the perturbed */
    size_t *order;   /* of all points by score, best first */
};

/* ── the pool ──────────────────────────────────────────────────────────────────────────────────*/

static double placed(const struct dln_gp_search *search, size_t k, double u)
{
    return search->low[k] + u * (search->high[k] - search->low[k]);
}

static bool is_whole_cube(const struct dln_gp_search *search)
{
    for (size_t k = 0; k < search->judge.coding->space->n; k++) {
        if (search->low[k] > 0 || search->high[k] < 1) return false;
    }
    return true;
}

/*
 * Sobol' points of the searched part. In a part (around the best trial, whose u is `centre`) with
 * many dimensions each point changes only some of them.
 */
static bool spread(struct dln_gp_search *search, struct pool *pool, size_t n, const double *centre)
{
    const size_t d = search->judge.coding->space->n;
    dln_sobol_seq *seq = NULL;
    if (!dln_sobol_seq_new(d, dln_rng_next(&search->rng), &seq, NULL)) return false;
    const double chance = centre && !is_whole_cube(search) ? fmin(1, DIMS_AT_ONCE / (double)d) : 1;
    for (size_t i = 0; i < n; i++) {
        double *u = pool->points.u + i * d;
        dln_sobol_seq_point(seq, i, 0, u);
        for (size_t k = 0; k < d; k++) {
            u[k] = placed(search, k, u[k]);
            if (chance < 1 && dln_rng_uniform(&search->rng) >= chance) u[k] = centre[k];
        }
        dln_gp_complete(&search->judge, &pool->points, i);
    }
    dln_sobol_seq_free(seq);
    pool->points.n = pool->n_spread = n;
    return true;
}

/* A step from u: some coordinates by a normal of one size, categories to any other. */
static void perturb(struct dln_gp_search *search, double *u)
{
    const struct dln_gp_coding *coding = search->judge.coding;
    const size_t d = coding->space->n;
    const double sd = exp(log(1e-3) + dln_rng_uniform(&search->rng) * log(0.2 / 1e-3));
    const double chance = fmax(0.1, fmin(1, 8 / (double)coding->layout.n_ell));
    const size_t always = (size_t)dln_rng_below(&search->rng, d);
    for (size_t k = 0; k < d; k++) {
        const double draw = dln_rng_uniform(&search->rng);
        const double step = dln_rng_normal(&search->rng);
        if (coding->motion[k] == DLN_GP_STILL || (k != always && draw >= chance)) continue;
        const size_t column = coding->column_of[k];
        if (coding->layout.is_category[column]) {
            /* by chance as rarely as a number is changed much */
            if (k == always || draw < 0.2 * chance) u[k] = dln_rng_uniform(&search->rng);
        } else {
            u[k] = fmin(fmax(u[k] + sd * step, search->low[k]), search->high[k]);
        }
    }
}

/* u of a trial with every coordinate filled. */
static void fill(struct dln_gp_search *search, const struct dln_view_trial *trial, double *u)
{
    for (size_t k = 0; k < search->judge.coding->space->n; k++)
        u[k] = isnan(trial->u[k]) ? dln_rng_uniform(&search->rng) : trial->u[k];
}

/* The real rows of the highest y; their number. */
static size_t find_top(const struct dln_gp_rows *rows, size_t top[TOP])
{
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++) {
        if (!rows->is_real[i]) continue;
        size_t at = n < TOP ? n++ : TOP;
        if (at == TOP && !(rows->y[i] > rows->y[top[TOP - 1]])) continue;
        if (at == TOP) at = TOP - 1;
        for (; at > 0 && rows->y[i] > rows->y[top[at - 1]]; at--)
            top[at] = top[at - 1];
        top[at] = i;
    }
    return n;
}

static void perturb_top(struct dln_gp_search *search, struct pool *pool, size_t each)
{
    const size_t d = search->judge.coding->space->n;
    size_t top[TOP] = {0};
    const size_t n_top = find_top(search->rows, top);
    for (size_t t = 0; t < n_top; t++) {
        const struct dln_view_trial *trial = search->rows->trials[top[t]];
        for (size_t i = 0; i < each; i++) {
            double *u = pool->points.u + pool->points.n * d;
            fill(search, trial, u);
            if (i > 0) perturb(search, u); /* the first is the trial itself: a start */
            dln_gp_complete(&search->judge, &pool->points, pool->points.n++);
        }
    }
}

/* All points of a small space. *done: it is one. False: no memory. */
static bool lay_out(struct dln_gp_search *search, struct pool *pool, bool *done)
{
    const struct dln_space *space = search->judge.coding->space;
    *done = false;
    struct dln_axis *axes = DLN_ARENA_ARRAY(search->arena, struct dln_axis, space->n);
    if (!axes) return false;
    for (size_t k = 0; k < space->n; k++) {
        if (!dln_axis_of(&space->params[k], &search->judge.fixed[k], &axes[k])) return true;
    }
    dln_lattice *lattice = NULL;
    struct dln_error why = {0};
    if (!dln_lattice_new(space, axes, &lattice, &why)) return why.code != DLN_NOMEM;
    const uint64_t n = dln_lattice_count(lattice);
    bool ok = true;
    if (n <= WHOLE_MAX) {
        ok = dln_gp_points_init(&pool->points, (size_t)n, search->judge.coding, search->arena);
        for (size_t i = 0; ok && i < n; i++) {
            double *u = pool->points.u + i * space->n;
            dln_lattice_point(lattice, i, pool->points.x + i * space->n);
            for (size_t k = 0; k < space->n; k++)
                u[k] = 0.5; /* where inactive */
            dln_gp_place(&search->judge, &pool->points, i);
        }
        pool->points.n = pool->n_spread = (size_t)n;
        *done = true;
    }
    dln_lattice_free(lattice);
    return ok;
}

/* ── the order ─────────────────────────────────────────────────────────────────────────────────*/

struct ranked {
    double score;
    size_t at;
};

static int by_score(const void *a, const void *b)
{
    const struct ranked *left = a;
    const struct ranked *right = b;
    if (left->score != right->score) return left->score > right->score ? -1 : 1;
    return (left->at > right->at) - (left->at < right->at);
}

static size_t *order_by_score(const struct dln_gp_points *points, struct dln_arena *arena)
{
    struct ranked *ranked = DLN_ARENA_ARRAY(arena, struct ranked, points->n);
    size_t *order = DLN_ARENA_ARRAY(arena, size_t, points->n);
    if (!ranked || !order) return NULL;
    for (size_t i = 0; i < points->n; i++)
        ranked[i] = (struct ranked){.score = points->score[i], .at = i};
    qsort(ranked, points->n, sizeof *ranked, by_score);
    for (size_t i = 0; i < points->n; i++)
        order[i] = ranked[i].at;
    return order;
}

/* Scores the pool: all of it, or those that a cheap upper bound leaves in. */
static bool score_pool(struct dln_gp_search *search, struct pool *pool)
{
    struct dln_gp_points *points = &pool->points;
    if (search->judge.value->n <= SCREEN_FROM || points->n <= SCREENED) {
        dln_gp_score(&search->judge, points, 0, points->n);
    } else {
        dln_gp_score_roughly(&search->judge, points, 0, points->n);
        pool->order = order_by_score(points, search->arena);
        struct dln_gp_points kept;
        if (!pool->order ||
            !dln_gp_points_init(&kept, SCREENED, search->judge.coding, search->arena)) {
            return false;
        }
        size_t n_spread = 0;
        for (int is_near = 0; is_near < 2; is_near++) { /* the spread ones stay first */
            for (size_t i = 0; i < SCREENED; i++) {
                const size_t at = pool->order[i];
                if ((at >= pool->n_spread) != is_near) continue;
                dln_gp_points_copy(search->judge.coding, &kept, kept.n++, points, at);
            }
            if (!is_near) n_spread = kept.n;
        }
        *points = kept;
        pool->n_spread = n_spread;
        dln_gp_score(&search->judge, points, 0, points->n);
    }
    pool->order = order_by_score(points, search->arena);
    return pool->order != NULL;
}

/* ── starts ────────────────────────────────────────────────────────────────────────────────────*/

static bool has_point(const struct dln_gp_coding *coding, const struct dln_gp_points *points,
                      const double *x)
{
    for (size_t i = 0; i < points->n; i++) {
        if (dln_space_same(coding->space, points->x + i * coding->space->n, x)) return true;
    }
    return false;
}

static void add_different(const struct dln_gp_coding *coding, struct dln_gp_points *to,
                          const struct dln_gp_points *from, size_t j)
{
    if (to->n == to->cap || !(from->score[j] > -HUGE_VAL)) return;
    if (has_point(coding, to, from->x + j * coding->space->n)) return;
    dln_gp_points_copy(coding, to, to->n++, from, j);
}

/* One of the spread points, drawn with a chance in proportion to its expected improvement. */
static size_t draw_start(struct dln_gp_search *search, const struct pool *pool)
{
    const double *score = pool->points.score;
    double best = -HUGE_VAL;
    double sum = 0;
    for (size_t i = 0; i < pool->n_spread; i++)
        best = fmax(best, score[i]);
    for (size_t i = 0; i < pool->n_spread; i++)
        sum += score[i] > -HUGE_VAL ? exp(score[i] - best) : 0;
    double left = dln_rng_uniform(&search->rng) * sum;
    size_t chosen = 0;
    for (size_t i = 0; i < pool->n_spread; i++) {
        if (!(score[i] > -HUGE_VAL)) continue;
        chosen = i;
        left -= exp(score[i] - best);
        if (left < 0) break;
    }
    return chosen;
}

static void choose_starts(struct dln_gp_search *search, const struct pool *pool,
                          struct dln_gp_points *starts)
{
    const struct dln_gp_coding *coding = search->judge.coding;
    const struct dln_gp_points *points = &pool->points;
    const bool is_costly = search->judge.value->n > 300;
    const size_t n_global = is_costly ? GLOBAL_STARTS / 2 : GLOBAL_STARTS;
    const size_t n_near = (is_costly ? 1 : NEAR_STARTS) * (search->is_late ? 2 : 1);
    add_different(coding, starts, points, pool->order[0]);
    size_t near = 0;
    for (size_t i = 0; i < points->n && near < n_near; i++) {
        if (pool->order[i] < pool->n_spread) continue;
        add_different(coding, starts, points, pool->order[i]);
        near++;
    }
    for (size_t i = 0; i < n_global && pool->n_spread > 0; i++)
        add_different(coding, starts, points, draw_start(search, pool));
    if (points->n > pool->n_spread) add_different(coding, starts, points, pool->n_spread);
}

/* ── all of it ─────────────────────────────────────────────────────────────────────────────────*/

/* The best of climbed starts and pool, different from each other. */
static bool rank(struct dln_gp_search *search, const struct pool *pool,
                 const struct dln_gp_points *starts)
{
    const struct dln_gp_coding *coding = search->judge.coding;
    struct dln_gp_points *ranking = &search->ranking;
    if (!dln_gp_points_init(ranking, DLN_GP_RANKING, coding, search->arena)) return false;
    const size_t *order = order_by_score(starts, search->arena);
    if (!order) return false;
    size_t at = 0;
    for (size_t i = 0; i < pool->points.n && ranking->n < ranking->cap; i++) {
        const size_t next = pool->order[i];
        while (at < starts->n && starts->score[order[at]] >= pool->points.score[next])
            add_different(coding, ranking, starts, order[at++]);
        add_different(coding, ranking, &pool->points, next);
    }
    return true;
}

static size_t pool_size(size_t n)
{
    return n <= 100 ? 1024 : n <= 300 ? 512 : 384;
}

bool dln_gp_search_run(struct dln_gp_search *search)
{
    const struct dln_gp_coding *coding = search->judge.coding;
    struct dln_gp_points *ranking = &search->ranking;
    *ranking = (struct dln_gp_points){0};
    struct pool pool = {0};
    struct dln_gp_points starts = {0};
    bool is_whole = false;
    if (!dln_gp_judge_init(&search->judge, search->arena)) return false;
    if (!lay_out(search, &pool, &is_whole)) return false;
    if (!is_whole) {
        const size_t n = pool_size(search->judge.value->n);
        const size_t each = search->is_late ? 2 * PERTURBED : PERTURBED;
        if (!dln_gp_points_init(&pool.points, n + TOP * each, coding, search->arena)) return false;
        double *centre = DLN_ARENA_ARRAY(search->arena, double, coding->space->n);
        if (!centre) return false;
        const size_t best = dln_gp_rows_best(search->rows);
        if (best != SIZE_MAX) fill(search, search->rows->trials[best], centre);
        if (!spread(search, &pool, n, best == SIZE_MAX ? NULL : centre)) return false;
        perturb_top(search, &pool, each);
    }
    if (!score_pool(search, &pool)) return false;
    if (!is_whole) {
        if (!dln_gp_points_init(&starts, 16, coding, search->arena)) return false;
        choose_starts(search, &pool, &starts);
        if (!dln_gp_climb(&search->judge, &starts, search->low, search->high, search->arena)) {
            return false;
        }
    }
    return rank(search, &pool, &starts);
}
