/* What curses sends for a grid, read by libvterm and compared with the grid, cell by cell. */
#define _XOPEN_SOURCE_EXTENDED 1
#include "support/test.h"

#include <locale.h>
#include <unistd.h>

#include <vterm.h>

#include "base/rng.h"
#include "dialin/text.h"
#include "paint.h"
#include "support/cell_text.h"

#include <curses.h>

enum { ROWS = 12, COLUMNS = 40 };

static FILE *output, *input;
static SCREEN *screen;
static VTerm *vterm;
static VTermScreen *cells_seen;
static long n_read;
static struct cells grid;
static struct theme theme;

static int begin(void **state)
{
    (void)state;
    if (!setlocale(LC_CTYPE, "C.UTF-8")) return -1;
    unsetenv("NO_COLOR");
    setenv("LINES", "12", 1);
    setenv("COLUMNS", "40", 1);
    output = tmpfile();
    input = fopen("/dev/null", "r");
    if (!output || !input) return -1;
    screen = newterm("xterm-256color", output, input);
    vterm = vterm_new(ROWS, COLUMNS);
    if (!screen || !vterm) return -1;
    vterm_set_utf8(vterm, 1);
    cells_seen = vterm_obtain_screen(vterm);
    vterm_screen_reset(cells_seen, 1);
    theme_builtin("dusk", &theme);
    return cells_init(&grid, ROWS, COLUMNS, GLYPHS_BRAILLE) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    endwin();
    delscreen(screen);
    vterm_free(vterm);
    fclose(output);
    fclose(input);
    cells_release(&grid);
    return 0;
}

/* Feeds the terminal what was written since the last call; returns how many bytes that is. */
static long drain(void)
{
    char bytes[4096];
    long total = 0;
    fflush(output);
    fseek(output, n_read, SEEK_SET);
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, output)) > 0; total += (long)got) {
        vterm_input_write(vterm, bytes, got);
    }
    n_read += total;
    fseek(output, 0, SEEK_END);
    return total;
}

static int color_of(VTermColor color)
{
    if (VTERM_COLOR_IS_DEFAULT_FG(&color) || VTERM_COLOR_IS_DEFAULT_BG(&color))
        return COLOR_DEFAULT;
    return VTERM_COLOR_IS_INDEXED(&color) ? color.indexed.idx : -2;
}

/* The terminal shows the grid: characters, marks, colours and attributes. */
static void assert_shown(void)
{
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        const struct cell *cell = &grid.cell[i];
        VTermScreenCell seen;
        assert_true(vterm_screen_get_cell(cells_seen, (VTermPos){i / COLUMNS, i % COLUMNS}, &seen));
        if (cell->flags & CELL_AFTER) continue;
        const uint32_t code = seen.chars[0] ? seen.chars[0] : ' ';
        const uint32_t sent = theme_code(&theme, DEPTH_256, (enum role)cell->role, cell->code);
        if (code != sent) print_error("%d,%d: %x %x\n", i / COLUMNS, i % COLUMNS, code, sent);
        assert_int_equal(code, sent);
        assert_int_equal(seen.width, cell->flags & CELL_WIDE ? 2 : 1);
        if (cell->combining) assert_int_equal(seen.chars[1], cell->combining);
        const struct style style =
            theme_style(&theme, DEPTH_256, cell->role, cell->base, cell->flags);
        assert_int_equal(color_of(seen.bg), style.bg);
        assert_int_equal(seen.attrs.reverse, (style.attrs & CELL_REVERSE) != 0);
        if (code == ' ') continue; /* whose foreground nobody sees */
        assert_int_equal(color_of(seen.fg), style.fg);
        assert_int_equal(seen.attrs.bold, (style.attrs & CELL_BOLD) != 0);
        assert_int_equal(seen.attrs.underline != 0, (style.attrs & CELL_UNDERLINE) != 0);
    }
}

static void frame(struct paint *paint)
{
    struct dln_error err = {0};
    assert_ok(paint_frame(paint, &grid, &err), err);
}

static struct paint *new_paint(void)
{
    struct paint *paint = NULL;
    struct dln_error err = {0};
    assert_int_equal(paint_depth(), DEPTH_256);
    assert_ok(paint_new(&theme, DEPTH_256, &paint, &err), err);
    return paint;
}

static void a_frame_arrives_as_it_was_drawn(void **state)
{
    (void)state;
    struct paint *paint = new_paint();
    cells_clear(&grid);
    cells_rule(&grid, 0, 0, COLUMNS, "Größe · 模型", "e\xcc\x81", ROLE_BORDER);
    cells_text(&grid, 1, 3, 30, ROLE_STATE_RUN, "running 模型学习率 e\xcc\x81z");
    cells_text(&grid, 2, 3, 30, ROLE_BEST, "▁▂▃▄▅▆▇█ ⠉⠒⠤⣀ ●✓╱✗○‖★▸");
    cells_base(&grid, (struct rect){1, 0, 1, COLUMNS}, ROLE_CURSOR);
    cells_flag(&grid, (struct rect){2, 5, 1, 6}, CELL_UNDERLINE);
    cells_fill(&grid, (struct rect){ROWS - 1, 0, 1, COLUMNS}, '#', ROLE_TAB_ACTIVE);
    frame(paint);
    drain();
    assert_shown();
    paint_free(paint);
}

static void nothing_new_costs_nothing_and_little_costs_little(void **state)
{
    (void)state;
    struct paint *paint = new_paint();
    cells_clear(&grid);
    for (int row = 0; row < ROWS; row++)
        cells_text(&grid, row, 0, COLUMNS, ROLE_TEXT, "0.0387 9.1e-04");
    frame(paint);
    drain();
    frame(paint);
    assert_int_equal(drain(), 0);
    cells_put(&grid, 5, 5, '8', ROLE_TEXT);
    frame(paint);
    assert_in_range(drain(), 1, 40);
    assert_shown();
    paint_forget(paint);
    frame(paint);
    assert_true(drain() > 200); /* the whole screen again */
    assert_shown();
    paint_free(paint);
}

static void the_caret_stands_where_the_grid_says(void **state)
{
    (void)state;
    struct paint *paint = new_paint();
    VTermPos position;
    cells_clear(&grid);
    grid.caret_row = 7;
    grid.caret_col = 13;
    frame(paint);
    drain();
    vterm_state_get_cursorpos(vterm_obtain_state(vterm), &position);
    assert_int_equal(position.row, 7);
    assert_int_equal(position.col, 13);
    paint_free(paint);
}

static void another_theme_recolours_without_clearing(void **state)
{
    (void)state;
    struct paint *paint = new_paint();
    cells_clear(&grid);
    cells_text(&grid, 1, 3, 30, ROLE_STATE_RUN, "running");
    frame(paint);
    drain();
    theme_builtin("paper", &theme);
    paint_theme(paint, &theme, DEPTH_256);
    frame(paint);
    drain();
    assert_shown();
    theme_builtin("dusk", &theme);
    paint_free(paint);
}

static void random_frames_arrive_as_they_were_drawn(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "模型学习率", "a\xcc\x81z", "plain", "⠉⠒⠤⣀█", "\x1b]0;x\x07 \xe2\x80\xae", " "};
    struct paint *paint = new_paint();
    struct dln_rng rng;
    dln_rng_init(&rng, 17);
    cells_clear(&grid);
    for (int i = 0; i < 400; i++) {
        for (int k = 0; k < 4; k++) {
            const int row = (int)dln_rng_below(&rng, ROWS);
            const int col = (int)dln_rng_below(&rng, COLUMNS);
            const enum role role = (enum role)dln_rng_below(&rng, ROLE_COUNT);
            cells_text(&grid, row, col, 12, role, texts[dln_rng_below(&rng, 6)]);
        }
        if (i % 40 == 39) cells_clear(&grid);
        frame(paint);
        drain();
        assert_shown();
    }
    paint_free(paint);
}

static void no_color_is_respected(void **state)
{
    (void)state;
    setenv("NO_COLOR", "1", 1);
    assert_true(paint_wants_no_color());
    setenv("NO_COLOR", "", 1);
    assert_int_equal(paint_depth(), DEPTH_256);
    unsetenv("NO_COLOR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_arrives_as_it_was_drawn),
        cmocka_unit_test(nothing_new_costs_nothing_and_little_costs_little),
        cmocka_unit_test(the_caret_stands_where_the_grid_says),
        cmocka_unit_test(another_theme_recolours_without_clearing),
        cmocka_unit_test(random_frames_arrive_as_they_were_drawn),
        cmocka_unit_test(no_color_is_respected),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
