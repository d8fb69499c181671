/*
 * A predictor's life: trials come in, models are fitted to them once a revision of the history, and
 * what every question needs is made ready: all finished trials as columns, what has been tried.
 */
#include "insight/predictor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "insight/lessons.h"
#include "math/blas.h"

static bool fail_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory for a prediction");
}

/* ── life ──────────────────────────────────────────────────────────────────────────────────────*/

static bool copy_space(dln_predictor *predictor)
{
    const size_t d = predictor->space->n;
    struct dln_param *params = DLN_ARENA_ARRAY(&predictor->arena, struct dln_param, d);
    predictor->is_optional = DLN_ARENA_ARRAY(&predictor->arena, bool, d);
    if (!params || !predictor->is_optional) return false;
    if (d > 0) memcpy(params, predictor->space->params, d * sizeof *params);
    predictor->modelled = *predictor->space;
    predictor->modelled.params = params;
    return true;
}

static bool allocate(dln_predictor *predictor, const bool *maximize)
{
    struct dln_arena *arena = &predictor->arena;
    const size_t d = predictor->space->n;
    const size_t m = predictor->m;
    struct dln_objective *objectives = DLN_ARENA_ARRAY(arena, struct dln_objective, m);
    predictor->maximize = DLN_ARENA_ARRAY(arena, bool, m);
    predictor->values = DLN_ARENA_ARRAY(arena, struct dln_belief, m);
    predictor->trusts = DLN_ARENA_ARRAY(arena, struct dln_trust, m);
    predictor->x = DLN_ARENA_ARRAY(arena, double, 4 * d);
    predictor->mean = DLN_ARENA_ARRAY(arena, double, 2 * DLN_PREDICT_BATCH);
    predictor->has_choice = DLN_ARENA_ARRAY(arena, bool *, d);
    if (!objectives || !predictor->maximize || !predictor->values || !predictor->trusts ||
        !predictor->x || !predictor->mean || !predictor->has_choice || !copy_space(predictor)) {
        return false;
    }
    predictor->u = predictor->x + d;
    predictor->tried_low = predictor->x + 2 * d;
    predictor->tried_high = predictor->x + 3 * d;
    predictor->sd = predictor->mean + DLN_PREDICT_BATCH;
    for (size_t i = 0; i < d; i++) {
        const size_t n = predictor->space->params[i].n_choices;
        predictor->has_choice[i] = DLN_ARENA_ARRAY(arena, bool, n);
        if (!predictor->has_choice[i]) return false;
    }
    for (size_t k = 0; k < m; k++) {
        predictor->maximize[k] = maximize[k];
        objectives[k] = (struct dln_objective){.metric = "", .maximize = maximize[k]};
    }
    predictor->study =
        (struct dln_study){.space = *predictor->space, .n_objectives = m, .objectives = objectives};
    return true;
}

bool dln_predictor_new(const struct dln_space *space, size_t m, const bool *maximize,
                       dln_predictor **out, struct dln_error *err)
{
    if (m > DLN_OBJECTIVES_MAX) {
        return dln_fail(err, DLN_UNSUPPORTED, "%zu objectives are too many: at most %d", m,
                        DLN_OBJECTIVES_MAX);
    }
    if (!dln_blas_open(err)) return false;
    dln_predictor *predictor = calloc(1, sizeof *predictor);
    if (!predictor) return fail_memory(err);
    predictor->space = space;
    predictor->m = m;
    if (!allocate(predictor, maximize)) {
        dln_predictor_free(predictor);
        return fail_memory(err);
    }
    if (!dln_history_new(&predictor->study, &predictor->history, err)) {
        dln_predictor_free(predictor);
        return false;
    }
    *out = predictor;
    return true;
}

static void forget_models(dln_predictor *predictor)
{
    for (size_t k = 0; predictor->values && k < predictor->m; k++)
        dln_belief_release(&predictor->values[k]);
    dln_belief_release(&predictor->runs);
    dln_belief_release(&predictor->limits);
    dln_belief_release(&predictor->time);
}

void dln_predictor_allow_gaps(dln_predictor *predictor)
{
    predictor->allows_gaps = true;
}

void dln_predictor_free(dln_predictor *predictor)
{
    if (!predictor) return;
    forget_models(predictor);
    dln_history_free(predictor->history);
    free(predictor->times);
    dln_arena_release(&predictor->fitted);
    dln_arena_release(&predictor->coded);
    dln_arena_release(&predictor->arena);
    free(predictor);
}

/* ── trials ────────────────────────────────────────────────────────────────────────────────────*/

/* The first time whose number is not below. */
static size_t place_of_time(const dln_predictor *predictor, int64_t number)
{
    size_t low = 0;
    size_t high = predictor->n_times;
    if (high > 0 && predictor->times[high - 1].number < number) return high;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (predictor->times[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool put_time(dln_predictor *predictor, int64_t number, double s)
{
    const size_t at = place_of_time(predictor, number);
    if (at < predictor->n_times && predictor->times[at].number == number) {
        predictor->times[at].s = s;
        return true;
    }
    if (predictor->n_times == predictor->cap_times) {
        const size_t cap = predictor->cap_times ? 2 * predictor->cap_times : 64;
        struct dln_run_time *times = realloc(predictor->times, cap * sizeof *times);
        if (!times) return false;
        predictor->times = times;
        predictor->cap_times = cap;
    }
    memmove(predictor->times + at + 1, predictor->times + at,
            (predictor->n_times - at) * sizeof *predictor->times);
    predictor->times[at] = (struct dln_run_time){number, s};
    predictor->n_times++;
    return true;
}

bool dln_predictor_learn(dln_predictor *predictor, size_t n, const struct dln_history_row *rows,
                         const double *run_s, struct dln_error *err)
{
    predictor->is_fitted = false; /* trials move in memory */
    for (size_t i = 0; i < n; i++) {
        if (run_s && !put_time(predictor, rows[i].number, run_s[i])) return fail_memory(err);
        if (!dln_history_put(predictor->history, &rows[i], err)) return false;
    }
    return true;
}

static const struct dln_view_trial *find(const struct dln_history_view *history, int64_t number)
{
    size_t low = 0;
    size_t high = history->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (history->trials[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < history->n && history->trials[low].number == number ? &history->trials[low] : NULL;
}

const struct dln_view_trial *dln_predictor_trial(const struct dln_predictor *predictor,
                                                 int64_t number)
{
    const struct dln_history_view *history = dln_history_view(predictor->history);
    if (number >= 0) return find(history, number);
    return predictor->m > 0 && predictor->trusts[0].best_number >= 0
               ? find(history, predictor->trusts[0].best_number)
               : NULL;
}

/* ── fitting ───────────────────────────────────────────────────────────────────────────────────*/

/* The best complete trial that kept all limits; of equal ones the lowest number. */
static void find_best(const struct dln_predictor *predictor, size_t objective,
                      struct dln_trust *trust)
{
    const struct dln_history_view *history = dln_history_view(predictor->history);
    double least = HUGE_VAL;
    trust->best_number = -1;
    trust->best = NAN;
    for (size_t i = 0; i < history->n; i++) {
        const struct dln_view_trial *trial = &history->trials[i];
        if (trial->state != DLN_TRIAL_COMPLETE || trial->violation > 0) continue;
        const double loss = trial->loss[objective];
        if (!isfinite(loss) || loss >= least) continue;
        least = loss;
        trust->best_number = trial->number;
        trust->best = predictor->maximize[objective] ? -loss : loss;
    }
}

static const char *explain_lack(dln_predictor *predictor, size_t n_complete)
{
    if (predictor->coding.layout.n_ell == 0) return "the space has only one point";
    if (n_complete >= DLN_PREDICT_TRIALS_MIN) return "all values are equal: nothing to learn from";
    const char *text =
        dln_arena_printf(&predictor->fitted, "the model needs %d complete trials, there %s %zu",
                         (int)DLN_PREDICT_TRIALS_MIN, n_complete == 1 ? "is" : "are", n_complete);
    return text ? text : "";
}

/*
 * In the objective's units, by the slope of the warp: where the values are noise alone in their
 * middle, else one sd below the best, which is a lucky one.
 */
static double noise_near_best(const dln_predictor *predictor, size_t objective)
{
    const struct dln_gp_model *model = predictor->values[objective].model;
    const double best = predictor->trusts[objective].best;
    const bool explains = predictor->trusts[objective].r2 >= DLN_PREDICT_R2_MIN;
    if (isnan(best)) return NAN;
    const double sd = explains ? fmin(sqrt(model->gp.sn2), 1) : 1; /* values have variance 1 */
    const double at = dln_warp_apply(&model->warp, predictor->maximize[objective] ? best : -best);
    struct dln_expected seen;
    dln_predictor_units(predictor, objective, explains ? at - sd : 0, sd, &seen);
    return seen.sd;
}

static bool fit_value(dln_predictor *predictor, size_t objective, struct dln_arena *scratch,
                      struct dln_error *err)
{
    struct dln_lesson lesson;
    struct dln_belief *belief = &predictor->values[objective];
    struct dln_trust *trust = &predictor->trusts[objective];
    *trust = (struct dln_trust){.r2 = NAN, .coverage = NAN, .noise_sd = NAN, .why_not = ""};
    find_best(predictor, objective, trust);
    if (!dln_lesson_value(&lesson, dln_history_view(predictor->history), &predictor->coding,
                          objective, &trust->n, scratch)) {
        return fail_memory(err);
    }
    if (trust->n < DLN_PREDICT_TRIALS_MIN) lesson.n = 0;
    if (!dln_belief_learn(belief, &lesson, scratch, err)) return false;
    trust->is_known = belief->model != NULL;
    if (!trust->is_known) {
        trust->why_not = explain_lack(predictor, trust->n);
        return true;
    }
    trust->n_used = lesson.n;
    trust->r2 = belief->r2;
    trust->coverage = belief->coverage;
    trust->noise_sd = noise_near_best(predictor, objective);
    return true;
}

/* A model where both kinds of trials are there; else the rate must do. */
static bool fit_mark(dln_predictor *predictor, enum dln_mark mark, struct dln_belief *belief,
                     double *rate, struct dln_arena *scratch, struct dln_error *err)
{
    struct dln_lesson lesson;
    size_t n_good = 0;
    size_t n_bad = 0;
    if (!dln_lesson_mark(&lesson, dln_history_view(predictor->history), &predictor->coding, mark,
                         &n_good, &n_bad, scratch)) {
        return fail_memory(err);
    }
    /* Jeffreys' estimate; limits that nothing has broken may not be there at all */
    *rate = ((double)n_good + 0.5) / ((double)(n_good + n_bad) + 1);
    if (n_good + n_bad == 0) *rate = NAN;
    if (mark == DLN_MARK_LIMITS && n_bad == 0) *rate = 1;
    if (n_good < 2 || n_bad < 2) lesson.n = 0;
    return dln_belief_learn(belief, &lesson, scratch, err);
}

static int ascending(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

static bool fit_time(dln_predictor *predictor, struct dln_arena *scratch, struct dln_error *err)
{
    const struct dln_history_view *history = dln_history_view(predictor->history);
    struct dln_lesson lesson;
    double *run_s = DLN_ARENA_ARRAY(scratch, double, history->n);
    if (!run_s) return fail_memory(err);
    for (size_t i = 0; i < history->n; i++) {
        const int64_t number = history->trials[i].number;
        const size_t at = place_of_time(predictor, number);
        const bool has = at < predictor->n_times && predictor->times[at].number == number;
        run_s[i] = has ? predictor->times[at].s : (double)NAN;
    }
    if (!dln_lesson_time(&lesson, history, &predictor->coding, run_s, scratch)) {
        return fail_memory(err);
    }
    for (size_t i = 0; i < lesson.n; i++)
        run_s[i] = lesson.y[i];
    qsort(run_s, lesson.n, sizeof *run_s, ascending);
    predictor->time_s = lesson.n > 0 ? exp(run_s[(lesson.n - 1) / 2]) : (double)NAN;
    if (lesson.n < DLN_PREDICT_TRIALS_MIN) lesson.n = 0;
    return dln_belief_learn(&predictor->time, &lesson, scratch, err);
}

/* ── what every question needs ─────────────────────────────────────────────────────────────────*/

static void note_tried(dln_predictor *predictor, const struct dln_view_trial *trial)
{
    for (size_t i = 0; i < predictor->space->n; i++) {
        const double x = trial->x[i];
        if (isnan(x)) continue;
        predictor->tried_low[i] = fmin(predictor->tried_low[i], trial->u[i]);
        predictor->tried_high[i] = fmax(predictor->tried_high[i], trial->u[i]);
        if (x >= 0 && x < (double)predictor->space->params[i].n_choices) {
            predictor->has_choice[i][(size_t)x] = true;
        }
    }
}

static bool gather(dln_predictor *predictor)
{
    const struct dln_history_view *history = dln_history_view(predictor->history);
    const size_t columns = predictor->coding.layout.n_columns;
    struct dln_arena *arena = &predictor->fitted;
    predictor->known = DLN_ARENA_ARRAY(arena, const struct dln_view_trial *, history->n);
    predictor->known_columns = DLN_ARENA_ARRAY(arena, double, history->n *columns);
    predictor->distance = DLN_ARENA_ARRAY(arena, double, 2 * history->n);
    predictor->n_known = 0;
    if (!predictor->known || !predictor->known_columns || !predictor->distance) return false;
    predictor->scaled = predictor->distance + history->n;
    for (size_t i = 0; i < predictor->space->n; i++) {
        predictor->tried_low[i] = HUGE_VAL;
        predictor->tried_high[i] = -HUGE_VAL;
        const size_t n = predictor->space->params[i].n_choices;
        if (n > 0) memset(predictor->has_choice[i], 0, n * sizeof(bool));
    }
    for (size_t i = 0; i < history->n; i++) {
        const struct dln_view_trial *trial = &history->trials[i];
        if (!dln_gp_is_whole(&predictor->coding, trial->x)) continue;
        if (trial->state == DLN_TRIAL_COMPLETE) {
            note_tried(predictor, trial);
        } else if (trial->state != DLN_TRIAL_PRUNED && !dln_lesson_is_telling(trial)) {
            continue;
        }
        predictor->known[predictor->n_known] = trial;
        dln_gp_code(&predictor->coding, trial->x, trial->u,
                    predictor->known_columns + predictor->n_known++ * columns);
    }
    return true;
}

static size_t rows_of(const struct dln_belief *belief)
{
    return belief->model ? belief->model->gp.n : 0;
}

static bool make_query(dln_predictor *predictor)
{
    size_t rows = rows_of(&predictor->runs);
    if (rows_of(&predictor->limits) > rows) rows = rows_of(&predictor->limits);
    if (rows_of(&predictor->time) > rows) rows = rows_of(&predictor->time);
    for (size_t k = 0; k < predictor->m; k++) {
        if (rows_of(&predictor->values[k]) > rows) rows = rows_of(&predictor->values[k]);
    }
    return dln_gp_query_init(&predictor->query, DLN_PREDICT_BATCH, rows, &predictor->fitted);
}

/*
 * A parameter may be new to the study, or its conditions known to a foreign program alone: trials
 * without it still teach something where it is modelled as one that can be absent. False: no
 * memory.
 */
static bool make_coding(dln_predictor *predictor)
{
    static const char always[] = "0 == 0";
    const struct dln_history_view *history = dln_history_view(predictor->history);
    bool is_same = predictor->has_coding;
    for (size_t i = 0; i < predictor->space->n; i++) {
        bool is_optional = false;
        for (size_t t = 0; t < history->n && !is_optional && !predictor->space->params[i].when;
             t++) {
            const struct dln_view_trial *trial = &history->trials[t];
            is_optional = trial->state == DLN_TRIAL_COMPLETE && isnan(trial->x[i]);
        }
        is_same = is_same && is_optional == predictor->is_optional[i];
        predictor->is_optional[i] = is_optional;
    }
    if (is_same) return true;
    forget_models(predictor);
    dln_arena_reset(&predictor->coded);
    predictor->has_coding = false;
    const struct dln_expr *condition = NULL;
    struct dln_error why = {0};
    if (!dln_expr_parse(always, &predictor->coded, &condition, NULL, &why)) return false;
    for (size_t i = 0; i < predictor->space->n; i++) {
        const struct dln_expr *own = predictor->space->params[i].when;
        predictor->modelled.params[i].when = predictor->is_optional[i] ? condition : own;
    }
    if (!dln_gp_coding_init(&predictor->coding, &predictor->modelled, &predictor->coded)) {
        return false;
    }
    const size_t columns = predictor->coding.layout.n_columns;
    predictor->columns = DLN_ARENA_ARRAY(&predictor->coded, double, DLN_PREDICT_BATCH *columns);
    predictor->has_coding = predictor->columns != NULL;
    return predictor->has_coding;
}

static bool fit_all(dln_predictor *predictor, struct dln_arena *scratch, struct dln_error *err)
{
    if (!make_coding(predictor)) return fail_memory(err);
    for (size_t k = 0; k < predictor->m; k++) {
        if (!fit_value(predictor, k, scratch, err)) return false;
        dln_arena_reset(scratch);
    }
    if (!fit_mark(predictor, DLN_MARK_RUNS, &predictor->runs, &predictor->rate_runs, scratch,
                  err)) {
        return false;
    }
    dln_arena_reset(scratch);
    if (!fit_mark(predictor, DLN_MARK_LIMITS, &predictor->limits, &predictor->rate_limits, scratch,
                  err)) {
        return false;
    }
    dln_arena_reset(scratch);
    if (!fit_time(predictor, scratch, err)) return false;
    return (gather(predictor) && make_query(predictor)) || fail_memory(err);
}

bool dln_predictor_fit(dln_predictor *predictor, struct dln_error *err)
{
    const uint64_t revision = dln_history_view(predictor->history)->revision;
    if (predictor->is_fitted && predictor->revision == revision) return true;
    struct dln_arena scratch = {0};
    predictor->is_fitted = false;
    dln_arena_reset(&predictor->fitted);
    const bool ok = fit_all(predictor, &scratch, err);
    dln_arena_release(&scratch);
    predictor->is_fitted = ok;
    predictor->revision = revision;
    return ok;
}

bool dln_predictor_trust(dln_predictor *predictor, size_t objective, struct dln_trust *out,
                         struct dln_error *err)
{
    if (!dln_predictor_fit(predictor, err)) return false;
    *out = predictor->trusts[objective];
    return true;
}
