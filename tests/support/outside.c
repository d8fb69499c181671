#include "support/outside.h"

#include <sqlite3.h>

#include "dialin/strbuf.h"
#include "support/test.h"

static sqlite3 *open_db(const char *path)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
                     SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    return db;
}

const char *outside_ask(const char *path, const char *sql)
{
    static struct dln_strbuf rows[4];
    static size_t next;
    struct dln_strbuf *text = &rows[next++ % 4];
    sqlite3 *db = open_db(path);
    sqlite3_stmt *stmt = NULL;
    dln_strbuf_reset(text);
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    for (int i = 0; rc == SQLITE_ROW && i < sqlite3_column_count(stmt); i++) {
        const unsigned char *value = sqlite3_column_text(stmt, i);
        dln_strbuf_addf(text, "%s%s", i > 0 ? "|" : "", value ? (const char *)value : "NULL");
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return dln_strbuf_text(text);
}

void outside_run(const char *path, const char *sql)
{
    sqlite3 *db = open_db(path);
    char *words = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK) fail_msg("%s: %s", sql, words);
    sqlite3_close(db);
}

char *outside_read(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    char *bytes = malloc((size_t)size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)size, file), (size_t)size);
    (void)fclose(file);
    *len = (size_t)size;
    return bytes;
}

void outside_write(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}
