#include "picture.h"

#include "dialin/text.h"

enum { CELL_W = 9, CELL_H = 18, FONT = 15, BASELINE = 14 };
enum { BRAILLE = 0x2800, BLOCK_EIGHTHS = 0x2581, BLOCK_FULL = 0x2588 };

/* The colours of xterm: 16 fixed, a cube of 6³, 24 greys. */
static unsigned rgb(int color)
{
    static const unsigned first[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
                                       0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00,
                                       0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
    static const unsigned level[6] = {0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff};
    if (color < 16) return first[color];
    if (color < 232) {
        const int cube = color - 16;
        return level[cube / 36] << 16 | level[cube / 6 % 6] << 8 | level[cube % 6];
    }
    const unsigned grey = 8 + 10 * (unsigned)(color - 232);
    return grey << 16 | grey << 8 | grey;
}

static void add_char(struct dln_strbuf *out, uint32_t code)
{
    char bytes[4];
    switch (code) {
    case '&': dln_strbuf_add(out, "&amp;"); break;
    case '<': dln_strbuf_add(out, "&lt;"); break;
    case '>': dln_strbuf_add(out, "&gt;"); break;
    case '"': dln_strbuf_add(out, "&quot;"); break;
    default: dln_strbuf_add_len(out, bytes, dln_text_encode(code, bytes)); break;
    }
}

static void add_braille(struct dln_strbuf *out, uint32_t code, int x, int y, unsigned color)
{
    static const uint8_t dot[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    for (int row = 0; row < 4; row++) {
        for (int col = 0; col < 2; col++) {
            if (!((code - BRAILLE) & dot[row][col])) continue;
            dln_strbuf_addf(out, "<circle cx=\"%.2f\" cy=\"%.2f\" r=\"1.8\" fill=\"#%06x\"/>",
                            x + CELL_W * (col + 0.5) / 2, y + CELL_H * (row + 0.5) / 4, color);
        }
    }
}

static void add_cell(struct dln_strbuf *out, const struct cell *cell, struct style style, int x,
                     int y)
{
    const unsigned color = style.fg == COLOR_DEFAULT ? 0x202020 : rgb(style.fg);
    if (style.bg != COLOR_DEFAULT) {
        dln_strbuf_addf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>",
                        x, y, CELL_W, CELL_H, rgb(style.bg));
    }
    if (cell->code == ' ') return;
    if (cell->code > BRAILLE && cell->code < BRAILLE + 256) {
        add_braille(out, cell->code, x, y, color);
    } else if (cell->code >= BLOCK_EIGHTHS && cell->code <= BLOCK_FULL) {
        const double height = CELL_H * (double)(cell->code - BLOCK_EIGHTHS + 1) / 8;
        dln_strbuf_addf(out,
                        "<rect x=\"%d\" y=\"%.2f\" width=\"%d\" height=\"%.2f\" fill=\"#%06x\"/>",
                        x, y + CELL_H - height, CELL_W, height, color);
    } else {
        dln_strbuf_addf(out, "<text x=\"%d\" y=\"%d\" fill=\"#%06x\"%s>", x, y + BASELINE, color,
                        style.attrs & CELL_BOLD ? " font-weight=\"bold\"" : "");
        add_char(out, cell->code);
        if (cell->combining) add_char(out, cell->combining);
        if (cell->combining_2) add_char(out, cell->combining_2);
        dln_strbuf_add(out, "</text>");
    }
}

void picture_cells(struct dln_strbuf *out, const struct cells *cells, const struct theme *theme)
{
    dln_strbuf_addf(out,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                    "font-family=\"monospace\" font-size=\"%d\">\n"
                    "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
                    cells->cols * CELL_W, cells->rows * CELL_H, FONT);
    for (int row = 0; row < cells->rows; row++) {
        for (int col = 0; col < cells->cols; col++) {
            struct cell cell = cells->cell[row * cells->cols + col];
            if (cell.flags & CELL_AFTER) continue;
            cell.code = theme_code(theme, DEPTH_256, (enum role)cell.role, cell.code);
            add_cell(out, &cell, theme_style(theme, DEPTH_256, cell.role, cell.base, cell.flags),
                     col * CELL_W, row * CELL_H);
        }
        dln_strbuf_add_char(out, '\n');
    }
    dln_strbuf_add(out, "</svg>\n");
}
