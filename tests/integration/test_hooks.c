/* Commands of the study on what happens to it. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "dialin/json.h"
#include "support/engine_rig.h"

static const char plain[] = "objective: {minimize: loss}\nspace: {x: {float: [0, 1]}}\n"
                            "strategy: random\n";

static void open_rig(struct engine_rig *rig, const char *script, const char *more)
{
    char yaml[1024];
    assert_true(snprintf(yaml, sizeof yaml, "%s%s", plain, more) < (int)sizeof yaml);
    rig_open(rig, script, yaml);
}

static void read_text(const struct engine_rig *rig, const char *file, char *out, size_t cap)
{
    char path[256];
    rig_path(rig, file, path, sizeof path);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    out[fread(out, 1, cap - 1, stream)] = '\0';
    assert_int_equal(fclose(stream), 0);
}

static json_t *read_json(const struct engine_rig *rig, const char *file)
{
    char text[4096] = {0};
    struct dln_error err = {0};
    json_t *root;
    read_text(rig, file, text, sizeof text);
    assert_ok(dln_json_read(text, strlen(text), &root, &err), err);
    return root;
}

static const char *text_of(const json_t *root, const char *key)
{
    return json_string_value(json_object_get(root, key));
}

static void best_and_finish_are_told_with_what_they_are_about(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "echo loss: $((5 - DIALIN_TRIAL))\n",
             "budget: {trials: 3}\n"
             "hooks: {best: 'cat > best.json; echo said', finish: 'cat > $DIALIN_EVENT.json'}\n");
    rig_run(&rig);
    json_t *best = read_json(&rig, "best.json"); /* of the last one, whatever was left out */
    assert_string_equal(text_of(best, "event"), "best");
    assert_string_equal(text_of(best, "study"), "t");
    assert_int_equal(json_integer_value(json_object_get(best, "trial")), 2);
    const json_t *values = json_object_get(best, "values");
    assert_close(json_number_value(json_object_get(values, "loss")), 3, 0, 0);
    const json_t *params = json_object_get(best, "params");
    assert_close(json_number_value(json_object_get(params, "x")), rig_trial(&rig, 2).x[0], 0, 0);
    json_decref(best);
    json_t *finish = read_json(&rig, "finish.json");
    assert_string_equal(text_of(finish, "state"), "done");
    assert_string_equal(text_of(finish, "why"), "budget: trials");
    assert_int_equal(json_integer_value(json_object_get(finish, "trial")), 2);
    assert_int_equal(json_integer_value(json_object_get(finish, "trials")), 3);
    json_decref(finish);
    char said[32] = "";
    read_text(&rig, "t.runs/hook.best.log", said, sizeof said);
    assert_string_equal(said, "said\n");
    rig_close(&rig);
}

static void a_hook_that_fails_is_a_note_and_stops_nothing(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "echo loss: 1\n",
             "budget: {trials: 3}\nhooks: {best: 'exit 3', finish: 'kill -9 $$'}\n");
    rig_run(&rig);
    assert_int_equal(rig_summary(&rig).counts[DLN_TRIAL_COMPLETE], 3);
    assert_true(rig_journal_says(&rig, "hook 'best' failed: exit 3, see hook.best.log"));
    assert_true(rig_journal_says(&rig, "hook 'finish' failed: signal 9"));
    rig_close(&rig);
}

static void a_study_that_pauses_itself_says_so(void **state)
{
    (void)state;
    struct engine_rig rig;
    open_rig(&rig, "echo no good >&2; exit 1\n",
             "budget: {trials: 9}\nfailure: {retry: 0, pause_after: 2}\n"
             "hooks: {paused: 'cat > new && mv new paused.json'}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "paused.json");
    json_t *paused = read_json(&rig, "paused.json");
    assert_string_equal(text_of(paused, "state"), "paused");
    assert_string_equal(text_of(paused, "why"), "2 failures in a row: exit 1: no good");
    json_decref(paused);
    dln_engine_quit(rig.engine);
    rig_join(&rig, DLN_OUTCOME_STOPPED);
    rig_close(&rig);
}

static void who_insists_on_leaving_does_not_wait_for_a_hook(void **state)
{
    (void)state;
    struct engine_rig rig;
    struct dln_error err = {0};
    char text[32] = "";
    open_rig(&rig, "echo loss: 1\n",
             "budget: {trials: 1}\n"
             "hooks: {best: 'echo $$ > new && mv new pid && exec sleep 1000'}\n");
    rig_start(&rig);
    rig_wait_file(&rig, "pid");
    read_text(&rig, "pid", text, sizeof text);
    dln_engine_quit(rig.engine);
    dln_engine_quit(rig.engine);
    (void)dln_engine_join(rig.engine, &err);
    rig.engine = NULL;
    assert_int_equal(rig_trial(&rig, 0).state, DLN_TRIAL_COMPLETE);
    assert_int_equal(kill((pid_t)atoi(text), 0), -1);
    assert_int_equal(errno, ESRCH);
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    rig_be_guardian(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best_and_finish_are_told_with_what_they_are_about),
        cmocka_unit_test(a_hook_that_fails_is_a_note_and_stops_nothing),
        cmocka_unit_test(a_study_that_pauses_itself_says_so),
        cmocka_unit_test(who_insists_on_leaving_does_not_wait_for_a_hook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
