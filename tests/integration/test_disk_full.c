/*
 * The disk under a running study is full for a while: nothing is started, what runs goes on, what
 * has ended is kept, and when there is room again every result is in the file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

#include <sqlite3.h>

#include "support/engine_rig.h"
#include "support/outside.h"

static atomic_bool is_full;
static atomic_int n_refused;
static int error_when_full;

static bool refuses(void)
{
    if (!atomic_load(&is_full)) return false;
    (void)atomic_fetch_add(&n_refused, 1);
    errno = error_when_full;
    return true;
}

static ssize_t full_pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    return refuses() ? -1 : pwrite64(fd, bytes, len, at);
}

static ssize_t full_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return refuses() ? -1 : pwrite(fd, bytes, len, at);
}

static int set_up(void **state)
{
    (void)state;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)full_pwrite), 0);
    (void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)full_pwrite64);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    return vfs->xSetSystemCall(vfs, NULL, NULL);
}

/* Three trials end while nothing can be written; then there is room again. */
static void fill_and_empty(int error)
{
    struct engine_rig rig;
    rig_open(&rig,
             "while [ ! -e go.$DIALIN_TRIAL ]; do sleep 0.02; done\n"
             "echo \"loss: ${1#--x=}\"; touch \"ended.$DIALIN_TRIAL\"\n",
             "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\nstrategy: random\n"
             "budget: {trials: 8}\nmachine: {parallel: 3}\n");
    error_when_full = error;
    atomic_store(&n_refused, 0);
    rig_start(&rig);
    for (int64_t i = 0; i < 3; i++)
        rig_wait_run(&rig, i);
    atomic_store(&is_full, true);
    for (int i = 0; i < 8; i++) {
        char file[32];
        assert_true(snprintf(file, sizeof file, "go.%d", i) > 0);
        rig_write(&rig, file, "");
    }
    for (int i = 0; i < 3; i++) {
        char file[32];
        assert_true(snprintf(file, sizeof file, "ended.%d", i) > 0);
        rig_wait_file(&rig, file); /* what runs goes on */
    }
    while (atomic_load(&n_refused) == 0) { /* an event of the engine is on its way */
        struct pollfd fd = {.fd = rig.wake.read_fd, .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 60000), 1);
        dln_wake_clear(&rig.wake);
    }
    assert_int_equal(rig_summary(&rig).n_trials, 3); /* nothing was started */
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 0);
    assert_false(dln_engine_is_over(rig.engine));
    atomic_store(&is_full, false);
    rig_join(&rig, DLN_OUTCOME_DONE);
    rig_assert_numbers(&rig, 8);
    for (int64_t i = 0; i < 8; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        assert_int_equal(trial.state, DLN_TRIAL_COMPLETE);
        assert_int_equal(trial.attempt, 1);
        assert_close(trial.values[0], trial.x[0], 0, 0);
    }
    assert_string_equal(outside_ask(rig.db, "PRAGMA integrity_check"), "ok");
    rig_close(&rig);
}

static void a_full_disk_pauses_a_study_and_costs_no_result(void **state)
{
    (void)state;
    fill_and_empty(ENOSPC);
}

static void a_limit_on_the_size_of_files_is_borne_as_well(void **state)
{
    (void)state;
    fill_and_empty(EFBIG);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_disk_pauses_a_study_and_costs_no_result, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_limit_on_the_size_of_files_is_borne_as_well, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
