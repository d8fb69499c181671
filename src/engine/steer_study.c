/* Steering from any process: post, then wait for the engine's answer or be the engine for a moment.
 */
#include <poll.h>
#include <stdio.h>

#include "dialin/clock.h"
#include "dialin/engine.h"
#include "engine/driver.h"
#include "engine/obey.h"
#include "engine/recover.h"

enum { ANSWER_LOOK_MS = 20 };

/* *answered: the command has its answer; then the result is the function's. */
static bool read_answer(dln_store *store, int64_t command_id, bool *answered, char *answer,
                        struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_command command;
    *answered = false;
    bool ok = dln_store_command(store, command_id, &arena, &command, err);
    if (ok && command.state != DLN_COMMAND_POSTED) {
        *answered = true;
        if (answer) (void)snprintf(answer, DLN_ERROR_TEXT_MAX, "%s", command.answer);
        ok = command.state == DLN_COMMAND_DONE || dln_fail(err, DLN_REFUSED, "%s", command.answer);
    }
    dln_arena_release(&arena);
    return ok;
}

static bool engine_is_alive(dln_store *store, int64_t study_id, bool *alive, struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_study_summary summary;
    const bool ok = dln_store_study(store, study_id, &arena, &summary, err);
    if (ok) *alive = summary.lease.held && summary.lease.alive;
    dln_arena_release(&arena);
    return ok;
}

/* *busy: an engine came to life meanwhile and will obey. */
static bool obey_here(const char *db_path, int64_t study_id, bool *busy, struct dln_error *err)
{
    struct dln_driver driver;
    *busy = false;
    if (!dln_driver_open(&driver, db_path, study_id, err)) {
        *busy = err->code == DLN_BUSY;
        return *busy;
    }
    if (dln_recover_orphans(&driver, false, NULL)) (void)dln_obey_inbox(&driver);
    const bool failing = dln_driver_is_failing(&driver);
    const bool well = dln_driver_is_well(&driver);
    if (failing) {
        (void)dln_fail(err, driver.end_error.code, "%s", driver.end_error.text);
    } else if (!well) {
        (void)dln_fail(err, DLN_STORAGE, "%s", driver.trouble.text);
    }
    dln_driver_close(&driver);
    return well && !failing;
}

static bool await_answer(dln_store *store, int64_t command_id, int64_t wait_ms, char *answer,
                         struct dln_error *err)
{
    const int64_t deadline = dln_clock_mono_ns() + wait_ms * DLN_NS_PER_MS;
    int64_t version = -1;
    for (;;) {
        const int64_t now_version = dln_store_version(store);
        if (now_version != version) {
            bool answered;
            version = now_version;
            if (!read_answer(store, command_id, &answered, answer, err)) return false;
            if (answered) return true;
        }
        const int64_t left_ms = (deadline - dln_clock_mono_ns()) / DLN_NS_PER_MS;
        if (left_ms <= 0) break;
        (void)poll(NULL, 0, left_ms < ANSWER_LOOK_MS ? (int)left_ms : ANSWER_LOOK_MS);
    }
    return dln_fail(err, DLN_TIMEOUT, "posted, but the engine has not answered yet");
}

bool dln_steer(const char *db_path, int64_t study_id, enum dln_command_kind kind,
               const char *payload, int64_t wait_ms, char *answer, struct dln_error *err)
{
    struct dln_error own = {0};
    dln_store *store = NULL;
    char who[128];
    int64_t command_id;
    bool alive;
    bool ok = false;
    if (!err) err = &own;
    if (answer) answer[0] = '\0';
    if (!dln_store_open(db_path, DLN_STORE_STEER, &store, err)) return false;
    dln_command_who(who, sizeof who);
    if (!engine_is_alive(store, study_id, &alive, err)) goto done;
    if (!dln_store_post(store, study_id, kind, who, payload, &command_id, err)) goto done;
    if (!alive) {
        bool busy;
        bool answered;
        if (!obey_here(db_path, study_id, &busy, err)) goto done;
        if (!busy) {
            ok = read_answer(store, command_id, &answered, answer, err);
            goto done;
        }
    }
    ok = await_answer(store, command_id, wait_ms, answer, err);
done:
    dln_store_close(store);
    return ok;
}
