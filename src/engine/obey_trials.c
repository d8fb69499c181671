/* PRUNE, STOP_TRIAL, RETRY, ENQUEUE. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/obey.h"
#include "engine/point.h"
#include "engine/record.h"
#include "engine/refresh.h"
#include "engine/slots.h"

enum { NUMBERS_MAX = 10000, LIST_MAX = 20 };

/* {"trials": [numbers]}, in the arena. */
static bool read_numbers(json_t *payload, struct dln_arena *arena, int64_t **out, size_t *n,
                         struct dln_reply *reply)
{
    const json_t *list = json_object_get(payload, "trials");
    const size_t count = json_array_size(list);
    if (count == 0 || count > NUMBERS_MAX) {
        dln_reply_refuse(reply, "it needs {\"trials\": [numbers]}, from 1 to %d of them",
                         NUMBERS_MAX);
        return false;
    }
    int64_t *numbers = DLN_ARENA_ARRAY(arena, int64_t, count);
    if (!numbers) {
        dln_reply_refuse(reply, "out of memory");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_integer(item)) {
            dln_reply_refuse(reply, "a trial is named by its number");
            return false;
        }
        numbers[i] = json_integer_value(item);
    }
    *out = numbers;
    *n = count;
    return true;
}

/* "#3, #7", at most LIST_MAX of them. */
static void list_numbers(const int64_t *numbers, size_t n, struct dln_strbuf *out)
{
    for (size_t i = 0; i < n && i < LIST_MAX; i++) {
        dln_strbuf_addf(out, "%s#%" PRId64, i ? ", " : "", numbers[i]);
    }
    if (n > LIST_MAX) dln_strbuf_addf(out, " and %zu more", n - LIST_MAX);
}

/* Trouble and "no such trial" in one: true only with a trial in *out. */
static bool read_trial(struct dln_driver *driver, int64_t number, struct dln_arena *arena,
                       struct dln_trial *out, struct dln_reply *reply)
{
    struct dln_error err = {0};
    if (dln_store_trial(driver->store, driver->study_id, &driver->study->space,
                        driver->study->n_objectives, number, arena, out, &err)) {
        return true;
    }
    if (err.code == DLN_NOT_FOUND) {
        dln_reply_refuse(reply, "there is no trial #%" PRId64, number);
    } else {
        (void)dln_driver_blame(driver, &err);
    }
    return false;
}

/* ── prune, stop ───────────────────────────────────────────────────────────────────────────────*/

static void refuse_ending(struct dln_driver *driver, int64_t number, const char *verb,
                          struct dln_arena *arena, struct dln_reply *reply)
{
    struct dln_trial trial;
    if (!read_trial(driver, number, arena, &trial, reply)) return;
    switch (trial.state) {
    case DLN_TRIAL_RUNNING:
        dln_reply_refuse(reply, "#%" PRId64 " runs in another program, which alone can %s it",
                         number, verb);
        return;
    case DLN_TRIAL_WAITING:
        dln_reply_refuse(reply, "#%" PRId64 " has not started yet, so there is nothing to %s",
                         number, verb);
        return;
    case DLN_TRIAL_COMPLETE:
    case DLN_TRIAL_PRUNED:
    case DLN_TRIAL_FAIL:
    case DLN_TRIAL_STATE_COUNT: break;
    }
    dln_reply_refuse(reply, "#%" PRId64 " is not running, it has ended (%s)", number,
                     dln_trial_state_word(trial.state));
}

/* Of a trial that waits to be run again, the curve is in the file, not in memory. */
static bool recall_curve(struct dln_driver *driver, struct dln_job *job, struct dln_arena *arena,
                         struct dln_reply *reply)
{
    struct dln_trial trial;
    if (!read_trial(driver, job->number, arena, &trial, reply)) return false;
    if (trial.n_steps == 0) return true;
    job->last_step = trial.steps[trial.n_steps - 1];
    job->last_value = trial.curve[trial.n_steps - 1];
    return true;
}

void dln_obey_end_trials(struct dln_driver *driver, const struct dln_command *command,
                         json_t *payload, struct dln_reply *reply)
{
    const bool prune = command->kind == DLN_COMMAND_PRUNE;
    const char *verb = prune ? "prune" : "stop";
    struct dln_arena arena = {0};
    struct dln_strbuf list = {0};
    int64_t *numbers;
    size_t n;
    if (!read_numbers(payload, &arena, &numbers, &n, reply)) goto done;
    for (size_t i = 0; i < n; i++) { /* all of them or none */
        const struct dln_job *job = dln_driver_find_job(driver, numbers[i]);
        if (job && job->phase != DLN_JOB_ENDED) continue;
        if (job) {
            dln_reply_refuse(reply, "#%" PRId64 " has just ended", numbers[i]);
        } else {
            refuse_ending(driver, numbers[i], verb, &arena, reply);
        }
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        struct dln_job *job = dln_driver_find_job(driver, numbers[i]);
        const enum dln_verdict verdict = prune ? DLN_VERDICT_PRUNE : DLN_VERDICT_STOP;
        if (!job) continue; /* named twice */
        if (job->phase == DLN_JOB_ASKED || job->phase == DLN_JOB_RUNNING) {
            dln_slots_end(driver, job, verdict, -1);
        } else if (!recall_curve(driver, job, &arena, reply) ||
                   !dln_record_verdict(driver, job, verdict)) {
            goto done;
        }
    }
    list_numbers(numbers, n, &list);
    dln_reply_done(reply, "%s %s", verb, dln_strbuf_text(&list));
done:
    dln_strbuf_release(&list);
    dln_arena_release(&arena);
}

/* ── suspend, continue ─────────────────────────────────────────────────────────────────────────*/

static bool may_suspend(struct dln_driver *driver, int64_t number, bool suspends,
                        struct dln_arena *arena, struct dln_reply *reply)
{
    const char *verb = suspends ? "suspend" : "continue";
    const struct dln_job *job = dln_driver_find_job(driver, number);
    if (!job) {
        refuse_ending(driver, number, verb, arena, reply);
    } else if (driver->is_engine && dln_runner_outlives(driver->runner)) {
        dln_reply_refuse(reply, "#%" PRId64 " is a job of a batch system, which alone can %s it",
                         number, verb);
    } else if (job->phase != DLN_JOB_RUNNING || job->verdict != DLN_VERDICT_NONE) {
        dln_reply_refuse(reply, "#%" PRId64 " does not run at this moment", number);
    } else if ((job->suspended_ns > 0) == suspends) {
        dln_reply_refuse(reply, "#%" PRId64 " is %s", number,
                         suspends ? "suspended already" : "not suspended");
    } else {
        return true;
    }
    return false;
}

void dln_obey_suspend(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                      struct dln_reply *reply)
{
    const bool suspends = command->kind == DLN_COMMAND_SUSPEND;
    struct dln_arena arena = {0};
    struct dln_strbuf list = {0};
    struct dln_strbuf undo = {0};
    int64_t *numbers;
    size_t n;
    if (!read_numbers(payload, &arena, &numbers, &n, reply)) goto done;
    for (size_t i = 0; i < n; i++) { /* all of them or none */
        if (!may_suspend(driver, numbers[i], suspends, &arena, reply)) goto done;
    }
    for (size_t i = 0; i < n; i++) {
        struct dln_job *job = dln_driver_find_job(driver, numbers[i]);
        dln_strbuf_addf(&undo, "%s%" PRId64, i > 0 ? ", " : "{\"trials\": [", numbers[i]);
        if ((job->suspended_ns > 0) == suspends) continue; /* named twice */
        if (suspends) {
            dln_slots_suspend(driver, job);
        } else {
            dln_slots_continue(driver, job);
        }
    }
    dln_strbuf_add(&undo, "]}");
    dln_reply_undo(reply, dln_strbuf_text(&undo));
    list_numbers(numbers, n, &list);
    if (suspends) {
        dln_reply_done(reply, "suspend %s; time limits wait, slots stay taken",
                       dln_strbuf_text(&list));
    } else {
        dln_reply_done(reply, "continue %s", dln_strbuf_text(&list));
    }
done:
    dln_strbuf_release(&undo);
    dln_strbuf_release(&list);
    dln_arena_release(&arena);
}

/* ── retry, enqueue ────────────────────────────────────────────────────────────────────────────*/

static bool put_in_queue(struct dln_driver *driver, const double *x, int64_t copy_of, bool is_retry,
                         const char *who, int64_t *number)
{
    struct dln_error err = {0};
    int64_t id;
    if (!dln_store_enqueue(driver->store, &driver->study->space, x, copy_of, is_retry, who, &id,
                           number, &err)) {
        return dln_driver_blame(driver, &err);
    }
    dln_driver_committed(driver, true);
    return !driver->is_engine || dln_refresh_new(driver);
}

void dln_obey_retry(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                    struct dln_reply *reply)
{
    struct dln_arena arena = {0};
    struct dln_strbuf list = {0};
    struct dln_strbuf copies = {0};
    int64_t *numbers;
    int64_t *made = NULL;
    struct dln_trial *trials = NULL;
    size_t n;
    if (!read_numbers(payload, &arena, &numbers, &n, reply)) goto done;
    trials = DLN_ARENA_ARRAY(&arena, struct dln_trial, n);
    made = DLN_ARENA_ARRAY(&arena, int64_t, n);
    if (!trials || !made) {
        dln_reply_refuse(reply, "out of memory");
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        if (!read_trial(driver, numbers[i], &arena, &trials[i], reply)) goto done;
        const bool open =
            trials[i].state == DLN_TRIAL_RUNNING || trials[i].state == DLN_TRIAL_WAITING;
        if (!open) continue;
        dln_reply_refuse(reply,
                         "#%" PRId64 " has not ended yet (%s); only a finished trial can be "
                         "tried again",
                         numbers[i], dln_trial_state_word(trials[i].state));
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        if (!put_in_queue(driver, trials[i].x, numbers[i], true, command->who, &made[i])) goto done;
    }
    list_numbers(numbers, n, &list);
    list_numbers(made, n, &copies);
    dln_reply_done(reply, "retry %s as %s", dln_strbuf_text(&list), dln_strbuf_text(&copies));
done:
    dln_strbuf_release(&copies);
    dln_strbuf_release(&list);
    dln_arena_release(&arena);
}

void dln_obey_enqueue(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                      struct dln_reply *reply)
{
    const struct dln_space *space = &driver->study->space;
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    json_t *params = json_object_get(payload, "params");
    const json_t *copy = json_object_get(payload, "copy_of");
    int64_t copy_of = -1;
    int64_t number;
    double *x = DLN_ARENA_ARRAY(&arena, double, space->n);
    if (!x) {
        dln_reply_refuse(reply, "out of memory");
        goto done;
    }
    for (size_t i = 0; i < space->n; i++)
        x[i] = (double)NAN;
    if (json_is_integer(copy)) {
        struct dln_trial trial;
        copy_of = json_integer_value(copy);
        if (!read_trial(driver, copy_of, &arena, &trial, reply)) goto done;
        if (space->n > 0) memcpy(x, trial.x, space->n * sizeof *x);
    } else if (!json_is_object(params)) {
        dln_reply_refuse(reply, "it needs {\"params\": {…}} or {\"copy_of\": number}");
        goto done;
    }
    if (!dln_point_read(space, params, x, &err)) {
        dln_reply_refuse(reply, "%s", err.text);
        goto done;
    }
    if (!put_in_queue(driver, x, copy_of, false, command->who, &number)) goto done;
    char undo[64];
    (void)snprintf(undo, sizeof undo, "{\"trial\": %" PRId64 "}", number);
    dln_reply_undo(reply, undo);
    dln_reply_done(reply, "queued as #%" PRId64, number);
done:
    dln_arena_release(&arena);
}
