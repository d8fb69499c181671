/*
 * All studies of a file, or of the .db files of a folder, read in the background and again every
 * two seconds while they are looked at. Thread: ui, but for the scan itself.
 */
#ifndef UI_STUDY_LIST_H
#define UI_STUDY_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/store.h"
#include "view.h"

struct study_row {
    const char *path; /* to open it by */
    const char *file; /* as the table shows it */
    struct dln_study_summary summary;
};

struct study_list {
    struct dln_arena arena;
    size_t n;
    struct study_row *row; /* running first, then the last seen */
    size_t n_files;
    size_t n_unreadable;
    char sentence[VIEW_TEXT_MAX]; /* about the first file that cannot be read */
    char digest[VIEW_TEXT_MAX];   /* "Since you left …" */
    bool is_loaded, is_asked;
    int64_t asked_ns;
    struct scanner *scanner; /* of the helper's thread while is_asked */
};

/* Asks for a new look, at most one at a time; the rows change when it is done. */
void study_list_ask(struct view *view, struct study_list *studies);
void study_list_release(struct study_list *studies);

#endif
