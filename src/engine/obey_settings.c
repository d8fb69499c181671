/* SET_PARALLEL, SET_SLOT and SET_BUDGET. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dialin/num.h"
#include "engine/budget.h"
#include "engine/obey.h"

static bool save_live(struct dln_driver *driver, const struct dln_live_settings *live)
{
    struct dln_error err = {0};
    if (!dln_store_set_live(driver->store, driver->study_id, live, &err)) {
        return dln_driver_blame(driver, &err);
    }
    driver->live = *live;
    dln_driver_committed(driver, true);
    return true;
}

void dln_obey_parallel(struct dln_driver *driver, const struct dln_command *command,
                       json_t *payload, struct dln_reply *reply)
{
    (void)command;
    const json_t *value = json_object_get(payload, "value");
    const int was = driver->live.parallel;
    if (!json_is_integer(value) || json_integer_value(value) < 1 ||
        json_integer_value(value) > DLN_PARALLEL_MAX) {
        dln_reply_refuse(reply, "parallel must be a whole number from 1 to %d; 'pause' starts none",
                         DLN_PARALLEL_MAX);
        return;
    }
    struct dln_live_settings live = driver->live;
    live.parallel = (int)json_integer_value(value);
    if (!save_live(driver, &live)) return;
    char undo[64];
    (void)snprintf(undo, sizeof undo, "{\"value\": %d}", was);
    dln_reply_undo(reply, undo);
    const int room = dln_driver_n_slots(driver);
    if (room < live.parallel) {
        dln_reply_done(reply, "parallel %d → %d; there are GPUs for %d", was, live.parallel, room);
    } else {
        dln_reply_done(reply, "parallel %d → %d", was, live.parallel);
    }
}

/* ── slots ─────────────────────────────────────────────────────────────────────────────────────*/

void dln_obey_slot(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                   struct dln_reply *reply)
{
    (void)command;
    const json_t *value = json_object_get(payload, "slot");
    const json_t *open = json_object_get(payload, "open");
    const int n = dln_driver_n_places(driver);
    struct dln_live_settings live = driver->live;
    const struct dln_job *guest = NULL;
    char undo[80];
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) >= n || !json_is_boolean(open)) {
        dln_reply_refuse(reply, "it needs a slot from 0 to %d, and whether it is to be open",
                         n - 1);
        return;
    }
    const int slot = (int)json_integer_value(value);
    live.is_closed[slot] = !json_is_true(open);
    if (live.is_closed[slot] == driver->live.is_closed[slot]) {
        dln_reply_refuse(reply, "slot %d is %s already", slot,
                         live.is_closed[slot] ? "closed" : "open");
        return;
    }
    int n_open = 0;
    for (int i = 0; i < n; i++)
        n_open += !live.is_closed[i];
    if (n_open == 0) {
        dln_reply_refuse(reply, "slot %d is the last open one; 'pause' starts no more trials",
                         slot);
        return;
    }
    if (!save_live(driver, &live)) return;
    (void)snprintf(undo, sizeof undo, "{\"slot\": %d, \"open\": %s}", slot,
                   live.is_closed[slot] ? "true" : "false");
    dln_reply_undo(reply, undo);
    for (size_t i = 0; i < driver->n_jobs; i++) {
        if (driver->jobs[i]->slot == slot) guest = driver->jobs[i];
    }
    if (live.is_closed[slot] && guest) {
        dln_reply_done(reply, "slot %d closed; #%" PRId64 " goes on there to its end", slot,
                       guest->number);
    } else {
        dln_reply_done(reply, "slot %d %s", slot, live.is_closed[slot] ? "closed" : "open");
    }
}

/* ── budget ────────────────────────────────────────────────────────────────────────────────────*/

/* A number ≥ 0 in *out; null means 0, "no such limit". */
static bool read_amount(const json_t *value, bool whole, double *out)
{
    if (json_is_null(value)) {
        *out = 0;
        return true;
    }
    if (!json_is_number(value)) return false;
    *out = json_number_value(value);
    return *out >= 0 && isfinite(*out) && *out <= DLN_INT_MAX && (!whole || *out == floor(*out));
}

static bool apply(struct dln_budget *budget, const char *key, const json_t *value,
                  struct dln_reply *reply)
{
    double amount;
    if (strcmp(key, "target") == 0) {
        budget->has_target = !json_is_null(value);
        if (!budget->has_target) return true;
        budget->target = json_number_value(value);
        if (json_is_number(value)) return true;
        dln_reply_refuse(reply, "'target' must be a number, or null for none");
        return false;
    }
    const bool is_trials = strcmp(key, "trials") == 0;
    double *const real = strcmp(key, "time_s") == 0   ? &budget->time_s
                         : strcmp(key, "slot_s") == 0 ? &budget->slot_s
                         : strcmp(key, "cost") == 0   ? &budget->cost
                                                      : NULL;
    if (!is_trials && !real && strcmp(key, "no_improvement") != 0) {
        dln_reply_refuse(reply,
                         "'%.60s' is no limit that can be changed while a study runs; there are "
                         "trials, time_s, slot_s, cost, target and no_improvement",
                         key);
        return false;
    }
    if (!read_amount(value, !real, &amount)) {
        dln_reply_refuse(reply, "'%s' must be a %snumber of 0 (no limit) or more", key,
                         real ? "" : "whole ");
        return false;
    }
    if (is_trials) {
        budget->trials = (int64_t)amount;
    } else if (real) {
        *real = amount;
    } else {
        budget->no_improvement = (int64_t)amount;
    }
    return true;
}

/* Only of what is changed: other limits may have been set by somebody else since. */
static void describe_undo(const struct dln_budget *was, const json_t *payload,
                          struct dln_reply *reply)
{
    const struct {
        const char *key;
        double value;
        bool is_none;
    } limits[] = {
        {"trials", (double)was->trials, false},
        {"time_s", was->time_s, false},
        {"slot_s", was->slot_s, false},
        {"cost", was->cost, false},
        {"target", was->target, !was->has_target},
        {"no_improvement", (double)was->no_improvement, false},
    };
    struct dln_strbuf text = {0};
    struct dln_json_writer w = {.out = &text};
    dln_json_object(&w);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (!json_object_get(payload, limits[i].key)) continue;
        dln_json_key(&w, limits[i].key);
        if (limits[i].is_none) {
            dln_json_null(&w);
        } else if (i == 0 || i == 5) {
            dln_json_int(&w, (int64_t)limits[i].value);
        } else {
            dln_json_double(&w, limits[i].value);
        }
    }
    dln_json_end_object(&w);
    dln_reply_undo(reply, dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}

void dln_obey_settle_idle(struct dln_driver *driver, const char *why)
{
    struct dln_error err = {0};
    if (driver->is_engine || driver->engine_state != DLN_ENGINE_DONE) return;
    if (dln_store_set_state(driver->store, driver->study_id, DLN_ENGINE_IDLE, why, &driver->spent,
                            &err)) {
        driver->engine_state = DLN_ENGINE_IDLE;
    } else {
        (void)dln_driver_blame(driver, &err);
    }
}

void dln_obey_budget(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                     struct dln_reply *reply)
{
    (void)command;
    const struct dln_budget was = driver->live.budget;
    struct dln_live_settings live = driver->live;
    if (json_object_size(payload) == 0) {
        dln_reply_refuse(reply, "no limit is named; there are trials, time_s, slot_s, cost, "
                                "target and no_improvement");
        return;
    }
    const char *key;
    json_t *value;
    bool ok = true;
    json_object_foreach(payload, key, value)
    {
        ok = ok && apply(&live.budget, key, value, reply);
    }
    if (ok && live.budget.cost > 0 && driver->cost_metric == SIZE_MAX) {
        dln_reply_refuse(reply, "nothing is read as a trial's cost: 'cost' in the budget of the "
                                "study file makes it a metric");
        return;
    }
    if (!ok || !save_live(driver, &live)) return;
    dln_obey_settle_idle(driver, "budget changed");
    describe_undo(&was, payload, reply);
    struct dln_strbuf text = {0};
    dln_budget_text(&was, &text);
    dln_strbuf_add(&text, " → ");
    dln_budget_text(&live.budget, &text);
    dln_reply_done(reply, "budget %s", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
}
