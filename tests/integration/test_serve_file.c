/* `dialin serve`, `ask` and `tell` on a file: with each other, with an engine, after a crash. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/outside.h"
#include "support/program.h"
#include "support/talk.h"

static const char grid_study[] = "study: s\n"
                                 "objective: {minimize: y}\n"
                                 "space:\n"
                                 "  x: {int: [0, 9]}\n"
                                 "  k: {choice: [a, 'b c']}\n"
                                 "strategy: random\n"
                                 "seed: 5\n";

static struct talk start(void)
{
    return talk_start("s.yaml");
}

static void trials_are_in_the_file_as_every_other(void **state)
{
    (void)state;
    write_file("s.yaml", grid_study);
    struct talk talk = start();
    for (int i = 0; i < 3; i++)
        assert_int_equal(talk_ask(&talk, NULL), i);
    talk_accepted(&talk, "{\"op\": \"report\", \"trial\": 1, \"step\": 4, \"value\": 0.5}");
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 0, \"value\": 2.5}");
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 1, \"state\": \"pruned\"}");
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 2, \"state\": \"failed\","
                         " \"reason\": \"out of luck\"}");
    assert_int_equal(talk_end(&talk), 0);

    json_t *const shown = json_of("trials s.db --json");
    const json_t *const trials = json_object_get(shown, "trials");
    static const char *const states[] = {"COMPLETE", "PRUNED", "FAIL"};
    for (size_t i = 0; i < 3; i++) {
        const json_t *const trial = json_array_get(trials, i);
        assert_string_equal(json_string_value(json_object_get(trial, "state")), states[i]);
        assert_string_equal(json_string_value(json_object_get(trial, "strategy")), "random");
        assert_int_equal(json_object_size(json_object_get(trial, "params")), 2);
    }
    assert_string_equal(json_string_value(json_object_get(json_array_get(trials, 2), "detail")),
                        "out of luck");
    json_decref(shown);
    expect("best s.yaml", 0, "best y 2.5, trial #0");
    assert_string_equal(outside_ask("s.db", "SELECT value FROM trial_values WHERE trial_id = 2"),
                        "0.5");
    assert_string_equal(outside_ask("s.db", "SELECT count(*) FROM trial_system_attributes"
                                            " WHERE key = 'dialin:asked'"),
                        "3");
}

static void several_conversations_share_one_study(void **state)
{
    (void)state;
    enum { N = 3, ASKS = 6 };
    write_file("s.yaml", grid_study);
    struct talk talks[N]; /* all of them make the file at once */
    bool seen[N * ASKS] = {false};
    for (size_t i = 0; i < N; i++)
        talks[i] = start();
    for (size_t k = 0; k < ASKS; k++) {
        for (size_t i = 0; i < N; i++)
            talk_send(&talks[i], "{\"op\": \"ask\"}\n", 14);
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < ASKS; k++) {
            json_t *const answer = talk_next(&talks[i]);
            const int64_t number = int_at(answer, "trial");
            assert_in_range(number, 0, N * ASKS - 1);
            assert_false(seen[number]);
            seen[number] = true;
            json_decref(answer);
        }
    }
    /* 20 points: no one was given to two of them */
    assert_string_equal(outside_ask("s.db", "SELECT count(DISTINCT p) FROM (SELECT"
                                            " group_concat(param_value) AS p FROM trial_params"
                                            " GROUP BY trial_id)"),
                        "18");
    /* each may tell what another one was given */
    for (int i = 0; i < N * ASKS; i++) {
        talk_accepted(&talks[i % N], "{\"op\": \"tell\", \"trial\": %d, \"value\": %d}", i, i);
    }
    talk_refused(&talks[0], "not-running", "{\"op\": \"tell\", \"trial\": 1, \"value\": 7}");
    for (size_t i = 0; i < N; i++)
        assert_int_equal(talk_ask(&talks[i], NULL), i < 2 ? (int)i + N * ASKS : -1);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(talk_end(&talks[i]), 0);
}

static void what_was_told_outlives_a_crash(void **state)
{
    (void)state;
    write_file("s.yaml", grid_study);
    struct talk talk = start();
    assert_int_equal(talk_ask(&talk, NULL), 0);
    assert_int_equal(talk_ask(&talk, NULL), 1);
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 0, \"value\": 1}");
    talk_kill(&talk);

    talk = start();
    talk_refused(&talk, "not-running", "{\"op\": \"tell\", \"trial\": 0, \"value\": 1}");
    json_t *const best = talk_say(&talk, "{\"op\": \"best\"}");
    assert_int_equal(int_at(best, "trial"), 0);
    json_decref(best);
    expect("trials s.db --state run", 0, " 1  run");
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 1, \"value\": 0}");
    assert_int_equal(talk_ask(&talk, NULL), 2);
    assert_int_equal(talk_end(&talk), 0);
}

static void a_lost_trial_fails_and_one_of_a_shell_never_does(void **state)
{
    (void)state;
    write_file("s.yaml", grid_study);
    expect("ask s.yaml", 0, "0 '--x=");
    struct talk talk = start();
    assert_int_equal(talk_ask(&talk, NULL), 1);
    talk_kill(&talk);
    expect("ask s.yaml", 0, "2 '--x=");
    expect("trials s.db --state err", 0, "number");
    outside_run("s.db", "UPDATE trial_heartbeats SET heartbeat = datetime('now', '-3 minutes')");
    expect("ask s.yaml", 0, "3 '--x=");
    json_t *const shown = json_of("trials s.db --json");
    static const char *const states[] = {"RUNNING", "FAIL", "RUNNING", "RUNNING"};
    for (size_t i = 0; i < 4; i++) {
        const json_t *const trial = json_array_get(json_object_get(shown, "trials"), i);
        assert_string_equal(json_string_value(json_object_get(trial, "state")), states[i]);
        if (i != 1) continue;
        assert_string_equal(json_string_value(json_object_get(trial, "reason")), "lost");
    }
    json_decref(shown);
}

static void an_engine_finds_lost_trials_too(void **state)
{
    (void)state;
    write_file("s.yaml", "study: s\nrun: sh -c 'echo y=$0' {x}\nobjective: {minimize: y}\n"
                         "space: {x: {float: [0, 1]}}\nstrategy: random\nbudget: {trials: 3}\n");
    struct talk talk = start();
    assert_int_equal(talk_ask(&talk, NULL), 0);
    talk_kill(&talk);
    outside_run("s.db", "UPDATE trial_heartbeats SET heartbeat = datetime('now', '-3 minutes')");
    expect("run s.yaml --headless", 0, "best y");
    assert_string_equal(outside_ask("s.db", "SELECT group_concat(state) FROM trials"),
                        "FAIL,COMPLETE,COMPLETE");
}

static void a_shell_asks_and_tells(void **state)
{
    (void)state;
    write_file("s.yaml",
               "study: s\nobjective: [{maximize: r}, {minimize: ms}]\nbudget: {trials: 5}\n"
               "space: {x: {float: [0, 1]}, k: {choice: ['it''s']}}\nstrategy: random\n");
    expect("tell s.db 0 1 2", 2, "s.db");
    expect("ask s.yaml", 0, "'--k=it'\\''s'");
    json_t *const asked = json_of("ask s.yaml --json");
    assert_int_equal(int_at(asked, "trial"), 1);
    assert_true(json_is_real(json_object_get(json_object_get(asked, "params"), "x")));
    json_decref(asked);
    for (int i = 2; i < 5; i++)
        expect("ask s.db", 0, " '--x=");
    expect("ask s.db", 1, "done: trials");
    expect("tell s.db 0", 2, "a value of 'r'");
    expect("tell s.db 0 1", 2, "a value of 'ms'");
    expect("tell s.db 0 1 2 3", 2, "one value too many");
    expect("tell s.db 0 much 2", 2, "no number");
    expect("tell s.db 0 nan 2", 1, "'r' is nan");
    expect("tell s.db 0 -0.5 2", 0, "");
    expect("tell s.db 0 -0.5 2", 1, "has ended already (ok)");
    expect("tell s.db 1 ms=3 r=0.5 gb=9", 0, "");
    expect("tell s.db 2 --fail --reason 'no luck'", 0, "");
    expect("tell s.db 3 --pruned", 0, "");
    expect("tell s.db 9 1 2", 2, "no trial #9");
    expect("trials s.db", 0, "no luck");
    assert_string_equal(outside_ask("s.db", "SELECT group_concat(state) FROM trials"),
                        "COMPLETE,COMPLETE,FAIL,PRUNED,RUNNING");
    assert_string_equal(outside_ask("s.db", "SELECT value_json FROM trial_user_attributes"
                                            " WHERE key = 'gb'"),
                        "9.0");
}

static void an_engine_and_a_conversation_share_one_study(void **state)
{
    (void)state;
    write_file("p.sh", "while [ ! -e go ]; do read -r line < pipe; done\necho y=$1\n");
    write_file("s.yaml", "study: s\nrun: sh p.sh {x}\nobjective: {minimize: y}\nseed: 1\n"
                         "space: {x: {float: [0, 1]}}\nstrategy: random\nbudget: {trials: 6}\n");
    assert_int_equal(mkfifo("pipe", 0600), 0);
    const int gate = open("pipe", O_RDWR | O_CLOEXEC);
    assert_true(gate >= 0);
    struct talk talk = start();
    assert_int_equal(talk_ask(&talk, NULL), 0); /* before the engine comes */
    struct running engine = start_run("run s.yaml --headless");
    await(&engine, "#1    run");
    assert_int_equal(talk_ask(&talk, NULL), 2); /* while it is at work */
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 2, \"value\": -4}");
    write_file("go", "");
    assert_int_equal(write(gate, "\n", 1), 1);
    assert_int_equal(end_of(&engine), 0); /* its budget is met, our trial goes on */
    (void)close(gate);
    assert_int_equal(talk_ask(&talk, NULL), -1);
    expect("trials s.db --state run", 0, " 0  run");
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 0, \"value\": 3}");
    assert_int_equal(talk_end(&talk), 0);
    expect("best s.db", 0, "best y -4, trial #2");
    json_t *const list = json_of("ls --json s.db");
    const json_t *const counts = json_object_get(json_array_get(list, 0), "counts");
    assert_int_equal(int_at(counts, "COMPLETE"), 6);
    json_decref(list);
}

static void pruners_judge_across_conversations(void **state)
{
    (void)state;
    write_file("s.yaml", "study: s\nobjective: {minimize: y}\nspace: {x: {float: [0, 1]}}\n"
                         "strategy: random\npruner: {median: {startup: 1, warmup: 0}}\n");
    struct talk first = start();
    struct talk second = start();
    for (int i = 0; i < 2; i++) {
        assert_int_equal(talk_ask(&first, NULL), i);
        talk_accepted(&first, "{\"op\": \"report\", \"trial\": %d, \"step\": 1, \"value\": 1}", i);
        talk_accepted(&first, "{\"op\": \"tell\", \"trial\": %d, \"value\": 1}", i);
    }
    assert_int_equal(talk_ask(&second, NULL), 2);
    json_t *const bad = talk_say(&second, "{\"op\": \"report\", \"trial\": 2, \"step\": 1,"
                                          " \"value\": 2}");
    assert_true(json_is_true(json_object_get(bad, "prune")));
    assert_true(json_is_string(json_object_get(bad, "why")));
    json_decref(bad);
    talk_accepted(&second, "{\"op\": \"tell\", \"trial\": 2, \"state\": \"pruned\"}");
    assert_int_equal(talk_ask(&second, NULL), 3);
    json_t *const good = talk_say(&second, "{\"op\": \"report\", \"trial\": 3, \"step\": 1,"
                                           " \"value\": 0.5}");
    assert_true(json_is_false(json_object_get(good, "prune")));
    json_decref(good);
    assert_int_equal(talk_end(&first), 0);
    assert_int_equal(talk_end(&second), 0);
    expect("trials s.db", 0, "cut");
    assert_non_null(strstr(outside_ask("s.db", "SELECT value_json FROM trial_user_attributes"
                                               " WHERE key = 'dialin_pruned'"),
                           "\"median\""));
}

static void the_file_alone_is_whole_when_all_have_gone(void **state)
{
    (void)state;
    struct stat log;
    write_file("s.yaml", grid_study);
    struct talk first = start();
    struct talk second = start();
    for (int i = 0; i < 8; i++) {
        const int64_t number = talk_ask(i % 2 ? &first : &second, NULL);
        talk_accepted(i % 3 ? &first : &second, "{\"op\": \"tell\", \"trial\": %d, \"value\": 1}",
                      (int)number);
    }
    assert_int_equal(talk_end(&first), 0);
    assert_int_equal(talk_end(&second), 0);
    if (stat("s.db-wal", &log) == 0) assert_int_equal(unlink("s.db-wal"), 0);
    (void)unlink("s.db-shm");
    expect("ls s.db", 0, "8");
    assert_string_equal(outside_ask("s.db", "SELECT count(*) FROM trials WHERE state = 'COMPLETE'"),
                        "8");
    assert_string_equal(outside_ask("s.db", "PRAGMA integrity_check"), "ok");
}

static void a_changed_study_file_is_applied(void **state)
{
    (void)state;
    write_file("s.yaml", "study: s\nobjective: {minimize: y}\nspace: {x: {float: [0, 1]}}\n"
                         "budget: {trials: 1}\nstrategy: random\n");
    expect("ask s.yaml", 0, "0 '--x=");
    expect("ask s.yaml", 1, "done: trials");
    expect("tell s.yaml 0 1", 0, "");
    write_file("s.yaml", "study: s\nobjective: {minimize: y}\nspace: {x: {float: [2, 3]}}\n"
                         "budget: {trials: 2}\nstrategy: random\n");
    expect("ask s.yaml", 0, "1 '--x=2.");
    write_file("s.yaml", "study: s\nobjective: {maximize: y}\nspace: {x: {float: [2, 3]}}\n");
    expect("ask s.yaml", 1, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(trials_are_in_the_file_as_every_other, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(several_conversations_share_one_study, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_was_told_outlives_a_crash, in_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_lost_trial_fails_and_one_of_a_shell_never_does, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(an_engine_finds_lost_trials_too, in_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_shell_asks_and_tells, in_folder, remove_folder),
        cmocka_unit_test_setup_teardown(an_engine_and_a_conversation_share_one_study, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(pruners_judge_across_conversations, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_file_alone_is_whole_when_all_have_gone, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_changed_study_file_is_applied, in_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
