#include "advice.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOP_SHARE = 10 };
static const int64_t period_ns = 2000000000; /* between two of a kind, while trials end */

/* What comes back for one ask. Owns everything until the ui takes it. */
struct advice_job {
    struct job job;
    char *path;
    int64_t study_id;
    struct loader *loader; /* held: it owns space and definition */
    const struct dln_space *space;
    const struct dln_study *definition; /* NULL: none */
    size_t m;
    bool maximize[DLN_OBJECTIVES_MAX];
    size_t count; /* of suggestions */
    unsigned doubts;
    int64_t state_of;

    struct dln_arena arena;
    dln_predictor *predictor;
    struct dln_trust trust[DLN_OBJECTIVES_MAX];
    struct advice_top *tops;
    size_t n_rows;
    struct dln_peek next;
    int64_t learned_of; /* what the predictor has seen; -1: there is none */
    struct plot_guess_ask guess_ask;
    struct plot_guess guess;
    bool ok;
    struct dln_error err;
};

static void free_job(struct job *job)
{
    struct advice_job *ask = (struct advice_job *)job;
    dln_predictor_free(ask->predictor);
    dln_arena_release(&ask->arena);
    loader_let_go(ask->loader);
    free(ask->path);
    free(ask);
}

/* ── in the thinker's thread ───────────────────────────────────────────────────────────────────*/

static bool fail_memory(struct dln_error *err)
{
    return dln_fail(err, DLN_NOMEM, "out of memory for what the trials say");
}

struct ranked {
    double loss;
    size_t row;
};

static int by_loss(const void *a, const void *b)
{
    const struct ranked *left = a;
    const struct ranked *right = b;
    if (left->loss < right->loss) return -1;
    return left->loss > right->loss;
}

static void find_top(struct advice_top *top, const struct dln_param *param, size_t p,
                     const struct dln_history_row *rows, const struct ranked *best, size_t n)
{
    size_t most = 0;
    *top = (struct advice_top){.low = INFINITY, .high = -INFINITY, .usual = (double)NAN};
    for (size_t k = 0; k < n; k++) {
        const double x = rows[best[k].row].x[p];
        if (isnan(x)) continue;
        top->n++;
        top->low = fmin(top->low, x);
        top->high = fmax(top->high, x);
        size_t same = 0;
        for (size_t j = 0; param->n_choices > 0 && j < n; j++)
            same += rows[best[j].row].x[p] == x;
        if (same <= most) continue;
        most = same;
        top->usual = x;
    }
}

static bool find_tops(struct advice_job *ask, const struct dln_history_row *rows, size_t n)
{
    struct dln_arena arena = {0};
    struct ranked *ranked = DLN_ARENA_ARRAY(&arena, struct ranked, n + 1);
    ask->tops = DLN_ARENA_ARRAY(&ask->arena, struct advice_top, ask->space->n + 1);
    size_t n_ranked = 0;
    for (size_t i = 0; ranked && i < n; i++) {
        if (rows[i].state != DLN_TRIAL_COMPLETE || !isfinite(rows[i].values[0])) continue;
        const double value = rows[i].values[0];
        ranked[n_ranked++] = (struct ranked){ask->maximize[0] ? -value : value, i};
    }
    if (ranked && ask->tops) {
        qsort(ranked, n_ranked, sizeof *ranked, by_loss);
        const size_t n_top = (n_ranked + TOP_SHARE - 1) / TOP_SHARE;
        for (size_t p = 0; p < ask->space->n; p++)
            find_top(&ask->tops[p], &ask->space->params[p], p, rows, ranked, n_top);
    }
    const bool ok = ranked && ask->tops;
    dln_arena_release(&arena);
    return ok || fail_memory(&ask->err);
}

static bool learn(struct advice_job *ask, const struct dln_history_row *rows, size_t n)
{
    struct dln_arena arena = {0};
    double *const run_s = DLN_ARENA_ARRAY(&arena, double, n + 1);
    for (size_t i = 0; run_s && i < n; i++)
        run_s[i] = rows[i].seconds > 0 ? rows[i].seconds : (double)NAN;
    const bool ok = run_s ? n == 0 || dln_predictor_learn(ask->predictor, n, rows, run_s, &ask->err)
                          : fail_memory(&ask->err);
    dln_arena_release(&arena);
    return ok;
}

static bool make_model(struct advice_job *ask, dln_store *store, struct dln_arena *rows_arena)
{
    struct dln_error *err = &ask->err;
    struct dln_history_row *rows = NULL;
    if (!dln_store_history(store, ask->study_id, ask->space, ask->m, 0, rows_arena, &rows,
                           &ask->n_rows, err) ||
        !find_tops(ask, rows, ask->n_rows) ||
        !dln_predictor_new(ask->space, ask->m, ask->maximize, &ask->predictor, err)) {
        return false;
    }
    if (!ask->definition) dln_predictor_allow_gaps(ask->predictor);
    if (!learn(ask, rows, ask->n_rows) || !dln_predictor_fit(ask->predictor, err)) return false;
    for (size_t k = 0; k < ask->m; k++) {
        if (!dln_predictor_trust(ask->predictor, k, &ask->trust[k], err)) return false;
    }
    return true;
}

static void run_model(struct job *job)
{
    struct advice_job *ask = (struct advice_job *)job;
    struct dln_arena rows_arena = {0};
    dln_store *store = NULL;
    ask->ok = dln_store_open(ask->path, DLN_STORE_READ, &store, &ask->err) &&
              make_model(ask, store, &rows_arena);
    dln_store_close(store);
    dln_arena_release(&rows_arena);
}

static void run_guess(struct job *job)
{
    struct advice_job *ask = (struct advice_job *)job;
    ask->ok = true;
    if (!ask->predictor || ask->learned_of != ask->state_of) {
        dln_predictor_free(ask->predictor);
        ask->predictor = NULL;
        run_model(job);
        ask->learned_of = ask->ok ? ask->state_of : -1;
    }
    ask->ok = ask->ok && plot_guess_make(ask->predictor, ask->space, &ask->guess_ask, &ask->arena,
                                         &ask->guess, &ask->err);
}

static void run_next(struct job *job)
{
    struct advice_job *ask = (struct advice_job *)job;
    dln_store *store = NULL;
    struct dln_study *now = NULL; /* the strategy may be another one than at the opening */
    struct dln_study_summary summary;
    ask->ok = dln_store_open(ask->path, DLN_STORE_READ, &store, &ask->err) &&
              dln_store_study(store, ask->study_id, &ask->arena, &summary, &ask->err) &&
              dln_store_definition(store, ask->study_id, &now, &ask->err) &&
              dln_peek_study(store, &summary, now, ask->count, &ask->arena, &ask->next, &ask->err);
    dln_store_close(store);
    dln_study_free(now);
}

/* ── in the ui ─────────────────────────────────────────────────────────────────────────────────*/

static void forget(struct advice *advice)
{
    dln_predictor_free(advice->predictor);
    dln_arena_release(&advice->arena);
    dln_arena_release(&advice->next_arena);
    dln_predictor_free(advice->guesser);
    dln_arena_release(&advice->guess_arena);
    if (advice->loader) loader_let_go(advice->loader);
    const bool is_learning = advice->is_learning, is_asking = advice->is_asking;
    const bool is_guessing = advice->is_guessing;
    *advice = (struct advice){.revision = advice->revision + 1,
                              .learned_of = -1,
                              .asked_of = -1,
                              .guessed_of = -1,
                              .guesser_of = -1,
                              .is_guessing = is_guessing,
                              .is_learning = is_learning,
                              .is_asking = is_asking};
}

struct advice *advice_of(struct view *view)
{
    const struct session *session = &view->session;
    if (!session->is_open || !session->summary || !session->space) return NULL;
    if (!view->advice) {
        view->advice = calloc(1, sizeof *view->advice);
        if (!view->advice) return NULL;
        forget(view->advice);
    }
    struct advice *advice = view->advice;
    if (advice->loader != session->loader || advice->space != session->space) {
        forget(advice);
        advice->loader = session->loader;
        advice->space = session->space;
        loader_hold(session->loader);
    }
    return advice;
}

/* Where the job belongs, or NULL when another study is open by now. */
static struct advice *advice_for(struct view *view, const struct advice_job *ask)
{
    struct advice *advice = view->advice;
    view->is_dirty = true;
    return advice && advice->loader == ask->loader && advice->space == ask->space ? advice : NULL;
}

static void model_done(struct job *job, void *context)
{
    struct advice_job *ask = (struct advice_job *)job;
    struct view *view = context;
    struct advice *advice = advice_for(view, ask);
    if (view->advice) view->advice->is_learning = false;
    if (advice) {
        advice->revision++;
        advice->learned_of = ask->state_of;
        advice->learned_ns = view->now_ns;
        advice->sentence[0] = '\0';
        if (!ask->ok) (void)snprintf(advice->sentence, VIEW_TEXT_MAX, "%.200s", ask->err.text);
    }
    if (advice && ask->ok) {
        dln_predictor_free(advice->predictor);
        dln_arena_release(&advice->arena);
        advice->predictor = ask->predictor;
        ask->predictor = NULL;
        memcpy(advice->trust, ask->trust, sizeof advice->trust);
        advice->n_learned = ask->n_rows;
        advice->arena = ask->arena;
        ask->arena = (struct dln_arena){0};
        advice->tops = ask->tops;
    }
    free_job(job);
}

static void next_done(struct job *job, void *context)
{
    struct advice_job *ask = (struct advice_job *)job;
    struct view *view = context;
    struct advice *advice = advice_for(view, ask);
    if (view->advice) view->advice->is_asking = false;
    if (advice) {
        advice->revision++;
        const bool is_doubted = ask->doubts != advice->doubts; /* while it was asked */
        advice->asked_of = is_doubted ? -1 : ask->state_of;
        advice->asked_ns = is_doubted ? 0 : view->now_ns;
        advice->asked_for = ask->count;
        advice->has_next = ask->ok;
        advice->next_sentence[0] = '\0';
        if (!ask->ok) (void)snprintf(advice->next_sentence, VIEW_TEXT_MAX, "%.200s", ask->err.text);
        dln_arena_release(&advice->next_arena);
        advice->next_arena = ask->arena;
        ask->arena = (struct dln_arena){0};
        advice->next = ask->next;
    }
    free_job(job);
}

static void guess_done(struct job *job, void *context)
{
    struct advice_job *ask = (struct advice_job *)job;
    struct view *view = context;
    struct advice *advice = advice_for(view, ask);
    if (view->advice) view->advice->is_guessing = false;
    if (advice) {
        advice->revision++;
        advice->guessed_of = ask->state_of;
        advice->guessed_ns = view->now_ns;
        advice->guessed = ask->guess_ask;
        advice->has_guess = ask->ok;
        advice->guess = ask->guess;
        dln_arena_release(&advice->guess_arena);
        advice->guess_arena = ask->arena;
        ask->arena = (struct dln_arena){0};
        dln_predictor_free(advice->guesser);
        advice->guesser = ask->predictor;
        advice->guesser_of = ask->learned_of;
        ask->predictor = NULL;
        advice->guess_sentence[0] = '\0';
        if (!ask->ok) {
            (void)snprintf(advice->guess_sentence, VIEW_TEXT_MAX, "%.200s", ask->err.text);
        }
    }
    free_job(job);
}

static struct advice_job *new_job(const struct view *view, int64_t state_of)
{
    const struct session *session = &view->session;
    const struct dln_study_summary *summary = session->summary;
    struct advice_job *ask = calloc(1, sizeof *ask);
    if (!ask) return NULL;
    *ask = (struct advice_job){
        .job = {.drop = free_job},
        .path = strdup(session->path),
        .study_id = session->study_id,
        .loader = session->loader,
        .space = session->space,
        .definition = session->definition,
        .m = summary->n_objectives,
        .state_of = state_of,
    };
    for (size_t k = 0; k < ask->m && k < DLN_OBJECTIVES_MAX; k++)
        ask->maximize[k] = summary->maximize[k];
    loader_hold(session->loader);
    if (ask->path) return ask;
    free_job(&ask->job);
    return NULL;
}

void advice_ask_model(struct view *view)
{
    struct advice *advice = advice_of(view);
    if (!advice || advice->is_learning) return;
    const int64_t state_of = summary_finished(view->session.summary);
    const bool is_first = advice->learned_of < 0;
    if (advice->learned_of == state_of) return;
    if (!is_first && view->now_ns - advice->learned_ns < period_ns) return;
    struct advice_job *ask = new_job(view, state_of);
    if (!ask) return;
    ask->job.run = run_model;
    ask->job.done = model_done;
    advice->is_learning = true;
    helper_submit(view->thinker, &ask->job);
}

void advice_ask_next(struct view *view, size_t beyond_queue)
{
    struct advice *advice = advice_of(view);
    if (!advice || advice->is_asking) return;
    if (!view->session.definition) {
        (void)snprintf(advice->next_sentence, VIEW_TEXT_MAX,
                       "This study has no study file, so nothing would come next");
        return;
    }
    const int64_t *counts = view->session.summary->counts;
    size_t count = (size_t)counts[DLN_TRIAL_WAITING] + beyond_queue;
    if (count > DLN_PEEK_MAX) count = DLN_PEEK_MAX;
    /* Trials are never taken away, and each goes forward through its states. */
    const int64_t state_of = counts[DLN_TRIAL_WAITING] + 2 * counts[DLN_TRIAL_RUNNING] +
                             3 * summary_finished(view->session.summary);
    if (advice->asked_of == state_of && count <= advice->asked_for) return;
    if (advice->has_next && count <= advice->asked_for &&
        view->now_ns - advice->asked_ns < period_ns) {
        return;
    }
    struct advice_job *ask = new_job(view, state_of);
    if (!ask) return;
    ask->job.run = run_next;
    ask->job.done = next_done;
    ask->count = count;
    ask->doubts = advice->doubts;
    advice->is_asking = true;
    helper_submit(view->thinker, &ask->job);
}

void advice_ask_guess(struct view *view, size_t goal, size_t param, size_t other_param)
{
    struct advice *advice = advice_of(view);
    if (!advice || advice->is_guessing) return;
    const int64_t state_of = summary_finished(view->session.summary);
    const struct plot_guess_ask *last = &advice->guessed;
    if (advice->guessed_of >= 0 && last->goal == goal && last->param == param &&
        last->other_param == other_param) {
        if (advice->guessed_of == state_of) return;
        if (view->now_ns - advice->guessed_ns < period_ns) return;
    }
    struct advice_job *ask = new_job(view, state_of);
    if (!ask) return;
    ask->job.run = run_guess;
    ask->job.done = guess_done;
    ask->guess_ask =
        (struct plot_guess_ask){.goal = goal, .param = param, .other_param = other_param};
    plot_guess_pick(&view->session.model, &ask->guess_ask);
    ask->predictor = advice->guesser;
    ask->learned_of = advice->guesser_of;
    advice->guesser = NULL;
    advice->guesser_of = -1;
    advice->is_guessing = true;
    helper_submit(view->thinker, &ask->job);
}

void advice_doubt_next(struct view *view)
{
    if (!view->advice) return;
    view->advice->doubts++;
    view->advice->asked_of = -1;
    view->advice->asked_ns = 0;
}

void advice_free(struct view *view)
{
    if (!view->advice) return;
    forget(view->advice);
    free(view->advice);
    view->advice = NULL;
}
