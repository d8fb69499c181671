/* Notes, and trials into the trash and back: what people see, what the file keeps, what the journal
 * says. */
#include "dialin/json.h"
#include "support/outside.h"
#include "support/program.h"

static void make_study(int trials)
{
    char text[512];
    write_file("bowl.sh", "echo \"epoch 1 loss $1\"\necho \"epoch 2 loss $1\"\n");
    (void)snprintf(text, sizeof text,
                   "study: bowl\nrun: sh bowl.sh {x}\nobjective: {minimize: loss}\n"
                   "space:\n  x: {int: [1, 9]}\nstrategy: grid\nseed: 1\n"
                   "budget: {trials: %d}\nmachine: {parallel: 1}\n",
                   trials);
    write_file("bowl.yaml", text);
    expect("run bowl.yaml --headless", 0, "");
}

static int64_t best_number(void)
{
    json_t *const best = json_of("best bowl.db --json");
    const json_t *const list = json_object_get(best, "trials");
    const int64_t number = int_at(json_array_get(list, 0), "number");
    json_decref(best);
    return number;
}

static int64_t count_shown(void)
{
    json_t *const shown = json_of("trials bowl.db --json");
    const int64_t n = (int64_t)json_array_size(json_object_get(shown, "trials"));
    json_decref(shown);
    return n;
}

static void delete_one(int64_t number)
{
    char line[64];
    (void)snprintf(line, sizeof line, "delete bowl.db %d --count 1", (int)number);
    expect(line, 0, "deleted #");
}

static void a_deleted_trial_is_nowhere_and_comes_back_as_it_was(void **state)
{
    (void)state;
    make_study(9);
    struct result before = dialin("trials bowl.db --json");
    const int64_t best = best_number();
    char line[64];
    expect("delete bowl.db 2 --count 2", 2, "--count 1");
    delete_one(best);
    assert_int_equal(count_shown(), 8);
    assert_true(best_number() != best);
    expect("ls bowl.db", 0, "8/9");
    (void)snprintf(line, sizeof line, "show bowl.db %d", (int)best);
    expect(line, 2, "there is no trial #");
    (void)snprintf(line, sizeof line, "delete bowl.db %d --count 1", (int)best);
    expect(line, 1, "there is no trial #");
    (void)snprintf(line, sizeof line, " %d  ok", (int)best);
    expect("trash bowl.db", 0, line);
    (void)snprintf(line, sizeof line, "restore bowl.db %d", (int)best);
    expect(line, 0, "restored #");
    expect("trash bowl.db", 0, "no trial lies in the trash");
    expect(line, 1, "not all of these lie in the trash");
    struct result after = dialin("trials bowl.db --json");
    assert_string_equal(after.out, before.out);
    assert_int_equal(best_number(), best);
    forget(&before);
    forget(&after);
}

static void its_number_is_not_given_again(void **state)
{
    (void)state;
    make_study(5);
    expect("delete bowl.db 1 4 --count 2", 0, "deleted 2 trials");
    expect("set bowl.db budget trials=9", 0, "");
    expect("run bowl.yaml --headless", 0, "");
    assert_string_equal(outside_ask("bowl.db", "SELECT count(*) = 1 + max(number) AND"
                                               " count(DISTINCT number) = count(*) FROM trials"
                                               " WHERE study_id = 1"),
                        "1");
    expect("restore bowl.db 1 4", 0, "restored 2 trials");
    assert_string_equal(outside_ask("bowl.db", "SELECT count(*) = 1 + max(number) FROM trials"
                                               " WHERE study_id = 1"),
                        "1");
}

static void the_journal_undoes_and_redoes_it(void **state)
{
    (void)state;
    make_study(4);
    expect("delete bowl.db --filter 'number >= 2' --count 2", 0, "deleted 2 trials");
    expect("log bowl.db", 0, "deleted 2 trials, from #2 on");
    expect("undo bowl.db", 0, "restored 2 trials");
    assert_int_equal(count_shown(), 4);
    expect("redo bowl.db", 0, "deleted 2 trials");
    assert_int_equal(count_shown(), 2);
    expect("restore bowl.db 3", 0, "restored #3");
    expect("undo bowl.db", 0, "deleted #3");
    assert_int_equal(count_shown(), 2);
    assert_string_equal(outside_ask("bowl.db", "SELECT count(*) FROM trials"), "6");
}

static void a_note_on_the_study_is_written_read_and_undone(void **state)
{
    (void)state;
    make_study(2);
    expect("note bowl.db study 'first # of May'", 0, "note on the study: first");
    expect("note bowl.db", 0, "first # of May");
    expect("show bowl.db", 0, "first # of May");
    expect("note bowl.db 1", 0, "");
    expect("note bowl.db 1 other", 0, "note on #1: other");
    expect("undo bowl.db", 0, "no note on #1 any more");
    expect("undo bowl.db", 0, "no note on the study any more");
    json_t *const shown = json_of("show bowl.db --json");
    assert_true(json_is_null(json_object_get(shown, "note")));
    assert_int_equal(json_array_size(json_object_get(shown, "artifacts")), 0);
    json_decref(shown);
    assert_string_equal(outside_ask("bowl.db", "SELECT value_json FROM study_system_attributes"
                                               " WHERE key = 'dashboard:note_ver'"),
                        "2");
}

static void after_thirty_days_it_is_gone_for_good(void **state)
{
    (void)state;
    make_study(4);
    delete_one(0);
    delete_one(1);
    outside_run("bowl.db", "UPDATE dialin_deleted SET deleted_us = deleted_us - 31 * 86400000000"
                           " WHERE number = 0;");
    delete_one(2);
    expect("restore bowl.db 0", 1, "not all of these lie in the trash");
    expect("restore bowl.db 1 2", 0, "restored 2 trials");
    assert_string_equal(outside_ask("bowl.db", "SELECT count(*) FROM trial_params WHERE trial_id"
                                               " NOT IN (SELECT trial_id FROM trials)"),
                        "0");
    assert_string_equal(
        outside_ask("bowl.db", "SELECT count(*) FROM trials WHERE study_id IS NULL"), "0");
    assert_int_equal(count_shown(), 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        T(a_deleted_trial_is_nowhere_and_comes_back_as_it_was),
        T(its_number_is_not_given_again),
        T(the_journal_undoes_and_redoes_it),
        T(a_note_on_the_study_is_written_read_and_undone),
        T(after_thirty_days_it_is_gone_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
