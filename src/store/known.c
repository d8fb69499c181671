/* What a store knows of one study: its uid, its times, its objectives, its tally. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "store/handle.h"

/* ── facts of one study ────────────────────────────────────────────────────────────────────────*/

bool dln_store_has_study(dln_store *store, int64_t study_id, struct dln_error *err)
{
    static const char sql[] = "SELECT 1 FROM studies WHERE study_id = :id";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    const bool is_there = dln_query_row(&q);
    if (!dln_query_end(&q, err)) return false;
    if (is_there) return true;
    return dln_fail(err, DLN_NOT_FOUND, "'%s' has no study with id %" PRId64, store->path,
                    study_id);
}

bool dln_store_uid(dln_store *store, int64_t study_id, char out[DLN_UID_MAX], struct dln_error *err)
{
    static const char sql[] = "SELECT value_json FROM study_system_attributes"
                              " WHERE study_id = :id AND key = 'dialin:uid'";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    char uid[DLN_UID_MAX] = "";
    if (dln_query_row(&q)) {
        const char *text = dln_column_text(&q, 0);
        const size_t len = strlen(text);
        if (len > 2 && len < DLN_UID_MAX + 1 && text[0] == '"') {
            (void)snprintf(uid, sizeof uid, "%.*s", (int)(len - 2), text + 1);
        }
    }
    if (!dln_query_end(&q, err)) return false;
    memcpy(out, uid, sizeof uid);
    return true;
}

bool dln_store_time_base(dln_store *store, int64_t study_id, struct dln_time_base *out,
                         struct dln_error *err)
{
    static const char sql[] = "SELECT value_json FROM study_system_attributes"
                              " WHERE study_id = :id AND key = 'dialin:time'";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    bool is_utc = store->is_utc;
    if (dln_query_row(&q)) {
        const char *text = dln_column_text(&q, 0);
        if (strcmp(text, "\"utc\"") == 0) is_utc = true;
        if (strcmp(text, "\"local\"") == 0) is_utc = false;
    }
    if (!dln_query_end(&q, err)) return false;
    dln_time_base_init(out, is_utc);
    return true;
}

static bool directions(dln_store *store, int64_t study_id, size_t *n, bool *maximize_first,
                       struct dln_error *err)
{
    static const char sql[] = "SELECT direction FROM study_directions WHERE study_id = :id"
                              " ORDER BY objective LIMIT 1000";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    size_t count = 0;
    while (dln_query_row(&q)) {
        if (count++ == 0) *maximize_first = strcmp(dln_column_text(&q, 0), "MAXIMIZE") == 0;
    }
    if (!dln_query_end(&q, err)) return false;
    *n = count;
    return true;
}

bool dln_store_objectives(dln_store *store, int64_t study_id, size_t *n, struct dln_error *err)
{
    bool maximize;
    return dln_store_has_study(store, study_id, err) &&
           directions(store, study_id, n, &maximize, err);
}

/* The first trial with this number from an id on; *trial_id stays where there is none. */
static bool look_for_number(dln_store *store, int64_t study_id, int64_t number, int64_t from,
                            int64_t *trial_id, struct dln_error *err)
{
    static const char sql[] = "SELECT trial_id FROM trials WHERE study_id = :study"
                              " AND trial_id >= :from AND number = :number"
                              " AND NOT " DLN_SQL_IS_DELETED " ORDER BY trial_id LIMIT 1";
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", study_id);
    dln_bind_int(&q, ":from", from);
    dln_bind_int(&q, ":number", number);
    if (dln_query_row(&q)) *trial_id = dln_column_int(&q, 0);
    return dln_query_end(&q, err);
}

/*
 * Optuna has no index on numbers. They count a study's trials in the order of their ids, so trial n
 * is at least n ids behind the first one: in a file with one study the first row looked at is it.
 */
bool dln_store_find_number(dln_store *store, int64_t study_id, int64_t number, int64_t *trial_id,
                           struct dln_error *err)
{
    static const char sql[] = "SELECT min(trial_id) FROM trials WHERE study_id = :study";
    int64_t found = -1;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":study", study_id);
    const int64_t first = dln_query_row(&q) ? dln_column_int(&q, 0) : 0;
    if (!dln_query_end(&q, err)) return false;
    const int64_t guess = number > 0 && first <= INT64_MAX - number ? first + number : first;
    if (!look_for_number(store, study_id, number, guess, &found, err)) return false;
    if (found < 0 && !look_for_number(store, study_id, number, INT64_MIN, &found, err))
        return false;
    if (found < 0) return dln_fail(err, DLN_NOT_FOUND, "there is no trial #%" PRId64, number);
    *trial_id = found;
    return true;
}

/* ── tallies ───────────────────────────────────────────────────────────────────────────────────*/

/* Changes when the study under an id becomes another one, or trials of it were deleted. */
static bool identity_of(dln_store *store, int64_t study_id, uint64_t *out, struct dln_error *err)
{
    static const char sql[] = "SELECT study_name FROM studies WHERE study_id = :id";
    char uid[DLN_UID_MAX];
    if (!dln_store_uid(store, study_id, uid, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    uint64_t identity = 0;
    int64_t moves = 0;
    const bool is_there = dln_query_row(&q);
    if (is_there) {
        const char *name = dln_column_text(&q, 0);
        identity = dln_hash_bytes(name, dln_column_len(&q, 0)) ^
                   dln_splitmix64(dln_hash_bytes(uid, strlen(uid)));
    }
    if (!dln_query_end(&q, err)) return false;
    if (!is_there) {
        return dln_fail(err, DLN_NOT_FOUND, "'%s' has no study with id %" PRId64, store->path,
                        study_id);
    }
    if (!dln_store_trash_moves(store, study_id, &moves, err)) return false;
    *out = moves == 0 ? identity : identity ^ dln_splitmix64((uint64_t)moves);
    return true;
}

/* Trials up to upto_id are still those of this study. */
static bool is_standing(dln_store *store, int64_t study_id, const struct dln_tally *tally,
                        bool *standing, struct dln_error *err)
{
    static const char sql[] = "SELECT 1 FROM trials WHERE trial_id = :id AND study_id = :study";
    if (tally->upto_id == 0) {
        *standing = true;
        return true;
    }
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", tally->upto_id);
    dln_bind_int(&q, ":study", study_id);
    const bool is_there = dln_query_row(&q);
    if (!dln_query_end(&q, err)) return false;
    *standing = is_there;
    return true;
}

/* Starts from what an engine has stored, where it has. */
static bool load_tally(dln_store *store, int64_t study_id, struct dln_tally *tally,
                       struct dln_error *err)
{
    static const char sql[] =
        "SELECT tally FROM dialin_tallies WHERE study_id = :id AND uid = :uid";
    char uid[DLN_UID_MAX];
    if (!store->has_ours) return true;
    if (!dln_store_uid(store, study_id, uid, err)) return false;
    struct dln_query q = dln_query(store->db, sql);
    dln_bind_int(&q, ":id", study_id);
    dln_bind_text(&q, ":uid", uid);
    if (uid[0] && dln_query_row(&q)) {
        const char *text = dln_column_text(&q, 0);
        (void)dln_tally_read(tally, text, dln_column_len(&q, 0));
    }
    return dln_query_end(&q, err);
}

static bool start_tally(dln_store *store, int64_t study_id, uint64_t identity,
                        struct dln_tally *tally, struct dln_error *err)
{
    size_t n = 0;
    bool maximize = false;
    struct dln_time_base times;
    if (!directions(store, study_id, &n, &maximize, err)) return false;
    if (!dln_store_time_base(store, study_id, &times, err)) return false;
    dln_tally_release(tally);
    dln_tally_init(tally, identity, n == 1, maximize, times.is_utc);
    if (!load_tally(store, study_id, tally, err)) return false;
    bool standing;
    if (!is_standing(store, study_id, tally, &standing, err)) return false;
    if (!standing) {
        dln_tally_release(tally);
        dln_tally_init(tally, identity, n == 1, maximize, times.is_utc);
    }
    return true;
}

bool dln_store_tally(dln_store *store, int64_t study_id, const struct dln_tally **out,
                     struct dln_error *err)
{
    uint64_t identity = 0;
    if (!identity_of(store, study_id, &identity, err)) return false;
    struct dln_study_entry *entry = store->studies;
    while (entry && entry->id != study_id)
        entry = entry->next;
    if (!entry) {
        entry = calloc(1, sizeof *entry);
        if (!entry) return dln_fail(err, DLN_NOMEM, "out of memory");
        *entry = (struct dln_study_entry){.id = study_id, .next = store->studies};
        store->studies = entry;
    }
    struct dln_tally *tally = &entry->tally;
    bool standing = false;
    if (tally->identity == identity && !is_standing(store, study_id, tally, &standing, err)) {
        return false;
    }
    if (!standing && !start_tally(store, study_id, identity, tally, err)) return false;
    if (!dln_tally_refresh(tally, store->db, study_id, err)) return false;
    *out = tally;
    return true;
}

bool dln_store_save_tally(dln_store *store, int64_t study_id, struct dln_error *err)
{
    static const char sql[] =
        "INSERT INTO dialin_tallies (study_id, uid, tally) VALUES (:id, :uid, :tally)"
        " ON CONFLICT (study_id) DO UPDATE SET uid = excluded.uid, tally = excluded.tally";
    const struct dln_tally *tally = NULL;
    char uid[DLN_UID_MAX];
    if (!dln_store_tally(store, study_id, &tally, err)) return false;
    if (!dln_store_uid(store, study_id, uid, err)) return false;
    struct dln_strbuf json = {0};
    dln_tally_write(tally, &json);
    bool ok = dln_strbuf_ok(&json) || dln_fail(err, DLN_NOMEM, "out of memory");
    if (ok && uid[0]) {
        struct dln_query q = dln_query(store->db, sql);
        dln_bind_int(&q, ":id", study_id);
        dln_bind_text(&q, ":uid", uid);
        dln_bind_text(&q, ":tally", dln_strbuf_text(&json));
        ok = dln_query_run(&q, NULL, err);
    }
    dln_strbuf_release(&json);
    return ok;
}
