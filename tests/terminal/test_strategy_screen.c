/* Tab 5 on the real program: choices, settings in place, replay, and a switch in the journal. */
#include "support/desk.h"
#include "support/test.h"

#include "dialin/store.h"

enum { QUIET_MS = 400, TRIALS = 160 };

static screen *open_study(struct desk *desk, int rows, int cols, const char *locale,
                          bool is_read_only)
{
    desk_open(desk);
    desk_fixture(desk, "a.db", "cifar10-resnet", TRIALS);
    const char *const path = scratch_path(desk->folder, "a.db");
    const char *const words[] = {is_read_only ? "view" : path, is_read_only ? path : NULL, NULL};
    screen *s = desk_start(desk, rows, cols, "xterm-256color", locale, words);
    screen_wait(s, "#159", DESK_WAIT_MS);
    screen_wait(s, "? help", DESK_WAIT_MS);
    screen_keys(s, "5");
    screen_wait(s, "now", DESK_WAIT_MS);
    return s;
}

static void leave(struct desk *desk, screen *s)
{
    screen_keys(s, "1");
    screen_wait(s, "TRIAL STATE", DESK_WAIT_MS);
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_assert_clean(s);
    screen_close(s);
    desk_close(desk);
}

static const struct {
    int rows, cols;
    const char *locale, *suffix;
} sizes[] = {
    {16, 60, "C.UTF-8", "60x16"},   {24, 80, "C.UTF-8", "80x24"},   {24, 80, "C", "80x24-ascii"},
    {30, 120, "C.UTF-8", "120x30"}, {45, 160, "C.UTF-8", "160x45"}, {50, 200, "C.UTF-8", "200x50"},
};

static void the_pickers_at_five_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct desk desk;
        char golden[64];
        screen *s = open_study(&desk, sizes[i].rows, sizes[i].cols, sizes[i].locale, false);
        screen_keys(s, "gjjj");
        screen_wait(s, "w switches", DESK_WAIT_MS);
        assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
        (void)snprintf(golden, sizeof golden, "strategy-%s", sizes[i].suffix);
        screen_match(s, golden);
        screen_keys(s, "\tgjjjr");
        screen_wait(s, "Replayed on", DESK_WAIT_MS);
        screen_keys(s, "ljjj");
        screen_wait(s, "eta", DESK_WAIT_MS);
        assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
        (void)snprintf(golden, sizeof golden, "pruner-%s", sizes[i].suffix);
        screen_match(s, golden);
        leave(&desk, s);
    }
}

static struct dln_study *definition(const struct desk *desk)
{
    struct dln_error err = {0};
    dln_store *store = NULL;
    struct dln_study *study = NULL;
    int64_t id;
    assert_ok(dln_store_open(scratch_path(desk->folder, "a.db"), DLN_STORE_READ, &store, &err),
              err);
    assert_ok(dln_store_find_study(store, NULL, &id, &err), err);
    assert_ok(dln_store_definition(store, id, &study, &err), err);
    dln_store_close(store);
    return study;
}

static void a_setting_is_typed_refused_and_applied(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_study(&desk, 24, 80, "C.UTF-8", false);
    screen_keys(s, "\tgjjjl"); /* asha, its settings */
    screen_wait(s, "what the program counts", DESK_WAIT_MS);
    screen_keys(s, "jjj" SCREEN_ENTER);
    screen_wait(s, "eta (", DESK_WAIT_MS);
    screen_keys(s, "1" SCREEN_ENTER);
    screen_wait(s, "'eta' must be a whole number from 2", DESK_WAIT_MS);
    screen_keys(s, "\1775" SCREEN_ENTER);
    screen_wait_gone(s, "eta (", DESK_WAIT_MS);
    screen_keys(s, "w");
    screen_wait(s, "now asha eta=5", DESK_WAIT_MS);
    struct dln_study *study = definition(&desk);
    assert_string_equal(study->pruner.name, "asha");
    dln_study_free(study);
    screen_keys(s, "w");
    screen_wait(s, "already", DESK_WAIT_MS);
    screen_keys(s, "8");
    screen_wait(s, "asha eta=5", DESK_WAIT_MS);
    screen_keys(s, "5gjw"); /* the pane has kept the focus */
    screen_wait(s, "now none", DESK_WAIT_MS);
    leave(&desk, s);
}

static void what_cannot_be_changed_is_only_looked_at(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = open_study(&desk, 24, 80, "C.UTF-8", true);
    screen_keys(s, "Gw");
    screen_wait(s, "Read only", DESK_WAIT_MS);
    leave(&desk, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pickers_at_five_sizes),
        cmocka_unit_test(a_setting_is_typed_refused_and_applied),
        cmocka_unit_test(what_cannot_be_changed_is_only_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
