/*
 * Differential evolution with success history: L-SHADE (Tanabe & Fukunaga 2014) and jSO (Brest,
 * Maučec & Bošković 2017), current-to-pbest/1, binomial crossover, midpoint repair.
 *
 * Steady state: a worker that becomes free gets a child of the place that has had the fewest, and
 * the child competes with whoever holds that place when it ends. The population shrinks with the
 * budget to 4: the best holders are its members. Ints are rounded where they are tried, not where
 * they evolve; a choice is taken whole, from the parent or one of its donors.
 *
 * A trial remembers: {"de": place, "gen", "parent", "f", "cr", "v": wanted coordinates}.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "math/differential.h"
#include "strategy/de_population.h"
#include "strategy/design.h"
#include "strategy/memo.h"

enum { MEMBERS_MIN = 4, ARCHIVE_SCAN = 32 };
enum variant { JSO, LSHADE };

struct de {
    double wanted; /* setting; 0: the usual number of places */
    enum variant variant;
    struct dln_design design;
    struct dln_de_population population;
};

/* What one ask works with. */
struct work {
    const struct dln_ask *ask;
    const struct dln_de_population *population;
    struct dln_rng rng;
    double done;     /* share of the budget, 0.5 where none is known */
    size_t n;        /* members: the first of the population's order */
    size_t *archive; /* records of beaten parents, the latest first */
    size_t n_archive;
};

static bool open(const struct dln_space *space, const double *values, const struct dln_method *raw,
                 void **instance, struct dln_error *err)
{
    (void)space;
    (void)raw;
    struct de *de = calloc(1, sizeof *de);
    if (!de) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    de->wanted = values[0];
    de->variant = values[1] > 0 ? LSHADE : JSO;
    *instance = de;
    return true;
}

static void close(void *instance)
{
    struct de *de = instance;
    dln_design_release(&de->design);
    dln_de_release(&de->population);
    free(de);
}

/*
 * The papers' population is made for ten thousands of evaluations. Here an eighth of the budget,
 * and not above 25 or a hundredth of it: with 300 to 3000 trials of 10 parameters that came nearer
 * to the optimum of sphere, Rosenbrock, Ackley and Levy than 40, 60 or the papers' 182.
 */
static struct dln_de_rules rules_of(const struct de *de, const struct dln_ask *ask)
{
    double d = 0;
    for (size_t i = 0; i < ask->space->n; i++)
        d += !dln_param_is_single(&ask->space->params[i]);
    d = fmax(d, 2);
    double places = de->variant == JSO ? round(25 * log(d) * sqrt(d)) : 18 * d;
    const double budget = ask->budget_trials > 0 ? (double)ask->budget_trials : 1000;
    places = fmin(places, fmin(floor(budget / 8), fmax(25, floor(budget / 100))));
    places = fmax(8, places);
    if (de->wanted > 0) places = fmax(MEMBERS_MIN, de->wanted);
    const struct dln_de_rules jso = {
        .places = (size_t)places, .cells = 4, .f = 0.3, .cr = 0.8, .blends = true};
    const struct dln_de_rules lshade = {.places = (size_t)places, .cells = 6, .f = 0.5, .cr = 0.5};
    return de->variant == JSO ? jso : lshade;
}

/* ── the population ────────────────────────────────────────────────────────────────────────────*/

static size_t record_of(const struct work *work, size_t member)
{
    return work->population->places[work->population->order[member]].holder;
}

/* Parents that were beaten, the latest first, at most 2.6 times the population. */
static bool gather_archive(struct work *work, struct dln_error *err)
{
    const struct dln_de_population *population = work->population;
    const size_t most = (size_t)(2.6 * (double)work->n);
    work->archive = DLN_ARENA_ARRAY(work->ask->scratch, size_t, most);
    if (!work->archive) return dln_fail(err, DLN_NOMEM, "out of memory for the population");
    const size_t oldest =
        population->n > ARCHIVE_SCAN * work->n ? population->n - ARCHIVE_SCAN * work->n : 0;
    for (size_t i = population->n; i-- > oldest && work->n_archive < most;) {
        const struct dln_de_record *record = &population->records[i];
        if (record->succeeded) work->archive[work->n_archive++] = record->beaten;
    }
    return true;
}

/* How far the study is, and how many of the best make the population by then. */
static void set_size(struct work *work)
{
    const struct dln_de_population *population = work->population;
    const double n = (double)work->ask->history->n;
    const double budget = (double)work->ask->budget_trials;
    const size_t places = population->rules.places;
    work->done = budget > 0 ? fmin(1, n / budget) : 0.5;
    work->n = budget > 0 ? dln_population_size(places, MEMBERS_MIN, n, budget) : places;
    if (work->n > population->n_held) work->n = population->n_held;
}

/* A place without any trial, or SIZE_MAX. */
static size_t find_empty(const struct dln_de_population *population)
{
    for (size_t i = 0; i < population->rules.places; i++) {
        const struct dln_de_place *place = &population->places[i];
        if (place->holder == SIZE_MAX && place->asked == 0) return i;
    }
    return SIZE_MAX;
}

static size_t least_asked(const struct dln_de_population *population)
{
    size_t least = 0;
    for (size_t i = 1; i < population->rules.places; i++) {
        if (population->places[i].asked < population->places[least].asked) least = i;
    }
    return least;
}

/* The member whose place has had the fewest trials; of equal ones the lowest place. */
static size_t choose_target(const struct work *work)
{
    const size_t *order = work->population->order;
    size_t best = 0;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < work->n; i++) {
        const size_t asked = work->population->places[order[i]].asked;
        if (asked > least || (asked == least && order[i] > order[best])) continue;
        best = i;
        least = asked;
    }
    return best;
}

/* ── a child ───────────────────────────────────────────────────────────────────────────────────*/

struct strength {
    double f, fw, cr;
};

static double clip(double x, double low, double high)
{
    return fmin(high, fmax(low, x));
}

static struct strength draw_strength(const struct de *de, struct work *work,
                                     const struct dln_de_memory *memory)
{
    const double pi = 3.14159265358979323846;
    const size_t fixed = de->variant == JSO; /* a last cell of 0.9 that does not learn */
    const size_t cell = (size_t)dln_rng_below(&work->rng, memory->cells + fixed);
    const double mean_f = cell < memory->cells ? memory->f[cell] : 0.9;
    const double mean_cr = cell < memory->cells ? memory->cr[cell] : 0.9;
    struct strength strength = {.cr = clip(mean_cr + 0.1 * dln_rng_normal(&work->rng), 0, 1)};
    while (!(strength.f > 0))
        strength.f = fmin(1, mean_f + 0.1 * tan(pi * (dln_rng_uniform(&work->rng) - 0.5)));
    strength.f = ceil(strength.f * 1e6) / 1e6; /* short in the memo */
    strength.cr = round(strength.cr * 1e6) / 1e6;
    strength.fw = strength.f;
    if (de->variant == LSHADE) return strength;

    const double t = work->done;
    if (t < 0.25) {
        strength.cr = fmax(strength.cr, 0.7);
    } else if (t < 0.5) {
        strength.cr = fmax(strength.cr, 0.6);
    }
    if (t < 0.6) strength.f = fmin(strength.f, 0.7);
    strength.fw = strength.f * (t < 0.2 ? 0.7 : t < 0.4 ? 0.8 : 1.2);
    return strength;
}

/* Records of the target, one of the best, a member and a member or beaten parent. */
struct donors {
    const double *x, *best, *r1, *r2;
};

static const double *raw_of(const struct work *work, size_t record)
{
    return work->population->raw + record * work->ask->space->n;
}

static struct donors draw_donors(const struct de *de, struct work *work, size_t target)
{
    const double share = de->variant == JSO ? 0.25 - 0.125 * work->done : 0.11;
    const size_t top = (size_t)fmin((double)work->n, fmax(2, round(share * (double)work->n)));
    const size_t best = (size_t)dln_rng_below(&work->rng, top);
    size_t r1 = (size_t)dln_rng_below(&work->rng, work->n - 1);
    r1 += r1 >= target;
    size_t r2;
    do {
        r2 = (size_t)dln_rng_below(&work->rng, work->n + work->n_archive);
    } while (r2 == target || r2 == r1);
    const size_t last = r2 < work->n ? record_of(work, r2) : work->archive[r2 - work->n];
    return (struct donors){.x = raw_of(work, record_of(work, target)),
                           .best = raw_of(work, record_of(work, best)),
                           .r1 = raw_of(work, record_of(work, r1)),
                           .r2 = raw_of(work, last)};
}

static double or_else(double u, double other)
{
    return isnan(u) ? other : u;
}

static double cross(const struct dln_param *param, const struct donors *donors, size_t i,
                    const struct strength *strength, bool is_crossed, struct dln_rng *rng)
{
    const double drawn = dln_rng_uniform(rng);
    const double x = or_else(donors->x[i], or_else(donors->best[i], drawn));
    if (!is_crossed) return x;
    if (!dln_param_is_ordered(param))
        return or_else((drawn < 0.5 ? donors->best : donors->r1)[i], x);
    const double v = dln_current_to_pbest(x, or_else(donors->best[i], x), or_else(donors->r1[i], x),
                                          or_else(donors->r2[i], x), strength->fw, strength->f);
    return dln_midpoint_repair(v, x, 0, 1);
}

static bool write_memo(const struct dln_ask *ask, size_t place, size_t generation, int64_t parent,
                       const struct strength *strength, struct dln_suggestion *out,
                       struct dln_error *err)
{
    struct dln_strbuf text = {0};
    struct dln_json_writer w = {.out = &text};
    dln_json_object(&w);
    dln_json_key(&w, "de");
    dln_json_int(&w, (int64_t)place);
    if (strength) {
        dln_json_key(&w, "gen");
        dln_json_int(&w, (int64_t)generation);
        dln_json_key(&w, "parent");
        dln_json_int(&w, parent);
        dln_json_key(&w, "f");
        dln_json_double(&w, strength->f);
        dln_json_key(&w, "cr");
        dln_json_double(&w, strength->cr);
    }
    dln_memo_write_raw(&w, ask->space, ask->fixed, out->u);
    dln_json_end_object(&w);
    out->memo = dln_strbuf_ok(&text) ? dln_arena_copy(ask->scratch, dln_strbuf_text(&text)) : NULL;
    dln_strbuf_release(&text);
    return out->memo || dln_fail(err, DLN_NOMEM, "out of memory for a suggestion");
}

static bool make_child(struct de *de, struct work *work, struct dln_suggestion *out,
                       struct dln_error *err)
{
    const struct dln_ask *ask = work->ask;
    const size_t generation = dln_de_next_generation(&de->population, work->n);
    struct dln_de_memory memory;
    dln_de_recall(&de->population, generation, &memory);
    dln_rng_init_trial(&work->rng, ask->seed, ask->number, dln_hash_bytes("de", 2) + ask->attempt);
    const size_t target = choose_target(work);
    const struct strength strength = draw_strength(de, work, &memory);
    const struct donors donors = draw_donors(de, work, target);
    const size_t sure = (size_t)dln_rng_below(&work->rng, ask->space->n);
    for (size_t i = 0; i < ask->space->n; i++) {
        const bool is_crossed = dln_rng_uniform(&work->rng) < strength.cr || i == sure;
        out->u[i] = cross(&ask->space->params[i], &donors, i, &strength, is_crossed, &work->rng);
    }
    const int64_t parent = de->population.records[record_of(work, target)].number;
    snprintf(out->why, sizeof out->why, "de: child of %lld, F %.2f, CR %.2f", (long long)parent,
             strength.f, strength.cr);
    return write_memo(ask, de->population.order[target], generation, parent, &strength, out, err);
}

static bool suggest(void *instance, const struct dln_ask *ask, struct dln_suggestion *out,
                    struct dln_error *err)
{
    struct de *de = instance;
    const struct dln_de_rules rules = rules_of(de, ask);
    if (!dln_de_follow(&de->population, &rules, ask, err)) return false;
    struct work work = {.ask = ask, .population = &de->population};
    size_t place = find_empty(&de->population);
    if (place == SIZE_MAX) {
        set_size(&work);
        if (work.n >= MEMBERS_MIN && ask->space->n > 0) {
            return gather_archive(&work, err) && make_child(de, &work, out, err);
        }
        place = least_asked(&de->population);
    }
    return dln_design_suggest(&de->design, ask, "de", out, err) &&
           write_memo(ask, place, 0, -1, NULL, out, err);
}

static const char *const variants[] = {"jso", "lshade", NULL};
static const struct dln_setting settings[] = {
    {.name = "population",
     .kind = DLN_SETTING_INT,
     .low = 0,
     .high = 1000,
     .help = "places to begin with; 0: by parameters and budget"},
    {.name = "variant",
     .kind = DLN_SETTING_CHOICE,
     .choices = variants,
     .help = "jso: bolder late, lshade: even"},
    {0},
};

const struct dln_strategy dln_strategy_de = {
    .name = "de",
    .title = "DE",
    .summary = "Combines differences of good points. Robust,\n"
               "loves many workers, wants 200 trials and more;\n"
               "give the budget, so that it can plan.",
    .best_for = "many workers",
    .settings = settings,
    .open = open,
    .close = close,
    .suggest = suggest,
};
