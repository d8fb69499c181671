/*
 * What serves best without a choice: a design to begin with, then strategies that take turns. Each
 * has a share of the trials, and those whose trials were worth more get more of them
 * (auto_shares.c). A trial carries the name of the strategy that proposed it, so that a study read
 * again knows whose merit it was.
 *
 * The design is that of the Gaussian process: the default point, then random ones. After 25 and 50
 * trials that was better than an even cover, on 53 problems.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "strategy/auto_shares.h"

struct autopilot {
    void *instances[DLN_AUTO_EXPERTS];
    bool is_open[DLN_AUTO_EXPERTS];
};

static void close(void *instance)
{
    struct autopilot *pilot = instance;
    for (int e = 0; e < DLN_AUTO_EXPERTS; e++) {
        if (pilot->is_open[e]) dln_auto_experts[e]->close(pilot->instances[e]);
    }
    free(pilot);
}

/* An expert with the settings that it has by itself. */
static bool open_expert(struct autopilot *pilot, int e, const struct dln_space *space,
                        struct dln_error *err)
{
    const struct dln_strategy *expert = dln_auto_experts[e];
    const struct dln_method method = {.name = expert->name};
    double values[16];
    if (!dln_settings_resolve(expert->settings, &method, values, err)) return false;
    pilot->is_open[e] = expert->open(space, values, &method, &pilot->instances[e], err);
    return pilot->is_open[e];
}

static bool open(const struct dln_space *space, const double *values, const struct dln_method *raw,
                 void **instance, struct dln_error *err)
{
    (void)values;
    (void)raw;
    struct autopilot *pilot = calloc(1, sizeof *pilot);
    if (!pilot) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    for (int e = 0; e < DLN_AUTO_EXPERTS; e++) {
        if (open_expert(pilot, e, space, err)) continue;
        close(pilot);
        return false;
    }
    *instance = pilot;
    return true;
}

/* Trials before a model is asked: about one a dimension, a quarter of the budget at most. */
static size_t design_size(const struct dln_auto_case *c, int64_t budget)
{
    size_t n = c->d + 1 < 5 ? 5 : c->d + 1 > 10 ? 10 : c->d + 1;
    if (budget > 0 && n > (size_t)budget / 4) n = (size_t)budget / 4;
    return n < 2 ? 2 : n;
}

/* "gp: most to gain" → "most to gain". */
static const char *without_name(const struct dln_strategy *expert, const char *why)
{
    const size_t len = strlen(expert->name);
    return strncmp(why, expert->name, len) == 0 && strncmp(why + len, ": ", 2) == 0 ? why + len + 2
                                                                                    : why;
}

/* "gp: most to gain" becomes "gp's turn, 8 in 10: most to gain". */
static void say_whose(const struct dln_strategy *expert, double share, struct dln_suggestion *out)
{
    struct dln_strbuf text = {0};
    dln_strbuf_addf(&text, "%s's turn, %.2g in 10: %s", expert->name, 10 * share,
                    without_name(expert, out->why));
    snprintf(out->why, sizeof out->why, "%s", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
    out->by = expert->name;
}

static bool begin(struct autopilot *pilot, const struct dln_ask *ask, struct dln_suggestion *out,
                  struct dln_error *err)
{
    const struct dln_strategy *gp = dln_auto_experts[DLN_AUTO_GP];
    if (!gp->suggest(pilot->instances[DLN_AUTO_GP], ask, out, err)) return false;
    struct dln_strbuf text = {0};
    dln_strbuf_addf(&text, "auto: %s", without_name(gp, out->why));
    snprintf(out->why, sizeof out->why, "%s", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
    out->by = "random";
    return true;
}

static bool suggest(void *instance, const struct dln_ask *ask, struct dln_suggestion *out,
                    struct dln_error *err)
{
    struct autopilot *pilot = instance;
    const struct dln_auto_case c = dln_auto_case_of(ask);
    if (c.d == 0 || c.n < design_size(&c, ask->budget_trials)) return begin(pilot, ask, out, err);
    double first[DLN_AUTO_EXPERTS];
    double credits[DLN_AUTO_EXPERTS];
    double shares[DLN_AUTO_EXPERTS];
    double of_all = 0;
    dln_auto_first_shares(&c, first);
    if (!dln_auto_credits(ask, credits, &of_all, err)) return false;
    dln_auto_shares(first, credits, of_all, shares);
    const enum dln_auto_expert turn = dln_auto_turn(shares, ask->seed, ask->number);
    const struct dln_strategy *expert = dln_auto_experts[turn];
    if (!expert->suggest(pilot->instances[turn], ask, out, err)) return false;
    say_whose(expert, shares[turn], out);
    return true;
}

const struct dln_strategy dln_strategy_auto = {
    .name = "auto",
    .title = "Auto",
    .summary = "Looks around first, then lets a Gaussian\n"
               "process, TPE and others take turns; whose\n"
               "trials were better gets more of them.",
    .best_for = "any study",
    .multi_objective = true,
    .open = open,
    .close = close,
    .suggest = suggest,
};
