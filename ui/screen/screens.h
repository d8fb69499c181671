/* The screens, and what each has to do. A new one is a file, a constant, and a line in screens.c.
 */
#ifndef UI_SCREEN_SCREENS_H
#define UI_SCREEN_SCREENS_H

#include <stdbool.h>

#include "cells.h"
#include "keymap.h"
#include "view.h"

struct screen {
    const char *title; /* in the tab row; NULL: a detail of the screen before it */
    char digit;        /* its tab */
    unsigned scope;
    const enum action *keys;         /* for the key row, in order of use, ends with ACTION_NONE */
    bool has_progress;               /* the bar in row 3, where there is room */
    bool draws_status;               /* row 2 is its own */
    bool (*init)(struct view *view); /* makes view->state[]; false: no memory */
    void (*release)(struct view *view);
    void (*enter)(struct view *view);   /* may be NULL, as all below */
    void (*changed)(struct view *view); /* the study has news */
    void (*tick)(struct view *view);    /* once a second while shown */
    void (*draw)(struct view *view, struct rect body);
    void (*draw_status)(struct view *view, int row);
    bool (*key)(struct view *view, struct key key); /* before the keymap; true: taken */
    bool (*act)(struct view *view, enum action action);
    bool (*offers)(const struct view *view, enum action action); /* for the key row; not asked while
                                                                    a study is being opened */
};

const struct screen *screen_of(enum screen_id id);

/* Asks how many of the best to confirm (screen_guard.c). */
void guard_ask(struct view *view);

/* An edit of one parameter begun from another screen: it is staged there, `w` applies it. */
void space_begin(struct view *view, const char *name, enum action action);

extern const struct screen screen_home;
extern const struct screen screen_live;
extern const struct screen screen_trials;
extern const struct screen screen_trial;
extern const struct screen screen_plots;
extern const struct screen screen_space;
extern const struct screen screen_strategy;
extern const struct screen screen_guard;
extern const struct screen screen_journal;
extern const struct screen screen_dial;
extern const struct screen screen_next;

#endif
