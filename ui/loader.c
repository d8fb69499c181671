#define _GNU_SOURCE /* pthread_cond_clockwait */
#include "loader.h"

#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dialin/clock.h"

enum { CALM_MS = 1000, HURRY_MS = 250, HURRY_FOR_S = 5, LEASE_PERIOD_S = 2 };
static const int64_t ns_per_s = 1000000000;

struct loader {
    char *path;
    int64_t study_id;
    struct dln_wake ui;   /* a copy: the poked side outlives us */
    struct dln_wake wake; /* ours */
    _Atomic int owners;   /* ui, thread and jobs; the last one frees */
    _Atomic bool is_stopped;
    _Atomic int64_t hurry_until_ns;

    pthread_mutex_t lock; /* guards first, last */
    struct delivery *first, *last;

    /* the thread's own */
    dln_store *store;
    dln_follow *follow;
    struct dln_study *definition;
    char *edits;              /* of its space, as stored; NULL: none */
    struct dln_study **stale; /* definitions before an edit: lent, so kept to the end */
    size_t n_stale;
    struct dln_arena space_arena; /* of inferred spaces; lent, so kept to the end */
    struct dln_space *inferred;   /* when there is no definition */
    size_t n_objectives;
    int64_t version;
    int64_t trash_moves; /* of the study when it was opened */
    bool must_reopen;
    bool has_marks;        /* they were read once */
    int64_t marks_stamp;   /* of the file then: optuna-dashboard leaves no command */
    int64_t marks_command; /* newest command that was answered when they were read */
    bool is_blind;         /* no definition, and no trial to infer the space from */
    bool is_sampled;       /* `inferred` comes from some of its trials */
    bool wants_all;        /* a trial has a parameter that the sample did not show */
    bool saw_trials;
    bool lease_held, lease_alive; /* as last delivered */
    int64_t lease_ns;
    enum dln_code last_code;
};

/* Loaders whose files are not closed yet. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int n;
} unclosed = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void count_unclosed(int by)
{
    (void)pthread_mutex_lock(&unclosed.lock);
    unclosed.n += by;
    (void)pthread_cond_broadcast(&unclosed.changed);
    (void)pthread_mutex_unlock(&unclosed.lock);
}

void loaders_await_closed(int64_t wait_ms)
{
    const int64_t end_ns = dln_clock_mono_ns() + wait_ms * (ns_per_s / 1000);
    const struct timespec end = {.tv_sec = end_ns / ns_per_s, .tv_nsec = end_ns % ns_per_s};
    (void)pthread_mutex_lock(&unclosed.lock);
    while (unclosed.n > 0 && dln_clock_mono_ns() < end_ns) {
        (void)pthread_cond_clockwait(&unclosed.changed, &unclosed.lock, CLOCK_MONOTONIC, &end);
    }
    (void)pthread_mutex_unlock(&unclosed.lock);
}

void delivery_free(struct delivery *delivery)
{
    if (!delivery) return;
    dln_arena_release(&delivery->arena);
    free(delivery);
}

static void close_all(struct loader *loader)
{
    dln_follow_close(loader->follow);
    dln_store_close(loader->store);
    loader->follow = NULL;
    loader->store = NULL;
}

void loader_let_go(struct loader *loader)
{
    if (atomic_fetch_sub(&loader->owners, 1) > 1) return;
    close_all(loader);
    count_unclosed(-1);
    dln_study_free(loader->definition);
    for (size_t i = 0; i < loader->n_stale; i++)
        dln_study_free(loader->stale[i]);
    free(loader->stale);
    free(loader->edits);
    dln_arena_release(&loader->space_arena);
    while (loader->first) {
        struct delivery *delivery = loader->first;
        loader->first = delivery->next;
        delivery_free(delivery);
    }
    (void)pthread_mutex_destroy(&loader->lock);
    dln_wake_release(&loader->wake);
    free(loader->path);
    free(loader);
}

static void deliver(struct loader *loader, struct delivery *delivery)
{
    (void)pthread_mutex_lock(&loader->lock);
    if (loader->last) {
        loader->last->next = delivery;
    } else {
        loader->first = delivery;
    }
    loader->last = delivery;
    if (!atomic_load(&loader->is_stopped)) dln_wake_poke(&loader->ui); /* see loader_close */
    (void)pthread_mutex_unlock(&loader->lock);
}

/* ── copies into a delivery's arena ────────────────────────────────────────────────────────────*/

static bool copy_text(struct dln_arena *arena, const char **text)
{
    *text = dln_arena_copy(arena, *text ? *text : "");
    return *text != NULL;
}

static bool copy_summary(struct delivery *delivery, const struct dln_study_summary *summary)
{
    struct dln_arena *arena = &delivery->arena;
    struct dln_study_summary *copy = &delivery->summary;
    *copy = *summary;
    const size_t m = summary->n_objectives;
    bool *maximize = DLN_ARENA_ARRAY(arena, bool, m);
    const char **names = DLN_ARENA_ARRAY(arena, const char *, m);
    if (!maximize || !names) return false;
    for (size_t i = 0; i < m; i++) {
        maximize[i] = summary->maximize[i];
        names[i] = summary->metric_names[i];
        if (!copy_text(arena, &names[i])) return false;
    }
    copy->maximize = maximize;
    copy->metric_names = names;
    delivery->has_summary = copy_text(arena, &copy->name) && copy_text(arena, &copy->why) &&
                            copy_text(arena, &copy->strategy) &&
                            copy_text(arena, &copy->lease.host);
    return delivery->has_summary;
}

static bool copy_row(struct dln_arena *arena, struct model_row *row, const struct dln_trial *trial,
                     size_t d, size_t m)
{
    double *numbers = DLN_ARENA_ARRAY(arena, double, d + 2 * m);
    if (!numbers) return false;
    for (size_t i = 0; i < d; i++)
        numbers[i] = trial->x[i];
    for (size_t i = 0; i < m; i++)
        numbers[d + i] = trial->values ? trial->values[i] : (double)NAN;
    *row = model_row_of(trial);
    row->x = numbers;
    row->values = numbers + d;
    for (size_t i = 0; row->spread && i < m; i++)
        numbers[d + m + i] = trial->spread[i];
    if (row->spread) row->spread = numbers + d + m;
    return copy_text(arena, &row->detail);
}

static bool copy_batch(struct loader *loader, struct delivery *delivery,
                       const struct dln_batch *batch)
{
    delivery->all_loaded = batch->all_loaded;
    delivery->loaded = batch->loaded;
    delivery->study_gone = batch->study_gone;
    if (batch->has_summary && !copy_summary(delivery, &batch->summary)) return false;
    if (batch->n_trials == 0) return true;
    struct model_row *rows = DLN_ARENA_ARRAY(&delivery->arena, struct model_row, batch->n_trials);
    if (!rows) return false;
    const size_t d = delivery->space->n, m = loader->n_objectives;
    for (size_t i = 0; i < batch->n_trials; i++) {
        if (!copy_row(&delivery->arena, &rows[i], &batch->trials[i], d, m)) return false;
        if (batch->trials[i].has_strangers) loader->wants_all = true;
    }
    delivery->rows = rows;
    delivery->n_rows = batch->n_trials;
    loader->saw_trials = true;
    return true;
}

static const struct dln_space *space_of(const struct loader *loader)
{
    return loader->definition ? &loader->definition->space : loader->inferred;
}

static struct delivery *delivery_new(const struct loader *loader)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    if (!delivery) return NULL;
    delivery->definition = loader->definition;
    delivery->space = space_of(loader);
    return delivery;
}

/* ── the file ──────────────────────────────────────────────────────────────────────────────────*/

/* The edits of the space, in the arena; NULL: none. */
static const char *stored_edits(struct loader *loader, struct dln_arena *arena)
{
    const char *json = NULL;
    if (!dln_store_attribute(loader->store, DLN_OF_STUDY_SYSTEM, loader->study_id,
                             "dialin:set_space", arena, &json, NULL)) {
        return NULL;
    }
    return json;
}

static void note_edits(struct loader *loader)
{
    struct dln_arena arena = {0};
    const char *json = stored_edits(loader, &arena);
    free(loader->edits);
    loader->edits = json ? strdup(json) : NULL;
    dln_arena_release(&arena);
}

/* The space was edited: what was read by the old one is read anew. */
static void look_at_edits(struct loader *loader)
{
    struct dln_arena arena = {0};
    const int64_t version = dln_store_version(loader->store);
    if (!loader->definition || version == 0 || version == loader->version) return;
    const char *json = stored_edits(loader, &arena);
    const bool is_same =
        json && loader->edits ? strcmp(json, loader->edits) == 0 : !json && !loader->edits;
    dln_arena_release(&arena);
    struct dln_study **stale =
        is_same ? NULL : realloc(loader->stale, (loader->n_stale + 1) * sizeof(struct dln_study *));
    if (!stale) return;
    loader->stale = stale;
    stale[loader->n_stale++] = loader->definition;
    loader->definition = NULL;
    close_all(loader);
}

static bool infer(struct loader *loader, struct dln_error *err)
{
    struct dln_arena *arena = &loader->space_arena;
    loader->inferred = DLN_ARENA_NEW(arena, struct dln_space);
    if (!loader->inferred) return dln_fail(err, DLN_NOMEM, "open the study");
    if (loader->wants_all) {
        return dln_store_infer_space(loader->store, loader->study_id, arena, loader->inferred, err);
    }
    return dln_store_sample_space(loader->store, loader->study_id, arena, loader->inferred,
                                  &loader->is_sampled, err);
}

static bool open_all(struct loader *loader, struct delivery *delivery, struct dln_error *err)
{
    if (!dln_store_open(loader->path, DLN_STORE_READ, &loader->store, err)) return false;
    struct dln_study_summary summary;
    if (!dln_store_study_head(loader->store, loader->study_id, &delivery->arena, &summary, err)) {
        return false;
    }
    loader->n_objectives = summary.n_objectives;
    loader->saw_trials = !summary.is_counted || summary.n_trials > 0;
    loader->is_blind = loader->is_sampled = false;
    note_edits(loader);
    if (!loader->definition &&
        !dln_store_definition(loader->store, loader->study_id, &loader->definition, NULL)) {
        if (!infer(loader, err)) return false;
        loader->is_blind = !loader->saw_trials;
    }
    if (!dln_follow_open(loader->path, loader->study_id, space_of(loader), loader->n_objectives,
                         LOADER_PAGE, &loader->follow, err)) {
        return false;
    }
    loader->must_reopen = false;
    if (!dln_store_trash_moves(loader->store, loader->study_id, &loader->trash_moves, err)) {
        return false;
    }
    delivery->is_opening = true;
    delivery->definition = loader->definition;
    delivery->space = space_of(loader);
    const char *reason = dln_store_read_only_reason(loader->store);
    delivery->read_only_reason = reason ? dln_arena_copy(&delivery->arena, reason) : NULL;
    delivery->summary = summary;
    delivery->has_summary = true;
    return true;
}

/* Reads the journal when something was committed; a file without our tables has none. */
static void read_journal(struct loader *loader, struct delivery *delivery)
{
    const int64_t version = dln_store_version(loader->store);
    if (version != 0 && version == loader->version) return;
    loader->version = version;
    int64_t moves = 0;
    if (dln_store_trash_moves(loader->store, loader->study_id, &moves, NULL) &&
        moves != loader->trash_moves) {
        loader->must_reopen = true; /* trials were deleted, or are back */
    }
    struct dln_command *commands = NULL;
    size_t n = 0;
    if (!dln_store_journal(loader->store, loader->study_id, 0, LOADER_JOURNAL, &delivery->arena,
                           &commands, &n, NULL)) {
        return;
    }
    delivery->commands = commands;
    delivery->n_commands = n;
    delivery->has_journal = true;
}

static bool changes_marks(enum dln_command_kind kind)
{
    return kind == DLN_COMMAND_TRIAL_NOTE || kind == DLN_COMMAND_TAG;
}

/* Notes and tags, when all trials are there, and when the journal or the file says that some have
 * changed. */
static void read_marks(struct loader *loader, struct delivery *delivery)
{
    int64_t newest = loader->marks_command;
    for (size_t i = 0; i < delivery->n_commands; i++) {
        const struct dln_command *command = &delivery->commands[i];
        if (!changes_marks(command->kind) || command->state != DLN_COMMAND_DONE) continue;
        if (command->id > newest) newest = command->id;
    }
    int64_t stamp = loader->marks_stamp;
    if (!delivery->all_loaded ||
        !dln_store_marks_stamp(loader->store, loader->study_id, &stamp, NULL) ||
        (loader->has_marks && newest == loader->marks_command && stamp == loader->marks_stamp)) {
        return;
    }
    struct dln_trial_marks *marks = NULL;
    if (!dln_store_trial_marks(loader->store, loader->study_id, &delivery->arena, &marks,
                               &delivery->n_marks, NULL)) {
        return;
    }
    loader->has_marks = true;
    loader->marks_command = newest;
    loader->marks_stamp = stamp;
    delivery->marks = marks;
    delivery->has_marks = true;
}

/* A dead engine commits nothing: its lease is looked at apart from what is new in the file. */
static void look_at_lease(struct loader *loader, struct delivery *delivery)
{
    if (delivery->has_summary) {
        loader->lease_held = delivery->summary.lease.held;
        loader->lease_alive = delivery->summary.lease.alive;
        return;
    }
    const int64_t now_ns = dln_clock_mono_ns();
    if (!loader->lease_held || now_ns - loader->lease_ns < LEASE_PERIOD_S * ns_per_s) return;
    loader->lease_ns = now_ns;
    struct dln_study_summary summary;
    if (!dln_store_study(loader->store, loader->study_id, &delivery->arena, &summary, NULL)) return;
    const bool is_same =
        summary.lease.held == loader->lease_held && summary.lease.alive == loader->lease_alive;
    if (is_same) return;
    delivery->summary = summary;
    delivery->has_summary = true;
    loader->lease_held = summary.lease.held;
    loader->lease_alive = summary.lease.alive;
}

static bool is_worth_it(const struct loader *loader, const struct delivery *delivery)
{
    return delivery->is_opening || delivery->has_summary || delivery->n_rows > 0 ||
           delivery->has_journal || delivery->has_marks || delivery->study_gone ||
           delivery->code != loader->last_code;
}

/* One look. True: there is more to read at once. */
static bool look(struct loader *loader)
{
    struct delivery *delivery = delivery_new(loader);
    if (!delivery) return false;
    struct dln_error err = {0};
    bool ok = true, more = false;
    const bool sees_more = loader->is_blind && loader->saw_trials; /* now there is one */
    if (sees_more || loader->must_reopen || (loader->is_sampled && loader->wants_all)) {
        close_all(loader);
    }
    if (loader->follow) look_at_edits(loader);
    if (!loader->follow) {
        ok = open_all(loader, delivery, &err);
        if (!ok) close_all(loader);
        loader->version = -1;
        loader->has_marks = false;
    }
    struct dln_batch batch = {0};
    if (ok) ok = dln_follow_next(loader->follow, &batch, &err);
    if (ok) {
        more = batch.more;
        if (!copy_batch(loader, delivery, &batch)) ok = dln_fail(&err, DLN_NOMEM, "read the study");
    }
    if (ok) look_at_lease(loader, delivery);
    if (ok) read_journal(loader, delivery);
    if (ok) read_marks(loader, delivery);
    if (!ok) {
        delivery->code = err.code;
        delivery->sentence = dln_arena_copy(&delivery->arena, err.text);
    }
    const bool is_kept = is_worth_it(loader, delivery);
    loader->last_code = delivery->code;
    if (is_kept) {
        deliver(loader, delivery);
    } else {
        delivery_free(delivery);
    }
    return ok && (more || loader->must_reopen);
}

static void *run(void *argument)
{
    struct loader *loader = argument;
    while (!atomic_load(&loader->is_stopped)) {
        if (look(loader)) continue;
        const bool is_hurried = dln_clock_mono_ns() < atomic_load(&loader->hurry_until_ns);
        struct pollfd pollfd = {.fd = loader->wake.read_fd, .events = POLLIN};
        (void)poll(&pollfd, 1, is_hurried ? HURRY_MS : CALM_MS);
        if (pollfd.revents != 0) dln_wake_clear(&loader->wake);
    }
    loader_let_go(loader);
    return NULL;
}

/* ── for the ui ────────────────────────────────────────────────────────────────────────────────*/

static bool start_thread(struct loader *loader)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    const bool ok = pthread_create(&thread, NULL, run, loader) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ok) (void)pthread_detach(thread);
    return ok;
}

struct loader *loader_open(const char *path, int64_t study_id, const struct dln_wake *wake)
{
    struct loader *loader = calloc(1, sizeof *loader);
    if (!loader) return NULL;
    *loader = (struct loader){.study_id = study_id, .ui = *wake, .version = -1};
    loader->path = strdup(path);
    if (!loader->path || !dln_wake_init(&loader->wake, NULL)) {
        free(loader->path);
        free(loader);
        return NULL;
    }
    (void)pthread_mutex_init(&loader->lock, NULL);
    count_unclosed(1);
    atomic_store(&loader->owners, 2);
    if (!start_thread(loader)) {
        atomic_store(&loader->owners, 1);
        loader_let_go(loader);
        return NULL;
    }
    return loader;
}

void loader_close(struct loader *loader)
{
    if (!loader) return;
    (void)pthread_mutex_lock(&loader->lock); /* from here on the ui's wake is not touched */
    atomic_store(&loader->is_stopped, true);
    (void)pthread_mutex_unlock(&loader->lock);
    dln_wake_poke(&loader->wake);
    loader_let_go(loader);
}

void loader_hold(struct loader *loader)
{
    atomic_fetch_add(&loader->owners, 1);
}

struct delivery *loader_take(struct loader *loader)
{
    (void)pthread_mutex_lock(&loader->lock);
    struct delivery *first = loader->first;
    loader->first = loader->last = NULL;
    (void)pthread_mutex_unlock(&loader->lock);
    return first;
}

void loader_poke(struct loader *loader)
{
    dln_wake_poke(&loader->wake);
}

void loader_hurry(struct loader *loader)
{
    const int64_t now_ns = dln_clock_mono_ns();
    const bool was_calm = now_ns >= atomic_load(&loader->hurry_until_ns);
    atomic_store(&loader->hurry_until_ns, now_ns + HURRY_FOR_S * ns_per_s);
    if (was_calm) dln_wake_poke(&loader->wake);
}
