/* One line of text under edit, with the keys that readline users have in their fingers. */
#ifndef UI_LINE_EDIT_H
#define UI_LINE_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"

#define LINE_EDIT_MAX 1024

enum edit_op {
    EDIT_NONE,
    EDIT_LEFT,
    EDIT_RIGHT,
    EDIT_WORD_LEFT,
    EDIT_WORD_RIGHT,
    EDIT_HOME,
    EDIT_END,
    EDIT_BACKSPACE,
    EDIT_DELETE,
    EDIT_KILL_END,
    EDIT_KILL_START, /* at the start: all of it */
    EDIT_KILL_WORD,
    EDIT_YANK,
    EDIT_SWAP
};

struct line_edit {
    char text[LINE_EDIT_MAX]; /* valid UTF-8, NUL-terminated */
    size_t len, caret;        /* bytes; the caret stands before a character */
    size_t first;             /* first byte shown, kept by line_edit_draw() */
    char killed[LINE_EDIT_MAX];
};

void line_edit_set(struct line_edit *edit, const char *text); /* caret at the end */
/* Control characters (Ctrl-A is 1, DEL is 127) as readline has them; EDIT_NONE for others. */
enum edit_op edit_op_of_control(int c);
/* Both return whether the text changed. */
bool line_edit_op(struct line_edit *edit, enum edit_op op);
bool line_edit_insert(struct line_edit *edit, uint32_t code); /* only what may be shown goes in */
/* Draws the part around the caret and puts the hardware cursor there. */
void line_edit_draw(struct line_edit *edit, struct cells *cells, int row, int col, int width,
                    enum role role);

#endif
