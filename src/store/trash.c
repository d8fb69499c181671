/*
 * Deleted trials. Their rows stay as they are, but belong to no study: Optuna's column for it may
 * be NULL, and nobody sees them. A table of ours remembers whose they were, for 30 days. Optuna
 * counts rows to number the next trial, and its dashboard takes numbers for positions: so that none
 * is missing, an empty failed trial stands in for each (`dialin:deleted`), which we do not show.
 * The study's system attribute `dialin:trash` counts these moves: whoever has counted or read
 * trials begins anew when it is another number.
 */
#include <inttypes.h>
#include <string.h>

#include "dialin/clock.h"
#include "dialin/num.h"
#include "store/attributes.h"
#include "store/handle.h"

static const char sql_table[] =
    "CREATE TABLE IF NOT EXISTS dialin_trash (trial_id INTEGER NOT NULL PRIMARY KEY,"
    "    study_id INTEGER NOT NULL, uid TEXT NOT NULL, number INTEGER NOT NULL,"
    "    deleted_us INTEGER NOT NULL, who TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS dialin_stand_ins (trial_id INTEGER NOT NULL PRIMARY KEY,"
    "    stand_in INTEGER NOT NULL)";

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

/* ── throwing away ─────────────────────────────────────────────────────────────────────────────*/

/* What has lain there for longer is gone for good. */
static bool purge(dln_store *store, struct dln_error *err)
{
    static const char *const sql[] = {
        "DELETE FROM trial_params WHERE trial_id IN"
        " (SELECT trial_id FROM dialin_trash WHERE deleted_us < :before)",
        "DELETE FROM trial_values WHERE trial_id IN"
        " (SELECT trial_id FROM dialin_trash WHERE deleted_us < :before)",
        "DELETE FROM trial_intermediate_values WHERE trial_id IN"
        " (SELECT trial_id FROM dialin_trash WHERE deleted_us < :before)",
        "DELETE FROM trial_user_attributes WHERE trial_id IN"
        " (SELECT trial_id FROM dialin_trash WHERE deleted_us < :before)",
        "DELETE FROM trial_system_attributes WHERE trial_id IN"
        " (SELECT trial_id FROM dialin_trash WHERE deleted_us < :before)",
        "DELETE FROM trial_heartbeats WHERE trial_id IN"
        " (SELECT trial_id FROM dialin_trash WHERE deleted_us < :before)",
        "DELETE FROM dialin_runs WHERE trial_id IN"
        " (SELECT trial_id FROM dialin_trash WHERE deleted_us < :before)",
        "DELETE FROM trials WHERE study_id IS NULL AND trial_id IN"
        " (SELECT trial_id FROM dialin_trash WHERE deleted_us < :before)",
        "DELETE FROM dialin_trash WHERE deleted_us < :before",
    };
    const int64_t before = dln_clock_wall_us() - DLN_TRASH_DAYS * INT64_C(86400000000);
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        struct dln_query q = dln_query(store->db, sql[i]);
        dln_bind_int(&q, ":before", before);
        if (!dln_query_run(&q, NULL, err)) return false;
    }
    return true;
}

/* The one of a trial, in the study or not: 0 without one. */
static bool find_stand_in(dln_store *store, int64_t id, int64_t *out, struct dln_error *err)
{
    static const char sql[] = "SELECT a.trial_id FROM dialin_stand_ins s"
                              " JOIN trial_system_attributes a ON a.trial_id = s.stand_in"
                              " AND a.key = 'dialin:deleted' WHERE s.trial_id = :id";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", id);
    *out = dln_query_row(&q) ? dln_column_int(&q, 0) : 0;
    return dln_query_end(&q, err);
}

/* A row that was made for it once is taken again: rows are not deleted, their ids would return. */
static bool put_stand_in(dln_store *store, int64_t study_id, int64_t id,
                         const struct dln_time_base *times, struct dln_error *err)
{
    static const char sql_again[] = "UPDATE trials SET study_id = :study WHERE trial_id = :id";
    static const char sql_new[] =
        "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete)"
        " SELECT number, :study, 'FAIL', coalesce(datetime_start, :now),"
        " coalesce(datetime_complete, datetime_start, :now) FROM trials"
        " WHERE trial_id = :id AND number IS NOT NULL";
    static const char sql_keep[] =
        "INSERT OR REPLACE INTO dialin_stand_ins (trial_id, stand_in) VALUES (:id, :made)";
    int64_t made = 0, changed = 0;
    char now[DLN_TIME_TEXT_MAX];
    if (!find_stand_in(store, id, &made, err)) return false;
    struct dln_query q = dln_query(store->db, made > 0 ? sql_again : sql_new);
    dln_time_base_now(times, now);
    dln_bind_int(&q, ":study", study_id);
    dln_bind_int(&q, ":id", made > 0 ? made : id);
    if (made == 0) dln_bind_text(&q, ":now", now);
    if (!dln_query_run(&q, &changed, err)) return false;
    if (made > 0 || changed == 0) return true; /* a row without a number is no gap */
    made = dln_db_last_id(store->db);
    q = dln_query(store->db, sql_keep);
    dln_bind_int(&q, ":id", id);
    dln_bind_int(&q, ":made", made);
    return dln_query_run(&q, NULL, err) &&
           dln_attribute_set_int(store->db, DLN_TRIAL_SYSTEM, made, DLN_KEY_DELETED, id, err) &&
           dln_attribute_set_text(store->db, DLN_TRIAL_USER, made, DLN_KEY_REASON, "deleted", err);
}

static bool throw_away(dln_store *store, int64_t study_id, int64_t id, const char *uid,
                       const char *who, const struct dln_time_base *times, struct dln_error *err)
{
    static const char sql_note[] =
        "INSERT OR REPLACE INTO dialin_trash (trial_id, study_id, uid, number, deleted_us, who)"
        " SELECT trial_id, study_id, :uid, number, :now, :who FROM trials"
        " WHERE trial_id = :id AND study_id = :study AND state <> 'RUNNING'";
    static const char sql_move[] =
        "UPDATE trials SET study_id = NULL"
        " WHERE trial_id = :id AND study_id = :study AND state <> 'RUNNING'";
    int64_t changed = 0;
    struct dln_query q = dln_query(store->db, sql_note);
    dln_bind_text(&q, ":uid", uid);
    dln_bind_int(&q, ":now", dln_clock_wall_us());
    dln_bind_text(&q, ":who", who);
    dln_bind_int(&q, ":id", id);
    dln_bind_int(&q, ":study", study_id);
    if (!dln_query_run(&q, NULL, err)) return false;
    q = dln_query(store->db, sql_move);
    dln_bind_int(&q, ":id", id);
    dln_bind_int(&q, ":study", study_id);
    if (!dln_query_run(&q, &changed, err)) return false;
    if (changed != 1) return dln_fail(err, DLN_REFUSED, "a trial runs, or is gone already");
    return put_stand_in(store, study_id, id, times, err);
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
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'dialin_trash'";
    struct dln_query q = dln_query(store->db, sql);
    *out = dln_query_row(&q);
    return dln_query_end(&q, err);
}

bool dln_store_trash(dln_store *store, int64_t study_id, struct dln_arena *arena,
                     struct dln_trashed **out, size_t *n, struct dln_error *err)
{
    static const char sql[] =
        "SELECT h.trial_id, h.number, h.deleted_us, h.who, t.state FROM dialin_trash h"
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

/* Their numbers must be free: what stands in for them holds them, unless somebody removed it. */
static bool take_back(dln_store *store, int64_t study_id, const struct dln_trashed *trashed,
                      struct dln_error *err)
{
    static const char sql_taken[] =
        "SELECT 1 FROM trials WHERE study_id = :study AND number = :number"
        " AND NOT " DLN_SQL_IS_DELETED;
    static const char sql_leave[] = "UPDATE trials SET study_id = NULL WHERE trial_id = :id";
    static const char sql_move[] = "UPDATE trials SET study_id = :study WHERE trial_id = :id";
    static const char sql_forget[] = "DELETE FROM dialin_trash WHERE trial_id = :id";
    int64_t stand_in = 0;
    struct dln_query q = dln_query(store->db, sql_taken);
    dln_bind_int(&q, ":study", study_id);
    dln_bind_int(&q, ":number", trashed->number);
    const bool is_taken = dln_query_row(&q);
    if (!dln_query_end(&q, err)) return false;
    if (is_taken) {
        return dln_fail(err, DLN_REFUSED, "#%" PRId64 " is another trial by now", trashed->number);
    }
    if (!find_stand_in(store, trashed->trial_id, &stand_in, err)) return false;
    q = dln_query(store->db, sql_leave);
    dln_bind_int(&q, ":id", stand_in);
    if (!dln_query_run(&q, NULL, err)) return false;
    q = dln_query(store->db, sql_move);
    dln_bind_int(&q, ":study", study_id);
    dln_bind_int(&q, ":id", trashed->trial_id);
    if (!dln_query_run(&q, NULL, err)) return false;
    q = dln_query(store->db, sql_forget);
    dln_bind_int(&q, ":id", trashed->trial_id);
    return dln_query_run(&q, NULL, err);
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
