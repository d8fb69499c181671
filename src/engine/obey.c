#include "engine/obey.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/slots.h"

DLN_PRINTF(3, 0)
static void fill_reply(struct dln_reply *reply, enum dln_command_state state, const char *format,
                       va_list args)
{
    reply->state = state;
    if (vsnprintf(reply->text, sizeof reply->text, format, args) < 0) reply->text[0] = '\0';
}

void dln_reply_done(struct dln_reply *reply, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill_reply(reply, DLN_COMMAND_DONE, format, args);
    va_end(args);
}

void dln_reply_refuse(struct dln_reply *reply, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill_reply(reply, DLN_COMMAND_REFUSED, format, args);
    va_end(args);
}

void dln_reply_undo(struct dln_reply *reply, const char *payload)
{
    free(reply->undo);
    reply->undo = strdup(payload);
}

/* ── the session: pause, resume, drain, stop ───────────────────────────────────────────────────*/

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void obey_pause(struct dln_driver *driver, const struct dln_command *command,
                       json_t *payload, struct dln_reply *reply)
{
    (void)payload;
    char why[200];
    const size_t n = dln_driver_n_slots_taken(driver);
    if (driver->engine_state == DLN_ENGINE_PAUSED) {
        dln_reply_refuse(reply, "it is paused already");
        return;
    }
    (void)snprintf(why, sizeof why, "paused by %.150s", command->who);
    dln_reply_undo(reply, "{}");
    dln_driver_set_state(driver, DLN_ENGINE_PAUSED, why);
    dln_hooks_fire(driver, DLN_HOOK_PAUSED, -1);
    if (n == 0) {
        dln_reply_done(reply, "paused; nothing runs");
    } else {
        dln_reply_done(reply, "paused; %zu running trial%s go%s on to the end", n, plural(n),
                       n == 1 ? "es" : "");
    }
}

static void obey_resume(struct dln_driver *driver, const struct dln_command *command,
                        json_t *payload, struct dln_reply *reply)
{
    (void)command;
    (void)payload;
    if (driver->engine_state == DLN_ENGINE_RUNNING) {
        dln_reply_refuse(reply, "it is running already");
        return;
    }
    driver->failures_in_row = 0;
    dln_reply_undo(reply, "{}");
    dln_driver_set_state(driver, DLN_ENGINE_RUNNING, "");
    dln_reply_done(reply, "running");
}

static void obey_drain(struct dln_driver *driver, const struct dln_command *command,
                       json_t *payload, struct dln_reply *reply)
{
    (void)payload;
    char why[200];
    if (driver->engine_state == DLN_ENGINE_DRAINING) {
        dln_reply_refuse(reply, "it is draining already");
        return;
    }
    (void)snprintf(why, sizeof why, "drained by %.150s", command->who);
    dln_driver_set_state(driver, DLN_ENGINE_DRAINING, why);
    dln_reply_done(reply, "draining; %zu trial%s to finish, then it stops", driver->n_jobs,
                   plural(driver->n_jobs));
}

static void obey_stop(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                      struct dln_reply *reply)
{
    char why[200];
    if (!json_is_true(json_object_get(payload, "now"))) {
        obey_drain(driver, command, payload, reply);
        return;
    }
    if (driver->is_stopping) {
        dln_reply_refuse(reply, "it is stopping already");
        return;
    }
    const size_t n = driver->n_jobs;
    driver->is_stopping = true;
    (void)snprintf(why, sizeof why, "stopped by %.150s", command->who);
    dln_driver_set_state(driver, DLN_ENGINE_DRAINING, why);
    for (size_t i = 0; i < n; i++) {
        dln_slots_end(driver, driver->jobs[i], DLN_VERDICT_STOP, -1);
    }
    dln_reply_done(reply, "stopping; %zu trial%s ended", n, plural(n));
}

static void obey_note(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                      struct dln_reply *reply)
{
    (void)driver;
    (void)command;
    const char *text = json_string_value(json_object_get(payload, "text"));
    if (text && text[0]) {
        dln_reply_done(reply, "%.900s", text);
    } else {
        dln_reply_refuse(reply, "a note needs {\"text\": …}");
    }
}

/* ── the inbox ─────────────────────────────────────────────────────────────────────────────────*/

static const struct {
    dln_obey_handler *obey;
    bool is_session; /* means the engine that runs, not the study */
} handlers[DLN_COMMAND_COUNT] = {
    [DLN_COMMAND_PAUSE] = {obey_pause, true},
    [DLN_COMMAND_RESUME] = {obey_resume, true},
    [DLN_COMMAND_DRAIN] = {obey_drain, true},
    [DLN_COMMAND_STOP] = {obey_stop, true},
    [DLN_COMMAND_PRUNE] = {dln_obey_end_trials, false},
    [DLN_COMMAND_STOP_TRIAL] = {dln_obey_end_trials, false},
    [DLN_COMMAND_SUSPEND] = {dln_obey_suspend, false},
    [DLN_COMMAND_CONTINUE] = {dln_obey_suspend, false},
    [DLN_COMMAND_RETRY] = {dln_obey_retry, false},
    [DLN_COMMAND_ENQUEUE] = {dln_obey_enqueue, false},
    [DLN_COMMAND_SET_PARALLEL] = {dln_obey_parallel, false},
    [DLN_COMMAND_SET_SLOT] = {dln_obey_slot, false},
    [DLN_COMMAND_SET_BUDGET] = {dln_obey_budget, false},
    [DLN_COMMAND_SET_STRATEGY] = {dln_obey_strategy, false},
    [DLN_COMMAND_NOTE] = {obey_note, false},
    [DLN_COMMAND_REVISE] = {dln_obey_revise, false},
    [DLN_COMMAND_WITHDRAW] = {dln_obey_withdraw, false},
    [DLN_COMMAND_CONFIRM] = {dln_obey_confirm, true},
    [DLN_COMMAND_SET_SPACE] = {dln_obey_space, false},
    [DLN_COMMAND_UNDO] = {dln_obey_undo, false},
    [DLN_COMMAND_REDO] = {dln_obey_undo, false},
    [DLN_COMMAND_TRIAL_NOTE] = {dln_obey_trial_note, false},
    [DLN_COMMAND_TAG] = {dln_obey_tag, false},
    [DLN_COMMAND_DELETE] = {dln_obey_delete, false},
    [DLN_COMMAND_RESTORE] = {dln_obey_restore, false},
    [DLN_COMMAND_SET_PRUNER] = {dln_obey_pruner, false},
};

dln_obey_handler *dln_obey_handler_of(enum dln_command_kind kind)
{
    return (size_t)kind < DLN_COMMAND_COUNT ? handlers[kind].obey : NULL;
}

static void obey(struct dln_driver *driver, const struct dln_command *command,
                 struct dln_reply *reply)
{
    struct dln_error err = {0};
    json_t *payload = NULL;
    if ((size_t)command->kind >= DLN_COMMAND_COUNT) {
        dln_reply_refuse(reply, "this release does not know the command");
        return;
    }
    if (handlers[command->kind].is_session && !driver->is_engine) {
        dln_reply_refuse(reply, "no engine is running this study: dialin run starts one");
        return;
    }
    if (handlers[command->kind].is_session && driver->is_starting) {
        dln_reply_refuse(reply, "no engine was running when this was posted");
        return;
    }
    const char *text = command->payload && command->payload[0] ? command->payload : "{}";
    if (!dln_json_read(text, strlen(text), &payload, &err) || !json_is_object(payload)) {
        dln_reply_refuse(reply, "the payload is no JSON object");
    } else {
        (void)json_object_del(payload, "why"); /* for those who read the journal */
        handlers[command->kind].obey(driver, command, payload, reply);
    }
    json_decref(payload);
}

/* An answer that could not be written is kept: its command must not be obeyed a second time. */
static bool answer(struct dln_driver *driver, int64_t command_id, const struct dln_reply *reply)
{
    struct dln_error err = {0};
    if (dln_store_answer(driver->store, command_id, reply->state, reply->text,
                         reply->undo ? reply->undo : "", &err)) {
        driver->unanswered_id = 0;
        dln_driver_committed(driver, true);
        return true;
    }
    if (driver->unanswered_id == 0) {
        driver->unanswered_id = command_id;
        driver->unanswered_state = reply->state;
        (void)snprintf(driver->unanswered_text, sizeof driver->unanswered_text, "%s", reply->text);
        free(driver->unanswered_undo);
        driver->unanswered_undo = reply->undo ? strdup(reply->undo) : NULL;
    }
    return dln_driver_blame(driver, &err);
}

bool dln_obey_inbox(struct dln_driver *driver)
{
    if (driver->unanswered_id != 0) {
        struct dln_reply reply = {.state = driver->unanswered_state};
        (void)snprintf(reply.text, sizeof reply.text, "%s", driver->unanswered_text);
        reply.undo = driver->unanswered_undo; /* lent */
        if (!answer(driver, driver->unanswered_id, &reply)) return false;
    }
    struct dln_arena arena = {0};
    bool more = true;
    while (more && dln_driver_is_well(driver)) {
        struct dln_error err = {0};
        struct dln_command command;
        struct dln_reply reply = {.state = DLN_COMMAND_POSTED};
        dln_arena_reset(&arena);
        if (!dln_store_next_command(driver->store, driver->study_id, &arena, &command, &err)) {
            if (err.code != DLN_NOT_FOUND) (void)dln_driver_blame(driver, &err);
            break;
        }
        obey(driver, &command, &reply);
        more = reply.state != DLN_COMMAND_POSTED && answer(driver, command.id, &reply);
        free(reply.undo);
    }
    dln_arena_release(&arena);
    return dln_driver_is_well(driver);
}
