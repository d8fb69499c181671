/* A new trial turned by hand, what comes next, and the queue, on the real program. */
#include "support/desk.h"
#include "support/test.h"

enum { QUIET_MS = 400, TRIALS = 160 };

static screen *open_study(struct desk *desk, int rows, int cols, const char *locale, int trials,
                          bool is_read_only)
{
    desk_open(desk);
    desk_fixture(desk, "a.db", "cifar10-resnet", trials);
    const char *const path = scratch_path(desk->folder, "a.db");
    const char *const words[] = {is_read_only ? "view" : path, is_read_only ? path : NULL, NULL};
    screen *s = desk_start(desk, rows, cols, "xterm-256color", locale, words);
    char newest[16];
    (void)snprintf(newest, sizeof newest, "#%d", trials - 1);
    screen_wait(s, newest, DESK_WAIT_MS);
    return s;
}

/* From the dial: back to the table, and out. */
static void leave(struct desk *desk, screen *s)
{
    screen_keys(s, "q");
    screen_wait(s, "TRIAL STATE", DESK_WAIT_MS);
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_assert_clean(s);
    screen_close(s);
    desk_close(desk);
}

static void open_dial(screen *s)
{
    screen_keys(s, "e");
    screen_wait(s, "copy of #159", DESK_WAIT_MS);
    screen_wait(s, "explains", DESK_WAIT_MS);
}

static const struct {
    int rows, cols;
    const char *locale, *suffix;
} sizes[] = {
    {16, 60, "C.UTF-8", "60x16"},
    {24, 80, "C.UTF-8", "80x24"},
    {24, 80, "C", "80x24-ascii"},
    {50, 200, "C.UTF-8", "200x50"},
};

static void the_dial_at_four_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct desk desk;
        char golden[64];
        screen *s = open_study(&desk, sizes[i].rows, sizes[i].cols, sizes[i].locale, TRIALS, false);
        open_dial(s);
        assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
        (void)snprintf(golden, sizeof golden, "dial-%s", sizes[i].suffix);
        screen_match(s, golden);
        leave(&desk, s);
    }
}

static void what_comes_next_at_four_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct desk desk;
        char golden[64];
        screen *s = open_study(&desk, sizes[i].rows, sizes[i].cols, sizes[i].locale, TRIALS, false);
        screen_keys(s, ".");
        screen_wait(s, "#164", DESK_WAIT_MS);
        screen_wait(s, " %", DESK_WAIT_MS);
        assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
        (void)snprintf(golden, sizeof golden, "next-%s", sizes[i].suffix);
        screen_match(s, golden);
        leave(&desk, s);
    }
}

static bool has_moved(screen *s, const void *context)
{
    (void)s;
    return !screen_shows(s, context);
}

static void a_turn_moves_the_prediction_and_back(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_study(&desk, 24, 80, "C.UTF-8", TRIALS, false);
    open_dial(s);
    char nearest[256] = "";
    for (int row = 0; row < 24; row++) {
        const char *text = screen_row(s, row);
        if (strstr(text, "nearest")) (void)snprintf(nearest, sizeof nearest, "%.40s", text);
    }
    assert_non_null(strstr(nearest, "#159 0.13"));
    screen_keys(s, "LL");
    screen_wait(s, "1 of 5 changed", DESK_WAIT_MS);
    screen_wait_until(s, has_moved, nearest, "another prediction", DESK_WAIT_MS);
    screen_keys(s, "HH");
    screen_wait(s, nearest, DESK_WAIT_MS);
    screen_wait_gone(s, "changed", DESK_WAIT_MS);
    screen_keys(s, "l");
    screen_wait(s, "changed", DESK_WAIT_MS);
    screen_keys(s, "r");
    screen_wait_gone(s, "changed", DESK_WAIT_MS);
    leave(&desk, s);
}

static void values_are_typed_and_checked(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_study(&desk, 24, 80, "C.UTF-8", TRIALS, false);
    open_dial(s);
    screen_keys(s, "7");
    screen_wait(s, "lr (", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "outside", DESK_WAIT_MS);
    screen_wait(s, "! guess", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "so no trial can have it", DESK_WAIT_MS);
    screen_keys(s, "=fast" SCREEN_ENTER);
    screen_wait(s, "fast", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ESC);
    screen_keys(s, "r");
    screen_wait_gone(s, "outside", DESK_WAIT_MS);
    leave(&desk, s);
}

/* momentum is asked for with sgd only. */
static void a_choice_brings_its_own_parameters(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_study(&desk, 24, 80, "C.UTF-8", TRIALS, false);
    open_dial(s);
    assert_false(screen_shows(s, "momentum"));
    screen_keys(s, "jjj=sg" SCREEN_ENTER);
    screen_wait(s, "[sgd]", DESK_WAIT_MS);
    screen_wait(s, "momentum", DESK_WAIT_MS);
    screen_wait(s, "2 of 6 changed", DESK_WAIT_MS);
    leave(&desk, s);
}

static void a_dot_goes_round_suggestion_best_and_defaults(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_study(&desk, 24, 80, "C.UTF-8", TRIALS, false);
    open_dial(s);
    screen_keys(s, ".");
    screen_wait(s, "suggestion for #160", DESK_WAIT_MS);
    screen_keys(s, ".");
    screen_wait(s, "copy of the best, #112", DESK_WAIT_MS);
    screen_keys(s, ".");
    screen_wait(s, "defaults", DESK_WAIT_MS);
    screen_keys(s, "b");
    screen_wait(s, "copy of the best, #112", DESK_WAIT_MS);
    leave(&desk, s);
}

static void two_keys_queue_a_copy(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_study(&desk, 24, 80, "C.UTF-8", TRIALS, false);
    screen_keys(s, "e" SCREEN_ENTER);
    screen_wait(s, "Queued as #160", DESK_WAIT_MS);
    screen_wait(s, "TRIAL STATE", DESK_WAIT_MS);
    screen_keys(s, "8");
    screen_wait(s, "queued as #160", DESK_WAIT_MS);
    leave(&desk, s);
}

static void the_queue_is_filled_edited_and_emptied(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_study(&desk, 24, 80, "C.UTF-8", TRIALS, false);
    screen_keys(s, ".");
    screen_wait(s, "#160 · would be proposed", DESK_WAIT_MS);
    screen_keys(s, "D");
    screen_wait(s, "is not in the queue", DESK_WAIT_MS);
    screen_keys(s, "w");
    screen_wait(s, "#160 · in the queue", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "In the queue · #160", DESK_WAIT_MS);
    screen_keys(s, "0.5" SCREEN_ENTER);
    screen_wait(s, "outside", DESK_WAIT_MS);
    screen_keys(s, "0.01" SCREEN_ENTER);
    screen_wait_gone(s, "outside", DESK_WAIT_MS);
    screen_keys(s, "w");
    screen_wait(s, "Changed #160 in the queue", DESK_WAIT_MS);
    screen_wait(s, "lr 1.00e-02", DESK_WAIT_MS);
    screen_keys(s, "D");
    screen_wait(s, "Took #160 out of the queue", DESK_WAIT_MS);
    screen_wait(s, "#161 · would be proposed", DESK_WAIT_MS);
    leave(&desk, s);
}

static void a_read_only_study_can_be_turned_but_not_changed(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_study(&desk, 24, 80, "C.UTF-8", TRIALS, true);
    open_dial(s);
    screen_keys(s, "l");
    screen_wait(s, "1 of 5 changed", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "Read only: ", DESK_WAIT_MS);
    leave(&desk, s);
}

static void few_trials_make_it_a_free_choice(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_study(&desk, 24, 80, "C.UTF-8", 3, false);
    screen_keys(s, "e");
    screen_wait(s, "free choice", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "Queued as #3", DESK_WAIT_MS);
    screen_keys(s, ".");
    screen_wait(s, "#3 · in the queue", DESK_WAIT_MS);
    leave(&desk, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dial_at_four_sizes),
        cmocka_unit_test(what_comes_next_at_four_sizes),
        cmocka_unit_test(a_turn_moves_the_prediction_and_back),
        cmocka_unit_test(values_are_typed_and_checked),
        cmocka_unit_test(a_choice_brings_its_own_parameters),
        cmocka_unit_test(a_dot_goes_round_suggestion_best_and_defaults),
        cmocka_unit_test(two_keys_queue_a_copy),
        cmocka_unit_test(the_queue_is_filled_edited_and_emptied),
        cmocka_unit_test(a_read_only_study_can_be_turned_but_not_changed),
        cmocka_unit_test(few_trials_make_it_a_free_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
