/* Whoever looks at a study leaves its folder as it was, and a finished run leaves one file. */
#define _GNU_SOURCE /* setresuid */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/outside.h"
#include "support/program.h"

static const char *const looks[] = {
    "ls ro",           "ls ro/t.db",          "trials ro/t.db",    "show ro/t.db --json",
    "best ro/t.db",    "logs ro/t.db 0",      "cmd ro/t.db 0",     "trials ro/t.yaml",
    "check ro/t.yaml", "best ro/t.db --json", "ls --json ro/t.db",
};
enum { N_LOOKS = sizeof looks / sizeof looks[0] };

static void write_study(const char *program, const char *rest)
{
    char text[512];
    assert_int_equal(mkdir("ro", 0755), 0);
    write_file("ro/t.sh", program);
    (void)snprintf(text, sizeof text,
                   "study: t\nrun: sh t.sh {x}\nobjective: {minimize: loss}\n"
                   "space: {x: {float: [0, 1]}}\nstrategy: random\nseed: 1\n%s",
                   rest);
    write_file("ro/t.yaml", text);
}

/* The names in the folder that begin with the database's, in one word. */
static const char *files_of_db(void)
{
    static char names[256];
    static const char *const known[] = {"t.db", "t.db-journal", "t.db-shm", "t.db-wal"};
    names[0] = '\0';
    for (size_t i = 0; i < 4; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "ro/%s", known[i]);
        if (access(path, F_OK) != 0) continue;
        (void)snprintf(names + strlen(names), sizeof names - strlen(names), "%s ", known[i]);
    }
    return names;
}

struct before {
    char *bytes;
    size_t len;
    struct timespec changed;
    char names[256];
};

static struct before remember(void)
{
    struct before before;
    struct stat file;
    before.bytes = outside_read("ro/t.db", &before.len);
    assert_int_equal(stat("ro/t.db", &file), 0);
    before.changed = file.st_mtim;
    (void)snprintf(before.names, sizeof before.names, "%s", files_of_db());
    return before;
}

static void assert_as_before(const struct before *before, const char *look)
{
    size_t len;
    struct stat file;
    char *bytes = outside_read("ro/t.db", &len);
    const bool same = len == before->len && memcmp(bytes, before->bytes, len) == 0;
    free(bytes);
    assert_int_equal(stat("ro/t.db", &file), 0);
    if (!same || file.st_mtim.tv_nsec != before->changed.tv_nsec ||
        strcmp(files_of_db(), before->names) != 0) {
        fail_msg("dialin %s: %s, files %s", look, same ? "same bytes" : "other bytes",
                 files_of_db());
    }
}

static void a_finished_run_leaves_one_file_and_looking_leaves_it_alone(void **state)
{
    (void)state;
    write_study("echo loss=$1\n", "budget: {trials: 3}\n");
    expect("run ro/t.yaml --headless", 0, "best loss");
    assert_string_equal(files_of_db(), "t.db ");
    struct before before = remember();
    for (int i = 0; i < N_LOOKS; i++) {
        expect(looks[i], 0, "");
        assert_as_before(&before, looks[i]);
    }
    expect("watch ro/t.db", 0, "");
    assert_as_before(&before, "watch");
    expect("trials ro/t.db --filter 'nonsense < 1'", 2, "nonsense");
    assert_as_before(&before, "show, refused");
    expect("run ro/t.yaml --headless", 0, "3 of 3"); /* nothing is left to do */
    assert_string_equal(files_of_db(), "t.db ");
    expect("enqueue ro/t.db x=0.5", 0, "queued");
    assert_string_equal(files_of_db(), "t.db ");
    free(before.bytes);
}

static void the_last_of_two_leaves_one_file(void **state)
{
    (void)state;
    write_study("while [ ! -e gate ]; do sleep 0.02; done; echo loss=$1\n",
                "budget: {trials: 2}\nmachine: {parallel: 2}\n");
    struct running run = start_run("run ro/t.yaml --headless");
    await(&run, "#1");
    const pid_t watcher = fork();
    if (watcher == 0) {
        const int null = open("/dev/null", O_RDWR);
        if (dup2(null, 1) < 0 || dup2(null, 2) < 0) _exit(99);
        (void)execl(TEST_DIALIN, "dialin", "watch", "ro/t.db", (char *)NULL);
        _exit(98);
    }
    expect("trials ro/t.db", 0, "run");
    write_file("ro/gate", "");
    assert_int_equal(end_of(&run), 0);
    assert_int_equal(wait_for(watcher), 0);
    assert_string_equal(files_of_db(), "t.db ");
}

static void what_a_killed_engine_left_in_its_log_stays_there(void **state)
{
    (void)state;
    write_study("while [ ! -e gate ]; do sleep 0.02; done; echo loss=$1\n",
                "budget: {trials: 2}\nmachine: {grace: 1s}\n");
    struct running run = start_run("run ro/t.yaml --headless");
    await(&run, "#0");
    assert_int_equal(kill(run.pid, SIGKILL), 0);
    (void)end_of(&run); /* the guardian and the trial have closed the pipe, too */
    struct before before = remember();
    assert_string_equal(before.names, "t.db t.db-shm t.db-wal ");
    for (int i = 0; i < N_LOOKS; i++) {
        if (strstr(looks[i], "best") || strstr(looks[i], "logs")) continue; /* there is none */
        expect(looks[i], 0, "");
        assert_as_before(&before, looks[i]);
    }
    write_file("ro/gate", "");
    expect("run ro/t.yaml --headless", 0, "best loss");
    assert_string_equal(files_of_db(), "t.db ");
    free(before.bytes);
}

/* As somebody who owns nothing here; the test's own output files are not theirs to write. */
static int look_as_nobody(const char *line)
{
    char copy[64];
    char *argv[8] = {(char[]){"dialin"}};
    (void)snprintf(copy, sizeof copy, "%s", line);
    int n = 1;
    for (char *word = copy; word && n < 7;) {
        argv[n++] = word;
        word = strchr(word, ' ');
        if (word) *word++ = '\0';
    }
    (void)fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        static const uid_t nobody = 65534;
        const int null = open("/dev/null", O_RDWR);
        if (dup2(null, 1) < 0 || dup2(null, 2) < 0) _exit(99);
        if (geteuid() == 0 && setresuid(nobody, nobody, nobody) != 0) _exit(99);
        (void)execv(TEST_DIALIN, argv);
        _exit(98);
    }
    return wait_for(pid);
}

static void look_with_modes(mode_t folder, mode_t file)
{
    write_study("echo loss=$1\n", "budget: {trials: 3}\n");
    expect("run ro/t.yaml --headless", 0, "best loss");
    struct before before = remember();
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(chmod("ro/t.db", file), 0);
    assert_int_equal(chmod("ro", folder), 0);
    const bool can_start = look_as_nobody("--version") == 0;
    for (int i = 0; i < N_LOOKS && can_start; i++) {
        if (strstr(looks[i], "logs")) continue; /* of its owner alone */
        assert_int_equal(look_as_nobody(looks[i]), 0);
        assert_as_before(&before, looks[i]);
    }
    assert_int_equal(chmod("ro", 0755), 0);
    free(before.bytes);
    if (!can_start) skip(); /* the program is in a folder of root's own */
}

static void a_folder_that_is_only_for_reading_is_looked_at(void **state)
{
    (void)state;
    look_with_modes(0555, 0444);
}

static void a_file_of_somebody_else_in_an_open_folder_is_looked_at(void **state)
{
    (void)state;
    look_with_modes(0777, 0644);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_finished_run_leaves_one_file_and_looking_leaves_it_alone),
        TEST(the_last_of_two_leaves_one_file),
        TEST(what_a_killed_engine_left_in_its_log_stays_there),
        TEST(a_folder_that_is_only_for_reading_is_looked_at),
        TEST(a_file_of_somebody_else_in_an_open_folder_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
