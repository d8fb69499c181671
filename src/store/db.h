/*
 * The only door to SQLite: opening with the settings for hostile files, statements prepared once a
 * connection, transactions, and error sentences that carry the file and SQLite's own words.
 *
 * A query is begun on a constant SQL text with named parameters, bound, stepped and ended:
 *
 *     struct dln_query q = dln_query(db, sql_number);
 *     dln_bind_int(&q, ":id", id);
 *     while (dln_query_row(&q)) number = dln_column_int(&q, 0);
 *     if (!dln_query_end(&q, err)) return false;
 *
 * It is sticky: after a failure everything is a no-op, and dln_query_end() reports it. A statement
 * is back in the cache after dln_query_end(), which must be called once for each dln_query(); the
 * same SQL text may not be begun again before that.
 * Thread: owner.
 */
#ifndef DLN_STORE_DB_H
#define DLN_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"

struct sqlite3_stmt;
typedef struct dln_db dln_db;

enum dln_db_mode {
    DLN_DB_READ,   /* never writes */
    DLN_DB_STEER,  /* short writes, short waits, no checkpoints */
    DLN_DB_GUEST,  /* writes and waits as the engine does, no checkpoints */
    DLN_DB_ENGINE, /* checkpoints while it owns the log */
};

/* `path` must be absolute and without links (see place.c); the file must exist. */
bool dln_db_open(const char *path, enum dln_db_mode mode, dln_db **out, struct dln_error *err);
/*
 * Leaves the file alone where it can: whoever owns the log moves it into the file; whoever wrote
 * as an engine does if nobody else has the file open; whoever looked puts away a log that is empty.
 * NULL is fine.
 */
void dln_db_close(dln_db *db);
/* Only the holder of a lease moves the log into the file while others use it. */
void dln_db_own_log(dln_db *db, bool owns);
/* SQLite took the file for reading only although it was asked for more. */
bool dln_db_is_read_only(dln_db *db);
/* From now on every write of this connection fails. */
bool dln_db_forbid_writes(dln_db *db, struct dln_error *err);
/* Write-ahead logging, for a new file on a local disk. */
bool dln_db_use_wal(dln_db *db, struct dln_error *err);
/* Moves an own WAL into the file when it is long, or in any case when `idle`. Never waits long. */
void dln_db_checkpoint(dln_db *db, bool idle);
/* Pages in the WAL after the last commit of this connection. */
int dln_db_log_pages(const dln_db *db);
/* Moves all of the WAL into the file and cuts it to nothing, where nobody is in the way. */
void dln_db_empty_log(dln_db *db);
/* PRAGMA data_version, 0 on error. No query may be going on. */
int64_t dln_db_version(dln_db *db);

/* A snapshot for several queries; nothing is locked for writers in WAL mode. */
bool dln_db_begin_read(dln_db *db, struct dln_error *err);
/* BEGIN IMMEDIATE. `durable`: the commit survives a power cut (FULL), not only the process. */
bool dln_db_begin_write(dln_db *db, bool durable, struct dln_error *err);
/*
 * A failed commit has been rolled back when this returns, but its outcome on disk is unknown after
 * an I/O error: read again before repeating.
 */
bool dln_db_commit(dln_db *db, struct dln_error *err);
void dln_db_rollback(dln_db *db); /* nothing happens outside a transaction */
/* Runs constant statements without parameters or rows: the schema. */
bool dln_db_script(dln_db *db, const char *sql, struct dln_error *err);

/* ── queries ───────────────────────────────────────────────────────────────────────────────────*/

struct dln_query {
    dln_db *db;
    struct sqlite3_stmt *stmt;
    int rc; /* SQLite's code of the first failure */
};

struct dln_query dln_query(dln_db *db, const char *sql);
void dln_bind_int(struct dln_query *q, const char *name, int64_t value);
void dln_bind_real(struct dln_query *q, const char *name, double value); /* NaN and ±inf: NULL */
/* Borrowed until the query ends; NULL binds NULL. */
void dln_bind_text(struct dln_query *q, const char *name, const char *text);
void dln_bind_text_len(struct dln_query *q, const char *name, const char *text, size_t len);
/* True while there is a row. */
bool dln_query_row(struct dln_query *q);
bool dln_query_end(struct dln_query *q, struct dln_error *err);
/* Steps to the end and ends it; *changed (may be NULL): rows inserted, updated or deleted. */
bool dln_query_run(struct dln_query *q, int64_t *changed, struct dln_error *err);
/* Steps once, then binds the same statement anew: for inserting many rows. */
void dln_query_again(struct dln_query *q);
int64_t dln_db_last_id(dln_db *db);

int64_t dln_column_int(struct dln_query *q, int column);
double dln_column_real(struct dln_query *q, int column);
bool dln_column_is_null(struct dln_query *q, int column);
/* Optuna's pair of a value and, in the next column, its type: ±inf and NaN are stored by type. */
double dln_column_value(struct dln_query *q, int column);
/* Never NULL ("" for NULL); valid until the next step. */
const char *dln_column_text(struct dln_query *q, int column);
size_t dln_column_len(struct dln_query *q, int column); /* of the text, after dln_column_text() */
/* The text in the arena; a query that runs out of memory fails. */
const char *dln_column_copy(struct dln_query *q, int column, struct dln_arena *arena);

/* Marks the query as failed for lack of memory: reported by dln_query_end(). */
void dln_query_no_memory(struct dln_query *q);

#endif
