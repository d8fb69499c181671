/* The palette: found, completed, planned, run, recalled; and that a paste runs nothing. */
#include "support/test.h"

#include "dialin/store.h"
#include "support/desk.h"

static screen *open_gated(struct desk *desk)
{
    desk_open(desk);
    desk_write(desk, 8, 2);
    screen *s = desk_dialin(desk, "run", desk->study);
    screen_wait(s, "RUN 2/2", DESK_WAIT_MS);
    return s;
}

static void close_gated(struct desk *desk, screen *s)
{
    screen_keys(s, "q");
    screen_wait(s, "Leave dialin", DESK_WAIT_MS);
    screen_keys(s, "s");
    assert_int_not_equal(screen_exit(s, DESK_WAIT_MS), -1);
    screen_close(s);
    desk_wait_engine_gone(desk);
    desk_close(desk);
}

static void a_command_says_its_effect_and_is_run_by_enter(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_gated(&desk);
    screen_keys(s, ":paral");
    screen_wait(s, "how many at a time", DESK_WAIT_MS);
    screen_keys(s, SCREEN_TAB "3");
    screen_wait(s, "3 trials at a time (now 2)", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "RUN 3/3", DESK_WAIT_MS);

    /* what is wrong is said before Enter, and Enter then changes nothing */
    screen_keys(s, ":parallel 0");
    screen_wait(s, "a whole number, now 3", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER SCREEN_ESC);
    screen_wait_gone(s, "a whole number, now 3", DESK_WAIT_MS);

    /* the same by the journal: it can be undone */
    screen_keys(s, "u");
    screen_wait(s, "RUN 3/2", DESK_WAIT_MS);
    close_gated(&desk, s);
}

static void history_comes_back_with_the_arrow(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_gated(&desk);
    screen_keys(s, ":parallel 3" SCREEN_ENTER);
    screen_wait(s, "RUN 3/3", DESK_WAIT_MS);
    screen_keys(s, ":");
    screen_wait(s, "Tab completes", DESK_WAIT_MS);
    screen_keys(s, "\x1b[A");
    screen_wait(s, "3 trials at a time (now 3)", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "Tab completes", DESK_WAIT_MS);
    close_gated(&desk, s);
}

static void a_key_of_the_screen_is_found_by_its_words(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_gated(&desk);
    screen_keys(s, "?");
    screen_wait(s, "type to search", DESK_WAIT_MS);
    screen_keys(s, "what was done");
    screen_wait(s, "the same as the key 8", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "[8Journal]", DESK_WAIT_MS);
    screen_keys(s, "1");
    screen_wait(s, "[1Live]", DESK_WAIT_MS);
    close_gated(&desk, s);
}

static void a_paste_is_inserted_and_never_run(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_gated(&desk);
    screen_keys(s, ":");
    screen_wait(s, "Tab completes", DESK_WAIT_MS);
    screen_keys(s, "\x1b[200~parallel 4\r\x1b[201~");
    screen_wait(s, "4 trials at a time (now 2)", DESK_WAIT_MS); /* is still a question */
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "Tab completes", DESK_WAIT_MS);
    screen_keys(s, "\x1b[200~p\r\x1b[201~"); /* on the screen itself it does nothing */
    screen_keys(s, ":");
    screen_wait(s, "Tab completes", DESK_WAIT_MS);
    screen_wait(s, "RUN 2/2", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "Tab completes", DESK_WAIT_MS);
    close_gated(&desk, s);
}

/* The colours of the screen change while one looks for them, and come back with Esc. */
static void a_theme_is_seen_before_it_is_taken(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_gated(&desk);
    screen_keys(s, ":theme contr");
    screen_wait(s, "theme contrast", DESK_WAIT_MS);
    screen_keys(s, SCREEN_TAB);
    screen_keys(s, "\x1b[B");
    screen_wait(s, "contrast, as you see it now", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait_gone(s, "Tab completes", DESK_WAIT_MS);
    screen_keys(s, ":theme nothing");
    screen_wait(s, "no theme 'nothing'", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "Tab completes", DESK_WAIT_MS);
    close_gated(&desk, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_says_its_effect_and_is_run_by_enter),
        cmocka_unit_test(history_comes_back_with_the_arrow),
        cmocka_unit_test(a_key_of_the_screen_is_found_by_its_words),
        cmocka_unit_test(a_paste_is_inserted_and_never_run),
        cmocka_unit_test(a_theme_is_seen_before_it_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
