#include "strategy/auto_shares.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "strategy/memo.h"
#include "strategy/ranking.h"

#define SHARE_MIN  0.05
#define FORGET     0.9 /* of the weight that a trial's worth keeps with each later one */
#define BOLDNESS   3.0
#define COST_FREE  0.02 /* seconds that a model may always take */
#define COST_SHARE 0.05 /* of a trial that it may take */

enum {
    LATELY = 21, /* trials that tell how long one lasts */
    BEFORE = 50, /* trials that one is compared with */
    BACK = 200   /* trials whose worth is looked at: what is older has no weight left */
};

extern const struct dln_strategy dln_strategy_gp, dln_strategy_tpe, dln_strategy_cmaes,
    dln_strategy_nsga2;
const struct dln_strategy *const dln_auto_experts[DLN_AUTO_EXPERTS] = {
    [DLN_AUTO_GP] = &dln_strategy_gp,
    [DLN_AUTO_TPE] = &dln_strategy_tpe,
    [DLN_AUTO_CMAES] = &dln_strategy_cmaes,
    [DLN_AUTO_NSGA2] = &dln_strategy_nsga2,
};

/* ── first shares ──────────────────────────────────────────────────────────────────────────────*/

static bool is_finished(const struct dln_view_trial *trial)
{
    return trial->state != DLN_TRIAL_RUNNING && trial->state != DLN_TRIAL_WAITING;
}

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* What a trial lasts: the median of the last finished ones; infinity where nothing is known. */
static double typical_seconds(const struct dln_history_view *history)
{
    double seconds[LATELY];
    size_t n = 0;
    for (size_t i = history->n; i-- > 0 && n < LATELY;) {
        const struct dln_view_trial *trial = &history->trials[i];
        if (is_finished(trial) && trial->seconds > 0) seconds[n++] = trial->seconds;
    }
    if (n == 0) return HUGE_VAL;
    qsort(seconds, n, sizeof *seconds, by_value);
    return seconds[n / 2];
}

/*
 * Of a suggestion, on the safe side of what tests/bench shows for ten parameters (2 ms after 100
 * trials, 21 ms after 1,000); never by a clock of this run.
 */
static double model_seconds(double n, double d)
{
    const double rows = fmin(n, 1000);
    return 1e-3 + 2e-6 * rows * d + 3e-8 * rows * rows;
}

struct dln_auto_case dln_auto_case_of(const struct dln_ask *ask)
{
    struct dln_auto_case c = {.n = ask->history->n_finished, .m = ask->history->m};
    for (size_t i = 0; i < ask->space->n; i++) {
        if (dln_param_is_single(&ask->space->params[i])) continue;
        c.d++;
        if (dln_param_is_ordered(&ask->space->params[i])) c.n_axes++;
    }
    const double cost = model_seconds((double)c.n, (double)c.d);
    c.is_costly = cost > COST_FREE && cost > COST_SHARE * typical_seconds(ask->history);
    return c;
}

static void set_shares(double *shares, double gp, double tpe, double cmaes, double nsga2)
{
    shares[DLN_AUTO_GP] = gp;
    shares[DLN_AUTO_TPE] = tpe;
    shares[DLN_AUTO_CMAES] = cmaes;
    shares[DLN_AUTO_NSGA2] = nsga2;
}

void dln_auto_first_shares(const struct dln_auto_case *c, double shares[DLN_AUTO_EXPERTS])
{
    if (c->m > 1) {
        if (c->n <= 250) {
            set_shares(shares, 0.85, 0.05, 0, 0.1);
        } else {
            set_shares(shares, 0.2, 0.1, 0, 0.7);
        }
    } else if (c->n <= 30) {
        set_shares(shares, 0.95, 0.05, 0, 0);
    } else if (c->n <= 300) {
        set_shares(shares, 0.9, 0.05, 0.05, 0);
    } else if (c->n <= 1000) {
        set_shares(shares, 0.45, 0.25, 0.3, 0);
    } else {
        set_shares(shares, 0.2, 0.4, 0.4, 0);
    }
    if (c->n_axes < 2) { /* no directions to learn */
        shares[DLN_AUTO_TPE] += shares[DLN_AUTO_CMAES];
        shares[DLN_AUTO_CMAES] = 0;
    }
    if (c->is_costly) {
        const double left = 1 - shares[DLN_AUTO_GP];
        shares[DLN_AUTO_GP] = 0;
        for (int e = 0; e < DLN_AUTO_EXPERTS; e++)
            shares[e] /= left;
    }
}

/* ── credit ────────────────────────────────────────────────────────────────────────────────────*/

static int expert_of(const struct dln_view_trial *trial)
{
    for (int e = 0; e < DLN_AUTO_EXPERTS; e++) {
        if (strcmp(trial->strategy, dln_auto_experts[e]->name) == 0) return e;
    }
    return -1;
}

static bool dominates(const struct dln_view_trial *a, const struct dln_view_trial *b, size_t m)
{
    bool is_better = false;
    for (size_t i = 0; i < m; i++) {
        if (!(a->loss[i] <= b->loss[i])) return false;
        is_better |= a->loss[i] < b->loss[i];
    }
    return is_better;
}

static bool has_values(const struct dln_view_trial *trial, size_t m)
{
    for (size_t i = 0; i < m; i++) {
        if (isnan(trial->loss[i])) return false;
    }
    return trial->state == DLN_TRIAL_COMPLETE;
}

/* With several goals a trial beats those that it dominates, and those that are not even legal. */
static bool beats(const struct dln_view_trial *a, const struct dln_view_trial *b, size_t m)
{
    if (m == 1) {
        const struct dln_rank left = dln_rank_of(a);
        const struct dln_rank right = dln_rank_of(b);
        return dln_rank_compare(&left, &right) < 0;
    }
    if (!has_values(a, m)) return false;
    if (!has_values(b, m)) return true;
    const double left = fmax(a->violation, 0);
    const double right = fmax(b->violation, 0);
    return left != right ? left < right : dominates(a, b, m);
}

/* Of the finished trials before `at`: whether it beats all, or with several goals none beats it. */
static bool is_new_best(const struct dln_view_trial *const *done, size_t at, size_t m)
{
    for (size_t i = 0; i < at; i++) {
        if (m == 1 ? !beats(done[at], done[i], m) : beats(done[i], done[at], m)) return false;
    }
    return at > 0 && has_values(done[at], m);
}

static double worth(const struct dln_view_trial *const *done, size_t at, size_t m)
{
    const size_t first = at > BEFORE ? at - BEFORE : 0;
    double beaten = 0;
    for (size_t i = first; i < at; i++)
        beaten += beats(done[at], done[i], m);
    return (at > first ? beaten / (double)(at - first) : 0) + is_new_best(done, at, m);
}

bool dln_auto_credits(const struct dln_ask *ask, double credits[DLN_AUTO_EXPERTS], double *of_all,
                      struct dln_error *err)
{
    const struct dln_history_view *history = ask->history;
    const struct dln_view_trial **done =
        DLN_ARENA_ARRAY(ask->scratch, const struct dln_view_trial *, history->n);
    if (!done) return dln_fail(err, DLN_NOMEM, "out of memory for a suggestion");
    size_t n = 0;
    for (size_t i = 0; i < history->n; i++) {
        if (is_finished(&history->trials[i])) done[n++] = &history->trials[i];
    }
    double sums[DLN_AUTO_EXPERTS] = {0};
    double weights[DLN_AUTO_EXPERTS] = {0};
    for (size_t at = n > BACK ? n - BACK : 0; at < n; at++) {
        const int expert = expert_of(done[at]);
        if (expert < 0) continue;
        sums[expert] = FORGET * sums[expert] + worth(done, at, history->m);
        weights[expert] = FORGET * weights[expert] + 1;
    }
    double sum = 0;
    double weight = 0;
    for (int e = 0; e < DLN_AUTO_EXPERTS; e++) {
        credits[e] = weights[e] > 0 ? sums[e] / weights[e] : (double)NAN;
        sum += sums[e];
        weight += weights[e];
    }
    *of_all = weight > 0 ? sum / weight : 0;
    return true;
}

void dln_auto_shares(const double first[DLN_AUTO_EXPERTS], const double credits[DLN_AUTO_EXPERTS],
                     double of_all, double shares[DLN_AUTO_EXPERTS])
{
    double sum = 0;
    for (int e = 0; e < DLN_AUTO_EXPERTS; e++) {
        const double gain = isnan(credits[e]) ? 0 : credits[e] - of_all;
        shares[e] = first[e] * exp(BOLDNESS * gain);
        sum += shares[e];
    }
    double total = 0;
    for (int e = 0; e < DLN_AUTO_EXPERTS; e++) {
        shares[e] /= sum;
        if (first[e] > 0) shares[e] = fmax(shares[e], SHARE_MIN);
        total += shares[e];
    }
    for (int e = 0; e < DLN_AUTO_EXPERTS; e++)
        shares[e] /= total;
}

/* Multiples of the golden ratio modulo 1 lie evenly in every interval, however few they are. */
enum dln_auto_expert dln_auto_turn(const double shares[DLN_AUTO_EXPERTS], uint64_t seed,
                                   int64_t number)
{
    const uint64_t golden = 0x9E3779B97F4A7C15u; /* 2^64 / φ */
    const uint64_t at = dln_splitmix64(seed) + golden * (uint64_t)number;
    double left = (double)(at >> 11) * 0x1p-53;
    int turn = DLN_AUTO_GP;
    for (int e = 0; e < DLN_AUTO_EXPERTS; e++) {
        if (!(shares[e] > 0)) continue;
        turn = e;
        if (left < shares[e]) break;
        left -= shares[e];
    }
    return (enum dln_auto_expert)turn;
}
