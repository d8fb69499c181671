/* The files that SQLite keeps beside a database in WAL mode: -wal (the log), -shm (its index). */
#ifndef DLN_STORE_SIDE_H
#define DLN_STORE_SIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/error.h"

/* Bytes of the file PATH + ending; -1: there is none. */
int64_t dln_side_bytes(const char *path, const char *ending);
/*
 * Of two that close at once each could take the other for a user of the log: one after the other,
 * by a lock on the log itself. A descriptor to be closed after the database; -1: there is no log,
 * or no turn came.
 */
int dln_side_await_turn(const char *path);
/* "file:" and the path with everything unusual escaped, and that nobody changes the file. */
DLN_CHECK bool dln_side_immutable_uri(const char *path, char **out, struct dln_error *err);

#endif
