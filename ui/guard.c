#include "guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/clock.h"

/* Between two looks while runs come in: a second, or so much longer as a look takes. */
enum { PERIOD_MS = 1000, COST_FACTOR = 20 };

struct guard_job {
    struct job job;
    char *path;
    int64_t study_id, of_command;
    int64_t cost_ns;
    struct dln_study *study;
    struct dln_confirmation found;
    bool ok;
    struct dln_error err;
};

static void free_job(struct job *job)
{
    struct guard_job *ask = (struct guard_job *)job;
    dln_confirmation_release(&ask->found);
    dln_study_free(ask->study);
    free(ask->path);
    free(ask);
}

static void run_job(struct job *job)
{
    struct guard_job *ask = (struct guard_job *)job;
    dln_store *store = NULL;
    const int64_t begun_ns = dln_clock_mono_ns();
    ask->ok = dln_store_open(ask->path, DLN_STORE_READ, &store, &ask->err) &&
              dln_store_definition(store, ask->study_id, &ask->study, &ask->err) &&
              dln_confirmation_read(store, ask->study_id, ask->study, &ask->found, &ask->err);
    dln_store_close(store);
    ask->cost_ns = dln_clock_mono_ns() - begun_ns;
}

static void forget(struct guard *guard)
{
    dln_confirmation_release(&guard->found);
    dln_study_free(guard->study);
    free(guard->path);
    *guard = (struct guard){.of_command = -1, .is_reading = guard->is_reading};
}

static void done(struct job *job, void *context)
{
    struct guard_job *ask = (struct guard_job *)job;
    struct view *view = context;
    struct guard *guard = view->guard;
    if (guard) guard->is_reading = false;
    if (guard && guard->path && guard->study_id == ask->study_id &&
        strcmp(guard->path, ask->path) == 0) {
        guard->was_read = true;
        guard->of_command = ask->of_command;
        guard->read_ns = view->now_ns;
        guard->cost_ns = ask->cost_ns;
        guard->sentence[0] = '\0';
        view->is_dirty = true;
        if (ask->ok) {
            dln_confirmation_release(&guard->found);
            dln_study_free(guard->study);
            guard->study = ask->study;
            guard->found = ask->found;
            ask->study = NULL;
            ask->found = (struct dln_confirmation){0};
        } else {
            (void)snprintf(guard->sentence, sizeof guard->sentence, "%.250s", ask->err.text);
        }
    }
    free_job(job);
}

/* ── the journal ───────────────────────────────────────────────────────────────────────────────*/

static const char note_start[] = "confirm: ";

/* The newest thing that was noted of a confirmation; NULL: none. */
static const struct dln_command *newest_note(const struct session *session)
{
    for (size_t i = 0; i < session->n_commands; i++) { /* the newest first */
        const struct dln_command *command = &session->commands[i];
        if (command->kind == DLN_COMMAND_NOTE && command->answer &&
            strncmp(command->answer, note_start, sizeof note_start - 1) == 0) {
            return command;
        }
    }
    return NULL;
}

bool guard_is_underway(const struct view *view)
{
    const struct session *session = &view->session;
    if (!session->is_open || !session->summary || !session->summary->lease.alive) return false;
    const struct dln_command *note = newest_note(session);
    if (!note) return false;
    const char *text = note->answer + sizeof note_start - 1;
    return strncmp(text, "runs ", 5) == 0 || strncmp(text, "goes on with ", 13) == 0;
}

/* ── for the screens ───────────────────────────────────────────────────────────────────────────*/

static void ask(struct view *view, struct guard *guard)
{
    const struct dln_command *note = newest_note(&view->session);
    const int64_t newest = note ? note->id : 0;
    int64_t period_ns = PERIOD_MS * (int64_t)1000000;
    if (COST_FACTOR * guard->cost_ns > period_ns) period_ns = COST_FACTOR * guard->cost_ns;
    const bool is_due = guard_is_underway(view) && view->now_ns - guard->read_ns >= period_ns;
    if (guard->is_reading || (guard->was_read && guard->of_command == newest && !is_due)) return;
    struct guard_job *job = calloc(1, sizeof *job);
    if (!job) return;
    *job = (struct guard_job){
        .job = {.run = run_job, .done = done, .drop = free_job},
        .path = strdup(guard->path),
        .study_id = guard->study_id,
        .of_command = newest,
    };
    if (!job->path) {
        free(job);
        return;
    }
    guard->is_reading = true;
    helper_submit(view->thinker, &job->job);
}

struct guard *guard_of(struct view *view)
{
    const struct session *session = &view->session;
    if (!session->is_open || !session->summary || !session->definition) return NULL;
    if (!view->guard) {
        view->guard = calloc(1, sizeof *view->guard);
        if (!view->guard) return NULL;
    }
    struct guard *guard = view->guard;
    if (!guard->path || guard->study_id != session->study_id ||
        strcmp(guard->path, session->path) != 0) {
        forget(guard);
        guard->path = strdup(session->path);
        guard->study_id = session->study_id;
        if (!guard->path) return NULL;
    }
    ask(view, guard);
    return guard;
}

const struct guard *guard_known(const struct view *view)
{
    const struct guard *guard = view->guard;
    const struct session *session = &view->session;
    const bool is_it = guard && guard->was_read && guard->path && session->path &&
                       guard->study_id == session->study_id &&
                       strcmp(guard->path, session->path) == 0;
    return is_it ? guard : NULL;
}

void guard_count(const struct guard *guard, size_t *judged, size_t *n)
{
    *judged = *n = 0;
    for (size_t i = 0; i < guard->found.n; i++) {
        const struct dln_candidate *result = &guard->found.rows[i].result;
        if (result->is_control) continue;
        (*n)++;
        *judged += result->n > 0 && result->word != DLN_WORD_UNSETTLED;
    }
}

void guard_free(struct view *view)
{
    if (!view->guard) return;
    forget(view->guard);
    free(view->guard);
    view->guard = NULL;
}
