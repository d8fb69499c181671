/*
 * Every screen as a person sees it: five sizes, three levels of characters, the themes, the depths
 * of colour. What they must look like lies in screens/.
 */
#include "support/test.h"

#include "dialin/store.h"
#include "support/desk.h"
#include "support/fixture.h"

enum { QUIET_MS = 250, AGE_S = 3 * 86400 + 2 * 3600 };

static const struct {
    int rows, cols;
    bool has_overlays; /* wider screens have the same in the middle */
} sizes[] = {{16, 60, true}, {24, 80, true}, {30, 120, true}, {45, 160, false}, {50, 200, false}};

/* ── studies ───────────────────────────────────────────────────────────────────────────────────*/

static void answer(dln_store *store, int64_t study_id, enum dln_command_kind kind,
                   const char *payload, enum dln_command_state state, const char *text)
{
    struct dln_error err = {0};
    int64_t id = 0;
    assert_ok(dln_store_post(store, study_id, kind, "mia@pts/7", payload, &id, &err), err);
    assert_ok(dln_store_answer(store, id, state, text, NULL, &err), err);
}

/* What two people and the engine did to the study. */
static void write_journal(const char *path)
{
    struct dln_error err = {0};
    dln_store *store = NULL;
    int64_t study_id = 0;
    assert_ok(dln_store_open(path, DLN_STORE_ENGINE, &store, &err), err);
    assert_ok(dln_store_find_study(store, NULL, &study_id, &err), err);
    assert_ok(dln_store_take_lease(store, study_id, NULL, &err), err);
    assert_ok(dln_store_note(store, study_id, "start: budget 160 trials, parallel 1", &err), err);
    answer(store, study_id, DLN_COMMAND_SET_PARALLEL, "{\"value\": 4}", DLN_COMMAND_DONE,
           "parallel 1 → 4");
    assert_ok(dln_store_note(store, study_id, "#22 failed: exit 3", &err), err);
    answer(store, study_id, DLN_COMMAND_PRUNE, "{\"trials\": [30, 31]}", DLN_COMMAND_REFUSED,
           "#30 has ended already, and #31 too: only running trials can be pruned");
    assert_ok(dln_store_note(store, study_id, "new best #112 0.1071 (was 0.1093)", &err), err);
    dln_store_drop_lease(store);
    dln_store_close(store);
}

/* ── looking ───────────────────────────────────────────────────────────────────────────────────*/

static screen *open_desk(const struct desk *desk, int rows, int cols, const char *locale,
                         const char *file, const char *const *options)
{
    enum { OPTIONS_MAX = 6 };
    const char *words[OPTIONS_MAX + 2] = {NULL};
    int n = 0;
    while (options && options[n] && n < OPTIONS_MAX) {
        words[n] = options[n];
        n++;
    }
    words[n] = file ? scratch_path(desk->folder, file) : desk->folder;
    screen *s = desk_start(desk, rows, cols, "xterm-256color", locale, words);
    screen_wait(s, "? help", DESK_WAIT_MS); /* the last row of a frame */
    return s;
}

/* Once the text is there and nothing more comes. */
static void match(screen *s, const char *text, const char *name, const char *suffix)
{
    char golden[64];
    (void)snprintf(golden, sizeof golden, "%s-%s", name, suffix);
    screen_wait(s, text, DESK_WAIT_MS);
    assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
    screen_match(s, golden);
}

static void leave(screen *s)
{
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_assert_clean(s);
    screen_close(s);
}

static void match_overlays(screen *s, const char *suffix)
{
    screen_keys(s, "?");
    match(s, "MOVE", "help", suffix);
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "MOVE", DESK_WAIT_MS);
    screen_keys(s, "R");
    match(s, "Run #159 again?", "confirm", suffix);
    screen_keys(s, SCREEN_ESC);
    desk_press_until_gone(s, SCREEN_ESC, "Run #159 again?");
    screen_keys(s, "s");
    match(s, "value, best first", "sort", suffix);
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "value, best first", DESK_WAIT_MS);
    screen_keys(s, "B");
    match(s, "Budget, now 160 trials", "budget", suffix);
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "Budget, now 160 trials", DESK_WAIT_MS);
}

/* An edit that is wrong, one that is staged, samples of it. */
static void match_space(screen *s, const char *suffix)
{
    screen_keys(s, SCREEN_ENTER SCREEN_TAB "\x15"
                                           "1e-9");
    match(s, "High must be above low", "space-form", suffix);
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "High must be above low", DESK_WAIT_MS);
    screen_keys(s, "(");
    match(s, "not applied yet", "space-staged", suffix);
    screen_keys(s, "v");
    match(s, "20 samples", "space-preview", suffix);
    screen_keys(s, "vu");
    screen_wait_gone(s, "not applied yet", DESK_WAIT_MS);
}

/* A study's screens, one after the other. */
static void match_study(screen *s, int rows, bool has_overlays, const char *suffix)
{
    match(s, rows >= 30 ? "density ratio" : "#159", "live", suffix);
    if (has_overlays) match_overlays(s, suffix);
    screen_keys(s, SCREEN_ENTER);
    match(s, "density ratio", "trial", suffix);
    screen_keys(s, "4");
    match(s, "searched", "space", suffix);
    if (has_overlays) match_space(s, suffix);
    screen_keys(s, "1"); /* libvterm 0.1 garbles the row of keys on the straight way */
    screen_wait(s, "TRIAL", DESK_WAIT_MS);
    screen_keys(s, "8");
    match(s, "parallel 1", "journal", suffix);
    screen_keys(s, "1");
    screen_wait(s, "TRIAL", DESK_WAIT_MS);
    leave(s);
}

/* ── sizes ─────────────────────────────────────────────────────────────────────────────────────*/

static void a_study_at_five_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct desk desk;
        char suffix[16];
        desk_open(&desk);
        desk_fixture(&desk, "cv.db", "cifar10-resnet", 160);
        write_journal(scratch_path(desk.folder, "cv.db"));
        (void)snprintf(suffix, sizeof suffix, "%dx%d", sizes[i].cols, sizes[i].rows);
        screen *s = open_desk(&desk, sizes[i].rows, sizes[i].cols, "C.UTF-8", "cv.db", NULL);
        match_study(s, sizes[i].rows, sizes[i].has_overlays, suffix);
        desk_close(&desk);
    }
}

static void open_home(struct desk *desk)
{
    desk_open(desk);
    fixture_set_age(AGE_S);
    desk_fixture(desk, "cv.db", "cifar10-resnet", 160);
    desk_fixture(desk, "cv.db", "cifar10-resnet-wide-and-deep", 60);
    desk_fixture(desk, "nlp.db", "bert-glue", 12);
    fixture_set_age(0);
}

static void home_at_five_sizes(void **state)
{
    (void)state;
    struct desk desk;
    open_home(&desk);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char suffix[16];
        (void)snprintf(suffix, sizeof suffix, "%dx%d", sizes[i].cols, sizes[i].rows);
        screen *s = open_desk(&desk, sizes[i].rows, sizes[i].cols, "C.UTF-8", NULL, NULL);
        match(s, "12/12", "home", suffix);
        leave(s);
    }
    desk_close(&desk);
}

static void an_empty_home_at_two_sizes(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    for (size_t i = 0; i < 2; i++) {
        char suffix[16];
        (void)snprintf(suffix, sizeof suffix, "%dx%d", sizes[i].cols, sizes[i].rows);
        screen *s = open_desk(&desk, sizes[i].rows, sizes[i].cols, "C.UTF-8", NULL, NULL);
        match(s, "No studies here yet", "empty", suffix);
        leave(s);
    }
    desk_close(&desk);
}

static void a_study_that_has_not_begun(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct desk desk;
        char suffix[16];
        desk_open(&desk);
        desk_write(&desk, 8, 2);
        (void)snprintf(suffix, sizeof suffix, "%dx%d", sizes[i].cols, sizes[i].rows);
        screen *s = open_desk(&desk, sizes[i].rows, sizes[i].cols, "C.UTF-8", "gated.yaml", NULL);
        match(s, "p starts", "new", suffix);
        leave(s);
        desk_close(&desk);
    }
}

/* ── characters ────────────────────────────────────────────────────────────────────────────────*/

static void blocks_and_ascii(void **state)
{
    (void)state;
    static const struct {
        const char *locale, *level, *suffix;
    } levels[] = {{"C.UTF-8", "blocks", "80x24-blocks"}, {"C", "auto", "80x24-ascii"}};
    for (size_t i = 0; i < 2; i++) {
        struct desk desk;
        const char *const options[] = {"--glyphs", levels[i].level, NULL};
        desk_open(&desk);
        desk_fixture(&desk, "cv.db", "cifar10-resnet", 160);
        write_journal(scratch_path(desk.folder, "cv.db"));
        screen *s = open_desk(&desk, 24, 80, levels[i].locale, "cv.db", options);
        match_study(s, 24, i == 1, levels[i].suffix);
        desk_close(&desk);
        open_home(&desk);
        s = open_desk(&desk, 24, 80, levels[i].locale, NULL, options);
        match(s, "12/12", "home", levels[i].suffix);
        leave(s);
        desk_close(&desk);
    }
}

/* ── colours ───────────────────────────────────────────────────────────────────────────────────*/

static void match_styled(screen *s, const char *text, const char *name, const char *suffix)
{
    char golden[64];
    (void)snprintf(golden, sizeof golden, "%s-%s", name, suffix);
    screen_wait(s, text, DESK_WAIT_MS);
    assert_true(screen_settle(s, QUIET_MS, DESK_WAIT_MS));
    screen_match_styled(s, golden);
}

static void themes_and_depths(void **state)
{
    (void)state;
    static const struct {
        const char *theme, *color, *suffix;
    } looks[] = {
        {"dusk", "256", "dusk-256"},       {"paper", "256", "paper-256"},
        {"neutral", "256", "neutral-256"}, {"dusk", "8", "dusk-8"},
        {"dusk", "never", "dusk-never"},   {"mono", "256", "mono-256"},
        {"paper", "8", "paper-8"},
    };
    struct desk desk;
    desk_open(&desk);
    desk_fixture(&desk, "cv.db", "cifar10-resnet", 160);
    write_journal(scratch_path(desk.folder, "cv.db"));
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        const char *const options[] = {"--theme", looks[i].theme, "--color", looks[i].color, NULL};
        screen *s = open_desk(&desk, 24, 80, "C.UTF-8", "cv.db", options);
        screen_wait(s, "▸ #159", DESK_WAIT_MS);
        screen_keys(s, " j"); /* a marked row, the cursor below it */
        match_styled(s, "▸ #157", "live", looks[i].suffix);
        if (i == 0) {
            screen_keys(s, "?");
            match_styled(s, "MOVE", "help", looks[i].suffix);
            screen_keys(s, SCREEN_ESC);
            screen_wait_gone(s, "MOVE", DESK_WAIT_MS);
            screen_keys(s, SCREEN_ENTER);
            match_styled(s, "density ratio", "trial", looks[i].suffix);
            screen_keys(s, "1");
            screen_wait(s, "TRIAL", DESK_WAIT_MS);
        }
        leave(s);
    }
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_at_five_sizes),      cmocka_unit_test(home_at_five_sizes),
        cmocka_unit_test(an_empty_home_at_two_sizes), cmocka_unit_test(a_study_that_has_not_begun),
        cmocka_unit_test(blocks_and_ascii),           cmocka_unit_test(themes_and_depths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
