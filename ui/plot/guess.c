#include "plot/guess.h"

#include <math.h>
#include <stdio.h>

enum { ACROSS = 48, DOWN = 24, CURVE = 64 };

void plot_guess_pick(const struct model *model, struct plot_guess_ask *ask)
{
    size_t n = 0, seen = 0;
    ask->n_trials = 0;
    if (model->d == 0) return;
    const double *x = model->x[ask->param];
    for (size_t i = 0; i < model->n; i++)
        n += model->state[i] == DLN_TRIAL_COMPLETE && !isnan(x[i]);
    const size_t wanted = n < GUESS_TRIALS_MAX ? n : GUESS_TRIALS_MAX;
    for (size_t i = 0; i < model->n && ask->n_trials < wanted; i++) {
        if (model->state[i] != DLN_TRIAL_COMPLETE || isnan(x[i])) continue;
        if (seen++ * wanted < ask->n_trials * n) continue;
        ask->trials[ask->n_trials++] = model->number[i];
    }
}

static bool no_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory for the model's picture");
}

/* A point like trial `number` (-1: the best one). */
static bool complete(dln_predictor *predictor, size_t d, int64_t number, double *x, int64_t *taken,
                     struct dln_error *err)
{
    for (size_t i = 0; i < d; i++)
        x[i] = (double)NAN;
    return dln_predictor_complete(predictor, number, x, NULL, taken, err);
}

static bool make_map(dln_predictor *predictor, const struct dln_space *space, double best,
                     struct dln_arena *arena, struct plot_guess *out, struct dln_error *err)
{
    double *x = DLN_ARENA_ARRAY(arena, double, space->n + 1);
    double *point = DLN_ARENA_ARRAY(arena, double, space->n + 1);
    if (!x || !point) return no_memory(err);
    if (!complete(predictor, space->n, -1, x, &out->base_number, err) ||
        !dln_predictor_map(predictor, out->goal, x, out->param, ACROSS, out->other_param, DOWN,
                           arena, &out->map, err)) {
        return false;
    }
    out->base = x;
    const struct dln_map *map = &out->map;
    if (isnan(best) || map->n_across == 0) return true;
    double *chance = DLN_ARENA_ARRAY(arena, double, map->n_across * map->n_down);
    if (!chance) return no_memory(err);
    for (size_t cell = 0; cell < map->n_across * map->n_down; cell++) {
        chance[cell] = (double)NAN;
        if (!map->is_allowed[cell]) continue;
        for (size_t i = 0; i < space->n; i++)
            point[i] = x[i];
        point[out->param] = map->across[cell % map->n_across];
        point[out->other_param] = map->down[cell / map->n_across];
        if (!dln_predictor_complete(predictor, -1, point, NULL, NULL, err) ||
            !dln_predictor_chance(predictor, out->goal, point, best, &chance[cell], err)) {
            return false;
        }
    }
    out->chance = chance;
    return true;
}

/* The means are averaged, and so are the deviations: what one trial more there would show. */
static bool make_curve(dln_predictor *predictor, const struct dln_space *space,
                       const struct plot_guess_ask *ask, struct dln_arena *arena,
                       struct plot_guess *out, struct dln_error *err)
{
    double *x = DLN_ARENA_ARRAY(arena, double, space->n + 1);
    double *mean = DLN_ARENA_ARRAY(arena, double, CURVE);
    double *sd = DLN_ARENA_ARRAY(arena, double, CURVE);
    if (!x || !mean || !sd) return no_memory(err);
    for (size_t t = 0; t < ask->n_trials; t++) {
        struct dln_profile profile;
        struct dln_error none = {0};
        if (!complete(predictor, space->n, ask->trials[t], x, NULL, &none)) continue; /* too new */
        if (isnan(x[out->param])) continue;
        if (!dln_predictor_profile(predictor, out->goal, x, out->param, CURVE, arena, &profile,
                                   err)) {
            return false;
        }
        if (profile.n == 0) continue;
        for (size_t i = 0; i < profile.n; i++) {
            mean[i] = (out->n_averaged ? mean[i] : 0) + profile.mean[i];
            sd[i] = (out->n_averaged ? sd[i] : 0) + profile.sd[i];
        }
        out->n_curve = profile.n;
        out->at = profile.at;
        out->n_averaged++;
    }
    for (size_t i = 0; i < out->n_curve; i++) {
        mean[i] /= (double)out->n_averaged;
        sd[i] /= (double)out->n_averaged;
    }
    out->mean = mean;
    out->sd = sd;
    return true;
}

bool plot_guess_make(dln_predictor *predictor, const struct dln_space *space,
                     const struct plot_guess_ask *ask, struct dln_arena *arena,
                     struct plot_guess *out, struct dln_error *err)
{
    struct dln_trust trust;
    *out = (struct plot_guess){
        .goal = ask->goal, .param = ask->param, .other_param = ask->other_param, .base_number = -1};
    if (space->n == 0) return true;
    if (!dln_predictor_trust(predictor, ask->goal, &trust, err)) return false;
    out->n_learned = trust.n_used;
    out->r2 = trust.r2;
    if (!trust.is_known) {
        (void)snprintf(out->why_not, sizeof out->why_not, "%.200s", trust.why_not);
        return true;
    }
    if (!make_curve(predictor, space, ask, arena, out, err)) return false;
    return ask->param == ask->other_param ||
           make_map(predictor, space, trust.best, arena, out, err);
}

size_t plot_guess_best(const struct plot_guess *guess, bool maximize)
{
    const struct dln_map *map = &guess->map;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < map->n_across * map->n_down; i++) {
        if (!map->is_allowed[i] || !isfinite(map->mean[i])) continue;
        const double gain = best == SIZE_MAX ? 1 : map->mean[best] - map->mean[i];
        if (best == SIZE_MAX || (maximize ? -gain : gain) > 0) best = i;
    }
    return best;
}
