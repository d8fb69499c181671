/* Copying, rescuing, upgrading, importing and explaining while memory fails. */
#include <unistd.h>

#include "dialin/explain.h"
#include "dialin/store.h"
#include "support/fault.h"
#include "support/fixture.h"
#include "support/outside.h"
#include "support/scratch.h"
#include "support/test.h"

static char folder[SCRATCH_PATH_MAX];
static char path[SCRATCH_PATH_MAX];
static char other[SCRATCH_PATH_MAX];
static struct dln_error err;

static int set_up(void **state)
{
    (void)state;
    scratch_make(folder);
    (void)snprintf(path, sizeof path, "%s", scratch_path(folder, "study.db"));
    (void)snprintf(other, sizeof other, "%s", scratch_path(folder, "other.db"));
    dln_error_reset(&err);
    assert_ok(fixture_study(path, "mlp", 24, 6, 3, 1, &err), err);
    outside_run(path, "INSERT INTO study_system_attributes (study_id, key, value_json) VALUES"
                      " (1, 'dashboard:note_ver', '1'), (1, 'dashboard:note_str:0', '\"a\"'),"
                      " (1, 'dashboard:3:note_ver', '1'), (1, 'dashboard:3:note_str:0', '\"b\"');"
                      "INSERT INTO trial_system_attributes (trial_id, key, value_json) VALUES"
                      " (3, 'constraints', '[0.5, -1]'), (3, 'constraints:mem', '2.0'),"
                      " (4, 'failed_trial', '1'), (4, 'retry_history', '[1, 2]'),"
                      " (3, 'artifacts:1', '\"{\\\"artifact_id\\\": \\\"1\\\", \\\"filename\\\":"
                      " \\\"x\\\"}\"');");
    outside_ask(path, "PRAGMA wal_checkpoint(TRUNCATE)");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    return 0;
}

static bool told(bool ok)
{
    if (!ok) assert_int_equal(err.code, DLN_NOMEM);
    dln_error_reset(&err);
    return ok;
}

static void remove_other(void)
{
    (void)unlink(other);
    (void)unlink(scratch_path(folder, "other.db-wal"));
    (void)unlink(scratch_path(folder, "other.db-shm"));
}

static bool read_notes(void *context)
{
    (void)context;
    struct dln_arena arena = {0};
    struct dln_attribute *attributes = NULL;
    struct dln_artifact *artifacts = NULL;
    struct dln_limit_value *limits = NULL;
    const char *note = NULL;
    size_t n = 0;
    dln_store *store = NULL;
    const bool ok =
        told(dln_store_open(path, DLN_STORE_READ, &store, &err) &&
             dln_store_attributes(store, DLN_OF_STUDY_SYSTEM, 1, &arena, &attributes, &n, &err) &&
             dln_store_note_text(store, 1, 3, &arena, &note, &err) &&
             dln_store_artifacts(store, 1, 3, &arena, &artifacts, &n, &err) &&
             dln_store_limits(store, 1, 3, &arena, &limits, &n, &err));
    dln_store_close(store);
    dln_arena_release(&arena);
    return ok;
}

static void reading_notes_survives_every_failed_allocation(void **state)
{
    (void)state;
    assert_true(fault_each(FAULT_ALLOC, read_notes, NULL) > 2);
}

static bool copy(void *context)
{
    (void)context;
    static const int64_t ids[] = {4, 3, 2, 9, 10, 11};
    const struct dln_copy what = {.trial_ids = ids, .n = 6};
    struct dln_copied copied;
    dln_store *from = NULL;
    dln_store *to = NULL;
    remove_other();
    const bool ok = told(dln_store_open(path, DLN_STORE_READ, &from, &err) &&
                         dln_store_open(other, DLN_STORE_CREATE, &to, &err) &&
                         dln_store_copy_study(from, 1, &what, to, &copied, &err));
    dln_store_close(to);
    dln_store_close(from);
    if (ok) {
        assert_int_equal(copied.trials, 6);
        assert_string_equal(outside_ask(other, "SELECT count(*) FROM trials"), "6");
    } else if (access(other, F_OK) == 0 && to) {
        assert_string_equal(outside_ask(other, "SELECT count(*) FROM studies"), "0");
    }
    return ok;
}

static void a_copy_is_whole_or_not_there(void **state)
{
    (void)state;
    assert_true(fault_each(FAULT_ALLOC, copy, NULL) > 10);
}

static bool rescue(void *context)
{
    (void)context;
    struct dln_rescued rescued;
    remove_other();
    const bool ok = told(dln_store_rescue(path, other, &rescued, &err));
    if (ok) assert_int_equal(rescued.trials, 24);
    if (!ok) assert_int_not_equal(access(other, F_OK), 0);
    return ok;
}

static void a_rescue_that_fails_leaves_no_file(void **state)
{
    (void)state;
    assert_true(fault_each(FAULT_ALLOC, rescue, NULL) > 2);
}

static bool add_past(void *context)
{
    (void)context;
    struct dln_arena arena = {0};
    struct dln_study *def = NULL;
    dln_store *store = NULL;
    int64_t id = 0;
    double x[6];
    const double value = 0.5;
    remove_other();
    bool ok = told(fixture_definition("cnn", 6, 10, 1, &def, &err));
    if (ok) dln_space_initial(&def->space, x);
    const struct dln_past_trial trials[] = {
        {.x = x, .state = DLN_TRIAL_COMPLETE, .values = &value, .source = "old.csv"},
        {.x = x, .state = DLN_TRIAL_FAIL, .started_us = 1000000, .ended_us = 2000000}};
    ok = ok && told(dln_store_open(other, DLN_STORE_CREATE, &store, &err) &&
                    dln_store_create_study(store, def, &id, &err) &&
                    dln_store_take_lease(store, id, NULL, &err) &&
                    dln_store_add_past(store, &def->space, 2, trials, &err));
    dln_store_close(store);
    dln_study_free(def);
    dln_arena_release(&arena);
    if (ok) assert_string_equal(outside_ask(other, "SELECT count(*) FROM trials"), "2");
    return ok;
}

static void past_trials_are_added_together(void **state)
{
    (void)state;
    assert_true(fault_each(FAULT_ALLOC, add_past, NULL) > 10);
}

static bool explain(void *context)
{
    (void)context;
    struct dln_arena arena = {0};
    struct dln_space space;
    struct dln_history_row *rows = NULL;
    struct dln_importance *list = NULL;
    struct dln_interaction *pairs = NULL;
    const size_t some[] = {0, 1};
    size_t n = 0;
    size_t n_pairs = 0;
    dln_store *store = NULL;
    bool ok = told(dln_store_open(path, DLN_STORE_READ, &store, &err) &&
                   dln_store_infer_space(store, 1, &arena, &space, &err) &&
                   dln_store_history(store, 1, &space, 1, 0, &arena, &rows, &n, &err));
    const double **x = ok ? DLN_ARENA_ARRAY(&arena, const double *, n) : NULL;
    double *loss = ok ? DLN_ARENA_ARRAY(&arena, double, n) : NULL;
    ok = x && loss;
    for (size_t i = 0; ok && i < n; i++) {
        x[i] = rows[i].x;
        loss[i] = (double)i;
    }
    const struct dln_evidence evidence = {.space = &space, .n = n, .x = x, .loss = loss};
    ok = ok && told(dln_importance(&evidence, DLN_IMPORTANCE_PED_ANOVA, &arena, &list, &err));
    ok = ok && told(dln_interactions(&evidence, some, 2, &arena, &pairs, &n_pairs, &err));
    dln_store_close(store);
    dln_arena_release(&arena);
    return ok;
}

static void explaining_survives_every_failed_allocation(void **state)
{
    (void)state;
    assert_true(fault_each(FAULT_ALLOC, explain, NULL) > 20);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(reading_notes_survives_every_failed_allocation),
        T(a_copy_is_whole_or_not_there),
        T(a_rescue_that_fails_leaves_no_file),
        T(past_trials_are_added_together),
        T(explaining_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
