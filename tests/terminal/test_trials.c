/* The table of all trials: filtered, sorted, marked, its columns chosen, on the real program. */
#include "support/test.h"

#include "support/desk.h"
#include "support/outside.h"

enum { QUIET_MS = 250 };

static screen *open_trials(struct desk *desk, int rows, int cols, const char *locale)
{
    const char *const words[] = {"attach", scratch_path(desk->folder, "a.db"), NULL};
    screen *s = desk_start(desk, rows, cols, "xterm-256color", locale, words);
    screen_wait(s, "#159", DESK_WAIT_MS);
    screen_keys(s, "2");
    screen_wait(s, "Trials]", DESK_WAIT_MS);
    return s;
}

static void open_desk(struct desk *desk)
{
    desk_open(desk);
    desk_fixture(desk, "a.db", "cifar10-resnet", 160);
}

static void leave(screen *s)
{
    screen_keys(s, "q");
    screen_wait_gone(s, "Trials]", DESK_WAIT_MS);
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_assert_clean(s);
    screen_close(s);
}

static void match(screen *s, const char *text, const char *name, const char *suffix)
{
    char golden[64];
    (void)snprintf(golden, sizeof golden, "%s-%s", name, suffix);
    screen_wait(s, text, DESK_WAIT_MS);
    assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
    screen_match(s, golden);
}

static void the_table_at_five_sizes_and_in_ascii(void **state)
{
    (void)state;
    static const struct {
        int rows, cols;
        const char *locale, *suffix;
    } sizes[] = {
        {16, 60, "C.UTF-8", "60x16"},   {24, 80, "C.UTF-8", "80x24"},
        {24, 80, "C", "80x24-ascii"},   {30, 120, "C.UTF-8", "120x30"},
        {45, 160, "C.UTF-8", "160x45"}, {50, 200, "C.UTF-8", "200x50"},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct desk desk;
        open_desk(&desk);
        screen *s = open_trials(&desk, sizes[i].rows, sizes[i].cols, sizes[i].locale);
        screen_keys(s, "  f");
        screen_wait(s, "Filter:", DESK_WAIT_MS);
        screen_keys(s, "state:ok and optimizer == adamw and lr > 1e-4");
        match(s, " of 160", "trials-typing", sizes[i].suffix);
        screen_keys(s, SCREEN_ENTER);
        match(s, "2 marked", "trials", sizes[i].suffix);
        if (sizes[i].rows <= 24) {
            screen_keys(s, "c");
            match(s, "Columns", "trials-columns", sizes[i].suffix);
            screen_keys(s, SCREEN_ESC);
            screen_wait_gone(s, "Columns", DESK_WAIT_MS);
            screen_keys(s, "s");
            match(s, "a second key", "trials-sort", sizes[i].suffix);
            screen_keys(s, SCREEN_ESC);
            screen_wait_gone(s, "a second key", DESK_WAIT_MS);
        }
        leave(s);
        desk_close(&desk);
    }
}

static void a_filter_says_what_is_wrong_and_escape_brings_the_old_one(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk);
    screen *s = open_trials(&desk, 24, 80, "C.UTF-8");
    screen_keys(s, "f");
    screen_wait(s, "Filter:", DESK_WAIT_MS);
    screen_keys(s, "#40..60" SCREEN_ENTER);
    screen_wait(s, "21 of 160", DESK_WAIT_MS);
    screen_keys(s, "f");
    screen_wait(s, "Tab complete", DESK_WAIT_MS);
    screen_keys(s, " and lrr > 1");
    screen_wait(s, "did you mean 'lr'", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ESC);
    screen_wait(s, "Filter: #40..60", DESK_WAIT_MS);
    screen_wait(s, "21 of 160", DESK_WAIT_MS);
    /* saved under a name, it can be a part of another one */
    screen_keys(s, "f");
    screen_wait(s, "Tab complete", DESK_WAIT_MS);
    screen_keys(s, "\025:save-filter some" SCREEN_ENTER);
    screen_wait(s, "@some means: #40..60", DESK_WAIT_MS);
    screen_keys(s, "f");
    screen_wait(s, "Tab complete", DESK_WAIT_MS);
    screen_keys(s, "\025@so\t and #41" SCREEN_ENTER);
    screen_wait(s, "1 of 160", DESK_WAIT_MS);
    leave(s);
    /* the table is as it was left; the plots have the same filter */
    s = open_trials(&desk, 24, 80, "C.UTF-8");
    screen_wait(s, "1 of 160", DESK_WAIT_MS);
    screen_keys(s, "3");
    screen_wait(s, "1 of 160 · @some", DESK_WAIT_MS);
    screen_keys(s, "2");
    screen_wait(s, "2Trials]", DESK_WAIT_MS);
    leave(s);
    desk_close(&desk);
}

static void marked_trials_are_tagged_and_found_by_their_tag(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk);
    screen *s = open_trials(&desk, 24, 120, "C.UTF-8");
    screen_keys(s, "  ");
    screen_wait(s, "2 marked", DESK_WAIT_MS);
    screen_keys(s, "a");
    screen_wait(s, "Act on 2 marked trials", DESK_WAIT_MS);
    screen_keys(s, "t");
    screen_wait(s, "Tag 2 trials", DESK_WAIT_MS);
    screen_keys(s, "paper" SCREEN_ENTER);
    screen_wait(s, "Tag 2 trials: paper", DESK_WAIT_MS);
    screen_wait(s, "TAGS", DESK_WAIT_MS);
    screen_keys(s, "f");
    screen_wait(s, "Filter:", DESK_WAIT_MS);
    screen_keys(s, "tag:paper" SCREEN_ENTER);
    screen_wait(s, "2 of 160", DESK_WAIT_MS);
    screen_keys(s, "m");
    screen_wait(s, "Note on #", DESK_WAIT_MS);
    screen_keys(s, "cosine" SCREEN_ENTER);
    screen_wait(s, ": cosine", DESK_WAIT_MS);
    screen_keys(s, "f");
    screen_wait(s, "Filter:", DESK_WAIT_MS);
    screen_keys(s, " and note:cos" SCREEN_ENTER);
    screen_wait(s, "1 of 160", DESK_WAIT_MS);
    leave(s);
    desk_close(&desk);
}

/* optuna-dashboard leaves no command in the journal, only rows */
static void a_note_from_elsewhere_is_found_while_the_screen_is_open(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk);
    screen *s = open_trials(&desk, 24, 80, "C.UTF-8");
    screen_keys(s, "f");
    screen_wait(s, "Filter:", DESK_WAIT_MS);
    screen_keys(s, "note:colleague" SCREEN_ENTER);
    screen_wait(s, "0 of 160", DESK_WAIT_MS);
    outside_run(scratch_path(desk.folder, "a.db"),
                "INSERT INTO study_system_attributes (study_id, key, value_json) VALUES"
                " (1, 'dashboard:7:note_ver', '1'),"
                " (1, 'dashboard:7:note_str:0', '\"from a colleague\"');");
    screen_wait(s, "1 of 160", DESK_WAIT_MS);
    leave(s);
    desk_close(&desk);
}

static void any_column_sorts_and_is_found_in(void **state)
{
    (void)state;
    struct desk desk;
    open_desk(&desk);
    screen *s = open_trials(&desk, 24, 80, "C.UTF-8");
    screen_wait(s, "▸★ #112", DESK_WAIT_MS);
    screen_keys(s, "s");
    screen_wait(s, "newest first", DESK_WAIT_MS);
    screen_keys(s, "n");
    screen_wait(s, "▸ #159", DESK_WAIT_MS);
    screen_keys(s, "S");
    screen_wait(s, "▸ #159", DESK_WAIT_MS);
    screen_keys(s, "g");
    screen_wait(s, "▸ #0 ", DESK_WAIT_MS);
    screen_keys(s, "/");
    screen_wait(s, "Find:", DESK_WAIT_MS);
    screen_keys(s, "rank == 2" SCREEN_ENTER);
    screen_wait_gone(s, "▸ #0 ", DESK_WAIT_MS);
    screen_keys(s, "/");
    screen_wait(s, "Find:", DESK_WAIT_MS);
    screen_keys(s, "112" SCREEN_ENTER);
    screen_wait(s, "#112 ", DESK_WAIT_MS);
    leave(s);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_at_five_sizes_and_in_ascii),
        cmocka_unit_test(a_filter_says_what_is_wrong_and_escape_brings_the_old_one),
        cmocka_unit_test(marked_trials_are_tagged_and_found_by_their_tag),
        cmocka_unit_test(a_note_from_elsewhere_is_found_while_the_screen_is_open),
        cmocka_unit_test(any_column_sorts_and_is_found_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
