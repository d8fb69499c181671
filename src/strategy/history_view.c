#include "strategy/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "strategy/visited.h"

/* What a trial owns: one block with u (d), x (d), loss (m), then memo and strategy as text. */
struct entry {
    double *block;
    uint64_t hash;
    bool is_point; /* hash counts in the set of visited points */
};

struct dln_history {
    const struct dln_space *space;
    bool *maximize;
    size_t reported; /* the objective that intermediate values belong to */
    struct dln_view_trial *trials;
    struct entry *entries; /* of the same index, except while a trial is hidden */
    size_t cap;
    struct dln_visited visited;
    struct dln_arena past;
    struct dln_history_view view;
    bool is_hiding;
    size_t hidden_at;
    struct dln_view_trial hidden;
};

/* Sources in turn, each with the best first, as the study has them. */
static bool set_past(dln_history *history, const struct dln_study *study)
{
    const size_t d = study->space.n;
    size_t n = 0;
    for (size_t s = 0; s < study->n_past; s++)
        n += study->past[s].n;
    if (n == 0) return true;
    struct dln_view_trial *trials = DLN_ARENA_ARRAY(&history->past, struct dln_view_trial, n);
    double *u = DLN_ARENA_ARRAY(&history->past, double, n *d);
    if (!trials || !u) return false;
    size_t count = 0;
    for (size_t s = 0; s < study->n_past; s++) {
        const struct dln_past *past = &study->past[s];
        for (size_t i = 0; i < past->n; i++, count++) {
            dln_space_encode(&study->space, past->x + i * d, u + count * d);
            trials[count] = (struct dln_view_trial){.number = -1 - (int64_t)count,
                                                    .state = DLN_TRIAL_COMPLETE,
                                                    .u = u + count * d,
                                                    .x = past->x + i * d,
                                                    .loss = past->score + i,
                                                    .last_step = -1,
                                                    .last_loss = NAN,
                                                    .memo = "",
                                                    .strategy = past->from};
        }
    }
    history->view.n_past = n;
    history->view.past = trials;
    return true;
}

bool dln_history_new(const struct dln_study *study, dln_history **out, struct dln_error *err)
{
    dln_history *history = calloc(1, sizeof *history);
    bool *maximize = calloc(study->n_objectives + 1, sizeof *maximize);
    if (!history || !maximize) {
        free(history);
        free(maximize);
        return dln_fail(err, DLN_NOMEM, "out of memory for the history");
    }
    for (size_t i = 0; i < study->n_objectives; i++) {
        const struct dln_objective *objective = &study->objectives[i];
        maximize[i] = objective->maximize;
        if (study->prune_on && strcmp(study->prune_on, objective->metric) == 0) {
            history->reported = i;
        }
    }
    history->space = &study->space;
    history->maximize = maximize;
    history->view.d = study->space.n;
    history->view.m = study->n_objectives;
    history->view.visited = &history->visited;
    if (!set_past(history, study)) {
        dln_history_free(history);
        return dln_fail(err, DLN_NOMEM, "out of memory for the history");
    }
    *out = history;
    return true;
}

void dln_history_free(dln_history *history)
{
    if (!history) return;
    dln_history_unhide(history);
    for (size_t i = 0; i < history->view.n; i++)
        free(history->entries[i].block);
    free(history->entries);
    free(history->trials);
    free(history->maximize);
    dln_visited_release(&history->visited);
    dln_arena_release(&history->past);
    free(history);
}

/* The index of the first trial whose number is not below. */
static size_t place_of(const dln_history *history, int64_t number)
{
    size_t low = 0;
    size_t high = history->view.n;
    if (high > 0 && history->trials[high - 1].number < number) return high;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (history->trials[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const dln_history *history, size_t at, int64_t number)
{
    return at < history->view.n && history->trials[at].number == number;
}

static bool reserve(dln_history *history)
{
    if (!dln_visited_reserve(&history->visited)) return false;
    if (history->view.n < history->cap) return true;
    const size_t cap = history->cap ? 2 * history->cap : 64;
    struct dln_view_trial *trials = realloc(history->trials, cap * sizeof *trials);
    if (trials) history->view.trials = history->trials = trials;
    struct entry *entries = trials ? realloc(history->entries, cap * sizeof *entries) : NULL;
    if (!entries) return false;
    history->entries = entries;
    history->cap = cap;
    return true;
}

static double turned(double value, bool maximize)
{
    return maximize ? -value : value;
}

/* What a trial had of a parameter that came later, where the study says so. */
static void fill_was(const struct dln_space *space, const struct dln_history_row *row, double *x)
{
    if (row->state == DLN_TRIAL_WAITING) return; /* free values are for the strategy to fill in */
    for (size_t i = 0; i < space->n; i++) {
        if (space->params[i].has_was && isnan(x[i])) x[i] = space->params[i].was;
    }
}

/* Copies a row into a block of its own; NULL: no memory. */
static double *make_block(const dln_history *history, const struct dln_history_row *row,
                          struct dln_view_trial *trial, struct entry *entry)
{
    const size_t d = history->view.d;
    const size_t m = history->view.m;
    const char *memo = row->memo ? row->memo : "";
    const char *strategy = row->strategy ? row->strategy : "";
    const size_t memo_len = strlen(memo) + 1;
    const size_t strategy_len = strlen(strategy) + 1;
    double *block = malloc((2 * d + m + 1) * sizeof *block + memo_len + strategy_len);
    if (!block) return NULL;

    double *u = block;
    double *x = u + d;
    double *loss = x + d;
    char *texts = (char *)(loss + m);
    if (d > 0) memcpy(x, row->x, d * sizeof *x);
    fill_was(history->space, row, x);
    entry->is_point = dln_space_activate(history->space, x);
    if (!entry->is_point && d > 0) memcpy(x, row->x, d * sizeof *x); /* partly given: as it came */
    entry->hash = dln_space_hash(history->space, x);
    entry->block = block;
    dln_space_encode(history->space, x, u);
    for (size_t i = 0; i < m; i++) {
        loss[i] = NAN;
        if (row->values) loss[i] = turned(row->values[i], history->maximize[i]);
    }
    memcpy(texts, memo, memo_len);
    memcpy(texts + memo_len, strategy, strategy_len);
    *trial = (struct dln_view_trial){
        .number = row->number,
        .state = row->state,
        .u = u,
        .x = x,
        .loss = loss,
        .last_step = row->last_step,
        .last_loss = turned(row->last_value, m > 0 && history->maximize[history->reported]),
        .reason = row->reason,
        .violation = row->violation,
        .memo = texts,
        .strategy = texts + memo_len,
        .seconds = row->seconds,
    };
    return block;
}

static bool is_finished(const struct dln_view_trial *trial)
{
    return trial->state != DLN_TRIAL_RUNNING && trial->state != DLN_TRIAL_WAITING;
}

/* Counts a trial in (by = 1) or out (by = -1). */
static void count(dln_history *history, const struct dln_view_trial *trial,
                  const struct entry *entry, int by)
{
    struct dln_history_view *view = &history->view;
    if (is_finished(trial)) view->n_finished += (size_t)by;
    if (trial->state == DLN_TRIAL_COMPLETE) view->n_complete += (size_t)by;
    view->revision++;
    if (!entry->is_point) return;
    if (by > 0) {
        dln_visited_add(&history->visited, entry->hash);
    } else if (dln_visited_remove(&history->visited, entry->hash)) {
        view->forgotten++;
    }
}

static bool same_numbers(size_t n, const double *a, const double *b)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i] && !(isnan(a[i]) && isnan(b[i]))) return false;
    }
    return true;
}

/* More than a RUNNING trial that finishes. */
static bool rewrites(const struct dln_history_view *view, const struct dln_view_trial *old,
                     const struct dln_view_trial *trial)
{
    if (old->state == DLN_TRIAL_WAITING) return false;
    if (trial->state == DLN_TRIAL_WAITING || !same_numbers(view->d, old->x, trial->x) ||
        strcmp(old->memo, trial->memo) != 0) {
        return true;
    }
    return is_finished(old) && (old->state != trial->state || old->last_step != trial->last_step ||
                                !same_numbers(view->m, old->loss, trial->loss) ||
                                !same_numbers(1, &old->last_loss, &trial->last_loss) ||
                                !same_numbers(1, &old->violation, &trial->violation));
}

bool dln_history_put(dln_history *history, const struct dln_history_row *row, struct dln_error *err)
{
    struct dln_view_trial trial;
    struct entry entry;
    if (!reserve(history) || !make_block(history, row, &trial, &entry)) {
        return dln_fail(err, DLN_NOMEM, "out of memory for the history");
    }
    const size_t at = place_of(history, row->number);
    const bool replaces = is_at(history, at, row->number);
    const struct dln_view_trial old_trial =
        replaces ? history->trials[at] : (struct dln_view_trial){0};
    const struct entry old_entry = replaces ? history->entries[at] : (struct entry){0};
    if (!replaces) {
        const size_t tail = history->view.n - at;
        memmove(history->trials + at + 1, history->trials + at, tail * sizeof trial);
        memmove(history->entries + at + 1, history->entries + at, tail * sizeof entry);
        history->view.n++;
    }
    if (replaces ? rewrites(&history->view, &old_trial, &trial) : at + 1 < history->view.n) {
        history->view.rewritten++;
    }
    history->trials[at] = trial;
    history->entries[at] = entry;
    count(history, &trial, &entry, 1); /* first in, then out: an unchanged point is not forgotten */
    if (replaces) {
        count(history, &old_trial, &old_entry, -1);
        free(old_entry.block);
    }
    return true;
}

void dln_history_hide(dln_history *history, int64_t number)
{
    const size_t at = place_of(history, number);
    if (history->is_hiding || !is_at(history, at, number)) return;
    history->is_hiding = true;
    history->hidden_at = at;
    history->hidden = history->trials[at];
    history->view.n--;
    memmove(history->trials + at, history->trials + at + 1,
            (history->view.n - at) * sizeof history->hidden);
    count(history, &history->hidden, &history->entries[at], -1);
    if (history->hidden.state != DLN_TRIAL_WAITING) history->view.rewritten++;
}

void dln_history_unhide(dln_history *history)
{
    if (!history->is_hiding) return;
    history->is_hiding = false;
    const size_t at = history->hidden_at;
    memmove(history->trials + at + 1, history->trials + at,
            (history->view.n - at) * sizeof history->hidden);
    history->trials[at] = history->hidden;
    history->view.n++;
    count(history, &history->hidden, &history->entries[at], 1);
    if (history->hidden.state != DLN_TRIAL_WAITING) history->view.rewritten++;
}

const struct dln_history_view *dln_history_view(const dln_history *history)
{
    return &history->view;
}

size_t dln_history_visited(const dln_history *history)
{
    return history->visited.n;
}

const bool *dln_history_maximize(const dln_history *history)
{
    return history->maximize;
}

bool dln_history_has(const struct dln_history_view *history, const struct dln_space *space,
                     const double *x)
{
    return dln_visited_has(history->visited, dln_space_hash(space, x));
}
