/*
 * The one table of keys: which key does what, where, and how help and key row name it. A key means
 * the same on every screen where it means anything. Only what is built stands in it.
 */
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys.h"

enum action {
    ACTION_NONE,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_LEFT,
    ACTION_RIGHT,
    ACTION_FAR_LEFT,
    ACTION_FAR_RIGHT,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_HALF_UP,
    ACTION_HALF_DOWN,
    ACTION_ENTER,
    ACTION_BACK,
    ACTION_CANCEL,
    ACTION_HOME,
    ACTION_LIVE,
    ACTION_TRIALS,
    ACTION_PLOTS,
    ACTION_SPACE,
    ACTION_STRATEGY,
    ACTION_GUARD,
    ACTION_JOURNAL,
    ACTION_NEXT_PANE,
    ACTION_PREVIOUS_PANE,
    ACTION_ZOOM,
    ACTION_BEST,
    ACTION_FILTER,
    ACTION_FIND,
    ACTION_FIND_NEXT,
    ACTION_FIND_PREVIOUS,
    ACTION_FOLLOW,
    ACTION_SORT,
    ACTION_REVERSE,
    ACTION_COLUMNS,
    ACTION_MARK,
    ACTION_MARK_ALL,
    ACTION_CLEAR_MARKS,
    ACTION_ACTIONS,
    ACTION_NOTE,
    ACTION_TAG,
    ACTION_ENQUEUE,
    ACTION_SUGGEST,
    ACTION_VALUE,
    ACTION_RESET,
    ACTION_WRITE,
    ACTION_REPLAY,
    ACTION_DELETE,
    ACTION_ADD,
    ACTION_FREEZE,
    ACTION_NARROW,
    ACTION_WIDEN,
    ACTION_PREVIEW,
    ACTION_UNDO,
    ACTION_REDO,
    ACTION_PRUNE,
    ACTION_STOP,
    ACTION_RETRY,
    ACTION_PAUSE,
    ACTION_MORE,
    ACTION_FEWER,
    ACTION_BUDGET,
    ACTION_CONFIRM,
    ACTION_TEST,
    ACTION_DRAIN,
    ACTION_PLOT_PREVIOUS,
    ACTION_PLOT_NEXT,
    ACTION_PARAM_PREVIOUS,
    ACTION_PARAM_NEXT,
    ACTION_AXES,
    ACTION_GOAL,
    ACTION_LOG,
    ACTION_PRUNED,
    ACTION_OUTLIERS,
    ACTION_SHARE,
    ACTION_EXPORT,
    ACTION_WRAP,
    ACTION_STREAM,
    ACTION_HELP,
    ACTION_REPAINT,
    ACTION_INTERRUPT,
    ACTION_SUSPEND,
    ACTION_QUIT,
    ACTION_COUNT
};

enum scope {
    SCOPE_HOME = 1 << 0,
    SCOPE_LIVE = 1 << 1,
    SCOPE_TRIAL = 1 << 2,
    SCOPE_JOURNAL = 1 << 3,
    SCOPE_PLOTS = 1 << 4,
    SCOPE_DIAL = 1 << 5, /* digits begin a value there */
    SCOPE_NEXT = 1 << 6,
    SCOPE_SPACE = 1 << 7,
    SCOPE_STRATEGY = 1 << 9,
    SCOPE_GUARD = 1 << 10,
    SCOPE_TRIALS = 1 << 12,
    SCOPE_STUDY = SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS | SCOPE_JOURNAL | SCOPE_PLOTS |
                  SCOPE_NEXT | SCOPE_STRATEGY | SCOPE_SPACE | SCOPE_GUARD,
    SCOPE_ALL = SCOPE_HOME | SCOPE_STUDY | SCOPE_DIAL
};

enum help_group { HELP_MOVE, HELP_FIND, HELP_ACT, HELP_STEER, HELP_VIEW, HELP_GROUP_COUNT };
/* On a screen, by its scope. */
const char *help_group_title(enum help_group group, unsigned scope);

enum { BINDING_KEYS_MAX = 4 };

struct binding {
    enum action action;
    uint32_t key[BINDING_KEYS_MAX]; /* the first is the one that is shown; 0 ends them */
    unsigned scopes;
    enum help_group group;
    const char *word; /* in the key row: "pause" */
    const char *help; /* in the help: "pause, resume" */
    bool changes;     /* the study: refused where the file is read only */
};

/* All of them, in the order of the help. */
const struct binding *keymap_all(size_t *n);
/* What a key does on a screen; ACTION_NONE: nothing. */
enum action keymap_action(uint32_t code, unsigned scope);
const struct binding *keymap_binding(enum action action);
/* Its words on a screen: a row of a table is a trial in the one that shows one. */
const char *binding_word(const struct binding *binding, unsigned scope);
const char *binding_help(const struct binding *binding, unsigned scope);

#endif
