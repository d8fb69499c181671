/* See cells.h. Every write ends in put(), which alone knows about edges and wide characters. */
#include "cells.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "dialin/strbuf.h"
#include "dialin/text.h"

enum { REPLACEMENT = 0xFFFD };

bool cells_init(struct cells *cells, int rows, int cols, enum glyph_level level)
{
    *cells = (struct cells){.level = level, .caret_row = -1, .caret_col = -1};
    if (rows <= 0 || cols <= 0) return true;
    cells->cell = calloc((size_t)rows * (size_t)cols, sizeof *cells->cell);
    if (!cells->cell) return false;
    cells->rows = rows;
    cells->cols = cols;
    cells_clear(cells);
    return true;
}

void cells_release(struct cells *cells)
{
    if (!cells) return;
    free(cells->cell);
    *cells = (struct cells){.caret_row = -1, .caret_col = -1};
}

void cells_clear(struct cells *cells)
{
    const struct cell blank = {.code = ' ', .role = ROLE_TEXT, .base = ROLE_BG};
    const size_t n = (size_t)cells->rows * (size_t)cells->cols;
    for (size_t i = 0; i < n; i++)
        cells->cell[i] = blank;
    cells->caret_row = cells->caret_col = -1;
}

struct rect cells_all(const struct cells *cells)
{
    return (struct rect){.rows = cells->rows, .cols = cells->cols};
}

/* The part of rect that lies in the grid. */
static struct rect clip(const struct cells *cells, struct rect rect)
{
    const int row_end = rect.rows > cells->rows - rect.row ? cells->rows : rect.row + rect.rows;
    const int col_end = rect.cols > cells->cols - rect.col ? cells->cols : rect.col + rect.cols;
    rect.row = rect.row < 0 ? 0 : rect.row;
    rect.col = rect.col < 0 ? 0 : rect.col;
    rect.rows = row_end > rect.row ? row_end - rect.row : 0;
    rect.cols = col_end > rect.col ? col_end - rect.col : 0;
    return rect;
}

static struct cell *at(const struct cells *cells, int row, int col)
{
    if (row < 0 || row >= cells->rows || col < 0 || col >= cells->cols) return NULL;
    return &cells->cell[(size_t)row * (size_t)cells->cols + (size_t)col];
}

/* Blanks the other half of a wide character that is about to lose one. */
static void part_wide(struct cell *cell, int col, int cols)
{
    struct cell *other = NULL;
    if (cell->flags & CELL_WIDE && col + 1 < cols) other = cell + 1;
    if (cell->flags & CELL_AFTER && col > 0) other = cell - 1;
    if (!other) return;
    other->code = ' ';
    other->combining = other->combining_2 = 0;
    other->flags &= (uint8_t) ~(CELL_WIDE | CELL_AFTER);
}

static void set(struct cell *cell, uint32_t code, enum role role, unsigned flags)
{
    cell->code = code;
    cell->combining = cell->combining_2 = 0;
    cell->role = (uint8_t)role;
    cell->flags = (uint8_t)flags;
}

/* A character that may be shown, 1 or 2 columns wide. */
static void put(struct cells *cells, int row, int col, uint32_t code, int width, enum role role)
{
    struct cell *cell = at(cells, row, col);
    if (!cell) return;
    part_wide(cell, col, cells->cols);
    if (width < 2) {
        set(cell, code, role, 0);
    } else if (col + 1 < cells->cols) {
        part_wide(cell + 1, col + 1, cells->cols);
        set(cell, code, role, CELL_WIDE);
        set(cell + 1, ' ', role, CELL_AFTER);
    } else {
        set(cell, ' ', role, 0); /* half a character cannot be shown */
    }
}

/* What may stand in a cell of this level for a code point from anywhere. */
static uint32_t showable(const struct cells *cells, uint32_t code)
{
    if (code >= 0x20 && code < 0x7F) return code;
    if (cells->level == GLYPHS_ASCII) {
        const char *text = glyph_ascii(code);
        return text ? (uint32_t)text[0] : '?';
    }
    return dln_text_is_plain(code) ? code : REPLACEMENT;
}

void cells_put(struct cells *cells, int row, int col, uint32_t code, enum role role)
{
    const uint32_t shown = showable(cells, code);
    put(cells, row, col, shown, dln_text_char_width(shown), role);
}

void cells_glyph(struct cells *cells, int row, int col, enum glyph glyph, enum role role)
{
    put(cells, row, col, glyph_code(cells->level, glyph), 1, role);
}

/* Puts text that is safe and fits; returns its columns. */
static int put_shown(struct cells *cells, int row, int col, enum role role, const char *text,
                     size_t len)
{
    int used = 0;
    struct cell *last = NULL;
    while (len > 0) {
        uint32_t code;
        const size_t eaten = dln_text_decode(text, len, &code);
        text += eaten;
        len -= eaten;
        const int width = dln_text_char_width(code);
        if (width > 0) {
            put(cells, row, col + used, code, width, role);
            last = at(cells, row, col + used);
            used += width;
        } else if (last && !last->combining) {
            last->combining = code;
        } else if (last && !last->combining_2) {
            last->combining_2 = code;
        }
    }
    return used;
}

/* Our own characters have stand-ins in ASCII; the rest is left to dln_text_show(). */
static void add_ascii(struct dln_strbuf *out, const char *text)
{
    for (size_t len = strlen(text); len > 0;) {
        uint32_t code;
        const size_t eaten = dln_text_decode(text, len, &code);
        const char *stand_in = code < 0x80 ? NULL : glyph_ascii(code);
        if (stand_in) {
            dln_strbuf_add(out, stand_in);
        } else {
            dln_strbuf_add_len(out, text, eaten);
        }
        text += eaten;
        len -= eaten;
    }
}

static bool is_plain_ascii(const char *text, int width, int *len)
{
    int n = 0;
    while (text[n] >= 0x20 && text[n] < 0x7F) {
        if (++n > width) return false;
    }
    *len = n;
    return text[n] == '\0';
}

/* The text as it is shown in `width` columns; false if memory ran out, which shows nothing. */
static bool show(const struct cells *cells, int width, const char *text, struct dln_strbuf *out)
{
    const size_t limit = width > 0 ? (size_t)width : 0;
    if (cells->level == GLYPHS_ASCII) {
        struct dln_strbuf plain = {0};
        add_ascii(&plain, text);
        const bool ok = dln_strbuf_ok(&plain);
        if (ok) dln_text_show(out, dln_strbuf_text(&plain), plain.len, limit, true);
        dln_strbuf_release(&plain);
        return ok && dln_strbuf_ok(out);
    }
    dln_text_show(out, text, strlen(text), limit, false);
    return dln_strbuf_ok(out);
}

int cells_text(struct cells *cells, int row, int col, int width, enum role role, const char *text)
{
    if (col >= cells->cols || !text) return 0;
    if (width > cells->cols - col) width = cells->cols - col;
    if (width <= 0) return 0;

    int len;
    if (is_plain_ascii(text, width, &len)) {
        for (int i = 0; i < len; i++)
            put(cells, row, col + i, (uint32_t)text[i], 1, role);
        return len;
    }
    struct dln_strbuf shown = {0};
    int used = 0;
    if (show(cells, width, text, &shown)) {
        used = put_shown(cells, row, col, role, dln_strbuf_text(&shown), shown.len);
    }
    dln_strbuf_release(&shown);
    return used;
}

int cells_textf(struct cells *cells, int row, int col, int width, enum role role,
                const char *format, ...)
{
    struct dln_strbuf text = {0};
    va_list args;
    va_start(args, format);
    dln_strbuf_addv(&text, format, args);
    va_end(args);
    const int used = cells_text(cells, row, col, width, role, dln_strbuf_text(&text));
    dln_strbuf_release(&text);
    return used;
}

int cells_text_width(const struct cells *cells, const char *text)
{
    int len;
    if (is_plain_ascii(text, INT_MAX - 1, &len)) return len;
    struct dln_strbuf shown = {0};
    int width = 0;
    if (show(cells, INT_MAX, text, &shown)) width = (int)dln_text_width(dln_strbuf_text(&shown));
    dln_strbuf_release(&shown);
    return width;
}

void cells_right(struct cells *cells, int row, int col, int width, enum role role, const char *text)
{
    const int need = cells_text_width(cells, text);
    const int indent = need < width ? width - need : 0;
    cells_text(cells, row, col + indent, width - indent, role, text);
}

void cells_fill(struct cells *cells, struct rect rect, uint32_t code, enum role role)
{
    const struct rect inside = clip(cells, rect);
    const uint32_t shown = showable(cells, code);
    const int width = dln_text_char_width(shown);
    for (int row = inside.row; row < inside.row + inside.rows; row++) {
        for (int col = inside.col; col < inside.col + inside.cols; col++) {
            put(cells, row, col, width == 1 ? shown : ' ', 1, role);
        }
    }
}

void cells_base(struct cells *cells, struct rect rect, enum role base)
{
    const struct rect inside = clip(cells, rect);
    for (int row = inside.row; row < inside.row + inside.rows; row++) {
        struct cell *cell = at(cells, row, inside.col);
        for (int i = 0; i < inside.cols; i++)
            cell[i].base = (uint8_t)base;
    }
}

void cells_flag(struct cells *cells, struct rect rect, unsigned flags)
{
    const unsigned added = flags & (CELL_BOLD | CELL_REVERSE | CELL_UNDERLINE);
    const struct rect inside = clip(cells, rect);
    for (int row = inside.row; row < inside.row + inside.rows; row++) {
        struct cell *cell = at(cells, row, inside.col);
        for (int i = 0; i < inside.cols; i++)
            cell[i].flags |= (uint8_t)added;
    }
}

void cells_hline(struct cells *cells, int row, int col, int width, enum role role)
{
    const struct rect inside = clip(cells, (struct rect){row, col, 1, width});
    for (int i = 0; i < inside.cols; i++) {
        if (inside.rows) cells_glyph(cells, row, inside.col + i, GLYPH_HLINE, role);
    }
}

void cells_rule(struct cells *cells, int row, int col, int width, const char *title,
                const char *right, enum role role)
{
    enum { FRAME = 4 }; /* "─ " before a text and " ─" behind it */
    cells_hline(cells, row, col, width, role);
    int used = 0;
    if (title && *title && width > FRAME) {
        const enum role title_role = role == ROLE_BORDER ? ROLE_TITLE : role;
        cells_put(cells, row, col + 1, ' ', role);
        used = cells_text(cells, row, col + 2, width - FRAME, title_role, title);
        cells_put(cells, row, col + 2 + used, ' ', role);
        used += FRAME;
    }
    if (!right || !*right) return;
    const int need = cells_text_width(cells, right);
    if (need + FRAME > width - used) return;
    const int start = col + width - need - 2;
    cells_put(cells, row, start - 1, ' ', role);
    cells_text(cells, row, start, need, ROLE_DIM, right);
    cells_put(cells, row, start + need, ' ', role);
}
