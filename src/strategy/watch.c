#include "strategy/watch.h"

#include <stdlib.h>
#include <string.h>

void dln_watch_release(struct dln_watch *watch)
{
    free(watch->open);
    *watch = (struct dln_watch){0};
}

void dln_watch_forget(struct dln_watch *watch)
{
    watch->has_looked = false;
    watch->n_open = 0;
}

/* The index of the first trial whose number is not below. */
static size_t place_of(const struct dln_history_view *history, int64_t number)
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
    return low;
}

size_t dln_history_find(const struct dln_history_view *history, int64_t number)
{
    const size_t at = place_of(history, number);
    return at < history->n && history->trials[at].number == number ? at : SIZE_MAX;
}

static bool reserve(struct dln_watch *watch, size_t n)
{
    if (n <= watch->cap) return true;
    size_t cap = watch->cap ? watch->cap : 16;
    while (cap < n)
        cap *= 2;
    struct dln_watch_open *open = realloc(watch->open, cap * sizeof *open);
    if (!open) return false;
    watch->open = open;
    watch->cap = cap;
    return true;
}

/* Reports the trial at an index; true if it stays open. */
static bool report(const struct dln_history_view *history, size_t at, bool *is_known,
                   struct dln_news *news)
{
    const enum dln_trial_state state = history->trials[at].state;
    if (state == DLN_TRIAL_WAITING) return true;
    if (!*is_known) news->asked[news->n_asked++] = at;
    *is_known = true;
    if (state == DLN_TRIAL_RUNNING) return true;
    news->done[news->n_done++] = at;
    return false;
}

/* The trial that is asked for is not in the view, but has a place among those that were seen. */
static void keep_open(struct dln_watch *watch, int64_t number)
{
    size_t at = watch->n_open;
    while (at > 0 && watch->open[at - 1].number > number)
        at--;
    if (at > 0 && watch->open[at - 1].number == number) return;
    memmove(watch->open + at + 1, watch->open + at, (watch->n_open - at) * sizeof *watch->open);
    watch->open[at] = (struct dln_watch_open){.number = number};
    watch->n_open++;
}

bool dln_watch_look(struct dln_watch *watch, const struct dln_ask *ask, struct dln_news *news,
                    struct dln_error *err)
{
    const struct dln_history_view *history = ask->history;
    *news = (struct dln_news){0};
    if (!watch->has_looked || watch->seed != ask->seed || watch->rewritten != history->rewritten) {
        dln_watch_forget(watch);
        news->is_all = true;
    }
    const size_t first = news->is_all ? 0 : place_of(history, watch->last + 1);
    const size_t most = watch->n_open + history->n - first;
    news->asked = DLN_ARENA_ARRAY(ask->scratch, size_t, most);
    news->done = DLN_ARENA_ARRAY(ask->scratch, size_t, most);
    if (!news->asked || !news->done || !reserve(watch, most + 1)) {
        dln_watch_forget(watch);
        return dln_fail(err, DLN_NOMEM, "out of memory for the strategy");
    }
    size_t kept = 0;
    for (size_t i = 0; i < watch->n_open; i++) {
        struct dln_watch_open open = watch->open[i];
        const size_t at = dln_history_find(history, open.number);
        if (at == SIZE_MAX || report(history, at, &open.is_known, news)) watch->open[kept++] = open;
    }
    for (size_t at = first; at < history->n; at++) {
        struct dln_watch_open open = {.number = history->trials[at].number};
        if (report(history, at, &open.is_known, news)) watch->open[kept++] = open;
    }
    watch->n_open = kept;
    watch->has_looked = true;
    watch->seed = ask->seed;
    watch->rewritten = history->rewritten;
    watch->last = history->n > 0 ? history->trials[history->n - 1].number : -1;
    if (ask->number <= watch->last) keep_open(watch, ask->number);
    return true;
}
