/* From alembic head v3.0.0.d to v3.2.0.a, as Optuna's own `storage upgrade` does it. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/handle.h"
#include "store/place.h"

static bool read_head(dln_store *store, char out[40], struct dln_error *err)
{
    static const char sql[] = "SELECT version_num FROM alembic_version LIMIT 1";
    out[0] = '\0';
    struct dln_query q = dln_query(store->db, sql);
    if (dln_query_row(&q)) (void)snprintf(out, 40, "%s", dln_column_text(&q, 0));
    return dln_query_end(&q, err);
}

static bool change(dln_store *store, struct dln_error *err)
{
    static const char sql_head[] = "UPDATE alembic_version SET version_num = 'v3.2.0.a'"
                                   " WHERE version_num = 'v3.0.0.d'";
    static const char sql_index[] = "CREATE INDEX trials_study_id_key ON trials (study_id)";
    int64_t changed = 0;
    struct dln_query head = dln_query(store->db, sql_head);
    if (!dln_query_run(&head, &changed, err)) return false;
    if (changed != 1) return dln_fail(err, DLN_BUSY, "somebody else upgrades this file");
    struct dln_query index = dln_query(store->db, sql_index);
    return dln_query_run(&index, NULL, err);
}

/* All of the file, as one reader sees it, by a connection that only copies. `to` is new and empty.
 */
static bool copy_whole(const char *from, const char *to, struct dln_error *err)
{
    sqlite3 *source = NULL, *copy = NULL;
    int rc = sqlite3_open_v2(from, &source, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_open_v2(to, &copy, SQLITE_OPEN_READWRITE, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_backup *backup = sqlite3_backup_init(copy, "main", source, "main");
        (void)sqlite3_backup_step(backup, -1);
        (void)sqlite3_backup_finish(backup);
        rc = sqlite3_errcode(copy);
    }
    const int closed = sqlite3_close(copy);
    sqlite3_close(source);
    if (rc == SQLITE_OK) rc = closed;
    if (rc == SQLITE_OK) return true;
    return dln_fail(err, DLN_STORAGE, "copy '%s' to '%s': %s", from, to, sqlite3_errstr(rc));
}

/* library_version stays: it tells readers that the times in the file are local ones. */
bool dln_store_upgrade(dln_store *store, const char *backup, bool *changed, struct dln_error *err)
{
    char head[40];
    bool is_new = false;
    if (!dln_store_can_write(store, err) || !read_head(store, head, err)) return false;
    if (strcmp(head, "v3.0.0.d") != 0) {
        *changed = false;
        return true;
    }
    if (!dln_place_make(backup, &is_new, err)) return false;
    if (!is_new) return dln_fail(err, DLN_REFUSED, "'%s' is there already", backup);
    bool ok = copy_whole(dln_store_path(store), backup, err);
    if (!ok) (void)unlink(backup);
    ok = ok && dln_db_begin_write(store->db, true, err);
    if (!ok) return false;
    if (!change(store, err)) {
        dln_db_rollback(store->db);
        return false;
    }
    if (!dln_db_commit(store->db, err)) return false;
    *changed = true;
    return true;
}
