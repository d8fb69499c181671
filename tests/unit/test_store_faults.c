/* No allocation of the store may fail without a sentence, a leak or half a write. */
#include <unistd.h>

#include "dialin/store.h"
#include "support/fault.h"
#include "support/fixture.h"
#include "support/outside.h"
#include "support/scratch.h"
#include "support/test.h"

static char folder[SCRATCH_PATH_MAX];
static char path[SCRATCH_PATH_MAX];
static struct dln_study *def;
static struct dln_error err;

static int set_up(void **state)
{
    (void)state;
    scratch_make(folder);
    (void)snprintf(path, sizeof path, "%s", scratch_path(folder, "study.db"));
    dln_error_reset(&err);
    assert_ok(fixture_study(path, "mlp", 30, 6, 3, 1, &err), err);
    assert_ok(fixture_definition("cnn", 6, 10, 1, &def, &err), err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dln_study_free(def);
    scratch_remove(folder);
    return 0;
}

/* A run that failed must say that memory ran out. */
static bool told(bool ok)
{
    if (!ok) assert_int_equal(err.code, DLN_NOMEM);
    dln_error_reset(&err);
    return ok;
}

static bool look(void *context)
{
    (void)context;
    struct dln_arena arena = {0};
    struct dln_study_summary *studies = NULL;
    struct dln_space space;
    struct dln_history_row *rows = NULL;
    struct dln_command *journal = NULL;
    size_t n = 0;
    dln_store *store = NULL;
    const bool ok = told(dln_store_open(path, DLN_STORE_READ, &store, &err) &&
                         dln_store_studies(store, &arena, &studies, &n, &err) &&
                         dln_store_infer_space(store, 1, &arena, &space, &err) &&
                         dln_store_history(store, 1, &space, 1, 0, &arena, &rows, &n, &err) &&
                         dln_store_journal(store, 1, 0, 10, &arena, &journal, &n, &err));
    dln_store_close(store);
    dln_arena_release(&arena);
    return ok;
}

static void looking_survives_every_failed_allocation(void **state)
{
    (void)state;
    assert_true(fault_each(FAULT_ALLOC, look, NULL) > 20);
}

/* A follower whose looks fail goes on, and hands out every trial once. */
static bool follow_all(void *context)
{
    (void)context;
    dln_follow *follow = NULL;
    struct dln_batch batch = {.more = true};
    size_t n = 0;
    bool ok = told(dln_follow_open(path, 1, &def->space, 1, 10, &follow, &err));
    while (ok && batch.more) {
        if (!told(dln_follow_next(follow, &batch, &err))) {
            batch.more = true; /* the fault is over: try again */
            continue;
        }
        n += batch.n_trials;
    }
    dln_follow_close(follow);
    if (ok) assert_int_equal(n, 30);
    return ok;
}

static void following_loses_nothing_to_a_failed_allocation(void **state)
{
    (void)state;
    assert_true(fault_each(FAULT_ALLOC, follow_all, NULL) > 5);
}

struct pristine {
    char *bytes;
    size_t len;
};

static void restore(const struct pristine *file)
{
    (void)unlink(scratch_path(folder, "study.db-wal"));
    (void)unlink(scratch_path(folder, "study.db-shm"));
    outside_write(path, file->bytes, file->len);
}

/* No half trial: a finished one has its value or its reason, and, if it ran, all its parameters. */
static void assert_whole(void)
{
    assert_string_equal(
        outside_ask(path, "SELECT count(*) FROM trials t WHERE study_id = 2 AND state <> 'WAITING'"
                          " AND (SELECT count(*) FROM trial_params p WHERE p.trial_id = t.trial_id)"
                          " <> 6 AND NOT EXISTS (SELECT 1 FROM trial_user_attributes a WHERE"
                          " a.trial_id = t.trial_id AND a.value_json = '\"by mia\"')"),
        "0");
    assert_string_equal(
        outside_ask(path, "SELECT count(*) FROM trials t WHERE study_id = 2 AND state = 'COMPLETE'"
                          " AND NOT EXISTS (SELECT 1 FROM trial_values v WHERE v.trial_id ="
                          " t.trial_id)"),
        "0");
    assert_string_equal(
        outside_ask(path, "SELECT count(*) FROM trials t WHERE study_id = 2 AND state = 'FAIL' AND"
                          " NOT EXISTS (SELECT 1 FROM trial_user_attributes a WHERE a.trial_id ="
                          " t.trial_id AND a.key = 'dialin_reason')"),
        "0");
    assert_string_equal(outside_ask(path, "PRAGMA integrity_check"), "ok");
}

/* Makes a study, runs two trials of it, and changes its file: each time from the same bytes. */
static bool drive(void *context)
{
    restore(context);
    static const double x[] = {1e-3, 0.25, 4, 0, 0.9, 1};
    const struct dln_new_trial trial = {
        .x = x, .strategy = "random", .why = "because", .predicted_mean = 1, .predicted_sd = 2};
    const double value = 1;
    const struct dln_finish finish = {
        .state = DLN_TRIAL_COMPLETE, .values = &value, .limits = &value, .n_limits = 1};
    const struct dln_finish fail = {
        .state = DLN_TRIAL_FAIL, .reason = DLN_FAIL_OOM, .detail = "oom"};
    int64_t study_id = 0;
    int64_t id = 0;
    int64_t number = 0;
    dln_store *store = NULL;
    bool ok = told(dln_store_open(path, DLN_STORE_CREATE, &store, &err));
    ok = ok && told(dln_store_create_study(store, def, &study_id, &err));
    ok = ok && told(dln_store_take_lease(store, study_id, NULL, &err));
    ok = ok && told(dln_store_start_trial(store, &def->space, &trial, &id, &number, &err));
    ok = ok && told(dln_store_finish(store, id, &finish, &err));
    ok = ok &&
         told(dln_store_enqueue(store, &def->space, x, number, true, "mia", &id, &number, &err));
    ok = ok && told(dln_store_revise(store, &def->space, id, x, &err));
    ok = ok && told(dln_store_claim(store, &def->space, id, &trial, &err));
    ok = ok && told(dln_store_finish(store, id, &fail, &err));
    ok = ok && told(dln_store_enqueue(store, &def->space, x, -1, false, "mia", &id, &number, &err));
    ok = ok && told(dln_store_withdraw(store, id, "by mia", &err));
    ok = ok && told(dln_store_update_study(store, study_id, def, &err));
    ok = ok && told(dln_store_note(store, study_id, "note", &err));
    dln_store_close(store);
    return ok;
}

static bool drive_whole(void *context)
{
    const bool ok = drive(context);
    assert_whole();
    return ok;
}

static void driving_survives_every_failed_allocation_whole(void **state)
{
    (void)state;
    struct pristine file;
    file.bytes = outside_read(path, &file.len);
    assert_true(fault_each(FAULT_ALLOC, drive_whole, &file) > 30);
    free(file.bytes);
}

/* Fails the allocations inside SQLite: all of them where DIALIN_FAULTS is set, else a sample. */
static size_t fail_inside(fault_attempt *attempt, void *context, void (*look_after)(void))
{
    size_t n_hit = 0;
    for (size_t nth = 1;; nth = fault_next(nth, 10)) {
        fault_arm(FAULT_SQLITE, nth);
        const bool ok = attempt(context);
        const bool is_hit = fault_disarm();
        if (look_after) look_after();
        if (!is_hit) {
            assert_true(ok);
            return n_hit;
        }
        n_hit++;
    }
}

static void looking_survives_a_lack_of_memory_inside_sqlite(void **state)
{
    (void)state;
    assert_true(fail_inside(look, NULL, NULL) > 15);
}

static void driving_survives_a_lack_of_memory_inside_sqlite_whole(void **state)
{
    (void)state;
    struct pristine file;
    file.bytes = outside_read(path, &file.len);
    assert_true(fail_inside(drive, &file, assert_whole) > 15);
    free(file.bytes);
}

int main(void)
{
    fault_wrap_sqlite();
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    fault_wrap_jansson();
    const struct CMUnitTest tests[] = {
        T(looking_survives_every_failed_allocation),
        T(following_loses_nothing_to_a_failed_allocation),
        T(driving_survives_every_failed_allocation_whole),
        T(looking_survives_a_lack_of_memory_inside_sqlite),
        T(driving_survives_a_lack_of_memory_inside_sqlite_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
