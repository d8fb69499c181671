/* Tab 6 on the real program: the best few again on fresh seeds, in whole numbers. */
#include "support/desk.h"
#include "support/test.h"

enum { QUIET_MS = 400 };

static void write_file(const struct desk *desk, const char *name, const char *text)
{
    FILE *file = fopen(scratch_path(desk->folder, name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* 3 x and a noise of the seed; x is 0, 1 … 19 in this order. */
static void run_study(struct desk *desk, const char *more)
{
    char yaml[1024];
    desk_open(desk);
    (void)snprintf(desk->db, sizeof desk->db, "%s", scratch_path(desk->folder, "noisy.db"));
    write_file(desk, "noisy.sh", "echo \"loss: $(($1 * 3 + $2 % 17)) test_loss: $(($1 * 3))\"\n");
    (void)snprintf(yaml, sizeof yaml,
                   "study: noisy\nrun: [sh, noisy.sh, \"{x}\", \"{seed}\"]\n"
                   "objective: {minimize: loss}\nspace: {x: {int: [0, 19], default: 19}}\n"
                   "strategy: {grid: {order: sequential}}\nbudget: {trials: 20}\nseed: 5\n%s",
                   more);
    write_file(desk, "noisy.yaml", yaml);
    const char *const words[] = {"run", scratch_path(desk->folder, "noisy.yaml"), "--headless",
                                 NULL};
    screen *s = desk_start(desk, 50, 120, "xterm-256color", "C.UTF-8", words);
    assert_int_equal(screen_exit(s, 3 * DESK_WAIT_MS), 0);
    screen_close(s);
}

static screen *open_guard(const struct desk *desk, int rows, int cols, const char *locale)
{
    const char *const words[] = {desk->db, NULL};
    screen *s = desk_start(desk, rows, cols, "xterm-256color", locale, words);
    screen_wait(s, "#19", DESK_WAIT_MS);
    screen_wait(s, "? help", DESK_WAIT_MS);
    screen_keys(s, "6");
    screen_wait(s, "runs each", DESK_WAIT_MS);
    return s;
}

static void leave(screen *s)
{
    screen_keys(s, "1");
    screen_wait(s, "TRIAL STATE", DESK_WAIT_MS);
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_assert_clean(s);
    screen_close(s);
}

static const struct {
    int rows, cols;
    const char *locale, *suffix;
} sizes[] = {
    {16, 60, "C.UTF-8", "60x16"},   {24, 80, "C.UTF-8", "80x24"},   {24, 80, "C", "80x24-ascii"},
    {30, 120, "C.UTF-8", "120x30"}, {45, 160, "C.UTF-8", "160x45"}, {50, 200, "C.UTF-8", "200x50"},
};

static void match(screen *s, const char *name, const char *suffix)
{
    char golden[64];
    (void)snprintf(golden, sizeof golden, "%s-%s", name, suffix);
    assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
    screen_match(s, golden);
}

static void the_best_few_are_confirmed_and_judged(void **state)
{
    (void)state;
    struct desk desk;
    run_study(&desk, "");
    screen *s = open_guard(&desk, 24, 80, "C.UTF-8");
    screen_wait(s, "runs the top 5", DESK_WAIT_MS);
    match(s, "guard-before", "80x24");
    screen_keys(s, "T");
    screen_wait(s, "No test set", DESK_WAIT_MS);
    screen_keys(s, "--");
    screen_wait(s, "3 runs each on average", DESK_WAIT_MS);
    screen_keys(s, "C");
    screen_wait(s, "Confirm the top, 3 runs each", DESK_WAIT_MS);
    screen_keys(s, "x" SCREEN_ENTER);
    screen_wait(s, "A whole number", DESK_WAIT_MS);
    screen_keys(s, "\177\1773" SCREEN_ENTER);
    screen_wait(s, "Use #", 3 * DESK_WAIT_MS);
    screen_wait(s, "guard", DESK_WAIT_MS);
    screen_keys(s, "8");
    screen_wait(s, "confirm: runs", DESK_WAIT_MS);
    leave(s);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        s = open_guard(&desk, sizes[i].rows, sizes[i].cols, sizes[i].locale);
        screen_wait(s, "VERDICT", DESK_WAIT_MS);
        match(s, "guard", sizes[i].suffix);
        leave(s);
    }
    desk_close(&desk);
}

static void the_test_set_is_used_by_name_and_counted(void **state)
{
    (void)state;
    struct desk desk;
    run_study(&desk, "");
    /* the search is over; from now on another metric judges */
    const char *const more = "confirm: {top: 2, seeds: 2, metric: test_loss}\n";
    char yaml[1024];
    (void)snprintf(yaml, sizeof yaml,
                   "study: noisy\nrun: [sh, noisy.sh, \"{x}\", \"{seed}\"]\n"
                   "objective: {minimize: loss}\nspace: {x: {int: [0, 19], default: 19}}\n"
                   "strategy: {grid: {order: sequential}}\nbudget: {trials: 20}\nseed: 5\n%s",
                   more);
    write_file(&desk, "noisy.yaml", yaml);
    const char *const words[] = {scratch_path(desk.folder, "noisy.yaml"), NULL};
    screen *s = desk_start(&desk, 24, 80, "xterm-256color", "C.UTF-8", words);
    screen_wait(s, "#19", DESK_WAIT_MS);
    screen_keys(s, "6");
    screen_wait(s, "T, and each use", DESK_WAIT_MS);
    screen_keys(s, "T");
    screen_wait(s, "Test set, used 0 times. Type noisy", DESK_WAIT_MS);
    screen_keys(s, "y" SCREEN_ENTER);
    screen_wait(s, "keeps the test set unused", DESK_WAIT_MS);
    screen_keys(s, "\177noisy" SCREEN_ENTER);
    screen_wait(s, "Test set used 1 time", 3 * DESK_WAIT_MS);
    screen_wait(s, "HELD OUT", DESK_WAIT_MS);
    leave(s);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_few_are_confirmed_and_judged),
        cmocka_unit_test(the_test_set_is_used_by_name_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
