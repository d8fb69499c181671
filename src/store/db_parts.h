/* What db.c (the connection) and db_query.c (its queries) share. */
#ifndef DLN_STORE_DB_PARTS_H
#define DLN_STORE_DB_PARTS_H

#include "store/db.h"

/* Slots of the statement table, a power of two; there are under 100 texts. */
enum { DLN_CACHE_SIZE = 256 };

struct dln_slot {
    const char *sql; /* the address of a constant is the key */
    struct sqlite3_stmt *stmt;
};

struct dln_db {
    struct sqlite3 *handle;
    char *path;
    enum dln_db_mode mode;
    bool is_wal;
    bool is_immutable; /* opened as a file that nobody changes */
    bool owns_log;     /* the lease is held: may move the log into the file beside other users */
    bool has_written;  /* to the log */
    bool is_full;      /* synchronous = FULL at the moment */
    int64_t version_base;
    int wal_pages;
    int wal_long;          /* pages at which the log is long; more while a reader is in the way */
    int64_t checkpoint_ns; /* when the last one began, monotonic */
    double cpu_deadline;   /* 0: the clock of this query has not been read yet */
    struct dln_slot cache[DLN_CACHE_SIZE];
};

/* Fails with SQLite's code `rc` as a sentence that names the file. */
bool dln_db_fail_with(const dln_db *db, int rc, struct dln_error *err);

/* A new query may compute for its whole share again. */
static inline void dln_db_arm_deadline(dln_db *db)
{
    db->cpu_deadline = 0;
}

#endif
