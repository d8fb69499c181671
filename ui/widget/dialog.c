#include "widget/dialog.h"

#include <stdint.h>
#include <string.h>

#include "dialin/strbuf.h"
#include "dialin/text.h"

enum { TOP_ROWS = 2, PADDING = 2, KEY_COLS_MAX = 12 };

/* ── wrapping ──────────────────────────────────────────────────────────────────────────────────*/

/* Columns that the character at text takes in this grid; *eaten its bytes. */
static int char_columns(const struct cells *cells, const char *text, size_t left, size_t *eaten)
{
    uint32_t code;
    char one[5] = {0};
    *eaten = dln_text_decode(text, left, &code);
    if (code >= 0x20 && code < 0x7F) return 1;
    if (dln_text_char_width(code) == 0) return 0;
    if (*eaten > 4) return 1;
    memcpy(one, text, *eaten);
    return cells_text_width(cells, one);
}

/* Bytes of the line that starts at text: up to a blank that fits, a line feed, or the width. */
static size_t line_bytes(const struct cells *cells, const char *text, size_t left, int width,
                         size_t *next)
{
    int used = 0;
    size_t at = 0;
    size_t blank = 0; /* the last one that fits */
    while (at < left && text[at] != '\n') {
        size_t eaten;
        const int columns = char_columns(cells, text + at, left - at, &eaten);
        if (text[at] == ' ') blank = at;
        if (used + columns > width && at > 0) {
            const size_t end = blank > 0 ? blank : at;
            *next = end + (blank > 0);
            return end;
        }
        used += columns;
        at += eaten;
    }
    *next = at + (at < left);
    return at;
}

int wrap_draw(struct cells *cells, struct rect rect, enum role role, const char *text, int skip)
{
    if (rect.cols <= 0) return 0;
    int lines = 0;
    struct dln_strbuf line = {0};
    for (size_t left = strlen(text); left > 0; lines++) {
        size_t next;
        const size_t len = line_bytes(cells, text, left, rect.cols, &next);
        const int row = lines - skip;
        if (row >= 0 && row < rect.rows) {
            dln_strbuf_reset(&line);
            dln_strbuf_add_len(&line, text, len);
            cells_text(cells, rect.row + row, rect.col, rect.cols, role, dln_strbuf_text(&line));
        }
        text += next;
        left -= next;
    }
    dln_strbuf_release(&line);
    return lines;
}

/* ── overlays ──────────────────────────────────────────────────────────────────────────────────*/

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

/* The largest content that an overlay may have in this grid. */
static struct rect room_of(const struct cells *cells)
{
    const int top = cells->rows > TOP_ROWS + 4 ? TOP_ROWS : 0;
    const int rows = min_int(cells->rows - top, OVERLAY_ROWS_MAX) - 2;
    const int cols = min_int(cells->cols, OVERLAY_COLS_MAX) - 2 - 2 * (PADDING - 1);
    return (struct rect){top, 0, rows > 0 ? rows : 0, cols > 0 ? cols : 0};
}

int overlay_rows(const struct cells *cells)
{
    return room_of(cells).rows;
}

struct rect overlay_draw(struct cells *cells, const char *title, int rows, int cols)
{
    const struct rect room = room_of(cells);
    const struct rect inside = {0, 0, min_int(rows, room.rows), min_int(cols, room.cols)};
    struct rect box = {0, 0, inside.rows + 2, inside.cols + 2 * PADDING};
    box.row = room.row + (cells->rows - room.row - box.rows) / 2;
    box.col = (cells->cols - box.cols) / 2;
    if (box.row < 0) box.row = 0;
    if (box.col < 0) box.col = 0;

    const int right = box.col + box.cols - 1;
    const int bottom = box.row + box.rows - 1;
    cells_fill(cells, box, ' ', ROLE_OVERLAY);
    cells_base(cells, box, ROLE_OVERLAY);
    cells_rule(cells, box.row, box.col, box.cols, title, NULL, ROLE_OVERLAY_BORDER);
    cells_hline(cells, bottom, box.col, box.cols, ROLE_OVERLAY_BORDER);
    for (int row = box.row + 1; row < bottom; row++) {
        cells_glyph(cells, row, box.col, GLYPH_VLINE, ROLE_OVERLAY_BORDER);
        cells_glyph(cells, row, right, GLYPH_VLINE, ROLE_OVERLAY_BORDER);
    }
    cells_glyph(cells, box.row, box.col, GLYPH_TOP_LEFT, ROLE_OVERLAY_BORDER);
    cells_glyph(cells, box.row, right, GLYPH_TOP_RIGHT, ROLE_OVERLAY_BORDER);
    cells_glyph(cells, bottom, box.col, GLYPH_BOTTOM_LEFT, ROLE_OVERLAY_BORDER);
    cells_glyph(cells, bottom, right, GLYPH_BOTTOM_RIGHT, ROLE_OVERLAY_BORDER);
    return (struct rect){box.row + 1, box.col + PADDING, inside.rows, inside.cols};
}

/* Columns that the keys of the choices take. */
static int key_columns(const struct cells *cells, const struct dialog *dialog)
{
    int widest = 0;
    for (int i = 0; i < dialog->n_choices; i++) {
        const int width = cells_text_width(cells, dialog->choices[i].key);
        if (width > widest) widest = width;
    }
    return min_int(widest, KEY_COLS_MAX);
}

static int content_columns(const struct cells *cells, const struct dialog *dialog, int keys)
{
    int cols = dialog->title ? cells_text_width(cells, dialog->title) : 0;
    for (int i = 0; i < dialog->n_lines; i++) {
        const int width = cells_text_width(cells, dialog->lines[i]);
        if (width > cols) cols = width;
    }
    for (int i = 0; i < dialog->n_choices; i++) {
        const int width = keys + 2 + cells_text_width(cells, dialog->choices[i].text);
        if (width > cols) cols = width;
    }
    return cols;
}

/* All lines from line `skip` on into rect; returns how many there are. An empty line is one. */
static int draw_lines(struct cells *cells, struct rect rect, const struct dialog *dialog, int skip)
{
    int total = 0;
    for (int i = 0; i < dialog->n_lines; i++) {
        const int past = skip > total ? skip - total : 0;
        const int row = total > skip ? total - skip : 0;
        const struct rect rest = {rect.row + row, rect.col, rect.rows - row, rect.cols};
        const int lines = wrap_draw(cells, rest, ROLE_TEXT, dialog->lines[i], past);
        total += lines ? lines : 1;
    }
    return total;
}

struct rect dialog_draw(struct cells *cells, struct dialog *dialog)
{
    const struct rect room = room_of(cells);
    const int keys = key_columns(cells, dialog);
    const int cols = min_int(content_columns(cells, dialog, keys), room.cols);
    const int total = draw_lines(cells, (struct rect){0, 0, 0, cols}, dialog, 0);
    const int gap = total > 0 && dialog->n_choices > 0;
    const int rows = min_int(total + gap + dialog->n_choices, room.rows);
    const int lines = rows - gap - dialog->n_choices > 0 ? rows - gap - dialog->n_choices : 0;

    const struct rect inside = overlay_draw(cells, dialog->title, rows, cols);
    if (dialog->scroll > total - lines) dialog->scroll = total - lines;
    if (dialog->scroll < 0) dialog->scroll = 0;
    draw_lines(cells, (struct rect){inside.row, inside.col, lines, inside.cols}, dialog,
               dialog->scroll);
    const int below = total - lines - dialog->scroll;
    if (below > 0 && lines > 0) {
        cells_textf(cells, inside.row + inside.rows, inside.col, inside.cols, ROLE_DIM,
                    inside.cols < 14 ? " ▾ %d " : " ▾ %d more ", below);
    }
    for (int i = 0; i < dialog->n_choices && lines + gap + i < inside.rows; i++) {
        const int row = inside.row + lines + gap + i;
        const struct dialog_choice *choice = &dialog->choices[i];
        cells_text(cells, row, inside.col, keys, ROLE_KEY, choice->key);
        cells_text(cells, row, inside.col + keys + 2, inside.cols - keys - 2, ROLE_TEXT,
                   choice->text);
        if (i != dialog->selected) continue;
        cells_base(cells, (struct rect){row, inside.col, 1, inside.cols}, ROLE_CURSOR);
    }
    return inside;
}
