/*
 * Deleted trials. What a trial has moves to a row that belongs to no study: Optuna's column for it
 * may be NULL, and nobody sees it. Its own row stays where it was, as an empty failed trial that we
 * do not show (`dialin:deleted`): Optuna counts rows to number the next trial, and its dashboard
 * takes numbers for positions in the order of ids, so that none may be missing. A table of ours
 * remembers whose it was, for 30 days. The study's system attribute `dialin:trash` counts these
 * moves: whoever has counted or read trials begins anew when it is another number.
 */
#include <inttypes.h>
#include <string.h>

#include "dialin/clock.h"
#include "dialin/num.h"
#include "store/attributes.h"
#include "store/handle.h"

static const char sql_table[] =
    "CREATE TABLE IF NOT EXISTS dialin_deleted (trial_id INTEGER NOT NULL PRIMARY KEY,"
    "    place_id INTEGER NOT NULL, study_id INTEGER NOT NULL, uid TEXT NOT NULL,"
    "    number INTEGER NOT NULL, deleted_us INTEGER NOT NULL, who TEXT NOT NULL)";

bool dln_store_trash_moves(dln_store *store, int64_t study_id, int64_t *out, struct dln_error *err)
{
    struct dln_arena arena = {0};
    const char *json = NULL;
    int64_t moves = 0;
    const bool ok =
        dln_attribute_get(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_TRASH, &arena, &json, err);
    if (json && !dln_num_parse_int(json, strlen(json), &moves)) moves = 0;
    dln_arena_release(&arena);
    if (ok) *out = moves;
    return ok;
}

static bool count_move(dln_store *store, int64_t study_id, struct dln_error *err)
{
    static const char sql[] = "DELETE FROM dialin_tallies WHERE study_id = :study";
    int64_t moves;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", study_id);
    return dln_query_run(&q, NULL, err) && /* it has counted what is not there any more */
           dln_store_trash_moves(store, study_id, &moves, err) &&
           dln_attribute_set_int(store->db, DLN_STUDY_SYSTEM, study_id, DLN_KEY_TRASH, moves + 1,
                                 err);
}

static bool run_for(dln_store *store, const char *sql, int64_t from, int64_t to,
                    struct dln_error *err)
{
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":from", from);
    if (to >= 0) dln_bind_int(&q, ":to", to);
    return dln_query_run(&q, NULL, err);
}

static bool move_content(dln_store *store, int64_t from, int64_t to, struct dln_error *err)
{
    static const char *const sql[] = {
        "UPDATE trial_params SET trial_id = :to WHERE trial_id = :from",
        "UPDATE trial_values SET trial_id = :to WHERE trial_id = :from",
        "UPDATE trial_intermediate_values SET trial_id = :to WHERE trial_id = :from",
        "UPDATE trial_user_attributes SET trial_id = :to WHERE trial_id = :from",
        "UPDATE trial_system_attributes SET trial_id = :to WHERE trial_id = :from",
        "UPDATE trial_heartbeats SET trial_id = :to WHERE trial_id = :from",
        "UPDATE dialin_runs SET trial_id = :to WHERE trial_id = :from",
    };
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        if (!run_for(store, sql[i], from, to, err)) return false;
    }
    return true;
}

static bool drop_content(dln_store *store, int64_t id, struct dln_error *err)
{
    static const char *const sql[] = {
        "DELETE FROM trial_params WHERE trial_id = :from",
        "DELETE FROM trial_values WHERE trial_id = :from",
        "DELETE FROM trial_intermediate_values WHERE trial_id = :from",
        "DELETE FROM trial_user_attributes WHERE trial_id = :from",
        "DELETE FROM trial_system_attributes WHERE trial_id = :from",
        "DELETE FROM trial_heartbeats WHERE trial_id = :from",
        "DELETE FROM dialin_runs WHERE trial_id = :from",
    };
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        if (!run_for(store, sql[i], id, -1, err)) return false;
    }
    return true;
}

/* The row that it was kept in, which is nobody else's: a study may have got the id meanwhile. */
static bool forget(dln_store *store, int64_t id, struct dln_error *err)
{
    static const char sql[] = "SELECT 1 FROM trials WHERE study_id IS NULL AND trial_id = :id";
    static const char sql_row[] = "DELETE FROM trials WHERE trial_id = :from";
    static const char sql_note[] = "DELETE FROM dialin_deleted WHERE trial_id = :from";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", id);
    const bool is_kept = dln_query_row(&q);
    if (!dln_query_end(&q, err)) return false;
    if (is_kept && (!drop_content(store, id, err) || !run_for(store, sql_row, id, -1, err))) {
        return false;
    }
    return run_for(store, sql_note, id, -1, err);
}

/* ── throwing away ─────────────────────────────────────────────────────────────────────────────*/

/* What has lain there for longer is gone for good. */
static bool purge(dln_store *store, struct dln_error *err)
{
    static const char sql[] =
        "SELECT trial_id FROM dialin_deleted WHERE deleted_us < :before LIMIT 1";
    const int64_t before = dln_clock_wall_us() - DLN_TRASH_DAYS * INT64_C(86400000000);
    for (;;) {
        struct dln_query q = dln_query(store->db, sql);
        dln_bind_int(&q, ":before", before);
        const int64_t id = dln_query_row(&q) ? dln_column_int(&q, 0) : -1;
        if (!dln_query_end(&q, err)) return false;
        if (id < 0) return true;
        if (!forget(store, id, err)) return false;
    }
}

/* An empty failed trial of the same times. */
static bool empty(dln_store *store, int64_t id, int64_t kept, const struct dln_time_base *times,
                  struct dln_error *err)
{
    static const char sql[] =
        "UPDATE trials SET state = 'FAIL', datetime_start = coalesce(datetime_start, :now),"
        " datetime_complete = coalesce(datetime_complete, datetime_start, :now)"
        " WHERE trial_id = :id";
    char now[DLN_TIME_TEXT_MAX];
    dln_time_base_now(times, now);
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_text(&q, ":now", now);
    dln_bind_int(&q, ":id", id);
    return dln_query_run(&q, NULL, err) &&
           dln_attribute_set_int(store->db, DLN_TRIAL_SYSTEM, id, DLN_KEY_DELETED, kept, err) &&
           dln_attribute_set_text(store->db, DLN_TRIAL_USER, id, DLN_KEY_REASON, "deleted", err);
}

static bool throw_away(dln_store *store, int64_t study_id, int64_t id, const char *uid,
                       const char *who, const struct dln_time_base *times, struct dln_error *err)
{
    static const char sql_keep[] =
        "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete)"
        " SELECT number, NULL, state, datetime_start, datetime_complete FROM trials"
        " WHERE trial_id = :id AND study_id = :study AND state <> 'RUNNING'"
        " AND NOT " DLN_SQL_IS_DELETED;
    static const char sql_note[] =
        "INSERT OR REPLACE INTO dialin_deleted"
        " (trial_id, place_id, study_id, uid, number, deleted_us, who)"
        " SELECT :kept, :id, :study, :uid, coalesce(number, -1), :now, :who FROM trials"
        " WHERE trial_id = :kept";
    int64_t changed = 0;
    struct dln_query q = dln_query(store->db, sql_keep);
    dln_bind_int(&q, ":id", id);
    dln_bind_int(&q, ":study", study_id);
    if (!dln_query_run(&q, &changed, err)) return false;
    if (changed != 1) return dln_fail(err, DLN_REFUSED, "a trial runs, or is gone already");
    const int64_t kept = dln_db_last_id(store->db);
    q = dln_query(store->db, sql_note);
    dln_bind_int(&q, ":kept", kept);
    dln_bind_int(&q, ":id", id);
    dln_bind_int(&q, ":study", study_id);
    dln_bind_text(&q, ":uid", uid);
    dln_bind_int(&q, ":now", dln_clock_wall_us());
    dln_bind_text(&q, ":who", who);
    return dln_query_run(&q, NULL, err) && drop_content(store, kept, err) &&
           move_content(store, id, kept, err) && empty(store, id, kept, times, err);
}

bool dln_store_delete_trials(dln_store *store, int64_t study_id, size_t n, const int64_t *ids,
                             const char *who, struct dln_error *err)
{
    char uid[DLN_UID_MAX];
    struct dln_time_base times;
    if (!dln_store_begin(store, study_id, DLN_GUARD_LEASE, true, err)) return false;
    bool ok = dln_db_script(store->db, sql_table, err) &&
              dln_store_uid(store, study_id, uid, err) &&
              dln_store_time_base(store, study_id, &times, err) && purge(store, err);
    for (size_t i = 0; ok && i < n; i++)
        ok = throw_away(store, study_id, ids[i], uid, who, &times, err);
    ok = ok && count_move(store, study_id, err);
    if (ok) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}

/* ── what lies there, and back ─────────────────────────────────────────────────────────────────*/

static bool has_trash(dln_store *store, bool *out, struct dln_error *err)
{
    static const char sql[] =
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'dialin_deleted'";
    struct dln_query q = dln_query(store->db, sql);
    *out = dln_query_row(&q);
    return dln_query_end(&q, err);
}

bool dln_store_trash(dln_store *store, int64_t study_id, struct dln_arena *arena,
                     struct dln_trashed **out, size_t *n, struct dln_error *err)
{
    static const char sql[] =
        "SELECT h.trial_id, h.number, h.deleted_us, h.who, t.state FROM dialin_deleted h"
        " JOIN trials t ON t.trial_id = h.trial_id AND t.study_id IS NULL"
        " WHERE h.study_id = :study AND h.uid = :uid ORDER BY h.number, h.trial_id";
    char uid[DLN_UID_MAX];
    bool is_there;
    size_t count = 0, cap = 32;
    struct dln_trashed *list = DLN_ARENA_ARRAY(arena, struct dln_trashed, cap);
    if (!list) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (!has_trash(store, &is_there, err) || !dln_store_uid(store, study_id, uid, err)) {
        return false;
    }
    if (is_there) {
        struct dln_query q = dln_query(store->db, sql);
        dln_bind_int(&q, ":study", study_id);
        dln_bind_text(&q, ":uid", uid);
        while (dln_query_row(&q)) {
            if (count == cap) {
                struct dln_trashed *more = DLN_ARENA_ARRAY(arena, struct dln_trashed, cap * 2);
                if (!more) {
                    dln_query_no_memory(&q);
                    break;
                }
                memcpy(more, list, cap * sizeof *more);
                list = more;
                cap *= 2;
            }
            struct dln_trashed *trashed = &list[count++];
            trashed->trial_id = dln_column_int(&q, 0);
            trashed->number = dln_column_int(&q, 1);
            trashed->deleted_us = dln_column_int(&q, 2);
            trashed->who = dln_column_copy(&q, 3, arena);
            trashed->state = DLN_TRIAL_FAIL;
            (void)dln_trial_state_parse(dln_column_text(&q, 4), &trashed->state);
        }
        if (!dln_query_end(&q, err)) return false;
    }
    *out = list;
    *n = count;
    return true;
}

/* Its place must be as we left it. */
static bool find_place(dln_store *store, int64_t study_id, const struct dln_trashed *trashed,
                       int64_t *out, struct dln_error *err)
{
    static const char sql[] = "SELECT trial_id FROM trials WHERE study_id = :study AND trial_id ="
                              " (SELECT place_id FROM dialin_deleted WHERE trial_id = :kept)"
                              " AND " DLN_SQL_IS_DELETED;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", study_id);
    dln_bind_int(&q, ":kept", trashed->trial_id);
    const int64_t place = dln_query_row(&q) ? dln_column_int(&q, 0) : -1;
    if (!dln_query_end(&q, err)) return false;
    if (place < 0) {
        return dln_fail(err, DLN_REFUSED, "#%" PRId64 " is another trial by now", trashed->number);
    }
    *out = place;
    return true;
}

static bool take_back(dln_store *store, int64_t study_id, const struct dln_trashed *trashed,
                      struct dln_error *err)
{
    static const char sql[] =
        "UPDATE trials SET (state, datetime_start, datetime_complete) ="
        " (SELECT t.state, t.datetime_start, t.datetime_complete FROM trials t"
        " WHERE t.trial_id = :from) WHERE trial_id = :to";
    int64_t place = -1;
    return find_place(store, study_id, trashed, &place, err) && drop_content(store, place, err) &&
           move_content(store, trashed->trial_id, place, err) &&
           run_for(store, sql, trashed->trial_id, place, err) &&
           forget(store, trashed->trial_id, err);
}

bool dln_store_restore_trials(dln_store *store, int64_t study_id, size_t n,
                              const struct dln_trashed *list, struct dln_error *err)
{
    if (!dln_store_begin(store, study_id, DLN_GUARD_LEASE, true, err)) return false;
    bool ok = dln_db_script(store->db, sql_table, err);
    for (size_t i = 0; ok && i < n; i++)
        ok = take_back(store, study_id, &list[i], err);
    ok = ok && count_move(store, study_id, err);
    if (ok) return dln_store_commit(store, err);
    dln_store_rollback(store);
    return false;
}
