/* Grids in tests: their text, row by row, and the promises that every drawing keeps. */
#ifndef TEST_SUPPORT_CELL_TEXT_H
#define TEST_SUPPORT_CELL_TEXT_H

#include "cells.h"

/* Fails the test unless row `row` reads `expected`, blanks at its end aside. */
void assert_grid_row(const struct cells *cells, int row, const char *expected);
/* The whole grid: lines joined by "\n". On failure both are printed. */
void assert_grid(const struct cells *cells, const char *expected);
/* One column a glyph, wide ones in pairs, no control character, ASCII where it is asked for. */
void assert_grid_sane(const struct cells *cells);
/* Nothing outside of rect but blanks. */
void assert_grid_inside(const struct cells *cells, struct rect rect);

#endif
