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
    size_t n; /* of these, those that the filter lets through, in the order that is wanted */
    struct study_row *row;
    size_t cap;
    char order;      /* the letter in the menu of `s` */
    char filter[64]; /* in the study's name or file; "": all */
    struct table table;
    struct column columns[HOME_COLUMNS];
    char *path; /* of the selected study */
    int64_t study_id;
    char wanted[64];
    struct new_study *fresh; /* what was answered last; NULL: nothing was asked yet */
};

/* Fills home->row from the list; again after each change of the list, the order or the filter. */
void home_arrange(struct home *home);
void home_ask_order(struct view *view);
void home_ask_filter(struct view *view);

/* Four questions: command, objective, parameters, budget; then a study file and its study. */
void home_new(struct view *view);
void home_new_free(struct new_study *fresh);

#endif
