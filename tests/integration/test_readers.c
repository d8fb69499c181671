/* Five viewers look fifty times a second while an engine writes: neither is in the other's way. */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "dialin/store.h"
#include "support/fixture.h"
#include "support/outside.h"
#include "support/scratch.h"
#include "support/test.h"

enum { TRIALS = 1200, READERS = 5, D = 4, LOG_MAX = 32 * 1024 * 1024 };

static char folder[SCRATCH_PATH_MAX];
static char path[SCRATCH_PATH_MAX];
static struct dln_study *def;
static atomic_bool is_written;
static atomic_int n_failed;

static int set_up(void **state)
{
    (void)state;
    struct dln_error err = {0};
    scratch_make(folder);
    (void)snprintf(path, sizeof path, "%s", scratch_path(folder, "study.db"));
    assert_ok(fixture_definition("mlp", D, TRIALS, 1, &def, &err), err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dln_study_free(def);
    scratch_remove(folder);
    return 0;
}

/* Follows to the end; counts each trial that it sees finished once. */
static void *follow(void *context)
{
    int *n_seen = context;
    struct dln_error err = {0};
    struct dln_batch batch;
    bool seen[TRIALS] = {false};
    dln_follow *follow = NULL;
    bool ok = dln_follow_open(path, 1, &def->space, 1, 50, &follow, &err);
    for (bool is_last = false; ok && !(is_last && !batch.more);) {
        is_last = atomic_load(&is_written);
        (void)poll(NULL, 0, 20);
        ok = dln_follow_next(follow, &batch, &err);
        for (size_t i = 0; ok && i < batch.n_trials; i++) {
            const struct dln_trial *trial = &batch.trials[i];
            if (trial->state != DLN_TRIAL_COMPLETE || seen[trial->number]) continue;
            seen[trial->number] = true;
            (*n_seen)++;
        }
    }
    if (!ok) {
        print_error("%s\n", err.text);
        (void)atomic_fetch_add(&n_failed, 1);
    }
    dln_follow_close(follow);
    return NULL;
}

static void write_trial(dln_store *store)
{
    struct dln_error err = {0};
    double x[D];
    int64_t id;
    int64_t number;
    const double value = 1;
    const struct dln_finish finish = {.state = DLN_TRIAL_COMPLETE, .values = &value};
    dln_space_initial(&def->space, x);
    const struct dln_new_trial trial = {
        .x = x, .strategy = "random", .predicted_mean = NAN, .predicted_sd = NAN};
    assert_ok(dln_store_start_trial(store, &def->space, &trial, &id, &number, &err), err);
    assert_ok(dln_store_finish(store, id, &finish, &err), err);
}

static void viewers_and_an_engine_are_not_in_each_others_way(void **state)
{
    (void)state;
    struct dln_error err = {0};
    dln_store *store;
    int64_t study_id;
    pthread_t threads[READERS];
    int n_seen[READERS] = {0};
    off_t longest = 0;
    assert_ok(dln_store_open(path, DLN_STORE_CREATE, &store, &err), err);
    assert_ok(dln_store_create_study(store, def, &study_id, &err), err);
    assert_ok(dln_store_take_lease(store, study_id, NULL, &err), err);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, follow, &n_seen[i]), 0);
    for (int i = 0; i < TRIALS; i++) {
        struct stat log;
        write_trial(store); /* never refused, whatever the viewers do */
        if (i % 20 == 0) dln_store_checkpoint(store);
        if (stat(scratch_path(folder, "study.db-wal"), &log) == 0 && log.st_size > longest)
            longest = log.st_size;
    }
    atomic_store(&is_written, true);
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(n_seen[i], TRIALS);
    }
    assert_int_equal(atomic_load(&n_failed), 0);
    print_message("the log grew to %.1f MB\n", (double)longest / 1e6);
    assert_true(longest > 0 && longest < LOG_MAX);
    dln_store_close(store);
    assert_string_equal(outside_ask(path, "PRAGMA integrity_check"), "ok");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(viewers_and_an_engine_are_not_in_each_others_way, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
