#include "plot/braille.h"

#include <stdlib.h>

bool dots_init(struct dots *dots, struct rect rect, enum glyph_level level)
{
    *dots = (struct dots){.rect = rect, .level = level};
    dots->per_col = level == GLYPHS_ASCII ? 1 : 2;
    dots->per_row = level == GLYPHS_BRAILLE ? 4 : 2;
    if (rect.rows <= 0 || rect.cols <= 0) return true;
    const size_t n = (size_t)rect.rows * (size_t)rect.cols;
    dots->bits = calloc(n, 1);
    dots->role = calloc(n, 1);
    if (!dots->bits || !dots->role) {
        dots_release(dots);
        return false;
    }
    dots->width = rect.cols * dots->per_col;
    dots->height = rect.rows * dots->per_row;
    return true;
}

void dots_release(struct dots *dots)
{
    if (!dots) return;
    free(dots->bits);
    free(dots->role);
    dots->bits = dots->role = NULL;
    dots->width = dots->height = 0;
}

void dots_set(struct dots *dots, int x, int y, enum role role)
{
    static const uint8_t braille[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    if (x < 0 || x >= dots->width || y < 0 || y >= dots->height) return;
    const int dx = x % dots->per_col;
    const int dy = y % dots->per_row;
    const size_t i =
        (size_t)(y / dots->per_row) * (size_t)dots->rect.cols + (size_t)(x / dots->per_col);
    const unsigned bit =
        dots->level == GLYPHS_BRAILLE ? braille[dy][dx] : 1U << (dy * dots->per_col + dx);
    dots->bits[i] |= (uint8_t)bit;
    dots->role[i] = (uint8_t)role;
}

static int clamp(int x)
{
    enum { FAR = 1 << 14 }; /* no terminal has as many dots */
    return x < -FAR ? -FAR : x > FAR ? FAR : x;
}

/* Bresenham; of each `period` dots the first `on` are set. */
static void line(struct dots *dots, int x0, int y0, int x1, int y1, enum role role, int period,
                 int on)
{
    x0 = clamp(x0), y0 = clamp(y0), x1 = clamp(x1), y1 = clamp(y1);
    const int dx = abs(x1 - x0);
    const int dy = -abs(y1 - y0);
    const int step_x = x0 < x1 ? 1 : -1;
    const int step_y = y0 < y1 ? 1 : -1;
    int error = dx + dy;
    for (int i = 0;; i++) {
        if (i % period < on) dots_set(dots, x0, y0, role);
        if (x0 == x1 && y0 == y1) return;
        const int twice = 2 * error;
        if (twice >= dy) {
            error += dy;
            x0 += step_x;
        }
        if (twice <= dx) {
            error += dx;
            y0 += step_y;
        }
    }
}

void dots_line(struct dots *dots, int x0, int y0, int x1, int y1, enum role role)
{
    line(dots, x0, y0, x1, y1, role, 1, 1);
}

void dots_vline(struct dots *dots, int x, int y0, int y1, enum role role)
{
    line(dots, x, y0, x, y1, role, 1, 1);
}

void dots_dashed(struct dots *dots, int x0, int y0, int x1, int y1, enum role role)
{
    line(dots, x0, y0, x1, y1, role, 4, 2);
}

/* Quadrants by bits: upper left 1, upper right 2, lower left 4, lower right 8. */
static const uint16_t quadrants[16] = {' ',    0x2598, 0x259D, 0x2580, 0x2596, 0x258C,
                                       0x259E, 0x259B, 0x2597, 0x259A, 0x2590, 0x259C,
                                       0x2584, 0x2599, 0x259F, 0x2588};

static uint32_t code_of(enum glyph_level level, uint8_t bits)
{
    switch (level) {
    case GLYPHS_BRAILLE: return 0x2800U + bits;
    case GLYPHS_BLOCKS: return quadrants[bits & 15];
    case GLYPHS_ASCII: break;
    }
    return (uint32_t) " '.:"[bits & 3];
}

void dots_draw(const struct dots *dots, struct cells *cells)
{
    if (!dots->bits) return;
    for (int row = 0; row < dots->rect.rows; row++) {
        for (int col = 0; col < dots->rect.cols; col++) {
            const size_t i = (size_t)row * (size_t)dots->rect.cols + (size_t)col;
            if (!dots->bits[i]) continue;
            cells_put(cells, dots->rect.row + row, dots->rect.col + col,
                      code_of(dots->level, dots->bits[i]), (enum role)dots->role[i]);
        }
    }
}
