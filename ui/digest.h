/*
 * What this user saw last of each study, kept in $XDG_STATE_HOME/dialin/seen.json, for the line
 * "Since you left". A file that cannot be read is no error: then there is nothing to compare with.
 * Thread: owner (it reads and writes a file: not in the ui's loop).
 */
#ifndef UI_DIGEST_H
#define UI_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "dialin/store.h"

struct digest {
    json_t *seen; /* "path#id" → {time, finished, failed, best} */
};

void digest_load(struct digest *digest);
void digest_release(struct digest *digest);
/* What happened to the study since it was seen last; false: nothing, or it is new to us. */
bool digest_compare(const struct digest *digest, const char *path,
                    const struct dln_study_summary *summary, int64_t now_us, char *out, size_t cap,
                    int64_t *n_finished);
/* Seen now. */
void digest_note(struct digest *digest, const char *path, const struct dln_study_summary *summary,
                 int64_t now_us);
/* Replaces the file; a failure is forgotten. */
void digest_save(const struct digest *digest);

#endif
