/* Studies from file to file. */
#include <unistd.h>

#include "support/outside.h"
#include "support/program.h"

static void copy_sample(const char *name)
{
    char path[512], to[128];
    size_t len = 0;
    snprintf(path, sizeof path, TEST_DATA "/optuna/%s.db", name);
    snprintf(to, sizeof to, "%s.db", name);
    char *const bytes = outside_read(path, &len);
    outside_write(to, bytes, len);
    free(bytes);
}

/* ── copy ──────────────────────────────────────────────────────────────────────────────────────*/

/* Everything that belongs to finished trials, as one text: ids left out. */
static const char sql_rows[] =
    "SELECT group_concat(line, ';') FROM (SELECT t.number || t.state || coalesce(v.value, 'n') ||"
    " v.value_type || (SELECT group_concat(param_name || param_value || distribution_json) FROM"
    " (SELECT * FROM trial_params p WHERE p.trial_id = t.trial_id ORDER BY param_id)) ||"
    " coalesce((SELECT group_concat(step || coalesce(intermediate_value, 'n') ||"
    " intermediate_value_type) FROM trial_intermediate_values i WHERE i.trial_id = t.trial_id), '')"
    " || coalesce((SELECT group_concat(key || value_json) FROM trial_user_attributes a WHERE"
    " a.trial_id = t.trial_id), '') AS line FROM trials t JOIN trial_values v ON v.trial_id ="
    " t.trial_id WHERE t.study_id = (SELECT max(study_id) FROM studies) ORDER BY t.number)";

static void a_whole_copy_holds_the_same_rows(void **state)
{
    (void)state;
    static const char *const names[] = {"basic-310", "dists-310", "multi-500", "conditional-490"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char line[128], path[64];
        copy_sample(names[i]);
        snprintf(line, sizeof line, "copy %s.db all.db", names[i]);
        snprintf(path, sizeof path, "%s.db", names[i]);
        expect(line, 0, "all.db: study '");
        char *const before = strdup(outside_ask(path, sql_rows));
        assert_string_equal(outside_ask("all.db", sql_rows), before);
        free(before);
    }
    assert_string_equal(outside_ask("all.db", "SELECT count(*) FROM studies"), "4");
    assert_string_equal(outside_ask("all.db", "PRAGMA integrity_check"), "ok");
    expect("copy basic-310.db all.db", 1, "already has a study 'basic-min'");
    expect("copy basic-310.db all.db --name other", 0, "study 'other' with 14 of 15 trials");
    expect("copy basic-310.db basic-310.db --name other", 2, "into itself");
}

static void some_trials_make_a_clean_study(void **state)
{
    (void)state;
    copy_sample("conditional-490");
    json_t *const told =
        json_of("copy conditional-490.db clean.db --state ok --sort -value --limit 5 --json");
    assert_int_equal(int_at(told, "trials"), 5);
    json_decref(told);
    assert_string_equal(outside_ask("clean.db", "SELECT group_concat(number) FROM trials"),
                        "0,1,2,3,4");
    json_t *const best = json_of("best clean.db --json");
    const json_t *const first = json_array_get(json_object_get(best, "trials"), 0);
    assert_int_equal(int_at(first, "number"), 0);
    assert_close(json_number_value(json_object_get(json_object_get(first, "values"), "value")),
                 0.3125, 0, 0);
    json_decref(best);
}

static void notes_follow_their_trials_and_times_keep_their_instant(void **state)
{
    (void)state;
    copy_sample("attrs-500");
    copy_sample("basic-310");
    expect("copy attrs-500.db notes.db --study 'attrs ä中🚀' --filter 'number == 1'", 0, "1 of 2");
    json_t *const page = json_of("show notes.db 0 --json");
    assert_true(json_is_string(json_object_get(page, "note")));
    json_decref(page);
    setenv("TZ", "Asia/Tokyo", 1);
    json_t *const before = json_of("show basic-310.db 0 --json");
    expect("copy basic-310.db utc.db", 0, "14 of 15");
    json_t *const after = json_of("show utc.db 0 --json");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(before, "trial"), "started")),
        json_string_value(json_object_get(json_object_get(after, "trial"), "started")));
    assert_string_not_equal(outside_ask("basic-310.db", "SELECT datetime_start FROM trials"),
                            outside_ask("utc.db", "SELECT datetime_start FROM trials"));
    unsetenv("TZ");
    json_decref(before);
    json_decref(after);
}

static void a_retry_keeps_its_history_under_new_numbers(void **state)
{
    (void)state;
    copy_sample("queue-500");
    expect("copy queue-500.db some.db --filter 'number >= 3'", 0, "3 of 7");
    expect("copy queue-500.db some.db --filter 'number >= 3'", 1, "already has");
    assert_string_equal(outside_ask("some.db", "SELECT value_json FROM trial_system_attributes"
                                               " WHERE key = 'failed_trial'"),
                        "0");
    assert_string_equal(outside_ask("some.db", "SELECT value_json FROM trial_system_attributes"
                                               " WHERE key = 'retry_history'"),
                        "[0]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_whole_copy_holds_the_same_rows),
        TEST(some_trials_make_a_clean_study),
        TEST(notes_follow_their_trials_and_times_keep_their_instant),
        TEST(a_retry_keeps_its_history_under_new_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
