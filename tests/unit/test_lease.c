/* Who drives a study: one at a time, and nobody writes who has been replaced. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dialin/num.h"
#include "dialin/store.h"
#include "store/self.h"
#include "support/fixture.h"
#include "support/outside.h"
#include "support/scratch.h"
#include "support/test.h"

static char folder[SCRATCH_PATH_MAX];
static char path[SCRATCH_PATH_MAX];
static struct dln_study *def;
static struct dln_error err;
static struct dln_arena arena;

static void use_runtime(const char *name)
{
    const char *runtime = scratch_path(folder, name);
    (void)mkdir(runtime, 0700);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", runtime, 1), 0);
}

static int set_up(void **state)
{
    (void)state;
    dln_store *store = NULL;
    int64_t study_id;
    scratch_make(folder);
    use_runtime("run");
    (void)snprintf(path, sizeof path, "%s", scratch_path(folder, "study.db"));
    dln_error_reset(&err);
    assert_ok(fixture_definition("mlp", 3, 10, 1, &def, &err), err);
    assert_ok(dln_store_open(path, DLN_STORE_CREATE, &store, &err), err);
    assert_ok(dln_store_create_study(store, def, &study_id, &err), err);
    dln_store_close(store);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dln_study_free(def);
    dln_arena_release(&arena);
    scratch_remove(folder);
    return 0;
}

static dln_store *open_engine(void)
{
    dln_store *store = NULL;
    assert_ok(dln_store_open(path, DLN_STORE_ENGINE, &store, &err), err);
    return store;
}

static bool start_trial(dln_store *store, int64_t *id)
{
    static const double x[] = {1e-3, 0.25, 4};
    const struct dln_new_trial trial = {
        .x = x, .strategy = "random", .predicted_mean = NAN, .predicted_sd = NAN};
    int64_t number;
    return dln_store_start_trial(store, &def->space, &trial, id, &number, &err);
}

static struct dln_lease_info look(dln_store *store)
{
    struct dln_study_summary s;
    assert_ok(dln_store_study(store, 1, &arena, &s, &err), err);
    return s.lease;
}

/* As if a process that lives had written the row: the one that started us. */
static void give_to_parent(void)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql, "UPDATE dialin_engines SET pid = %d, pid_start = %lld",
                   (int)getppid(), (long long)dln_self_pid_start(getppid()));
    outside_ask(path, sql);
}

/* As if the engine that wrote the row had died: no process has this pid and start. */
static void declare_dead(void)
{
    outside_ask(path, "UPDATE dialin_engines SET pid = 2147483646, pid_start = 1");
}

static void a_lease_is_seen_by_others_with_its_holder(void **state)
{
    (void)state;
    dln_store *store = open_engine();
    assert_false(look(store).held);
    assert_ok(dln_store_take_lease(store, 1, NULL, &err), err);
    const struct dln_lease_info info = look(store);
    assert_true(info.held);
    assert_true(info.alive);
    assert_true(info.here);
    assert_int_equal(info.pid, getpid());
    assert_ok(dln_store_beat(store, &err), err);
    dln_store_drop_lease(store);
    assert_false(look(store).held);
    dln_store_close(store);
}

static void the_second_engine_is_told_who_the_first_is(void **state)
{
    (void)state;
    char words[64];
    dln_store *first = open_engine();
    dln_store *second = open_engine();
    assert_ok(dln_store_take_lease(first, 1, NULL, &err), err);
    assert_fails(dln_store_take_lease(second, 1, NULL, &err), err, DLN_BUSY);
    (void)snprintf(words, sizeof words, "engine pid %d on ", (int)getpid());
    assert_non_null(strstr(err.text, words));
    dln_store_close(first);
    assert_ok(dln_store_take_lease(second, 1, NULL, &err), err);
    dln_store_close(second);
}

static off_t log_bytes(void)
{
    char log[SCRATCH_PATH_MAX + 8];
    struct stat file;
    (void)snprintf(log, sizeof log, "%s-wal", path);
    return stat(log, &file) == 0 ? file.st_size : -1;
}

static void who_is_refused_leaves_the_log_to_the_holder(void **state)
{
    (void)state;
    int64_t id = 0;
    dln_store *first = open_engine();
    assert_ok(dln_store_take_lease(first, 1, NULL, &err), err);
    assert_ok(start_trial(first, &id), err);
    const off_t bytes = log_bytes();
    assert_true(bytes > 0);
    dln_store *second = open_engine();
    assert_fails(dln_store_take_lease(second, 1, NULL, &err), err, DLN_BUSY);
    dln_store_checkpoint(second);
    dln_store_close(second);
    assert_int_equal(log_bytes(), bytes);

    declare_dead();
    use_runtime("run of another user");
    second = open_engine();
    assert_ok(dln_store_take_lease(second, 1, NULL, &err), err);
    assert_true(log_bytes() > bytes);
    assert_fails(dln_store_beat(first, &err), err, DLN_BUSY);
    dln_store_close(first); /* was replaced */
    assert_true(log_bytes() > bytes);
    dln_store_close(second);
    assert_int_equal(log_bytes(), -1);
}

static void the_row_alone_keeps_another_users_engine_out(void **state)
{
    (void)state;
    dln_store *first = open_engine();
    dln_store *second = open_engine();
    assert_ok(dln_store_take_lease(first, 1, NULL, &err), err);
    give_to_parent();
    use_runtime("run of another user");
    assert_fails(dln_store_take_lease(second, 1, NULL, &err), err, DLN_BUSY);
    declare_dead();
    assert_ok(dln_store_take_lease(second, 1, NULL, &err), err);
    dln_store_close(second);
    dln_store_close(first);
}

static void a_replaced_engine_writes_nothing(void **state)
{
    (void)state;
    dln_store *first = open_engine();
    dln_store *second = open_engine();
    int64_t id = 0;
    int64_t other = 0;
    assert_ok(dln_store_take_lease(first, 1, NULL, &err), err);
    assert_ok(start_trial(first, &id), err);
    declare_dead();
    use_runtime("run of another user");
    assert_ok(dln_store_take_lease(second, 1, NULL, &err), err);

    const double value = 1;
    const double x[] = {1e-3, 0.25, 4};
    const struct dln_finish finish = {.state = DLN_TRIAL_COMPLETE, .values = &value};
    const struct dln_report report = {1, 0.5};
    const struct dln_run run = {.attempt = 1};
    assert_fails(start_trial(first, &other), err, DLN_BUSY);
    assert_fails(dln_store_finish(first, id, &finish, &err), err, DLN_BUSY);
    assert_fails(dln_store_report(first, id, 1, &report, &err), err, DLN_BUSY);
    assert_fails(dln_store_add_run(first, id, &run, &other, &err), err, DLN_BUSY);
    assert_fails(dln_store_enqueue(first, &def->space, x, -1, false, "", &other, &other, &err), err,
                 DLN_BUSY);
    assert_fails(dln_store_set_state(first, 1, DLN_ENGINE_DONE, "", &(struct dln_spent){0}, &err),
                 err, DLN_BUSY);
    assert_fails(dln_store_note(first, 1, "new best", &err), err, DLN_BUSY);
    assert_fails(dln_store_beat(first, &err), err, DLN_BUSY);
    assert_string_equal(outside_ask(path, "SELECT (SELECT count(*) FROM trials), (SELECT count(*)"
                                          " FROM trial_values), (SELECT count(*) FROM"
                                          " trial_intermediate_values), (SELECT count(*) FROM"
                                          " dialin_commands)"),
                        "1|0|0|0");
    dln_store_close(first); /* does not take the other's lease away */
    assert_true(look(second).alive);
    assert_ok(dln_store_finish(second, id, &finish, &err), err);
    dln_store_close(second);
}

static void without_a_lease_no_trial_is_written(void **state)
{
    (void)state;
    int64_t id = 0;
    dln_store *store = open_engine();
    assert_fails(start_trial(store, &id), err, DLN_BUSY);
    dln_store_close(store);
}

static void an_engine_before_a_reboot_is_gone_at_once(void **state)
{
    (void)state;
    dln_store *first = open_engine();
    dln_store *second = open_engine();
    assert_ok(dln_store_take_lease(first, 1, NULL, &err), err);
    outside_ask(path, "UPDATE dialin_engines SET boot = '00000000-0000-0000-0000-000000000000 x'");
    use_runtime("run of another user");
    assert_false(look(second).alive);
    assert_ok(dln_store_take_lease(second, 1, NULL, &err), err);
    dln_store_close(second);
    dln_store_close(first);
}

static void an_engine_on_another_host_is_not_replaced_by_its_clock(void **state)
{
    (void)state;
    dln_store *first = open_engine();
    dln_store *second = open_engine();
    assert_ok(dln_store_take_lease(first, 1, NULL, &err), err);
    /* its clock may be wrong by a year: that says nothing about whether it lives */
    outside_ask(path, "UPDATE dialin_engines SET host = 'node07', heartbeat_us = heartbeat_us -"
                      " 31536000000000");
    use_runtime("run of another user");
    assert_fails(dln_store_take_lease(second, 1, NULL, &err), err, DLN_BUSY);
    assert_non_null(strstr(err.text, "node07"));
    assert_non_null(strstr(err.text, "30 s"));
    outside_ask(path, "UPDATE dialin_engines SET beats = beats + 1");
    assert_fails(dln_store_take_lease(second, 1, NULL, &err), err, DLN_BUSY);
    dln_store_close(second);
    dln_store_close(first);
}

static void the_lock_lives_on_in_whoever_inherited_it(void **state)
{
    (void)state;
    int lock = -1;
    dln_store *first = open_engine();
    dln_store *second = open_engine();
    assert_ok(dln_store_take_lease(first, 1, &lock, &err), err);
    assert_true(lock >= 0);
    assert_true((fcntl(lock, F_GETFD) & FD_CLOEXEC) != 0);
    dln_store_close(first); /* the guardian still holds its copy */
    assert_fails(dln_store_take_lease(second, 1, NULL, &err), err, DLN_BUSY);
    assert_non_null(strstr(err.text, "still being ended"));
    assert_int_equal(close(lock), 0);
    assert_ok(dln_store_take_lease(second, 1, NULL, &err), err);
    dln_store_close(second);
}

static void the_folder_of_locks_must_be_ours_alone(void **state)
{
    (void)state;
    dln_store *store = open_engine();
    use_runtime("open");
    char place[SCRATCH_PATH_MAX];
    (void)snprintf(place, sizeof place, "%s/dialin", scratch_path(folder, "open"));
    assert_int_equal(mkdir(place, 0700), 0);
    assert_int_equal(chmod(place, 0777), 0);
    assert_fails(dln_store_take_lease(store, 1, NULL, &err), err, DLN_IO);
    assert_non_null(strstr(err.text, "mode 700"));
    assert_int_equal(rmdir(place), 0);
    assert_int_equal(symlink(folder, place), 0);
    assert_fails(dln_store_take_lease(store, 1, NULL, &err), err, DLN_IO);
    assert_int_equal(unlink(place), 0);
    assert_ok(dln_store_take_lease(store, 1, NULL, &err), err);
    struct stat file;
    assert_int_equal(stat(place, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0700);
    dln_store_close(store);
}

/* A process that waits for the signal, races for the lease, says how it went, and waits again. */
static pid_t racer(int go, int said, int stop)
{
    const pid_t pid = fork();
    if (pid != 0) return pid;
    char byte;
    dln_store *store = NULL;
    struct dln_error reason = {0};
    if (!dln_store_open(path, DLN_STORE_ENGINE, &store, &reason)) _exit(3);
    if (write(said, "r", 1) != 1 || read(go, &byte, 1) != 1) _exit(3);
    const bool won = dln_store_take_lease(store, 1, NULL, &reason);
    byte = won ? 'w' : reason.code == DLN_BUSY ? 'l' : 'e';
    if (write(said, &byte, 1) != 1 || read(stop, &byte, 1) != 1) _exit(3);
    dln_store_close(store);
    _exit(0);
}

/* DIALIN_RACES of them. */
static int64_t n_races(void)
{
    const char *text = getenv("DIALIN_RACES");
    int64_t n = 100;
    if (text && !dln_num_parse_int(text, strlen(text), &n)) n = 100;
    return n;
}

static void of_two_engines_that_start_together_one_wins(void **state)
{
    (void)state;
    for (int64_t round = 0; round < n_races(); round++) {
        int go[2];
        int said[2];
        int stop[2];
        char bytes[4];
        pid_t pids[2];
        assert_int_equal(pipe(go) + pipe(said) + pipe(stop), 0);
        for (int i = 0; i < 2; i++) {
            pids[i] = racer(go[0], said[1], stop[0]);
            assert_true(pids[i] > 0);
        }
        for (int i = 0; i < 2; i++)
            assert_int_equal(read(said[0], bytes, 1), 1); /* ready */
        assert_int_equal(write(go[1], "gg", 2), 2);
        int winners = 0;
        for (int i = 0; i < 2; i++) {
            assert_int_equal(read(said[0], bytes, 1), 1);
            assert_int_not_equal(bytes[0], 'e');
            winners += bytes[0] == 'w';
        }
        assert_int_equal(winners, 1);
        assert_int_equal(write(stop[1], "ss", 2), 2);
        for (int i = 0; i < 2; i++) {
            int status = 0;
            assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
            assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        }
        for (int i = 0; i < 2; i++) {
            assert_int_equal(close(go[i]) + close(said[i]) + close(stop[i]), 0);
        }
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_lease_is_seen_by_others_with_its_holder),
        T(the_second_engine_is_told_who_the_first_is),
        T(who_is_refused_leaves_the_log_to_the_holder),
        T(the_row_alone_keeps_another_users_engine_out),
        T(a_replaced_engine_writes_nothing),
        T(without_a_lease_no_trial_is_written),
        T(an_engine_before_a_reboot_is_gone_at_once),
        T(an_engine_on_another_host_is_not_replaced_by_its_clock),
        T(the_lock_lives_on_in_whoever_inherited_it),
        T(the_folder_of_locks_must_be_ours_alone),
        T(of_two_engines_that_start_together_one_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
