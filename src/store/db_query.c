/* A query: begun on a constant text, bound, stepped, ended. */
#include "store/db_parts.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include <sqlite3.h>

static struct dln_slot *find_slot(dln_db *db, const char *sql)
{
    size_t i = ((uintptr_t)sql >> 4) % DLN_CACHE_SIZE;
    for (size_t tries = 0; tries < DLN_CACHE_SIZE; tries++) {
        struct dln_slot *slot = &db->cache[i];
        if (!slot->sql || slot->sql == sql) return slot;
        i = (i + 1) % DLN_CACHE_SIZE;
    }
    return NULL;
}

struct dln_query dln_query(dln_db *db, const char *sql)
{
    struct dln_query q = {.db = db};
    struct dln_slot *slot = find_slot(db, sql);
    assert(slot);
    if (!slot->stmt) {
        dln_db_arm_deadline(db);
        q.rc =
            sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->stmt, NULL);
        if (q.rc != SQLITE_OK) return q;
        slot->sql = sql;
    }
    assert(!sqlite3_stmt_busy(slot->stmt));
    q.stmt = slot->stmt;
    dln_db_arm_deadline(db);
    return q;
}

static int parameter(struct dln_query *q, const char *name)
{
    if (q->rc != SQLITE_OK) return 0;
    const int index = sqlite3_bind_parameter_index(q->stmt, name);
    if (index == 0) q->rc = SQLITE_MISUSE;
    return index;
}

static void keep(struct dln_query *q, int rc)
{
    if (q->rc == SQLITE_OK) q->rc = rc;
}

void dln_bind_int(struct dln_query *q, const char *name, int64_t value)
{
    const int index = parameter(q, name);
    if (index > 0) keep(q, sqlite3_bind_int64(q->stmt, index, value));
}

void dln_bind_real(struct dln_query *q, const char *name, double value)
{
    const int index = parameter(q, name);
    if (index == 0) return;
    keep(q, isfinite(value) ? sqlite3_bind_double(q->stmt, index, value)
                            : sqlite3_bind_null(q->stmt, index));
}

void dln_bind_text(struct dln_query *q, const char *name, const char *text)
{
    dln_bind_text_len(q, name, text, text ? strlen(text) : 0);
}

void dln_bind_text_len(struct dln_query *q, const char *name, const char *text, size_t len)
{
    const int index = parameter(q, name);
    if (index == 0) return;
    keep(q, text ? sqlite3_bind_text64(q->stmt, index, text, len, SQLITE_STATIC, SQLITE_UTF8)
                 : sqlite3_bind_null(q->stmt, index));
}

bool dln_query_row(struct dln_query *q)
{
    if (q->rc != SQLITE_OK) return false;
    const int rc = sqlite3_step(q->stmt);
    if (rc == SQLITE_ROW) return true;
    if (rc != SQLITE_DONE) q->rc = rc;
    return false;
}

void dln_query_again(struct dln_query *q)
{
    while (dln_query_row(q)) {}
    if (q->rc == SQLITE_OK) keep(q, sqlite3_reset(q->stmt));
}

bool dln_query_end(struct dln_query *q, struct dln_error *err)
{
    const bool ok = q->rc == SQLITE_OK || dln_db_fail_with(q->db, q->rc, err);
    if (q->stmt) {
        sqlite3_reset(q->stmt);
        sqlite3_clear_bindings(q->stmt);
    }
    q->stmt = NULL;
    return ok;
}

bool dln_query_run(struct dln_query *q, int64_t *changed, struct dln_error *err)
{
    while (dln_query_row(q)) {}
    if (changed && q->rc == SQLITE_OK) *changed = sqlite3_changes(q->db->handle);
    return dln_query_end(q, err);
}

void dln_query_no_memory(struct dln_query *q)
{
    keep(q, SQLITE_NOMEM);
}

int64_t dln_db_last_id(dln_db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

int64_t dln_column_int(struct dln_query *q, int column)
{
    return sqlite3_column_int64(q->stmt, column);
}

double dln_column_real(struct dln_query *q, int column)
{
    return sqlite3_column_double(q->stmt, column);
}

bool dln_column_is_null(struct dln_query *q, int column)
{
    return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

double dln_column_value(struct dln_query *q, int column)
{
    const char *type = dln_column_text(q, column + 1);
    if (strcmp(type, "FINITE") == 0 && !dln_column_is_null(q, column)) {
        return dln_column_real(q, column);
    }
    if (strcmp(type, "INF_POS") == 0) return INFINITY;
    if (strcmp(type, "INF_NEG") == 0) return -INFINITY;
    return NAN;
}

const char *dln_column_text(struct dln_query *q, int column)
{
    const unsigned char *text = sqlite3_column_text(q->stmt, column);
    return text ? (const char *)text : "";
}

size_t dln_column_len(struct dln_query *q, int column)
{
    return (size_t)sqlite3_column_bytes(q->stmt, column);
}

const char *dln_column_copy(struct dln_query *q, int column, struct dln_arena *arena)
{
    const char *text = dln_column_text(q, column);
    const char *copy = dln_arena_copy_len(arena, text, dln_column_len(q, column));
    if (!copy) {
        dln_query_no_memory(q);
        return "";
    }
    return copy;
}
