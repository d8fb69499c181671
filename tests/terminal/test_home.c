/* The list of studies, and what it says about files and about the time since the last look. */
#include "support/test.h"

#include <sys/stat.h>
#include <time.h>

#include "support/desk.h"

static screen *open_home(const struct desk *desk)
{
    return desk_dialin(desk, desk->folder, NULL);
}

static void leave(struct desk *desk, screen *s)
{
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_assert_clean(s);
    screen_close(s);
    desk_close(desk);
}

static void an_empty_folder_says_what_to_do(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    screen *s = open_home(&desk);
    screen_wait(s, "No studies here yet", DESK_WAIT_MS);
    leave(&desk, s);
}

static void studies_of_all_files_are_listed_and_opened(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_fixture(&desk, "cv.db", "resnet", 40);
    desk_fixture(&desk, "cv.db", "resnet-wide", 30);
    desk_fixture(&desk, "nlp.db", "bert", 20);
    screen *s = open_home(&desk);
    screen_wait(s, "2 files  3 studies", DESK_WAIT_MS);
    screen_wait(s, "bert", DESK_WAIT_MS);
    screen_wait(s, "40/40", DESK_WAIT_MS);
    screen_wait(s, "minimize loss", DESK_WAIT_MS); /* the preview */
    screen_keys(s, "/wide" SCREEN_ENTER);
    screen_wait(s, "─ resnet-wide ─", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "#29", DESK_WAIT_MS);
    screen_wait(s, "30/30 trials", DESK_WAIT_MS);
    screen_keys(s, "q");
    screen_wait(s, "2 files  3 studies", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ESC "?"); /* Esc never leaves dialin */
    screen_wait(s, "LOOK AND LEAVE", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "LOOK AND LEAVE", DESK_WAIT_MS);
    leave(&desk, s);
}

static void a_file_of_another_kind_is_named_and_others_stay(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_fixture(&desk, "good.db", "resnet", 10);
    FILE *file = fopen(scratch_path(desk.folder, "bad.db"), "w");
    assert_non_null(file);
    for (int i = 0; i < 200; i++)
        fputs("this is no database at all\n", file);
    fclose(file);
    screen *s = open_home(&desk);
    screen_wait(s, "bad.db", DESK_WAIT_MS);
    screen_wait(s, "resnet", DESK_WAIT_MS);
    leave(&desk, s);
}

static void it_says_what_has_happened_since_the_last_look(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_fixture(&desk, "cv.db", "resnet", 40);
    assert_int_equal(mkdir(scratch_path(desk.folder, "state"), 0700), 0);
    assert_int_equal(mkdir(scratch_path(desk.folder, "state/dialin"), 0700), 0);
    FILE *file = fopen(scratch_path(desk.folder, "state/dialin/seen.json"), "w");
    assert_non_null(file);
    fprintf(file, "{\"%s#1\": {\"time\": %lld, \"finished\": 30, \"failed\": 0, \"best\": 0.5}}\n",
            scratch_path(desk.folder, "cv.db"), (long long)time(NULL) - 8 * 3600);
    fclose(file);
    screen *s = open_home(&desk);
    screen_wait(s, "Since you left", DESK_WAIT_MS);
    screen_wait(s, "resnet: 10 trials ended, best 0.5", DESK_WAIT_MS);
    screen_keys(s, "q");
    assert_int_equal(screen_exit(s, DESK_WAIT_MS), 0);
    screen_close(s);
    s = open_home(&desk); /* now it has been seen */
    screen_wait(s, "40/40", DESK_WAIT_MS);
    assert_false(screen_shows(s, "Since you left"));
    leave(&desk, s);
}

static void a_file_that_appears_later_is_found(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    screen *s = open_home(&desk);
    screen_wait(s, "No studies here yet", DESK_WAIT_MS);
    desk_fixture(&desk, "late.db", "latecomer", 10);
    screen_wait(s, "latecomer", DESK_WAIT_MS);
    leave(&desk, s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_folder_says_what_to_do),
        cmocka_unit_test(studies_of_all_files_are_listed_and_opened),
        cmocka_unit_test(a_file_of_another_kind_is_named_and_others_stay),
        cmocka_unit_test(it_says_what_has_happened_since_the_last_look),
        cmocka_unit_test(a_file_that_appears_later_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
