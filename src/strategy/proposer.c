/*
 * A strategy with everything around it. One ask:
 *   1  the strategy answers with a point of the cube, it is decoded, what a person fixed is put in
 *      its place, inactive values are dropped
 *   2  a point that breaks a constraint, or that a trial has already (`duplicates: avoid`), is sent
 *      back, ATTEMPTS_MAX times
 *   3  so is one where trials fail (`failure: {oom: avoid}`); when most of its answers lie there,
 * the last one is moved towards trials that ran 4  else a point is drawn here: uniformly from the
 * points without a trial where they can be counted, else by rejection from the cube All of it
 * depends on the history, the seed and the trial's number alone.
 */
#include "dialin/strategy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "dialin/nearest.h"
#include "math/permutation.h"
#include "strategy/hazard.h"
#include "strategy/history.h"
#include "strategy/lattice.h"

enum {
    ATTEMPTS_MAX = 64,      /* answers of the strategy that are sent back */
    RISKY_MAX = 16,         /* of them because trials fail there, before the last one is moved */
    LANDS_MAX = 8,          /* trials that ran, towards which it is moved */
    LOOK_AGAIN = 25,        /* every so many trials nothing is screened: a cause may be gone */
    DRAWS_MAX = 100000,     /* then points drawn from the cube */
    COUNTABLE_MAX = 1 << 20 /* points that are looked through one by one */
};

struct dln_proposer {
    const struct dln_study *study;
    const struct dln_space *space;
    uint64_t seed;
    const struct dln_strategy *strategy;
    void *instance;
    dln_history *history;
    struct dln_arena scratch; /* of the last ask; the proposal's memo stays in it */
    double count;             /* different points, HUGE_VAL when there is no end */
    size_t *broken;           /* per constraint: how often it was in the way during this ask */
    double *x, *u, *exact;    /* d each */
    struct dln_hazard hazard;
    size_t n_risky; /* points passed over in this ask because trials fail there */
    struct dln_suggestion suggestion;
    char why[DLN_WHY_MAX];
};

static bool fail_unknown(const struct dln_method *method, struct dln_error *err)
{
    struct dln_nearest search = {.wanted = method->name};
    struct dln_strbuf list = {0};
    for (const struct dln_strategy *const *at = dln_strategies(); *at; at++) {
        dln_nearest_offer(&search, (*at)->name);
        dln_strbuf_addf(&list, "%s%s", list.len ? ", " : "", (*at)->name);
    }
    if (search.best) {
        dln_fail(err, DLN_UNSUPPORTED, "%u:%u: there is no strategy '%s'; did you mean '%s'?",
                 method->line, method->column, method->name, search.best);
    } else {
        dln_fail(err, DLN_UNSUPPORTED, "%u:%u: there is no strategy '%s'; there are %s",
                 method->line, method->column, method->name, dln_strbuf_text(&list));
    }
    dln_strbuf_release(&list);
    return false;
}

static bool fail_goals(const struct dln_method *method, const char *name, size_t n_goals,
                       struct dln_error *err)
{
    struct dln_strbuf list = {0};
    for (const struct dln_strategy *const *at = dln_strategies(); *at; at++) {
        if ((*at)->multi_objective) {
            dln_strbuf_addf(&list, "%s%s", list.len ? ", " : "", (*at)->name);
        }
    }
    dln_fail(err, DLN_UNSUPPORTED, "%u:%u: '%s' has one goal only, not %zu; %s can have more",
             method->line, method->column, name, n_goals, dln_strbuf_text(&list));
    dln_strbuf_release(&list);
    return false;
}

static bool open_method(dln_proposer *proposer, struct dln_error *err)
{
    const struct dln_method *method = &proposer->study->strategy;
    proposer->strategy = dln_strategy_find(method->name);
    if (!proposer->strategy) return fail_unknown(method, err);
    if (proposer->study->n_objectives > 1 && !proposer->strategy->multi_objective) {
        return fail_goals(method, proposer->strategy->name, proposer->study->n_objectives, err);
    }

    size_t n = 0;
    const struct dln_setting *table = proposer->strategy->settings;
    while (table && table[n].name)
        n++;
    double *values = DLN_ARENA_ARRAY(&proposer->scratch, double, n);
    if (!values) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    if (!dln_settings_resolve(table, method, values, err)) return false;
    return !proposer->strategy->open ||
           proposer->strategy->open(proposer->space, values, method, &proposer->instance, err);
}

/* What a person set while the study ran stands in no file, so its faults have no place there. */
static bool open_strategy(dln_proposer *proposer, struct dln_error *err)
{
    static const char nowhere[] = "0:0: ";
    const size_t len = sizeof nowhere - 1;
    if (open_method(proposer, err)) return true;
    if (err && proposer->study->strategy.line == 0 && strncmp(err->text, nowhere, len) == 0) {
        memmove(err->text, err->text + len, strlen(err->text + len) + 1);
    }
    return false;
}

/* The number of different points; HUGE_VAL where it is too large or has no end. */
static bool count_points(dln_proposer *proposer, struct dln_error *err)
{
    proposer->count = HUGE_VAL;
    struct dln_axis *axes =
        DLN_ARENA_ARRAY(&proposer->scratch, struct dln_axis, proposer->space->n);
    if (!axes) return dln_fail(err, DLN_NOMEM, "out of memory for the space");
    for (size_t i = 0; i < proposer->space->n; i++) {
        if (!dln_axis_of(&proposer->space->params[i], NULL, &axes[i])) return true;
    }
    dln_lattice *lattice = NULL;
    struct dln_error why = {0};
    if (!dln_lattice_new(proposer->space, axes, &lattice, &why)) {
        if (why.code == DLN_UNSUPPORTED) return true;
        if (err) *err = why;
        return false;
    }
    proposer->count = (double)dln_lattice_count(lattice);
    dln_lattice_free(lattice);
    return true;
}

bool dln_proposer_new(const struct dln_study *study, uint64_t seed, dln_proposer **out,
                      struct dln_error *err)
{
    const size_t d = study->space.n;
    dln_proposer *proposer = calloc(1, sizeof *proposer);
    if (!proposer) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    proposer->study = study;
    proposer->space = &study->space;
    proposer->seed = seed;
    proposer->x = calloc(3 * d + 1, sizeof *proposer->x);
    proposer->broken = calloc(study->space.n_constraints + 1, sizeof *proposer->broken);
    if (!proposer->x || !proposer->broken) {
        dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
        goto fail;
    }
    proposer->u = proposer->x + d;
    proposer->exact = proposer->u + d;
    if (!dln_history_new(study, &proposer->history, err)) goto fail;
    if (!count_points(proposer, err) || !open_strategy(proposer, err)) goto fail;
    *out = proposer;
    return true;
fail:
    dln_proposer_free(proposer);
    return false;
}

void dln_proposer_free(dln_proposer *proposer)
{
    if (!proposer) return;
    if (proposer->instance && proposer->strategy->close) {
        proposer->strategy->close(proposer->instance);
    }
    dln_history_free(proposer->history);
    dln_hazard_release(&proposer->hazard);
    dln_arena_release(&proposer->scratch);
    free(proposer->broken);
    free(proposer->x);
    free(proposer);
}

bool dln_proposer_learn(dln_proposer *proposer, size_t n, const struct dln_history_row *rows,
                        struct dln_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!dln_history_put(proposer->history, &rows[i], err)) return false;
    }
    return true;
}

const struct dln_history_view *dln_proposer_history(const dln_proposer *proposer)
{
    return dln_history_view(proposer->history);
}

/* ── one ask ───────────────────────────────────────────────────────────────────────────────────*/

struct ask {
    int64_t number;
    const double *fixed; /* d, NaN where free */
    bool has_fixed;
    bool is_given; /* nothing was free: no strategy was asked */
    bool avoids_duplicates;
    int64_t budget_trials;
};

static bool is_allowed(dln_proposer *proposer, const double *x)
{
    size_t broken = 0;
    if (dln_space_allows(proposer->space, x, &broken)) return true;
    proposer->broken[broken]++;
    return false;
}

static bool is_visited(const dln_proposer *proposer, const double *x)
{
    return dln_history_has(dln_history_view(proposer->history), proposer->space, x);
}

/* Turns u (and exact values where they are given) into x, with the fixed values in their place. */
static void complete(dln_proposer *proposer, const struct ask *ask, const double *exact)
{
    for (size_t i = 0; i < proposer->space->n; i++) {
        const struct dln_param *param = &proposer->space->params[i];
        proposer->x[i] = !isnan(ask->fixed[i])       ? ask->fixed[i]
                         : exact && !isnan(exact[i]) ? exact[i]
                                                     : dln_param_decode(param, proposer->u[i]);
    }
    dln_space_activate(proposer->space, proposer->x);
}

static bool is_new(const dln_proposer *proposer, const struct ask *ask)
{
    return !ask->avoids_duplicates || !is_visited(proposer, proposer->x);
}

/* The least likely to fail of the answers that were sent back for that. */
struct refuge {
    double risk; /* HUGE_VAL: there was none */
    double *x, *u;
    struct dln_suggestion suggestion;
};

static void keep_refuge(const dln_proposer *proposer, struct refuge *refuge, double risk)
{
    const size_t bytes = proposer->space->n * sizeof *refuge->x;
    if (risk >= refuge->risk) return;
    refuge->risk = risk;
    refuge->suggestion = proposer->suggestion;
    memcpy(refuge->x, proposer->x, bytes);
    dln_space_encode(proposer->space, refuge->x, refuge->u);
}

static double distance(size_t d, const double *a, const double *b)
{
    double sum = 0;
    for (size_t i = 0; i < d; i++) {
        const double gap = isnan(a[i]) || isnan(b[i]) ? isnan(a[i]) != isnan(b[i]) : a[i] - b[i];
        sum += gap * gap;
    }
    return sum;
}

/* The trials that ran which are nearest to u, nearest first. */
static size_t nearest_lands(const struct dln_hazard *hazard, size_t d, const double *u,
                            const struct dln_view_trial **lands)
{
    double far[LANDS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < hazard->n_good; i++) {
        const double here = distance(d, u, hazard->good[i]->u);
        size_t at = n;
        while (at > 0 && far[at - 1] > here)
            at--;
        if (at == LANDS_MAX) continue;
        if (n < LANDS_MAX) n++;
        for (size_t k = n - 1; k > at; k--) {
            far[k] = far[k - 1];
            lands[k] = lands[k - 1];
        }
        far[at] = here;
        lands[at] = hazard->good[i];
    }
    return n;
}

/* Takes u of the proposer if it is allowed, new, and not where trials fail. */
static bool lands(dln_proposer *proposer, const struct ask *ask, const struct refuge *refuge)
{
    complete(proposer, ask, NULL);
    if (!is_allowed(proposer, proposer->x) || !is_new(proposer, ask)) return false;
    if (dln_hazard_at(&proposer->hazard, proposer->space, proposer->x) > DLN_HAZARD_MAX) {
        return false;
    }
    proposer->suggestion = refuge->suggestion;
    proposer->suggestion.mean = proposer->suggestion.sd = NAN;
    return true;
}

/*
 * From an answer that would fail to where trials ran: by one value that one of them had, since what
 * fails is mostly a box; else towards it on a straight line, as far as it must be.
 */
static bool move_to_land(dln_proposer *proposer, const struct ask *ask, const struct refuge *refuge)
{
    static const double shares[] = {0.25, 0.5, 0.75, 0.9, 0.97, 0.99, 0.999};
    const size_t d = proposer->space->n;
    const struct dln_view_trial *near[LANDS_MAX];
    const size_t n = nearest_lands(&proposer->hazard, d, refuge->u, near);
    double *const u = proposer->u;
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < d; i++)
            u[i] = isnan(refuge->u[i]) ? near[k]->u[i] : refuge->u[i];
        for (size_t i = 0; i < d; i++)
            u[i] = isnan(u[i]) ? 0.5 : u[i];
        for (size_t i = 0; i < d; i++) {
            const double was = u[i];
            if (isnan(near[k]->u[i])) continue;
            u[i] = near[k]->u[i];
            if (lands(proposer, ask, refuge)) return true;
            u[i] = was;
        }
    }
    for (size_t k = 0; k < n; k++) {
        for (size_t s = 0; s < sizeof shares / sizeof shares[0]; s++) {
            for (size_t i = 0; i < d; i++) {
                const double land = isnan(near[k]->u[i]) ? 0.5 : near[k]->u[i];
                const double from = isnan(refuge->u[i]) ? land : refuge->u[i];
                u[i] = from + shares[s] * (land - from);
            }
            if (lands(proposer, ask, refuge)) return true;
        }
    }
    return false;
}

static bool prepare_screen(dln_proposer *proposer, struct refuge *refuge, struct dln_error *err)
{
    const size_t d = proposer->space->n;
    *refuge = (struct refuge){.risk = HUGE_VAL,
                              .x = DLN_ARENA_ARRAY(&proposer->scratch, double, d),
                              .u = DLN_ARENA_ARRAY(&proposer->scratch, double, d)};
    if (refuge->x && refuge->u &&
        dln_hazard_learn(&proposer->hazard, proposer->study, dln_history_view(proposer->history))) {
        return true;
    }
    return dln_fail(err, DLN_NOMEM, "out of memory for a suggestion");
}

/* Most answers lie where trials fail. A method that follows its own points gets one of them. */
static void take_refuge(dln_proposer *proposer, const struct ask *ask, const struct refuge *refuge)
{
    if (!refuge->suggestion.memo && move_to_land(proposer, ask, refuge)) return;
    memcpy(proposer->x, refuge->x, proposer->space->n * sizeof *refuge->x);
    proposer->suggestion = refuge->suggestion;
}

/* The strategy's own answer; *found is false when every attempt was sent back. */
static bool ask_strategy(dln_proposer *proposer, const struct ask *ask, bool *found,
                         struct dln_error *err)
{
    struct dln_ask question = {
        .space = proposer->space,
        .history = dln_history_view(proposer->history),
        .maximize = dln_history_maximize(proposer->history),
        .seed = proposer->seed,
        .number = ask->number,
        .fixed = ask->fixed,
        .budget_trials = ask->budget_trials,
        .scratch = &proposer->scratch,
    };
    const bool screens = ask->number % LOOK_AGAIN != LOOK_AGAIN - 1;
    struct refuge refuge;
    *found = false;
    if (!prepare_screen(proposer, &refuge, err)) return false;
    for (; question.attempt < ATTEMPTS_MAX; question.attempt++) {
        struct dln_error why = {0};
        proposer->suggestion =
            (struct dln_suggestion){.u = proposer->u, .x = proposer->exact, .mean = NAN, .sd = NAN};
        for (size_t i = 0; i < proposer->space->n; i++)
            proposer->exact[i] = NAN;
        if (!proposer->strategy->suggest(proposer->instance, &question, &proposer->suggestion,
                                         &why)) {
            if (why.code == DLN_EXHAUSTED && refuge.risk < HUGE_VAL) break;
            if (err) *err = why;
            return false;
        }
        complete(proposer, ask, proposer->exact);
        if (!is_allowed(proposer, proposer->x) || !is_new(proposer, ask)) continue;
        const double risk =
            screens ? dln_hazard_at(&proposer->hazard, proposer->space, proposer->x) : 0;
        *found = risk <= DLN_HAZARD_MAX;
        if (*found) return true;
        keep_refuge(proposer, &refuge, risk);
        if (++proposer->n_risky >= RISKY_MAX && !proposer->suggestion.memo) break;
    }
    *found = refuge.risk < HUGE_VAL;
    if (*found) take_refuge(proposer, ask, &refuge);
    return true;
}

/* Puts a point in the proposer that this file has drawn, not the strategy. */
static void set_drawn(dln_proposer *proposer, const char *why)
{
    proposer->suggestion = (struct dln_suggestion){.u = proposer->u, .mean = NAN, .sd = NAN};
    snprintf(proposer->suggestion.why, sizeof proposer->suggestion.why, "%s", why);
}

static bool fail_constraints(const dln_proposer *proposer, const char *where, struct dln_error *err)
{
    size_t worst = 0;
    for (size_t i = 1; i < proposer->space->n_constraints; i++) {
        if (proposer->broken[i] > proposer->broken[worst]) worst = i;
    }
    return dln_fail(err, DLN_INVALID, "%s keeps the constraints; '%.300s' is in the way most often",
                    where, proposer->space->constraints[worst].text);
}

/* Looks through all points in a random order; the first one that is allowed and not visited. */
static bool draw_counted(dln_proposer *proposer, const struct ask *ask, const dln_lattice *lattice,
                         struct dln_error *err)
{
    struct dln_permutation order;
    dln_permutation_init(&order, dln_lattice_count(lattice),
                         dln_splitmix64(proposer->seed) ^ dln_splitmix64((uint64_t)ask->number));
    uint64_t allowed = order.n; /* the first that is allowed, though visited */
    for (uint64_t i = 0; i < order.n; i++) {
        const uint64_t index = dln_permutation_at(&order, i);
        dln_lattice_point(lattice, index, proposer->x);
        if (!is_allowed(proposer, proposer->x)) continue;
        if (ask->avoids_duplicates && is_visited(proposer, proposer->x)) {
            if (allowed == order.n) allowed = index;
            continue;
        }
        set_drawn(proposer, ask->avoids_duplicates ? "drawn from the points not tried yet"
                                                   : "drawn from the allowed points");
        return true;
    }
    if (allowed == order.n) return fail_constraints(proposer, "no point of the space", err);
    if (!ask->has_fixed) {
        return dln_fail(err, DLN_EXHAUSTED, "every point of the space has been tried");
    }
    /* A person asks for these values: trying a point again is better than not obeying. */
    dln_lattice_point(lattice, allowed, proposer->x);
    set_drawn(proposer, "tried before, as is every point with these values");
    return true;
}

/* Rejection from the whole cube; a visited point is taken when no other was found. */
static bool draw_from_cube(dln_proposer *proposer, const struct ask *ask, struct dln_error *err)
{
    struct dln_rng rng;
    dln_rng_init_trial(&rng, proposer->seed, ask->number, dln_hash_bytes("proposer", 8));
    bool has_visited = false;
    for (int draw = 0; draw < DRAWS_MAX; draw++) {
        for (size_t i = 0; i < proposer->space->n; i++)
            proposer->u[i] = dln_rng_uniform(&rng);
        complete(proposer, ask, NULL);
        if (!is_allowed(proposer, proposer->x)) continue;
        if (!ask->avoids_duplicates || !is_visited(proposer, proposer->x)) {
            set_drawn(proposer, "drawn at random, to get past points not allowed or tried before");
            return true;
        }
        /* `exact` keeps it, so that the search can go on. */
        memcpy(proposer->exact, proposer->x, proposer->space->n * sizeof *proposer->x);
        has_visited = true;
        if (draw >= ATTEMPTS_MAX) break;
    }
    if (!has_visited) return fail_constraints(proposer, "none of 100000 random points", err);
    memcpy(proposer->x, proposer->exact, proposer->space->n * sizeof *proposer->x);
    set_drawn(proposer, "tried before: nothing new was found");
    return true;
}

static bool draw(dln_proposer *proposer, const struct ask *ask, struct dln_error *err)
{
    const size_t d = proposer->space->n;
    struct dln_axis *axes = DLN_ARENA_ARRAY(&proposer->scratch, struct dln_axis, d);
    if (!axes) return dln_fail(err, DLN_NOMEM, "out of memory for a suggestion");
    size_t n_axes = 0;
    while (n_axes < d &&
           dln_axis_of(&proposer->space->params[n_axes], &ask->fixed[n_axes], &axes[n_axes])) {
        n_axes++;
    }
    if (n_axes < d) return draw_from_cube(proposer, ask, err);

    dln_lattice *lattice = NULL;
    struct dln_error why = {0};
    if (!dln_lattice_new(proposer->space, axes, &lattice, &why)) {
        if (why.code == DLN_UNSUPPORTED) return draw_from_cube(proposer, ask, err);
        if (err) *err = why;
        return false;
    }
    const bool ok = dln_lattice_count(lattice) > COUNTABLE_MAX
                        ? draw_from_cube(proposer, ask, err)
                        : draw_counted(proposer, ask, lattice, err);
    dln_lattice_free(lattice);
    return ok;
}

static bool propose(dln_proposer *proposer, struct ask *ask, struct dln_error *err)
{
    memcpy(proposer->x, ask->fixed, proposer->space->n * sizeof *proposer->x);
    if (ask->has_fixed && dln_space_activate(proposer->space, proposer->x)) {
        ask->is_given = true;
        set_drawn(proposer, "every value was given");
        return true;
    }
    const bool is_full = (double)dln_history_visited(proposer->history) >= proposer->count;
    if (!is_full || !ask->avoids_duplicates) {
        bool found = false;
        struct dln_error why = {0};
        if (!ask_strategy(proposer, ask, &found, &why)) {
            const bool may_draw = ask->has_fixed && why.code == DLN_EXHAUSTED;
            if (!may_draw) {
                if (err) *err = why;
                return false;
            }
        }
        if (found) return true;
    }
    return draw(proposer, ask, err);
}

/* "lr, momentum given; point 17 …" */
static void say_why(dln_proposer *proposer, const struct ask *ask)
{
    struct dln_strbuf why = {0};
    for (size_t i = 0; !ask->is_given && i < proposer->space->n; i++) {
        if (isnan(ask->fixed[i])) continue;
        dln_strbuf_addf(&why, "%s%.40s", why.len ? ", " : "", proposer->space->params[i].name);
    }
    if (why.len > 0) dln_strbuf_add(&why, " given; ");
    dln_strbuf_add(&why, proposer->suggestion.why);
    if (proposer->n_risky > 0) dln_strbuf_add(&why, "; kept away from where trials fail");
    snprintf(proposer->why, sizeof proposer->why, "%s", dln_strbuf_text(&why));
    dln_strbuf_release(&why);
}

bool dln_proposer_ask(dln_proposer *proposer, int64_t number, const double *fixed,
                      int64_t budget_trials, struct dln_proposal *out, struct dln_error *err)
{
    const size_t d = proposer->space->n;
    dln_arena_reset(&proposer->scratch);
    proposer->n_risky = 0;
    double *free_values = DLN_ARENA_ARRAY(&proposer->scratch, double, d);
    if (!free_values) return dln_fail(err, DLN_NOMEM, "out of memory for a suggestion");
    for (size_t i = 0; i < d; i++)
        free_values[i] = NAN;
    struct ask ask = {
        .number = number,
        .fixed = fixed ? fixed : free_values,
        .avoids_duplicates = proposer->study->duplicates == DLN_DUPLICATES_AVOID,
        .budget_trials = budget_trials,
    };
    for (size_t i = 0; i < d; i++)
        ask.has_fixed |= !isnan(ask.fixed[i]);
    memset(proposer->broken, 0, proposer->space->n_constraints * sizeof *proposer->broken);

    dln_history_hide(proposer->history, number);
    const bool ok = propose(proposer, &ask, err);
    dln_history_unhide(proposer->history);
    if (!ok) return false;

    say_why(proposer, &ask);
    *out = (struct dln_proposal){
        .x = proposer->x,
        .strategy = ask.is_given              ? "enqueued"
                    : proposer->suggestion.by ? proposer->suggestion.by
                                              : proposer->strategy->name,
        .why = proposer->why,
        .memo = proposer->suggestion.memo,
        .mean = proposer->suggestion.mean,
        .sd = proposer->suggestion.sd,
    };
    return true;
}

bool dln_proposer_complete(dln_proposer *proposer, int64_t number, const double *fixed,
                           int64_t budget_trials, struct dln_proposal *out, struct dln_error *err)
{
    const struct dln_space *space = proposer->space;
    struct dln_proposal proposal = {.why = "values given by hand", .mean = NAN, .sd = NAN};
    memcpy(proposer->x, fixed, space->n * sizeof *fixed);
    if (!dln_space_activate(space, proposer->x)) {
        struct dln_error why = {0};
        if (!dln_proposer_ask(proposer, number, fixed, budget_trials, &proposal, &why)) {
            if (why.code != DLN_EXHAUSTED) return dln_fail(err, why.code, "%s", why.text);
            dln_space_initial(space, proposer->x);
            for (size_t i = 0; i < space->n; i++) {
                if (!isnan(fixed[i])) proposer->x[i] = fixed[i];
            }
            (void)dln_space_activate(space, proposer->x);
        }
    }
    proposal.x = proposer->x;
    proposal.strategy = "enqueued";
    *out = proposal;
    return true;
}

const struct dln_view_trial *dln_proposer_known(const dln_proposer *proposer, const double *x)
{
    const struct dln_study *study = proposer->study;
    if (study->duplicates != DLN_DUPLICATES_REUSE || study->n_limits > 0) return NULL;
    const struct dln_history_view *view = dln_history_view(proposer->history);
    for (size_t i = 0; i < view->n; i++) {
        const struct dln_view_trial *trial = &view->trials[i];
        if (trial->state != DLN_TRIAL_COMPLETE || isnan(trial->loss[0])) continue;
        if (dln_space_same(&study->space, trial->x, x)) return trial;
    }
    return NULL;
}
