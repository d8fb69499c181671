/*
 * What frames cost on the line: the study is the same each time, so are the bytes, up to the digits
 * of a clock. Limits are those of slow lines: a first frame of 80x24 takes three seconds at 9,600
 * baud, a step of the cursor a third of one. bench_screen measures the same, and times.
 */
#include "support/test.h"

#include "support/desk.h"
#include "support/fixture.h"

enum { TRIALS = 12000, QUIET_MS = 250 };

struct size {
    int cols, rows;
    size_t first_frame, cursor_down, page_down, other_plot, repaint;
};

static const struct size sizes[] = {
    {80, 24, 3000, 300, 1600, 2500, 5000},
    {160, 45, 7000, 450, 3000, 6000, 18000},
    {200, 50, 9000, 500, 3500, 8000, 24000},
};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

/* One file for all tests: it is only looked at. */
static struct desk desk;

static int make_study(void **state)
{
    (void)state;
    desk_open(&desk);
    struct dln_error err = {0};
    /* as bench_fixture makes it for bench_screen, with fewer trials */
    assert_ok(fixture_study(scratch_path(desk.folder, "cv.db"), "bench", TRIALS, 6, 10, 1, &err),
              err);
    return 0;
}

static int remove_study(void **state)
{
    (void)state;
    desk_close(&desk);
    return 0;
}

static screen *open_at(const struct size *size)
{
    const char *const words[] = {scratch_path(desk.folder, "cv.db"), NULL};
    screen *s = desk_start(&desk, size->rows, size->cols, "xterm-256color", "C.UTF-8", words);
    screen_wait(s, "#11999", DESK_WAIT_MS);
    screen_wait(s, "? help", DESK_WAIT_MS); /* the last row of a frame */
    return s;
}

/* With all trials read, and nothing on its way any more. */
static screen *open_loaded_at(const struct size *size)
{
    screen *s = open_at(size);
    screen_wait_gone(s, "loading", DESK_WAIT_MS);
    assert_true(screen_settle(s, 1500, DESK_WAIT_MS)); /* news come once a second */
    return s;
}

static void leave(screen *s)
{
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_close(s);
}

static bool has_more(screen *s, const void *context)
{
    return screen_bytes(s) > *(const size_t *)context;
}

/* Bytes of the frame that a key brings. */
static size_t bytes_of(screen *s, const char *key)
{
    const size_t before = screen_bytes(s);
    screen_keys(s, key);
    screen_wait_until(s, has_more, &before, "a frame", DESK_WAIT_MS);
    assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
    return screen_bytes(s) - before;
}

static int compare(const void *a, const void *b)
{
    const size_t x = *(const size_t *)a;
    const size_t y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* The lower quartile of some frames: rows differ, and on a slow machine what is asked in the
   background comes in a frame of its own. */
static size_t typical_of(screen *s, const char *key)
{
    enum { PRESSES = 7 };
    size_t bytes[PRESSES];
    for (size_t i = 0; i < PRESSES; i++)
        bytes[i] = bytes_of(s, key);
    qsort(bytes, PRESSES, sizeof *bytes, compare);
    return bytes[PRESSES / 4];
}

static void the_first_frame_of_a_large_study_is_short(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        screen *s = open_at(&sizes[i]);
        assert_in_range(screen_bytes(s), 1000, sizes[i].first_frame);
        leave(s);
    }
}

static void moving_costs_the_rows_that_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        screen *s = open_loaded_at(&sizes[i]);
        assert_in_range(typical_of(s, "j"), 1, sizes[i].cursor_down);
        assert_in_range(typical_of(s, SCREEN_PAGE_DOWN), 1, sizes[i].page_down);
        leave(s);
    }
}

static void another_plot_costs_the_plot(void **state)
{
    (void)state;
    screen *s = open_loaded_at(&sizes[0]); /* wider ones show both */
    assert_in_range(typical_of(s, "]"), 1, sizes[0].other_plot);
    leave(s);
}

/* Other texts and settings come with it: as much as another plot at most. */
static void another_strategy_costs_its_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        screen *s = open_loaded_at(&sizes[i]);
        assert_in_range(bytes_of(s, "5"), 500, sizes[i].repaint);
        screen_wait(s, "now", DESK_WAIT_MS);
        assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
        screen_keys(s, "g");
        assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
        assert_in_range(typical_of(s, "j"), 1, sizes[i].other_plot);
        screen_keys(s, "1");
        screen_wait(s, "TRIAL", DESK_WAIT_MS);
        leave(s);
    }
}

static void painting_again_sends_the_screen_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        screen *s = open_loaded_at(&sizes[i]);
        assert_in_range(typical_of(s, "\f"), 1000, sizes[i].repaint);
        leave(s);
    }
}

static void a_key_that_changes_nothing_sends_nothing(void **state)
{
    (void)state;
    screen *s = open_loaded_at(&sizes[0]);
    const size_t before = screen_bytes(s);
    screen_keys(s, "kk"); /* on the first row already */
    assert_true(bytes_of(s, "j") > 0);
    assert_in_range(screen_bytes(s) - before, 1, sizes[0].cursor_down);
    leave(s);
}

static void at_rest_the_line_is_quiet(void **state)
{
    (void)state;
    for (size_t i = 0; i < SIZES; i++) {
        screen *s = open_loaded_at(&sizes[i]);
        const size_t before = screen_bytes(s);
        assert_true(screen_settle(s, 2000, DESK_WAIT_MS));
        assert_int_equal(screen_bytes(s), before);
        leave(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_frame_of_a_large_study_is_short),
        cmocka_unit_test(moving_costs_the_rows_that_change),
        cmocka_unit_test(another_plot_costs_the_plot),
        cmocka_unit_test(another_strategy_costs_its_text),
        cmocka_unit_test(painting_again_sends_the_screen_once),
        cmocka_unit_test(a_key_that_changes_nothing_sends_nothing),
        cmocka_unit_test(at_rest_the_line_is_quiet),
    };
    return cmocka_run_group_tests(tests, make_study, remove_study);
}
