/* Children that behave badly in all the ways that children do. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/proc.h"
#include "support/live_run.h"

#define SHELL(text)                                          \
    (char *[])                                               \
    {                                                        \
        (char[]){"sh"}, (char[]){"-c"}, (char[]){text}, NULL \
    }
#define SELF(word)                                                            \
    (char *[])                                                                \
    {                                                                         \
        (char[]){"/proc/self/exe"}, (char[]){"--child"}, (char[]){word}, NULL \
    }

static int setup(void **state)
{
    struct run_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    run_open(f, 1024 * 1024);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    run_close(*state);
    free(*state);
    return 0;
}

/* ── ordinary runs ─────────────────────────────────────────────────────────────────────────────*/

static void a_run_tells_its_start_its_metrics_and_its_end(void **state)
{
    struct run_record run;
    run_start(*state, &run,
              SHELL("echo 'epoch 1 loss=0.5'; echo oops >&2; echo loss: 0.25; exit 3"), NULL);
    run_wait(*state, &run);
    assert_true(run.started);
    assert_int_equal(run.end.kind, DLN_RUN_ENDED);
    assert_true(run.end.has_exit);
    assert_int_equal(run.end.exit_status, 3);
    assert_int_equal(run.end.signal, 0);
    assert_true(run.end.pid > 1);
    assert_true(run.end.pid_start > 0);
    assert_true(run.end.max_rss_bytes > 100000);
    assert_int_equal(run.n_metrics, 2);
    assert_true(run.metric[0].has_step);
    assert_int_equal(run.metric[0].step, 1);
    assert_close(run.metric[0].value, 0.5, 0, 0);
    assert_false(run.metric[1].has_step);
    assert_close(run.metric[1].value, 0.25, 0, 0);

    char *out = run_read(&run, "stdout", NULL);
    assert_string_equal(out, "epoch 1 loss=0.5\nloss: 0.25\n");
    free(out);
    char *err_text = run_read(&run, "stderr", NULL);
    assert_string_equal(err_text, "oops\n");
    free(err_text);
    char *status = run_read(&run, "status", NULL);
    assert_memory_equal(status, "exit 3\n", 7);
    free(status);
}

static void many_runs_at_once_all_end(void **state)
{
    enum { N = 40 };
    static struct run_record runs[N];
    for (int i = 0; i < N; i++)
        run_start(*state, &runs[i], SHELL("echo loss=$$"), NULL);
    for (int i = 0; i < N; i++)
        run_wait(*state, &runs[i]);
    for (int i = 0; i < N; i++) {
        assert_int_equal(runs[i].end.kind, DLN_RUN_ENDED);
        assert_int_equal(runs[i].end.exit_status, 0);
        assert_int_equal(runs[i].n_metrics, 1);
        assert_close(runs[i].metric[0].value, (double)runs[i].end.pid, 0, 0);
    }
}

static void the_start_time_is_that_of_the_process(void **state)
{
    for (int i = 0; i < 20; i++) {
        struct run_record run;
        run_start(*state, &run, SELF("ignore-term"), NULL);
        run_wait_started(*state, &run);
        const int64_t start = dln_proc_start_time((pid_t)run.pid);
        dln_runner_end(((struct run_fixture *)*state)->runner, &run, 0);
        run_wait(*state, &run);
        assert_true(start > 0);
        assert_int_equal(run.end.pid_start, start);
    }
}

static void a_signal_is_told_as_one(void **state)
{
    struct run_record run;
    run_start(*state, &run, SHELL("kill -SEGV $$"), NULL);
    run_wait(*state, &run);
    assert_true(run.end.has_exit);
    assert_int_equal(run.end.signal, SIGSEGV);
    assert_false(run.end.oom);
    char *status = run_read(&run, "status", NULL);
    assert_memory_equal(status, "signal SEGV\n", 12);
    free(status);
}

static void the_metrics_file_is_read_while_the_run_lives(void **state)
{
    struct run_record run;
    static char metrics[300];
    char fifo[300];
    const struct run_fixture *f = *state;
    (void)snprintf(metrics, sizeof metrics, "M=%s/%d/metrics.jsonl", f->root, f->n_runs);
    (void)snprintf(fifo, sizeof fifo, "%s/fifo", f->root);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    static char path[] = "PATH=/usr/bin:/bin";
    run_start(*state, &run,
              SHELL("echo '{\"loss\": 0.5, \"step\": 4}' >> $M; read wait < ../fifo;"
                    "printf '{\"loss\": 0.25, \"step\": 5}' >> $M"),
              (char *[]){path, metrics, NULL});
    while (run.n_metrics == 0 && !run.over)
        run_turn(*state, 1000);
    assert_false(run.over);
    assert_int_equal(run.metric[0].step, 4);
    int fd;
    do {
        fd = open(fifo, O_WRONLY | O_NONBLOCK);
        run_turn(*state, 10);
    } while (fd < 0 && errno == ENXIO);
    (void)close(fd);
    run_wait(*state, &run);
    assert_int_equal(run.n_metrics, 2);
    assert_int_equal(run.metric[1].step, 5);
    assert_close(run.metric[1].value, 0.25, 0, 0);
    (void)unlink(fifo);
}

/* ── programs that do not start ────────────────────────────────────────────────────────────────*/

static void expect_failure(void **state, char *const *argv, bool pointless, const char *words)
{
    struct run_record run;
    run_start(*state, &run, argv, NULL);
    run_wait(*state, &run);
    assert_int_equal(run.end.kind, DLN_RUN_FAILED);
    assert_false(run.started);
    assert_int_equal(run.end.program_missing, pointless);
    if (!strstr(run.text, words)) {
        print_error("'%s' does not say '%s'\n", run.text, words);
        fail();
    }
}

static void a_missing_program_is_a_sentence(void **state)
{
    expect_failure(state, (char *[]){(char[]){"no-such-program-here"}, NULL}, true,
                   "'no-such-program-here' was not found in PATH");
    expect_failure(state, (char *[]){(char[]){"./no/such"}, NULL}, true, "does not exist");
}

static void a_file_without_rights_or_interpreter_is_a_sentence(void **state)
{
    char script[256];
    const struct run_fixture *f = *state;
    (void)snprintf(script, sizeof script, "%s/script", f->root);
    FILE *out = fopen(script, "w");
    assert_non_null(out);
    (void)fputs("echo hello\n", out);
    (void)fclose(out);
    if (geteuid() != 0 || access(script, X_OK) != 0) {
        expect_failure(state, (char *[]){script, NULL}, true, "is not executable");
    }
    assert_int_equal(chmod(script, 0700), 0);
    expect_failure(state, (char *[]){script, NULL}, true, "is not a program");
    (void)unlink(script);
}

static void too_long_a_command_line_is_a_sentence(void **state)
{
    const size_t len = 3 * 1024 * 1024;
    char *word = malloc(len + 1);
    assert_non_null(word);
    memset(word, 'x', len);
    word[len] = '\0';
    expect_failure(state, (char *[]){(char[]){"true"}, word, NULL}, true,
                   "longer than this machine allows");
    free(word);
}

static void a_missing_working_directory_is_a_sentence(void **state)
{
    struct run_record run;
    const struct dln_run_request request = {.argv = (char *[]){(char[]){"true"}, NULL},
                                            .envp = (char *[]){NULL},
                                            .directory = "/no/such/folder"};
    run_request(*state, &run, &request);
    run_wait(*state, &run);
    assert_int_equal(run.end.kind, DLN_RUN_FAILED);
    assert_true(run.end.program_missing);
    assert_non_null(strstr(run.text, "'/no/such/folder' cannot be entered"));
}

/* ── what a child starts with ──────────────────────────────────────────────────────────────────*/

static int probe(void)
{
    int extra = 0;
    for (int fd = 3; fd < 1024; fd++)
        extra += fcntl(fd, F_GETFD) >= 0;
    int ignored = 0;
    int blocked = 0;
    sigset_t mask;
    if (sigprocmask(SIG_SETMASK, NULL, &mask) != 0) return 1;
    for (int number = 1; number < 65; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) ignored++;
        if (sigismember(&mask, number) == 1) blocked++;
    }
    struct stat in;
    struct stat null;
    if (fstat(0, &in) != 0 || stat("/dev/null", &null) != 0) return 1;
    const mode_t mode = umask(0);
    printf("extra %d ignored %d blocked %d null %d session %d group %d tty %d umask %o\n", extra,
           ignored, blocked, in.st_rdev == null.st_rdev && S_ISCHR(in.st_mode),
           getsid(0) == getpid(), getpgrp() == getpid(), open("/dev/tty", O_RDWR) >= 0,
           (unsigned)mode);
    return 0;
}

static void a_child_starts_clean(void **state)
{
    struct run_record run;
    char expected[200];
    const mode_t mode = umask(0);
    (void)umask(mode);
    (void)snprintf(expected, sizeof expected,
                   "extra 0 ignored 0 blocked 0 null 1 session 1 group 1 tty 0 umask %o\n",
                   (unsigned)mode);
    run_start(*state, &run, SELF("probe"), NULL);
    run_wait(*state, &run);
    char *out = run_read(&run, "stdout", NULL);
    assert_string_equal(out, expected);
    free(out);
}

static void every_byte_of_arguments_and_environment_arrives(void **state)
{
    char word[256];
    char setting[260];
    for (int i = 1; i < 256; i++)
        word[i - 1] = (char)i;
    word[255] = '\0';
    (void)snprintf(setting, sizeof setting, "V=%s", word);
    struct run_record run;
    run_start(*state, &run,
              (char *[]){(char[]){"/usr/bin/printf"}, (char[]){"%s|%s"}, word, (char[]){""}, NULL},
              NULL);
    run_wait(*state, &run);
    size_t len;
    char *out = run_read(&run, "stdout", &len);
    assert_int_equal(len, 256);
    assert_memory_equal(out, word, 255);
    assert_int_equal(out[255], '|');
    free(out);

    static char path[] = "PATH=/usr/bin:/bin";
    run_start(*state, &run, (char *[]){(char[]){"env"}, NULL}, (char *[]){path, setting, NULL});
    run_wait(*state, &run);
    out = run_read(&run, "stdout", &len);
    const char *found = strstr(out, "\nV=");
    assert_non_null(found);
    assert_memory_equal(found + 1, setting, 257);
    assert_non_null(strstr(out, "\nDIALIN_RUN=/tmp/"));
    free(out);
}

static void memory_is_limited_and_told(void **state)
{
    struct run_record run;
    static char path[] = "PATH=/usr/bin:/bin";
    const struct dln_run_request request = {
        .argv = SHELL("dd if=/dev/zero of=/dev/null bs=256M count=1"),
        .envp = (char *[]){path, NULL},
        .memory_bytes = 64 * 1024 * 1024};
    run_request(*state, &run, &request);
    run_wait(*state, &run);
    assert_int_equal(run.end.exit_status, 1);
    assert_true(run.end.oom);
}

/* ── output that hurts ─────────────────────────────────────────────────────────────────────────*/

static void a_flood_is_kept_within_the_limit(void **state)
{
    struct run_record run;
    run_start(*state, &run,
              SHELL("yes 'loss=1' | head -c 30000000; echo; echo 'epoch 9 loss=0.125'"), NULL);
    run_wait(*state, &run);
    assert_int_equal(run.end.exit_status, 0);
    assert_true(run.n_metrics > 4000000);
    assert_close(run.last_metric.value, 0.125, 0, 0);
    size_t len;
    char *out = run_read(&run, "stdout", &len);
    assert_true(len <= 1024 * 1024 + 80);
    assert_memory_equal(out, "loss=1\n", 7);
    const char *gap = strstr(out, "bytes left out");
    assert_non_null(gap);
    assert_true(gap - out < 1024 * 1024 / 4 + 80);
    assert_non_null(strstr(out, "\nepoch 9 loss=0.125\n"));
    free(out);
}

static void a_line_of_100_megabytes_is_cut_and_told(void **state)
{
    struct run_record run;
    run_start(*state, &run, SHELL("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo 'loss=2'"),
              NULL);
    run_wait(*state, &run);
    assert_int_equal(run.n_metrics, 1);
    assert_close(run.metric[0].value, 2, 0, 0);
    char *status = run_read(&run, "status", NULL);
    assert_non_null(strstr(status, "lines_over_64_kib 1\n"));
    assert_non_null(strstr(status, "stdout_bytes 100000008\n"));
    free(status);
}

static void random_bytes_do_no_harm(void **state)
{
    struct run_record run;
    run_start(*state, &run, SHELL("head -c 5000000 /dev/urandom; head -c 5000000 /dev/urandom >&2"),
              NULL);
    run_wait(*state, &run);
    assert_int_equal(run.end.exit_status, 0);
    char *status = run_read(&run, "status", NULL);
    assert_non_null(strstr(status, "stdout_bytes 5000000\nstderr_bytes 5000000\n"));
    free(status);
}

static void nan_and_escape_sequences_are_read(void **state)
{
    struct run_record run;
    run_start(
        *state, &run,
        SHELL("printf '\\033[1mloss\\033[0m: \\033[32mnan\\033[0m\\r\\033]0;x\\007loss 1e999\\n'"),
        NULL);
    run_wait(*state, &run);
    assert_int_equal(run.n_metrics, 2);
    assert_true(isnan(run.metric[0].value));
    assert_true(isinf(run.metric[1].value));
}

static void a_child_that_closes_its_output_lives_on(void **state)
{
    struct run_record run;
    run_start(*state, &run, SHELL("echo loss=1; exec >&- 2>&-; sleep 0.6; exit 4"), NULL);
    run_wait(*state, &run);
    assert_int_equal(run.end.exit_status, 4);
    assert_int_equal(run.n_metrics, 1);
}

static void a_helper_that_keeps_the_output_is_drained_and_ended(void **state)
{
    struct run_record run;
    run_start(*state, &run, SHELL("(sleep 0.05; echo loss=7; sleep 1000) & exit 0"), NULL);
    run_wait(*state, &run);
    assert_int_equal(run.end.exit_status, 0);
    assert_int_equal(run.n_metrics, 1);
    assert_int_equal(run_count_marked(run.dir), 0);
}

/* ── children that do not want to end ──────────────────────────────────────────────────────────*/

static int stay(void)
{
    puts("here");
    (void)fflush(stdout);
    while (getppid() != 0)
        (void)pause();
    return 0;
}

static int ignore_term(void)
{
    (void)signal(SIGTERM, SIG_IGN);
    return stay();
}

/* A process in a session of its own, whose parent is gone. */
static void daemonise(bool keeps_mark)
{
    if (fork() != 0) return;
    (void)setsid();
    if (fork() != 0) _exit(0);
    (void)signal(SIGTERM, SIG_IGN);
    if (!keeps_mark) (void)execle("/bin/sleep", "sleep", "1000", (char *)NULL, (char *[]){NULL});
    for (;;)
        (void)pause();
}

static int daemons(void)
{
    for (int i = 0; i < 3; i++)
        daemonise(true);
    daemonise(false);
    (void)signal(SIGTERM, SIG_IGN);
    (void)puts("here");
    (void)fflush(stdout);
    (void)raise(SIGSTOP);
    return stay();
}

static int leave_daemons(void)
{
    daemonise(true);
    daemonise(false);
    return 0;
}

static void a_stopped_child_gets_its_term(void **state)
{
    struct run_record run;
    run_start(*state, &run, SHELL("trap 'echo loss=5; exit 6' TERM; echo here; kill -STOP $$"),
              NULL);
    run_wait_output(*state, &run);
    dln_runner_end(((struct run_fixture *)*state)->runner, &run, 30000);
    run_wait(*state, &run);
    assert_int_equal(run.end.exit_status, 6);
    assert_close(run.last_metric.value, 5, 0, 0);
}

static void term_is_followed_by_kill_after_the_grace(void **state)
{
    struct run_record run;
    run_start(*state, &run, SELF("ignore-term"), NULL);
    run_wait_output(*state, &run);
    dln_runner_end(((struct run_fixture *)*state)->runner, &run, 100);
    run_wait(*state, &run);
    assert_int_equal(run.end.signal, SIGKILL);
    assert_false(run.end.oom);
}

static void a_second_end_does_not_wait(void **state)
{
    struct run_record run;
    struct run_fixture *f = *state;
    run_start(f, &run, SELF("ignore-term"), NULL);
    run_wait_output(f, &run);
    dln_runner_end(f->runner, &run, 3600 * 1000);
    dln_runner_end(f->runner, &run, 0);
    run_wait(f, &run);
    assert_int_equal(run.end.signal, SIGKILL);
}

static void daemons_are_ended_with_their_trial(void **state)
{
    struct run_record run;
    struct run_fixture *f = *state;
    run_start(f, &run, SELF("daemons"), NULL);
    run_wait_output(f, &run);
    dln_runner_end(f->runner, &run, 50);
    run_wait(f, &run);
    assert_int_equal(run.end.signal, SIGKILL);
    assert_int_equal(run_count_marked(run.dir), 0);
}

static void daemons_of_one_trial_do_not_cost_another_its_life(void **state)
{
    struct run_record keeper;
    struct run_record leaver;
    struct run_fixture *f = *state;
    run_start(f, &keeper, SHELL("sleep 1000 & echo here; wait"), NULL);
    run_wait_output(f, &keeper);
    run_start(f, &leaver, SELF("leave-daemons"), NULL);
    run_wait(f, &leaver);
    assert_int_equal(leaver.end.exit_status, 0);
    assert_int_equal(run_count_marked(leaver.dir), 0);
    assert_false(keeper.over);
    assert_int_equal(run_count_marked(keeper.dir), 2);
    dln_runner_end(f->runner, &keeper, 0);
    run_wait(f, &keeper);
    assert_int_equal(run_count_marked(keeper.dir), 0);
}

static void a_wrapper_that_dies_first_leaves_the_grace_to_its_child(void **state)
{
    struct run_record run;
    struct run_fixture *f = *state;
    run_start(f, &run,
              SHELL("sh -c 'trap \"sleep 0.7; echo loss=3; exit 0\" TERM; echo here;"
                    "while :; do sleep 0.05; done' & wait"),
              NULL);
    run_wait_output(f, &run);
    dln_runner_end(f->runner, &run, 30000);
    run_wait(f, &run);
    assert_int_equal(run.n_metrics, 1);
    assert_close(run.metric[0].value, 3, 0, 0);
}

static void freeing_the_runner_ends_what_runs(void **state)
{
    (void)state;
    struct run_fixture f;
    run_open(&f, 1024);
    struct run_record runs[3];
    run_start(&f, &runs[0], SELF("ignore-term"), NULL);
    run_start(&f, &runs[1], SELF("daemons"), NULL);
    run_start(&f, &runs[2], SHELL("echo; sleep 1000"), NULL);
    for (int i = 0; i < 3; i++)
        run_wait_output(&f, &runs[i]);
    run_close(&f);
    for (int i = 0; i < 3; i++)
        assert_int_equal(run_count_marked(runs[i].dir), 0);
}

int main(int argc, char **argv)
{
    int status;
    if (run_guardian(argc, argv, &status)) return status;
    if (argc == 3 && strcmp(argv[1], "--child") == 0) {
        if (strcmp(argv[2], "probe") == 0) return probe();
        if (strcmp(argv[2], "ignore-term") == 0) return ignore_term();
        if (strcmp(argv[2], "daemons") == 0) return daemons();
        if (strcmp(argv[2], "leave-daemons") == 0) return leave_daemons();
        return 99;
    }
    /* What a host may have done before it made a runner; no child may know of it. */
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    sigset_t blocked;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGUSR1);
    (void)sigaddset(&blocked, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
    if (open("/dev/null", O_RDONLY) < 0 || dup2(0, 100) != 100) return 1;

    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_tells_its_start_its_metrics_and_its_end),
        cmocka_unit_test(many_runs_at_once_all_end),
        cmocka_unit_test(the_start_time_is_that_of_the_process),
        cmocka_unit_test(a_signal_is_told_as_one),
        cmocka_unit_test(the_metrics_file_is_read_while_the_run_lives),
        cmocka_unit_test(a_missing_program_is_a_sentence),
        cmocka_unit_test(a_file_without_rights_or_interpreter_is_a_sentence),
        cmocka_unit_test(too_long_a_command_line_is_a_sentence),
        cmocka_unit_test(a_missing_working_directory_is_a_sentence),
        cmocka_unit_test(a_child_starts_clean),
        cmocka_unit_test(every_byte_of_arguments_and_environment_arrives),
        cmocka_unit_test(memory_is_limited_and_told),
        cmocka_unit_test(a_flood_is_kept_within_the_limit),
        cmocka_unit_test(a_line_of_100_megabytes_is_cut_and_told),
        cmocka_unit_test(random_bytes_do_no_harm),
        cmocka_unit_test(nan_and_escape_sequences_are_read),
        cmocka_unit_test(a_child_that_closes_its_output_lives_on),
        cmocka_unit_test(a_helper_that_keeps_the_output_is_drained_and_ended),
        cmocka_unit_test(a_stopped_child_gets_its_term),
        cmocka_unit_test(term_is_followed_by_kill_after_the_grace),
        cmocka_unit_test(a_second_end_does_not_wait),
        cmocka_unit_test(daemons_are_ended_with_their_trial),
        cmocka_unit_test(daemons_of_one_trial_do_not_cost_another_its_life),
        cmocka_unit_test(a_wrapper_that_dies_first_leaves_the_grace_to_its_child),
        cmocka_unit_test(freeing_the_runner_ends_what_runs),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
