/*
 * Cells as a picture: every character at its place, braille dots and blocks as shapes, so that a
 * page shows them without a font that has them.
 */
#ifndef UI_PICTURE_H
#define UI_PICTURE_H

#include "cells.h"
#include "dialin/strbuf.h"
#include "theme.h"

/* Appends one <svg> element, 9 × 18 units a cell. */
void picture_cells(struct dln_strbuf *out, const struct cells *cells, const struct theme *theme);

#endif
