#define _GNU_SOURCE
#include "store/db_parts.h"

#include <assert.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "dialin/clock.h"
#include "store/side.h"

enum {
    BUSY_ENGINE_MS = 5000,
    BUSY_OTHERS_MS = 500,
    BUSY_CHECKPOINT_MS = 20,
    BUSY_LAST_MS = 500, /* for the checkpoint at the end: a reader's longest look, nearly always */
    WAL_PAGES_LONG = 1000, /* 4 MB: SQLite's own default for a checkpoint */
    WAL_PAGES_MAX = 8000,  /* at a commit, when nobody has called dln_db_checkpoint() for long */
    PROGRESS_STEPS = 20000,
    IMMUTABLE_VERSIONS = 1000 /* data_version of a new connection begins anew */
};

/* A query that computes for longer is not one of ours on an honest file. CPU seconds. */
#define CPU_LIMIT_READ   4.0
#define CPU_LIMIT_ENGINE 8.0
#define CHECKPOINT_NS    1000000000LL /* between two that only idleness asks for */
#define HEAP_LIMIT       (512LL * 1024 * 1024)

/* ── sentences ─────────────────────────────────────────────────────────────────────────────────*/

bool dln_db_fail_with(const dln_db *db, int rc, struct dln_error *err)
{
    const int primary = rc & 0xFF;
    const char *words = sqlite3_errstr(rc);
    const char *detail = db->handle ? sqlite3_errmsg(db->handle) : words;
    switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return dln_fail(err, DLN_BUSY, "'%s' is locked by another program", db->path);
    case SQLITE_NOMEM: return dln_fail(err, DLN_NOMEM, "'%s': out of memory", db->path);
    case SQLITE_NOTADB:
        return dln_fail(
            err, DLN_CORRUPT,
            "'%s' is not a SQLite file; a study is a .yaml file, or the .db that its run makes",
            db->path);
    case SQLITE_CORRUPT:
        return dln_fail(err, DLN_CORRUPT,
                        "'%s' is damaged (%s); `dialin rescue` copies what can still be read",
                        db->path, detail);
    case SQLITE_TOOBIG:
        return dln_fail(err, DLN_CORRUPT, "'%s' holds a value above the limit of 64 MiB", db->path);
    case SQLITE_INTERRUPT:
        return dln_fail(err, DLN_STORAGE, "'%s': a query was given up, it took too long", db->path);
    case SQLITE_FULL: return dln_fail(err, DLN_STORAGE, "'%s': the disk is full", db->path);
    case SQLITE_READONLY:
        if (rc == SQLITE_READONLY_ROLLBACK || rc == SQLITE_READONLY_RECOVERY) {
            return dln_fail(err, DLN_STORAGE,
                            "'%s' was left in the middle of a write by a program that ended; a"
                            " program that may write it mends it by opening it",
                            db->path);
        }
        return dln_fail(err, DLN_STORAGE, "'%s' can only be read (%s)", db->path, detail);
    case SQLITE_CANTOPEN:
        return dln_fail(err, DLN_STORAGE, "'%s' cannot be opened (%s)", db->path, detail);
    default: return dln_fail(err, DLN_STORAGE, "'%s': %s (SQLite code %d)", db->path, detail, rc);
    }
}

/* ── opening ───────────────────────────────────────────────────────────────────────────────────*/

static double cpu_now(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) != 0) return 0;
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* Reading that clock is a system call, which the many short queries do not need. */
static int on_progress(void *context)
{
    dln_db *db = context;
    const double now = cpu_now();
    if (db->cpu_deadline == 0) {
        db->cpu_deadline = now + (db->mode == DLN_DB_ENGINE ? CPU_LIMIT_ENGINE : CPU_LIMIT_READ);
    }
    return now > db->cpu_deadline;
}

static int on_wal(void *context, sqlite3 *handle, const char *name, int pages)
{
    (void)handle;
    (void)name;
    dln_db *db = context;
    db->wal_pages = pages;
    db->has_written = true;
    return SQLITE_OK;
}

bool dln_db_script(dln_db *db, const char *sql, struct dln_error *err)
{
    dln_db_arm_deadline(db);
    const int rc = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || dln_db_fail_with(db, rc, err);
}

/* It writes trials: it waits for others, as nothing of a trial may be lost. */
static bool is_patient(const dln_db *db)
{
    return db->mode == DLN_DB_ENGINE || db->mode == DLN_DB_GUEST;
}

/* Whether closing leaves the log as it is, although nobody else may have the file open. */
static int keep_log(dln_db *db, bool keep)
{
    return sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep, NULL);
}

/*
 * A file may come from anywhere: nothing in it may run (views, triggers, functions in the schema),
 * and nothing in it may cost more than an honest file would. Must come before the first query.
 */
static bool distrust(dln_db *db, struct dln_error *err)
{
    static const struct {
        int option, value;
    } options[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    };
    static const struct {
        int limit, value;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, 64 * 1024 * 1024},
        {SQLITE_LIMIT_SQL_LENGTH, 100000},
        {SQLITE_LIMIT_COLUMN, 100},
        {SQLITE_LIMIT_EXPR_DEPTH, 50},
        {SQLITE_LIMIT_COMPOUND_SELECT, 5},
        {SQLITE_LIMIT_VDBE_OP, 25000},
        {SQLITE_LIMIT_FUNCTION_ARG, 8},
        {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const int rc = sqlite3_db_config(db->handle, options[i].option, options[i].value, NULL);
        if (rc != SQLITE_OK) return dln_db_fail_with(db, rc, err);
    }
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        sqlite3_limit(db->handle, limits[i].limit, limits[i].value);
    }
    const int kept = keep_log(db, true);
    if (kept != SQLITE_OK) return dln_db_fail_with(db, kept, err);
    /* a limit of the whole process: a host that has set its own keeps it */
    if (sqlite3_hard_heap_limit64(-1) == 0) sqlite3_hard_heap_limit64(HEAP_LIMIT);
    sqlite3_progress_handler(db->handle, PROGRESS_STEPS, on_progress, db);
    sqlite3_busy_timeout(db->handle, is_patient(db) ? BUSY_ENGINE_MS : BUSY_OTHERS_MS);
    /* no mapping: a file cut short by another program would end us with SIGBUS */
    return dln_db_script(db,
                         "PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON;"
                         " PRAGMA wal_autocheckpoint = 0;",
                         err);
}

/* First read of the file: the header, and the journal mode that it asks for. */
static int first_look(dln_db *db)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db->handle, "PRAGMA journal_mode", -1, &stmt, NULL);
    if (rc == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW) {
        const unsigned char *mode = sqlite3_column_text(stmt, 0);
        db->is_wal = mode && strcmp((const char *)mode, "wal") == 0;
    }
    const int finish = sqlite3_finalize(stmt);
    if (rc == SQLITE_OK) rc = finish;
    if (rc != SQLITE_OK) return rc;
    rc = sqlite3_prepare_v2(db->handle, "SELECT count(*) FROM sqlite_schema", -1, &stmt, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt) == SQLITE_ROW ? SQLITE_OK : SQLITE_ERROR;
    const int last = sqlite3_finalize(stmt);
    return last != SQLITE_OK ? last : rc;
}

static bool open_handle(dln_db *db, const char *name, int flags, struct dln_error *err)
{
    sqlite3_close(db->handle);
    db->handle = NULL;
    const int rc = sqlite3_open_v2(
        name, &db->handle,
        flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW, NULL);
    if (rc != SQLITE_OK) return dln_db_fail_with(db, rc, err);
    return distrust(db, err);
}

static bool open_immutable(dln_db *db, struct dln_error *err)
{
    char *uri = NULL;
    if (!dln_side_immutable_uri(db->path, &uri, err)) return false;
    const bool ok = open_handle(db, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    free(uri);
    db->is_immutable = ok;
    return ok;
}

/* Every user of a WAL file keeps an index of its log beside it. */
static bool is_in_use(const dln_db *db)
{
    return dln_side_bytes(db->path, "-shm") >= 0 || dln_side_bytes(db->path, "-wal") > 0;
}

/*
 * For looking. SQLite makes a log and its index even for a reader, which only somebody who may
 * write the file can put away again, and not at all in a folder that we may not write: then a file
 * that nobody uses is read as one that nobody changes, until somebody does (see dln_db_version()).
 */
static bool look_read_only(dln_db *db, struct dln_error *err)
{
    const bool is_ours = faccessat(AT_FDCWD, db->path, W_OK, AT_EACCESS) == 0;
    if (!is_ours && !is_in_use(db) && !open_immutable(db, err)) return false;
    int rc = first_look(db);
    const bool cannot_index = (rc & 0xFF) == SQLITE_CANTOPEN ||
                              ((rc & 0xFF) == SQLITE_READONLY && rc != SQLITE_READONLY_ROLLBACK);
    if (cannot_index && dln_side_bytes(db->path, "-wal") > 0) {
        return dln_fail(err, DLN_STORAGE,
                        "'%s' has changes in its log, which only those who may write its folder can"
                        " read",
                        db->path);
    }
    if (cannot_index) {
        if (!open_immutable(db, err)) return false;
        rc = first_look(db);
    }
    return rc == SQLITE_OK || dln_db_fail_with(db, rc, err);
}

bool dln_db_open(const char *path, enum dln_db_mode mode, dln_db **out, struct dln_error *err)
{
    dln_db *db = calloc(1, sizeof *db);
    if (!db) return dln_fail(err, DLN_NOMEM, "out of memory");
    db->mode = mode;
    db->wal_long = WAL_PAGES_LONG;
    db->path = strdup(path);
    if (!db->path) {
        dln_fail(err, DLN_NOMEM, "out of memory");
        goto fail;
    }
    const int flags = mode == DLN_DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (!open_handle(db, path, flags, err)) goto fail;
    dln_db_arm_deadline(db);
    if (mode == DLN_DB_READ || sqlite3_db_readonly(db->handle, "main") == 1) {
        if (!look_read_only(db, err)) goto fail;
    } else {
        const int rc = first_look(db);
        if (rc != SQLITE_OK) {
            dln_db_fail_with(db, rc, err);
            goto fail;
        }
    }
    /* the switch for a commit is per connection; a rollback journal is only safe with FULL */
    db->is_full = true;
    sqlite3_wal_hook(db->handle, on_wal, db);
    *out = db;
    return true;
fail:
    dln_db_close(db);
    return false;
}

static void forget_statements(dln_db *db)
{
    for (size_t i = 0; i < DLN_CACHE_SIZE; i++) {
        sqlite3_finalize(db->cache[i].stmt);
        db->cache[i] = (struct dln_slot){0};
    }
}

/* Moves nothing into the file: looking writes no byte of it. */
static void reopen_to_put_away(dln_db *db)
{
    db->mode = DLN_DB_STEER;
    if (!open_handle(db, db->path, SQLITE_OPEN_READWRITE, NULL)) return;
    if (first_look(db) == SQLITE_OK && dln_side_bytes(db->path, "-wal") == 0)
        (void)keep_log(db, false);
}

/* SQLite itself puts the log and its index away, with the whole file locked, when the last
   connection to a file is closed and may write it. */
static void close_log(dln_db *db)
{
    if (db->owns_log) {
        sqlite3_busy_timeout(db->handle, BUSY_LAST_MS);
        sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    if (db->owns_log || (is_patient(db) && db->has_written)) {
        (void)keep_log(db, false);
    } else if (dln_side_bytes(db->path, "-wal") == 0) {
        reopen_to_put_away(db);
    }
}

void dln_db_close(dln_db *db)
{
    if (!db) return;
    int turn = -1;
    forget_statements(db);
    if (db->handle && db->is_wal && !db->is_immutable) {
        turn = dln_side_await_turn(db->path);
        close_log(db);
    }
    sqlite3_close(db->handle);
    if (turn >= 0) (void)close(turn);
    free(db->path);
    free(db);
}

void dln_db_own_log(dln_db *db, bool owns)
{
    db->owns_log = owns;
}

bool dln_db_is_read_only(dln_db *db)
{
    return sqlite3_db_readonly(db->handle, "main") == 1;
}

bool dln_db_forbid_writes(dln_db *db, struct dln_error *err)
{
    return dln_db_script(db, "PRAGMA query_only = ON", err);
}

bool dln_db_use_wal(dln_db *db, struct dln_error *err)
{
    if (!dln_db_script(db, "PRAGMA journal_mode = WAL", err)) return false;
    const int rc = first_look(db);
    return rc == SQLITE_OK || dln_db_fail_with(db, rc, err);
}

/*
 * Releases before 3.51.3 can lose pages when a checkpoint starts while another connection resets
 * the WAL; the modes that first wait for the writer's lock stay away from that race.
 */
static int checkpoint_mode(void)
{
    return sqlite3_libversion_number() >= 3051003 ? SQLITE_CHECKPOINT_PASSIVE
                                                  : SQLITE_CHECKPOINT_FULL;
}

void dln_db_checkpoint(dln_db *db, bool idle)
{
    if (!db->is_wal || !db->owns_log || db->wal_pages == 0) return;
    if (db->wal_pages < db->wal_long) {
        /* each one costs two syncs, so that doing it after every commit would rule the speed */
        if (!idle || dln_clock_mono_ns() - db->checkpoint_ns < CHECKPOINT_NS) return;
    }
    db->checkpoint_ns = dln_clock_mono_ns();
    int pages = 0;
    int moved = 0;
    sqlite3_busy_timeout(db->handle, BUSY_CHECKPOINT_MS);
    const int rc = sqlite3_wal_checkpoint_v2(db->handle, NULL, checkpoint_mode(), &pages, &moved);
    sqlite3_busy_timeout(db->handle, BUSY_ENGINE_MS);
    if (rc == SQLITE_OK && pages == moved) {
        db->wal_pages = 0; /* the log starts anew with the next commit */
        db->wal_long = WAL_PAGES_LONG;
    } else {
        db->wal_long = db->wal_pages + WAL_PAGES_LONG; /* do not wait at every commit */
    }
}

int dln_db_log_pages(const dln_db *db)
{
    return db->wal_pages;
}

void dln_db_empty_log(dln_db *db)
{
    if (!db->is_wal) return;
    sqlite3_busy_timeout(db->handle, BUSY_CHECKPOINT_MS);
    sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(db->handle, BUSY_ENGINE_MS);
}

/* Somebody has begun to use a file that nobody used. */
static bool leave_immutable(dln_db *db)
{
    forget_statements(db);
    db->is_immutable = false;
    db->version_base += IMMUTABLE_VERSIONS;
    return open_handle(db, db->path, SQLITE_OPEN_READONLY, NULL) && look_read_only(db, NULL);
}

int64_t dln_db_version(dln_db *db)
{
    static const char sql[] = "PRAGMA data_version";
    if (db->is_immutable && is_in_use(db) && !leave_immutable(db)) return 0;
    struct dln_query q = dln_query(db, sql);
    int64_t version = 0;
    if (dln_query_row(&q)) version = db->version_base + dln_column_int(&q, 0);
    return dln_query_end(&q, NULL) ? version : 0;
}

/* ── transactions ──────────────────────────────────────────────────────────────────────────────*/

static bool run_once(dln_db *db, const char *sql, struct dln_error *err)
{
    struct dln_query q = dln_query(db, sql);
    return dln_query_run(&q, NULL, err);
}

/* Prepared before a transaction begins: without memory then, the file would stay locked. */
static const char sql_rollback[] = "ROLLBACK";
static bool prepare_way_out(dln_db *db, struct dln_error *err)
{
    struct dln_query q = dln_query(db, sql_rollback);
    return dln_query_end(&q, err);
}

bool dln_db_begin_read(dln_db *db, struct dln_error *err)
{
    static const char sql[] = "BEGIN";
    return prepare_way_out(db, err) && run_once(db, sql, err);
}

bool dln_db_begin_write(dln_db *db, bool durable, struct dln_error *err)
{
    static const char sql[] = "BEGIN IMMEDIATE";
    const bool wants_full = durable || !db->is_wal;
    if (wants_full != db->is_full) {
        const char *pragma =
            wants_full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL";
        if (!dln_db_script(db, pragma, err)) return false;
        db->is_full = wants_full;
    }
    return prepare_way_out(db, err) && run_once(db, sql, err);
}

bool dln_db_commit(dln_db *db, struct dln_error *err)
{
    static const char sql[] = "COMMIT";
    if (!run_once(db, sql, err)) {
        dln_db_rollback(db);
        return false;
    }
    if (db->wal_pages >= WAL_PAGES_MAX) dln_db_checkpoint(db, false);
    return true;
}

void dln_db_rollback(dln_db *db)
{
    if (sqlite3_get_autocommit(db->handle)) return;
    (void)run_once(db, sql_rollback, NULL);
}
