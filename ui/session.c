#include "session.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/clock.h"

const char *study_word_text(enum study_word word)
{
    switch (word) {
    case WORD_RUN: return "RUN";
    case WORD_PAUSE: return "PAUSE";
    case WORD_DRAIN: return "DRAIN";
    case WORD_DONE: return "DONE";
    case WORD_IDLE: return "IDLE";
    case WORD_LOST: return "LOST";
    }
    return "";
}

enum study_word study_word_of(const struct dln_study_summary *summary)
{
    if (!summary->lease.held) return summary->state == DLN_ENGINE_DONE ? WORD_DONE : WORD_IDLE;
    if (!summary->lease.alive) return WORD_LOST;
    switch (summary->state) {
    case DLN_ENGINE_RUNNING: return WORD_RUN;
    case DLN_ENGINE_PAUSED: return WORD_PAUSE;
    case DLN_ENGINE_DRAINING: return WORD_DRAIN;
    case DLN_ENGINE_DONE: return WORD_DONE;
    case DLN_ENGINE_IDLE: break;
    }
    return WORD_IDLE;
}

int64_t summary_finished(const struct dln_study_summary *summary)
{
    return summary->counts[DLN_TRIAL_COMPLETE] + summary->counts[DLN_TRIAL_PRUNED] +
           summary->counts[DLN_TRIAL_FAIL];
}

/* ── open and close ────────────────────────────────────────────────────────────────────────────*/

bool session_open(struct session *session, const char *path, int64_t study_id,
                  const struct dln_wake *wake)
{
    *session = (struct session){.study_id = study_id, .best = {SIZE_MAX, SIZE_MAX, 0}};
    session->path = strdup(path);
    session->loader = session->path ? loader_open(path, study_id, wake) : NULL;
    if (session->loader) return true;
    free(session->path);
    session->path = NULL;
    return false;
}

void session_close(struct session *session)
{
    if (!session->path) return;
    model_release(&session->model);
    if (session->journal_of != session->summary_of) delivery_free(session->journal_of);
    if (session->marks_of != session->summary_of && session->marks_of != session->journal_of) {
        delivery_free(session->marks_of);
    }
    delivery_free(session->summary_of);
    loader_close(session->loader);
    free(session->path);
    *session = (struct session){0};
}

/* ── what a delivery brings ────────────────────────────────────────────────────────────────────*/

static bool is_finished(enum dln_trial_state state)
{
    return state == DLN_TRIAL_COMPLETE || state == DLN_TRIAL_PRUNED || state == DLN_TRIAL_FAIL;
}

/* Tells what the rows mean, comparing with the model before they go in. */
static void tell_rows(const struct session *session, const struct delivery *delivery,
                      session_sink *sink, void *context, const enum dln_trial_state *before)
{
    for (size_t i = 0; i < delivery->n_rows; i++) {
        const struct model_row *row = &delivery->rows[i];
        if (before[i] == row->state) continue;
        const size_t at = model_find_id(&session->model, row->id);
        if (at == SIZE_MAX) continue;
        struct session_event event = {.row = at, .detail = row->detail};
        if (is_finished(row->state)) {
            event.kind = EVENT_ENDED;
            sink(context, &event);
        } else if (row->state == DLN_TRIAL_RUNNING) {
            event.kind = EVENT_STARTED;
            sink(context, &event);
        }
    }
}

static void absorb_rows(struct session *session, const struct delivery *delivery,
                        session_sink *sink, void *context)
{
    if (delivery->n_rows == 0) return;
    const bool is_told = session->all_loaded; /* else it is history, no news */
    enum dln_trial_state *before = NULL;
    if (is_told) before = malloc(delivery->n_rows * sizeof *before);
    for (size_t i = 0; before && i < delivery->n_rows; i++) {
        const size_t at = model_find_id(&session->model, delivery->rows[i].id);
        before[i] = at == SIZE_MAX ? DLN_TRIAL_STATE_COUNT : session->model.state[at];
    }
    struct model_change change;
    if (!model_absorb(&session->model, delivery->rows, delivery->n_rows, &change)) {
        session->code = DLN_NOMEM;
        (void)snprintf(session->sentence, sizeof session->sentence,
                       "Out of memory: not all trials are shown.");
        free(before);
        return;
    }
    session->change.added += change.added;
    session->change.only_at_end = session->change.only_at_end && change.only_at_end;
    if (before) tell_rows(session, delivery, sink, context, before);
    free(before);
}

static void find_best(struct session *session, bool is_told, session_sink *sink, void *context)
{
    const struct model *model = &session->model;
    const size_t old = session->best.best;
    const int64_t old_id = old < model->n ? model->id[old] : -1;
    const double old_value = old < model->n ? model->value[0][old] : (double)NAN;
    session->best = model_find_best(model, session->maximize);
    /* The file knows limits, which a value alone does not tell: its best goes first. */
    const struct dln_study_summary *summary = session->summary;
    if (summary && summary->best_id >= 0) {
        const size_t at = model_find_id(model, summary->best_id);
        if (at != SIZE_MAX && model->state[at] == DLN_TRIAL_COMPLETE) session->best.best = at;
    }
    if (model->m != 1) session->best.best = session->best.second = SIZE_MAX;
    const size_t best = session->best.best;
    if (is_told && best != SIZE_MAX && model->id[best] != old_id) {
        sink(context,
             &(struct session_event){.kind = EVENT_BEST, .row = best, .old_best = old_value});
    }
}

static void tell_commands(struct session *session, const struct delivery *delivery, bool is_told,
                          session_sink *sink, void *context)
{
    int64_t newest = session->last_command;
    for (size_t i = delivery->n_commands; i > 0; i--) { /* oldest first */
        const struct dln_command *command = &delivery->commands[i - 1];
        if (command->id <= session->last_command) continue;
        if (command->state == DLN_COMMAND_POSTED) break; /* later ones are told after it */
        newest = command->id;
        if (is_told) {
            sink(context, &(struct session_event){.kind = EVENT_COMMAND, .command = command});
        }
    }
    session->last_command = newest;
}

static bool start_over(struct session *session, const struct delivery *delivery)
{
    const uint64_t revision = session->model.revision;
    model_release(&session->model);
    session->is_open = false;
    session->all_loaded = false;
    session->definition = delivery->definition;
    session->space = delivery->space;
    (void)snprintf(session->read_only, sizeof session->read_only, "%s",
                   delivery->read_only_reason ? delivery->read_only_reason : "");
    if (!model_init(&session->model, delivery->space->n, delivery->summary.n_objectives)) {
        return false;
    }
    session->model.revision = revision + 1; /* whoever has seen rows sees others now */
    session->change.only_at_end = false;
    session->maximize = delivery->summary.n_objectives > 0 && delivery->summary.maximize[0];
    session->is_open = true;
    return true;
}

static bool is_kept(const struct session *session, const struct delivery *delivery)
{
    return delivery == session->summary_of || delivery == session->journal_of ||
           delivery == session->marks_of;
}

/* Keeps the delivery where something of it is still pointed at. */
static void keep_or_free(struct session *session, struct delivery *delivery)
{
    struct delivery *const old[] = {session->summary_of, session->journal_of, session->marks_of};
    if (delivery->has_summary) session->summary_of = delivery;
    if (delivery->has_journal) session->journal_of = delivery;
    if (delivery->has_marks) session->marks_of = delivery;
    for (int i = 0; i < 3; i++) {
        const bool is_seen = (i > 0 && old[i] == old[0]) || (i > 1 && old[i] == old[1]);
        if (!is_seen && old[i] != delivery && !is_kept(session, old[i])) delivery_free(old[i]);
    }
    if (!is_kept(session, delivery)) delivery_free(delivery);
}

static void take_marks(struct session *session, const struct delivery *delivery)
{
    session->marks = delivery->marks;
    session->n_marks = delivery->n_marks;
    session->marks_revision++;
    session->n_tagged = 0;
    for (size_t i = 0; i < delivery->n_marks; i++)
        session->n_tagged += *delivery->marks[i].tags != '\0';
}

static void take_one(struct session *session, struct delivery *delivery, session_sink *sink,
                     void *context)
{
    session->code = delivery->code;
    (void)snprintf(session->sentence, sizeof session->sentence, "%s",
                   delivery->sentence ? delivery->sentence : "");
    if (delivery->code == DLN_OK) session->fresh_ns = dln_clock_mono_ns();
    if (delivery->study_gone) session->is_gone = true;
    const bool was_open = session->is_open;
    if (delivery->is_opening && !start_over(session, delivery)) session->code = DLN_NOMEM;
    if (!session->is_open) {
        delivery_free(delivery);
        return;
    }
    const bool is_told = session->all_loaded;
    if (delivery->has_summary) session->summary = &delivery->summary;
    absorb_rows(session, delivery, sink, context);
    if (delivery->code == DLN_OK) {
        session->all_loaded = delivery->all_loaded;
        session->loaded = delivery->loaded;
    }
    find_best(session, is_told, sink, context);
    if (delivery->has_journal) {
        session->commands = delivery->commands;
        session->n_commands = delivery->n_commands;
        tell_commands(session, delivery, was_open, sink, context);
    }
    if (delivery->has_marks) take_marks(session, delivery);
    const enum study_word word = session->summary ? study_word_of(session->summary) : WORD_IDLE;
    const bool is_new_word = was_open && word != session->word;
    session->word = word;
    if (!was_open) sink(context, &(struct session_event){.kind = EVENT_OPENED});
    if (is_new_word) sink(context, &(struct session_event){.kind = EVENT_STATE});
    keep_or_free(session, delivery);
}

bool session_take(struct session *session, session_sink *sink, void *context)
{
    if (!session->loader) return false;
    struct delivery *delivery = loader_take(session->loader);
    if (!delivery) return false;
    session->change = (struct model_change){.only_at_end = true};
    while (delivery) {
        struct delivery *next = delivery->next;
        take_one(session, delivery, sink, context);
        delivery = next;
    }
    session->revision++;
    return true;
}

/* ── what is asked of it ───────────────────────────────────────────────────────────────────────*/

const char *session_metric(const struct session *session, size_t objective)
{
    if (!session->summary || objective >= session->summary->n_objectives) return "value";
    const char *name = session->summary->metric_names[objective];
    return *name ? name : "value";
}

const struct dln_trial_marks *session_marks(const struct session *session, int64_t trial_id)
{
    size_t low = 0, high = session->n_marks;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (session->marks[middle].trial_id < trial_id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const bool is_there = low < session->n_marks && session->marks[low].trial_id == trial_id;
    return is_there ? &session->marks[low] : NULL;
}

int64_t session_eta_ms(const struct session *session, int64_t now_us)
{
    const struct dln_study_summary *summary = session->summary;
    if (!summary || session->word != WORD_RUN) return -1;
    const struct dln_budget *budget = &summary->live.budget;
    int64_t eta_ms = -1;
    const int64_t typical_ms = model_typical_ms(&session->model);
    const int64_t parallel = summary->live.parallel > 0 ? summary->live.parallel : 1;
    if (budget->trials > 0 && typical_ms >= 0) {
        int64_t left = budget->trials - summary_finished(summary);
        if (left < 0) left = 0;
        eta_ms = (left * typical_ms + parallel - 1) / parallel;
    }
    if (budget->time_s > 0) {
        const double up_s = (double)(now_us - summary->lease.started_us) / 1e6;
        const double left_s = budget->time_s - summary->spent.time_s - (up_s > 0 ? up_s : 0);
        const int64_t left_ms = left_s > 0 ? (int64_t)(left_s * 1000) : 0;
        if (eta_ms < 0 || left_ms < eta_ms) eta_ms = left_ms;
    }
    return eta_ms;
}

void study_why(const struct dln_study_summary *summary, char *out, size_t cap)
{
    const struct dln_budget *budget = &summary->live.budget;
    const char *why = summary->why ? summary->why : "";
    if (strcmp(why, "budget: trials") == 0) {
        (void)snprintf(out, cap, "all %" PRId64 " trials have run", budget->trials);
    } else if (strcmp(why, "budget: time") == 0) {
        (void)snprintf(out, cap, "the time of the budget is used up");
    } else if (strcmp(why, "budget: slot_hours") == 0) {
        (void)snprintf(out, cap, "the slot hours of the budget are used up");
    } else if (strcmp(why, "budget: cost") == 0) {
        (void)snprintf(out, cap, "the cost of the budget is reached");
    } else if (strcmp(why, "budget: target") == 0) {
        (void)snprintf(out, cap, "the target is reached");
    } else if (strcmp(why, "budget: no_improvement") == 0) {
        (void)snprintf(out, cap, "no improvement in %" PRId64 " trials", budget->no_improvement);
    } else {
        (void)snprintf(out, cap, "%s", why);
    }
}

double session_share(const struct session *session, int64_t now_us)
{
    const struct dln_study_summary *summary = session->summary;
    if (!summary) return (double)NAN;
    const struct dln_budget *budget = &summary->live.budget;
    double share = (double)NAN;
    if (budget->trials > 0) share = (double)summary_finished(summary) / (double)budget->trials;
    if (budget->time_s > 0) {
        double used_s = summary->spent.time_s;
        if (summary->lease.alive) used_s += (double)(now_us - summary->lease.started_us) / 1e6;
        const double by_time = used_s / budget->time_s;
        if (isnan(share) || by_time > share) share = by_time;
    }
    if (budget->slot_s > 0) share = fmax(share, summary->spent.slot_s / budget->slot_s);
    if (budget->cost > 0) share = fmax(share, summary->spent.cost / budget->cost);
    if (share < 0) return 0;
    return share > 1 ? 1 : share;
}
