/* REVISE, WITHDRAW: what waits in the queue, until it starts. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "engine/obey.h"
#include "engine/point.h"
#include "engine/record.h"
#include "engine/refresh.h"

/* The row of a trial that waits; false: refused, or storage trouble. */
static bool find_waiting(struct dln_driver *driver, const json_t *number, int64_t *id,
                         struct dln_reply *reply)
{
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_trial trial;
    if (!json_is_integer(number)) {
        dln_reply_refuse(reply, "a trial is named by its number");
        return false;
    }
    const int64_t wanted = json_integer_value(number);
    bool ok = dln_store_trial(driver->store, driver->study_id, &driver->study->space,
                              driver->study->n_objectives, wanted, &arena, &trial, &err);
    if (!ok && err.code == DLN_NOT_FOUND) {
        dln_reply_refuse(reply, "there is no trial #%" PRId64, wanted);
    } else if (!ok) {
        (void)dln_driver_blame(driver, &err);
    } else if (trial.state != DLN_TRIAL_WAITING || dln_driver_find_job(driver, wanted)) {
        dln_reply_refuse(reply, "#%" PRId64 " is not in the queue any more (%s)", wanted,
                         dln_trial_state_word(trial.state));
        ok = false;
    } else {
        *id = trial.id;
    }
    dln_arena_release(&arena);
    return ok;
}

/* After a change that the store has taken. */
static bool settle(struct dln_driver *driver, int64_t number)
{
    dln_driver_committed(driver, true);
    return !driver->is_engine || dln_refresh_trial(driver, number, NULL);
}

/* The values that the trial waits with. */
static void keep_undo(struct dln_driver *driver, int64_t number, int64_t id,
                      struct dln_reply *reply)
{
    const struct dln_space *space = &driver->study->space;
    struct dln_arena arena = {0};
    struct dln_strbuf text = {0};
    double *x = DLN_ARENA_ARRAY(&arena, double, space->n + 1);
    if (x && dln_store_waiting_point(driver->store, driver->study_id, space, id, x, NULL)) {
        dln_strbuf_addf(&text, "{\"trial\": %" PRId64 ", \"params\": ", number);
        dln_space_json(space, x, &text);
        dln_strbuf_add(&text, "}");
        if (dln_strbuf_ok(&text)) dln_reply_undo(reply, dln_strbuf_text(&text));
    }
    dln_strbuf_release(&text);
    dln_arena_release(&arena);
}

void dln_obey_revise(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                     struct dln_reply *reply)
{
    (void)command;
    const struct dln_space *space = &driver->study->space;
    const json_t *number = json_object_get(payload, "trial");
    json_t *params = json_object_get(payload, "params");
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    int64_t id;
    double *x = DLN_ARENA_ARRAY(&arena, double, space->n);
    for (size_t i = 0; x && i < space->n; i++)
        x[i] = (double)NAN;
    if (!x) {
        dln_reply_refuse(reply, "out of memory");
    } else if (!json_is_object(params)) {
        dln_reply_refuse(reply, "it needs {\"trial\": number, \"params\": {…}}");
    } else if (!dln_point_read(space, params, x, &err)) {
        dln_reply_refuse(reply, "%s", err.text);
    } else if (find_waiting(driver, number, &id, reply)) {
        keep_undo(driver, json_integer_value(number), id, reply);
        if (!dln_store_revise(driver->store, space, id, x, &err)) {
            (void)dln_driver_blame(driver, &err);
        } else if (settle(driver, json_integer_value(number))) {
            dln_reply_done(reply, "changed #%" JSON_INTEGER_FORMAT " in the queue",
                           json_integer_value(number));
        }
    }
    dln_arena_release(&arena);
}

void dln_obey_withdraw(struct dln_driver *driver, const struct dln_command *command,
                       json_t *payload, struct dln_reply *reply)
{
    const json_t *number = json_object_get(payload, "trial");
    struct dln_error err = {0};
    char detail[200];
    int64_t id;
    if (!find_waiting(driver, number, &id, reply)) return;
    (void)snprintf(detail, sizeof detail, "taken out of the queue by %.150s", command->who);
    if (!dln_store_withdraw(driver->store, id, detail, &err)) {
        (void)dln_driver_blame(driver, &err);
    } else if (settle(driver, json_integer_value(number))) {
        dln_reply_done(reply, "took #%" JSON_INTEGER_FORMAT " out of the queue",
                       json_integer_value(number));
    }
}
