/*
 * The terminal: entered, left, read, written, resized.
 *
 * Curses draws into a memory file, and what it wrote goes to the terminal here, in one write that
 * never blocks: a line that does not take bytes (a stalled connection) makes frames late, and never
 * stops the program. Keys are read and decoded here too (keys.h); curses never reads, and none of
 * its signal handlers is used. Thread: ui.
 */
#ifndef UI_TERMINAL_H
#define UI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <termios.h>

#include "app.h"
#include "cells.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "keys.h"

/* ── giving the terminal back, whatever happens ────────────────────────────────────────────────*/

enum { TERMINAL_RESTORE_MAX = 256 };

/* How the terminal was, and the bytes that bring it back; made before anything is changed. */
struct terminal_restore {
    int fd; /* of the controlling terminal, close-on-exec; -1: none */
    bool has_modes;
    struct termios modes;
    _Atomic bool *is_entered; /* shared with the child: the screen is on, so it must be left once */
    char text[TERMINAL_RESTORE_MAX]; /* main screen, cursor, plain colours, paste mode off */
    size_t len;
};

/* Whether this machine knows a type of terminal. */
bool terminal_type_is_known(const char *name);
/* Whether there is a terminal that a screen can be drawn on; if not, err says why. */
DLN_CHECK bool terminal_restore_prepare(struct terminal_restore *restore, struct dln_error *err);
/*
 * Safe in a signal handler and in another process of the job. Whoever comes first leaves the
 * screen, and only if it was entered.
 */
void terminal_restore_now(const struct terminal_restore *restore);
void terminal_restore_release(struct terminal_restore *restore);
/* Fatal signals (SEGV, BUS, ABRT, FPE, ILL) give the terminal back, then take their course. */
void terminal_guard(const struct terminal_restore *restore);
/* The screen was left in good order: fatal signals must not write to the terminal any more. */
void terminal_unguard(void);

/* ── the screen ────────────────────────────────────────────────────────────────────────────────*/

struct terminal {
    const struct terminal_restore *restore;
    int fd;   /* an open file of its own, not blocking */
    int sink; /* the memory file that curses writes to */
    FILE *sink_file, *in_file;
    void *screen; /* SCREEN of curses */
    bool is_entered;
    bool is_announced; /* the first bytes of this screen are on their way */
    bool has_title;    /* can be set */
    bool has_replies;  /* answers questions */
    int rows, cols; /* that may be drawn on */
    int margin;     /* columns at the right that are left alone */
    enum glyph_level level;
    struct keys keys;
    char *out; /* not yet taken by the terminal: out[out_done..out_len) */
    size_t out_len, out_done, out_cap;
    int64_t bytes; /* written in all */
    char title[128];
};

/* Makes the screen of curses; nothing is written before the first frame. */
DLN_CHECK bool terminal_open(struct terminal *term, const struct terminal_restore *restore,
                             enum app_glyphs glyphs, struct dln_error *err);
/* Leaves the screen and frees everything. `is_lost`: writes nothing. */
void terminal_close(struct terminal *term, bool is_lost);

/* Raw mode; the next frame is drawn whole by curses. */
void terminal_enter(struct terminal *term);
/* The terminal as it was, the cursor on a line of its own. */
void terminal_leave(struct terminal *term);

enum terminal_state { TERMINAL_OK, TERMINAL_BACKGROUND, TERMINAL_LOST };
/* Reads and decodes what is there. BACKGROUND: the job is not in the foreground any more. */
enum terminal_state terminal_read(struct terminal *term, int64_t now_ns);
/* After doupdate(): collects what curses wrote and sends what the terminal takes. */
enum terminal_state terminal_flush(struct terminal *term);
/* Whether the last frame is still on its way: poll for POLLOUT, draw nothing more. */
bool terminal_is_stalled(const struct terminal *term);
/* Asks the kernel for the size and tells curses; true if it changed. Never 0 × 0. */
bool terminal_resize(struct terminal *term);
/* Window title, where the terminal has one; nothing is sent when it is the same as before. */
void terminal_set_title(struct terminal *term, const char *title);
/* Asks for the background colour, where a terminal is known to answer: the reply comes as a key. */
void terminal_ask_background(struct terminal *term);
/* A sentence on the main screen, after terminal_leave(). */
void terminal_say(const struct terminal *term, const char *sentence);

#endif
