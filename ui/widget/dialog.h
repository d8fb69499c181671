/* Overlays: at most 70×18, in the middle, the two top rows left visible. */
#ifndef UI_DIALOG_H
#define UI_DIALOG_H

#include <stdbool.h>

#include "cells.h"

enum { OVERLAY_COLS_MAX = 70, OVERLAY_ROWS_MAX = 18 };

int overlay_rows(const struct cells *cells); /* of content that fit at most */
/* An empty frame for `rows` × `cols` of content (cut to what fits). Returns its inside. */
struct rect overlay_draw(struct cells *cells, const char *title, int rows, int cols);

struct dialog_choice {
    const char *key;  /* "k", "Enter" */
    const char *text; /* "keep running in the background" */
};

struct dialog {
    const char *title;
    const char *const *lines; /* wrapped at blanks where they are too long */
    int n_lines;
    const struct dialog_choice *choices;
    int n_choices;
    int selected; /* choice under the cursor, -1: none */
    int scroll;   /* first line shown, for long texts; clamped when drawn */
};

/* Title, lines, a blank, then the choices, one a row. */
struct rect dialog_draw(struct cells *cells, struct dialog *dialog);

/*
 * Text wrapped at blanks in the rectangle, from its line `skip`; returns how many lines it needs
 * in all, whatever fits. Line feeds break lines.
 */
int wrap_draw(struct cells *cells, struct rect rect, enum role role, const char *text, int skip);

#endif
