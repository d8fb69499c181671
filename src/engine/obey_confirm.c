/*
 * CONFIRM: the best few again on fresh seeds, behind the trials that run; then the study goes on,
 * or with {"then": "stop"} ends. Where no engine is alive, dln_confirm() and an engine that only
 * confirms do the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/obey.h"

/* Whole numbers from 1 to most; 0 where nothing is said. */
static bool read_count(json_t *payload, const char *name, int most, int *out,
                       struct dln_reply *reply)
{
    const json_t *value = json_object_get(payload, name);
    if (!value || json_is_null(value)) return true;
    const json_int_t count = json_integer_value(value);
    if (!json_is_integer(value) || count < 1 || count > most) {
        dln_reply_refuse(reply, "'%s' must be a whole number from 1 to %d", name, most);
        return false;
    }
    *out = (int)count;
    return true;
}

void dln_obey_confirm(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                      struct dln_reply *reply)
{
    const char *then = json_string_value(json_object_get(payload, "then"));
    const bool stops = then && strcmp(then, "stop") == 0;
    struct dln_confirm_settings settings = {.fresh =
                                                json_is_true(json_object_get(payload, "fresh"))};
    if (!read_count(payload, "top", 1000, &settings.top, reply) ||
        !read_count(payload, "repeats", 1000, &settings.repeats, reply)) {
        return;
    }
    const size_t n = driver->n_jobs;
    if (driver->study->n_objectives > 1) {
        dln_reply_refuse(reply,
                         "a study with several objectives has a front, not one best trial to "
                         "confirm");
        return;
    }
    if (driver->ledger.counts[DLN_TRIAL_COMPLETE] == 0 && n == 0) {
        dln_reply_refuse(reply, "no trial is complete yet, so there is nothing to confirm");
        return;
    }
    driver->wants_confirm = true;
    driver->confirm = settings;
    if (stops && driver->engine_state != DLN_ENGINE_DRAINING) {
        char why[200];
        (void)snprintf(why, sizeof why, "wrapped up by %.150s", command->who);
        dln_driver_set_state(driver, DLN_ENGINE_DRAINING, why);
    }
    char behind[64] = "";
    if (n > 0) {
        (void)snprintf(behind, sizeof behind, " after %zu running trial%s", n, n == 1 ? "" : "s");
    }
    dln_reply_done(reply, "%sconfirming the best on fresh seeds%s%s", stops ? "wrapping up: " : "",
                   behind, stops ? ", then it ends" : "");
}
