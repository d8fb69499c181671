/* What is left when the engine, or the guardian, is killed without a word. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "exec/proc.h"
#include "support/live_run.h"

enum { ROUNDS = 12, TRIALS = 4, DEADLINE_MS = 2000, HOPS = 20 };

#define CHILD(word)                                                           \
    (char *[])                                                                \
    {                                                                         \
        (char[]){"/proc/self/exe"}, (char[]){"--child"}, (char[]){word}, NULL \
    }

/* ── children ──────────────────────────────────────────────────────────────────────────────────*/

static int stay(void)
{
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    puts("here");
    (void)fflush(stdout);
    while (getppid() != 0)
        (void)pause();
    return 0;
}

static void daemonise(int depth)
{
    if (fork() != 0) return;
    (void)setsid();
    if (fork() != 0) _exit(0);
    (void)signal(SIGTERM, SIG_IGN);
    if (depth > 0) daemonise(depth - 1);
    for (;;)
        (void)pause();
}

/* Makes another and ends, again and again: nobody who is seen is there a moment later. */
static void hop(void)
{
    for (int i = 0; i < HOPS; i++) {
        if (fork() != 0) _exit(0);
        (void)setsid();
    }
    for (;;)
        (void)pause();
}

static void *stay_as_thread(void *unused)
{
    (void)stay();
    return unused;
}

static int child(const char *word)
{
    if (strcmp(word, "headless") == 0) { /* goes, and leaves one without its first thread */
        if (fork() != 0) return 0;
        (void)setsid();
        pthread_t thread;
        if (pthread_create(&thread, NULL, stay_as_thread, NULL) != 0) return 1;
        pthread_exit(NULL);
    }
    if (strncmp(word, "hops", 4) == 0) {
        for (int i = 0; i < 3; i++) {
            if (fork() == 0) hop();
        }
        if (strcmp(word, "hops and goes") == 0) return 0;
        return stay();
    }
    if (strcmp(word, "daemons") == 0) {
        for (int i = 0; i < 3; i++)
            daemonise(i);
        return stay();
    }
    if (strcmp(word, "stopped") == 0) {
        puts("here");
        (void)fflush(stdout);
        (void)raise(SIGSTOP);
        return stay();
    }
    return stay();
}

/* ── an engine that is going to be killed ──────────────────────────────────────────────────────*/

/* Says one line a run: its folder; then "ready"; then lives until it is killed. */
static int engine(int lock_fd)
{
    struct run_fixture f;
    run_open_with(&f, 4096, lock_fd);
    static struct run_record runs[TRIALS];
    run_start(&f, &runs[0], CHILD("daemons"), NULL);
    run_start(&f, &runs[1], CHILD("stopped"), NULL);
    run_start(&f, &runs[2], CHILD("stay"), NULL);
    run_start(&f, &runs[3],
              (char *[]){(char[]){"sh"}, (char[]){"-c"},
                         (char[]){"trap '' TERM; echo here; sleep 1000 & sleep 1000; wait"}, NULL},
              NULL);
    for (int i = 0; i < TRIALS; i++) {
        run_wait_output(&f, &runs[i]);
        printf("%s\n", runs[i].dir);
    }
    puts("ready");
    (void)fflush(stdout);
    while (getppid() != 0)
        run_turn(&f, 1000);
    return 0;
}

struct victim {
    pid_t pid;
    char dirs[TRIALS][256];
};

static void start_engine(struct victim *victim, const char *lock)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    (void)fflush(stdout);
    victim->pid = fork();
    assert_true(victim->pid >= 0);
    if (victim->pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execl("/proc/self/exe", "test_guardian", "--engine", lock, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    FILE *in = fdopen(ends[0], "r");
    assert_non_null(in);
    for (int i = 0; i < TRIALS; i++) {
        assert_non_null(fgets(victim->dirs[i], sizeof victim->dirs[i], in));
        victim->dirs[i][strcspn(victim->dirs[i], "\n")] = '\0';
    }
    char line[64];
    assert_non_null(fgets(line, sizeof line, in));
    assert_string_equal(line, "ready\n");
    (void)fclose(in);
}

static void kill_engine(const struct victim *victim)
{
    assert_int_equal(kill(victim->pid, SIGKILL), 0);
    assert_int_equal(waitpid(victim->pid, NULL, 0), victim->pid);
}

static void remove_dirs(const struct victim *victim)
{
    for (int i = 0; i < TRIALS; i++)
        run_remove(victim->dirs[i]);
    char root[256];
    (void)snprintf(root, sizeof root, "%s", victim->dirs[0]);
    *strrchr(root, '/') = '\0';
    (void)rmdir(root);
}

/* ── tests ─────────────────────────────────────────────────────────────────────────────────────*/

static void a_killed_engine_leaves_no_process_behind(void **state)
{
    (void)state;
    int64_t worst_ms = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct victim victim;
        start_engine(&victim, "-");
        for (int i = 0; i < TRIALS; i++)
            assert_true(run_count_marked(victim.dirs[i]) > 0);
        kill_engine(&victim);
        const int64_t start_ns = dln_clock_mono_ns();
        for (int i = 0; i < TRIALS; i++) {
            const int64_t passed_ms = (dln_clock_mono_ns() - start_ns) / 1000000;
            (void)run_wait_no_marked(victim.dirs[i], DEADLINE_MS - passed_ms);
        }
        const int64_t took_ms = (dln_clock_mono_ns() - start_ns) / 1000000;
        if (took_ms > worst_ms) worst_ms = took_ms;
        remove_dirs(&victim);
    }
    print_message("all gone after at most %d ms, of which 300 ms are the grace\n", (int)worst_ms);
}

static void the_lock_of_a_killed_engine_is_free_when_its_trials_are_gone(void **state)
{
    (void)state;
    char path[] = "/tmp/dialin-lock-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    struct victim victim;
    start_engine(&victim, path);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
    kill_engine(&victim);
    assert_int_equal(flock(fd, LOCK_EX), 0); /* waits for the guardian's end */
    for (int i = 0; i < TRIALS; i++)
        assert_int_equal(run_count_marked(victim.dirs[i]), 0);
    (void)close(fd);
    (void)unlink(path);
    remove_dirs(&victim);
}

static pid_t parent_of(int64_t pid)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    int parent;
    assert_int_equal(fscanf(in, "%*d (%*[^)]) %*c %d", &parent), 1);
    (void)fclose(in);
    return (pid_t)parent;
}

static void runs_of_a_killed_guardian_are_lost_and_ended(void **state)
{
    (void)state;
    struct run_fixture f;
    run_open(&f, 4096);
    for (int round = 0; round < ROUNDS; round++) { /* each with a new guardian */
        static struct run_record runs[4];
        run_start(&f, &runs[0], CHILD("daemons"), NULL);
        run_start(&f, &runs[1], CHILD("stopped"), NULL);
        run_start(&f, &runs[2], CHILD("stay"), NULL);
        run_start(&f, &runs[3], CHILD("hops"), NULL);
        for (int i = 0; i < 4; i++)
            run_wait_output(&f, &runs[i]);
        assert_int_equal(kill(parent_of(runs[0].pid), SIGKILL), 0);
        for (int i = 0; i < 4; i++) {
            run_wait(&f, &runs[i]);
            assert_int_equal(runs[i].end.kind, DLN_RUN_ENDED);
            assert_true(runs[i].end.guardian_lost);
            assert_false(runs[i].end.has_exit);
            assert_int_equal(run_count_marked(runs[i].dir), 0);
        }
    }

    struct run_record next;
    run_start(&f, &next, (char *[]){(char[]){"true"}, NULL}, NULL);
    run_wait(&f, &next);
    assert_int_equal(next.end.kind, DLN_RUN_ENDED);
    assert_true(next.end.has_exit);
    assert_false(next.end.guardian_lost);
    run_close(&f);
}

static void a_run_is_over_when_all_that_it_left_behind_has_ended(void **state)
{
    (void)state;
    struct run_fixture f;
    run_open(&f, 4096);
    struct run_record other; /* whose the strays could be, too */
    run_start(&f, &other, CHILD("stay"), NULL);
    run_wait_output(&f, &other);
    for (int round = 0; round < ROUNDS; round++) {
        struct run_record run;
        char *const *argv = round % 4 == 0 ? CHILD("headless") : CHILD("hops and goes");
        run_start(&f, &run, argv, NULL);
        run_wait(&f, &run);
        assert_int_equal(run.end.kind, DLN_RUN_ENDED);
        assert_true(run.end.has_exit);
        assert_int_equal(run_count_marked(run.dir), 0);
    }
    assert_false(other.over);
    run_close(&f);
}

static void the_program_itself_is_a_guardian(void **state)
{
    (void)state;
    struct run_fixture f;
    run_open(&f, 4096);
    dln_runner_free(f.runner);
    f.runner = NULL;
    const struct dln_runner_options options = {
        .program = TEST_DIALIN, .inherit_fd = -1, .log_limit_bytes = 4096};
    struct dln_error err;
    assert_ok(dln_runner_new(&f.study, &options, &f.runner, &err), err);
    struct run_record run;
    run_start(&f, &run, (char *[]){(char[]){"true"}, NULL}, NULL);
    run_wait(&f, &run);
    assert_int_equal(run.end.kind, DLN_RUN_ENDED);
    assert_true(run.end.has_exit);
    assert_false(run.end.guardian_lost);
    run_close(&f);
}

static void orphans_are_found_by_pid_and_by_mark(void **state)
{
    (void)state;
    static const char mark[] = "/tmp/dialin-orphan-test";
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)setsid();
        (void)dup2(ready[1], STDOUT_FILENO);
        (void)execle("/proc/self/exe", "test_guardian", "--child", "daemons", (char *)NULL,
                     (char *[]){(char[]){"DIALIN_RUN=/tmp/dialin-orphan-test"}, NULL});
        _exit(127);
    }
    (void)close(ready[1]);
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    const int64_t start = dln_proc_start_time(pid);
    assert_true(start > 0);

    assert_false(dln_exec_end_orphan(pid, start + 1, "/tmp/dialin-another")); /* not this one */
    assert_true(dln_proc_is_alive(pid));
    assert_true(run_count_marked(mark) > 1);

    assert_true(dln_exec_end_orphan(pid, start, mark));
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(run_count_marked(mark), 0);
    assert_false(dln_exec_end_orphan(pid, start, mark));
}

int main(int argc, char **argv)
{
    int status;
    if (run_guardian(argc, argv, &status)) return status;
    if (argc == 3 && strcmp(argv[1], "--child") == 0) return child(argv[2]);
    if (argc == 3 && strcmp(argv[1], "--engine") == 0) {
        if (strcmp(argv[2], "-") == 0) return engine(-1);
        const int lock = open(argv[2], O_RDWR | O_CLOEXEC);
        if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0) return 3;
        return engine(lock);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_engine_leaves_no_process_behind),
        cmocka_unit_test(the_lock_of_a_killed_engine_is_free_when_its_trials_are_gone),
        cmocka_unit_test(runs_of_a_killed_guardian_are_lost_and_ended),
        cmocka_unit_test(a_run_is_over_when_all_that_it_left_behind_has_ended),
        cmocka_unit_test(the_program_itself_is_a_guardian),
        cmocka_unit_test(orphans_are_found_by_pid_and_by_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
