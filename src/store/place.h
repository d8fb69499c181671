/* Where files lie: the database's own path, and the side files that exist while an engine runs. */
#ifndef DLN_STORE_PLACE_H
#define DLN_STORE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/error.h"

/*
 * The absolute path without links of an existing regular file; the caller frees it. DLN_NOT_FOUND,
 * DLN_CORRUPT for a directory, a device or a pipe, DLN_IO. A link that somebody else put into a
 * folder that everybody may write is not followed.
 */
bool dln_place_resolve(const char *path, char **out, struct dln_error *err);
/* Makes a new, empty file that only its owner may read; *is_new false: it exists already. */
bool dln_place_make(const char *path, bool *is_new, struct dln_error *err);
/* A file system that several machines share: no shared memory between them, hence no WAL. */
bool dln_place_is_network(const char *path);
/* The same, for the magic number that statfs() gives. */
bool dln_place_is_network_type(uint64_t magic);

/* Whether the folder of locks can be used; it is made where it is missing. */
bool dln_place_lock_folder(struct dln_error *err);
/*
 * Takes the lock of a study for this process and whoever inherits the descriptor. DLN_BUSY when it
 * is held. The file lies in $XDG_RUNTIME_DIR/dialin, else in /tmp/dialin-UID, which must be ours
 * alone; its name is made of the database's device and inode and the study.
 */
bool dln_place_lock(const char *db_path, int64_t study_id, int *fd, struct dln_error *err);

#endif
