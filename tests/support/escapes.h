/*
 * What a program tells its terminal beside text, read from its raw output: private modes, titles,
 * the clipboard. Lets a test assert what was switched on, and that all of it was switched off
 * again.
 */
#ifndef TEST_SUPPORT_ESCAPES_H
#define TEST_SUPPORT_ESCAPES_H

#include <stdbool.h>
#include <stddef.h>

enum { ESCAPES_MODES_MAX = 64, ESCAPES_TEXT_MAX = 8192 };

struct escapes {
    struct {
        int number; /* 1049 alternate screen, 25 cursor, 1000 … mouse, 2004 paste, 2026 synchronised
                     */
        bool is_on;
        int changes;
    } modes[ESCAPES_MODES_MAX]; /* ESC [ ? number h/l */
    int n_modes;
    bool has_keypad; /* ESC = and ESC > */
    int title_depth; /* CSI 22 t and CSI 23 t */
    int n_titles;    /* OSC 0, 1, 2 */
    char title[ESCAPES_TEXT_MAX];
    int n_clipboard;                  /* OSC 52 */
    char clipboard[ESCAPES_TEXT_MAX]; /* its last argument: base64 */
    int n_bells;

    /* the parser */
    enum { ESCAPES_TEXT, ESCAPES_ESC, ESCAPES_CSI, ESCAPES_OSC, ESCAPES_OSC_ESC } state;
    char part[ESCAPES_TEXT_MAX];
    size_t part_len;
};

void escapes_feed(struct escapes *escapes, const char *bytes, size_t len);
/* Whether a private mode is on now; the cursor (25) and wrapping (7) are on unless switched off. */
bool escapes_mode(const struct escapes *escapes, int number);
/* How often a mode was set or reset. */
int escapes_changes(const struct escapes *escapes, int number);
/* Writes what is not as it was at the start, "1049 on, 25 off, keypad on"; "" if all is well. */
void escapes_left(const struct escapes *escapes, char *out, size_t cap);

#endif
