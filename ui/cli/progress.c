#include "cli/progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"
#include "dialin/clock.h"
#include "format.h"

#define FIRST_PAGE 200 /* trials of the first look; the rest comes in slices */

/* ── what a study is doing, in words ───────────────────────────────────────────────────────────*/

bool is_running(const struct dln_study_summary *summary)
{
    return summary->lease.held && summary->lease.alive;
}

const char *state_word(const struct dln_study_summary *summary)
{
    const bool left_behind = summary->counts[DLN_TRIAL_RUNNING] > 0 && summary->lease.held;
    if (!is_running(summary) && left_behind && summary->state != DLN_ENGINE_DONE) return "lost";
    return dln_engine_state_name(summary->state);
}

static void add_state(struct dln_strbuf *line, const struct dln_study_summary *summary)
{
    const struct dln_lease_info *const lease = &summary->lease;
    dln_strbuf_add(line, state_word(summary));
    if (is_running(summary)) dln_strbuf_addf(line, " (pid %" PRId64, lease->pid);
    if (is_running(summary) && !lease->here) dln_strbuf_addf(line, " on %s", lease->host);
    if (is_running(summary)) dln_strbuf_add(line, ")");
    if (summary->why && summary->why[0]) dln_strbuf_addf(line, ": %s", summary->why);
}

static void add_counts(struct dln_strbuf *line, const struct dln_study_summary *summary)
{
    const int64_t budget = summary->live.budget.trials;
    if (budget > 0) {
        dln_strbuf_addf(line, "%" PRId64 " of %" PRId64 " trials", summary->n_trials, budget);
    } else {
        dln_strbuf_addf(line, "%" PRId64 " trials", summary->n_trials);
    }
    static const enum dln_trial_state order[] = {
        DLN_TRIAL_COMPLETE, DLN_TRIAL_PRUNED, DLN_TRIAL_FAIL, DLN_TRIAL_RUNNING, DLN_TRIAL_WAITING};
    const char *before = ": ";
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const int64_t count = summary->counts[order[i]];
        if (count == 0) continue;
        dln_strbuf_addf(line, "%s%" PRId64 " %s", before, count, dln_trial_state_word(order[i]));
        before = ", ";
    }
}

/* "; 1.5 of 20 slot hours; cost 3 of 10" */
static void add_spent(struct dln_strbuf *line, const struct dln_study_summary *summary)
{
    const struct dln_budget *const budget = &summary->live.budget;
    char used[FORMAT_MAX];
    char limit[FORMAT_MAX];
    if (budget->slot_s > 0) {
        dln_strbuf_addf(line, "; %s of %s slot hours",
                        format_detail(used, summary->spent.slot_s / 3600),
                        format_detail(limit, budget->slot_s / 3600));
    }
    if (budget->cost > 0) {
        dln_strbuf_addf(line, "; cost %s of %s", format_detail(used, summary->spent.cost),
                        format_detail(limit, budget->cost));
    }
}

void say_summary(FILE *to, const struct dln_study_summary *summary)
{
    struct dln_strbuf line = {0};
    add_counts(&line, summary);
    if (summary->n_objectives == 1 && summary->best_id >= 0) {
        char value[FORMAT_MAX];
        dln_strbuf_addf(
            &line, "; best %s %s (#%" PRId64 ")", summary->metric_names[0],
            format_runs(value, summary->best_value, summary->best_spread, summary->best_runs),
            summary->best_number);
    }
    add_spent(&line, summary);
    dln_strbuf_add(&line, "; ");
    add_state(&line, summary);
    say(to, "%s: %s", summary->name, dln_strbuf_text(&line));
    dln_strbuf_release(&line);
}

/* ── events ────────────────────────────────────────────────────────────────────────────────────*/

static struct open_trial *find_open(struct progress *progress, int64_t id)
{
    for (size_t i = 0; i < progress->n_open; i++) {
        if (progress->open[i].id == id) return &progress->open[i];
    }
    return NULL;
}

static bool add_open(struct progress *progress, const struct dln_trial *trial,
                     struct dln_error *err)
{
    if (progress->n_open == progress->cap_open) {
        const size_t cap = progress->cap_open ? 2 * progress->cap_open : 16;
        struct open_trial *const moved = realloc(progress->open, cap * sizeof *moved);
        if (!moved) return dln_fail(err, DLN_NOMEM, "out of memory");
        progress->open = moved;
        progress->cap_open = cap;
    }
    progress->open[progress->n_open++] =
        (struct open_trial){.id = trial->id, .state = trial->state, .attempt = trial->attempt};
    return true;
}

static void add_clock(struct dln_strbuf *line)
{
    char now[DLN_TIME_TEXT_MAX];
    if (dln_time_format(dln_clock_wall_us(), true, now) >= 19) {
        dln_strbuf_add_len(line, now + 11, 8);
        dln_strbuf_add(line, "  ");
    }
}

static void add_point(struct dln_strbuf *line, const struct dln_space *space,
                      const struct dln_trial *trial)
{
    for (size_t i = 0; i < space->n; i++) {
        if (isnan(trial->x[i])) continue;
        dln_strbuf_addf(line, " %s=", space->params[i].name);
        param_text(&space->params[i], trial->x[i], line);
    }
}

/* Seconds until the budget of trials is met, NaN where nothing can be said. */
static double forecast_s(const struct progress *progress)
{
    const struct dln_study_summary *const s = &progress->summary;
    if (progress->n_finished < 5 || s->live.parallel < 1) return (double)NAN;
    double left = (double)NAN;
    if (s->live.budget.trials > 0) {
        const int64_t finished =
            s->counts[DLN_TRIAL_COMPLETE] + s->counts[DLN_TRIAL_PRUNED] + s->counts[DLN_TRIAL_FAIL];
        const double each = progress->finished_s / (double)progress->n_finished;
        left = fmax(0, (double)(s->live.budget.trials - finished)) * each / s->live.parallel;
    }
    if (s->live.budget.time_s > 0) {
        left = fmin(left, fmax(0, s->live.budget.time_s - s->spent.time_s));
    }
    return left;
}

static void add_progress(struct dln_strbuf *line, const struct progress *progress)
{
    const struct dln_study_summary *const s = &progress->summary;
    const int64_t finished =
        s->counts[DLN_TRIAL_COMPLETE] + s->counts[DLN_TRIAL_PRUNED] + s->counts[DLN_TRIAL_FAIL];
    dln_strbuf_addf(line, "  %" PRId64, finished);
    if (s->live.budget.trials > 0) dln_strbuf_addf(line, "/%" PRId64, s->live.budget.trials);
    if (s->n_objectives == 1 && s->best_id >= 0) {
        char value[FORMAT_MAX];
        dln_strbuf_addf(line, ", best %s (#%" PRId64 ")",
                        format_runs(value, s->best_value, s->best_spread, s->best_runs),
                        s->best_number);
    }
    const double left_s = forecast_s(progress);
    if (isfinite(left_s) && left_s >= 5) {
        char eta[FORMAT_MAX];
        dln_strbuf_addf(line, ", about %s left",
                        format_eta(eta, (int64_t)(left_s * 1000), progress->n_finished));
    }
}

/* Attempts at a trial are then its folds or repeats, one after the other: no news. */
static bool has_runs(const struct progress *progress)
{
    return progress->study->def && dln_study_runs(progress->study->def) > 1;
}

static void say_event(struct progress *progress, const struct dln_trial *trial)
{
    struct dln_strbuf line = {0};
    char text[FORMAT_MAX];
    add_clock(&line);
    dln_strbuf_addf(&line, "#%-4" PRId64 " %-4s", trial->number,
                    dln_trial_state_word(trial->state));
    switch (trial->state) {
    case DLN_TRIAL_RUNNING:
        add_point(&line, progress->study->space, trial);
        if (trial->attempt > 1 && !has_runs(progress))
            dln_strbuf_addf(&line, "  (attempt %d)", trial->attempt);
        break;
    case DLN_TRIAL_WAITING: dln_strbuf_add(&line, " waits for a free slot"); break;
    case DLN_TRIAL_COMPLETE:
        for (size_t i = 0; i < progress->study->summary.n_objectives; i++) {
            dln_strbuf_addf(&line, " %s=%s", progress->study->summary.metric_names[i],
                            format_runs(text, trial->values[i],
                                        trial->n_runs > 0 ? trial->spread[i] : (double)NAN,
                                        trial->n_runs));
        }
        break;
    case DLN_TRIAL_PRUNED:
    case DLN_TRIAL_FAIL:
        if (trial->detail && trial->detail[0]) {
            dln_strbuf_addf(&line, " %s", trial->detail);
        } else if (trial->reason != DLN_FAIL_NONE) {
            dln_strbuf_addf(&line, " %s", dln_fail_reason_name(trial->reason));
        }
        break;
    case DLN_TRIAL_STATE_COUNT: break;
    }
    if (trial->ended_us > 0 && trial->started_us > 0) {
        dln_strbuf_addf(&line, " after %s",
                        format_duration(text, (trial->ended_us - trial->started_us) / 1000));
    }
    if (trial->ended_us > 0) add_progress(&line, progress);
    if (trial->state == DLN_TRIAL_COMPLETE && trial->id == progress->summary.best_id) {
        dln_strbuf_add(&line, "  new best");
    }
    say(progress->to, "%s", dln_strbuf_text(&line));
    dln_strbuf_release(&line);
}

static bool is_finished(enum dln_trial_state state)
{
    return state == DLN_TRIAL_COMPLETE || state == DLN_TRIAL_PRUNED || state == DLN_TRIAL_FAIL;
}

static void count_duration(struct progress *progress, const struct dln_trial *trial)
{
    if (trial->started_us <= 0 || trial->ended_us < trial->started_us) return;
    progress->finished_s += (double)(trial->ended_us - trial->started_us) / 1e6;
    progress->n_finished++;
}

/* A trial is new, or was open, or is an old one that a slice brings for the first time. */
static bool take_trial(struct progress *progress, const struct dln_trial *trial,
                       int64_t newest_before, struct dln_error *err)
{
    struct open_trial *const known = find_open(progress, trial->id);
    const bool is_new = trial->id > newest_before;
    if (trial->id > progress->newest) progress->newest = trial->id;
    if (!known && !is_new) {
        return is_finished(trial->state) || add_open(progress, trial, err);
    }
    /* the first attempt is no news after "run"; the next ones are */
    const bool same =
        known && known->state == trial->state &&
        (known->attempt == trial->attempt || trial->attempt < 2 || has_runs(progress));
    if (is_finished(trial->state)) {
        if (!progress->is_quiet) count_duration(progress, trial);
        if (known) *known = progress->open[--progress->n_open];
    } else if (known) {
        known->state = trial->state;
        known->attempt = trial->attempt;
    } else if (!add_open(progress, trial, err)) {
        return false;
    }
    if (same || progress->is_quiet) return true;
    if (!known && is_finished(trial->state)) { /* it was quicker than this look */
        struct dln_trial started = *trial;
        started.state = DLN_TRIAL_RUNNING;
        started.ended_us = 0;
        say_event(progress, &started);
    }
    say_event(progress, trial);
    return true;
}

static void say_state(const struct progress *progress, const struct dln_study_summary *summary)
{
    struct dln_strbuf line = {0};
    add_clock(&line);
    dln_strbuf_add(&line, dln_engine_state_name(summary->state));
    if (summary->why && summary->why[0]) dln_strbuf_addf(&line, ": %s", summary->why);
    say(progress->to, "%s", dln_strbuf_text(&line));
    dln_strbuf_release(&line);
}

/* Commands that were answered, oldest first; a locked file is looked at again next time. */
static void say_commands(struct progress *progress)
{
    struct dln_arena arena = {0};
    struct dln_command *commands;
    size_t n;
    if (dln_store_journal(progress->study->store, progress->study->summary.id,
                          progress->journal_seen, 100, &arena, &commands, &n, NULL)) {
        while (n > 0 && commands[n - 1].state != DLN_COMMAND_POSTED) {
            const struct dln_command *const command = &commands[--n];
            progress->journal_seen = command->id;
            if (command->kind == DLN_COMMAND_NOTE || progress->is_quiet) continue;
            struct dln_strbuf line = {0};
            add_clock(&line);
            dln_strbuf_addf(&line, "%s: %s%s: %s", command->who, dln_command_name(command->kind),
                            command->state == DLN_COMMAND_REFUSED ? " refused" : "",
                            command->answer);
            say(progress->to, "%s", dln_strbuf_text(&line));
            dln_strbuf_release(&line);
        }
    }
    dln_arena_release(&arena);
}

bool progress_next(struct progress *progress, struct dln_error *err)
{
    struct dln_batch batch = {.more = true};
    bool anything = false;
    while (batch.more) {
        struct dln_error why = {0};
        if (!dln_follow_next(progress->follow, &batch, &why)) {
            return why.code == DLN_BUSY || dln_fail(err, why.code, "%s", why.text);
        }
        if (batch.study_gone) {
            progress->study_gone = true;
            break;
        }
        const int64_t newest = progress->newest;
        const enum dln_engine_state state = progress->summary.state;
        if (batch.has_summary) { /* first: lines about trials say how the study stands */
            anything = true;
            progress->summary = batch.summary;
        }
        for (size_t i = 0; i < batch.n_trials; i++) {
            anything = true;
            if (!take_trial(progress, &batch.trials[i], newest, err)) return false;
        }
        if (progress->summary.state != state && !progress->is_quiet) {
            say_state(progress, &batch.summary);
        }
    }
    if (anything) say_commands(progress);
    if (anything) fflush(progress->to);
    return true;
}

bool progress_open(struct progress *progress, const struct opened *study, FILE *to,
                   struct dln_error *err)
{
    *progress =
        (struct progress){.study = study, .to = to, .summary = study->summary, .is_quiet = true};
    if (!dln_follow_open(study->db_path, study->summary.id, study->space,
                         study->summary.n_objectives, FIRST_PAGE, &progress->follow, err)) {
        return false;
    }
    if (!progress_next(progress, err)) {
        progress_close(progress);
        return false;
    }
    progress->is_quiet = false;
    return true;
}

void progress_close(struct progress *progress)
{
    if (!progress) return;
    dln_follow_close(progress->follow);
    free(progress->open);
    *progress = (struct progress){0};
}
