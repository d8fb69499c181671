/*
 * The tables: Optuna's, made exactly as it makes them, and ours, named dialin_*, which it ignores.
 * Views and triggers are never made: they break Optuna's own migrations.
 *
 *   dialin_meta      version of these tables
 *   dialin_studies   a study's file as last applied, its live settings, the engine's state
 *   dialin_tallies   counts and best of the trials up to one id: a cache, see tally.h
 *   dialin_engines   the lease: who drives the study, with a heartbeat
 *   dialin_commands  queue and journal in one
 *   dialin_runs      one row for each attempt at a trial
 *
 * A study's id comes back after the study was deleted, so every row of ours that is keyed by it
 * also carries the study's uid (the study's system attribute `dialin:uid`); rows of another uid are
 * leftovers.
 */
#ifndef DLN_STORE_SCHEMA_H
#define DLN_STORE_SCHEMA_H

#include <stdbool.h>

#include "dialin/strbuf.h"
#include "store/db.h"

#define DLN_SCHEMA_VERSION 1 /* of our tables */

enum dln_file_kind {
    DLN_FILE_EMPTY,     /* no tables at all */
    DLN_FILE_OPTUNA,    /* a storage that we may write */
    DLN_FILE_READ_ONLY, /* a storage that we may only look at; `reason` says why */
};

struct dln_file_facts {
    enum dln_file_kind kind;
    bool has_ours; /* the dialin_* tables are there */
    bool is_utc;   /* trial times are UTC unless a study says otherwise, else local */
    char reason[256];
};

/*
 * Looks at the tables before anything is believed: DLN_CORRUPT when it is not an Optuna storage,
 * DLN_UNSUPPORTED when a release before 3.0 made it. `path` is for the sentences.
 */
bool dln_schema_inspect(dln_db *db, const char *path, struct dln_file_facts *out,
                        struct dln_error *err);
/* All tables of a new file, in one transaction. */
bool dln_schema_create(dln_db *db, struct dln_error *err);
/* Our tables, where they are missing; inside a write transaction of the caller. */
bool dln_schema_add_ours(dln_db *db, struct dln_error *err);
/* Whether our tables are there by now. */
bool dln_schema_find_ours(dln_db *db, bool *has_ours, struct dln_error *err);

#endif
