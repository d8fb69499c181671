/*
 * kill -9 at random moments of a running study, again and again: nothing acknowledged is lost, no
 * trial is half there, no child outlives its engine by two seconds, and the resumed study ends with
 * exactly its budget. DIALIN_KILL_ROUNDS sets how often (40).
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "dialin/clock.h"
#include "dialin/num.h"
#include "support/engine_rig.h"

enum { BUDGET_PER_ROUND = 12 };

static int64_t rounds(void)
{
    const char *text = getenv("DIALIN_KILL_ROUNDS");
    int64_t n = 40;
    if (text && !dln_num_parse_int(text, strlen(text), &n)) n = 40;
    return n;
}

/* What one process told the world before it was killed: trials that it saw finished in the file. */
struct seen {
    int64_t number;
    double value;
};

/* In the child: runs an engine, tells each finished trial through the pipe, until it is killed. */
static void run_engine(struct engine_rig *rig, int pipe_fd)
{
    struct dln_error err = {0};
    dln_follow *follow;
    const struct dln_engine_options options = {
        .db_path = rig->db, .study_id = rig->study_id, .notify = &rig->wake};
    if (!dln_engine_start(&options, &rig->engine, &err)) {
        print_error("%s\n", err.text);
        _exit(1);
    }
    if (!dln_follow_open(rig->db, rig->study_id, &rig->study->space, 1, 1000, &follow, &err)) {
        _exit(2);
    }
    while (!dln_engine_is_over(rig->engine)) {
        struct dln_batch batch;
        struct pollfd fd = {.fd = rig->wake.read_fd, .events = POLLIN};
        (void)poll(&fd, 1, 1000);
        dln_wake_clear(&rig->wake);
        if (!dln_follow_next(follow, &batch, &err)) continue;
        for (size_t i = 0; i < batch.n_trials; i++) {
            if (batch.trials[i].state != DLN_TRIAL_COMPLETE) continue;
            const struct seen seen = {batch.trials[i].number, batch.trials[i].values[0]};
            if (write(pipe_fd, &seen, sizeof seen) != (ssize_t)sizeof seen) _exit(3);
        }
    }
    const enum dln_engine_outcome outcome = dln_engine_join(rig->engine, &err);
    if (outcome != DLN_OUTCOME_DONE) print_error("%s\n", err.text);
    _exit(outcome == DLN_OUTCOME_DONE ? 0 : 4);
}

static pid_t spawn_engine(struct engine_rig *rig, int *read_fd)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(fds[0]);
        (void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
        run_engine(rig, fds[1]);
    }
    (void)close(fds[1]);
    *read_fd = fds[0];
    return pid;
}

/* Processes that carry the study's folder in their environment, by what the kernel says. */
static int count_trials_alive(const struct engine_rig *rig)
{
    DIR *proc = opendir("/proc");
    assert_non_null(proc);
    int n = 0;
    for (struct dirent *entry = readdir(proc); entry; entry = readdir(proc)) {
        char path[300];
        char environment[65536];
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
        (void)snprintf(path, sizeof path, "/proc/%s/environ", entry->d_name);
        const int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        const ssize_t len = read(fd, environment, sizeof environment - 1);
        (void)close(fd);
        for (ssize_t at = 0; at < len; at += (ssize_t)strlen(environment + at) + 1) {
            environment[len] = '\0';
            if (strncmp(environment + at, "DIALIN_DIR=", 11) == 0 &&
                strncmp(environment + at + 11, rig->dir, strlen(rig->dir)) == 0) {
                n++;
                break;
            }
        }
    }
    (void)closedir(proc);
    return n;
}

static void assert_no_trial_is_left(const struct engine_rig *rig)
{
    const int64_t deadline = dln_clock_mono_ns() + INT64_C(2000000000);
    while (count_trials_alive(rig) > 0) {
        if (dln_clock_mono_ns() > deadline) fail_msg("a trial outlived its engine by two seconds");
        (void)poll(NULL, 0, 20);
    }
}

static void assert_integrity(const struct engine_rig *rig)
{
    sqlite3 *db;
    sqlite3_stmt *check;
    assert_int_equal(sqlite3_open_v2(rig->db, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 10000);
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &check, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(check), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(check, 0), "ok");
    assert_int_equal(sqlite3_finalize(check), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Everything that the dead engine had told is in the file with the same value. Gives their number.
 */
static int assert_acknowledged(struct engine_rig *rig, int read_fd)
{
    struct seen seen;
    int n = 0;
    while (read(read_fd, &seen, sizeof seen) == (ssize_t)sizeof seen) {
        const struct dln_trial trial = rig_trial(rig, seen.number);
        assert_int_equal(trial.state, DLN_TRIAL_COMPLETE);
        assert_close(trial.values[0], seen.value, 0, 0);
        n++;
    }
    (void)close(read_fd);
    return n;
}

/* Each trial is whole: a parameter, a value if it is complete, and at most `parallel` are open. */
static void assert_whole(struct engine_rig *rig)
{
    const struct dln_study_summary summary = rig_summary(rig);
    assert_true(summary.counts[DLN_TRIAL_RUNNING] <= summary.live.parallel);
    assert_int_equal(summary.counts[DLN_TRIAL_COMPLETE] + summary.counts[DLN_TRIAL_RUNNING],
                     summary.n_trials);
    for (int64_t i = 0; i < summary.n_trials; i++) {
        const struct dln_trial trial = rig_trial(rig, i);
        assert_false(isnan(trial.x[0]));
        if (trial.state == DLN_TRIAL_COMPLETE) assert_close(trial.values[0], trial.x[0], 0, 0);
    }
}

static void a_study_survives_kill_9_at_any_moment(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_rng rng;
    const int64_t n_rounds = rounds();
    char yaml[512];
    int n_alive = 0;
    int n_acknowledged = 0;
    dln_rng_init(&rng, 20240607);
    /* some trials daemonise a grandchild, some shrug off SIGTERM */
    (void)snprintf(yaml, sizeof yaml,
                   "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
                   "budget: {trials: %d}\nmachine: {parallel: 3}\n",
                   (int)n_rounds * BUDGET_PER_ROUND);
    rig_open(&rig,
             "case $DIALIN_TRIAL in *3) trap '' TERM ;; *5) (setsid sleep 30 &) ;; esac\n"
             "sleep 0.01\necho \"loss: ${1#--x=}\"\n",
             yaml);
    for (int64_t round = 0; round < n_rounds; round++) {
        int read_fd;
        int status;
        const pid_t pid = spawn_engine(&rig, &read_fd);
        (void)poll(NULL, 0, 5 + (int)dln_rng_below(&rng, 200));
        n_alive += count_trials_alive(&rig);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFEXITED(status)) assert_int_equal(WEXITSTATUS(status), 0); /* it was done before */
        assert_no_trial_is_left(&rig);
        n_acknowledged += assert_acknowledged(&rig, read_fd);
        assert_integrity(&rig);
        assert_whole(&rig);
        dln_arena_reset(&rig.arena);
    }
    assert_true(n_alive > 0); /* else the kills hit nothing */
    assert_true(n_acknowledged > 0);
    rig_run(&rig);
    rig_assert_numbers(&rig, n_rounds * BUDGET_PER_ROUND);
    const struct dln_study_summary summary = rig_summary(&rig);
    assert_int_equal(summary.counts[DLN_TRIAL_RUNNING], 0);
    assert_int_equal(summary.counts[DLN_TRIAL_COMPLETE], n_rounds * BUDGET_PER_ROUND);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_survives_kill_9_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
