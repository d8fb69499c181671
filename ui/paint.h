/*
 * Cells to curses. The only file of the program that gives characters to curses.
 *
 * Writes into stdscr what differs from the frame before; one doupdate() a frame. Colour pairs are
 * made when first needed. Thread: ui. The terminal itself is entered and left elsewhere.
 */
#ifndef UI_PAINT_H
#define UI_PAINT_H

#include <stdbool.h>

#include "cells.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "theme.h"

struct paint;

/* After newterm(). Starts colours unless depth is DEPTH_MONO; copies the theme. */
DLN_CHECK bool paint_new(const struct theme *theme, enum color_depth depth, struct paint **out,
                         struct dln_error *err);
void paint_free(struct paint *paint);

/* Another theme: the next frame is drawn whole. */
void paint_theme(struct paint *paint, const struct theme *theme, enum color_depth depth);
/* The terminal lost its content (resize, Ctrl-L, back from a stop): the next frame is whole. */
void paint_forget(struct paint *paint);

/* Shows the grid, caret included. Out of memory: DLN_NOMEM, and the old frame stays. */
DLN_CHECK bool paint_frame(struct paint *paint, const struct cells *cells, struct dln_error *err);

/* As the terminal allows: DEPTH_256, DEPTH_8, or DEPTH_MONO. */
enum color_depth paint_depth(void);
/* Whether the environment asks for none (NO_COLOR is set and not empty). */
bool paint_wants_no_color(void);

#endif
