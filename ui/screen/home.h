/* What the files of the home screen share. Thread: ui. */
#ifndef UI_SCREEN_HOME_H
#define UI_SCREEN_HOME_H

#include "study_list.h"
#include "view.h"
#include "widget/table.h"

enum { HOME_COLUMNS = 7 };

struct new_study;

struct home {
    struct study_list studies;
    struct table table;
    struct column columns[HOME_COLUMNS];
    char *path; /* of the selected study */
    int64_t study_id;
    char wanted[64];
    struct new_study *fresh; /* what was answered last; NULL: nothing was asked yet */
};

/* Four questions: command, objective, parameters, budget; then a study file and its study. */
void home_new(struct view *view);
void home_new_free(struct new_study *fresh);

#endif
