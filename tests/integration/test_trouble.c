/* The engine when the file is locked, its lease is taken, or other programs work on the study too.
 */
#include <poll.h>
#include <sqlite3.h>

#include "support/engine_rig.h"

static const char study[] = "objective: {minimize: loss}\n"
                            "space: {x: {float: [0, 1]}}\n"
                            "strategy: random\n"
                            "machine: {parallel: 2}\n";
static const char waits[] = "while [ ! -e go.$DIALIN_TRIAL ]; do sleep 0.02; done\n"
                            "echo \"loss: ${1#--x=}\"\n";

static void open_rig(struct engine_rig *rig, const char *script, const char *more)
{
    char yaml[1024];
    assert_true(snprintf(yaml, sizeof yaml, "%s%s", study, more) < (int)sizeof yaml);
    rig_open(rig, script, yaml);
}

static sqlite3 *open_foreign(const struct engine_rig *rig)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(rig->db, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, 10000);
    assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), SQLITE_OK);
    return db;
}

static void run_sql(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        print_error("%s: %s\n", sql, message);
        fail();
    }
}

/* Nobody but the engine pokes, and under a lock it cannot commit: a poke says that it has noticed.
 */
static void wait_for_poke(struct engine_rig *rig)
{
    struct pollfd fd = {.fd = rig->wake.read_fd, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 60000), 1);
    dln_wake_clear(&rig->wake);
}

static void a_locked_file_is_waited_for_and_no_result_is_lost(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, waits, "budget: {trials: 4}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 2);
    sqlite3 *db = open_foreign(&rig);
    run_sql(db, "BEGIN IMMEDIATE");
    dln_wake_clear(&rig.wake);
    rig_write(&rig, "go.0", "");
    rig_write(&rig, "go.1", "");
    rig_write(&rig, "go.2", "");
    rig_write(&rig, "go.3", "");
    wait_for_poke(&rig);
    run_sql(db, "COMMIT");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    rig_join(&rig, DLN_OUTCOME_DONE);
    rig_assert_numbers(&rig, 4);
    for (int64_t i = 0; i < 4; i++) {
        const struct dln_trial trial = rig_trial(&rig, i);
        assert_int_equal(trial.state, DLN_TRIAL_COMPLETE);
        assert_close(trial.values[0], trial.x[0], 0, 0);
        assert_int_equal(trial.attempt, 1);
    }
    rig_close(&rig);
}

static void a_run_folder_that_cannot_be_made_stalls_the_study_until_it_can(void **state)
{
    (void)state;
    struct engine_rig rig;
    char path[256];
    open_rig(&rig, "echo loss: 1\n", "budget: {trials: 3}\n");
    rig_write(&rig, "t.runs", "a file where the folder should be");
    rig_start(&rig);
    rig_wait_journal(&rig, "should be a folder");
    rig_path(&rig, "t.runs", path, sizeof path);
    assert_int_equal(remove(path), 0);
    rig_join(&rig, DLN_OUTCOME_DONE);
    rig_assert_numbers(&rig, 3);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 3);
    rig_close(&rig);
}

static void an_engine_whose_lease_was_taken_steps_down_without_a_write(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    open_rig(&rig, waits, "budget: {trials: 9}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 2);
    sqlite3 *db = open_foreign(&rig);
    run_sql(db, "UPDATE dialin_engines SET nonce = 'another', pid = 1");
    rig_write(&rig, "go.0", "");
    assert_int_equal(dln_engine_join(rig.engine, &err), DLN_OUTCOME_FAILED);
    rig.engine = NULL;
    assert_int_equal(err.code, DLN_BUSY);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_RUNNING], 2);
    run_sql(db, "DELETE FROM dialin_engines");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    for (int i = 1; i < 9; i++) {
        char file[16];
        assert_true(snprintf(file, sizeof file, "go.%d", i) > 0);
        rig_write(&rig, file, "");
    }
    rig_run(&rig);
    rig_assert_numbers(&rig, 9);
    rig_close(&rig);
}

static void trials_of_another_program_count_and_are_left_alone(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "echo loss: 1\n", "budget: {trials: 4}\n");
    sqlite3 *db = open_foreign(&rig);
    run_sql(db, "INSERT INTO trials (number, study_id, state, datetime_start)"
                " VALUES (0, 1, 'RUNNING', '2024-06-07 10:00:00.000000')");
    (void)rig_steer(&rig, DLN_COMMAND_ENQUEUE,
                    "{\"params\": {\"x\": 0.5}}"); /* claimed twice over */
    rig_run(&rig);
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_RUNNING);
    assert_false(rig_trial(&rig, 0).is_ours);
    assert_int_equal(rig_trial(&rig, 1).state, DLN_TRIAL_COMPLETE);
    assert_close(rig_trial(&rig, 1).x[0], 0.5, 0, 0);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 3);
    rig_assert_numbers(&rig, 4);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    rig_close(&rig);
}

static void a_result_told_by_another_program_counts(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, waits, "budget: {trials: 2}\n");
    rig_start(&rig);
    rig_wait_count(&rig, DLN_TRIAL_RUNNING, 2);
    sqlite3 *db = open_foreign(&rig);
    run_sql(db, "BEGIN IMMEDIATE; INSERT INTO trial_values (trial_id, objective, value, value_type)"
                " SELECT trial_id, 0, 42.0, 'FINITE' FROM trials WHERE number = 0;"
                " UPDATE trials SET state = 'COMPLETE', datetime_complete = datetime_start"
                " WHERE number = 0; COMMIT");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    rig_write(&rig, "go.0", "");
    rig_write(&rig, "go.1", "");
    rig_join(&rig, DLN_OUTCOME_DONE);
    assert_close(rig_trial(&rig, 0).values[0], 42, 0, 0);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 2);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_locked_file_is_waited_for_and_no_result_is_lost),
        cmocka_unit_test(a_run_folder_that_cannot_be_made_stalls_the_study_until_it_can),
        cmocka_unit_test(an_engine_whose_lease_was_taken_steps_down_without_a_write),
        cmocka_unit_test(trials_of_another_program_count_and_are_left_alone),
        cmocka_unit_test(a_result_told_by_another_program_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
