#include "strategy/de_population.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "math/differential.h"
#include "strategy/memo.h"

enum { PLACE_MAX = 1000000, GENERATION_MAX = 1000000 }; /* what a memo may claim */

void dln_de_release(struct dln_de_population *population)
{
    dln_watch_release(&population->watch);
    free(population->records);
    free(population->raw);
    free(population->places);
    free(population->order);
    free(population->generations);
    *population = (struct dln_de_population){0};
}

/* ── records ───────────────────────────────────────────────────────────────────────────────────*/

static size_t place_of(const struct dln_de_population *population, int64_t number)
{
    size_t low = 0;
    size_t high = population->n;
    if (high > 0 && population->records[high - 1].number < number) return high;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (population->records[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static size_t find(const struct dln_de_population *population, int64_t number)
{
    const size_t at = place_of(population, number);
    return at < population->n && population->records[at].number == number ? at : SIZE_MAX;
}

static bool reserve(struct dln_de_population *population, size_t more, size_t d)
{
    const size_t n = population->n + more;
    if (n <= population->cap) return true;
    size_t cap = population->cap ? population->cap : 64;
    while (cap < n)
        cap *= 2;
    struct dln_de_record *records = realloc(population->records, cap * sizeof *records);
    if (!records) return false;
    population->records = records;
    double *raw = realloc(population->raw, (cap * d + 1) * sizeof *raw);
    if (!raw) return false;
    population->raw = raw;
    population->cap = cap;
    return true;
}

/* The generations up to this one. */
static bool reserve_generations(struct dln_de_population *population, size_t generation)
{
    if (generation >= population->cap_generations) {
        size_t cap = population->cap_generations ? population->cap_generations : 64;
        while (cap <= generation)
            cap *= 2;
        struct dln_de_generation *all = realloc(population->generations, cap * sizeof *all);
        if (!all) return false;
        population->generations = all;
        population->cap_generations = cap;
    }
    while (population->n_generations <= generation) {
        population->generations[population->n_generations++] =
            (struct dln_de_generation){.first = SIZE_MAX};
    }
    return true;
}

static struct dln_de_record read_record(const struct dln_de_population *population,
                                        const struct dln_view_trial *trial, const json_t *memo)
{
    const size_t places = population->rules.places;
    struct dln_de_record record = {.number = trial->number,
                                   .parent = -1,
                                   .place = (size_t)trial->number % places,
                                   .gain = (double)NAN};
    int64_t place = 0;
    int64_t generation = 0;
    if (!dln_memo_int(memo, "de", 0, PLACE_MAX, &place)) return record;
    record.is_own = true;
    record.place = (size_t)place % places;
    if (dln_memo_int(memo, "gen", 1, GENERATION_MAX, &generation) &&
        dln_memo_int(memo, "parent", 0, trial->number - 1, &record.parent) &&
        dln_memo_real(memo, "f", 0, 1, &record.f) && dln_memo_real(memo, "cr", 0, 1, &record.cr)) {
        record.generation = (size_t)generation;
    } else {
        record.parent = -1;
    }
    return record;
}

/*
 * A trial has a point now. A generation beyond the trial's number is not ours to believe: each has
 * several trials. It would only cost memory.
 */
static bool take_asked(struct dln_de_population *population, const struct dln_ask *ask,
                       size_t index)
{
    const struct dln_view_trial *trial = &ask->history->trials[index];
    const size_t d = ask->space->n;
    json_t *memo = dln_memo_read(trial);
    struct dln_de_record record = read_record(population, trial, memo);
    if ((int64_t)record.generation > trial->number) {
        record.generation = 0;
        record.parent = -1;
    }
    const size_t at = place_of(population, trial->number);
    const bool ok = reserve_generations(population, record.generation);
    if (ok) {
        const size_t tail = population->n - at;
        double *raw = population->raw + at * d;
        memmove(population->records + at + 1, population->records + at, tail * sizeof record);
        if (d > 0) memmove(raw + d, raw, tail * d * sizeof *raw);
        population->records[at] = record;
        population->n++;
        dln_memo_read_raw(memo, ask->space, trial, 0, 1, raw);
    }
    json_decref(memo);
    return ok;
}

/* ── what the records make ─────────────────────────────────────────────────────────────────────*/

static void reset_memory(struct dln_de_population *population)
{
    const struct dln_de_rules *rules = &population->rules;
    population->settled = 0;
    population->base = (struct dln_de_memory){.cells = rules->cells};
    for (size_t i = 0; i < rules->cells; i++) {
        population->base.f[i] = rules->f;
        population->base.cr[i] = rules->cr;
    }
}

/* Records have moved, or are new: everything that points at them. */
static void count_asked(struct dln_de_population *population, size_t from)
{
    for (size_t i = from; i < population->n; i++) {
        const struct dln_de_record *record = &population->records[i];
        if (!record->is_own) continue;
        population->places[record->place].asked++;
        if (record->parent < 0) continue;
        struct dln_de_generation *generation = &population->generations[record->generation];
        if (generation->first > i) generation->first = i;
        if (generation->last < i) generation->last = i;
        generation->n++;
        generation->open++;
        generation->is_summed = false;
        if (record->generation < population->settled) reset_memory(population);
    }
}

/* A parent that ends after its child was not our choice: its child is judged when all is read. */
static void judge(struct dln_de_population *population, struct dln_de_record *record)
{
    if (record->parent < 0) return;
    struct dln_de_generation *generation = &population->generations[record->generation];
    generation->open--;
    generation->is_summed = false;
    record->beaten = find(population, record->parent);
    if (record->beaten == SIZE_MAX) return;
    if (!population->records[record->beaten].is_done) {
        population->has_late_parent = true;
        return;
    }
    const struct dln_rank *parent = &population->records[record->beaten].rank;
    record->succeeded = dln_rank_compare(&record->rank, parent) < 0;
    if (record->rank.class == DLN_RANK_FINE && parent->class == DLN_RANK_FINE)
        record->gain = parent->first - record->rank.first;
}

/* Puts a place whose holder has changed where it belongs in the order. */
static void reorder(struct dln_de_population *population, size_t place)
{
    size_t *order = population->order;
    size_t at = 0;
    while (at < population->n_held && order[at] != place)
        at++;
    if (at == population->n_held) order[population->n_held++] = place;
    const struct dln_rank *rank = &population->records[population->places[place].holder].rank;
    for (; at > 0; at--) { /* holders only get better */
        const struct dln_de_place *before = &population->places[order[at - 1]];
        const int cmp = dln_rank_compare(&population->records[before->holder].rank, rank);
        if (cmp < 0 || (cmp == 0 && order[at - 1] < place)) break;
        order[at] = order[at - 1];
    }
    order[at] = place;
}

/* Of equal trials the later one holds the place. */
static void take_done(struct dln_de_population *population, const struct dln_view_trial *trial)
{
    const size_t at = find(population, trial->number);
    struct dln_de_record *record = &population->records[at];
    record->is_done = true;
    record->rank = dln_rank_of(trial);
    if (record->is_own) {
        judge(population, record);
    } else if (record->rank.class > DLN_RANK_BROKEN) {
        return;
    }
    struct dln_de_place *place = &population->places[record->place];
    if (place->holder != SIZE_MAX) {
        const struct dln_de_record *holder = &population->records[place->holder];
        const int cmp = dln_rank_compare(&record->rank, &holder->rank);
        if (cmp > 0 || (cmp == 0 && holder->number > record->number)) return;
    }
    place->holder = at;
    reorder(population, record->place);
}

static bool start_anew(struct dln_de_population *population, const struct dln_de_rules *rules,
                       struct dln_error *err)
{
    struct dln_de_place *places = realloc(population->places, rules->places * sizeof *places);
    if (places) population->places = places;
    size_t *order = realloc(population->order, rules->places * sizeof *order);
    if (order) population->order = order;
    if (!places || !order) return dln_fail(err, DLN_NOMEM, "out of memory for the population");
    for (size_t i = 0; i < rules->places; i++)
        places[i] = (struct dln_de_place){.holder = SIZE_MAX};
    population->n_held = 0;
    population->rules = *rules;
    population->n = population->n_generations = 0;
    population->has_late_parent = false;
    reset_memory(population);
    return true;
}

static bool take_news(struct dln_de_population *population, const struct dln_ask *ask,
                      const struct dln_news *news, struct dln_error *err)
{
    const size_t before = population->n;
    bool ok = reserve(population, news->n_asked, ask->space->n);
    for (size_t i = 0; ok && i < news->n_asked; i++)
        ok = take_asked(population, ask, news->asked[i]);
    if (!ok) return dln_fail(err, DLN_NOMEM, "out of memory for the population");
    count_asked(population, before);
    for (size_t i = 0; i < news->n_done; i++)
        take_done(population, &ask->history->trials[news->done[i]]);
    return true;
}

/* A trial that waited has a number below others: then indexes move, and all is read again. */
static bool is_in_order(const struct dln_de_population *population, const struct dln_ask *ask,
                        const struct dln_news *news)
{
    if (population->n == 0 || news->n_asked == 0) return true;
    const int64_t last = population->records[population->n - 1].number;
    return ask->history->trials[news->asked[0]].number > last;
}

bool dln_de_follow(struct dln_de_population *population, const struct dln_de_rules *rules,
                   const struct dln_ask *ask, struct dln_error *err)
{
    const struct dln_de_rules *old = &population->rules;
    if (old->places != rules->places || old->cells != rules->cells || old->f != rules->f ||
        population->has_late_parent)
        dln_watch_forget(&population->watch);
    struct dln_news news;
    if (!dln_watch_look(&population->watch, ask, &news, err)) return false;
    if (!news.is_all && !is_in_order(population, ask, &news)) {
        dln_watch_forget(&population->watch);
        if (!dln_watch_look(&population->watch, ask, &news, err)) return false;
    }
    bool ok = !news.is_all || start_anew(population, rules, err);
    ok = ok && take_news(population, ask, &news, err);
    if (!ok) dln_watch_forget(&population->watch);
    return ok;
}

/* ── what succeeded ────────────────────────────────────────────────────────────────────────────*/

/* The largest gain that can be measured among the successes of a generation; 1 if there is none. */
static double largest_gain(const struct dln_de_population *population, size_t g)
{
    const struct dln_de_generation *generation = &population->generations[g];
    double largest = 0;
    for (size_t i = generation->first; i <= generation->last; i++) {
        const struct dln_de_record *record = &population->records[i];
        if (record->generation == g && record->succeeded && record->gain > largest)
            largest = record->gain;
    }
    return largest > 0 ? largest : 1;
}

/* A child that beats a failed parent weighs as much as the one that gained most. */
static void sum_up(const struct dln_de_population *population, size_t g)
{
    struct dln_de_generation *generation = &population->generations[g];
    generation->is_summed = true;
    generation->has_success = false;
    if (generation->first == SIZE_MAX) return;
    const double largest = largest_gain(population, g);
    struct dln_lehmer f = {0};
    struct dln_lehmer cr = {0};
    for (size_t i = generation->first; i <= generation->last; i++) {
        const struct dln_de_record *record = &population->records[i];
        if (record->generation != g || !record->succeeded) continue;
        const double weight = record->gain >= 0 ? record->gain / largest : 1;
        dln_lehmer_add(&f, record->f, weight);
        dln_lehmer_add(&cr, record->cr, weight);
        generation->has_success = true;
    }
    generation->f = dln_lehmer_mean(&f);
    generation->cr = dln_lehmer_mean(&cr);
}

static void remember(const struct dln_de_rules *rules, const struct dln_de_generation *generation,
                     struct dln_de_memory *memory)
{
    if (!generation->has_success) return;
    double *f = &memory->f[memory->at];
    double *cr = &memory->cr[memory->at];
    *f = rules->blends ? (*f + generation->f) / 2 : generation->f;
    *cr = rules->blends ? (*cr + generation->cr) / 2 : generation->cr;
    memory->at = (memory->at + 1) % memory->cells;
}

size_t dln_de_next_generation(const struct dln_de_population *population, size_t size)
{
    if (population->n_generations < 2) return 1; /* 0: what was there before the first child */
    const size_t last = population->n_generations - 1;
    return population->generations[last].n < size ? last : last + 1;
}

void dln_de_recall(struct dln_de_population *population, size_t generation,
                   struct dln_de_memory *out)
{
    *out = population->base;
    bool is_settled = true;
    for (size_t g = population->settled; g < generation && g < population->n_generations; g++) {
        const struct dln_de_generation *at = &population->generations[g];
        if (!at->is_summed) sum_up(population, g);
        remember(&population->rules, at, out);
        is_settled = is_settled && at->open == 0 && g + 1 < population->n_generations;
        if (!is_settled) continue;
        population->settled = g + 1;
        population->base = *out;
    }
}
