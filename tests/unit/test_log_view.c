/* A program's log: what is shown of a line, which lines are shown, and what is found. */
#include "support/test.h"

#include "log_view.h"

static void assert_clean(const char *line, const char *expected)
{
    struct dln_strbuf out = {0};
    log_line_clean(&out, line, strlen(line));
    assert_string_equal(dln_strbuf_text(&out), expected);
    dln_strbuf_release(&out);
}

static void colours_and_overwritten_text_are_left_out(void **state)
{
    (void)state;
    assert_clean("plain\n", "plain");
    assert_clean("\033[1;31mred\033[0m end\r\n", "red end");
    assert_clean("  10 %\r  50 %\r 100 %\n", " 100 %");
    assert_clean("\033]0;title\007after", "after");
    assert_clean("\033]8;;http://x\033\\link", "link");
    assert_clean("a\tb", "a    b");
    assert_clean("broken \033[", "broken ");
    assert_clean("\033", "");
}

/* Rows of the drawn rectangle, as one text. */
static void draw(struct log_view *log, const char *text, uint64_t revision, char *out, size_t cap)
{
    struct cells cells;
    assert_true(cells_init(&cells, 3, 10, GLYPHS_ASCII));
    cells_clear(&cells);
    assert_true(log_view_set(log, text, strlen(text), revision));
    log_view_draw(log, &cells, cells_all(&cells), text, strlen(text));
    size_t len = 0;
    for (int row = 0; row < 3; row++) {
        int last = -1;
        for (int col = 0; col < 10; col++) {
            if (cells.cell[row * 10 + col].code != ' ') last = col;
        }
        for (int col = 0; col <= last && len + 2 < cap; col++) {
            out[len++] = (char)cells.cell[row * 10 + col].code;
        }
        out[len++] = '|';
    }
    out[len] = '\0';
    cells_release(&cells);
}

static const char five[] = "one\ntwo\nthree\nfour\nfive\n";

static void it_follows_the_end_until_somebody_scrolls(void **state)
{
    (void)state;
    struct log_view log = {0};
    char seen[64];
    draw(&log, five, 1, seen, sizeof seen);
    assert_string_equal(seen, "three|four|five|");
    draw(&log, "one\ntwo\nthree\nfour\nfive\nsix\n", 2, seen, sizeof seen);
    assert_string_equal(seen, "four|five|six|");
    log_view_scroll(&log, -2);
    draw(&log, "one\ntwo\nthree\nfour\nfive\nsix\nseven\n", 3, seen, sizeof seen);
    assert_string_equal(seen, "two|three|four|");
    log_view_scroll(&log, 100);
    draw(&log, "one\ntwo\nthree\nfour\nfive\nsix\nseven\n", 3, seen, sizeof seen);
    assert_string_equal(seen, "five|six|seven|");
    log_view_go(&log, false);
    draw(&log, five, 4, seen, sizeof seen);
    assert_string_equal(seen, "one|two|three|");
    log_view_release(&log);
}

static void long_lines_are_cut_or_wrapped(void **state)
{
    (void)state;
    struct log_view log = {0};
    char seen[64];
    static const char text[] = "short\nalpha beta gamma\n";
    draw(&log, text, 1, seen, sizeof seen);
    assert_int_equal(strncmp(seen, "short|alpha be", 14), 0);
    log.left = 6;
    draw(&log, text, 1, seen, sizeof seen);
    assert_string_equal(seen, "|beta gamma||");
    log.left = 0;
    log.is_wrapped = true;
    draw(&log, text, 1, seen, sizeof seen);
    assert_string_equal(seen, "short|alpha beta|gamma|");
    log_view_release(&log);
}

static void searching_goes_round_in_both_directions(void **state)
{
    (void)state;
    struct log_view log = {0};
    char seen[64];
    draw(&log, five, 1, seen, sizeof seen);
    (void)snprintf(log.needle, sizeof log.needle, "F");
    log_view_go(&log, false);
    assert_true(log_view_find(&log, five, strlen(five), 1));
    assert_int_equal(log.found, 4);
    assert_true(log_view_find(&log, five, strlen(five), 1));
    assert_int_equal(log.found, 5);
    assert_true(log_view_find(&log, five, strlen(five), 1));
    assert_int_equal(log.found, 4);
    assert_true(log_view_find(&log, five, strlen(five), -1));
    assert_int_equal(log.found, 5);
    (void)snprintf(log.needle, sizeof log.needle, "six");
    assert_false(log_view_find(&log, five, strlen(five), 1));
    log_view_release(&log);
}

static void an_empty_log_is_harmless(void **state)
{
    (void)state;
    struct log_view log = {0};
    char seen[64];
    draw(&log, "", 1, seen, sizeof seen);
    assert_string_equal(seen, "|||");
    log_view_scroll(&log, 3);
    log_view_scroll(&log, -3);
    assert_false(log_view_find(&log, "", 0, 1));
    log_view_release(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colours_and_overwritten_text_are_left_out),
        cmocka_unit_test(it_follows_the_end_until_somebody_scrolls),
        cmocka_unit_test(long_lines_are_cut_or_wrapped),
        cmocka_unit_test(searching_goes_round_in_both_directions),
        cmocka_unit_test(an_empty_log_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
