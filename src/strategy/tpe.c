/*
 * Tree-structured Parzen estimator: a density of the good trials and one of the rest; of some
 * points drawn from the first, that where their ratio is highest. Bergstra et al., "Algorithms for
 * hyper-parameter optimization" (2011); Watanabe, "Tree-structured Parzen estimator: understanding
 * its algorithm components and their roles" (2023); details as in Optuna's TPESampler.
 *
 * One suggestion:
 *   1  a design until enough trials are finished
 *   2  the trials are split into good ones and the rest
 *   3  block by block, parents first: two models, candidates from the good one, the best is taken
 */
#include "strategy/tpe_block.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/sobol_seq.h"

enum {
    SET_STARTUP,
    SET_DESIGN,
    SET_CANDIDATES,
    SET_GAMMA,
    SET_WEIGHTS,
    SET_MULTIVARIATE,
    SET_GROUP,
    SET_BANDWIDTH,
    SET_FAILED,
    SET_EXPLORE
};
static const char *const designs[] = {"random", "sobol", NULL};
static const char *const gammas[] = {"linear", "sqrt", NULL};
static const char *const weights[] = {"rank", "age", NULL};
static const char *const bandwidths[] = {"neighbours", "scott", NULL};
static const struct dln_setting settings[] = {
    {.name = "startup",
     .kind = DLN_SETTING_INT,
     .low = 1,
     .high = 100000,
     .initial = 10,
     .help = "trials before the model is asked; at most a quarter of the budget"},
    {.name = "design",
     .kind = DLN_SETTING_CHOICE,
     .choices = designs,
     .help = "how these are drawn"},
    {.name = "candidates",
     .kind = DLN_SETTING_INT,
     .low = 1,
     .high = 100000,
     .initial = 24,
     .help = "points drawn from the good trials, of which the best is taken"},
    {.name = "gamma",
     .kind = DLN_SETTING_CHOICE,
     .choices = gammas,
     .help = "how many of n trials are good: 0.1 n or 0.25 sqrt(n), at most 25"},
    {.name = "weights",
     .kind = DLN_SETTING_CHOICE,
     .choices = weights,
     .help = "the best of the good trials count most, or old ones least"},
    {.name = "multivariate",
     .kind = DLN_SETTING_BOOL,
     .initial = 1,
     .help = "model parameters together, so that their interactions are seen"},
    {.name = "group",
     .kind = DLN_SETTING_BOOL,
     .initial = 1,
     .help = "with multivariate: those with the same condition together, too"},
    {.name = "bandwidth",
     .kind = DLN_SETTING_CHOICE,
     .choices = bandwidths,
     .help = "kernels as wide as their distance, or all alike (scott)"},
    {.name = "failed",
     .kind = DLN_SETTING_BOOL,
     .initial = 1,
     .help = "keep away from where trials failed"},
    {.name = "explore",
     .kind = DLN_SETTING_REAL,
     .low = 0,
     .high = 1,
     .initial = 0,
     .help = "share of trials drawn at random, forever"},
    {0},
};

struct tpe {
    struct dln_arena arena; /* of the instance */
    struct dln_arena work;  /* of one suggestion */
    struct dln_tpe_blocks blocks;
    struct dln_tpe_table table; /* a cache */
    size_t startup, candidates;
    bool uses_sobol, takes_failed;
    enum dln_tpe_gamma gamma;
    enum dln_parzen_widths widths;
    enum dln_tpe_weights weights;
    double explore;
};

static void close(void *instance)
{
    struct tpe *tpe = instance;
    dln_tpe_table_release(&tpe->table);
    dln_arena_release(&tpe->work);
    dln_arena_release(&tpe->arena);
    free(tpe);
}

static bool open(const struct dln_space *space, const double *values, const struct dln_method *raw,
                 void **instance, struct dln_error *err)
{
    (void)raw;
    struct tpe *tpe = calloc(1, sizeof *tpe);
    if (!tpe) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    tpe->startup = (size_t)values[SET_STARTUP];
    tpe->candidates = (size_t)values[SET_CANDIDATES];
    tpe->uses_sobol = values[SET_DESIGN] == 1;
    tpe->takes_failed = values[SET_FAILED] == 1;
    tpe->gamma = values[SET_GAMMA] == 1 ? DLN_TPE_SQRT : DLN_TPE_LINEAR;
    tpe->widths = values[SET_BANDWIDTH] == 1 ? DLN_PARZEN_SCOTT : DLN_PARZEN_NEIGHBOURS;
    tpe->weights = values[SET_WEIGHTS] == 1 ? DLN_TPE_BY_AGE : DLN_TPE_BY_RANK;
    tpe->explore = values[SET_EXPLORE];
    const enum dln_tpe_scope scope = values[SET_MULTIVARIATE] == 0 ? DLN_TPE_SEPARATE
                                     : values[SET_GROUP] == 0      ? DLN_TPE_ROOT
                                                                   : DLN_TPE_JOINT;
    if (!dln_tpe_blocks_make(space, scope, &tpe->blocks, &tpe->arena) ||
        !dln_tpe_table_init(&tpe->table, space)) {
        close(tpe);
        return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    }
    *instance = tpe;
    return true;
}

/* ── the design ────────────────────────────────────────────────────────────────────────────────*/

static bool draw_design(const struct tpe *tpe, const struct dln_ask *ask, struct dln_rng *rng,
                        struct dln_suggestion *out, struct dln_error *err)
{
    const size_t d = ask->space->n;
    if (!tpe->uses_sobol || d == 0) {
        for (size_t i = 0; i < d; i++)
            out->u[i] = dln_rng_uniform(rng);
        return true;
    }
    dln_sobol_seq *seq = NULL;
    if (!dln_sobol_seq_new(d, ask->seed, &seq, err)) return false;
    dln_sobol_seq_point(seq, (uint64_t)ask->number, ask->attempt, out->u);
    dln_sobol_seq_free(seq);
    return true;
}

static size_t count_startup(const struct tpe *tpe, const struct dln_ask *ask)
{
    if (ask->budget_trials <= 0) return tpe->startup;
    const size_t quarter = ((size_t)ask->budget_trials + 3) / 4;
    return tpe->startup < quarter ? tpe->startup : quarter;
}

/* ── earlier studies ───────────────────────────────────────────────────────────────────────────*/

/*
 * The history with what was good in earlier studies in front of it: of each source the best tenth,
 * 25 at most (strategies that learn from the whole history do not look at view->past, TPE does not
 * need what was bad). *n_past of them; the history itself where there are none. NULL: no memory.
 */
static const struct dln_history_view *with_past(const struct dln_history_view *history,
                                                struct dln_history_view *room, size_t *n_past,
                                                struct dln_arena *arena)
{
    *n_past = 0;
    if (history->n_past == 0) return history;
    struct dln_view_trial *trials =
        DLN_ARENA_ARRAY(arena, struct dln_view_trial, history->n_past + history->n);
    if (!trials) return NULL;
    for (size_t first = 0; first < history->n_past;) {
        size_t n = 1;
        while (first + n < history->n_past &&
               history->past[first + n].strategy == history->past[first].strategy)
            n++;
        const size_t n_good = dln_tpe_count_good(DLN_TPE_LINEAR, n, 1);
        memcpy(trials + *n_past, history->past + first, n_good * sizeof *trials);
        *n_past += n_good;
        first += n;
    }
    if (history->n > 0) {
        memcpy(trials + *n_past, history->trials, history->n * sizeof *trials);
    }
    *room = *history;
    room->n = *n_past + history->n;
    room->trials = trials;
    return room;
}

/* The sides of the history's trials, behind those of earlier studies, which are all good. */
static bool split_with_past(const struct tpe *tpe, const struct dln_history_view *history,
                            size_t n_good, size_t n_past, struct dln_tpe_split *out,
                            struct dln_arena *arena)
{
    struct dln_tpe_split own;
    if (!dln_tpe_split(history, n_good, tpe->takes_failed, &own, arena)) return false;
    *out = own;
    out->n_past = n_past;
    if (n_past == 0) return true;
    out->side = DLN_ARENA_ARRAY(arena, uint8_t, n_past + history->n);
    out->place = DLN_ARENA_ARRAY(arena, uint32_t, n_past + history->n);
    if (!out->side || !out->place) return false;
    memset(out->side, DLN_TPE_GOOD, n_past);
    for (size_t i = 0; i < history->n; i++) {
        out->side[n_past + i] = own.side[i];
        out->place[n_past + i] = own.place[i];
    }
    out->n[DLN_TPE_GOOD] += n_past;
    out->past_weight = 1 / (1 + (double)dln_tpe_count_finished(history) / 10);
    return true;
}

/* ── the model ─────────────────────────────────────────────────────────────────────────────────*/

/* Whether a block is there, given the values of the blocks before it. */
static bool has_block(const struct dln_space *space, const struct dln_tpe_block *block, double *x)
{
    struct dln_point_context point = {.space = space, .x = x};
    return !block->when || dln_expr_truth(block->when, dln_space_lookup, &point) == 1;
}

static bool ask_model(struct tpe *tpe, const struct dln_ask *ask, size_t n_finished,
                      struct dln_rng *rng, struct dln_suggestion *out, struct dln_error *err)
{
    const struct dln_space *space = ask->space;
    struct dln_tpe_split split;
    struct dln_history_view room;
    size_t n_past = 0;
    const struct dln_history_view *all = with_past(ask->history, &room, &n_past, &tpe->work);
    const size_t n_good = dln_tpe_count_good(tpe->gamma, n_finished, ask->history->m);
    double *x = DLN_ARENA_ARRAY(&tpe->work, double, space->n);
    if (!x || !all || !dln_tpe_table_sync(&tpe->table, space, all) ||
        !split_with_past(tpe, ask->history, n_good, n_past, &split, &tpe->work)) {
        return dln_fail(err, DLN_NOMEM, "out of memory for a suggestion");
    }
    for (size_t i = 0; i < space->n; i++) {
        const bool is_single = dln_param_is_single(&space->params[i]);
        x[i] = is_single ? space->params[i].low : (double)NAN;
    }
    const struct dln_tpe_query query = {.ask = ask,
                                        .table = &tpe->table,
                                        .split = &split,
                                        .widths = tpe->widths,
                                        .weights = tpe->weights,
                                        .n_candidates = tpe->candidates,
                                        .rng = rng,
                                        .arena = &tpe->work};
    double log_ratio = 0;
    for (size_t b = 0; b < tpe->blocks.n; b++) {
        const struct dln_tpe_block *block = &tpe->blocks.block[b];
        double gain = 0;
        if (!has_block(space, block, x)) continue;
        if (!dln_tpe_block_suggest(&query, block, x, &gain)) {
            return dln_fail(err, DLN_NOMEM, "out of memory for a suggestion");
        }
        log_ratio += gain;
    }
    for (size_t i = 0; i < space->n; i++)
        out->u[i] = isnan(x[i]) ? dln_rng_uniform(rng) : dln_param_encode(&space->params[i], x[i]);
    char past[40] = "";
    if (n_past > 0) snprintf(past, sizeof past, " and %zu earlier ones", n_past);
    snprintf(out->why, sizeof out->why,
             "tpe: %.3g times denser among the best %zu trials%s than among the other %zu",
             exp(log_ratio), split.n[DLN_TPE_GOOD] - n_past, past,
             split.n[DLN_TPE_REST] + split.n[DLN_TPE_BAD]);
    return true;
}

static bool suggest(void *instance, const struct dln_ask *ask, struct dln_suggestion *out,
                    struct dln_error *err)
{
    struct tpe *tpe = instance;
    struct dln_rng rng;
    dln_rng_init_trial(&rng, ask->seed, ask->number, dln_hash_bytes("tpe", 3) + ask->attempt);
    dln_arena_reset(&tpe->work);
    const size_t n_finished = dln_tpe_count_finished(ask->history);
    const size_t startup = count_startup(tpe, ask);
    const bool has_past = ask->history->n_past >= startup;
    if (!has_past && (n_finished < startup || !dln_tpe_can_learn(ask->history))) {
        snprintf(out->why, sizeof out->why, "tpe: drawn %s; %zu of %zu trials to learn from",
                 tpe->uses_sobol ? "evenly" : "at random", n_finished, startup);
        return draw_design(tpe, ask, &rng, out, err);
    }
    if (dln_rng_uniform(&rng) < tpe->explore) {
        snprintf(out->why, sizeof out->why, "tpe: drawn at random, to explore");
        return draw_design(tpe, ask, &rng, out, err);
    }
    return ask_model(tpe, ask, n_finished, &rng, out, err);
}

const struct dln_strategy dln_strategy_tpe = {
    .name = "tpe",
    .title = "TPE",
    .summary = "Learns in which regions the good trials are.\n"
               "Fast; handles conditions, choices, noise and\n"
               "parallel workers. Weak on strong interactions.",
    .best_for = "20+ trials",
    .settings = settings,
    .multi_objective = true,
    .open = open,
    .close = close,
    .suggest = suggest,
};
