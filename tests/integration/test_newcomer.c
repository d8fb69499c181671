/* The first hour: what somebody types who has read only the beginning, and what the answer is. */
#define _GNU_SOURCE /* setresuid */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/json.h"
#include "support/program.h"

#define STUDY(name, run, metric, rest)                                   \
    "study: " name "\nrun: " run "\nobjective: {minimize: " metric "}\n" \
    "space: {x: {float: [0, 1]}}\nstrategy: random\nbudget: {trials: 3}\n" rest

static void write_good(void)
{
    write_file("t.sh", "echo loss=$1\n");
    write_file("s.yaml", STUDY("s", "sh t.sh {x}", "loss", ""));
}

/* The status of a shell's line with the program's path as $d. */
static int shell(const char *line)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "d='%s'; %s", TEST_DIALIN, line);
    const pid_t pid = fork();
    if (pid == 0) {
        (void)execl("/bin/sh", "sh", "-c", text, (char *)NULL);
        _exit(98);
    }
    return wait_for(pid);
}

static void assert_file(const char *name, const char *text)
{
    char *all = read_all(name);
    assert_string_equal(all, text);
    free(all);
}

static void names_that_lead_nowhere_are_told_in_one_way(void **state)
{
    (void)state;
    expect("s.yml", 2, "there is no file 's.yml'");
    expect("run nothing.yaml", 2, "there is no file 'nothing.yaml'");
    expect("best nothing.db", 2, "there is no file 'nothing.db'");
    expect("check .", 2, "'.' is a folder: name a study file or a database in it");
    expect("run .", 2, "'.' is a folder: name a study file or a database in it");
    expect("show .", 2, "'.' is a folder: name a study file or a database in it");
    write_good();
    expect("run t.sh", 4, "a study is a .yaml file, or the .db that its run makes");
    expect("best s.yaml", 2, "dialin run s.yaml starts it");
    expect("ls s.yaml", 2, "dialin run s.yaml starts it");
}

static void mistakes_in_the_command_have_their_place(void **state)
{
    (void)state;
    write_file("a.yaml", STUDY("a", "sh t.sh {lr}", "loss", ""));
    expect("check a.yaml", 2, "dialin: a.yaml:2:6: '{lr}' in 'run' is no parameter");
    expect("run a.yaml", 2, "there are {args}, {x}");
    write_file("b.yaml", STUDY("b", "sh t.sh", "loss", ""));
    expect("check b.yaml", 0, "note: 'run' names no parameter");
    write_file("c.yaml", STUDY("c", "nosuchprogram {x}", "loss", ""));
    expect("check c.yaml", 0, "program 'nosuchprogram' was not found in PATH");
    write_file("t.sh", "echo loss=$1\n");
    write_file("d.yaml", STUDY("d", "./t.sh {x}", "loss", ""));
    expect("check d.yaml", 0, "program './t.sh' is not executable (chmod +x makes it so)");
    write_file("e.yaml", "study: x\nrun: [\n");
    expect("check e.yaml", 2, "a closing bracket is missing");
    write_good();
    struct result result = dialin("check s.yaml");
    assert_null(strstr(result.out, "note:"));
    forget(&result);
}

static void a_study_without_a_result_says_where_to_look(void **state)
{
    (void)state;
    write_good();
    write_file("g.yaml", STUDY("g", "sh t.sh {x}", "accuracy", ""));
    expect("run g.yaml --headless", 1, "dialin logs g.db 0 shows what the first one printed");
    expect("best g.db", 1, "g: no trial is complete yet; dialin trials g.db lists all 3");
    expect("run s.yaml --headless --paused --end-when-paused", 1, "s: no trial has run yet");
    expect("best s.db", 1, "s: no trial has run yet");
}

static void a_study_that_is_done_says_how_to_go_on(void **state)
{
    (void)state;
    write_good();
    expect("run s.yaml --headless", 0, "best loss");
    expect("run s.yaml --headless", 0, "nothing is left to run; dialin set s.db budget trials=+50");
    expect("enqueue s.db x=0.25", 0, "the budget is used up");
    expect("run s.yaml --headless", 0, "nothing is left to run");
    expect("set s.db budget trials=+3", 0, "6 trials");
    expect("enqueue s.db x=0.5", 0, "; it runs when dialin run starts the study");
    expect("run s.yaml --headless", 0, "s: 6 of 6 trials: 6 ok");
    expect("pause s.db", 1, "no engine is running this study: dialin run starts one");
    expect("ls s.yaml", 0, "s.db");
}

static void numbers_and_names_are_refused_with_what_would_be_right(void **state)
{
    (void)state;
    write_good();
    expect("run s.yaml --headless", 0, "best loss");
    expect("cmd s.db -1", 2, "'-1' is no trial number");
    expect("logs s.db 99", 2, "there is no trial #99");
    expect("logs s.db 0 --stderr", 0, "trial #0 wrote nothing to standard error");
    expect("logs s.db 0 --lines x", 2, "must be a whole number, at least 1");
    expect("trials s.db --study t", 2, "has no study 't'; it has 's'");
    expect("enqueue s.db x=2", 1, "outside the space (0 to 1)");
}

static void every_json_answer_is_one_value(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int status;
    } lines[] = {
        {"ls --json", 0},
        {"ls s.db --json", 0},
        {"trials s.db --json", 0},
        {"trials s.db --json --filter 'x > 2'", 0},
        {"best s.db --json", 0},
        {"best g.db --json", 1},
        {"cmd s.db 0 --json", 0},
        {"pause s.db --json", 1},
        {"resume s.db --json", 1},
        {"drain s.db --json", 1},
        {"stop s.db --json", 1},
        {"stop s.db 0 --json", 1},
        {"prune s.db 0 --json", 1},
        {"prune s.db 99 --json", 1},
        {"retry s.db 0 --json", 0},
        {"enqueue s.db x=0.5 --json", 0},
        {"enqueue s.db x=2 --json", 1},
        {"set s.db parallel 2 --json", 0},
        {"set s.db budget trials=9 --json", 0},
        {"pause nothing.db --json", 2},
    };
    write_good();
    write_file("g.yaml", STUDY("g", "sh t.sh {x}", "accuracy", ""));
    expect("run s.yaml --headless", 0, "best loss");
    expect("run g.yaml --headless", 1, "no trial came to a result");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct result result = dialin(lines[i].line);
        json_t *value = NULL;
        struct dln_error err = {0};
        if (result.status != lines[i].status ||
            !dln_json_read(result.out, strlen(result.out), &value, &err)) {
            fail_msg("dialin %s: status %d, %s: %s%s", lines[i].line, result.status, err.text,
                     result.out, result.err);
        }
        assert_string_equal(result.err, "");
        json_decref(value);
        forget(&result);
    }
}

static void output_that_nobody_reads_is_no_error_and_a_full_disk_is_one(void **state)
{
    (void)state;
    static const char *const commands[] = {"trials s.db", "trials s.db --csv", "ls",
                                           "best s.db",   "check s.yaml",      "--help",
                                           "--manual",    "logs s.db 0"};
    write_good();
    expect("run s.yaml --headless", 0, "best loss");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char line[256];
        (void)snprintf(line, sizeof line, "{ $d %s 2>err.txt; } | head -n 1 >/dev/null",
                       commands[i]);
        assert_int_equal(shell(line), 0);
        assert_file("err.txt", "");
        (void)snprintf(line, sizeof line, "$d %s >/dev/full 2>err.txt", commands[i]);
        assert_int_equal(shell(line), 4);
        assert_file("err.txt", "dialin: write to standard output: No space left on device\n");
    }
}

static void files_of_somebody_else_are_told_by_their_permission(void **state)
{
    (void)state;
    write_good();
    expect("run s.yaml --headless", 0, "best loss");
    assert_int_equal(chmod("s.db", 0), 0);
    assert_int_equal(chmod("s.yaml", 0), 0);
    assert_int_equal(chmod(".", 0777), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        static const uid_t nobody = 65534;
        if (geteuid() == 0 && setresuid(nobody, nobody, nobody) != 0) _exit(99);
        const int first = shell("$d --version >/dev/null") == 0
                              ? shell("$d show s.db 2>a.txt; x=$?; $d check s.yaml 2>b.txt;"
                                      " y=$?; $d ls >c.txt 2>&1; exit $x$y$?")
                              : 77;
        _exit(first);
    }
    const int status = wait_for(pid);
    if (status == 77) skip(); /* the program is in a folder of root's own */
    assert_int_equal(status, 444 & 0xFF);
    assert_file("a.txt", "dialin: open 's.db': Permission denied\n");
    assert_file("b.txt", "dialin: open 's.yaml': Permission denied\n");
    assert_file("c.txt", "dialin: open 's.db': Permission denied\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_that_lead_nowhere_are_told_in_one_way),
        TEST(mistakes_in_the_command_have_their_place),
        TEST(a_study_without_a_result_says_where_to_look),
        TEST(a_study_that_is_done_says_how_to_go_on),
        TEST(numbers_and_names_are_refused_with_what_would_be_right),
        TEST(every_json_answer_is_one_value),
        TEST(output_that_nobody_reads_is_no_error_and_a_full_disk_is_one),
        TEST(files_of_somebody_else_are_told_by_their_permission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
