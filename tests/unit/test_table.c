#include "support/test.h"

#include "base/rng.h"
#include "dialin/text.h"
#include "format.h"
#include "support/cell_text.h"
#include "widget/shorten.h"
#include "widget/table.h"

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

static void draw_cell(void *context, struct cells *cells, struct rect rect, int64_t row,
                      const struct column *column, enum role role)
{
    (void)context;
    if (column->id == 0) {
        cells_textf(cells, rect.row, rect.col, rect.cols, role, "#%d", (int)row);
    } else {
        char text[FORMAT_MAX];
        const struct number_style style = {NUMBER_FIXED, 2};
        format_number(text, style, (double)row / 10 + column->id);
        cells_right(cells, rect.row, rect.col, rect.cols, role, text);
    }
}

static struct table_mark mark(void *context, int64_t row)
{
    (void)context;
    if (row == 7) return (struct table_mark){GLYPH_BEST, ROLE_BEST, ROLE_BEST};
    return (struct table_mark){GLYPH_COUNT, ROLE_TEXT, ROLE_TEXT};
}

static const struct column columns[] = {
    {.name = "TRIAL", .width = 4, .priority = 0},
    {.name = "LOSS", .width = 6, .priority = 1, .align = ALIGN_RIGHT, .sort = 1, .id = 1},
    {.name = "WEIGHT_DECAY",
     .width = 7,
     .grow_to = 12,
     .priority = 2,
     .align = ALIGN_RIGHT,
     .id = 2},
    {.name = "secret", .width = 7, .priority = 2, .hidden = true, .id = 3},
    {.name = "LR", .width = 6, .priority = 3, .align = ALIGN_RIGHT, .id = 4},
};

static struct table sample(int64_t n_rows)
{
    return (struct table){.columns = columns,
                          .n_columns = 5,
                          .draw_cell = draw_cell,
                          .mark = mark,
                          .n_rows = n_rows,
                          .pinned = -1};
}

static void a_table_has_header_marks_and_a_pinned_row(void **state)
{
    (void)state;
    struct table table = sample(20);
    table.pinned = 7;
    table.cursor = 1;
    make(7, 40, GLYPHS_BRAILLE);
    table_draw(&table, &grid, cells_all(&grid));
    assert_grid(&grid, "   TRIA   LOSS▴WEIGHT_DECAY     LR\n"
                       "   #0     1.00         2.00   4.00\n"
                       " ▸ #1     1.10         2.10   4.10\n"
                       "   #2     1.20         2.20   4.20\n"
                       "   #3     1.30         2.30   4.30\n"
                       "────────────────────────────────────────\n"
                       " ★ #7     1.70         2.70   4.70\n");
    assert_int_equal(grid.cell[2 * 40 + 39].base, ROLE_CURSOR);
    assert_int_equal(grid.cell[3 * 40 + 39].base, ROLE_BG);
    table.blurred = true;
    table.pinned = -1;
    table.cursor = table.top = 7; /* cursor and mark in one row */
    make(3, 40, GLYPHS_ASCII);
    table_draw(&table, &grid, cells_all(&grid));
    assert_grid(&grid, "   TRIA   LOSS^WEIGHT_DECAY     LR\n"
                       ">! #7     1.70         2.70   4.70\n"
                       "   #8     1.80         2.80   4.80\n");
    assert_int_equal(grid.cell[40].base, ROLE_CURSOR_BLUR);
}

static void columns_go_by_priority_when_room_is_short(void **state)
{
    (void)state;
    struct table table = sample(3);
    for (int width = 40; width > 0; width--) {
        int x[5], w[5];
        const int shown = table_layout(&table, width, x, w);
        int before = -1;
        int last_priority = -1;
        for (int i = 0; i < 5; i++) {
            if (w[i] == 0) continue;
            assert_true(x[i] > before && x[i] >= TABLE_GUTTER);
            assert_true(x[i] + w[i] <= width);
            before = x[i] + w[i]; /* at least one blank */
            assert_true(columns[i].priority > last_priority);
            last_priority = columns[i].priority;
        }
        assert_int_equal(shown, last_priority + 1); /* priorities are 0, 1, 2, 3 without a gap */
        assert_int_equal(w[3], 0);
        if (width >= 31) assert_int_equal(shown, 4);
    }
    int x[5], w[5];
    assert_int_equal(table_layout(&table, 40, x, w), 4);
    assert_int_equal(w[2], 12); /* spare room goes to the long name */
    assert_int_equal(table_layout(&table, 16, x, w), 2);
    assert_int_equal(table_layout(&table, 4, x, w), 1);
    assert_int_equal(table_layout(&table, 3, x, w), 0);
}

static void the_cursor_stays_on_its_screen_row_when_rows_move(void **state)
{
    (void)state;
    struct table table = sample(100);
    make(11, 40, GLYPHS_BRAILLE);
    table_go(&table, 54);
    table_draw(&table, &grid, cells_all(&grid));
    assert_int_equal(table.page, 10);
    assert_int_equal(table.top, 45);
    table_move(&table, -4);
    table_draw(&table, &grid, cells_all(&grid));
    assert_int_equal(table.cursor - table.top, 5);
    table_keep(&table, 103, 53); /* three rows came in above */
    table_draw(&table, &grid, cells_all(&grid));
    assert_int_equal(table.cursor, 53);
    assert_int_equal(table.cursor - table.top, 5);
    make(9, 40, GLYPHS_BRAILLE); /* a smaller window, the row still fits */
    table_draw(&table, &grid, cells_all(&grid));
    assert_int_equal(table.cursor - table.top, 5);
    table_keep(&table, 2, 53); /* a filter left two */
    table_draw(&table, &grid, cells_all(&grid));
    assert_int_equal(table.cursor, 1);
    assert_int_equal(table.top, 0);
    table_keep(&table, 0, 0);
    table_draw(&table, &grid, cells_all(&grid));
    assert_int_equal(table.cursor, 0);
}

static void pages_keep_one_row_in_sight(void **state)
{
    (void)state;
    struct table table = sample(100);
    make(11, 40, GLYPHS_BRAILLE);
    table_draw(&table, &grid, cells_all(&grid));
    table_page(&table, 1);
    table_draw(&table, &grid, cells_all(&grid));
    assert_int_equal(table.cursor, 9);
    assert_int_equal(table.top, 9);
    table_page(&table, -3);
    table_draw(&table, &grid, cells_all(&grid));
    assert_int_equal(table.top, 0);
    table_go(&table, INT64_MAX);
    table_page(&table, 1);
    table_move(&table, INT64_MAX);
    table_draw(&table, &grid, cells_all(&grid));
    assert_int_equal(table.cursor, 99);
    assert_int_equal(table.top, 90);
    table_move(&table, INT64_MIN);
    assert_int_equal(table.cursor, 0);
}

static void a_screen_row_tells_its_table_row(void **state)
{
    (void)state;
    struct table table = sample(5);
    const struct rect rect = {2, 0, 9, 40};
    make(12, 40, GLYPHS_BRAILLE);
    table_draw(&table, &grid, rect);
    assert_int_equal(table_row_at(&table, rect, 2), -1); /* the header */
    assert_int_equal(table_row_at(&table, rect, 3), 0);
    assert_int_equal(table_row_at(&table, rect, 7), 4);
    assert_int_equal(table_row_at(&table, rect, 8), -1);
}

static void long_names_lose_their_middle(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int width;
        enum glyph_level level;
        const char *shown;
    } cases[] = {
        {"weight_decay", 12, GLYPHS_BRAILLE, "weight_decay"},
        {"weight_decay", 9, GLYPHS_BRAILLE, "weig…ecay"},
        {"weight_decay", 8, GLYPHS_BRAILLE, "weig…cay"},
        {"weight_decay", 8, GLYPHS_ASCII, "wei..cay"},
        {"weight_decay", 4, GLYPHS_BRAILLE, "we…y"},
        {"weight_decay", 2, GLYPHS_BRAILLE, "w…"},
        {"weight_decay", 1, GLYPHS_BRAILLE, "…"},
        {"weight_decay", 0, GLYPHS_BRAILLE, ""},
        {"模型学习率", 6, GLYPHS_BRAILLE, "模…率"},
        {"e\xcc\x81"
         "e\xcc\x81"
         "e\xcc\x81"
         "e\xcc\x81"
         "e\xcc\x81",
         3, GLYPHS_BRAILLE, "e\xcc\x81…e\xcc\x81"},
        {"a\x1b[2Jb", 5, GLYPHS_BRAILLE, "a^…Jb"},
    };
    struct dln_strbuf out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make(1, 1, cases[i].level);
        dln_strbuf_reset(&out);
        shorten_middle(&grid, cases[i].name, cases[i].width, &out);
        assert_string_equal(dln_strbuf_text(&out), cases[i].shown);
        assert_true(dln_text_width(dln_strbuf_text(&out)) <= (size_t)cases[i].width);
    }
    dln_strbuf_release(&out);
}

/* ── any table ─────────────────────────────────────────────────────────────────────────────────*/

static void random_name(struct dln_rng *rng, char *name, size_t cap)
{
    static const char *const parts[] = {"weight",       "_", "模型",   "e\xcc\x81",
                                        "\xe2\x80\xae", "x", "\x1b[m", "😀"};
    const size_t n = (size_t)dln_rng_below(rng, dln_rng_below(rng, 8) ? 6 : 60);
    name[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const char *part = parts[dln_rng_below(rng, 8)];
        if (strlen(name) + strlen(part) + 1 < cap)
            memcpy(name + strlen(name), part, strlen(part) + 1);
    }
}

static void draw_hostile(void *context, struct cells *cells, struct rect rect, int64_t row,
                         const struct column *column, enum role role)
{
    static const double values[] = {NAN, 1e308, -1e308, -0.0, 0, INFINITY, 1e-300, 123456789};
    const char(*names)[256] = context;
    char text[FORMAT_MAX];
    const double value = values[(size_t)(row + column->id) % 8];
    const struct number_style style = number_objective(values[(size_t)row % 8], value);
    assert_true(rect.cols > 0 && rect.rows == 1);
    if (column->id % 3 == 0) {
        cells_text(cells, rect.row, rect.col, rect.cols, role, names[column->id]);
    } else {
        cells_right(cells, rect.row, rect.col, rect.cols, role, format_number(text, style, value));
    }
}

static void any_table_keeps_to_its_rectangle(void **state)
{
    (void)state;
    static char names[40][256];
    static struct column any[40];
    struct dln_rng rng;
    dln_rng_init(&rng, 11);
    for (int i = 0; i < 500; i++) {
        const int n = 1 + (int)dln_rng_below(&rng, 40);
        for (int k = 0; k < n; k++) {
            random_name(&rng, names[k], sizeof names[k]);
            any[k] = (struct column){.name = names[k],
                                     .width = (int)dln_rng_below(&rng, 20),
                                     .grow_to = (int)dln_rng_below(&rng, 30),
                                     .priority = (int)dln_rng_below(&rng, 12),
                                     .align = dln_rng_below(&rng, 2) ? ALIGN_RIGHT : ALIGN_LEFT,
                                     .sort = (int)dln_rng_below(&rng, 4) - 1,
                                     .hidden = dln_rng_below(&rng, 9) == 0,
                                     .id = k};
        }
        struct table table = {.columns = any,
                              .n_columns = n,
                              .draw_cell = draw_hostile,
                              .mark = mark,
                              .context = names,
                              .n_rows = (int64_t)dln_rng_below(&rng, 40),
                              .cursor = (int64_t)dln_rng_below(&rng, 50) - 5,
                              .top = (int64_t)dln_rng_below(&rng, 50) - 5,
                              .pinned = (int64_t)dln_rng_below(&rng, 20) - 1};
        make(24, 200, i % 3);
        const struct rect rect = {(int)dln_rng_below(&rng, 4), (int)dln_rng_below(&rng, 4),
                                  (int)dln_rng_below(&rng, 18), (int)dln_rng_below(&rng, 180)};
        table_draw(&table, &grid, rect);
        assert_grid_sane(&grid);
        assert_grid_inside(&grid, rect);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_has_header_marks_and_a_pinned_row),
        cmocka_unit_test(columns_go_by_priority_when_room_is_short),
        cmocka_unit_test(the_cursor_stays_on_its_screen_row_when_rows_move),
        cmocka_unit_test(pages_keep_one_row_in_sight),
        cmocka_unit_test(a_screen_row_tells_its_table_row),
        cmocka_unit_test(long_names_lose_their_middle),
        cmocka_unit_test(any_table_keeps_to_its_rectangle),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
