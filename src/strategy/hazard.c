/*
 * Trees, because what fails is mostly a box (a batch that is too large, with one optimizer): they
 * find it from a few trials, whatever the scale, and halve the unknown strip at its edge with each
 * new failure. Grown as Breiman's random forests are, down to single trials.
 */
#include "strategy/hazard.h"

#include <math.h>

enum {
    TREES = 25,
    SIDE_MAX = 200, /* the newest of each kind */
    SIDE_MIN = 2    /* of each, before anything is concluded */
};

static const double absent = -1; /* an inactive value, where no active one can be */

void dln_hazard_release(struct dln_hazard *hazard)
{
    dln_arena_release(&hazard->arena);
    *hazard = (struct dln_hazard){0};
}

static bool is_good(const struct dln_view_trial *trial)
{
    return trial->state == DLN_TRIAL_COMPLETE || trial->state == DLN_TRIAL_PRUNED;
}

static bool is_bad(const struct dln_study *study, const struct dln_view_trial *trial)
{
    return trial->state == DLN_TRIAL_FAIL && study->policy[trial->reason] == DLN_POLICY_AVOID;
}

static void fill(size_t d, const double *from, double *to)
{
    for (size_t i = 0; i < d; i++)
        to[i] = isnan(from[i]) ? absent : from[i];
}

static bool avoids_anything(const struct dln_study *study)
{
    for (size_t i = 0; i < DLN_FAIL_REASON_COUNT; i++) {
        if (study->policy[i] == DLN_POLICY_AVOID) return true;
    }
    return false;
}

bool dln_hazard_learn(struct dln_hazard *hazard, const struct dln_study *study,
                      const struct dln_history_view *history)
{
    const size_t d = history->d;
    if (hazard->is_taught && hazard->revision == history->revision) return true;
    dln_arena_reset(&hazard->arena);
    hazard->is_taught = hazard->is_known = false;
    hazard->n_good = 0;
    if (d == 0 || !avoids_anything(study)) return true;
    hazard->u = DLN_ARENA_ARRAY(&hazard->arena, double, d);
    hazard->good = DLN_ARENA_ARRAY(&hazard->arena, const struct dln_view_trial *, SIDE_MAX);
    double *u = DLN_ARENA_ARRAY(&hazard->arena, double, 2 * SIDE_MAX * d);
    double *y = DLN_ARENA_ARRAY(&hazard->arena, double, (size_t)2 * SIDE_MAX);
    if (!hazard->u || !hazard->good || !u || !y) return false;
    size_t n_bad = 0;
    size_t n = 0;
    for (size_t i = history->n; i > 0; i--) {
        const struct dln_view_trial *trial = &history->trials[i - 1];
        const bool bad = is_bad(study, trial);
        if (bad ? n_bad == SIDE_MAX : !is_good(trial) || hazard->n_good == SIDE_MAX) continue;
        if (bad) {
            n_bad++;
        } else {
            hazard->good[hazard->n_good++] = trial;
        }
        fill(d, trial->u, u + n * d);
        y[n++] = bad;
    }
    if (n_bad >= SIDE_MIN && hazard->n_good >= SIDE_MIN) {
        if (!dln_forest_grow(&hazard->forest, TREES, d, n, u, y, n, &hazard->arena)) return false;
        hazard->is_known = true;
    }
    hazard->revision = history->revision;
    hazard->is_taught = true;
    return true;
}

double dln_hazard_at(const struct dln_hazard *hazard, const struct dln_space *space,
                     const double *x)
{
    if (!hazard->is_known) return 0;
    double sum = 0;
    dln_space_encode(space, x, hazard->u);
    fill(space->n, hazard->u, hazard->u);
    for (size_t i = 0; i < hazard->forest.n; i++)
        sum += dln_tree_predict(&hazard->forest.tree[i], hazard->u);
    return sum / (double)hazard->forest.n;
}
