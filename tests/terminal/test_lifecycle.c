/* The study outlives the screen: stops, hang-ups, crashes, storms, and two people at once. */
#include "support/test.h"

#include <poll.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "support/desk.h"

static const int64_t wait_ns = DESK_WAIT_MS * (int64_t)1000000;

static screen *start_run(struct desk *desk, int trials, int parallel)
{
    desk_open(desk);
    desk_write(desk, trials, parallel);
    screen *s = desk_dialin(desk, "run", desk->study);
    screen_wait(s, "RUN", DESK_WAIT_MS);
    screen_wait(s, "#0 ", DESK_WAIT_MS);
    return s;
}

static int64_t wait_for_child(int64_t pid, int64_t other_than)
{
    const int64_t end_ns = dln_clock_mono_ns() + wait_ns;
    for (;;) {
        const int64_t child = desk_child_of(pid);
        if (child > 0 && child != other_than) return child;
        assert_true(dln_clock_mono_ns() < end_ns);
        (void)poll(NULL, 0, 20);
    }
}

static void wait_for_ended(const struct desk *desk, int64_t n)
{
    const int64_t end_ns = dln_clock_mono_ns() + wait_ns;
    while (desk_count_ended(desk) < n) {
        assert_true(dln_clock_mono_ns() < end_ns);
        (void)poll(NULL, 0, 50);
    }
}

/* The shell waits for a line: its prompt is the last thing on the screen. */
static bool has_prompt(screen *s, const void *context)
{
    (void)context;
    for (int row = 23; row >= 0; row--) {
        const char *text = screen_row(s, row);
        if (*text) return strcmp(text, "shell>") == 0 && screen_shows(s, "sh trial.sh");
    }
    return false;
}

static void ctrl_z_stops_the_screen_and_fg_brings_it_back(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_write(&desk, 3, 1);
    char sh[] = "/bin/sh", interactive[] = "-im";
    char home[SCRATCH_PATH_MAX + 8];
    (void)snprintf(home, sizeof home, "HOME=%s", desk.folder);
    char prompt[] = "PS1=shell> ", no_startup[] = "ENV=";
    char *const argv[] = {sh, interactive, NULL}, *const env[] = {home, prompt, no_startup, NULL};
    screen *s = screen_open(24, 80, "xterm-256color", argv, env);
    screen_wait(s, "shell>", DESK_WAIT_MS);
    char line[2 * SCRATCH_PATH_MAX];
    (void)snprintf(line, sizeof line, "%s run %s" SCREEN_ENTER, TEST_DIALIN, desk.study);
    screen_keys(s, line);
    screen_wait(s, "RUN 1/1", DESK_WAIT_MS);

    screen_keys(s, "\032");
    screen_wait(s, "gated keeps running (fg to return)", DESK_WAIT_MS);
    screen_wait(s, "Stopped", DESK_WAIT_MS);
    desk_open_gate(&desk); /* trials end and start while the job is stopped */
    wait_for_ended(&desk, 3);
    screen_keys(s, "fg" SCREEN_ENTER);
    screen_wait(s, "While you were away: 3 trials ended", DESK_WAIT_MS);
    screen_wait(s, "3/3 trials", DESK_WAIT_MS);
    screen_wait(s, "DONE", DESK_WAIT_MS);
    screen_keys(s, "q");
    screen_wait_until(s, has_prompt, NULL, "a prompt at the end", DESK_WAIT_MS);
    screen_keys(s, "echo back-$((40+2))" SCREEN_ENTER);
    screen_wait(s, "back-42", DESK_WAIT_MS);
    screen_keys(s, "exit" SCREEN_ENTER);
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_close(s);
    desk_close(&desk);
}

static void a_dropped_line_leaves_the_study_running(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = start_run(&desk, 3, 1);
    screen_close_master(s);
    (void)screen_exit(s, DESK_WAIT_MS);
    int64_t pid;
    assert_true(desk_engine_alive(&desk, &pid));
    assert_int_equal(desk_count_ended(&desk), 0);
    desk_open_gate(&desk);
    desk_wait_engine_gone(&desk);
    assert_int_equal(desk_count_ended(&desk), 3);
    screen_close(s);
    desk_close(&desk);
}

static void k_keeps_it_running_and_attach_finds_it(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = start_run(&desk, 3, 1);
    screen_keys(s, "q");
    screen_wait(s, "keep running in the background", DESK_WAIT_MS);
    screen_keys(s, "k");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    assert_true(screen_shows(s, "gated keeps running in the background"));
    screen_assert_clean(s);
    screen_close(s);

    s = desk_dialin(&desk, "attach", desk.db);
    screen_wait(s, "RUN 1/1", DESK_WAIT_MS);
    screen_keys(s, "Wd");
    screen_wait(s, "DRAIN", DESK_WAIT_MS);
    desk_open_gate(&desk);
    screen_wait(s, "1/3 trials", DESK_WAIT_MS);
    screen_wait(s, "IDLE", DESK_WAIT_MS);
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_close(s);
    desk_wait_engine_gone(&desk);
    desk_close(&desk);
}

static void assert_only_the_database(const struct desk *desk)
{
    static const char *const endings[] = {"-wal", "-shm", "-journal"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char path[SCRATCH_PATH_MAX + 16];
        (void)snprintf(path, sizeof path, "%s%s", desk->db, endings[i]);
        if (access(path, F_OK) == 0) fail_msg("%s was left behind", path);
    }
}

static void a_screen_leaves_no_file_beside_the_database(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = start_run(&desk, 2, 1);
    desk_open_gate(&desk);
    screen_wait(s, "DONE", DESK_WAIT_MS);
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_close(s);
    desk_wait_engine_gone(&desk);
    assert_only_the_database(&desk);

    static const char *const commands[] = {"view", "attach"};
    for (size_t i = 0; i < 2; i++) {
        s = desk_dialin(&desk, commands[i], desk.db);
        screen_wait(s, "2/2 trials", DESK_WAIT_MS);
        screen_keys(s, SCREEN_ENTER);
        screen_wait(s, "trial of", DESK_WAIT_MS);
        screen_keys(s, SCREEN_ESC);
        screen_wait(s, "2/2 trials", DESK_WAIT_MS);
        screen_keys(s, "q");
        assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
        screen_close(s);
        assert_only_the_database(&desk);
    }
    s = desk_dialin(&desk, desk.folder, NULL); /* the home screen */
    screen_wait(s, "gated", DESK_WAIT_MS);
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_close(s);
    assert_only_the_database(&desk);
    desk_close(&desk);
}

static void a_killed_screen_comes_back_with_its_trials(void **state)
{
    (void)state;
    static const int signals[] = {SIGKILL, SIGSEGV};
    for (size_t i = 0; i < 2; i++) {
        struct desk desk;
        screen *s = start_run(&desk, 2, 1);
        const int64_t child = wait_for_child(screen_pid(s), -1);
        assert_int_equal(kill((pid_t)child, signals[i]), 0);
        screen_wait(s, "Restarted after a fault", DESK_WAIT_MS);
        screen_wait(s, "RUN 1/1", DESK_WAIT_MS);
        desk_open_gate(&desk);
        screen_wait(s, "2/2 trials", DESK_WAIT_MS);
        screen_wait(s, "DONE", DESK_WAIT_MS);
        screen_keys(s, "q");
        assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
        screen_assert_clean(s);
        screen_close(s);
        desk_close(&desk);
    }
}

static void three_faults_are_enough(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_fixture(&desk, "cv.db", "resnet", 40);
    screen *s = desk_dialin(&desk, scratch_path(desk.folder, "cv.db"), NULL);
    int64_t child = -1;
    for (int i = 0; i < 3; i++) {
        child = wait_for_child(screen_pid(s), child);
        screen_wait(s, "? help", DESK_WAIT_MS);
        assert_int_equal(kill((pid_t)child, SIGKILL), 0);
    }
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 1);
    assert_true(screen_shows(s, "not started"));
    screen_assert_clean(s);
    screen_close(s);
    desk_close(&desk);
}

static void sigterm_ends_trials_and_gives_the_terminal_back(void **state)
{
    (void)state;
    struct desk desk;
    screen *s = start_run(&desk, 3, 2);
    screen_signal(s, SIGTERM);
    (void)screen_exit(s, DESK_WAIT_MS);
    screen_assert_clean(s);
    int64_t pid;
    assert_false(desk_engine_alive(&desk, &pid));
    assert_int_equal(desk_count_ended(&desk), 0); /* to be run again */
    screen_close(s);
    desk_close(&desk);
}

static bool has_engine(screen *s, const void *desk)
{
    int64_t pid;
    (void)s;
    return desk_engine_alive(desk, &pid);
}

/* Under a shell without job control, which is the leader of the session and stays. */
static void a_killed_stub_leaves_a_sane_terminal_and_a_running_study(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_write(&desk, 2, 1);
    char sh[] = "/bin/sh", dash_c[] = "-c", script[3 * SCRATCH_PATH_MAX];
    (void)snprintf(script, sizeof script, "'%s' run '%s'; read x", TEST_DIALIN, desk.study);
    char *const argv[] = {sh, dash_c, script, NULL};
    screen *s = screen_open(24, 80, "xterm-256color", argv, NULL);
    screen_wait(s, "RUN 1/1", DESK_WAIT_MS);
    screen_wait_until(s, has_engine, &desk, "an engine", DESK_WAIT_MS);
    const int64_t stub = wait_for_child(screen_pid(s), -1);
    assert_int_equal(kill((pid_t)stub, SIGKILL), 0);
    screen_wait(s, "keeps running in the background", DESK_WAIT_MS);
    int64_t pid;
    assert_true(desk_engine_alive(&desk, &pid));
    desk_open_gate(&desk);
    desk_wait_engine_gone(&desk);
    assert_int_equal(desk_count_ended(&desk), 2);
    screen_keys(s, SCREEN_ENTER);
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_assert_clean(s);
    screen_close(s);
    desk_close(&desk);
}

static void a_storm_of_resizes_ends_in_a_whole_screen(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_fixture(&desk, "cv.db", "resnet", 40);
    screen *s = desk_dialin(&desk, scratch_path(desk.folder, "cv.db"), NULL);
    screen_wait(s, "? help", DESK_WAIT_MS);
    unsigned bits = 1;
    for (int i = 0; i < 200; i++) {
        bits = bits * 1103515245u + 12345u;
        screen_resize(s, 1 + (int)((bits >> 8) % 60), 1 + (int)((bits >> 16) % 220));
    }
    screen_resize(s, 24, 80);
    screen_wait(s, "40/40 trials", DESK_WAIT_MS);
    screen_wait(s, "? help", DESK_WAIT_MS);
    screen_wait(s, "#39", DESK_WAIT_MS);
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_assert_clean(s);
    screen_close(s);
    desk_close(&desk);
}

static void two_viewers_see_what_the_other_does(void **state)
{
    (void)state;
    struct desk desk;
    screen *first = start_run(&desk, 3, 1);
    screen *second = desk_dialin(&desk, "attach", desk.db);
    screen_wait(second, "RUN 1/1", DESK_WAIT_MS);
    screen_keys(second, "p");
    screen_wait(first, "PAUSE", DESK_WAIT_MS);
    screen_wait(second, "PAUSE", DESK_WAIT_MS);
    screen_keys(first, "p");
    screen_wait(second, "RUN", DESK_WAIT_MS);
    screen_keys(second, "q");
    assert_int_equal(screen_exit(second, DESK_WAIT_MS), 0);
    screen_close(second);
    screen_keys(first, "q");
    screen_wait(first, "Leave dialin", DESK_WAIT_MS);
    screen_keys(first, "s");
    (void)screen_exit(first, DESK_WAIT_MS);
    screen_assert_clean(first);
    screen_close(first);
    desk_close(&desk);
}

static void a_study_whose_engine_died_is_taken_over(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_write(&desk, 2, 1);
    const char *const headless[] = {"run", desk.study, "--headless", NULL};
    screen *engine = desk_start(&desk, 24, 80, "xterm-256color", "C.UTF-8", headless);
    screen_wait(engine, "run  x=", DESK_WAIT_MS);
    screen *s = desk_dialin(&desk, "attach", desk.db);
    screen_wait(s, "RUN 1/1", DESK_WAIT_MS);
    screen_signal(engine, SIGKILL);
    screen_wait(s, "LOST", DESK_WAIT_MS);
    screen_wait(s, "p takes over here", DESK_WAIT_MS);
    screen_keys(s, "p");
    screen_wait(s, "RUN 1/1", DESK_WAIT_MS);
    desk_open_gate(&desk);
    screen_wait(s, "2/2 trials", DESK_WAIT_MS);
    screen_wait(s, "DONE", DESK_WAIT_MS);
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_assert_clean(s);
    screen_close(s);
    screen_close(engine);
    desk_close(&desk);
}

static void without_a_terminal_type_it_says_so(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_fixture(&desk, "cv.db", "resnet", 40);
    const char *const words[] = {scratch_path(desk.folder, "cv.db"), NULL};
    static const char *const terms[] = {"dumb", "no-such-terminal"};
    for (size_t i = 0; i < 2; i++) {
        screen *s = desk_start(&desk, 24, 80, terms[i], "C.UTF-8", words);
        (void)screen_exit(s, DESK_WAIT_MS);
        assert_true(screen_shows(s, i == 0 ? "dumb" : "is unknown here"));
        screen_assert_clean(s);
        screen_close(s);
    }
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ctrl_z_stops_the_screen_and_fg_brings_it_back),
        cmocka_unit_test(a_dropped_line_leaves_the_study_running),
        cmocka_unit_test(k_keeps_it_running_and_attach_finds_it),
        cmocka_unit_test(a_screen_leaves_no_file_beside_the_database),
        cmocka_unit_test(a_killed_screen_comes_back_with_its_trials),
        cmocka_unit_test(three_faults_are_enough),
        cmocka_unit_test(sigterm_ends_trials_and_gives_the_terminal_back),
        cmocka_unit_test(a_killed_stub_leaves_a_sane_terminal_and_a_running_study),
        cmocka_unit_test(a_storm_of_resizes_ends_in_a_whole_screen),
        cmocka_unit_test(two_viewers_see_what_the_other_does),
        cmocka_unit_test(a_study_whose_engine_died_is_taken_over),
        cmocka_unit_test(without_a_terminal_type_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
