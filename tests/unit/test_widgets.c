#include "support/test.h"

#include "base/rng.h"
#include "support/cell_text.h"
#include "widget/dialog.h"
#include "widget/keyrow.h"
#include "widget/line_edit.h"
#include "widget/spark.h"

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

/* ── sparklines and bars ───────────────────────────────────────────────────────────────────────*/

static void a_sparkline_has_eight_heights_and_gaps(void **state)
{
    (void)state;
    const double values[] = {0, 1, 2, 3, 4, 5, 6, 7, NAN, INFINITY, -INFINITY};
    make(3, 12, GLYPHS_BRAILLE);
    spark_draw(&grid, 0, 0, 12, ROLE_SPARK, values, 11, 0, 8);
    spark_draw(&grid, 1, 0, 4, ROLE_SPARK, values, 8, 0, 8);
    spark_draw(&grid, 2, 0, 4, ROLE_SPARK, values, 2, 5, 5);
    assert_grid(&grid, "▁▂▃▄▅▆▇█ █▁\n▁▃▅▇\n▁▁\n");
    make(1, 12, GLYPHS_ASCII);
    spark_draw(&grid, 0, 0, 12, ROLE_SPARK, values, 8, -1e308, 1e308);
    assert_grid(&grid, "^^^^^^^^\n"); /* a range that overflows */
}

static void a_curve_grows_with_its_steps(void **state)
{
    (void)state;
    const double values[] = {1.0,  0.9, 0.7, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1,
                             0.05, 0,   0,   0,   0,   0,   0,    0,   0,    0};
    make(5, 12, GLYPHS_BRAILLE);
    spark_curve(&grid, 0, 0, 12, ROLE_SPARK, values, 20, 20, 0, 1);
    spark_curve(&grid, 1, 0, 12, ROLE_SPARK, values, 8, 20, 0, 1);
    spark_curve(&grid, 2, 0, 12, ROLE_SPARK, values, 1, 20, 0, 1);
    spark_curve(&grid, 3, 0, 12, ROLE_SPARK, values, 3, 5, 0, 1);
    spark_curve(&grid, 4, 0, 12, ROLE_SPARK, values, 5, 0, 0, 1);
    assert_grid(&grid, "█▆▄▃▂▁▁▁▁▁▁▁\n█▆▄▃▂\n█\n██▆\n██▆▅▄\n");
}

static void a_bar_shows_a_sliver_of_little_and_is_full_only_at_the_end(void **state)
{
    (void)state;
    make(7, 10, GLYPHS_BRAILLE);
    progress_draw(&grid, 0, 0, 10, 0.53, false);
    progress_draw(&grid, 1, 0, 10, 0.9999, false);
    progress_draw(&grid, 2, 0, 10, 1, false);
    progress_draw(&grid, 3, 0, 10, 0.5, true);
    progress_draw(&grid, 4, 0, 10, NAN, false);
    bar_draw(&grid, 5, 0, 10, 0.0001, ROLE_PROGRESS);
    bar_draw(&grid, 6, 0, 10, 0.55, ROLE_PROGRESS);
    assert_grid(&grid, "[████▎   ]\n[███████▉]\n[████████]\n[▒▒▒▒    ]\n[        ]\n▏\n█████▌\n");
    make(3, 10, GLYPHS_ASCII);
    progress_draw(&grid, 0, 0, 10, 0.57, false);
    bar_draw(&grid, 1, 0, 10, 0.0001, ROLE_PROGRESS);
    progress_draw(&grid, 2, 0, 2, 0.5, false); /* no room */
    assert_grid(&grid, "[####|   ]\n|\n\n");
}

/* ── overlays ──────────────────────────────────────────────────────────────────────────────────*/

static void a_dialog_wraps_its_text_and_leaves_the_status_visible(void **state)
{
    (void)state;
    static const char *const lines[] = {"Four trials are running. What should happen to them now?"};
    static const struct dialog_choice choices[] = {{"k", "keep running"}, {"Esc", "stay"}};
    struct dialog dialog = {"Leave", lines, 1, choices, 2, 1, 0};
    make(11, 40, GLYPHS_BRAILLE);
    dialog_draw(&grid, &dialog);
    assert_grid(&grid, "\n"
                       "\n"
                       "\n"
                       "┌ Leave ───────────────────────────────┐\n"
                       "│ Four trials are running. What should │\n"
                       "│ happen to them now?                  │\n"
                       "│                                      │\n"
                       "│ k    keep running                    │\n"
                       "│ Esc  stay                            │\n"
                       "└──────────────────────────────────────┘\n"
                       "\n");
    assert_grid_inside(&grid, (struct rect){2, 0, 9, 40});
    assert_int_equal(grid.cell[8 * 40 + 10].base, ROLE_CURSOR);
    assert_int_equal(grid.cell[7 * 40 + 10].base, ROLE_OVERLAY);
}

static void a_long_dialog_scrolls(void **state)
{
    (void)state;
    static const char *const lines[] = {"one", "two", "", "four", "five", "six", "seven", "eight"};
    static const struct dialog_choice choices[] = {{"q", "back"}};
    struct dialog dialog = {"Help", lines, 8, choices, 1, -1, 2};
    make(9, 24, GLYPHS_ASCII);
    dialog_draw(&grid, &dialog);
    assert_grid(&grid, "\n"
                       "\n"
                       "      + Help ---+\n"
                       "      |         |\n"
                       "      | four    |\n"
                       "      | five    |\n"
                       "      |         |\n"
                       "      | q  back |\n"
                       "      `- v 3 ---'\n");
    dialog.scroll = 99;
    make(9, 24, GLYPHS_ASCII);
    dialog_draw(&grid, &dialog);
    assert_int_equal(dialog.scroll, 5);
}

static void text_is_wrapped_at_blanks(void **state)
{
    (void)state;
    make(6, 8, GLYPHS_BRAILLE);
    assert_int_equal(
        wrap_draw(&grid, cells_all(&grid), ROLE_TEXT, "a bc defgh ijklmnopqrst\nuv", 0), 5);
    assert_grid(&grid, "a bc\ndefgh\nijklmnop\nqrst\nuv\n\n");
    make(2, 8, GLYPHS_BRAILLE);
    wrap_draw(&grid, cells_all(&grid), ROLE_TEXT, "a bc defgh ijklmnopqrst\nuv", 3);
    assert_grid(&grid, "qrst\nuv\n");
    make(3, 3, GLYPHS_BRAILLE);
    assert_int_equal(wrap_draw(&grid, cells_all(&grid), ROLE_TEXT, "模型模", 0), 3);
    assert_grid(&grid, "模\n型\n模\n");
}

/* ── the key row ───────────────────────────────────────────────────────────────────────────────*/

static void keys_are_cut_by_whole_entries(void **state)
{
    (void)state;
    static const struct keyrow_entry entries[] = {
        {"?", "help", false, false}, {"← →", "move", false, false}, {"f", "filter", true, false},
        {"e", "go", false, false},   {"q", "back", false, true},
    };
    make(4, 40, GLYPHS_BRAILLE);
    assert_int_equal(keyrow_draw(&grid, 0, 0, 40, entries, 5), 4);
    assert_int_equal(keyrow_draw(&grid, 1, 0, 26, entries, 5), 3);
    assert_int_equal(keyrow_draw(&grid, 2, 0, 12, entries, 5), 1);
    assert_int_equal(keyrow_draw(&grid, 3, 0, 6, entries, 5), 0);
    assert_grid(&grid, " ? help  ← → move  f filter  q back\n"
                       " ? help  ← → move  q back\n"
                       " q back\n"
                       "\n");
}

/* ── editing ───────────────────────────────────────────────────────────────────────────────────*/

static struct line_edit edit;

static void press(const char *keys)
{
    for (; *keys; keys++) {
        const enum edit_op op = edit_op_of_control((unsigned char)*keys);
        if (op == EDIT_NONE) {
            line_edit_insert(&edit, (unsigned char)*keys);
        } else {
            line_edit_op(&edit, op);
        }
    }
}

static void control_keys_edit_as_in_readline(void **state)
{
    (void)state;
    enum { A = 1, B = 2, D = 4, E = 5, F = 6, K = 11, T = 20, U = 21, W = 23, Y = 25, DEL = 127 };
    static const struct {
        const char *start;
        char keys[16];
        const char *text;
        size_t caret;
    } cases[] = {
        {"lr > 1", {'e'}, "lr > 1e", 7},
        {"lr > 1", {A, 'x'}, "xlr > 1", 1},
        {"lr > 1", {A, F, F, K}, "lr", 2},
        {"lr > 1", {B, U}, "1", 0},
        {"lr > 1e-4", {W}, "lr > ", 5},
        {"lr > 1", {W, W}, "", 0},
        {"lr", {DEL, DEL, DEL, 'a'}, "a", 1},
        {"lr", {A, D, D, D}, "", 0},
        {"lr > 1", {U, 'a', Y}, "alr > 1", 7},
        {"ab", {T}, "ba", 2},
        {"abc", {A, F, T}, "bac", 2},
        {"a", {T, A, T}, "a", 0},
        {"e\xcc\x81x", {B, B, F, DEL}, "x", 0}, /* a mark goes with its letter */
        {"模型", {DEL}, "模", 3},
        {"a\tb\x1b", {E}, "ab", 2}, /* controls are not taken in */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        line_edit_set(&edit, cases[i].start);
        press(cases[i].keys);
        assert_string_equal(edit.text, cases[i].text);
        assert_int_equal(edit.caret, cases[i].caret);
        assert_int_equal(edit.len, strlen(edit.text));
    }
}

static void words_end_at_signs(void **state)
{
    (void)state;
    line_edit_set(&edit, "state:ok and lr>=1e-4");
    line_edit_op(&edit, EDIT_WORD_LEFT);
    assert_int_equal(edit.caret, 17);
    line_edit_op(&edit, EDIT_WORD_LEFT);
    assert_int_equal(edit.caret, 13);
    line_edit_op(&edit, EDIT_HOME);
    line_edit_op(&edit, EDIT_WORD_RIGHT);
    assert_int_equal(edit.caret, 5);
    line_edit_op(&edit, EDIT_WORD_RIGHT);
    assert_int_equal(edit.caret, 8);
}

static void the_caret_is_always_in_sight(void **state)
{
    (void)state;
    make(1, 12, GLYPHS_BRAILLE);
    line_edit_set(&edit, "learning_rate > 0.001");
    line_edit_draw(&edit, &grid, 0, 1, 10, ROLE_INPUT);
    assert_grid(&grid, " ◂ > 0.001\n"); /* more lies before it */
    assert_int_equal(grid.caret_col, 10);
    line_edit_op(&edit, EDIT_HOME);
    line_edit_draw(&edit, &grid, 0, 1, 10, ROLE_INPUT);
    assert_grid(&grid, " learning_…\n");
    assert_int_equal(grid.caret_col, 1);
    line_edit_op(&edit, EDIT_END);
    line_edit_draw(&edit, &grid, 0, 1, 10, ROLE_INPUT);
    line_edit_op(&edit, EDIT_KILL_WORD);
    line_edit_op(&edit, EDIT_BACKSPACE);
    line_edit_draw(&edit, &grid, 0, 1, 10, ROLE_INPUT);
    assert_grid(&grid, " ◂g_rate >\n"); /* what was deleted makes room for what stands before */
}

static void a_full_line_takes_no_more(void **state)
{
    (void)state;
    line_edit_set(&edit, "");
    for (int i = 0; i < LINE_EDIT_MAX + 10; i++)
        line_edit_insert(&edit, 0x6A21);
    assert_int_equal(edit.len, (LINE_EDIT_MAX - 1) / 3 * 3);
    assert_false(line_edit_op(&edit, EDIT_YANK));
    line_edit_op(&edit, EDIT_KILL_START);
    for (int i = 0; i < 3; i++)
        line_edit_op(&edit, EDIT_YANK);
    assert_int_equal(edit.len, (LINE_EDIT_MAX - 1) / 3 * 3);
}

/* ── anything ──────────────────────────────────────────────────────────────────────────────────*/

static void widgets_keep_to_their_place_whatever_they_show(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "keep running",
        "模型学习率 模型学习率 模型",
        "e\xcc\x81\xe2\x80\xae z",
        "\x1b[2J",
        "a very long text that cannot fit into a narrow place at all"};
    static const double values[] = {NAN, 1e308, -1e308, -0.0, INFINITY, 0.5, 5e-324, 1};
    struct dln_rng rng;
    dln_rng_init(&rng, 3);
    for (int i = 0; i < 1500; i++) {
        make((int)dln_rng_below(&rng, 26), (int)dln_rng_below(&rng, 90), i % 3);
        const int row = (int)dln_rng_below(&rng, 20);
        const int col = (int)dln_rng_below(&rng, 30);
        const int width = (int)dln_rng_below(&rng, 50);
        const struct rect place = {row, col, 1, width};
        const double value = values[dln_rng_below(&rng, 8)];
        const char *lines[4];
        struct keyrow_entry entries[4];
        struct dialog_choice choices[4];
        for (int k = 0; k < 4; k++) {
            lines[k] = texts[dln_rng_below(&rng, 6)];
            choices[k] = (struct dialog_choice){texts[dln_rng_below(&rng, 6)],
                                                texts[dln_rng_below(&rng, 6)]};
            entries[k] = (struct keyrow_entry){choices[k].key, choices[k].text, k % 2, i % 2};
        }
        switch (dln_rng_below(&rng, 6)) {
        case 0: spark_draw(&grid, row, col, width, ROLE_SPARK, values, 8, value, 1); break;
        case 1: spark_curve(&grid, row, col, width, ROLE_SPARK, values, 8, 20, 0, value); break;
        case 2: progress_draw(&grid, row, col, width, value, i % 2); break;
        case 3: bar_draw(&grid, row, col, width, value, ROLE_PROGRESS); break;
        case 4: keyrow_draw(&grid, row, col, width, entries, 4); break;
        default:
            line_edit_set(&edit, lines[0]);
            line_edit_draw(&edit, &grid, row, col, width, ROLE_INPUT);
        }
        assert_grid_sane(&grid);
        assert_grid_inside(&grid, place);

        struct dialog dialog = {lines[0], lines, 4, choices, 4, i % 5 - 1, i % 7};
        dialog_draw(&grid, &dialog);
        assert_grid_sane(&grid);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sparkline_has_eight_heights_and_gaps),
        cmocka_unit_test(a_curve_grows_with_its_steps),
        cmocka_unit_test(a_bar_shows_a_sliver_of_little_and_is_full_only_at_the_end),
        cmocka_unit_test(a_dialog_wraps_its_text_and_leaves_the_status_visible),
        cmocka_unit_test(a_long_dialog_scrolls),
        cmocka_unit_test(text_is_wrapped_at_blanks),
        cmocka_unit_test(keys_are_cut_by_whole_entries),
        cmocka_unit_test(control_keys_edit_as_in_readline),
        cmocka_unit_test(words_end_at_signs),
        cmocka_unit_test(the_caret_is_always_in_sight),
        cmocka_unit_test(a_full_line_takes_no_more),
        cmocka_unit_test(widgets_keep_to_their_place_whatever_they_show),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
