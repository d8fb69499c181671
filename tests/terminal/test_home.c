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

static void studies_are_sorted_and_filtered(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    desk_fixture(&desk, "cv.db", "resnet", 20);
    desk_fixture(&desk, "cv.db", "alexnet", 10);
    desk_fixture(&desk, "nlp.db", "bert", 30);
    screen *s = open_home(&desk);
    screen_wait(s, "2 files  3 studies", DESK_WAIT_MS);
    screen_wait(s, "30/30", DESK_WAIT_MS);
    screen_keys(s, "sng");
    screen_wait(s, "▸ alexnet", DESK_WAIT_MS);
    screen_keys(s, "stg");
    screen_wait(s, "▸ bert", DESK_WAIT_MS);
    screen_keys(s, "fCV.d" SCREEN_ENTER);
    screen_wait(s, "only with 'CV.d': 2 of 3", DESK_WAIT_MS);
    screen_wait_gone(s, "30/30", DESK_WAIT_MS);
    screen_wait(s, "▸ resnet", DESK_WAIT_MS);
    screen_keys(s, "f\x15none" SCREEN_ENTER);
    screen_wait(s, "only with 'none': 0 of 3", DESK_WAIT_MS);
    screen_keys(s, "jk" SCREEN_ENTER); /* of nothing */
    screen_keys(s, "f\x15" SCREEN_ENTER);
    screen_wait(s, "30/30", DESK_WAIT_MS);
    screen_wait_gone(s, "only with", DESK_WAIT_MS);
    leave(&desk, s);
}

/* A program that tells its options, in a folder without a study. */
static void write_program(const struct desk *desk)
{
    FILE *file = fopen(scratch_path(desk->folder, "fit"), "w");
    assert_non_null(file);
    fputs("#!/bin/sh\n"
          "case $* in *--help) echo '  --lr=X  its rate (default 0.01)\n"
          "  --layers=N  how many (default 2)'; exit 0 ;; esac\n"
          "echo loss=1\n",
          file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(scratch_path(desk->folder, "fit"), 0755), 0);
}

static void a_study_is_made_in_four_questions(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    write_program(&desk);
    screen *s = open_home(&desk);
    screen_wait(s, "A starts one in four questions", DESK_WAIT_MS);
    screen_keys(s, "A");
    screen_wait(s, "1/4 Command", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "Say how your program is called", DESK_WAIT_MS);
    screen_keys(s, "./fit data" SCREEN_ENTER);
    screen_wait(s, "2/4 Objective: minimize loss", DESK_WAIT_MS);
    screen_keys(s, " twice" SCREEN_ENTER);
    screen_wait(s, "the name it prints", DESK_WAIT_MS);
    screen_keys(s, "\x15minimize loss" SCREEN_ENTER);
    screen_wait(s, "3/4 Parameters: lr=0.0001..1.0 log, layers=1..8", DESK_WAIT_MS);
    screen_wait(s, "From its --help", DESK_WAIT_MS);
    screen_keys(s, "x" SCREEN_ENTER);
    screen_wait(s, "is no range", DESK_WAIT_MS);
    screen_keys(s, "\x7f" SCREEN_ENTER);
    screen_wait(s, "4/4 Trials: 100", DESK_WAIT_MS);
    screen_keys(s, "v");
    screen_wait(s, "loss 1, 1 value in", DESK_WAIT_MS);
    screen_wait(s, "4/4 Trials: 100", DESK_WAIT_MS);
    screen_keys(s, "\x15"
                   "3" SCREEN_ENTER);
    screen_wait(s, "fit.yaml; p starts it", DESK_WAIT_MS);
    screen_keys(s, "p");
    screen_wait(s, "3/3 trials", DESK_WAIT_MS);
    screen_keys(s, "0");
    screen_wait(s, "1 file  1 study", DESK_WAIT_MS);
    screen_keys(s, "A"); /* what was answered is there, and nothing is overwritten */
    screen_wait(s, "1/4 Command: ./fit data", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "2/4", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "3/4", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "4/4 Trials: 3", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "fit-2.yaml; p starts it", DESK_WAIT_MS);
    screen_keys(s, "0");
    screen_wait(s, "2 files  2 studies", DESK_WAIT_MS);
    leave(&desk, s);
}

static void a_command_that_tells_nothing_is_asked_about(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk);
    screen *s = open_home(&desk);
    screen_wait(s, "No studies here yet", DESK_WAIT_MS);
    screen_keys(s, "A");
    screen_wait(s, "1/4 Command", DESK_WAIT_MS);
    screen_keys(s, "./nothing {x}" SCREEN_ENTER);
    screen_wait(s, "2/4", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "Its --help tells none", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ENTER);
    screen_wait(s, "nothing tells what values '{x}' has", DESK_WAIT_MS);
    screen_keys(s, "x=0..1" SCREEN_ENTER);
    screen_wait(s, "4/4 Trials", DESK_WAIT_MS);
    screen_keys(s, SCREEN_ESC);
    screen_wait_gone(s, "4/4 Trials", DESK_WAIT_MS);
    screen_wait(s, "0 files  0 studies", DESK_WAIT_MS); /* nothing was written */
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
        cmocka_unit_test(studies_are_sorted_and_filtered),
        cmocka_unit_test(a_study_is_made_in_four_questions),
        cmocka_unit_test(a_command_that_tells_nothing_is_asked_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
