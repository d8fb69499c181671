#include "strategy/cma_chain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "strategy/memo.h"

enum {
    USED_MAX = 4096, /* trials that a note may name */
    WARM_MAX = 128,
    WARM_MIN = 20 /* known trials: fewer do not tell a direction */
};

bool dln_cma_chain_init(struct dln_cma_chain *chain, const struct dln_space *space,
                        const struct dln_cma_rules *rules, struct dln_error *err)
{
    *chain = (struct dln_cma_chain){.rules = *rules};
    return dln_cma_layout_init(&chain->layout, space, err);
}

static void release_link(struct dln_cma_link *link)
{
    dln_cma_model_release(&link->model);
    free(link->numbers);
}

void dln_cma_chain_release(struct dln_cma_chain *chain)
{
    dln_cma_layout_release(&chain->layout);
    dln_watch_release(&chain->watch);
    release_link(&chain->settled);
    release_link(&chain->next);
    free(chain->records);
    free(chain->points);
    free(chain->pool);
    free(chain->firsts);
    *chain = (struct dln_cma_chain){0};
}

/* ── records ───────────────────────────────────────────────────────────────────────────────────*/

static size_t width_of(const struct dln_cma_chain *chain)
{
    return chain->layout.n_axes + chain->layout.n_choices;
}

static size_t find(const struct dln_cma_chain *chain, int64_t number)
{
    size_t low = 0;
    size_t high = chain->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (chain->records[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < chain->n && chain->records[low].number == number ? low : SIZE_MAX;
}

static bool reserve(struct dln_cma_chain *chain, const struct dln_news *news)
{
    const size_t n = chain->n + news->n_asked;
    if (n > chain->cap) {
        size_t cap = chain->cap ? chain->cap : 64;
        while (cap < n)
            cap *= 2;
        struct dln_cma_record *records = realloc(chain->records, cap * sizeof *records);
        if (records) chain->records = records;
        double *points = realloc(chain->points, (cap * width_of(chain) + 1) * sizeof *points);
        if (points) chain->points = points;
        if (!records || !points) return false;
        chain->cap = cap;
    }
    if (chain->n_pool + news->n_done > chain->cap_pool) {
        const size_t cap = 2 * (chain->n_pool + news->n_done);
        size_t *pool = realloc(chain->pool, cap * sizeof *pool);
        if (!pool) return false;
        chain->pool = pool;
        chain->cap_pool = cap;
    }
    return true;
}

/* Notes which trial is the first of a generation. */
static bool note_first(struct dln_cma_chain *chain, size_t generation, int64_t number)
{
    if (generation >= chain->cap_firsts) {
        size_t cap = chain->cap_firsts ? chain->cap_firsts : 64;
        while (cap <= generation)
            cap *= 2;
        int64_t *firsts = realloc(chain->firsts, cap * sizeof *firsts);
        if (!firsts) return false;
        chain->firsts = firsts;
        chain->cap_firsts = cap;
    }
    while (chain->n_firsts <= generation)
        chain->firsts[chain->n_firsts++] = -1;
    if (chain->firsts[generation] < 0) chain->firsts[generation] = number;
    return true;
}

/* A generation beyond the number of trials cannot be: whose note it is, it is not ours. */
static bool take_asked(struct dln_cma_chain *chain, const struct dln_ask *ask, size_t index,
                       double *raw)
{
    const struct dln_view_trial *trial = &ask->history->trials[index];
    json_t *memo = dln_memo_read(trial);
    struct dln_cma_record record = {.number = trial->number, .generation = -1};
    bool ok = true;
    if (dln_memo_int(memo, "cma", 0, (int64_t)ask->history->n, &record.generation)) {
        ok = note_first(chain, (size_t)record.generation, trial->number);
        dln_memo_read_raw(memo, ask->space, trial, -1, 2, raw);
    } else {
        dln_memo_read_raw(NULL, ask->space, trial, 0, 1, raw);
    }
    json_decref(memo);
    dln_cma_layout_read(&chain->layout, raw, trial->x, chain->points + chain->n * width_of(chain));
    chain->records[chain->n++] = record;
    return ok;
}

static void take_done(struct dln_cma_chain *chain, const struct dln_view_trial *trial)
{
    const size_t index = find(chain, trial->number);
    chain->records[index].is_done = true;
    chain->records[index].rank = dln_rank_of(trial);
    size_t at = chain->n_pool++;
    for (; at > 0 && chain->pool[at - 1] > index; at--)
        chain->pool[at] = chain->pool[at - 1];
    chain->pool[at] = index;
}

static bool is_in_order(const struct dln_cma_chain *chain, const struct dln_ask *ask,
                        const struct dln_news *news)
{
    if (chain->n == 0 || news->n_asked == 0) return true;
    return ask->history->trials[news->asked[0]].number > chain->records[chain->n - 1].number;
}

static bool take_news(struct dln_cma_chain *chain, const struct dln_ask *ask, struct dln_error *err)
{
    struct dln_news news;
    if (!dln_watch_look(&chain->watch, ask, &news, err)) return false;
    if (!news.is_all && !is_in_order(chain, ask, &news)) { /* a trial that waited: read it all */
        dln_watch_forget(&chain->watch);
        if (!dln_watch_look(&chain->watch, ask, &news, err)) return false;
    }
    if (news.is_all) {
        chain->n = chain->n_pool = chain->n_firsts = 0;
        chain->settled.is_made = chain->next.is_made = false;
        chain->rules.seed = ask->seed;
    }
    double *raw = DLN_ARENA_ARRAY(ask->scratch, double, ask->space->n);
    bool ok = raw && reserve(chain, &news);
    for (size_t i = 0; ok && i < news.n_asked; i++)
        ok = take_asked(chain, ask, news.asked[i], raw);
    if (!ok) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    for (size_t i = 0; i < news.n_done; i++)
        take_done(chain, &ask->history->trials[news.done[i]]);
    return true;
}

/* ── links ─────────────────────────────────────────────────────────────────────────────────────*/

static bool set_numbers(struct dln_cma_link *link, size_t n, const int64_t *numbers, size_t of,
                        struct dln_error *err)
{
    if (n > link->cap) {
        int64_t *larger = realloc(link->numbers, n * sizeof *larger);
        if (!larger) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
        link->numbers = larger;
        link->cap = n;
    }
    if (n > 0) memcpy(link->numbers, numbers, n * sizeof *numbers);
    link->n = n;
    link->of = of;
    return true;
}

/* The point that generation 0 is around: the best trial known, else the default point. */
static bool centre(const struct dln_cma_chain *chain, const struct dln_ask *ask, size_t best,
                   double *mean, struct dln_error *err)
{
    const size_t d = ask->space->n;
    double *x = DLN_ARENA_ARRAY(ask->scratch, double, 2 * d);
    if (!x) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    dln_space_initial(ask->space, x);
    dln_space_encode(ask->space, x, x + d);
    dln_cma_layout_read(&chain->layout, x + d, x, mean);
    for (size_t i = 0; i < chain->layout.n_axes; i++) {
        const double u = best < chain->n ? chain->points[best * width_of(chain) + i] : (double)NAN;
        if (!isnan(u)) mean[i] = u;
        if (isnan(mean[i])) mean[i] = 0.5;
    }
    return true;
}

/*
 * The best tenth of each earlier study as points, in *points; as many as there are, 0 where too few
 * are known to tell a direction. *best is the first of them.
 */
static bool read_past(const struct dln_cma_chain *chain, const struct dln_ask *ask, double **points,
                      size_t *n, struct dln_error *err)
{
    const struct dln_history_view *history = ask->history;
    const size_t width = width_of(chain);
    *points = DLN_ARENA_ARRAY(ask->scratch, double, (history->n_past + 1) * width);
    if (!*points) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    *n = 0;
    for (size_t first = 0; first < history->n_past;) {
        size_t count = 1;
        while (first + count < history->n_past &&
               history->past[first + count].strategy == history->past[first].strategy)
            count++;
        const size_t good = count < WARM_MIN ? 0 : count / 10;
        for (size_t i = first; i < first + good && *n < WARM_MAX; i++, ++*n) {
            dln_cma_layout_read(&chain->layout, history->past[i].u, history->past[i].x,
                                *points + *n * width);
        }
        first += count;
    }
    return true;
}

/*
 * Generation 0 from the good trials that link->numbers names, or, while the study has too few of
 * its own, from those of earlier studies.
 */
static bool make_first(const struct dln_cma_chain *chain, const struct dln_ask *ask,
                       struct dln_cma_link *link, struct dln_error *err)
{
    const size_t width = width_of(chain);
    double *points = DLN_ARENA_ARRAY(ask->scratch, double, (link->n + 1) * width);
    if (!points) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    double *mean = points + link->n * width;
    size_t n = 0;
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < link->n; i++) {
        const size_t at = find(chain, link->numbers[i]);
        if (at == SIZE_MAX || !chain->records[at].is_done) continue;
        if (width > 0)
            memcpy(points + n++ * width, chain->points + at * width, width * sizeof *points);
        if (best == SIZE_MAX ||
            dln_rank_compare(&chain->records[at].rank, &chain->records[best].rank) < 0) {
            best = at;
        }
    }
    if (!centre(chain, ask, best, mean, err)) return false;
    size_t good = link->of >= WARM_MIN ? n : 0;
    if (good == 0 && ask->history->n_past > 0 && !read_past(chain, ask, &points, &good, err)) {
        return false;
    }
    return dln_cma_model_start(&link->model, &chain->layout, &chain->rules, mean, good, points,
                               err);
}

/* The generation after `from`, by the trials that link->numbers names. */
static bool make_next(const struct dln_cma_chain *chain, const struct dln_ask *ask,
                      const struct dln_cma_model *from, struct dln_cma_link *link,
                      struct dln_error *err)
{
    struct dln_ranked *order = DLN_ARENA_ARRAY(ask->scratch, struct dln_ranked, link->n);
    struct dln_cma_row *rows = DLN_ARENA_ARRAY(ask->scratch, struct dln_cma_row, link->n);
    if (!order || !rows) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    size_t n = 0;
    for (size_t i = 0; i < link->n; i++) {
        const size_t at = find(chain, link->numbers[i]);
        if (at == SIZE_MAX || !chain->records[at].is_done) continue;
        const struct dln_cma_record *record = &chain->records[at];
        order[n++] =
            (struct dln_ranked){.rank = record->rank, .number = record->number, .index = at};
    }
    dln_rank_sort(order, n);
    for (size_t i = 0; i < n; i++) {
        rows[i] = (struct dln_cma_row){.point = chain->points + order[i].index * width_of(chain),
                                       .rank = order[i].rank,
                                       .is_strange = chain->records[order[i].index].generation !=
                                                     from->generation};
    }
    if (!dln_cma_model_copy(&link->model, from, &chain->layout, err)) return false;
    if (n < DLN_CMA_LAMBDA_MIN) { /* nothing to learn from: a note that is not ours */
        link->model.generation++;
        return true;
    }
    return dln_cma_model_update(&link->model, &chain->layout, &chain->rules, n, rows, err);
}

/* ── what the notes say ────────────────────────────────────────────────────────────────────────*/

static bool is_next(const struct dln_cma_chain *chain, size_t n, const int64_t *numbers, size_t of)
{
    const struct dln_cma_link *next = &chain->next;
    return next->is_made && next->n == n && next->of == of &&
           (n == 0 || memcmp(next->numbers, numbers, n * sizeof *numbers) == 0);
}

/* Trials that are used are not used again; nor are those of earlier runs, and strangers of old. */
static void clean_pool(struct dln_cma_chain *chain, int64_t first)
{
    const struct dln_cma_link *link = &chain->settled;
    for (size_t i = 0; i < link->n; i++) {
        const size_t at = find(chain, link->numbers[i]);
        if (at != SIZE_MAX) chain->records[at].is_used = true;
    }
    size_t kept = 0;
    for (size_t i = 0; i < chain->n_pool; i++) {
        const struct dln_cma_record *record = &chain->records[chain->pool[i]];
        const bool is_old = record->generation < 0 ? record->number < first
                                                   : record->generation < link->model.run_start;
        if (!record->is_used && !is_old) chain->pool[kept++] = chain->pool[i];
    }
    chain->n_pool = kept;
}

/* The distribution of a generation that is in the history, as its first trial noted it. */
static bool settle(struct dln_cma_chain *chain, const struct dln_ask *ask, size_t generation,
                   struct dln_error *err)
{
    const int64_t first = chain->firsts[generation];
    const struct dln_view_trial *trial =
        &ask->history->trials[dln_history_find(ask->history, first)];
    int64_t *numbers = DLN_ARENA_ARRAY(ask->scratch, int64_t, USED_MAX);
    if (!numbers) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    json_t *memo = dln_memo_read(trial);
    int64_t of = 0;
    const bool is_first = !chain->settled.is_made;
    (void)dln_memo_int(memo, "of", 0, INT64_MAX, &of);
    const size_t n = dln_memo_read_ranges(memo, is_first ? "warm" : "used", USED_MAX, numbers);
    json_decref(memo);

    if (!is_next(chain, n, numbers, (size_t)of)) {
        chain->next.is_made = false;
        if (!set_numbers(&chain->next, n, numbers, (size_t)of, err)) return false;
        if (is_first ? !make_first(chain, ask, &chain->next, err)
                     : !make_next(chain, ask, &chain->settled.model, &chain->next, err)) {
            return false;
        }
    }
    const struct dln_cma_link made = chain->next;
    chain->next = chain->settled;
    chain->settled = made;
    chain->next.is_made = false;
    chain->settled.is_made = true;
    chain->settled.model.generation = (int64_t)generation;
    clean_pool(chain, first);
    return true;
}

/* ── what comes next ───────────────────────────────────────────────────────────────────────────*/

/* The best tenth of what is known, in ascending number; *of: how many are known. */
static bool choose_warm(const struct dln_cma_chain *chain, const struct dln_ask *ask, size_t *n,
                        int64_t **numbers, size_t *of, struct dln_error *err)
{
    struct dln_ranked *known = DLN_ARENA_ARRAY(ask->scratch, struct dln_ranked, chain->n_pool);
    *numbers = DLN_ARENA_ARRAY(ask->scratch, int64_t, WARM_MAX);
    if (!known || !*numbers) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    *of = 0;
    for (size_t i = 0; i < chain->n_pool; i++) {
        const struct dln_cma_record *record = &chain->records[chain->pool[i]];
        if (record->rank.class != DLN_RANK_FINE) continue;
        known[(*of)++] = (struct dln_ranked){.rank = record->rank, .number = record->number};
    }
    dln_rank_sort(known, *of);
    *n = *of / 10; /* gamma = 0.1: Nomura et al. (2021) */
    if (*n > WARM_MAX) *n = WARM_MAX;
    if (*of < WARM_MIN) *n = *of > 0;
    for (size_t i = 0; i < *n; i++) {
        size_t at = i;
        for (; at > 0 && (*numbers)[at - 1] > known[i].number; at--)
            (*numbers)[at] = (*numbers)[at - 1];
        (*numbers)[at] = known[i].number;
    }
    return true;
}

/*
 * The trials of the next update, or none yet. Those of this run count, also late ones of earlier
 * generations, the oldest first; of trials that others made meanwhile, the best, for at most a
 * fifth.
 */
static bool choose_used(const struct dln_cma_chain *chain, const struct dln_ask *ask, size_t *n,
                        int64_t **numbers, struct dln_error *err)
{
    const size_t lambda = chain->settled.model.lambda;
    const int64_t first = chain->firsts[chain->settled.model.generation];
    struct dln_ranked *strange = DLN_ARENA_ARRAY(ask->scratch, struct dln_ranked, chain->n_pool);
    *numbers = DLN_ARENA_ARRAY(ask->scratch, int64_t, lambda);
    if (!strange || !*numbers) return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    size_t n_strange = 0;
    size_t n_own = 0;
    for (size_t i = 0; i < chain->n_pool; i++) {
        const struct dln_cma_record *record = &chain->records[chain->pool[i]];
        if (record->generation >= chain->settled.model.run_start) {
            n_own++;
        } else if (record->generation < 0 && record->number >= first &&
                   record->rank.class == DLN_RANK_FINE) {
            strange[n_strange++] =
                (struct dln_ranked){.rank = record->rank, .number = record->number};
        }
    }
    const size_t most = lambda / 5 > 0 ? lambda / 5 : 1;
    dln_rank_sort(strange, n_strange);
    if (n_strange > most) n_strange = most;
    *n = 0;
    if (n_own + n_strange < lambda) return true;
    size_t room = lambda - n_strange; /* for our own */
    for (size_t i = 0; i < chain->n_pool; i++) {
        const struct dln_cma_record *record = &chain->records[chain->pool[i]];
        bool is_taken = false;
        for (size_t k = 0; k < n_strange; k++)
            is_taken |= strange[k].number == record->number;
        if (!is_taken && room > 0 && record->generation >= chain->settled.model.run_start) {
            is_taken = true;
            room--;
        }
        if (is_taken) (*numbers)[(*n)++] = record->number;
    }
    return true;
}

/* The distribution for the next trial, in `next` when it is a new one. */
static bool prepare(struct dln_cma_chain *chain, const struct dln_ask *ask,
                    const struct dln_cma_link **link, struct dln_error *err)
{
    const bool is_first = !chain->settled.is_made;
    size_t n = 0;
    size_t of = 0;
    int64_t *numbers = NULL;
    if (is_first ? !choose_warm(chain, ask, &n, &numbers, &of, err)
                 : !choose_used(chain, ask, &n, &numbers, err)) {
        return false;
    }
    *link = is_first || n > 0 ? &chain->next : &chain->settled;
    if (*link == &chain->settled || is_next(chain, n, numbers, of)) return true;
    chain->next.is_made = false;
    if (!set_numbers(&chain->next, n, numbers, of, err)) return false;
    if (is_first ? !make_first(chain, ask, &chain->next, err)
                 : !make_next(chain, ask, &chain->settled.model, &chain->next, err)) {
        return false;
    }
    chain->next.is_made = true;
    return true;
}

bool dln_cma_chain_follow(struct dln_cma_chain *chain, const struct dln_ask *ask,
                          const struct dln_cma_link **link, struct dln_error *err)
{
    bool ok = take_news(chain, ask, err);
    size_t generation =
        ok && chain->settled.is_made ? (size_t)chain->settled.model.generation + 1 : 0;
    for (; ok && generation < chain->n_firsts; generation++) {
        if (chain->firsts[generation] >= 0) ok = settle(chain, ask, generation, err);
    }
    ok = ok && prepare(chain, ask, link, err);
    if (!ok) dln_watch_forget(&chain->watch);
    return ok;
}
