#include "cli/replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GOOD_SHARE 0.1

struct event {
    double at_us;
    size_t trial;
    size_t point; /* n: the trial's end */
    int64_t number;
};

static int by_time(const void *a, const void *b)
{
    const struct event *x = a;
    const struct event *y = b;
    if (x->at_us != y->at_us) return x->at_us < y->at_us ? -1 : 1;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return (x->point > y->point) - (x->point < y->point);
}

static double duration_us(const struct replay_trial *trial)
{
    const bool is_known = trial->started_us > 0 && trial->ended_us > trial->started_us;
    return is_known ? (double)(trial->ended_us - trial->started_us) : 0;
}

/* A share of the running time, by the number of reports. */
static double part_us(const struct replay_trial *trial, size_t points)
{
    return trial->n > 0 ? duration_us(trial) * (double)points / (double)trial->n : 0;
}

static struct event *make_events(size_t n, const struct replay_trial *trials, size_t *count)
{
    size_t total = n;
    for (size_t i = 0; i < n; i++)
        total += trials[i].n;
    struct event *events = calloc(total + 1, sizeof *events);
    if (!events) return NULL;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const struct replay_trial *trial = &trials[i];
        for (size_t point = 0; point <= trial->n; point++) {
            const size_t shown = point < trial->n ? point + 1 : trial->n;
            events[at++] = (struct event){(double)trial->started_us + part_us(trial, shown), i,
                                          point, trial->number};
        }
    }
    qsort(events, total, sizeof *events, by_time);
    *count = total;
    return events;
}

static bool play_event(dln_pruning *pruning, const struct event *event, struct replay_trial *trial,
                       struct dln_error *err)
{
    bool is_news = false;
    if (trial->cut.prune) return true;
    if (event->point == trial->n) {
        return dln_pruning_finish(pruning, trial->number, trial->state, trial->value, 0, err);
    }
    if (!dln_pruning_report(pruning, trial->number, trial->steps[event->point],
                            trial->curve[event->point], &is_news, err)) {
        return false;
    }
    if (is_news) dln_pruning_decide(pruning, trial->number, &trial->cut);
    if (!trial->cut.prune) return true;
    trial->saved_s = part_us(trial, trial->n - event->point - 1) / 1e6;
    return dln_pruning_finish(pruning, trial->number, DLN_TRIAL_PRUNED, (double)NAN, 0, err);
}

/* ── what it comes to ──────────────────────────────────────────────────────────────────────────*/

static bool has_result(const struct replay_trial *trial)
{
    return trial->state == DLN_TRIAL_COMPLETE && !isnan(trial->value);
}

static bool is_better(const struct replay_trial *a, const struct replay_trial *b, bool maximize)
{
    if (a->value != b->value) return maximize ? a->value > b->value : a->value < b->value;
    return a->number < b->number;
}

/* The best tenth: those that fewer than so many others beat. */
static void mark_good(bool maximize, size_t n, struct replay_trial *trials, struct replay *out)
{
    size_t n_results = 0;
    for (size_t i = 0; i < n; i++)
        n_results += has_result(&trials[i]);
    out->n_good = (size_t)ceil(GOOD_SHARE * (double)n_results);
    for (size_t found = 0; found < out->n_good; found++) {
        struct replay_trial *best = NULL;
        for (size_t i = 0; i < n; i++) {
            if (!has_result(&trials[i]) || trials[i].is_good) continue;
            if (!best || is_better(&trials[i], best, maximize)) best = &trials[i];
        }
        if (!best) return;
        best->is_good = true;
        if (found > 0) continue;
        out->best = best->number;
        out->is_best_lost = best->cut.prune;
    }
}

bool replay_run(dln_pruning *pruning, bool maximize, size_t n, struct replay_trial *trials,
                struct replay *out, struct dln_error *err)
{
    size_t n_events = 0;
    *out = (struct replay){.best = -1};
    for (size_t i = 0; i < n; i++) {
        trials[i].cut = (struct dln_prune){0};
        trials[i].saved_s = 0;
        trials[i].is_good = false;
    }
    struct event *events = make_events(n, trials, &n_events);
    if (!events) return dln_fail(err, DLN_NOMEM, "out of memory to replay the trials");
    bool ok = true;
    for (size_t i = 0; i < n_events && ok; i++)
        ok = play_event(pruning, &events[i], &trials[events[i].trial], err);
    free(events);
    if (!ok) return false;
    mark_good(maximize, n, trials, out);
    for (size_t i = 0; i < n; i++) {
        const struct replay_trial *trial = &trials[i];
        out->n_curves += trial->n > 0;
        out->n_cut_before += trial->n > 0 && trial->state == DLN_TRIAL_PRUNED;
        out->n_steps += (int64_t)trial->n;
        out->time_s += duration_us(trial) / 1e6;
        if (!trial->cut.prune) continue;
        size_t shown = 0;
        while (shown < trial->n && trial->steps[shown] <= trial->cut.step)
            shown++;
        out->n_steps_saved += (int64_t)(trial->n - shown);
        out->n_pruned++;
        out->saved_s += trial->saved_s;
        out->n_good_lost += trial->is_good;
    }
    return true;
}
