#include "print.h"

#include <string.h>

#include "dialin/text.h"

static bool same_style(struct style a, struct style b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

static void add_color(struct dln_strbuf *out, int color, int base, enum color_depth depth)
{
    if (color == COLOR_DEFAULT) return;
    if (depth == DEPTH_8) {
        dln_strbuf_addf(out, ";%d", base + color);
    } else {
        dln_strbuf_addf(out, ";%d;5;%d", base + 8, color);
    }
}

/* From any state to this one: a reset and what is set, in one sequence. */
static void add_sgr(struct dln_strbuf *out, struct style style, enum color_depth depth)
{
    dln_strbuf_add(out, "\033[0");
    if (style.attrs & CELL_BOLD) dln_strbuf_add(out, ";1");
    if (style.attrs & STYLE_DIM) dln_strbuf_add(out, ";2");
    if (style.attrs & CELL_UNDERLINE) dln_strbuf_add(out, ";4");
    if (style.attrs & CELL_REVERSE) dln_strbuf_add(out, ";7");
    add_color(out, style.fg, 30, depth);
    add_color(out, style.bg, 40, depth);
    dln_strbuf_add_char(out, 'm');
}

static void add_code(struct dln_strbuf *out, uint32_t code)
{
    char bytes[4];
    if (code) dln_strbuf_add_len(out, bytes, dln_text_encode(code, bytes));
}

static struct style style_of(const struct cell *cell, const struct theme *theme,
                             enum color_depth depth)
{
    static const struct style plain = {COLOR_DEFAULT, COLOR_DEFAULT, 0};
    if (!theme) return plain;
    return theme_style(theme, depth, cell->role, cell->base, cell->flags);
}

/* A blank that nobody would miss at the end of a row. */
static bool is_empty(const struct cell *cell, struct style style)
{
    return cell->code == ' ' && !cell->combining && !(cell->flags & CELL_AFTER) &&
           style.bg == COLOR_DEFAULT && !(style.attrs & (CELL_REVERSE | CELL_UNDERLINE));
}

void print_row(struct dln_strbuf *out, const struct cells *cells, int row,
               const struct theme *theme, enum color_depth depth)
{
    static const struct style plain = {COLOR_DEFAULT, COLOR_DEFAULT, 0};
    if (row < 0 || row >= cells->rows) return;
    const struct cell *cell = cells->cell + (size_t)row * (size_t)cells->cols;
    int end = cells->cols;
    while (end > 0 && is_empty(&cell[end - 1], style_of(&cell[end - 1], theme, depth)))
        end--;

    struct style current = plain;
    for (int col = 0; col < end; col++) {
        if (cell[col].flags & CELL_AFTER) continue;
        const struct style style = style_of(&cell[col], theme, depth);
        if (!same_style(style, current)) {
            add_sgr(out, style, depth);
            current = style;
        }
        const uint32_t code = cell[col].code;
        add_code(out, theme ? theme_code(theme, depth, (enum role)cell[col].role, code) : code);
        add_code(out, cell[col].combining);
        add_code(out, cell[col].combining_2);
    }
    if (!same_style(current, plain)) dln_strbuf_add(out, "\033[0m");
}

void print_cells(struct dln_strbuf *out, const struct cells *cells, const struct theme *theme,
                 enum color_depth depth)
{
    for (int row = 0; row < cells->rows; row++) {
        print_row(out, cells, row, theme, depth);
        dln_strbuf_add_char(out, '\n');
    }
}

bool print_to(FILE *file, const struct cells *cells, const struct theme *theme,
              enum color_depth depth, struct dln_error *err)
{
    struct dln_strbuf text = {0};
    print_cells(&text, cells, theme, depth);
    bool ok = dln_strbuf_ok(&text);
    if (!ok) {
        dln_fail(err, DLN_NOMEM, "print %d × %d cells", cells->rows, cells->cols);
    } else if (fwrite(dln_strbuf_text(&text), 1, text.len, file) != text.len || fflush(file) != 0) {
        ok = dln_fail(err, DLN_IO, "the output could not be written");
    }
    dln_strbuf_release(&text);
    return ok;
}
