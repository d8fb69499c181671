/*
 * The desk that all screens work at: the grid, the open study, the message row, the prompt, the
 * overlays, and what a screen may ask for. Thread: ui.
 *
 * A frame, from the top: tabs, status, the screen's body, messages (or the prompt), keys.
 */
#ifndef UI_VIEW_H
#define UI_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app.h"
#include "cells.h"
#include "dialin/export.h"
#include "dialin/wake.h"
#include "helper.h"
#include "keymap.h"
#include "runs.h"
#include "saved_filters.h"
#include "session.h"
#include "sieve.h"
#include "theme.h"
#include "widget/dialog.h"
#include "widget/line_edit.h"

enum { VIEW_TEXT_MAX = 256, VIEW_MIN_ROWS = 16, VIEW_MIN_COLS = 60, TARGETS_MAX = 1024 };

enum screen_id {
    SCREEN_HOME,
    SCREEN_LIVE,
    SCREEN_TRIALS,
    SCREEN_TRIAL,
    SCREEN_PLOTS,
    SCREEN_SPACE,
    SCREEN_STRATEGY,
    SCREEN_GUARD,
    SCREEN_JOURNAL,
    SCREEN_DIAL,
    SCREEN_NEXT,
    SCREEN_COUNT
};

struct advice;
struct guard;
struct methods;
struct palette;
struct view;

struct message {
    char text[VIEW_TEXT_MAX];
    enum role role;
    int64_t until_ns; /* 0: until another one comes */
};

/* One line asked for in the message row. */
struct prompt {
    bool is_open;
    char label[64];
    char error[VIEW_TEXT_MAX];
    struct line_edit edit;
    /* False: not good, `error` says why, the line stays. */
    bool (*accept)(struct view *view, const char *text, char error[VIEW_TEXT_MAX]);
    /* What follows may be set after view_prompt(), which clears it. */
    void (*typed)(struct view *view); /* the line has changed */
    void (*cancelled)(struct view *view);
    bool (*special)(struct view *view, uint32_t code); /* Tab, up, down; true: taken */
    bool has_hint; /* a row of its own below the line, for the hint or what is wrong */
    char hint[VIEW_TEXT_MAX];
    size_t error_column; /* where in the line the error is, from 1; 0: that is not known */
    char right[48];      /* "105 of 212" */
};

enum overlay_kind {
    OVERLAY_NONE,
    OVERLAY_HELP,
    OVERLAY_CONFIRM,
    OVERLAY_QUIT,
    OVERLAY_MENU,
    OVERLAY_PANEL,
    OVERLAY_PALETTE
};
enum { CONFIRM_LINES_MAX = 6, CONFIRM_DEAF_MS = 200 };
struct overlay {
    enum overlay_kind kind;
    int64_t opened_ns; /* a confirmation hears nothing for CONFIRM_DEAF_MS */
    int scroll;
    char title[48];
    char line[CONFIRM_LINES_MAX][VIEW_TEXT_MAX];
    int n_lines;
    char no[64], yes[64];
    char expected[64]; /* has to be typed, instead of y; "": nothing */
    struct line_edit typed;
    void (*accept)(struct view *view);
    const struct dialog_choice *choices; /* of a menu: one letter each */
    int n_choices;
    void (*choose)(struct view *view, char letter);
    void (*draw)(struct view *view);               /* of a panel, which draws itself */
    void (*key)(struct view *view, uint32_t code); /* all but what closes it */
};

/* Trials that a confirmation or prompt is about, by number. */
struct targets {
    int64_t number[TARGETS_MAX];
    size_t n;
};

/* Commands that are posted and not answered. */
enum { PENDING_MAX = 16 };
struct pending {
    int64_t command_id;
    char text[VIEW_TEXT_MAX];
};

enum leave {
    LEAVE_NOT,
    LEAVE_END,        /* everything is over or elsewhere */
    LEAVE_BACKGROUND, /* engines go on without a screen */
    LEAVE_LOST        /* the terminal is gone: the same, and nothing is written */
};

struct view {
    const struct app_options *options;
    struct cells cells;
    struct dln_wake wake;
    struct helper *helper;
    struct helper *thinker;  /* for what is long to compute: posting must not wait for it */
    struct advice *advice;   /* advice.c; NULL until it is asked for */
    struct methods *methods; /* methods.c; the same */
    struct guard *guard;     /* guard.c; the same */
    struct palette *palette; /* palette.c; NULL until it is opened */
    struct runs runs;
    struct session session; /* path NULL: none open */
    struct sieve sieve;     /* the filter of the open study's trials, for table and plots */
    struct saved_filters saved;
    int64_t now_ns, now_us; /* of this round of the loop */

    enum screen_id screen, base;       /* base: where `q` leaves the program */
    enum screen_id from[SCREEN_COUNT]; /* of a detail: the screen that it was opened from */
    void *state[SCREEN_COUNT];         /* each screen's own */
    int64_t selected_id;               /* the trial under the cursor, by row id; -1: none */

    struct message message; /* answers and refusals */
    struct message event;   /* what happened last */
    struct prompt prompt;
    struct overlay overlay;
    struct targets targets;
    struct pending pending[PENDING_MAX];
    int n_pending;
    int wanted_parallel; /* last asked for, 0: none */

    bool is_dirty;      /* a key has changed what is shown: draw soon */
    bool is_data_dirty; /* news: draw within a second */
    int64_t hold_ns;    /* what a key asked for comes within a moment: one frame for both */
    bool wants_suspend, wants_repaint;
    char *editor_file; /* to be opened in $EDITOR, instead of the screen; NULL: none */
    void (*edited)(struct view *view, char *file, bool ok); /* owns file */
    enum leave leave;
    char theme[THEME_NAME_MAX];     /* chosen by :theme; "": as it began */
    char previewed[THEME_NAME_MAX]; /* instead, while somebody looks for one; "": none */
    bool is_slow;                   /* the line: fewer and smaller frames */
    bool is_ending;                 /* leaves when the engines are over */
    int faults, fault_signal;
};

/* ── what screens ask for ──────────────────────────────────────────────────────────────────────*/

/* An answer to what the person did; stays for 10 s. */
void view_say(struct view *view, enum role role, const char *format, ...) DLN_PRINTF(3, 4);
void view_go(struct view *view, enum screen_id id);
/* From a detail to the screen that it was opened from. */
void view_back(struct view *view);
/* Opens a study in place of the one that is open. */
bool view_open(struct view *view, const char *path, int64_t study_id);
void view_close_study(struct view *view);
/* Leaves the program, with a question if an engine runs here. */
void view_quit(struct view *view);
void view_prompt(struct view *view, const char *label, const char *text,
                 bool (*accept)(struct view *, const char *, char[VIEW_TEXT_MAX]));
/* Fills view->overlay for a question that `y` answers; add lines before or after. */
void view_confirm(struct view *view, const char *title, const char *no, const char *yes,
                  void (*accept)(struct view *));
/* The same for what destroys: not y, but this text, typed, and Enter. */
void view_confirm_typed(struct view *view, const char *title, const char *no, const char *yes,
                        const char *expected, void (*accept)(struct view *));
void view_confirm_line(struct view *view, const char *format, ...) DLN_PRINTF(2, 3);

/* A menu: the letter of a choice chooses it. The choices are static. */
void view_menu(struct view *view, const char *title, const struct dialog_choice *choices, int n,
               void (*choose)(struct view *, char));

/* An overlay of a screen's own: Esc and q close it, every other key is the screen's. */
void view_panel(struct view *view, void (*draw)(struct view *),
                void (*key)(struct view *, uint32_t));

/* Why the study cannot be changed from here, or NULL. */
const char *view_read_only(const struct view *view);
/* Index of the selected trial in the model, SIZE_MAX: none. */
size_t view_selected_row(const struct view *view);
/* Study and file as a title and sentences name them. */
const char *view_study_name(const struct view *view);

/* ── the frame (view_draw.c) and the keys (dispatch.c)
 * ─────────────────────────────────────────────*/

void view_draw(struct view *view);
/* Whether a clock is shown that ticks each second. */
bool view_has_clock(const struct view *view);
void view_key(struct view *view, struct key key);
/* What a key of the screen would do. */
void view_act(struct view *view, enum action action);
/* Keys that edit a line, arrows included. */
enum edit_op view_edit_op(uint32_t code);
void view_interrupt(struct view *view); /* Ctrl-C, SIGINT */
/* What the session and the runs tell; context is the view. */
void view_event(void *context, const struct session_event *event);
void view_run_news(void *context, const struct run_news *news);

void overlay_draw_current(struct view *view);
/* True: the key is taken. */
bool overlay_key(struct view *view, struct key key);

#endif
