/* The live screen and one trial of it, as a person sees them. */
#include "support/test.h"

#include <poll.h>

#include "support/desk.h"

enum { QUIET_MS = 250 }; /* without output: the last frame has come */

static screen *open_fixture(struct desk *desk, int rows, int cols, const char *term,
                            const char *locale)
{
    desk_open(desk);
    desk_fixture(desk, "cv.db", "cifar10-resnet", 160);
    const char *const words[] = {scratch_path(desk->folder, "cv.db"), NULL};
    screen *s = desk_start(desk, rows, cols, term, locale, words);
    screen_wait(s, "#159", DESK_WAIT_MS);
    screen_wait(s, "? help", DESK_WAIT_MS); /* the last row of a frame */
    return s;
}

static void leave(struct desk *desk, screen *s)
{
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_assert_clean(s);
    screen_close(s);
    desk_close(desk);
}

static void a_finished_study_fills_every_size(void **state)
{
    (void)state;
    static const struct {
        int rows, cols;
        const char *locale, *golden;
    } sizes[] = {
        {16, 60, "C.UTF-8", "live-60x16"},
        {24, 80, "C.UTF-8", "live-80x24"},
        {24, 80, "C", "live-80x24-ascii"},
        {30, 120, "C.UTF-8", "live-120x30"},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct desk desk;
        screen *s =
            open_fixture(&desk, sizes[i].rows, sizes[i].cols, "xterm-256color", sizes[i].locale);
        if (sizes[i].rows >= 30) screen_wait(s, "density ratio", DESK_WAIT_MS);
        assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
        screen_match(s, sizes[i].golden);
        leave(&desk, s);
    }
}

static void wide_screens_have_all_panes(void **state)
{
    (void)state;
    static const int sizes[][2] = {{45, 160}, {50, 200}};
    for (size_t i = 0; i < 2; i++) {
        struct desk desk;
        screen *s = open_fixture(&desk, sizes[i][0], sizes[i][1], "xterm-256color", "C.UTF-8");
        static const char *const panes[] = {"Best so far", "Learning curves", "Workers", "Journal",
                                            "Enter opens the trial"};
        for (size_t k = 0; k < 5; k++)
            screen_wait(s, panes[k], DESK_WAIT_MS);
        leave(&desk, s);
    }
}

static void a_small_terminal_hears_the_truth_and_grows(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_fixture(&desk, "cv.db", "cifar10-resnet", 160);
    const char *const words[] = {scratch_path(desk.folder, "cv.db"), NULL};
    screen *s = desk_start(&desk, 12, 52, "xterm-256color", "C.UTF-8", words);
    screen_wait(s, "52x12 is small", DESK_WAIT_MS);
    screen_wait(s, "Needs 60x16", DESK_WAIT_MS);
    screen_resize(s, 24, 80);
    screen_wait(s, "#159", DESK_WAIT_MS);
    screen_resize(s, 1, 1);
    screen_resize(s, 16, 60);
    screen_wait(s, "[1Live] 0 2", DESK_WAIT_MS);
    leave(&desk, s);
}

static void every_terminal_shows_the_same_and_is_given_back(void **state)
{
    (void)state;
    static const struct {
        const char *term, *locale, *golden;
    } terms[] = {
        {"screen-256color", "C.UTF-8", "live-80x24"}, {"tmux-256color", "C.UTF-8", "live-80x24"},
        {"screen", "C.UTF-8", "live-80x24"},          {"xterm", "C", "live-80x24-ascii"},
        {"linux", "C.UTF-8", "live-80x24-ascii"},     {"vt100", "C.UTF-8", "live-80x24-ascii"},
        {"vt220", "C", "live-80x24-ascii"},
    };
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        struct desk desk;
        screen *s = open_fixture(&desk, 24, 80, terms[i].term, terms[i].locale);
        assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
        screen_match(s, terms[i].golden);
        screen_keys(s, "j");
        screen_wait(s, "#158", DESK_WAIT_MS);
        leave(&desk, s);
    }
}

/* It says that it wraps at once after the last column, and no emulator does. */
static void on_ansi_the_last_column_stays_empty(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_fixture(&desk, 24, 81, "ansi", "C.UTF-8");
    assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
    screen_match(s, "live-80x24-ascii"); /* what 80 columns look like, one is left alone */
    screen_keys(s, "jG\014");
    screen_wait(s, "> #0 ", DESK_WAIT_MS);
    screen_keys(s, "g");
    screen_wait(s, "> #159", DESK_WAIT_MS);
    assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
    screen_match(s, "live-80x24-ascii");
    leave(&desk, s);
}

static void a_terminal_that_cannot_show_a_screen_is_told_why(void **state)
{
    (void)state;
    static const char *const terms[][2] = {
        {"dumb", "a terminal of the type 'dumb' has no screen"},
        {"nonesuch", "TERM 'nonesuch' is unknown here; TERM=xterm-256color fits most"},
    };
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        struct desk desk;
        desk_open(&desk);
        desk_fixture(&desk, "cv.db", "cifar10-resnet", 30);
        const char *const study[] = {"view", scratch_path(desk.folder, "cv.db"), NULL};
        screen *s = desk_start(&desk, 24, 100, terms[i][0], "C.UTF-8", study);
        screen_wait(s, terms[i][1], DESK_WAIT_MS);
        screen_wait(s, "one line an event follows instead of the screen", DESK_WAIT_MS);
        screen_wait(s, "30 of 30 trials", DESK_WAIT_MS);
        screen_close(s);
        const char *const home[] = {desk.folder, NULL};
        s = desk_start(&desk, 24, 100, terms[i][0], "C.UTF-8", home);
        screen_wait(s, "`dialin ls` lists studies without a screen", DESK_WAIT_MS);
        assert_int_equal(screen_exit(s, DESK_WAIT_MS), 2);
        screen_close(s);
        desk_close(&desk);
    }
}

/* Row of the screen that has the cursor's mark. */
static const char *cursor_row(screen *s)
{
    for (int row = 3; row < 14; row++) {
        const char *text = screen_row(s, row);
        if (strstr(text, "▸")) return text;
    }
    return "";
}

static bool is_at(screen *s, const void *context)
{
    return strstr(cursor_row(s), context) != NULL;
}

static void wait_at(screen *s, const char *trial)
{
    screen_wait_until(s, is_at, trial, trial, DESK_WAIT_MS);
}

static void letters_move_find_and_sort(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_fixture(&desk, 24, 80, "xterm-256color", "C.UTF-8");
    wait_at(s, "#159");
    screen_keys(s, "jj");
    wait_at(s, "#157");
    screen_keys(s, SCREEN_UP);
    wait_at(s, "#158");
    screen_keys(s, "G");
    wait_at(s, "#0 ");
    screen_keys(s, "g");
    wait_at(s, "#159");
    screen_keys(s, "/42" SCREEN_ENTER);
    wait_at(s, "#42 ");
    screen_keys(s, "/err" SCREEN_ENTER);
    wait_at(s, "err");
    screen_keys(s, "/nothing" SCREEN_ENTER);
    screen_wait(s, "No trial is 'nothing'", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "No trial is 'nothing'", DESK_WAIT_MS);
    screen_keys(s, "s");
    screen_wait(s, "value, best first", DESK_WAIT_MS);
    screen_keys(s, "v");
    wait_at(s, "★");
    screen_keys(s, "S");
    screen_wait_gone(s, "value, best first", DESK_WAIT_MS);
    screen_keys(s, "x");
    screen_wait(s, "'x' does nothing here; ? lists the keys", DESK_WAIT_MS);
    leave(&desk, s);
}

static void enter_opens_a_trial_and_q_comes_back(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_fixture(&desk, 24, 80, "xterm-256color", "C.UTF-8");
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "Parameters", DESK_WAIT_MS);
    screen_wait(s, "density ratio", DESK_WAIT_MS);
    assert_true(screen_shows(s, "loss by step"));
    assert_true(screen_shows(s, "#159"));
    screen_keys(s, "j");
    screen_wait(s, "#158", DESK_WAIT_MS);
    screen_keys(s, "q");
    wait_at(s, "#158");
    leave(&desk, s);
}

static void help_lists_what_works_here(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_fixture(&desk, 24, 80, "xterm-256color", "C.UTF-8");
    screen_keys(s, "?");
    screen_wait(s, "STEER THE STUDY", DESK_WAIT_MS);
    assert_true(screen_shows(s, "enqueue a copy"));
    assert_true(screen_shows(s, "DONE")); /* the status row stays to be seen */
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "STEER THE STUDY", DESK_WAIT_MS);
    leave(&desk, s);
}

/* Waits until nothing has come for a while, then counts what one key brings. */
static size_t bytes_of(screen *s, const char *key, const char *until)
{
    const size_t before = screen_bytes(s);
    screen_keys(s, key);
    wait_at(s, until);
    return screen_bytes(s) - before;
}

static void a_key_costs_few_bytes(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_fixture(&desk, 24, 80, "xterm-256color", "C.UTF-8");
    wait_at(s, "#159");
    (void)bytes_of(s, "j", "#158"); /* what the first frames still had to say is over now */
    assert_in_range(bytes_of(s, "j", "#157"), 1, 300);
    assert_in_range(bytes_of(s, "k", "#158"), 1, 300);
    leave(&desk, s);
}

/* Time that must pass without anything: nothing else can show that nothing happens. */
static void at_rest_nothing_is_written(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_fixture(&desk, 24, 80, "xterm-256color", "C.UTF-8");
    (void)poll(NULL, 0, 1500); /* the last frames after opening */
    const size_t before = screen_bytes(s);
    (void)poll(NULL, 0, 2500);
    assert_int_equal(screen_bytes(s), before);
    leave(&desk, s);
}

static void viewing_only_refuses_with_a_reason(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_fixture(&desk, "cv.db", "cifar10-resnet", 160);
    screen *s = desk_dialin(&desk, "view", scratch_path(desk.folder, "cv.db"));
    screen_wait(s, "#159", DESK_WAIT_MS);
    assert_true(screen_shows(s, "RO"));
    screen_keys(s, "R");
    screen_wait(s, "Read only", DESK_WAIT_MS);
    leave(&desk, s);
}

static void p_starts_steers_and_stops_a_study(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_write(&desk, 4, 2);
    screen *s = desk_dialin(&desk, desk.study, NULL);
    screen_wait(s, "No trial yet. p starts.", DESK_WAIT_MS);
    assert_true(screen_shows(s, "sh trial.sh"));
    screen_keys(s, "p");
    screen_wait(s, "RUN 2/2", DESK_WAIT_MS);
    screen_wait(s, "#1 ", DESK_WAIT_MS);

    /* A paste is text, never commands. */
    screen_keys(s, "\033[200~Xy\033[201~");
    screen_keys(s, "p");
    screen_wait(s, "PAUSE", DESK_WAIT_MS);
    assert_false(screen_shows(s, "Confirm"));
    screen *second = desk_dialin(&desk, "attach", desk.db);
    screen_wait(second, "Paused by ", DESK_WAIT_MS); /* whoever comes later is told */
    screen_wait(second, ". p resumes", DESK_WAIT_MS);
    screen_keys(second, "q");
    assert_int_equal(screen_exit(second, DESK_WAIT_MS), 0);
    screen_close(second);
    screen_keys(s, "+");
    screen_wait(s, "PAUSE 2/3", DESK_WAIT_MS);
    screen_keys(s, "B\0259" SCREEN_ENTER);
    screen_wait(s, "0/9", DESK_WAIT_MS);

    screen_keys(s, "X");
    screen_wait(s, "keep running", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "keep running", DESK_WAIT_MS);
    assert_false(screen_shows(s, "err"));
    screen_keys(s, "X");
    screen_wait(s, "Stop #0?", DESK_WAIT_MS);
    desk_press_until_gone(s, "y", "Stop #0?");
    screen_wait(s, "err", DESK_WAIT_MS);

    screen_keys(s, "e");
    screen_wait(s, "copy of #", DESK_WAIT_MS);
    screen_keys(s, "0.5" SCREEN_ENTER);
    screen_wait(s, "1 of 2 changed", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "wait", DESK_WAIT_MS);

    screen_keys(s, "8");
    screen_wait(s, "parallel 2 → 3", DESK_WAIT_MS);
    screen_keys(s, "q");
    screen_wait(s, "TRIAL", DESK_WAIT_MS);
    screen_keys(s, "q");
    screen_wait(s, "Leave dialin", DESK_WAIT_MS);
    screen_keys(s, "s");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_assert_clean(s);
    screen_close(s);
    desk_close(&desk);
}

static void the_log_of_a_trial_is_followed_and_searched(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_write(&desk, 1, 1);
    screen *s = desk_dialin(&desk, "run", desk.study);
    screen_wait(s, "run", DESK_WAIT_MS);
    screen_wait(s, "#0 ", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "trial of 0.", DESK_WAIT_MS);
    screen_wait(s, "loss=0.", DESK_WAIT_MS);
    screen_keys(s, "/TRIAL" SCREEN_ENTER);
    screen_wait(s, "line 1", DESK_WAIT_MS);
    desk_open_gate(&desk);
    screen_wait(s, "complete", DESK_WAIT_MS);
    screen_keys(s, "q");
    screen_wait(s, "DONE", DESK_WAIT_MS);
    leave(&desk, s);
}

static void on_a_slow_line_running_trials_say_minutes_and_have_no_curve(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_write(&desk, 1, 1);
    const char *const words[] = {"run", "--slow", desk.study, NULL};
    screen *s = desk_start(&desk, 24, 80, "xterm-256color", "C.UTF-8", words);
    screen_wait(s, "RUN 1/1", DESK_WAIT_MS);
    screen_wait(s, "up 0m", DESK_WAIT_MS);
    screen_wait(s, "   0m", DESK_WAIT_MS); /* of the trial */
    assert_int_equal(screen_escapes(s)->n_titles, 0);
    desk_open_gate(&desk);
    screen_wait(s, "DONE", DESK_WAIT_MS);
    leave(&desk, s);
}

/* Time that must pass unread: nothing else makes a line slow. */
static void a_line_that_stalls_becomes_slow_and_says_so(void **state)
{
    (void)state;
    enum { FULL = 40 }; /* frames; a few of them fill what the kernel keeps for a terminal */
    struct desk desk;
    screen *s = open_fixture(&desk, 50, 200, "xterm-256color", "C.UTF-8");
    screen_wait(s, "density ratio", DESK_WAIT_MS);
    for (int i = 0; i < FULL; i++) {
        screen_keys(s, "\f");
        (void)poll(NULL, 0, 100);
    }
    screen_wait(s, "The line is slow: news come every 5 s", DESK_WAIT_MS);
    leave(&desk, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finished_study_fills_every_size),
        cmocka_unit_test(wide_screens_have_all_panes),
        cmocka_unit_test(a_small_terminal_hears_the_truth_and_grows),
        cmocka_unit_test(every_terminal_shows_the_same_and_is_given_back),
        cmocka_unit_test(on_ansi_the_last_column_stays_empty),
        cmocka_unit_test(a_terminal_that_cannot_show_a_screen_is_told_why),
        cmocka_unit_test(letters_move_find_and_sort),
        cmocka_unit_test(enter_opens_a_trial_and_q_comes_back),
        cmocka_unit_test(help_lists_what_works_here),
        cmocka_unit_test(a_key_costs_few_bytes),
        cmocka_unit_test(at_rest_nothing_is_written),
        cmocka_unit_test(viewing_only_refuses_with_a_reason),
        cmocka_unit_test(p_starts_steers_and_stops_a_study),
        cmocka_unit_test(on_a_slow_line_running_trials_say_minutes_and_have_no_curve),
        cmocka_unit_test(a_line_that_stalls_becomes_slow_and_says_so),
        cmocka_unit_test(the_log_of_a_trial_is_followed_and_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
