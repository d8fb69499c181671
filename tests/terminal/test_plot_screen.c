/* The plots of a finished study, on the real program. */
#include <unistd.h>

#include "support/desk.h"
#include "support/test.h"

static screen *open_plots(struct desk *desk, int rows, int cols, const char *locale)
{
    desk_open(desk);
    desk_fixture(desk, "a.db", "cifar10-resnet", 160);
    assert_int_equal(chdir(desk->folder), 0); /* exports are written here */
    const char *const words[] = {"view", "a.db", NULL};
    screen *s = desk_start(desk, rows, cols, "xterm-256color", locale, words);
    screen_wait(s, "#159", DESK_WAIT_MS);
    screen_keys(s, "3");
    screen_wait(s, "[history]", DESK_WAIT_MS);
    screen_wait(s, "Improved", DESK_WAIT_MS);
    return s;
}

static void leave(struct desk *desk, screen *s)
{
    screen_keys(s, "q");
    screen_wait_gone(s, "3Plots]", DESK_WAIT_MS);
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_assert_clean(s);
    screen_close(s);
    assert_int_equal(chdir("/"), 0);
    desk_close(desk);
}

static void brackets_turn_through_all_plots(void **state)
{
    (void)state;
    static const struct {
        int rows, cols;
        const char *locale, *suffix;
    } sizes[] = {
        {16, 60, "C.UTF-8", "60x16"},   {24, 80, "C.UTF-8", "80x24"},
        {24, 80, "C", "80x24-ascii"},   {45, 160, "C.UTF-8", "160x45"},
        {50, 200, "C.UTF-8", "200x50"},
    };
    /* The timeline shows clock times: it has its own test. */
    static const struct {
        const char *name, *sentence; /* below the plot: the last of a frame */
    } kinds[] = {
        {"history", "Improved"},      {"curves", "finished."},   {"importance", "best tenth"},
        {"slice", "Line: the model"}, {"contour", "predicted:"}, {"parallel", "lines."},
        {"pareto", "One goal only"},  {"edf", "of the trials"},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct desk desk;
        screen *s = open_plots(&desk, sizes[i].rows, sizes[i].cols, sizes[i].locale);
        char name[64];
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            (void)snprintf(name, sizeof name, "[%s]", kinds[k].name);
            screen_wait(s, name, DESK_WAIT_MS);
            screen_wait(s, kinds[k].sentence, DESK_WAIT_MS);
            (void)snprintf(name, sizeof name, "plots-%s-%s", kinds[k].name, sizes[i].suffix);
            screen_match(s, name);
            screen_keys(s, "]");
        }
        screen_wait(s, "[timeline]", DESK_WAIT_MS);
        if (sizes[i].rows > 16) screen_wait(s, "Median run", DESK_WAIT_MS);
        screen_keys(s, "]");
        screen_wait(s, "[rank]", DESK_WAIT_MS);
        screen_wait(s, "y dropout", DESK_WAIT_MS);
        (void)snprintf(name, sizeof name, "plots-rank-%s", sizes[i].suffix);
        screen_match(s, name);
        screen_keys(s, "]");
        screen_wait(s, "[history]", DESK_WAIT_MS);
        leave(&desk, s);
    }
}

static void a_cursor_walks_over_the_trials_and_opens_one(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_plots(&desk, 24, 80, "C.UTF-8");
    screen_keys(s, "b");
    screen_wait(s, "#112 ", DESK_WAIT_MS);
    screen_keys(s, "g");
    screen_wait_gone(s, "▸ #112 ", DESK_WAIT_MS);
    screen_keys(s, "b" SCREEN_ENTER);
    screen_wait(s, "loss by step", DESK_WAIT_MS);
    screen_keys(s, "q");
    screen_wait(s, "[history]", DESK_WAIT_MS);
    leave(&desk, s);
}

/* The model's map has a cursor of its own; the dial opens where it stands. */
static void a_map_is_walked_over_and_a_point_of_it_enqueued(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_plots(&desk, 24, 80, "C.UTF-8");
    screen_keys(s, "]]]]");
    screen_wait(s, "Lowest predicted", DESK_WAIT_MS);
    screen_wait(s, "the model's mean", DESK_WAIT_MS);
    screen_keys(s, "v");
    screen_wait(s, "the model's sd", DESK_WAIT_MS);
    screen_keys(s, "v");
    screen_wait(s, "the model's chance", DESK_WAIT_MS);
    screen_match(s, "plots-contour-chance-80x24");
    screen_keys(s, "v");
    screen_wait(s, "the model's mean", DESK_WAIT_MS);
    screen_keys(s, "hhhhkk");
    screen_wait(s, "▸ lr", DESK_WAIT_MS);
    screen_keys(s, "e");
    screen_wait(s, "New trial", DESK_WAIT_MS);
    screen_keys(s, "q");
    screen_wait(s, "[contour]", DESK_WAIT_MS);
    leave(&desk, s);
}

static void parameters_and_shares_are_turned_by_keys(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_plots(&desk, 24, 80, "C.UTF-8");
    screen_keys(s, "]]]");
    screen_wait(s, "Best 10 %", DESK_WAIT_MS);
    screen_keys(s, "K");
    screen_wait(s, "Best 25 %", DESK_WAIT_MS);
    screen_keys(s, "i");
    screen_wait_gone(s, "pruned left out", DESK_WAIT_MS);
    leave(&desk, s);
}

static void a_plot_is_exported_next_to_what_is_there(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_plots(&desk, 24, 80, "C.UTF-8");
    screen_keys(s, "E");
    screen_wait(s, "CSV, its points", DESK_WAIT_MS);
    screen_keys(s, "c");
    screen_wait(s, "Written to cifar10-resnet-history.csv", DESK_WAIT_MS);
    screen_keys(s, "E");
    screen_wait(s, "CSV, its points", DESK_WAIT_MS);
    screen_keys(s, "c");
    screen_wait(s, "Written to cifar10-resnet-history-2.csv", DESK_WAIT_MS);
    char line[64] = "";
    FILE *file = fopen(scratch_path(desk.folder, "cifar10-resnet-history-2.csv"), "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "trial,state,number,loss\n");
    assert_int_equal(fclose(file), 0);
    leave(&desk, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(brackets_turn_through_all_plots),
        cmocka_unit_test(a_cursor_walks_over_the_trials_and_opens_one),
        cmocka_unit_test(a_map_is_walked_over_and_a_point_of_it_enqueued),
        cmocka_unit_test(parameters_and_shares_are_turned_by_keys),
        cmocka_unit_test(a_plot_is_exported_next_to_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
