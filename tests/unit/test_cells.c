#include "support/test.h"

#include <locale.h>

#include "base/rng.h"
#include "cells.h"
#include "dialin/text.h"
#include "support/cell_text.h"

static struct cells grid;

static void make(int rows, int cols, enum glyph_level level)
{
    cells_release(&grid);
    assert_true(cells_init(&grid, rows, cols, level));
}

static int release(void **state)
{
    (void)state;
    cells_release(&grid);
    return 0;
}

static void text_is_cut_at_its_width_and_at_the_edge(void **state)
{
    (void)state;
    make(3, 10, GLYPHS_BRAILLE);
    assert_int_equal(cells_text(&grid, 0, 0, 6, ROLE_TEXT, "weight_decay"), 6);
    assert_int_equal(cells_text(&grid, 1, 7, 99, ROLE_TEXT, "dropout"), 3);
    assert_int_equal(cells_text(&grid, 2, 0, 99, ROLE_TEXT, "lr"), 2);
    cells_text(&grid, 3, 0, 99, ROLE_TEXT, "below");
    cells_text(&grid, -1, 0, 99, ROLE_TEXT, "above");
    assert_grid(&grid, "weigh…\n       dr…\nlr\n");
}

static void control_characters_never_reach_a_cell(void **state)
{
    (void)state;
    make(1, 20, GLYPHS_BRAILLE);
    cells_text(&grid, 0, 0, 20, ROLE_TEXT, "a\x1b[2J\xe2\x80\xae");
    cells_put(&grid, 0, 19, 0x1b, ROLE_TEXT);
    assert_grid_row(&grid, 0, "a^[[2J<202E>       \uFFFD");
    assert_grid_sane(&grid);
}

static void half_a_wide_character_is_blanked(void **state)
{
    (void)state;
    make(1, 6, GLYPHS_BRAILLE);
    cells_text(&grid, 0, 0, 6, ROLE_TEXT, "模型模");
    cells_put(&grid, 0, 1, 'x', ROLE_TEXT);
    cells_put(&grid, 0, 2, 'y', ROLE_TEXT);
    assert_grid_row(&grid, 0, " xy 模");
    cells_put(&grid, 0, 3, 0x6A21, ROLE_TEXT); /* over the blank and half of the last one */
    assert_grid_row(&grid, 0, " xy模");
    cells_put(&grid, 0, 5, 0x6A21, ROLE_TEXT); /* no room for two columns */
    assert_grid_row(&grid, 0, " xy模");
    assert_grid_sane(&grid);
}

static void marks_stay_with_their_cell(void **state)
{
    (void)state;
    make(1, 4, GLYPHS_BRAILLE);
    assert_int_equal(cells_text(&grid, 0, 0, 4, ROLE_TEXT, "e\xcc\x81\xcc\x82x"), 2);
    assert_int_equal(grid.cell[0].combining, 0x301);
    assert_int_equal(grid.cell[0].combining_2, 0x302);
    assert_int_equal(grid.cell[1].code, 'x');
    cells_put(&grid, 0, 0, 'a', ROLE_TEXT);
    assert_int_equal(grid.cell[0].combining, 0);
}

static void ascii_has_stand_ins_for_our_own_characters(void **state)
{
    (void)state;
    make(2, 40, GLYPHS_ASCII);
    cells_text(&grid, 0, 0, 39, ROLE_TEXT, "0.0391 ± 0.0007 · 3 → 4 × é ● ▁█ µ≤12");
    assert_grid_row(&grid, 0, "0.0391 +- 0.0007 . 3 -> 4 x ? * _# mu..");
    cells_put(&grid, 1, 0, 0x6A21, ROLE_TEXT);
    cells_glyph(&grid, 1, 1, GLYPH_BEST, ROLE_BEST);
    cells_rule(&grid, 1, 3, 20, "Größe", NULL, ROLE_BORDER);
    assert_grid_row(&grid, 1, "?! - Gr??e ------------");
    assert_grid_sane(&grid);
}

static void numbers_are_right_aligned(void **state)
{
    (void)state;
    make(2, 10, GLYPHS_BRAILLE);
    cells_right(&grid, 0, 1, 8, ROLE_TEXT, "0.0387");
    cells_right(&grid, 1, 1, 4, ROLE_TEXT, "0.0387");
    assert_grid(&grid, "   0.0387\n 0.0…\n");
}

static void a_rule_keeps_its_title_and_drops_what_does_not_fit(void **state)
{
    (void)state;
    make(5, 30, GLYPHS_BRAILLE);
    cells_rule(&grid, 0, 0, 30, "Log", "4 lines", ROLE_BORDER);
    cells_rule(&grid, 1, 0, 16, "Log", "4 lines of it", ROLE_BORDER);
    cells_rule(&grid, 2, 0, 9, "Importance", NULL, ROLE_BORDER);
    cells_rule(&grid, 3, 0, 4, "Log", NULL, ROLE_BORDER);
    cells_rule(&grid, 4, 0, 12, NULL, "right", ROLE_BORDER);
    assert_grid(&grid, "─ Log ────────────── 4 lines ─\n"
                       "─ Log ──────────\n"
                       "─ Impo… ─\n"
                       "────\n"
                       "──── right ─\n");
}

static void background_and_flags_are_added_to_what_is_drawn(void **state)
{
    (void)state;
    make(2, 4, GLYPHS_BRAILLE);
    cells_text(&grid, 0, 0, 4, ROLE_STATE_RUN, "run");
    cells_base(&grid, (struct rect){0, -2, 1, 99}, ROLE_CURSOR);
    cells_flag(&grid, (struct rect){0, 1, 9, 1}, CELL_BOLD | CELL_WIDE);
    assert_int_equal(grid.cell[0].role, ROLE_STATE_RUN);
    assert_int_equal(grid.cell[3].base, ROLE_CURSOR);
    assert_int_equal(grid.cell[4].base, ROLE_BG);
    assert_int_equal(grid.cell[1].flags, CELL_BOLD);
    assert_int_equal(grid.cell[5].flags, CELL_BOLD);
    assert_int_equal(grid.cell[2].flags, 0);
}

static void every_glyph_takes_one_column_in_every_level(void **state)
{
    (void)state;
    for (int level = GLYPHS_BRAILLE; level <= GLYPHS_ASCII; level++) {
        for (int i = 0; i < GLYPH_COUNT; i++) {
            const uint32_t code = glyph_code(level, i);
            assert_true(dln_text_is_plain(code));
            assert_int_equal(dln_text_char_width(code), 1);
            if (level == GLYPHS_ASCII) assert_in_range(code, ' ', '~');
        }
        for (int i = -1; i <= 9; i++) {
            assert_int_equal(dln_text_char_width(glyph_spark(level, i)), 1);
            assert_int_equal(dln_text_char_width(glyph_bar(level, i)), 1);
        }
    }
    assert_int_equal(glyph_spark(GLYPHS_BRAILLE, 7), 0x2588);
    assert_int_equal(glyph_bar(GLYPHS_BRAILLE, 1), 0x258F);
    assert_int_equal(glyph_bar(GLYPHS_BRAILLE, 8), 0x2588);
}

static void the_level_follows_the_locale(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C"));
    assert_int_equal(glyph_level_of_locale(), GLYPHS_ASCII);
    if (setlocale(LC_CTYPE, "C.UTF-8")) assert_int_equal(glyph_level_of_locale(), GLYPHS_BRAILLE);
    setlocale(LC_CTYPE, "C");
}

static void random_drawing_stays_inside_and_keeps_pairs_whole(void **state)
{
    (void)state;
    static const char *const texts[] = {"模型", "a\xcc\x81z", "long enough to be cut", "\x1b[m",
                                        "é…"};
    struct dln_rng rng;
    dln_rng_init(&rng, 7);
    for (int i = 0; i < 3000; i++) {
        if (i % 50 == 0)
            make((int)dln_rng_below(&rng, 5), (int)dln_rng_below(&rng, 14), i / 50 % 3);
        const int row = (int)dln_rng_below(&rng, 9) - 2;
        const int col = (int)dln_rng_below(&rng, 24) - 5;
        const int width = (int)dln_rng_below(&rng, 12) - 1;
        const char *text = texts[dln_rng_below(&rng, 5)];
        switch (dln_rng_below(&rng, 5)) {
        case 0: cells_right(&grid, row, col, width, ROLE_TEXT, text); break;
        case 1: cells_rule(&grid, row, col, width, text, text, ROLE_BORDER); break;
        case 2: cells_fill(&grid, (struct rect){row, col, width, width}, 0x6A21, ROLE_TEXT); break;
        default: cells_text(&grid, row, col, width, ROLE_TEXT, text); break;
        }
        assert_grid_sane(&grid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_cut_at_its_width_and_at_the_edge),
        cmocka_unit_test(control_characters_never_reach_a_cell),
        cmocka_unit_test(half_a_wide_character_is_blanked),
        cmocka_unit_test(marks_stay_with_their_cell),
        cmocka_unit_test(ascii_has_stand_ins_for_our_own_characters),
        cmocka_unit_test(numbers_are_right_aligned),
        cmocka_unit_test(a_rule_keeps_its_title_and_drops_what_does_not_fit),
        cmocka_unit_test(background_and_flags_are_added_to_what_is_drawn),
        cmocka_unit_test(every_glyph_takes_one_column_in_every_level),
        cmocka_unit_test(the_level_follows_the_locale),
        cmocka_unit_test(random_drawing_stays_inside_and_keeps_pairs_whole),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
