/*
 * Small JSON objects that a user keeps from one time to the next, in $XDG_STATE_HOME/dialin (else
 * ~/.local/state/dialin). A file that cannot be read is no error: nothing was kept then.
 */
#ifndef UI_STATE_FOLDER_H
#define UI_STATE_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "dialin/strbuf.h"

/* The object in a file of that folder, NULL without one. The caller's. */
json_t *state_read(const char *file);
/* Replaces the file. */
bool state_write(const char *file, const json_t *object);
/* "/real/path.db#3": what is kept of a study stands under this key. */
bool state_study_key(struct dln_strbuf *key, const char *path, int64_t study_id);

#endif
