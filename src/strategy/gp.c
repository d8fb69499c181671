/*
 * Bayesian optimisation: a Gaussian process learns the objective from the trials, and the next
 * trial is where it expects to improve most on the best so far. One suggestion: 1  trials become
 * rows of numbers (gp_rows.c, gp_coding.c); too few, or all equal: a random draw 2  a process is
 * fitted (gp_model.c). Two take turns, of short length scales with the bad tail damped and of
 * Optuna's wide prior, because neither is right for every objective 3  where trials have failed or
 * broken limits a second process learns where they work 4  log expected improvement, times the
 * chance to work, is searched for its maximum (gp_search.c, gp_local.c), in high dimensions around
 * the best trial (gp_region.c). Of two objectives each has a process of its own, and what counts is
 * the hypervolume gained; of more, or with limits that all trials have broken, one is made of them.
 * Trials still running count as seen, with the value that the process expects.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "dialin/num.h"
#include "math/acquisition.h"
#include "math/blas.h"
#include "strategy/gp_model.h"
#include "strategy/gp_past.h"
#include "strategy/gp_region.h"
#include "strategy/gp_search.h"

#define NOISE_FROM   1e-2 /* sn2 from which the best value seen may be luck */
#define LATE         0.9  /* of the budget */
#define OUT_OF_REACH 1e-4 /* a chance below */

enum { TRIES = 200 }; /* draws of the design for a point that keeps the constraints */

struct answer { /* the ranking of the last ask: a cache for its next attempts */
    uint64_t key;
    struct dln_arena arena;
    struct dln_gp_points ranking;
    const struct dln_gp_model *model;
    double best; /* the best value seen, in the model's units */
    bool is_objective, has_pair;
    bool is_local;
};

struct gp {
    struct dln_arena arena; /* of the coding */
    struct dln_gp_coding coding;
    struct dln_gp_model models[2];  /* by enum dln_gp_prior */
    struct dln_gp_model seconds[2]; /* of the second of two goals */
    struct dln_gp_model success;
    struct answer answer;
};

static void close(void *instance)
{
    struct gp *gp = instance;
    dln_gp_model_release(&gp->models[DLN_GP_SHORT]);
    dln_gp_model_release(&gp->models[DLN_GP_WIDE]);
    dln_gp_model_release(&gp->seconds[DLN_GP_SHORT]);
    dln_gp_model_release(&gp->seconds[DLN_GP_WIDE]);
    dln_gp_model_release(&gp->success);
    dln_arena_release(&gp->answer.arena);
    dln_arena_release(&gp->arena);
    free(gp);
}

static bool fail_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory for a suggestion");
}

static bool open(const struct dln_space *space, const double *values, const struct dln_method *raw,
                 void **instance, struct dln_error *err)
{
    (void)values;
    (void)raw;
    if (!dln_blas_open(err)) return false;
    struct gp *gp = calloc(1, sizeof *gp);
    if (!gp) return fail_memory(err);
    if (!dln_gp_coding_init(&gp->coding, space, &gp->arena)) {
        close(gp);
        return fail_memory(err);
    }
    *instance = gp;
    return true;
}

/* ── the design ────────────────────────────────────────────────────────────────────────────────*/

/* Trials before the model takes over: about one a dimension, a quarter of the budget at most. */
static size_t design_size(const struct gp *gp, const struct dln_ask *ask)
{
    const size_t d = gp->coding.layout.n_ell;
    size_t n = d + 1 < 5 ? 5 : d + 1 > 10 ? 10 : d + 1;
    if (ask->history->n_past > 0 && n > DLN_GP_PAST_FROM) n = DLN_GP_PAST_FROM;
    if (ask->budget_trials > 0 && n > (size_t)ask->budget_trials / 4) {
        n = (size_t)ask->budget_trials / 4;
    }
    return n < 2 ? 2 : n;
}

/*
 * The very first point is the default one, the others are uniform: the varied distances between
 * random points tell more of length scales than an even cover does (Zhang, Cole & Gramacy, 2021).
 */
static void draw_design(const struct dln_ask *ask, struct dln_suggestion *out, const char *why)
{
    const struct dln_space *space = ask->space;
    struct dln_rng rng;
    dln_rng_init_trial(&rng, ask->seed, ask->number, dln_hash_bytes("gp", 2) + ask->attempt);
    for (int tries = 0; tries < TRIES; tries++) {
        size_t broken;
        for (size_t k = 0; k < space->n; k++) {
            out->u[k] = dln_rng_uniform(&rng);
            out->x[k] = isnan(ask->fixed[k]) ? dln_param_decode(&space->params[k], out->u[k])
                                             : ask->fixed[k];
        }
        dln_space_activate(space, out->x);
        if (dln_space_allows(space, out->x, &broken)) break;
    }
    const bool is_first = ask->history->n == 0 && ask->attempt == 0;
    if (is_first) dln_space_initial(space, out->x);
    for (size_t k = 0; k < space->n && !is_first; k++)
        out->x[k] = NAN;
    snprintf(out->why, sizeof out->why, "%s", is_first ? "gp: the default point first" : why);
}

/* ── the models ────────────────────────────────────────────────────────────────────────────────*/

static bool update_value(struct gp *gp, struct dln_gp_model *model, const struct dln_gp_rows *rows,
                         const double *y, enum dln_gp_prior prior, struct dln_arena *scratch,
                         struct dln_error *err)
{
    const struct dln_gp_task task = {
        .coding = &gp->coding,
        .prior = prior,
        .damps = prior == DLN_GP_SHORT,
        .warps = true,
        .n = rows->n,
        .trials = rows->trials,
        .y = y,
        .noise = rows->noise,
        .is_real = rows->is_real,
        .settled = rows->settled,
        .n_pending = rows->n_pending,
        .pending = rows->pending,
    };
    return dln_gp_model_update(model, &task, scratch, err);
}

/* The model of success, if there is something to learn; *used: there is. */
static bool update_success(struct gp *gp, const struct dln_gp_rows *rows, bool *used,
                           struct dln_arena *scratch, struct dln_error *err)
{
    *used = rows->n_bad >= 2 && rows->n_bad < rows->n_marks;
    if (!*used) return true;
    const struct dln_gp_task task = {
        .coding = &gp->coding,
        .prior = DLN_GP_SHORT,
        .n = rows->n_marks,
        .trials = rows->marked,
        .y = rows->marks,
        .noise = rows->mark_noise,
        .settled = rows->settled_marks,
    };
    struct dln_error why = {0};
    if (dln_gp_model_update(&gp->success, &task, scratch, &why)) return true;
    *used = false;
    return why.code != DLN_NOMEM || fail_memory(err);
}

/*
 * What is to be improved on, in the model's units: the best value, or, where values are noisy and
 * the best one was likely luck, the best that the model believes in; and what a running trial is
 * expected to give. `believes`: the model's word counts for sure;
 * else not where the budget ends.
 */
static double find_best(const struct dln_gp_model *model, const struct dln_gp_rows *rows,
                        bool is_late, bool believes)
{
    const size_t at = dln_gp_rows_best(rows);
    if (at == SIZE_MAX) return model->gp.n_pending ? model->expected : 0;
    const double observed = dln_warp_apply(&model->warp, rows->y[at]);
    const bool is_noisy = (model->gp.sn2 > NOISE_FROM && !is_late) || believes;
    const double best =
        is_noisy && isfinite(model->believed) ? fmin(model->believed, observed) : observed;
    return fmax(best, model->expected);
}

/*
 * How much the chance to work counts. The process of success, made of +1 and -1, never gets sure of
 * a failure, while an improvement elsewhere becomes ever less likely: the more often trials have
 * failed lately, the more its word weighs.
 */
static double weigh_success(const struct dln_gp_rows *rows)
{
    return fmin(1, (double)rows->n_bad / 3) * (1 + 10 * rows->bad_lately);
}

/* ── two goals ─────────────────────────────────────────────────────────────────────────────────*/

static int by_first_falling(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;
    if (left[0] != right[0]) return left[0] > right[0] ? -1 : 1;
    return (left[1] < right[1]) - (left[1] > right[1]);
}

/* What the two models expect of trials that still run: as good as there. */
static bool expect(const struct gp *gp, const struct dln_gp_rows *rows, enum dln_gp_prior prior,
                   double *pairs, struct dln_arena *scratch)
{
    const struct dln_gp_model *const models[] = {&gp->models[prior], &gp->seconds[prior]};
    double *columns = DLN_ARENA_ARRAY(scratch, double, gp->coding.layout.n_columns);
    if (!columns) return false;
    for (int k = 0; k < 2; k++) {
        const struct dln_gp *model = &models[k]->gp;
        struct dln_gp_query query;
        if (!dln_gp_query_init(&query, 1, model->n + model->n_pending, scratch)) return false;
        for (size_t i = 0; i < rows->n_pending; i++) {
            const struct dln_view_trial *trial = rows->pending[i];
            dln_gp_code(&gp->coding, trial->x, trial->u, columns);
            dln_gp_predict_roughly(model, &query, 1, columns); /* the mean is exact */
            pairs[2 * i + k] = query.mean[0];
        }
    }
    return true;
}

/* The front of what is known and expected, in the models' units. False: no memory. */
static bool find_front(const struct gp *gp, const struct dln_gp_rows *rows, enum dln_gp_prior prior,
                       struct dln_gp_judge *judge, struct dln_arena *scratch)
{
    const struct dln_warp *const warps[] = {&gp->models[prior].warp, &gp->seconds[prior].warp};
    double *pairs = DLN_ARENA_ARRAY(scratch, double, 2 * (rows->n + rows->n_pending) + 2);
    if (!pairs || !expect(gp, rows, prior, pairs, scratch)) return false;
    size_t n = rows->n_pending;
    for (size_t i = 0; i < rows->n; i++) {
        if (!rows->is_real[i]) continue;
        for (int k = 0; k < 2; k++)
            pairs[2 * n + k] = dln_warp_apply(warps[k], rows->pair[k][i]);
        n++;
    }
    for (int k = 0; k < 2; k++)
        judge->reference[k] = dln_warp_apply(warps[k], rows->reference[k]);
    qsort(pairs, n, 2 * sizeof *pairs, by_first_falling);
    double highest = judge->reference[1];
    for (size_t i = 0; i < n; i++) {
        const double *pair = pairs + 2 * i;
        if (!(pair[0] > judge->reference[0]) || !(pair[1] > highest)) continue;
        highest = pair[1];
        memmove(pairs + 2 * judge->n_front++, pair, 2 * sizeof *pairs);
    }
    judge->front = pairs;
    judge->second = &gp->seconds[prior].gp;
    return true;
}

/* ── the answer ────────────────────────────────────────────────────────────────────────────────*/

static uint64_t key_of_ask(const struct dln_ask *ask)
{
    uint64_t key = dln_splitmix64(ask->history->revision ^ dln_splitmix64(ask->seed));
    key = dln_splitmix64(key ^ (uint64_t)ask->number);
    key = dln_splitmix64(key ^ (uint64_t)ask->budget_trials);
    return key ^ dln_hash_bytes(ask->fixed, ask->space->n * sizeof *ask->fixed);
}

/* Of one goal, with what earlier studies tell; or of each of two. */
static bool update_values(struct gp *gp, const struct dln_ask *ask, const struct dln_gp_rows *rows,
                          enum dln_gp_prior prior, struct dln_error *err)
{
    if (rows->pair[0]) {
        return update_value(gp, &gp->models[prior], rows, rows->pair[0], prior, ask->scratch,
                            err) &&
               update_value(gp, &gp->seconds[prior], rows, rows->pair[1], prior, ask->scratch, err);
    }
    struct dln_gp_rows joined;
    size_t n_past;
    if (!dln_gp_past_join(rows, ask, &joined, &n_past)) return fail_memory(err);
    return update_value(gp, &gp->models[prior], &joined, joined.y, prior, ask->scratch, err);
}

/* How likely the point is to pass a value, by the model. False: no memory. */
static bool find_chance(const struct dln_gp *model, const double *columns, double best,
                        double *chance, struct dln_arena *scratch)
{
    struct dln_gp_query query;
    double slope;
    if (!dln_gp_query_init(&query, 1, model->n + model->n_pending, scratch)) return false;
    dln_gp_predict(model, &query, 1, columns);
    const double sd = fmax(sqrt(query.var[0]), 1e-9);
    *chance = exp(dln_log_cdf((query.mean[0] - best) / sd, &slope));
    return true;
}

/*
 * The search for one goal. Where the best value seen is out of reach for the model at every point,
 * as the tip of a sharp optimum is for a smooth model, gains beyond it would be sought wherever the
 * model knows least. Then it is to improve on what it believes, which leads back to that tip.
 */
static bool search_one(struct dln_gp_search *search, const struct dln_gp_model *model,
                       const struct dln_ask *ask, struct dln_error *err)
{
    struct dln_gp_judge *judge = &search->judge;
    const struct dln_rng rng = search->rng;
    const double believed = find_best(model, search->rows, search->is_late, true);
    judge->best = find_best(model, search->rows, search->is_late, false);
    if (!dln_gp_search_run(search)) return fail_memory(err);
    if (!(believed < judge->best) || search->ranking.n == 0) return true;
    double chance = 1;
    if (!find_chance(&model->gp, search->ranking.columns, judge->best, &chance, ask->scratch)) {
        return fail_memory(err);
    }
    if (chance >= OUT_OF_REACH) return true;
    judge->best = believed;
    search->rng = rng;
    return dln_gp_search_run(search) || fail_memory(err);
}

/* Models, search, ranking. DLN_NUMERIC: nothing can be learnt yet. */
static bool find_answer(struct gp *gp, const struct dln_ask *ask, const struct dln_gp_rows *rows,
                        struct dln_error *err)
{
    const struct dln_gp_coding *coding = &gp->coding;
    const enum dln_gp_prior prior = ask->number % 2 ? DLN_GP_WIDE : DLN_GP_SHORT;
    const struct dln_gp_model *model = &gp->models[prior];
    bool has_success = false;
    if (!update_values(gp, ask, rows, prior, err)) return false;
    if (!update_success(gp, rows, &has_success, ask->scratch, err)) return false;

    double *box = DLN_ARENA_ARRAY(ask->scratch, double, 2 * ask->space->n);
    if (!box) return fail_memory(err);
    struct answer *answer = &gp->answer;
    dln_arena_reset(&answer->arena);
    answer->key = 0;
    answer->is_local =
        dln_gp_region(rows, coding, model->gp.theta, ask->number, box, box + ask->space->n);
    const bool is_late = ask->budget_trials > 0 &&
                         (double)ask->history->n_finished >= LATE * (double)ask->budget_trials;
    struct dln_gp_search search = {
        .judge = {.coding = coding,
                  .fixed = ask->fixed,
                  .value = &model->gp,
                  .success = has_success ? &gp->success.gp : NULL,
                  .success_weight = weigh_success(rows)},
        .rows = rows,
        .low = box,
        .high = box + ask->space->n,
        .is_late = is_late,
        .arena = &answer->arena,
    };
    dln_rng_init_trial(&search.rng, ask->seed, ask->number, dln_hash_bytes("gp search", 9));
    if (rows->pair[0]) {
        if (!find_front(gp, rows, prior, &search.judge, ask->scratch) ||
            !dln_gp_search_run(&search)) {
            return fail_memory(err);
        }
    } else if (!search_one(&search, model, ask, err)) {
        return false;
    }
    answer->ranking = search.ranking;
    answer->model = model;
    const size_t best = dln_gp_rows_best(rows);
    answer->best = best == SIZE_MAX ? 0 : dln_warp_apply(&model->warp, rows->y[best]);
    answer->is_objective = rows->is_objective;
    answer->has_pair = rows->pair[0] != NULL;
    answer->key = key_of_ask(ask);
    return true;
}

/*
 * The point for this attempt: the best; after that, one by one, the best that no trial has.
 * SIZE_MAX when there are no more.
 */
static size_t pick(const struct answer *answer, const struct dln_ask *ask)
{
    const struct dln_gp_points *ranking = &answer->ranking;
    if (ask->attempt == 0) return ranking->n > 0 ? 0 : SIZE_MAX;
    unsigned left = ask->attempt;
    for (size_t i = 0; i < ranking->n; i++) {
        const double *x = ranking->x + i * ask->space->n;
        if (!dln_history_has(ask->history, ask->space, x) && --left == 0) return i;
    }
    return SIZE_MAX;
}

/* What the model expects at a point of the ranking, and why it is worth a trial. */
static bool predict(struct answer *answer, const struct dln_gp_coding *coding, size_t at,
                    bool maximize, struct dln_arena *scratch, struct dln_suggestion *out)
{
    const struct dln_gp_model *model = answer->model;
    const char *where = answer->is_local ? "near the best" : "anywhere";
    struct dln_gp_query query;
    if (answer->has_pair) {
        snprintf(out->why, sizeof out->why, "gp: most to gain %s: would push the front out", where);
        return true;
    }
    if (!dln_gp_query_init(&query, 1, model->gp.n + model->gp.n_pending, scratch)) return false;
    dln_gp_predict(&model->gp, &query, 1, answer->ranking.columns + at * coding->layout.n_columns);
    const double sd = sqrt(query.var[0]);
    double slope;
    const double percent =
        100 * exp(dln_log_cdf((query.mean[0] - answer->best) / fmax(sd, 1e-9), &slope));
    char chance[32];
    snprintf(chance, sizeof chance, percent < 0.01 ? "below 0.01 %%" : "%.2g %%", percent);
    if (!answer->is_objective) {
        snprintf(out->why, sizeof out->why, "gp: most to gain %s, chance of a new best %s", where,
                 chance);
        return true;
    }
    dln_warp_back_normal(&model->warp, query.mean[0], sd, &out->mean, &out->sd);
    if (!maximize) out->mean = -out->mean;
    snprintf(out->why, sizeof out->why,
             "gp: most to gain %s; expects %.4g ± %.2g, chance of a new best %s", where, out->mean,
             out->sd, chance);
    return true;
}

static bool suggest(void *instance, const struct dln_ask *ask, struct dln_suggestion *out,
                    struct dln_error *err)
{
    struct gp *gp = instance;
    const size_t d = ask->space->n;
    if (gp->answer.key == 0 || gp->answer.key != key_of_ask(ask)) {
        struct dln_gp_rows rows;
        struct dln_error why = {0};
        if (!dln_gp_rows_collect(&rows, ask, &gp->coding)) return fail_memory(err);
        const size_t wanted = design_size(gp, ask);
        if (rows.n < wanted || gp->coding.layout.n_ell == 0) {
            draw_design(ask, out, "gp: drawn at random, until there is something to learn from");
            return true;
        }
        if (!find_answer(gp, ask, &rows, &why)) {
            if (why.code != DLN_NUMERIC) return dln_fail(err, why.code, "%s", why.text);
            draw_design(ask, out, "gp: drawn at random, there is nothing to learn from yet");
            return true;
        }
    }
    const size_t at = pick(&gp->answer, ask);
    if (at == SIZE_MAX) {
        draw_design(ask, out, "gp: drawn at random, all better points are taken or forbidden");
        return true;
    }
    memcpy(out->u, gp->answer.ranking.u + at * d, d * sizeof *out->u);
    memcpy(out->x, gp->answer.ranking.x + at * d, d * sizeof *out->x);
    return predict(&gp->answer, &gp->coding, at, ask->maximize[0], ask->scratch, out) ||
           fail_memory(err);
}

const struct dln_strategy dln_strategy_gp = {
    .name = "gp",
    .title = "Gaussian process",
    .summary = "Learns a smooth model of the objective and\n"
               "tries where it expects to gain most. Gets the\n"
               "most out of few trials; up to some hundreds.",
    .best_for = "costly trials",
    .multi_objective = true,
    .open = open,
    .close = close,
    .suggest = suggest,
};
