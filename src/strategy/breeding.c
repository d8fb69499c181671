/*
 * One ask: while fewer trials were asked for than the population holds, or fewer than two are of
 * use, a point of the design. Then two parents by binary tournament, simulated binary crossover of
 * numbers and uniform exchange of choices, polynomial mutation; a child that some trial has already
 * is mutated again. Deb et al., "A fast and elitist multiobjective genetic algorithm" (2002).
 */
#include "strategy/breeding.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "math/variation.h"

enum { REMUTATIONS_MAX = 10 };
static const double eta = 20; /* of crossover and mutation, as in Deb's NSGA-II */

bool dln_breeding_open(const char *name, dln_select_parents *select, const double *values,
                       void **instance, struct dln_error *err)
{
    struct dln_breeding *breeding = calloc(1, sizeof *breeding);
    if (!breeding) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    breeding->name = name;
    breeding->select = select;
    breeding->population = values[0];
    breeding->crossover = values[1];
    breeding->mutation = values[2];
    *instance = breeding;
    return true;
}

void dln_breeding_close(void *instance)
{
    struct dln_breeding *breeding = instance;
    dln_design_release(&breeding->design);
    dln_watch_release(&breeding->watch);
    free(breeding->parents);
    free(breeding);
}

/* ── the population ────────────────────────────────────────────────────────────────────────────*/

static size_t count_free(const struct dln_space *space)
{
    size_t d = 0;
    for (size_t i = 0; i < space->n; i++)
        d += !dln_param_is_single(&space->params[i]);
    return d;
}

/* At most a fifth of the budget, so that there is time to breed. */
static size_t wanted_size(const struct dln_breeding *breeding, const struct dln_ask *ask)
{
    if (breeding->population > 0) return (size_t)fmax(2, breeding->population);
    double size = fmin(50, fmax(12, 4 * (double)count_free(ask->space)));
    if (ask->budget_trials > 0) size = fmin(size, floor((double)ask->budget_trials / 5));
    return (size_t)fmax(4, size);
}

static bool follow(struct dln_breeding *breeding, const struct dln_ask *ask, struct dln_error *err)
{
    const size_t size = wanted_size(breeding, ask);
    if (size != breeding->size) dln_watch_forget(&breeding->watch);
    struct dln_news news;
    if (!dln_watch_look(&breeding->watch, ask, &news, err)) return false;
    if (size != breeding->size) {
        struct dln_parent *parents = realloc(breeding->parents, size * sizeof *parents);
        if (!parents) {
            dln_watch_forget(&breeding->watch);
            return dln_fail(err, DLN_NOMEM, "out of memory for the population");
        }
        breeding->parents = parents;
        breeding->size = size;
    }
    if (news.is_all) breeding->n_parents = 0;
    if (news.n_done == 0) return true;
    if (breeding->select(breeding, ask, &news, err)) return true;
    dln_watch_forget(&breeding->watch);
    return false;
}

/* The better of two, drawn with replacement. */
static size_t tournament(const struct dln_breeding *breeding, struct dln_rng *rng)
{
    const size_t a = (size_t)dln_rng_below(rng, breeding->n_parents);
    const size_t b = (size_t)dln_rng_below(rng, breeding->n_parents);
    const struct dln_parent *one = &breeding->parents[a];
    const struct dln_parent *two = &breeding->parents[b];
    if (one->rank != two->rank) return one->rank < two->rank ? a : b;
    if (one->crowding != two->crowding) return one->crowding > two->crowding ? a : b;
    return one->number < two->number ? a : b;
}

/* ── a child ───────────────────────────────────────────────────────────────────────────────────*/

/* Whether values lie in an order, so that what is between two of them means something. */
static bool is_ordered(const struct dln_param *param)
{
    return param->kind == DLN_PARAM_FLOAT || param->kind == DLN_PARAM_INT || param->ordered;
}

/* NaN: inactive in both parents. */
static double inherit(const struct dln_param *param, double a, double b, struct dln_rng *rng)
{
    if (isnan(a) || isnan(b)) return isnan(a) ? b : a;
    const double u = dln_rng_uniform(rng);
    const uint64_t coins = dln_rng_next(rng);
    if (!is_ordered(param)) return coins & 1 ? a : b;
    if (coins & 1) return a; /* each number is crossed with probability 1/2 */
    const struct dln_children children = dln_sbx(a, b, 0, 1, eta, u);
    return coins & 2 ? children.low : children.high;
}

/* The k-th value's coordinate, k being the value at u moved by at least one. */
static double move_to_other(const struct dln_param *param, double u, struct dln_rng *rng)
{
    const double count = dln_param_count(param);
    const double step = param->step > 0 ? param->step : 1;
    const double k = floor((dln_param_decode(param, u) - param->low) / step + 0.5);
    double other;
    if (is_ordered(param)) {
        other = k == 0 || (k + 1 < count && dln_rng_uniform(rng) < 0.5) ? k + 1 : k - 1;
    } else {
        other = (double)dln_rng_below(rng, (uint64_t)count - 1);
        other += other >= k;
    }
    return dln_param_encode(param, dln_param_nth(param, other));
}

static double mutated(const struct dln_param *param, double u, struct dln_rng *rng)
{
    if (!is_ordered(param)) return move_to_other(param, u, rng);
    const double mutant = dln_polynomial_mutation(u, 0, 1, eta, dln_rng_uniform(rng));
    if (dln_param_count(param) == 0) return mutant;
    const bool same = dln_param_decode(param, mutant) == dln_param_decode(param, u);
    return same ? move_to_other(param, u, rng) : mutant;
}

/* Every free coordinate with probability p; at least one when it must be. */
static void mutate(const struct dln_space *space, double p, bool must, double *u,
                   struct dln_rng *rng)
{
    const size_t d = count_free(space);
    if (d == 0) return;
    uint64_t chosen = must ? dln_rng_below(rng, d) : d;
    for (size_t i = 0; i < space->n; i++) {
        const struct dln_param *param = &space->params[i];
        if (dln_param_is_single(param)) continue;
        if (dln_rng_uniform(rng) < p || chosen == 0) u[i] = mutated(param, u[i], rng);
        chosen--;
    }
}

static bool is_visited(const struct dln_ask *ask, const double *u, double *x)
{
    for (size_t i = 0; i < ask->space->n; i++) {
        const bool is_fixed = !isnan(ask->fixed[i]);
        x[i] = is_fixed ? ask->fixed[i] : dln_param_decode(&ask->space->params[i], u[i]);
    }
    dln_space_activate(ask->space, x);
    return dln_history_has(ask->history, ask->space, x);
}

static bool breed(const struct dln_breeding *breeding, const struct dln_ask *ask,
                  struct dln_suggestion *out, struct dln_error *err)
{
    const struct dln_space *space = ask->space;
    double *x = DLN_ARENA_ARRAY(ask->scratch, double, space->n);
    if (!x) return dln_fail(err, DLN_NOMEM, "out of memory for a suggestion");
    struct dln_rng rng;
    dln_rng_init_trial(&rng, ask->seed, ask->number, dln_hash_bytes("breeding", 8) + ask->attempt);
    const size_t first = tournament(breeding, &rng);
    size_t second = tournament(breeding, &rng);
    if (second == first) second = (first + 1) % breeding->n_parents;
    const int64_t numbers[] = {breeding->parents[first].number, breeding->parents[second].number};
    const double *a = ask->history->trials[dln_history_find(ask->history, numbers[0])].u;
    const double *b = ask->history->trials[dln_history_find(ask->history, numbers[1])].u;

    const bool crosses = dln_rng_uniform(&rng) < breeding->crossover;
    for (size_t i = 0; i < space->n; i++) {
        const double u = crosses ? inherit(&space->params[i], a[i], b[i], &rng) : a[i];
        out->u[i] = isnan(u) ? dln_rng_uniform(&rng) : u;
    }
    const double p =
        breeding->mutation > 0 ? breeding->mutation : 1 / fmax(1, (double)count_free(space));
    mutate(space, p, false, out->u, &rng);
    for (int i = 0; i < REMUTATIONS_MAX && is_visited(ask, out->u, x); i++)
        mutate(space, p, true, out->u, &rng);
    snprintf(out->why, sizeof out->why,
             crosses ? "%s: child of %lld and %lld" : "%s: child of %lld", breeding->name,
             (long long)numbers[0], (long long)numbers[1]);
    return true;
}

bool dln_breeding_suggest(void *instance, const struct dln_ask *ask, struct dln_suggestion *out,
                          struct dln_error *err)
{
    struct dln_breeding *breeding = instance;
    if (!follow(breeding, ask, err)) return false;
    if (ask->history->n < breeding->size || breeding->n_parents < 2) {
        return dln_design_suggest(&breeding->design, ask, breeding->name, out, err);
    }
    return breed(breeding, ask, out, err);
}
