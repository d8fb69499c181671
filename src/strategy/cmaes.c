/*
 * CMA-ES: active covariance adaptation with margin for ints, restarts (BIPOP), a table of
 * probabilities for choices, and a warm start from trials of others. Asynchronous: a worker that
 * becomes free gets a draw from the newest distribution; an update is made when enough trials are
 * done, whichever they are. Failed and pruned trials rank last.
 *
 * A parameter that is not active is drawn all the same and takes part as noise, so that a tree of
 * conditions needs no second method. The notes that trials keep: cma_chain.h.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "strategy/cma_chain.h"
#include "strategy/memo.h"

static bool open(const struct dln_space *space, const double *values, const struct dln_method *raw,
                 void **instance, struct dln_error *err)
{
    (void)raw;
    const struct dln_cma_rules rules = {.lambda = (size_t)values[0],
                                        .sigma = values[1],
                                        .restarts = (enum dln_cma_restarts)values[2]};
    struct dln_cma_chain *chain = malloc(sizeof *chain);
    if (!chain) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    if (!dln_cma_chain_init(chain, space, &rules, err)) {
        free(chain);
        return false;
    }
    *instance = chain;
    return true;
}

static void close(void *instance)
{
    dln_cma_chain_release(instance);
    free(instance);
}

/* The default point, which is the mean of the first generation, before any draw. */
static void set_initial(const struct dln_ask *ask, double *raw, struct dln_suggestion *out)
{
    dln_space_initial(ask->space, out->x);
    for (size_t i = 0; i < ask->space->n; i++) {
        const double u = dln_param_encode(&ask->space->params[i], out->x[i]);
        raw[i] = out->u[i] = isnan(u) ? 0.5 : u;
    }
}

static bool write_memo(const struct dln_ask *ask, const struct dln_cma_link *link,
                       const double *raw, struct dln_suggestion *out, struct dln_error *err)
{
    const int64_t generation = link->model.generation;
    const char *ranges = dln_memo_ranges(ask->scratch, link->numbers, link->n);
    struct dln_strbuf text = {0};
    struct dln_json_writer w = {.out = &text};
    dln_json_object(&w);
    dln_json_key(&w, "cma");
    dln_json_int(&w, generation);
    dln_json_key(&w, generation > 0 ? "used" : "warm");
    dln_json_string(&w, ranges);
    if (generation == 0) {
        dln_json_key(&w, "of");
        dln_json_int(&w, (int64_t)link->of);
    }
    dln_memo_write_raw(&w, ask->space, ask->fixed, raw);
    dln_json_end_object(&w);
    const bool ok = ranges && dln_strbuf_ok(&text);
    out->memo = ok ? dln_arena_copy(ask->scratch, dln_strbuf_text(&text)) : NULL;
    dln_strbuf_release(&text);
    return out->memo || dln_fail(err, DLN_NOMEM, "out of memory for a suggestion");
}

static bool suggest(void *instance, const struct dln_ask *ask, struct dln_suggestion *out,
                    struct dln_error *err)
{
    struct dln_cma_chain *chain = instance;
    const struct dln_cma_link *link = NULL;
    if (!dln_cma_chain_follow(chain, ask, &link, err)) return false;
    const struct dln_cma_model *model = &link->model;
    const size_t d = ask->space->n;
    double *raw = DLN_ARENA_ARRAY(ask->scratch, double, d + 2 * chain->layout.n_axes);
    if (!raw) return dln_fail(err, DLN_NOMEM, "out of memory for a suggestion");

    if (ask->history->n == 0 && ask->attempt == 0) {
        set_initial(ask, raw, out);
        snprintf(out->why, sizeof out->why, "cmaes: the default point first");
        return write_memo(ask, link, raw, out, err);
    }
    struct dln_rng rng;
    dln_rng_init_trial(&rng, ask->seed, ask->number, dln_hash_bytes("cmaes", 5) + ask->attempt);
    dln_cma_model_draw(model, &chain->layout, &rng, raw + d, raw, out->u);
    const int64_t generation = model->generation - model->run_start;
    if (chain->layout.n_axes == 0) {
        snprintf(out->why, sizeof out->why, "cmaes: run %zu, generation %lld", model->runs + 1,
                 (long long)generation);
    } else {
        snprintf(out->why, sizeof out->why, "cmaes: run %zu, generation %lld, step %.2g",
                 model->runs + 1, (long long)generation, model->cma.sigma);
    }
    return write_memo(ask, link, raw, out, err);
}

static const char *const restarts[] = {"bipop", "ipop", "none", NULL};
static const struct dln_setting settings[] = {
    {.name = "population",
     .kind = DLN_SETTING_INT,
     .low = 0,
     .high = 1000,
     .help = "trials a generation; 0: 4 + 3 ln d"},
    {.name = "sigma",
     .kind = DLN_SETTING_REAL,
     .low = 0.001,
     .high = 1,
     .initial = 0.3,
     .help = "first step, as a share of each range"},
    {.name = "restarts",
     .kind = DLN_SETTING_CHOICE,
     .choices = restarts,
     .help = "what to do when it stands still"},
    {0},
};

const struct dln_strategy dln_strategy_cmaes = {
    .name = "cmaes",
    .title = "CMA-ES",
    .summary = "Moves a cloud of points downhill and reshapes\n"
               "it. Strong on 5-50 floats with 100 trials and\n"
               "more; weak on choices.",
    .best_for = "5-50 floats",
    .settings = settings,
    .open = open,
    .close = close,
    .suggest = suggest,
};
