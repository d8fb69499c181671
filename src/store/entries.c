#include "dialin/entries.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/json.h"

enum dln_command_kind dln_undo_kind(enum dln_command_kind kind)
{
    if (kind == DLN_COMMAND_PAUSE) return DLN_COMMAND_RESUME;
    if (kind == DLN_COMMAND_RESUME) return DLN_COMMAND_PAUSE;
    if (kind == DLN_COMMAND_SUSPEND) return DLN_COMMAND_CONTINUE;
    if (kind == DLN_COMMAND_CONTINUE) return DLN_COMMAND_SUSPEND;
    if (kind == DLN_COMMAND_ENQUEUE) return DLN_COMMAND_WITHDRAW;
    if (kind == DLN_COMMAND_DELETE) return DLN_COMMAND_RESTORE;
    if (kind == DLN_COMMAND_RESTORE) return DLN_COMMAND_DELETE;
    return kind;
}

/* ── what an entry has changed ─────────────────────────────────────────────────────────────────*/

/* Names of settings: "parallel", "space:lr", "trial:17". */
struct keys {
    size_t n;
    const char **key;
};

static bool add_key(struct keys *keys, struct dln_arena *arena, const char *group, const char *name)
{
    if ((keys->n & (keys->n - 1)) == 0) { /* 0, 1, 2, 4 … */
        const char **more = DLN_ARENA_ARRAY(arena, const char *, keys->n ? 2 * keys->n : 1);
        if (!more) return false;
        if (keys->n > 0) memcpy(more, keys->key, keys->n * sizeof *more);
        keys->key = more;
    }
    keys->key[keys->n] = dln_arena_printf(arena, "%s%s%s", group, name[0] ? ":" : "", name);
    return keys->key[keys->n++] != NULL;
}

static bool add_members(struct keys *keys, struct dln_arena *arena, const char *group, json_t *map)
{
    const char *name;
    json_t *value;
    bool ok = true;
    json_object_foreach(map, name, value)
    {
        if (strcmp(name, "why") != 0) ok = ok && add_key(keys, arena, group, name);
    }
    return ok;
}

/* One number, or a list of them. */
static bool add_numbers(struct keys *keys, struct dln_arena *arena, const char *what,
                        const json_t *json, const char *name)
{
    char number[32];
    const json_t *list = json_object_get(json, name);
    const size_t n = json_is_array(list) ? json_array_size(list) : 1;
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_is_array(list) ? json_array_get(list, i) : list;
        if (!json_is_integer(one)) continue;
        (void)snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(one));
        if (!add_key(keys, arena, what, number)) return false;
    }
    return true;
}

static bool find_keys(const struct dln_command *command, json_t *payload, const json_t *undo,
                      struct dln_arena *arena, struct keys *keys)
{
    *keys = (struct keys){0};
    switch ((int)command->kind) {
    case DLN_COMMAND_PAUSE:
    case DLN_COMMAND_RESUME: return add_key(keys, arena, "state", "");
    case DLN_COMMAND_SET_BUDGET: return add_members(keys, arena, "budget", payload);
    case DLN_COMMAND_SET_SPACE:
        return add_members(keys, arena, "space", json_object_get(payload, "edits"));
    case DLN_COMMAND_ENQUEUE: return add_numbers(keys, arena, "trial", undo, "trial");
    case DLN_COMMAND_REVISE:
    case DLN_COMMAND_WITHDRAW: return add_numbers(keys, arena, "trial", payload, "trial");
    case DLN_COMMAND_TRIAL_NOTE:
        return json_object_get(payload, "trial")
                   ? add_numbers(keys, arena, "note", payload, "trial")
                   : add_key(keys, arena, "note", "");
    case DLN_COMMAND_SUSPEND:
    case DLN_COMMAND_CONTINUE: return add_numbers(keys, arena, "suspended", payload, "trials");
    case DLN_COMMAND_SET_SLOT: return add_numbers(keys, arena, "slot", payload, "slot");
    case DLN_COMMAND_TAG: return add_numbers(keys, arena, "tag", payload, "trials");
    case DLN_COMMAND_DELETE:
    case DLN_COMMAND_RESTORE: return add_numbers(keys, arena, "place", payload, "trials");
    case DLN_COMMAND_NOTE: return true;
    default: return add_key(keys, arena, dln_command_name(command->kind), "");
    }
}

static bool share_one(const struct keys *a, const struct keys *b)
{
    for (size_t i = 0; i < a->n; i++) {
        for (size_t k = 0; k < b->n; k++) {
            if (strcmp(a->key[i], b->key[k]) == 0) return true;
        }
    }
    return false;
}

/* ── all of them ───────────────────────────────────────────────────────────────────────────────*/

struct fold {
    size_t n;
    const struct dln_command *commands;
    struct dln_arena *arena;
    struct dln_entry *entries;
    struct keys *keys;
};

static json_t *read_json(const char *text)
{
    json_t *json = NULL;
    if (!text || !text[0] || !dln_json_read(text, strlen(text), &json, NULL)) return NULL;
    if (json_is_object(json)) return json;
    json_decref(json);
    return NULL;
}

static size_t find_id(const struct fold *fold, int64_t id)
{
    size_t low = 0; /* ids descend */
    size_t high = fold->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (fold->commands[middle].id > id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < fold->n && fold->commands[low].id == id ? low : SIZE_MAX;
}

/* An UNDO or REDO that was done: what it did stands in its own undo, {"id": n, "undo": {…}}. */
static bool turn(struct fold *fold, const struct dln_command *command, const json_t *undo)
{
    const size_t at = find_id(fold, json_integer_value(json_object_get(undo, "id")));
    if (at == SIZE_MAX) return true;
    struct dln_entry *entry = &fold->entries[at];
    entry->is_undone = command->kind == DLN_COMMAND_UNDO;
    entry->since = command->id;
    json_t *next = json_object_get(undo, "undo");
    if (!json_is_object(next)) return true;
    char *text = json_dumps(next, JSON_COMPACT);
    entry->undo = text ? dln_arena_copy(fold->arena, text) : NULL;
    free(text);
    return entry->undo != NULL;
}

static bool take_one(struct fold *fold, size_t i)
{
    const struct dln_command *command = &fold->commands[i];
    struct dln_entry *entry = &fold->entries[i];
    json_t *payload = read_json(command->payload);
    json_t *undo = read_json(command->undo);
    const char *why = json_string_value(json_object_get(payload, "why"));
    bool ok = true;
    if (why) ok = (entry->why = dln_arena_copy(fold->arena, why)) != NULL;
    if (ok && command->state == DLN_COMMAND_DONE) {
        const bool turns = command->kind == DLN_COMMAND_UNDO || command->kind == DLN_COMMAND_REDO;
        if (turns) {
            ok = turn(fold, command, undo);
        } else if (command->kind == DLN_COMMAND_NOTE) {
            const char *text = json_string_value(json_object_get(payload, "text"));
            entry->about = json_integer_value(json_object_get(payload, "about"));
            const size_t at = entry->about > 0 ? find_id(fold, entry->about) : SIZE_MAX;
            if (at != SIZE_MAX && text) {
                fold->entries[at].why = dln_arena_copy(fold->arena, text);
                ok = fold->entries[at].why != NULL;
            }
        } else {
            entry->is_reversible = undo != NULL;
            entry->undo = undo ? command->undo : "";
            entry->since = command->id;
            ok = find_keys(command, payload, undo, fold->arena, &fold->keys[i]);
        }
    }
    json_decref(payload);
    json_decref(undo);
    return ok;
}

/* What stands, is younger and has changed the same. */
static void find_block(struct fold *fold, size_t i)
{
    struct dln_entry *entry = &fold->entries[i];
    for (size_t k = 0; k < fold->n; k++) {
        const struct dln_entry *other = &fold->entries[k];
        if (k == i || fold->keys[k].n == 0 || other->is_undone) continue;
        if (other->since <= entry->since || !share_one(&fold->keys[i], &fold->keys[k])) continue;
        if (fold->commands[k].id > entry->blocked_by) entry->blocked_by = fold->commands[k].id;
    }
}

bool dln_journal_entries(size_t n, const struct dln_command *commands, struct dln_arena *arena,
                         struct dln_entry **entries, struct dln_error *err)
{
    struct fold fold = {.n = n,
                        .commands = commands,
                        .arena = arena,
                        .entries = DLN_ARENA_ARRAY(arena, struct dln_entry, n + 1),
                        .keys = DLN_ARENA_ARRAY(arena, struct keys, n + 1)};
    bool ok = fold.entries && fold.keys;
    for (size_t i = 0; ok && i < n; i++) {
        fold.entries[i] = (struct dln_entry){.undo = "", .why = ""};
        fold.keys[i] = (struct keys){0};
    }
    for (size_t i = n; ok && i > 0; i--)
        ok = take_one(&fold, i - 1);
    if (!ok) return dln_fail(err, DLN_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        if (fold.entries[i].is_reversible) find_block(&fold, i);
    }
    *entries = fold.entries;
    return true;
}
