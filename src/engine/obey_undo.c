/*
 * UNDO, REDO: an entry of the journal taken back by the payload that it has left for that, or done
 * again. Both are entries themselves, whose own undo names the entry and how to take it back then.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/entries.h"
#include "engine/obey.h"

enum { JOURNAL_MAX = 20000 }; /* what is older cannot be undone */

struct history {
    struct dln_arena arena;
    size_t n;
    struct dln_command *commands; /* newest first */
    struct dln_entry *entries;
};

static bool is_waiting(struct dln_driver *driver, const struct dln_entry *entry)
{
    json_t *undo = NULL;
    struct dln_arena arena = {0};
    struct dln_trial trial;
    bool waits = false;
    if (dln_json_read(entry->undo, strlen(entry->undo), &undo, NULL)) {
        const int64_t number = json_integer_value(json_object_get(undo, "trial"));
        waits = dln_store_trial(driver->store, driver->study_id, &driver->study->space,
                                driver->study->n_objectives, number, &arena, &trial, NULL) &&
                trial.state == DLN_TRIAL_WAITING;
    }
    json_decref(undo);
    dln_arena_release(&arena);
    return waits;
}

/* The newest that stands; a point of the queue only as long as it waits. */
static size_t find_undo(struct dln_driver *driver, const struct history *history)
{
    for (size_t i = 0; i < history->n; i++) {
        const struct dln_entry *entry = &history->entries[i];
        if (!entry->is_reversible || entry->is_undone || entry->blocked_by != 0) continue;
        if (history->commands[i].kind == DLN_COMMAND_ENQUEUE && !is_waiting(driver, entry))
            continue;
        return i;
    }
    return SIZE_MAX;
}

/* What was undone last, unless something else was changed since. */
static size_t find_redo(const struct history *history)
{
    size_t newest = SIZE_MAX;
    int64_t last_change = 0;
    for (size_t i = 0; i < history->n; i++) {
        const struct dln_entry *entry = &history->entries[i];
        if (!entry->is_reversible) continue;
        if (!entry->is_undone) {
            const bool is_first = entry->since == history->commands[i].id;
            if (is_first && entry->since > last_change) last_change = entry->since;
        } else if (newest == SIZE_MAX || entry->since > history->entries[newest].since) {
            newest = i;
        }
    }
    if (newest != SIZE_MAX && history->entries[newest].since < last_change) return SIZE_MAX;
    return newest;
}

static size_t find_id(const struct history *history, int64_t id)
{
    for (size_t i = 0; i < history->n; i++) {
        if (history->commands[i].id == id) return i;
    }
    return SIZE_MAX;
}

/* The entry that is meant, which can be turned; SIZE_MAX: refused. */
static size_t choose(struct dln_driver *driver, const struct history *history, const json_t *wanted,
                     bool is_undo, struct dln_reply *reply)
{
    if (!wanted) {
        const size_t at = is_undo ? find_undo(driver, history) : find_redo(history);
        if (at == SIZE_MAX) {
            dln_reply_refuse(reply, is_undo ? "there is nothing to undo"
                                            : "there is nothing to do again since the last change");
        }
        return at;
    }
    const int64_t id = json_integer_value(wanted);
    const size_t at = find_id(history, id);
    const struct dln_entry *entry = at == SIZE_MAX ? NULL : &history->entries[at];
    if (!entry) {
        dln_reply_refuse(reply, "there is no entry %" PRId64 " in this journal", id);
    } else if (!entry->is_reversible) {
        dln_reply_refuse(reply, "entry %" PRId64 " (%s) cannot be undone", id,
                         dln_command_name(history->commands[at].kind));
    } else if (entry->is_undone == is_undo) {
        dln_reply_refuse(reply,
                         is_undo ? "entry %" PRId64 " is undone already"
                                 : "entry %" PRId64 " stands: it was not undone",
                         id);
    } else if (entry->blocked_by != 0) {
        const size_t other = find_id(history, entry->blocked_by);
        dln_reply_refuse(reply, "entry %" PRId64 " depends on it: %.200s. Undo that first",
                         entry->blocked_by, history->commands[other].answer);
    } else {
        return at;
    }
    return SIZE_MAX;
}

static void turn(struct dln_driver *driver, const struct dln_command *command,
                 const struct dln_command *target, const struct dln_entry *entry, bool is_undo,
                 struct dln_reply *reply)
{
    const enum dln_command_kind kind = is_undo ? dln_undo_kind(target->kind) : target->kind;
    const bool is_session = kind == DLN_COMMAND_PAUSE || kind == DLN_COMMAND_RESUME;
    const char *text = is_undo ? entry->undo : target->payload;
    dln_obey_handler *const obey = dln_obey_handler_of(kind);
    struct dln_command again = *command;
    struct dln_reply inner = {.state = DLN_COMMAND_POSTED};
    json_t *payload = NULL;
    again.kind = kind;
    if (is_session && !driver->is_engine) {
        dln_reply_refuse(reply, "no engine is running this study: dialin run starts one");
        return;
    }
    if (!obey || !dln_json_read(text, strlen(text), &payload, NULL) || !json_is_object(payload)) {
        dln_reply_refuse(reply, "entry %" PRId64 " has no way back that this release knows",
                         target->id);
        json_decref(payload);
        return;
    }
    (void)json_object_del(payload, "why");
    obey(driver, &again, payload, &inner);
    const char *word = is_undo ? "undo" : "redo";
    if (inner.state == DLN_COMMAND_REFUSED) {
        dln_reply_refuse(reply, "%s of entry %" PRId64 ": %s", word, target->id, inner.text);
    } else if (inner.state == DLN_COMMAND_DONE) {
        struct dln_strbuf undo = {0};
        dln_strbuf_addf(&undo, "{\"id\": %" PRId64, target->id);
        if (!is_undo && inner.undo) dln_strbuf_addf(&undo, ", \"undo\": %s", inner.undo);
        dln_strbuf_add(&undo, "}");
        dln_reply_undo(reply, dln_strbuf_text(&undo));
        dln_strbuf_release(&undo);
        dln_reply_done(reply, "%s of entry %" PRId64 ": %s", word, target->id, inner.text);
    }
    free(inner.undo);
    json_decref(payload);
}

void dln_obey_undo(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                   struct dln_reply *reply)
{
    struct history history = {0};
    struct dln_error err = {0};
    const bool is_undo = command->kind == DLN_COMMAND_UNDO;
    const json_t *wanted = json_object_get(payload, "id");
    if (wanted && !json_is_integer(wanted)) {
        dln_reply_refuse(reply, "an entry is named by its id");
        return;
    }
    if (!dln_store_journal(driver->store, driver->study_id, 0, JOURNAL_MAX, &history.arena,
                           &history.commands, &history.n, &err) ||
        !dln_journal_entries(history.n, history.commands, &history.arena, &history.entries, &err)) {
        (void)dln_driver_blame(driver, &err);
    } else {
        const size_t at = choose(driver, &history, wanted, is_undo, reply);
        if (at != SIZE_MAX) {
            turn(driver, command, &history.commands[at], &history.entries[at], is_undo, reply);
        }
    }
    dln_arena_release(&history.arena);
}
