#include "strategy/tpe_block.h"

#include <math.h>
#include <string.h>

/* ── which parameters belong together ──────────────────────────────────────────────────────────*/

static bool same_condition(const struct dln_param *a, const struct dln_param *b)
{
    if (!a->when || !b->when) return a->when == b->when;
    return strcmp(a->when_text, b->when_text) == 0;
}

static bool is_joint(const struct dln_param *param, enum dln_tpe_scope scope)
{
    return scope == DLN_TPE_JOINT || (scope == DLN_TPE_ROOT && !param->when);
}

bool dln_tpe_blocks_make(const struct dln_space *space, enum dln_tpe_scope scope,
                         struct dln_tpe_blocks *out, struct dln_arena *arena)
{
    struct dln_tpe_block *blocks = DLN_ARENA_ARRAY(arena, struct dln_tpe_block, space->n);
    bool *is_taken = DLN_ARENA_ARRAY(arena, bool, space->n);
    size_t *members = DLN_ARENA_ARRAY(arena, size_t, space->n);
    if (!blocks || !is_taken || !members) return false;
    *out = (struct dln_tpe_blocks){.block = blocks};
    for (size_t i = 0; i < space->n; i++) {
        const struct dln_param *first = &space->params[space->order[i]];
        if (is_taken[space->order[i]] || dln_param_is_single(first)) continue;
        struct dln_tpe_block *block = &blocks[out->n++];
        *block = (struct dln_tpe_block){.params = members, .when = first->when};
        for (size_t k = i; k < space->n; k++) {
            const size_t index = space->order[k];
            const struct dln_param *param = &space->params[index];
            if (is_taken[index] || dln_param_is_single(param)) continue;
            if (k > i && !(is_joint(first, scope) && same_condition(first, param))) continue;
            is_taken[index] = true;
            members[block->d++] = index;
        }
        members += block->d;
    }
    return true;
}

/* ── the models ────────────────────────────────────────────────────────────────────────────────*/

struct model {
    struct dln_parzen_axis **axes;
    struct dln_parzen side[DLN_TPE_SIDES]; /* [DLN_TPE_NONE] is none */
};

/* The trials of one side that have the block. */
struct members {
    size_t n;
    uint32_t *rows;   /* in order of age */
    uint32_t **order; /* for each parameter of the block, ascending */
};

static bool members_init(struct members *members, size_t n, size_t d, struct dln_arena *arena)
{
    *members = (struct members){0};
    members->rows = DLN_ARENA_ARRAY(arena, uint32_t, n);
    members->order = DLN_ARENA_ARRAY(arena, uint32_t *, d);
    for (size_t j = 0; members->order && j < d; j++) {
        members->order[j] = DLN_ARENA_ARRAY(arena, uint32_t, n);
        if (!members->order[j]) return false;
    }
    return members->rows && members->order;
}

/* The side of each trial, NONE where it lacks a parameter of the block. */
static uint8_t *sides_of(const struct dln_tpe_query *query, const struct dln_tpe_block *block)
{
    const size_t n = query->table->n;
    uint8_t *side = DLN_ARENA_ARRAY(query->arena, uint8_t, n);
    if (!side) return NULL;
    memcpy(side, query->split->side, n);
    for (size_t j = 0; j < block->d; j++) {
        const struct dln_parzen_kernel *kernel = query->table->axes[block->params[j]].kernel;
        if (query->table->n_order[block->params[j]] == n) continue;
        for (size_t i = 0; i < n; i++) {
            if (isnan(kernel[i].at)) side[i] = DLN_TPE_NONE;
        }
    }
    return side;
}

static bool gather(const struct dln_tpe_query *query, const struct dln_tpe_block *block,
                   struct members members[DLN_TPE_SIDES])
{
    const struct dln_tpe_table *table = query->table;
    const uint8_t *side = sides_of(query, block);
    if (!side) return false;
    for (size_t s = 0; s < DLN_TPE_SIDES; s++) {
        /* those that lack the block have left their side for NONE */
        const size_t room = s == DLN_TPE_NONE ? table->n : query->split->n[s];
        if (!members_init(&members[s], room, block->d, query->arena)) return false;
    }
    for (uint32_t i = 0; i < table->n; i++) {
        struct members *own = &members[side[i]];
        own->rows[own->n++] = i;
    }
    for (size_t j = 0; j < block->d; j++) {
        const size_t param = block->params[j];
        if (table->axes[param].kind == DLN_PARZEN_CHOICE) continue;
        const uint32_t *order = table->order[param];
        size_t n[DLN_TPE_SIDES] = {0};
        for (size_t i = 0; i < table->n_order[param]; i++) {
            const uint8_t s = side[order[i]];
            members[s].order[j][n[s]++] = order[i];
        }
    }
    return true;
}

/* The weights of the good trials and of the prior; *weight stays NULL for those by age. */
static bool weigh(const struct dln_tpe_query *query, const struct members *good, double **weight)
{
    const size_t n_past = query->split->n_past;
    const bool by_rank = query->weights == DLN_TPE_BY_RANK && query->ask->history->m == 1;
    if (!by_rank && n_past == 0) return true;
    double *w = DLN_ARENA_ARRAY(query->arena, double, good->n + 1);
    if (!w) return false;
    const double n_own = (double)(query->split->n[DLN_TPE_GOOD] - n_past);
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < good->n; i++) {
        if (good->rows[i] < n_past) continue;
        const double place = (double)query->split->place[good->rows[i]];
        w[i] = by_rank ? log((n_own + 1) / (place + 1)) + 0.1 : 1;
        sum += w[i];
        n++;
    }
    for (size_t i = 0; i < good->n; i++)
        w[i] = good->rows[i] < n_past ? query->split->past_weight : w[i] * (double)n / sum;
    w[good->n] = 1;
    *weight = w;
    return true;
}

static bool fit(const struct dln_tpe_query *query, const struct dln_tpe_block *block,
                struct model *model)
{
    struct members members[DLN_TPE_SIDES];
    double *weight[DLN_TPE_SIDES] = {NULL};
    model->axes = DLN_ARENA_ARRAY(query->arena, struct dln_parzen_axis *, block->d);
    if (!model->axes || !gather(query, block, members) ||
        !weigh(query, &members[DLN_TPE_GOOD], &weight[DLN_TPE_GOOD])) {
        return false;
    }
    for (size_t j = 0; j < block->d; j++)
        model->axes[j] = &query->table->axes[block->params[j]];
    for (size_t s = DLN_TPE_GOOD; s < DLN_TPE_SIDES; s++) {
        if (!dln_parzen_fit(&model->side[s], block->d, model->axes, members[s].n, members[s].rows,
                            (const uint32_t *const *)members[s].order, weight[s], query->widths,
                            query->arena)) {
            return false;
        }
    }
    return true;
}

/* ── candidates ────────────────────────────────────────────────────────────────────────────────*/

struct candidates {
    size_t n;
    double *x;                      /* n × d, in the block's order */
    struct dln_parzen_value *value; /* n × d */
};

/*
 * The probability of each kernel of the good model: its weight, times its density at what a person
 * fixed.
 */
static const double *kernel_weights(const struct dln_tpe_query *query,
                                    const struct dln_tpe_block *block, const struct model *model)
{
    const struct dln_parzen *good = &model->side[DLN_TPE_GOOD];
    double *weight = DLN_ARENA_ARRAY(query->arena, double, good->n + 1);
    if (!weight) return NULL;
    double most = -HUGE_VAL;
    for (size_t i = 0; i <= good->n; i++) {
        weight[i] = log(good->weight[i]);
        for (size_t j = 0; j < block->d; j++) {
            const size_t param = block->params[j];
            const double x = query->ask->fixed[param];
            if (isnan(x)) continue;
            weight[i] += dln_parzen_log_kernel(
                good, i, j, dln_tpe_value(&query->ask->space->params[param], model->axes[j], x));
        }
        most = fmax(most, weight[i]);
    }
    double sum = 0;
    for (size_t i = 0; i <= good->n; i++)
        sum += weight[i] = exp(weight[i] - most);
    for (size_t i = 0; i <= good->n; i++)
        weight[i] /= sum;
    return weight;
}

/* Sets parameter j of a candidate from a draw, as the value that it decodes to. */
static void set_value(const struct dln_tpe_query *query, const struct dln_tpe_block *block,
                      const struct model *model, size_t j, double draw, double *x,
                      struct dln_parzen_value *value)
{
    const size_t index = block->params[j];
    const struct dln_param *param = &query->ask->space->params[index];
    const double fixed = query->ask->fixed[index];
    const bool is_choice = model->axes[j]->kind == DLN_PARZEN_CHOICE;
    *x = !isnan(fixed) ? fixed : is_choice ? draw : dln_param_decode(param, draw);
    *value = dln_tpe_value(param, model->axes[j], *x);
    if (model->axes[j]->kind == DLN_PARZEN_LINE && isnan(fixed)) value->at = draw;
}

static bool draw_candidates(const struct dln_tpe_query *query, const struct dln_tpe_block *block,
                            const struct model *model, struct candidates *out)
{
    /* After a refusal the good trials may have nothing new to offer: half is drawn from anywhere.
     */
    const size_t n_prior = query->ask->attempt > 0 ? query->n_candidates : 0;
    const struct dln_parzen *good = &model->side[DLN_TPE_GOOD];
    const double *weight = kernel_weights(query, block, model);
    out->n = query->n_candidates + n_prior;
    out->x = DLN_ARENA_ARRAY(query->arena, double, out->n * block->d);
    out->value = DLN_ARENA_ARRAY(query->arena, struct dln_parzen_value, out->n * block->d);
    if (!weight || !out->x || !out->value) return false;
    for (size_t c = 0; c < out->n; c++) {
        const size_t kernel =
            c < query->n_candidates ? dln_parzen_draw_kernel(good, weight, query->rng) : good->n;
        for (size_t j = 0; j < block->d; j++) {
            const double draw = dln_parzen_draw(good, kernel, j, query->rng);
            set_value(query, block, model, j, draw, &out->x[c * block->d + j],
                      &out->value[c * block->d + j]);
        }
    }
    return true;
}

/* Whether a candidate could be the answer; `x` is changed in the block's parameters. */
static bool is_welcome(const struct dln_tpe_query *query, const struct dln_tpe_block *block,
                       const double *candidate, double *x, double *scratch)
{
    const struct dln_ask *ask = query->ask;
    if (ask->space->n_constraints == 0 && ask->attempt == 0) return true;
    for (size_t j = 0; j < block->d; j++)
        x[block->params[j]] = candidate[j];
    if (!dln_space_allows(ask->space, x, NULL)) return false;
    if (ask->attempt == 0) return true;
    memcpy(scratch, x, ask->space->n * sizeof *x);
    const bool is_complete = dln_space_activate(ask->space, scratch);
    return !is_complete || !dln_history_has(ask->history, ask->space, scratch);
}

static double log_sum(double a, double b)
{
    const double most = fmax(a, b);
    return most + log(exp(a - most) + exp(b - most));
}

/*
 * log l - log g, g being the density of all trials that are not good, plus the log of how likely a
 * trial there goes well: the share of those that neither failed nor broke a limit. Expected
 * improvement under unknown constraints is the product of both (Gelbart et al., "Bayesian
 * optimization with unknown constraints", 2014).
 */
static double score_of(const struct model *model, const struct dln_parzen_value *value,
                       double log_good, struct dln_parzen_scratch *room, double *log_ratio)
{
    const struct dln_parzen *side = model->side;
    const double n_good = (double)side[DLN_TPE_GOOD].n + 1;
    const double n_rest = (double)side[DLN_TPE_REST].n + 1;
    const double n_bad = (double)side[DLN_TPE_BAD].n;
    const double log_rest = dln_parzen_log_density(&side[DLN_TPE_REST], value, room);
    *log_ratio = log_good - log_rest;
    if (n_bad == 0) return *log_ratio;
    const double log_bad = dln_parzen_log_density(&side[DLN_TPE_BAD], value, room) + log(n_bad);
    const double log_others = log_sum(log_rest + log(n_rest), log_bad);
    *log_ratio = log_good - log_others + log(n_rest + n_bad);
    const double log_well = log_sum(log_good + log(n_good), log_rest + log(n_rest));
    return *log_ratio + log_well - log_sum(log_well, log_bad);
}

/* No score_of() is higher: the prior alone is less than all of g. */
static double bound_of(const struct model *model, const struct dln_parzen_value *value,
                       double log_good)
{
    const struct dln_parzen *rest = &model->side[DLN_TPE_REST];
    const double n_bad = (double)model->side[DLN_TPE_BAD].n;
    const double n_rest = (double)rest->n + 1;
    return log_good - dln_parzen_log_prior(rest, value) + log1p(n_bad / n_rest);
}

/*
 * The candidate with the highest score, the first one if all have a log_good of −inf. Candidates
 * are taken by the upper bound of their score, until no other one can be better. Those left need no
 * g, which is what costs.
 */
static size_t choose(const struct model *model, const struct candidates *candidates,
                     const double *log_good, double *bound, struct dln_parzen_scratch *room,
                     double *log_ratio)
{
    const size_t d = model->side[DLN_TPE_REST].d;
    size_t best = 0;
    double best_score = -HUGE_VAL;
    *log_ratio = 0;
    for (size_t c = 0; c < candidates->n; c++)
        bound[c] = bound_of(model, &candidates->value[c * d], log_good[c]);
    for (;;) {
        size_t next = 0;
        for (size_t c = 1; c < candidates->n; c++) {
            if (bound[c] > bound[next]) next = c;
        }
        if (bound[next] <= best_score) return best;
        bound[next] = -HUGE_VAL;
        double ratio = 0;
        const double score =
            score_of(model, &candidates->value[next * d], log_good[next], room, &ratio);
        if (score <= best_score) continue;
        best = next;
        best_score = score;
        *log_ratio = ratio;
    }
}

bool dln_tpe_block_suggest(const struct dln_tpe_query *query, const struct dln_tpe_block *block,
                           double *x, double *log_ratio)
{
    struct model model;
    struct candidates candidates;
    struct dln_parzen_scratch room;
    double *scratch = DLN_ARENA_ARRAY(query->arena, double, query->ask->space->n);
    if (!scratch || !fit(query, block, &model) ||
        !draw_candidates(query, block, &model, &candidates) ||
        !dln_parzen_scratch_init(&room, block->d, query->table->n, query->arena)) {
        return false;
    }
    double *log_good = DLN_ARENA_ARRAY(query->arena, double, candidates.n);
    double *bound = DLN_ARENA_ARRAY(query->arena, double, candidates.n);
    if (!log_good || !bound) return false;
    for (size_t c = 0; c < candidates.n; c++) {
        log_good[c] = -HUGE_VAL;
        if (!is_welcome(query, block, &candidates.x[c * block->d], x, scratch)) continue;
        log_good[c] = dln_parzen_log_density(&model.side[DLN_TPE_GOOD],
                                             &candidates.value[c * block->d], &room);
    }
    const size_t best = choose(&model, &candidates, log_good, bound, &room, log_ratio);
    for (size_t j = 0; j < block->d; j++)
        x[block->params[j]] = candidates.x[best * block->d + j];
    return true;
}
