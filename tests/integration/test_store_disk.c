/*
 * The n-th write or sync of SQLite fails, once or from then on: what was acknowledged is in the
 * file, what was not is there whole or not at all, and the file opens again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include <sqlite3.h>

#include "dialin/store.h"
#include "support/fixture.h"
#include "support/outside.h"
#include "support/scratch.h"
#include "support/test.h"

static char folder[SCRATCH_PATH_MAX];
static char path[SCRATCH_PATH_MAX];
static struct dln_study *def;

/* ── a disk that fails ─────────────────────────────────────────────────────────────────────────*/

static size_t writes;      /* so far */
static size_t fails_at;    /* 0: never */
static bool fails_forever; /* from there on */
static int fails_with;
static bool was_hit;

static bool fails_now(void)
{
    writes++;
    const bool hit = fails_at > 0 && (fails_forever ? writes >= fails_at : writes == fails_at);
    if (hit) {
        was_hit = true;
        errno = fails_with;
    }
    return hit;
}

static ssize_t failing_pwrite64(int fd, const void *bytes, size_t len, off64_t at)
{
    return fails_now() ? -1 : pwrite64(fd, bytes, len, at);
}

static ssize_t failing_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return fails_now() ? -1 : pwrite(fd, bytes, len, at);
}

static int failing_ftruncate(int fd, off_t len)
{
    return fails_now() ? -1 : ftruncate(fd, len);
}

/* These stand before those of the C library for SQLite too. Nobody cuts the power here. */
static bool fails_syncs;

int fsync(int fd)
{
    (void)fd;
    return fails_syncs && fails_now() ? -1 : 0;
}

int fdatasync(int fd)
{
    return fsync(fd);
}

static void count_from_here(size_t nth, bool forever, int with)
{
    writes = 0;
    fails_at = nth;
    fails_forever = forever;
    fails_with = with;
    was_hit = false;
}

static void arm(size_t nth, bool forever, int with)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    count_from_here(nth, forever, with);
    assert_int_equal(vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)failing_pwrite), 0);
    (void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)failing_pwrite64);
    assert_int_equal(vfs->xSetSystemCall(vfs, "ftruncate", (sqlite3_syscall_ptr)failing_ftruncate),
                     0);
}

static void disarm(void)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    assert_int_equal(vfs->xSetSystemCall(vfs, NULL, NULL), 0);
    fails_syncs = false;
}

/* ── a study on it ─────────────────────────────────────────────────────────────────────────────*/

enum { TRIALS = 2 };

struct outcome {
    int64_t started[TRIALS], finished[TRIALS]; /* ids that were acknowledged */
    size_t n_started, n_finished;
    bool whole;
};

static void drive(struct outcome *out)
{
    static const double x[] = {1e-3, 0.25, 4};
    const struct dln_new_trial trial = {
        .x = x, .strategy = "random", .predicted_mean = NAN, .predicted_sd = NAN};
    const double value = 1;
    const struct dln_finish finish = {.state = DLN_TRIAL_COMPLETE, .values = &value};
    struct dln_error err = {0};
    dln_store *store = NULL;
    *out = (struct outcome){.whole = true};
    bool ok = dln_store_open(path, DLN_STORE_ENGINE, &store, &err) &&
              dln_store_take_lease(store, 1, NULL, &err);
    for (int i = 0; ok && i < TRIALS; i++) {
        int64_t id = 0;
        int64_t number = 0;
        ok = dln_store_start_trial(store, &def->space, &trial, &id, &number, &err);
        if (!ok) break;
        out->started[out->n_started++] = id;
        ok = dln_store_finish(store, id, &finish, &err);
        if (ok) out->finished[out->n_finished++] = id;
        dln_store_checkpoint(store);
    }
    if (!ok) {
        out->whole = false;
        assert_int_equal(err.code, DLN_STORAGE);
        assert_true(strstr(err.text, path) != NULL);
    }
    dln_store_close(store);
}

static bool is_state(int64_t id, const char *states)
{
    char sql[128];
    (void)snprintf(sql, sizeof sql, "SELECT state FROM trials WHERE trial_id = %d", (int)id);
    const char *state = outside_ask(path, sql);
    return state[0] != '\0' && strstr(states, state) != NULL;
}

static void assert_kept(const struct outcome *out)
{
    assert_string_equal(outside_ask(path, "PRAGMA integrity_check"), "ok");
    for (size_t i = 0; i < out->n_started; i++) {
        assert_true(is_state(out->started[i], "RUNNING COMPLETE"));
    }
    for (size_t i = 0; i < out->n_finished; i++)
        assert_true(is_state(out->finished[i], "COMPLETE"));
    assert_string_equal(
        outside_ask(path, "SELECT count(*) FROM trials t WHERE (SELECT count(*) FROM trial_params p"
                          " WHERE p.trial_id = t.trial_id) <> 3 OR (state = 'COMPLETE') <>"
                          " EXISTS (SELECT 1 FROM trial_values v WHERE v.trial_id = t.trial_id)"),
        "0");
    assert_string_equal(outside_ask(path, "SELECT count(*) - count(DISTINCT number) FROM trials"),
                        "0");
}

static void make_study(const char *journal)
{
    struct dln_error err = {0};
    dln_store *store = NULL;
    int64_t study_id = 0;
    char pragma[64];
    (void)unlink(path);
    (void)unlink(scratch_path(folder, "study.db-wal"));
    (void)unlink(scratch_path(folder, "study.db-shm"));
    (void)unlink(scratch_path(folder, "study.db-journal"));
    assert_ok(dln_store_open(path, DLN_STORE_CREATE, &store, &err), err);
    assert_ok(dln_store_create_study(store, def, &study_id, &err), err);
    dln_store_close(store);
    (void)snprintf(pragma, sizeof pragma, "PRAGMA journal_mode = %s", journal);
    outside_ask(path, pragma);
}

enum target { WRITES, SYNCS };

/* Every write or sync in turn, until a run meets no fault. */
static void fail_each(enum target target, const char *journal, bool forever, int with)
{
    size_t nth = 0;
    do {
        struct outcome out;
        make_study(journal);
        if (target == WRITES) {
            arm(++nth, forever, with);
        } else {
            count_from_here(++nth, forever, with);
            fails_syncs = true;
        }
        drive(&out);
        disarm();
        assert_kept(&out);
        struct outcome again;
        drive(&again); /* the disk is well again */
        assert_true(again.whole);
        assert_kept(&again);
    } while (was_hit);
    assert_true(nth > (target == WRITES ? 10 : 3));
}

static int set_up(void **state)
{
    (void)state;
    struct dln_error err = {0};
    scratch_make(folder);
    (void)snprintf(path, sizeof path, "%s", scratch_path(folder, "study.db"));
    assert_ok(fixture_definition("mlp", 3, 10, 1, &def, &err), err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    disarm();
    dln_study_free(def);
    scratch_remove(folder);
    return 0;
}

static void a_full_disk_loses_nothing_acknowledged(void **state)
{
    (void)state;
    fail_each(WRITES, "WAL", true, ENOSPC);
}

static void one_failed_write_loses_nothing_acknowledged(void **state)
{
    (void)state;
    fail_each(WRITES, "WAL", false, EIO);
}

static void a_rollback_journal_keeps_the_same_promise(void **state)
{
    (void)state;
    fail_each(WRITES, "DELETE", false, EIO);
}

static void a_failed_sync_loses_nothing_acknowledged(void **state)
{
    (void)state;
    fail_each(SYNCS, "WAL", false, EIO);
    fail_each(SYNCS, "DELETE", false, EIO);
}

static void a_disk_that_syncs_no_more_loses_nothing_acknowledged(void **state)
{
    (void)state;
    fail_each(SYNCS, "WAL", true, EIO);
    fail_each(SYNCS, "DELETE", true, EIO);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_full_disk_loses_nothing_acknowledged),
        T(one_failed_write_loses_nothing_acknowledged),
        T(a_rollback_journal_keeps_the_same_promise),
        T(a_failed_sync_loses_nothing_acknowledged),
        T(a_disk_that_syncs_no_more_loses_nothing_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
