/*
 * Commands: a queue and the journal of what was done, in one table. Anybody may post; the engine
 * answers. A posted command is durable before the poster is told so.
 */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialin/json.h"
#include "store/handle.h"
#include "store/study_rows.h"

static const char *const kind_names[] = {
#define DLN_COMMAND_TEXT(name, text) text,
    DLN_COMMANDS(DLN_COMMAND_TEXT)
#undef DLN_COMMAND_TEXT
};
static const char *const state_names[] = {"posted", "done", "refused"};

const char *dln_command_name(enum dln_command_kind kind)
{
    return (size_t)kind < DLN_COMMAND_COUNT ? kind_names[kind] : "unknown";
}

void dln_command_who(char *out, size_t cap)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char words[1024];
    char user[64];
    if (getpwuid_r(geteuid(), &entry, words, sizeof words, &found) == 0 && found) {
        (void)snprintf(user, sizeof user, "%.60s", found->pw_name);
    } else {
        (void)snprintf(user, sizeof user, "uid %lu", (unsigned long)geteuid());
    }
    char terminal[128];
    const char *name = "";
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && !name[0]; fd++) {
        if (ttyname_r(fd, terminal, sizeof terminal) == 0) name = terminal;
    }
    if (strncmp(name, "/dev/", 5) == 0) name += 5;
    (void)snprintf(out, cap, name[0] ? "%s@%s" : "%s%s", user, name);
}

/* ── writing ───────────────────────────────────────────────────────────────────────────────────*/

static bool insert(dln_store *store, int64_t study_id, enum dln_command_kind kind, const char *who,
                   const char *payload, enum dln_command_state state, const char *answer,
                   int64_t *id, struct dln_error *err)
{
    static const char sql[] =
        "INSERT INTO dialin_commands (study_id, uid, posted_us, who, kind, payload, state,"
        " answered_us, answer, undo) VALUES (:study, :uid, :now, :who, :kind, :payload, :state,"
        " :answered, :answer, '')";
    char uid[DLN_UID_MAX];
    if (!dln_rows_give_uid(store, study_id, uid, err)) return false;
    const int64_t now = dln_clock_wall_us();
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", study_id);
    dln_bind_text(&q, ":uid", uid);
    dln_bind_int(&q, ":now", now);
    dln_bind_text(&q, ":who", who ? who : "");
    dln_bind_text(&q, ":kind", dln_command_name(kind));
    dln_bind_text(&q, ":payload", payload && payload[0] ? payload : "{}");
    dln_bind_text(&q, ":state", state_names[state]);
    dln_bind_int(&q, ":answered", state == DLN_COMMAND_POSTED ? 0 : now);
    dln_bind_text(&q, ":answer", answer);
    if (!dln_query_run(&q, NULL, err)) return false;
    *id = dln_db_last_id(store->db);
    return true;
}

static bool add(dln_store *store, int64_t study_id, enum dln_command_kind kind, const char *who,
                const char *payload, enum dln_command_state state, const char *answer,
                bool is_durable, int64_t *command_id, struct dln_error *err)
{
    int64_t id = 0;
    const enum dln_guard guard = state != DLN_COMMAND_POSTED && store->lease.study_id == study_id
                                     ? DLN_GUARD_LEASE
                                     : DLN_GUARD_NONE;
    if (!dln_store_begin(store, study_id, guard, is_durable, err)) return false;
    if (!insert(store, study_id, kind, who, payload, state, answer, &id, err)) {
        dln_store_rollback(store);
        return false;
    }
    if (!dln_store_commit(store, err)) return false;
    if (command_id) *command_id = id;
    return true;
}

bool dln_store_post(dln_store *store, int64_t study_id, enum dln_command_kind kind, const char *who,
                    const char *payload, int64_t *command_id, struct dln_error *err)
{
    return add(store, study_id, kind, who, payload, DLN_COMMAND_POSTED, "", true, command_id, err);
}

bool dln_store_note(dln_store *store, int64_t study_id, const char *text, struct dln_error *err)
{
    struct dln_strbuf payload = {0};
    struct dln_json_writer w = {.out = &payload};
    dln_json_object(&w);
    dln_json_key(&w, "text");
    dln_json_string(&w, text);
    dln_json_end_object(&w);
    const bool ok = dln_strbuf_ok(&payload)
                        ? add(store, study_id, DLN_COMMAND_NOTE, "engine",
                              dln_strbuf_text(&payload), DLN_COMMAND_DONE, text, false, NULL, err)
                        : dln_fail(err, DLN_NOMEM, "out of memory");
    dln_strbuf_release(&payload);
    return ok;
}

static bool study_of(dln_store *store, int64_t command_id, int64_t *study_id, struct dln_error *err)
{
    static const char sql[] = "SELECT study_id FROM dialin_commands WHERE command_id = :id";
    int64_t found = 0;
    if (!dln_store_refresh_ours(store, err)) return false;
    if (store->has_ours) {
        struct dln_query q = dln_query(store->db, sql);
        dln_bind_int(&q, ":id", command_id);
        if (dln_query_row(&q)) found = dln_column_int(&q, 0);
        if (!dln_query_end(&q, err)) return false;
    }
    if (found == 0) {
        return dln_fail(err, DLN_NOT_FOUND, "there is no command %" PRId64, command_id);
    }
    *study_id = found;
    return true;
}

bool dln_store_answer(dln_store *store, int64_t command_id, enum dln_command_state state,
                      const char *answer, const char *undo, struct dln_error *err)
{
    static const char sql[] =
        "UPDATE dialin_commands SET state = :state, answer = :answer, undo = :undo,"
        " answered_us = :now WHERE command_id = :id AND state = 'posted'";
    int64_t study_id = 0;
    int64_t changed = 0;
    if (!study_of(store, command_id, &study_id, err)) return false;
    if (!dln_store_begin(store, study_id, DLN_GUARD_LEASE, true, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":state", state_names[state]);
    dln_bind_text(&q, ":answer", answer ? answer : "");
    dln_bind_text(&q, ":undo", undo ? undo : "");
    dln_bind_int(&q, ":now", dln_clock_wall_us());
    dln_bind_int(&q, ":id", command_id);
    bool ok = dln_query_run(&q, &changed, err);
    if (ok && changed != 1) {
        ok = dln_fail(err, DLN_REFUSED, "command %" PRId64 " was answered already", command_id);
    }
    if (ok) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}

/* ── reading ───────────────────────────────────────────────────────────────────────────────────*/

#define COMMAND_COLUMNS "command_id, posted_us, kind, who, payload, state, answer, undo"

static void read_command(struct dln_query *q, struct dln_arena *arena, struct dln_command *out)
{
    const char *kind = dln_column_text(q, 2);
    *out = (struct dln_command){.id = dln_column_int(q, 0),
                                .posted_us = dln_column_int(q, 1),
                                .kind = DLN_COMMAND_NOTE}; /* what a later release may add */
    for (size_t i = 0; i < DLN_COMMAND_COUNT; i++) {
        if (strcmp(kind, kind_names[i]) == 0) out->kind = (enum dln_command_kind)i;
    }
    out->who = dln_column_copy(q, 3, arena);
    out->payload = dln_column_copy(q, 4, arena);
    const char *state = dln_column_text(q, 5);
    out->state = strcmp(state, "posted") == 0 ? DLN_COMMAND_POSTED
                 : strcmp(state, "done") == 0 ? DLN_COMMAND_DONE
                                              : DLN_COMMAND_REFUSED;
    out->answer = dln_column_copy(q, 6, arena);
    out->undo = dln_column_copy(q, 7, arena);
}

bool dln_store_next_command(dln_store *store, int64_t study_id, struct dln_arena *arena,
                            struct dln_command *out, struct dln_error *err)
{
    static const char sql[] = "SELECT " COMMAND_COLUMNS " FROM dialin_commands"
                              " WHERE study_id = :study AND state = 'posted' AND uid = :uid"
                              " ORDER BY command_id LIMIT 1";
    char uid[DLN_UID_MAX];
    bool found = false;
    struct dln_command command;
    if (!dln_store_refresh_ours(store, err)) return false;
    if (!dln_store_uid(store, study_id, uid, err)) return false;
    if (store->has_ours) {
        struct dln_query q = dln_query(store->db, sql);
        dln_bind_int(&q, ":study", study_id);
        dln_bind_text(&q, ":uid", uid);
        found = dln_query_row(&q);
        if (found) read_command(&q, arena, &command);
        if (!dln_query_end(&q, err)) return false;
    }
    if (!found) return dln_fail(err, DLN_NOT_FOUND, "no command waits");
    *out = command;
    return true;
}

bool dln_store_journal(dln_store *store, int64_t study_id, int64_t after, size_t limit,
                       struct dln_arena *arena, struct dln_command **out, size_t *n,
                       struct dln_error *err)
{
    static const char sql[] = "SELECT " COMMAND_COLUMNS " FROM dialin_commands"
                              " WHERE study_id = :study AND command_id > :after AND uid = :uid"
                              " ORDER BY command_id DESC LIMIT :limit";
    char uid[DLN_UID_MAX];
    size_t count = 0;
    size_t cap = 64;
    struct dln_command *list = DLN_ARENA_ARRAY(arena, struct dln_command, cap);
    if (!list) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (!dln_store_refresh_ours(store, err)) return false;
    if (!dln_store_uid(store, study_id, uid, err)) return false;
    if (!store->has_ours) {
        *out = list;
        *n = 0;
        return true;
    }
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", study_id);
    dln_bind_text(&q, ":uid", uid);
    dln_bind_int(&q, ":after", after);
    dln_bind_int(&q, ":limit", limit < INT32_MAX ? (int64_t)limit : INT32_MAX);
    while (dln_query_row(&q)) {
        if (count == cap) {
            struct dln_command *more = DLN_ARENA_ARRAY(arena, struct dln_command, cap * 2);
            if (!more) {
                dln_query_no_memory(&q);
                break;
            }
            memcpy(more, list, count * sizeof *list);
            list = more;
            cap *= 2;
        }
        read_command(&q, arena, &list[count++]);
    }
    if (!dln_query_end(&q, err)) return false;
    *out = list;
    *n = count;
    return true;
}

bool dln_store_command(dln_store *store, int64_t command_id, struct dln_arena *arena,
                       struct dln_command *out, struct dln_error *err)
{
    static const char sql[] =
        "SELECT " COMMAND_COLUMNS " FROM dialin_commands WHERE command_id = :id";
    int64_t study_id = 0;
    struct dln_command command = {0};
    if (!study_of(store, command_id, &study_id, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", command_id);
    if (dln_query_row(&q)) read_command(&q, arena, &command);
    if (!dln_query_end(&q, err)) return false;
    *out = command;
    return true;
}
