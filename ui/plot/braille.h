/*
 * A canvas of dots over a rectangle of cells: 2×4 dots a cell in braille, 2×2 in blocks, 1×2 in
 * ASCII. (0, 0) is the dot at the top left. Dots outside are cut off. The colour of a cell is that
 * of the dot set last in it.
 */
#ifndef UI_PLOT_BRAILLE_H
#define UI_PLOT_BRAILLE_H

#include <stdbool.h>
#include <stdint.h>

#include "cells.h"

struct dots {
    struct rect rect;
    enum glyph_level level;
    int width, height;    /* in dots */
    int per_col, per_row; /* dots of one cell */
    uint8_t *bits;        /* rect.rows × rect.cols */
    uint8_t *role;
};

bool dots_init(struct dots *dots, struct rect rect, enum glyph_level level);
void dots_release(struct dots *dots);
void dots_set(struct dots *dots, int x, int y, enum role role);
void dots_line(struct dots *dots, int x0, int y0, int x1, int y1, enum role role);
void dots_vline(struct dots *dots, int x, int y0, int y1, enum role role);
/* Every other dot only: forecasts, rungs. */
void dots_dashed(struct dots *dots, int x0, int y0, int x1, int y1, enum role role);
/* Puts the characters of cells that have a dot; the others are left as they are. */
void dots_draw(const struct dots *dots, struct cells *cells);

#endif
