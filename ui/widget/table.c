#include "widget/table.h"

#include <string.h>

#include "dialin/text.h"
#include "widget/shorten.h"

enum { NAME_MIN = 4, SHORT_MAX = 6, PIN_ROWS = 2, BODY_ROWS_MIN = 3 };

/* ── columns ───────────────────────────────────────────────────────────────────────────────────*/

static bool is_given(const struct table *table, int i)
{
    return i < TABLE_COLUMNS_MAX && !table->columns[i].hidden;
}

/* What a column cannot do without: its content, and four columns of its name. */
static int least_width(const struct column *column)
{
    size_t name = 0;
    while (name < NAME_MIN && column->name && column->name[name])
        name++;
    const int width = column->width > 1 ? column->width : 1;
    return width > (int)name ? width : (int)name;
}

/* The column to leave out first: the highest priority number, the last of these; -1: only one. */
static int first_to_go(const struct table *table, const int *w)
{
    int worst = -1;
    int shown = 0;
    for (int i = 0; i < table->n_columns; i++) {
        if (w[i] == 0) continue;
        shown++;
        if (worst < 0 || table->columns[i].priority >= table->columns[worst].priority) worst = i;
    }
    return shown > 1 ? worst : -1;
}

/* What is left over goes to the names: to those first that lack the least. Returns what is used. */
static int widen(const struct table *table, int *w, int used, int room)
{
    for (;;) {
        int least = -1, more = 0;
        for (int i = 0; i < table->n_columns; i++) {
            const int lacks = w[i] > 0 ? table->columns[i].grow_to - w[i] : 0;
            if (lacks <= 0 || (least >= 0 && lacks >= more)) continue;
            least = i;
            more = lacks;
        }
        if (least < 0 || used >= room) return used;
        if (more > room - used) more = room - used;
        w[least] += more;
        used += more;
    }
}

int table_layout(const struct table *table, int width, int *x, int *w)
{
    const int room = width - TABLE_GUTTER;
    int used = -1; /* one blank less than columns */
    for (int i = 0; i < table->n_columns; i++) {
        x[i] = 0;
        w[i] = is_given(table, i) ? least_width(&table->columns[i]) : 0;
        if (w[i]) used += w[i] + 1;
    }
    for (int i; used > room && (i = first_to_go(table, w)) >= 0;) {
        used -= w[i] + 1;
        w[i] = 0;
    }
    used = widen(table, w, used, room);
    int at = TABLE_GUTTER;
    int shown = 0;
    for (int i = 0; i < table->n_columns; i++) {
        if (w[i] == 0) continue;
        if (used > room) { /* the last one, and still too wide */
            w[i] = room > 0 ? room : 0;
            used = room;
            if (w[i] == 0) continue;
        }
        x[i] = at;
        at += w[i] + 1;
        shown++;
    }
    return shown;
}

/* ── drawing ───────────────────────────────────────────────────────────────────────────────────*/

/* Whether no other shown column's name begins in the same `len` bytes. */
static bool is_unique(const struct table *table, const int *w, int i, size_t len)
{
    for (int k = 0; k < table->n_columns; k++) {
        if (k == i || w[k] == 0 || !table->columns[k].name) continue;
        if (strncmp(table->columns[k].name, table->columns[i].name, len) == 0) return false;
    }
    return true;
}

/*
 * A name that is too long: its beginning where that tells it from the others ("DROP", "WEIGHT_D…"),
 * else its two ends ("LEAR…E_1").
 */
static void header_name(const struct table *table, const struct cells *cells, const int *w, int i,
                        int width, struct dln_strbuf *out)
{
    const char *name = table->columns[i].name ? table->columns[i].name : "";
    const size_t len = strlen(name);
    const bool has_dots = width > SHORT_MAX;
    const size_t kept = (size_t)(has_dots ? width - (cells->level == GLYPHS_ASCII ? 2 : 1) : width);
    const bool is_plain = dln_text_width(name) == len; /* a column a byte */
    if (width < NAME_MIN || len <= (size_t)width || !is_plain || !is_unique(table, w, i, kept)) {
        shorten_middle(cells, name, width, out);
        return;
    }
    dln_strbuf_add_len(out, name, kept);
    if (has_dots) dln_strbuf_add(out, cells->level == GLYPHS_ASCII ? ".." : "…");
}

static void draw_header(const struct table *table, struct cells *cells, struct rect rect,
                        const int *x, const int *w)
{
    static const enum glyph arrows[] = {GLYPH_SORT_DOWN, GLYPH_COUNT, GLYPH_SORT_UP, GLYPH_UPDOWN};
    const int end = rect.col + rect.cols;
    for (int i = 0; i < table->n_columns; i++) {
        const struct column *column = &table->columns[i];
        if (w[i] == 0) continue;
        const int col = rect.col + x[i];
        const bool has_arrow = column->sort >= -1 && column->sort <= 2 && column->sort != 0;
        /* the arrow stands in the blank behind the column where there is one */
        const bool is_last = col + w[i] >= end;
        const int width = has_arrow && is_last ? w[i] - 1 : w[i];
        struct dln_strbuf name = {0};
        header_name(table, cells, w, i, width, &name);
        const int used = cells_text_width(cells, dln_strbuf_text(&name));
        const int indent = column->align == ALIGN_RIGHT && used < width ? width - used : 0;
        cells_text(cells, rect.row, col + indent, width, ROLE_HEADER, dln_strbuf_text(&name));
        if (has_arrow) {
            const int behind = column->align == ALIGN_RIGHT ? width : used;
            cells_glyph(cells, rect.row, col + behind, arrows[column->sort + 1], ROLE_HEADER);
        }
        dln_strbuf_release(&name);
    }
}

static void draw_row(const struct table *table, struct cells *cells, struct rect rect, int64_t row,
                     const int *x, const int *w)
{
    const bool is_cursor = row == table->cursor;
    struct table_mark mark = {GLYPH_COUNT, ROLE_TEXT, ROLE_TEXT};
    if (table->mark) mark = table->mark(table->context, row);
    const bool has_gutter = rect.cols >= TABLE_GUTTER;
    if (is_cursor && has_gutter) {
        const int col = mark.glyph == GLYPH_COUNT ? 1 : 0;
        cells_glyph(cells, rect.row, rect.col + col, GLYPH_CURSOR, ROLE_CURSOR);
    }
    if (mark.glyph != GLYPH_COUNT && has_gutter) {
        cells_glyph(cells, rect.row, rect.col + 1, mark.glyph, mark.role);
    }
    for (int i = 0; i < table->n_columns; i++) {
        if (w[i] == 0) continue;
        const struct rect cell = {rect.row, rect.col + x[i], 1, w[i]};
        table->draw_cell(table->context, cells, cell, row, &table->columns[i], mark.text);
    }
    if (is_cursor) cells_base(cells, rect, table->blurred ? ROLE_CURSOR_BLUR : ROLE_CURSOR);
}

static int64_t clamp_row(const struct table *table, int64_t row)
{
    const int64_t last = table->n_rows > 0 ? table->n_rows - 1 : 0;
    return row < 0 ? 0 : row > last ? last : row;
}

/* Moves the window so that the cursor is in it and no row below the last one is wasted. */
static void scroll(struct table *table, int page)
{
    table->page = page;
    table->cursor = clamp_row(table, table->cursor);
    const int64_t last_top = table->n_rows > page ? table->n_rows - page : 0;
    if (table->cursor >= table->top + page) table->top = table->cursor - page + 1;
    if (table->cursor < table->top) table->top = table->cursor;
    if (table->top > last_top) table->top = last_top;
    if (table->top < 0) table->top = 0;
}

void table_draw(struct table *table, struct cells *cells, struct rect rect)
{
    int x[TABLE_COLUMNS_MAX], w[TABLE_COLUMNS_MAX];
    if (rect.rows < 1 || rect.cols < 1) return;
    if (table->n_columns > TABLE_COLUMNS_MAX) table->n_columns = TABLE_COLUMNS_MAX;
    table_layout(table, rect.cols, x, w);
    draw_header(table, cells, (struct rect){rect.row, rect.col, 1, rect.cols}, x, w);

    const bool is_pinned = table->pinned >= 0 && table->pinned < table->n_rows &&
                           rect.rows >= 1 + BODY_ROWS_MIN + PIN_ROWS;
    const int page = rect.rows - 1 - (is_pinned ? PIN_ROWS : 0);
    scroll(table, page);
    for (int i = 0; i < page && table->top + i < table->n_rows; i++) {
        draw_row(table, cells, (struct rect){rect.row + 1 + i, rect.col, 1, rect.cols},
                 table->top + i, x, w);
    }
    if (!is_pinned) return;
    const int rule = rect.row + 1 + page;
    cells_hline(cells, rule, rect.col, rect.cols, ROLE_BORDER);
    struct table pin = *table;
    pin.cursor = -1; /* the cursor stands in the list */
    draw_row(&pin, cells, (struct rect){rule + 1, rect.col, 1, rect.cols}, table->pinned, x, w);
}

/* ── moving ────────────────────────────────────────────────────────────────────────────────────*/

void table_go(struct table *table, int64_t row)
{
    table->cursor = clamp_row(table, row);
}

void table_move(struct table *table, int64_t delta)
{
    const int64_t far = table->n_rows;
    const int64_t step = delta > far ? far : delta < -far ? -far : delta;
    table_go(table, table->cursor + step);
}

void table_page(struct table *table, int pages)
{
    /* the window moves with the cursor; one row of the old page stays in sight */
    const int64_t step = table->page > 1 ? table->page - 1 : 1;
    const int64_t before = table->cursor;
    table_move(table, pages * step);
    table->top += table->cursor - before;
}

void table_keep(struct table *table, int64_t n_rows, int64_t row)
{
    const int64_t offset = table->cursor - table->top;
    table->n_rows = n_rows;
    table->cursor = clamp_row(table, row);
    table->top = table->cursor - offset;
}

int64_t table_row_at(const struct table *table, struct rect rect, int screen_row)
{
    const int i = screen_row - rect.row - 1;
    if (i < 0 || i >= table->page || table->top + i >= table->n_rows) return -1;
    return table->top + i;
}
