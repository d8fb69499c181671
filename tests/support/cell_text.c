#include "support/cell_text.h"

#include "support/test.h"

#include "dialin/strbuf.h"
#include "dialin/text.h"
#include "print.h"

void assert_grid_row(const struct cells *cells, int row, const char *expected)
{
    struct dln_strbuf text = {0};
    print_row(&text, cells, row, NULL, DEPTH_MONO);
    assert_string_equal(dln_strbuf_text(&text), expected);
    dln_strbuf_release(&text);
}

void assert_grid(const struct cells *cells, const char *expected)
{
    struct dln_strbuf text = {0};
    print_cells(&text, cells, NULL, DEPTH_MONO);
    if (strcmp(dln_strbuf_text(&text), expected) != 0) {
        print_error("expected:\n%s\ngot:\n%s\n", expected, dln_strbuf_text(&text));
        dln_strbuf_release(&text);
        fail();
    }
    dln_strbuf_release(&text);
}

void assert_grid_sane(const struct cells *cells)
{
    for (int i = 0; i < cells->rows * cells->cols; i++) {
        const struct cell *cell = &cells->cell[i];
        const bool is_last = i % cells->cols == cells->cols - 1;
        assert_true(dln_text_is_plain(cell->code));
        assert_true(cell->role < ROLE_COUNT && cell->base < ROLE_COUNT);
        if (cells->level == GLYPHS_ASCII) assert_in_range(cell->code, ' ', '~');
        if (cell->combining) assert_int_equal(dln_text_char_width(cell->combining), 0);
        if (cell->flags & CELL_WIDE) {
            assert_int_equal(dln_text_char_width(cell->code), 2);
            assert_false(is_last);
            assert_true(cell[1].flags & CELL_AFTER);
        } else {
            assert_int_equal(dln_text_char_width(cell->code), 1);
        }
        if (cell->flags & CELL_AFTER) {
            assert_true(i % cells->cols > 0);
            assert_true(cell[-1].flags & CELL_WIDE);
        }
    }
}

void assert_grid_inside(const struct cells *cells, struct rect rect)
{
    for (int row = 0; row < cells->rows; row++) {
        for (int col = 0; col < cells->cols; col++) {
            const bool inside = row >= rect.row && row < rect.row + rect.rows && col >= rect.col &&
                                col < rect.col + rect.cols;
            if (!inside) assert_int_equal(cells->cell[row * cells->cols + col].code, ' ');
        }
    }
}
