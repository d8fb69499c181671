/*
 * A table: header, rows drawn by a callback, one pinned row, a cursor that keeps its place.
 *
 * It knows row indexes only. When rows move (new trials, a sort), the caller looks up the new index
 * of the trial under the cursor and calls table_keep(), which leaves it on the same screen row.
 *
 *   column 0 blank, column 1 the mark (▸ ★ ●), column 2 blank, then the columns, one blank between
 */
#ifndef UI_TABLE_H
#define UI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cells.h"

enum { TABLE_COLUMNS_MAX = 64, TABLE_GUTTER = 3 };

enum align { ALIGN_LEFT, ALIGN_RIGHT };

struct column {
    const char *name; /* foreign text: shown harmless, and shortened where it is too long */
    int width;        /* columns of its content, ≥ 1; up to 4 of the name widen it */
    int grow_to;      /* takes spare room up to this width (so a long header is whole); 0: no */
    int priority;     /* 0 is kept longest; columns go in descending order when room is short */
    enum align align;
    int sort; /* -1 ▾ descending, 1 ▴ ascending, 2 ↕ order has changed, 0 none */
    bool hidden;
    int id; /* the caller's */
};

/* One cell of a row: draw into rect (one row high). `role` is the row's. */
typedef void table_cell_fn(void *context, struct cells *cells, struct rect rect, int64_t row,
                           const struct column *column, enum role role);
/* The mark of a row (GLYPH_COUNT: none) with its role, and the role of its text. */
struct table_mark {
    enum glyph glyph;
    enum role role;
    enum role text;
};
typedef struct table_mark table_mark_fn(void *context, int64_t row);

struct table {
    const struct column *columns;
    int n_columns;
    table_cell_fn *draw_cell;
    table_mark_fn *mark; /* may be NULL */
    void *context;

    int64_t n_rows;
    int64_t cursor; /* row, 0 … n_rows - 1 */
    int64_t top;    /* first row on the screen */
    int64_t pinned; /* row shown below the rule, -1: none */
    bool blurred;   /* the focus is elsewhere */
    int page;       /* body rows at the last draw */
};

/* Header, rows, rule and pinned row; moves `top` so that the cursor is to be seen. */
void table_draw(struct table *table, struct cells *cells, struct rect rect);

void table_move(struct table *table, int64_t delta);
void table_page(struct table *table, int pages);
void table_go(struct table *table, int64_t row); /* clamped; INT64_MAX: the last */
/* The rows changed: there are n_rows, and the one under the cursor is now `row`. */
void table_keep(struct table *table, int64_t n_rows, int64_t row);
/* The row that is drawn at this screen row of rect, -1 for none (mouse). */
int64_t table_row_at(const struct table *table, struct rect rect, int screen_row);

/*
 * Where columns go in `width` screen columns (gutter included): x[i] from the left edge, w[i] ≥ 1,
 * or w[i] = 0 for a column that is left out. Arrays of n_columns. Returns how many are shown.
 */
int table_layout(const struct table *table, int width, int *x, int *w);

#endif
