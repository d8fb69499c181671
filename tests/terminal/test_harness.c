/* The harness itself, on small shell programs: a test that cannot see a fault finds none. */
#include "support/test.h"

#include <signal.h>

#include "support/screen.h"

static screen *shell(char *script)
{
    static char sh[] = "/bin/sh";
    static char dash_c[] = "-c";
    char *const argv[] = {sh, dash_c, script, NULL};
    return screen_open(6, 30, "xterm-256color", argv, NULL);
}

static void text_is_seen_where_it_stands(void **state)
{
    (void)state;
    char script[] = "printf 'one\\r\\n\\033[3;5Hthrée ● 漢字.'; read x";
    screen *s = shell(script);
    screen_wait(s, "漢字.", 10000);
    assert_string_equal(screen_row(s, 0), "one");
    assert_string_equal(screen_row(s, 1), "");
    assert_string_equal(screen_row(s, 2), "    thrée ● 漢字.");
    int row;
    int col;
    screen_cursor(s, &row, &col);
    assert_int_equal(row, 2);
    assert_int_equal(col, 4 + 8 + 4 + 1);
    assert_false(screen_shows(s, "two"));
    screen_close(s);
}

static void keys_arrive_and_the_status_comes_back(void **state)
{
    (void)state;
    char script[] = "read x; printf 'got %s.' \"$x\"; exit 7";
    screen *s = shell(script);
    screen_keys(s, "hello" SCREEN_ENTER);
    assert_int_equal(screen_exit(s, 10000), 7);
    assert_true(screen_shows(s, "got hello."));
    screen_assert_clean(s);
    screen_close(s);
}

static void goldens_hold_text_and_styles(void **state)
{
    (void)state;
    char script[] = "printf '\\033[1;34mblue\\033[0m \\033[7mback\\033[0m\\r\\n"
                    "  \\033[38;2;1;2;3;48;5;200mrgb\\033[0m.'; read x";
    screen *s = shell(script);
    screen_wait(s, "rgb.", 10000);
    screen_match(s, "harness-plain");
    screen_match_styled(s, "harness-styled");
    screen_close(s);
}

static void modes_titles_and_clipboard_are_recorded(void **state)
{
    (void)state;
    char script[] = "printf '\\033[?1049;25l\\033[?1049h\\033[?1000;1006h\\033=\\033[22;0t"
                    "\\033]2;a title\\007\\033]52;c;aGFsbG8=\\033\\\\ready'; read x;"
                    "printf '\\033[?1006l\\033[?1000l\\033>\\033[23;0t\\033[?1049l\\033[?25h'";
    screen *s = shell(script);
    screen_wait(s, "ready", 10000);
    const struct escapes *seen = screen_escapes(s);
    assert_true(escapes_mode(seen, 1049));
    assert_true(escapes_mode(seen, 1000));
    assert_true(escapes_mode(seen, 1006));
    assert_false(escapes_mode(seen, 25));
    assert_false(escapes_mode(seen, 2004));
    assert_true(escapes_mode(seen, 7));
    assert_int_equal(escapes_changes(seen, 1049), 2);
    assert_string_equal(seen->title, "a title");
    assert_int_equal(seen->n_clipboard, 1);
    assert_string_equal(seen->clipboard, "aGFsbG8=");
    char left[256];
    escapes_left(seen, left, sizeof left);
    assert_string_equal(left, "1049 on, 25 off, 1000 on, 1006 on, keypad on, title stack +1");
    screen_keys(s, SCREEN_ENTER);
    assert_int_equal(screen_exit(s, 10000), 0);
    screen_assert_clean(s);
    screen_close(s);
}

static void line_settings_that_stay_changed_are_noticed(void **state)
{
    (void)state;
    char script[] = "stty -echo -icanon; printf ready";
    screen *s = shell(script);
    assert_int_equal(screen_exit(s, 10000), 0);
    char left[256];
    screen_left(s, left, sizeof left);
    assert_int_equal(strncmp(left, "line settings", 13), 0);
    screen_close(s);
}

static void the_terminal_answers_questions(void **state)
{
    (void)state;
    char script[] =
        "stty -icanon -echo min 1; printf '\\033[6n'; "
        "x=$(dd bs=1 count=6 2>/dev/null | tr -d '\\033'); printf 'at %s.' \"$x\"; read x";
    screen *s = shell(script);
    screen_wait(s, "at [1;1R.", 10000);
    screen_close(s);
}

static bool has_grown(screen *s, const void *context)
{
    return screen_bytes(s) >= *(const size_t *)context;
}

static void bytes_are_counted(void **state)
{
    (void)state;
    char script[] = "stty -echo -onlcr; printf 'go'; read x; printf '0123456789'; read x";
    screen *s = shell(script);
    screen_wait(s, "go", 10000);
    const size_t before = screen_bytes(s);
    assert_int_equal(before, 2);
    screen_keys(s, SCREEN_ENTER);
    screen_wait_until(s, has_grown, &(size_t){before + 10}, "ten bytes", 10000);
    screen_close(s);
}

static void a_resize_reaches_the_program(void **state)
{
    (void)state;
    char script[] = "trap 'printf \"now \"; stty size' WINCH; printf ready; "
                    "while :; do read x && exit; done";
    screen *s = shell(script);
    screen_wait(s, "ready", 10000);
    screen_resize(s, 10, 44);
    screen_wait(s, "now 10 44", 10000);
    assert_string_equal(screen_row(s, 9), "");
    screen_close(s);
}

static void a_dropped_line_is_a_hang_up(void **state)
{
    (void)state;
    char script[] = "trap 'exit 9' HUP; printf ready; while :; do read x || exit 8; done";
    screen *s = shell(script);
    screen_wait(s, "ready", 10000);
    screen_close_master(s);
    const int status = screen_exit(s, 10000);
    assert_true(status == 9 || status == 8); /* the signal, or the end of its input */
    screen_close(s);
}

static void a_signal_shows_in_the_status(void **state)
{
    (void)state;
    char script[] = "printf ready; read x";
    screen *s = shell(script);
    screen_wait(s, "ready", 10000);
    screen_signal(s, SIGKILL);
    assert_int_equal(screen_exit(s, 10000), 128 + SIGKILL);
    screen_close(s);
}

static void the_environment_is_ours_and_can_be_changed(void **state)
{
    (void)state;
    static char sh[] = "/bin/sh";
    static char dash_c[] = "-c";
    static char script[] =
        "printf '%s,%s,%s,%s.' \"$TERM\" \"$LC_ALL\" \"${HOME-none}\" \"$EXTRA\"";
    static char no_home[] = "HOME";
    static char extra[] = "EXTRA=1";
    char *const argv[] = {sh, dash_c, script, NULL};
    char *const env[] = {no_home, extra, NULL};
    screen *s = screen_open(6, 40, "vt100", argv, env);
    assert_int_equal(screen_exit(s, 10000), 0);
    assert_string_equal(screen_row(s, 0), "vt100,C.UTF-8,none,1.");
    screen_close(s);
}

static void a_program_that_is_not_there_says_so(void **state)
{
    (void)state;
    static char missing[] = "/no/such/program";
    char *const argv[] = {missing, NULL};
    screen *s = screen_open(6, 60, "vt100", argv, NULL);
    assert_int_equal(screen_exit(s, 10000), 127);
    assert_true(screen_shows(s, "/no/such/program: No such file"));
    screen_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_seen_where_it_stands),
        cmocka_unit_test(keys_arrive_and_the_status_comes_back),
        cmocka_unit_test(goldens_hold_text_and_styles),
        cmocka_unit_test(modes_titles_and_clipboard_are_recorded),
        cmocka_unit_test(line_settings_that_stay_changed_are_noticed),
        cmocka_unit_test(the_terminal_answers_questions),
        cmocka_unit_test(bytes_are_counted),
        cmocka_unit_test(a_resize_reaches_the_program),
        cmocka_unit_test(a_dropped_line_is_a_hang_up),
        cmocka_unit_test(a_signal_shows_in_the_status),
        cmocka_unit_test(the_environment_is_ours_and_can_be_changed),
        cmocka_unit_test(a_program_that_is_not_there_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
