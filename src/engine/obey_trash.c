/* DELETE, RESTORE: trials into the trash and back, where no engine holds them in its memory. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/obey.h"

enum { DELETED_MAX = 10000 };

static bool may_move(struct dln_driver *driver, const json_t *list, struct dln_reply *reply)
{
    const size_t n = json_array_size(list);
    if (driver->is_engine) {
        dln_reply_refuse(reply, "trials are deleted and restored while no engine runs the study");
    } else if (n == 0 || n > DELETED_MAX) {
        dln_reply_refuse(reply, "it needs {\"trials\": [numbers]}, from 1 to %d of them",
                         DELETED_MAX);
    } else {
        return true;
    }
    return false;
}

/* After a change; what undoes it is the same list for the other command. */
static void describe(const json_t *list, const char *verb, struct dln_reply *reply)
{
    const size_t n = json_array_size(list);
    struct dln_strbuf undo = {0};
    dln_strbuf_add(&undo, "{\"trials\": [");
    for (size_t i = 0; i < n; i++)
        dln_strbuf_addf(&undo, "%s%" JSON_INTEGER_FORMAT, i > 0 ? ", " : "",
                        json_integer_value(json_array_get(list, i)));
    dln_strbuf_add(&undo, "]}");
    if (dln_strbuf_ok(&undo)) dln_reply_undo(reply, dln_strbuf_text(&undo));
    dln_strbuf_release(&undo);
    if (n == 1) {
        dln_reply_done(reply, "%s #%" JSON_INTEGER_FORMAT, verb,
                       json_integer_value(json_array_get(list, 0)));
    } else {
        dln_reply_done(reply, "%s %zu trials, from #%" JSON_INTEGER_FORMAT " on", verb, n,
                       json_integer_value(json_array_get(list, 0)));
    }
}

void dln_obey_delete(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                     struct dln_reply *reply)
{
    const json_t *list = json_object_get(payload, "trials");
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    const size_t n = json_array_size(list);
    if (!may_move(driver, list, reply)) return;
    int64_t *ids = DLN_ARENA_ARRAY(&arena, int64_t, n);
    bool ok = ids != NULL;
    if (!ok) dln_reply_refuse(reply, "out of memory");
    for (size_t i = 0; ok && i < n; i++) {
        struct dln_arena one = {0};
        struct dln_trial trial;
        const int64_t number = json_integer_value(json_array_get(list, i));
        ok = dln_store_trial(driver->store, driver->study_id, &driver->study->space,
                             driver->study->n_objectives, number, &one, &trial, &err);
        if (!ok && err.code == DLN_NOT_FOUND) {
            dln_reply_refuse(reply, "there is no trial #%" PRId64, number);
        } else if (!ok) {
            (void)dln_driver_blame(driver, &err);
        } else if (trial.state == DLN_TRIAL_RUNNING) {
            dln_reply_refuse(reply, "#%" PRId64 " runs: it is stopped first", number);
            ok = false;
        } else {
            ids[i] = trial.id;
        }
        dln_arena_release(&one);
    }
    if (ok &&
        !dln_store_delete_trials(driver->store, driver->study_id, n, ids, command->who, &err)) {
        if (err.code == DLN_REFUSED) {
            dln_reply_refuse(reply, "%s", err.text);
        } else {
            (void)dln_driver_blame(driver, &err);
        }
    } else if (ok) {
        dln_driver_committed(driver, true);
        describe(list, "deleted", reply);
    }
    dln_arena_release(&arena);
}

static bool is_named(const json_t *list, int64_t number)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (json_integer_value(json_array_get(list, i)) == number) return true;
    }
    return false;
}

void dln_obey_restore(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                      struct dln_reply *reply)
{
    (void)command;
    const json_t *list = json_object_get(payload, "trials");
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_trashed *trash;
    size_t n, kept = 0;
    if (!may_move(driver, list, reply)) return;
    if (!dln_store_trash(driver->store, driver->study_id, &arena, &trash, &n, &err)) {
        (void)dln_driver_blame(driver, &err);
        dln_arena_release(&arena);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (is_named(list, trash[i].number)) trash[kept++] = trash[i];
    }
    if (kept < json_array_size(list)) {
        dln_reply_refuse(reply, "not all of these lie in the trash: dialin trash lists it");
    } else if (dln_store_restore_trials(driver->store, driver->study_id, kept, trash, &err)) {
        dln_driver_committed(driver, true);
        describe(list, "restored", reply);
    } else if (err.code == DLN_REFUSED) {
        dln_reply_refuse(reply, "%s", err.text);
    } else {
        (void)dln_driver_blame(driver, &err);
    }
    dln_arena_release(&arena);
}
