/* Following a file: first what is newest, then the rest, then exactly what changes. */
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
static struct dln_error err;
static struct dln_arena arena;
static dln_follow *follow;
static struct dln_batch batch;

static int set_up(void **state)
{
    (void)state;
    scratch_make(folder);
    (void)snprintf(path, sizeof path, "%s", scratch_path(folder, "study.db"));
    dln_error_reset(&err);
    follow = NULL;
    assert_ok(fixture_definition("mlp", 6, 100, 1, &def, &err), err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dln_follow_close(follow);
    dln_study_free(def);
    dln_arena_release(&arena);
    scratch_remove(folder);
    return 0;
}

static void make(size_t n_trials, size_t n_steps)
{
    assert_ok(fixture_study(path, "mlp", n_trials, 6, n_steps, 3, &err), err);
}

static void open_follow(size_t page)
{
    assert_ok(dln_follow_open(path, 1, &def->space, 1, page, &follow, &err), err);
}

static void next(void)
{
    assert_ok(dln_follow_next(follow, &batch, &err), err);
    for (size_t i = 1; i < batch.n_trials; i++) {
        assert_true(batch.trials[i - 1].id < batch.trials[i].id);
    }
}

static void load_all(void)
{
    do {
        next();
    } while (batch.more);
}

static void the_newest_page_comes_first_and_each_trial_once(void **state)
{
    (void)state;
    enum { N = 4500, PAGE = 50 };
    static int seen[N + 1];
    make(N, 0);
    open_follow(PAGE);
    next();
    assert_int_equal(batch.n_trials, PAGE);
    assert_int_equal(batch.trials[PAGE - 1].number, N - 1);
    assert_true(batch.has_summary);
    assert_true(batch.more);
    assert_false(batch.all_loaded);
    double loaded = batch.loaded;
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < batch.n_trials; i++)
        seen[batch.trials[i].id]++;
    while (batch.more) {
        next();
        assert_true(batch.n_trials <= 2000);
        assert_true(batch.loaded >= loaded);
        loaded = batch.loaded;
        for (size_t i = 0; i < batch.n_trials; i++)
            seen[batch.trials[i].id]++;
    }
    assert_true(batch.all_loaded);
    assert_close(batch.loaded, 1, 0, 0);
    for (int id = 1; id <= N; id++)
        assert_int_equal(seen[id], 1);
    next();
    assert_int_equal(batch.n_trials, 0);
    assert_false(batch.has_summary);
    assert_false(batch.more);
}

static void a_batch_holds_everything_of_a_trial(void **state)
{
    (void)state;
    make(30, 8);
    open_follow(100);
    load_all();
    assert_int_equal(batch.n_trials, 30);
    const struct dln_trial *complete = &batch.trials[0];
    const struct dln_trial *pruned = &batch.trials[6];
    const struct dln_trial *failed = &batch.trials[22];
    assert_int_equal(complete->state, DLN_TRIAL_COMPLETE);
    assert_int_equal(complete->n_steps, 8);
    assert_int_equal(complete->steps[7], 7);
    assert_true(isfinite(complete->values[0]));
    assert_true(complete->ended_us - complete->started_us >= 30000000);
    assert_string_equal(complete->strategy, "random");
    assert_string_equal(complete->why, "density ratio 3.1");
    assert_string_equal(complete->run_dir, "fixture.runs/000000");
    assert_int_equal(complete->attempt, 1);
    assert_true(complete->is_ours);
    assert_int_equal(pruned->state, DLN_TRIAL_PRUNED);
    assert_int_equal(pruned->n_steps, 4);
    assert_int_equal(failed->state, DLN_TRIAL_FAIL);
    assert_int_equal(failed->reason, DLN_FAIL_EXIT);
    assert_string_equal(failed->detail, "exit 3");
    assert_true(isnan(failed->values[0]));
}

static void an_inactive_parameter_is_nan(void **state)
{
    (void)state;
    make(30, 0);
    open_follow(100);
    load_all();
    size_t inactive = 0;
    for (size_t i = 0; i < batch.n_trials; i++) {
        const bool is_sgd = batch.trials[i].x[3] == 0;
        assert_int_equal(isnan(batch.trials[i].x[4]) != 0, !is_sgd);
        inactive += !is_sgd;
    }
    assert_true(inactive > 0);
}

static void a_trial_of_python_is_followed_from_start_to_end(void **state)
{
    (void)state;
    make(10, 0);
    open_follow(100);
    load_all();
    outside_run(path, "BEGIN; INSERT INTO trials (number, study_id, state, datetime_start) VALUES"
                      " (10, 1, 'RUNNING', '2026-01-01 00:00:00.000000'); INSERT INTO trial_params"
                      " (trial_id, param_name, param_value, distribution_json) VALUES (11, 'lr',"
                      " 0.01, ''); COMMIT;");
    next();
    assert_int_equal(batch.n_trials, 1);
    assert_int_equal(batch.trials[0].state, DLN_TRIAL_RUNNING);
    assert_close(batch.trials[0].x[0], 0.01, 0, 0);
    assert_false(batch.trials[0].is_ours);
    assert_true(batch.has_summary);
    assert_int_equal(batch.summary.counts[DLN_TRIAL_RUNNING], 1);

    outside_run(path, "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value,"
                      " intermediate_value_type) VALUES (11, 1, 0.5, 'FINITE');");
    next();
    assert_int_equal(batch.n_trials, 1);
    assert_int_equal(batch.trials[0].n_steps, 1);

    outside_run(path, "UPDATE trial_intermediate_values SET intermediate_value = 0.25 WHERE"
                      " trial_id = 11;");
    next();
    assert_int_equal(batch.n_trials, 1);
    assert_close(batch.trials[0].curve[0], 0.25, 0, 0);

    outside_run(path, "BEGIN; INSERT INTO trial_values (trial_id, objective, value, value_type)"
                      " VALUES (11, 0, -1.0, 'FINITE'); UPDATE trials SET state = 'COMPLETE',"
                      " datetime_complete = '2026-01-01 00:01:00.000000' WHERE trial_id = 11;"
                      " COMMIT;");
    next();
    assert_int_equal(batch.n_trials, 1);
    assert_int_equal(batch.trials[0].state, DLN_TRIAL_COMPLETE);
    assert_close(batch.trials[0].values[0], -1, 0, 0);
    assert_int_equal(batch.summary.best_number, 10);
    assert_int_equal(batch.summary.counts[DLN_TRIAL_RUNNING], 0);

    outside_run(path, "UPDATE dialin_studies SET why = 'budget: time';");
    next();
    assert_int_equal(batch.n_trials, 0); /* what is finished is not handed out again */
    assert_true(batch.has_summary);
    assert_string_equal(batch.summary.why, "budget: time");
}

static void a_waiting_trial_comes_again_when_it_is_taken(void **state)
{
    (void)state;
    make(10, 0);
    outside_run(path, "INSERT INTO trials (number, study_id, state) VALUES (10, 1, 'WAITING');"
                      "INSERT INTO trial_system_attributes (trial_id, key, value_json) VALUES (11,"
                      " 'fixed_params', '{\"lr\": 0.5}');");
    open_follow(100);
    load_all();
    assert_int_equal(batch.n_trials, 11);
    assert_true(batch.trials[10].has_fixed);
    assert_string_equal(batch.trials[10].strategy, "enqueued");
    outside_ask(path, "UPDATE dialin_studies SET why = 'x'");
    next();
    assert_int_equal(batch.n_trials, 0);
    outside_ask(path, "UPDATE trials SET state = 'RUNNING' WHERE trial_id = 11");
    next();
    assert_int_equal(batch.n_trials, 1);
    assert_int_equal(batch.trials[0].state, DLN_TRIAL_RUNNING);
}

static void what_changes_while_old_trials_load_is_not_missed(void **state)
{
    (void)state;
    make(4500, 0);
    outside_ask(path, "UPDATE trials SET state = 'RUNNING', datetime_complete = NULL WHERE trial_id"
                      " = 100");
    outside_ask(path, "DELETE FROM dialin_tallies");
    open_follow(50);
    next();
    next(); /* the slice with trial 100 */
    assert_true(batch.more);
    outside_ask(path, "UPDATE trials SET state = 'FAIL' WHERE trial_id = 100");
    outside_ask(path, "INSERT INTO trials (number, study_id, state) VALUES (4500, 1, 'RUNNING')");
    bool saw_end = false;
    bool saw_new = false;
    while (batch.more) {
        next();
        for (size_t i = 0; i < batch.n_trials; i++) {
            saw_end |= batch.trials[i].id == 100 && batch.trials[i].state == DLN_TRIAL_FAIL;
            saw_new |= batch.trials[i].number == 4500;
        }
    }
    assert_true(saw_end);
    assert_true(saw_new);
}

static void a_deleted_study_is_gone(void **state)
{
    (void)state;
    make(10, 0);
    open_follow(100);
    load_all();
    outside_run(path, "DELETE FROM trials; DELETE FROM study_system_attributes; DELETE FROM"
                      " study_directions; DELETE FROM studies;");
    next();
    assert_true(batch.study_gone);
    next();
    assert_true(batch.study_gone);
}

static void another_study_under_the_same_id_is_not_taken_for_it(void **state)
{
    (void)state;
    make(10, 0);
    open_follow(100);
    load_all();
    outside_run(path, "DELETE FROM trials; DELETE FROM study_system_attributes; UPDATE studies SET"
                      " study_name = 'other';");
    next();
    assert_true(batch.study_gone);
    struct dln_study_summary s;
    dln_store *store = NULL;
    assert_ok(dln_store_open(path, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_study(store, 1, &arena, &s, &err), err);
    assert_false(s.is_ours); /* our row belongs to the uid that is gone */
    assert_int_equal(s.n_trials, 0);
    dln_store_close(store);
}

static void a_locked_file_loses_nothing(void **state)
{
    (void)state;
    make(10, 0);
    outside_ask(path, "PRAGMA journal_mode = DELETE");
    open_follow(100);
    load_all();
    outside_run(path, "INSERT INTO trials (number, study_id, state) VALUES (10, 1, 'RUNNING');");
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    assert_fails(dln_follow_next(follow, &batch, &err), err, DLN_BUSY);
    sqlite3_close(db);
    next();
    assert_int_equal(batch.n_trials, 1);
    assert_int_equal(batch.trials[0].number, 10);
}

static void hand_edited_rows_are_shown_as_far_as_they_go(void **state)
{
    (void)state;
    make(12, 2);
    outside_run(
        path, "UPDATE trial_values SET value = NULL WHERE trial_id = 1;"
              "UPDATE trials SET state = 'complete' WHERE trial_id = 2;"
              "UPDATE trials SET number = NULL WHERE trial_id = 3;"
              "UPDATE trials SET number = 4 WHERE trial_id = 4;"
              "UPDATE trial_params SET param_value = 99 WHERE trial_id = 5 AND param_name ="
              " 'optimizer';"
              "UPDATE trial_params SET param_value = NULL WHERE trial_id = 6 AND param_name = 'lr';"
              "UPDATE trials SET datetime_start = '2026-01-01T00:00:00' WHERE trial_id = 8;"
              "UPDATE trials SET datetime_start = 12345 WHERE trial_id = 9;"
              "UPDATE trial_system_attributes SET value_json = 'no json \"' WHERE trial_id = 10;"
              "UPDATE trial_system_attributes SET value_json = NULL WHERE trial_id = 11;"
              "INSERT INTO trial_params (trial_id, param_name, param_value) VALUES (777, 'lr', 1);"
              "INSERT INTO trial_params (trial_id, param_name, param_value) VALUES (12, 'zzz', 1);"
              "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (12, 7, 1,"
              " 'FINITE');"
              "DELETE FROM dialin_tallies;");
    open_follow(100);
    load_all();
    assert_int_equal(batch.n_trials, 12);
    assert_true(isnan(batch.trials[0].values[0]));
    assert_int_equal(batch.trials[2].number, 12); /* the next free one */
    assert_int_equal(batch.trials[3].number, 4);
    assert_true(isnan(batch.trials[4].x[3]));
    assert_true(isnan(batch.trials[5].x[0]));
    assert_true(batch.trials[7].started_us > 0);
    assert_int_equal(batch.trials[8].started_us, 0);
}

static void the_stored_tally_equals_a_full_count(void **state)
{
    (void)state;
    struct dln_study_summary with;
    struct dln_study_summary without;
    dln_store *store = NULL;
    make(500, 3);
    assert_string_equal(outside_ask(path, "SELECT count(*) FROM dialin_tallies"), "1");
    outside_run(path,
                "INSERT INTO trials (number, study_id, state, datetime_start,"
                " datetime_complete) VALUES (500, 1, 'COMPLETE', '2026-01-01 00:00:00.000000',"
                " '2026-01-01 00:00:09.000000'); INSERT INTO trial_values (trial_id, objective,"
                " value, value_type) VALUES (501, 0, -5, 'FINITE');");
    for (int i = 0; i < 2; i++) {
        assert_ok(dln_store_open(path, DLN_STORE_READ, &store, &err), err);
        assert_ok(dln_store_study(store, 1, &arena, i == 0 ? &with : &without, &err), err);
        dln_store_close(store);
        outside_ask(path, "DELETE FROM dialin_tallies");
    }
    assert_int_equal(with.n_trials, 501);
    assert_int_equal(with.best_number, 500);
    assert_memory_equal(with.counts, without.counts, sizeof with.counts);
    assert_int_equal(with.best_id, without.best_id);
    assert_int_equal(with.last_activity_us, without.last_activity_us);
    assert_memory_equal(with.finished_per_bin, without.finished_per_bin,
                        sizeof with.finished_per_bin);
}

static void a_broken_tally_is_counted_anew(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "UPDATE dialin_tallies SET tally = 'x'",
        "UPDATE dialin_tallies SET tally = '{}'",
        "UPDATE dialin_tallies SET tally = replace(tally, '\"upto\": 40', '\"upto\": 4000')",
        "UPDATE dialin_tallies SET tally = replace(tally, '\"bins\": [', '\"bins\": [-1, ')",
        "UPDATE dialin_tallies SET uid = 'another'",
    };
    make(40, 0);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct dln_study_summary s;
        dln_store *store = NULL;
        outside_ask(path, broken[i]);
        assert_ok(dln_store_open(path, DLN_STORE_READ, &store, &err), err);
        assert_ok(dln_store_study(store, 1, &arena, &s, &err), err);
        assert_int_equal(s.n_trials, 40);
        assert_true(s.best_number >= 0);
        dln_store_close(store);
    }
}

static void a_sampled_space_says_which_trials_know_more(void **state)
{
    (void)state;
    enum { TRIALS = 30000 };
    make(TRIALS, 0);
    outside_run(path,
                "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json)"
                " SELECT 14321, 'rare', 0.5, distribution_json FROM trial_params"
                " WHERE param_name = 'dropout' LIMIT 1;");
    dln_store *store = NULL;
    struct dln_space sample, whole;
    bool sampled = false;
    assert_ok(dln_store_open(path, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_sample_space(store, 1, &arena, &sample, &sampled, &err), err);
    assert_ok(dln_store_infer_space(store, 1, &arena, &whole, &err), err);
    assert_true(sampled);
    assert_int_equal(sample.n, 6);
    assert_int_equal(whole.n, 7);
    for (size_t i = 0; i < sample.n; i++)
        assert_string_equal(sample.params[i].name, whole.params[i].name);
    struct dln_trial trial;
    assert_ok(dln_store_trial(store, 1, &sample, 1, 14320, &arena, &trial, &err), err);
    assert_true(trial.has_strangers);
    assert_ok(dln_store_trial(store, 1, &sample, 1, 14321, &arena, &trial, &err), err);
    assert_false(trial.has_strangers);
    assert_ok(dln_store_trial(store, 1, &whole, 1, 14320, &arena, &trial, &err), err);
    assert_false(trial.has_strangers);
    dln_store_close(store);
}

static void the_head_of_a_long_study_is_not_counted(void **state)
{
    (void)state;
    make(6000, 0);
    outside_run(path, "DELETE FROM dialin_tallies;");
    dln_store *store = NULL;
    struct dln_study_summary head, summary;
    assert_ok(dln_store_open(path, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_study_head(store, 1, &arena, &head, &err), err);
    assert_ok(dln_store_study(store, 1, &arena, &summary, &err), err);
    assert_false(head.is_counted);
    assert_string_equal(head.name, "mlp");
    assert_int_equal(head.n_objectives, 1);
    assert_true(summary.is_counted);
    assert_int_equal(summary.n_trials, 6000);
    dln_store_close(store);
}

static void rows_that_were_written_much_later_are_not_missed(void **state)
{
    (void)state;
    enum { TRIALS = 600, LATE = 300 };
    make(TRIALS, 0);
    const struct dln_trial *trials = NULL;
    size_t n = 0;
    dln_store *store = NULL;
    assert_ok(dln_store_open(path, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_trials(store, 1, &def->space, 1, DLN_TRIAL_PARAMS, 0, TRIALS, false, &arena,
                               &trials, &n, &err),
              err);
    const double lr = trials[LATE].x[0];
    outside_run(path, "UPDATE trial_params SET param_id = 90000"
                      " WHERE trial_id = 301 AND param_name = 'lr';");
    assert_ok(dln_store_trials(store, 1, &def->space, 1, DLN_TRIAL_PARAMS, 0, TRIALS, false, &arena,
                               &trials, &n, &err),
              err);
    assert_int_equal(n, TRIALS);
    for (size_t i = 0; i < n; i++)
        assert_false(trials[i].x[0] != trials[i].x[0]);
    assert_true(trials[LATE].x[0] == lr);
    assert_ok(dln_store_trials(store, 1, &def->space, 1, DLN_TRIAL_VALUES, 0, 5, true, &arena,
                               &trials, &n, &err),
              err);
    assert_int_equal(n, 5);
    assert_int_equal(trials[4].number, TRIALS - 1);
    dln_store_close(store);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(the_newest_page_comes_first_and_each_trial_once),
        T(a_batch_holds_everything_of_a_trial),
        T(an_inactive_parameter_is_nan),
        T(a_trial_of_python_is_followed_from_start_to_end),
        T(a_waiting_trial_comes_again_when_it_is_taken),
        T(what_changes_while_old_trials_load_is_not_missed),
        T(a_deleted_study_is_gone),
        T(another_study_under_the_same_id_is_not_taken_for_it),
        T(a_locked_file_loses_nothing),
        T(hand_edited_rows_are_shown_as_far_as_they_go),
        T(the_stored_tally_equals_a_full_count),
        T(a_broken_tally_is_counted_anew),
        T(a_sampled_space_says_which_trials_know_more),
        T(the_head_of_a_long_study_is_not_counted),
        T(rows_that_were_written_much_later_are_not_missed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
