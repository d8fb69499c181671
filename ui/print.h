/* Cells to text: what `dialin plot` writes to standard output, and what tests read. */
#ifndef UI_PRINT_H
#define UI_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "cells.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/strbuf.h"
#include "theme.h"

/*
 * Appends the grid row by row, each ended by a line feed, blanks at the end of a row left out.
 * theme NULL: characters only. Else SGR sequences, switched off before each line feed.
 */
void print_cells(struct dln_strbuf *out, const struct cells *cells, const struct theme *theme,
                 enum color_depth depth);
/* One row of it, without line feed. */
void print_row(struct dln_strbuf *out, const struct cells *cells, int row,
               const struct theme *theme, enum color_depth depth);
/* print_cells() into a file, checked. */
DLN_CHECK bool print_to(FILE *file, const struct cells *cells, const struct theme *theme,
                        enum color_depth depth, struct dln_error *err);

#endif
