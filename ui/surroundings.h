/* What the machine, the session and a folder are like, as far as a study depends on it. */
#ifndef UI_SURROUNDINGS_H
#define UI_SURROUNDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/error.h"

#define SURROUNDINGS_NONE INT64_MAX /* no limit, or not known */

struct surroundings {
    const char *sqlite_version, *sqlite_notice; /* NULL: a sound release */

    char folder[512];
    int folder_errno; /* 0: it can be written */
    bool is_network;
    int64_t free_bytes, free_files;

    char lock_trouble[DLN_ERROR_TEXT_MAX]; /* "": engines can lock their studies */

    int64_t open_files, processes, file_bytes, memory_bytes, cpu_s; /* hard limits */

    bool is_root;
    bool in_session; /* of a log-in: ends with it where logind ends processes */
    bool kills_at_logout;

    char codeset[64]; /* "UTF-8" */
    char term[64];    /* "": TERM is not set */
    bool term_is_known;

    int64_t now_s; /* wall clock, Unix seconds */
    bool is_synchronised;
    bool sees_children; /* /proc tells which processes a process has */
};

/* Reads what there is; `folder` is where the study lies or would lie. */
void surroundings_read(const char *folder, struct surroundings *out);
/* logind's setting under a root folder ("" is the machine's own). */
bool surroundings_logind_kills(const char *root);

#endif
