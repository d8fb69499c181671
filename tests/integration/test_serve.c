/* Conversations with the real `dialin serve --memory`. */
#include "support/program.h"
#include "support/talk.h"

static const char study[] = "study: bowl\n"
                            "objective: {minimize: loss}\n"
                            "space:\n"
                            "  x: {float: [0.001, 1], log: true}\n"
                            "  kind: {choice: [a, b]}\n"
                            "  depth: {int: [1, 4], when: kind == a}\n"
                            "strategy: tpe\n"
                            "budget: {trials: 12}\n"
                            "seed: 7\n";

static struct talk start(const char *yaml)
{
    write_file("s.yaml", yaml);
    return talk_start("s.yaml --memory");
}

static void suggestions_lie_in_the_space_and_end_with_the_budget(void **state)
{
    (void)state;
    struct talk talk = start(study);
    int64_t n = 0;
    json_t *params;
    for (int64_t number; (number = talk_ask(&talk, &params)) >= 0; n++) {
        const double x = json_number_value(json_object_get(params, "x"));
        const char *const kind = json_string_value(json_object_get(params, "kind"));
        const json_t *const depth = json_object_get(params, "depth");
        assert_int_equal(number, n);
        assert_true(x >= 0.001 && x <= 1);
        assert_true(strcmp(kind, "a") == 0 || strcmp(kind, "b") == 0);
        assert_int_equal(depth != NULL, strcmp(kind, "a") == 0);
        if (depth) assert_in_range(json_integer_value(depth), 1, 4);
        talk_accepted(&talk, "{\"op\": \"report\", \"trial\": %d, \"step\": 1, \"value\": 2}",
                      (int)number);
        talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": %d, \"value\": %.17g}", (int)number, x);
        json_decref(params);
    }
    assert_int_equal(n, 12);
    json_t *const done = talk_say(&talk, "{\"op\": \"ask\", \"count\": 2}");
    assert_string_equal(json_string_value(json_object_get(done, "reason")), "trials");
    json_decref(done);
    assert_int_equal(talk_end(&talk), 0);
}

static void the_best_is_the_best_that_was_told(void **state)
{
    (void)state;
    struct talk talk = start(study);
    json_t *best = talk_say(&talk, "{\"op\": \"best\"}");
    assert_true(json_is_null(json_object_get(best, "trial")));
    json_decref(best);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(talk_ask(&talk, NULL), i);
        if (i == 3) break;
        talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": %d, \"values\": [%d]}", i, (i - 1) * 3);
    }
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 3, \"values\": {\"loss\": -5, \"s\": 9}}");
    best = talk_say(&talk, "{\"op\": \"best\", \"id\": {\"a\": [1]}}");
    assert_int_equal(int_at(best, "trial"), 3);
    assert_int_equal(json_array_size(json_object_get(json_object_get(best, "id"), "a")), 1);
    const json_t *const values = json_object_get(best, "values");
    assert_close(json_number_value(json_array_get(values, 0)), -5, 0, 0);
    json_decref(best);
    assert_int_equal(talk_end(&talk), 0);
}

static void a_point_is_predicted_in_the_conversation(void **state)
{
    (void)state;
    struct talk talk = start(study);
    json_t *params;
    json_t *said = talk_say(&talk, "{\"op\": \"predict\", \"params\": {\"x\": 0.1}}");
    assert_true(json_is_null(json_array_get(json_object_get(said, "mean"), 0)));
    assert_true(json_is_string(json_object_get(said, "why_not")));
    json_decref(said);
    for (int64_t number; (number = talk_ask(&talk, &params)) >= 0;) {
        const double x = json_number_value(json_object_get(params, "x"));
        json_decref(params);
        talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": %d, \"value\": %.17g}", (int)number,
                      log10(x) * log10(x));
    }
    said = talk_say(&talk, "{\"op\": \"predict\", \"params\": {\"x\": 0.01, \"kind\": \"b\"}}");
    assert_close(json_number_value(json_array_get(json_object_get(said, "mean"), 0)), 4, 1.5, 0);
    assert_true(json_is_number(json_array_get(json_object_get(said, "chance"), 0)));
    assert_null(json_object_get(said, "why_not"));
    json_decref(said);
    said = talk_say(&talk, "{\"op\": \"predict\", \"params\": {\"x\": 5}, \"id\": 9}");
    assert_true(json_is_string(json_object_get(said, "extrapolates")));
    assert_int_equal(int_at(said, "id"), 9);
    json_decref(said);
    talk_refused(&talk, "bad-request", "{\"op\": \"predict\"}");
    talk_refused(&talk, "bad-request", "{\"op\": \"predict\", \"params\": {\"x\": -1}}");
    talk_refused(&talk, "bad-request", "{\"op\": \"predict\", \"params\": {\"x\": [1]}}");
    talk_refused(&talk, "bad-request", "{\"op\": \"predict\", \"params\": {\"kind\": \"c\"}}");
    talk_refused(&talk, "bad-request", "{\"op\": \"predict\", \"params\": {\"y\": 1}}");
    assert_int_equal(talk_end(&talk), 0);
}

static void what_is_wrong_is_said_and_the_conversation_goes_on(void **state)
{
    (void)state;
    struct talk talk = start(study);
    talk_refused(&talk, "bad-json", "");
    talk_refused(&talk, "bad-json", "ask");
    talk_refused(&talk, "bad-json", "[1, 2]");
    talk_refused(&talk, "bad-json", "{\"op\": \"ask\"");
    talk_refused(&talk, "unknown-op", "{\"op\": \"aks\"}");
    talk_refused(&talk, "unknown-op", "{\"op\": 3}");
    talk_refused(&talk, "unknown-op", "{}");
    talk_refused(&talk, "bad-request", "{\"op\": \"ask\", \"counts\": 3}");
    talk_refused(&talk, "bad-request", "{\"op\": \"ask\", \"count\": 0}");
    talk_refused(&talk, "bad-request", "{\"op\": \"ask\", \"count\": 1e99}");
    talk_refused(&talk, "unknown-trial", "{\"op\": \"tell\", \"trial\": 0, \"value\": 1}");
    talk_refused(&talk, "bad-request", "{\"op\": \"tell\", \"trial\": -1, \"value\": 1}");
    talk_refused(&talk, "bad-request", "{\"op\": \"tell\", \"trial\": \"0\", \"value\": 1}");
    assert_int_equal(talk_ask(&talk, NULL), 0);
    talk_refused(&talk, "bad-request", "{\"op\": \"tell\", \"trial\": 0}");
    talk_refused(&talk, "not-a-number", "{\"op\": \"tell\", \"trial\": 0, \"value\": NaN}");
    talk_refused(&talk, "bad-request", "{\"op\": \"tell\", \"trial\": 0, \"value\": \"much\"}");
    talk_refused(&talk, "bad-request", "{\"op\": \"tell\", \"trial\": 0, \"values\": [1, 2]}");
    talk_refused(&talk, "bad-request",
                 "{\"op\": \"tell\", \"trial\": 0, \"values\": {\"los\": 1}}");
    talk_refused(&talk, "bad-request", "{\"op\": \"tell\", \"trial\": 0, \"state\": \"over\"}");
    talk_refused(&talk, "bad-request",
                 "{\"op\": \"report\", \"trial\": 0, \"step\": -1,"
                 " \"value\": 1}");
    talk_refused(&talk, "bad-request", "{\"op\": \"enqueue\", \"params\": {\"x\": 2}}");
    talk_refused(&talk, "bad-request", "{\"op\": \"enqueue\", \"params\": {\"y\": 1}}");
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 0, \"value\": Infinity}");
    talk_refused(&talk, "not-running", "{\"op\": \"tell\", \"trial\": 0, \"value\": 1}");
    talk_refused(&talk, "not-running",
                 "{\"op\": \"report\", \"trial\": 0, \"step\": 1,"
                 " \"value\": 1}");
    assert_int_equal(talk_ask(&talk, NULL), 1);
    assert_int_equal(talk_end(&talk), 0);
}

static void hostile_bytes_cost_one_error_a_line(void **state)
{
    (void)state;
    enum { HUGE = 3 * 1024 * 1024 };
    struct talk talk = start(study);
    char *const bytes = malloc(HUGE);
    assert_non_null(bytes);
    memset(bytes, '[', HUGE);
    bytes[HUGE - 1] = '\n';
    talk_send(&talk, bytes, HUGE);
    json_t *answer = talk_next(&talk);
    const json_t *const error = json_object_get(answer, "error");
    assert_string_equal(json_string_value(json_object_get(error, "code")), "too-long");
    json_decref(answer);

    talk_send(&talk, bytes + HUGE - 1001, 1001); /* nested too deep for any parser */
    answer = talk_next(&talk);
    assert_non_null(json_object_get(answer, "error"));
    json_decref(answer);

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)(i == '\n' ? 0 : i);
    bytes[256] = '\n';
    talk_send(&talk, bytes, 257);
    answer = talk_next(&talk);
    assert_non_null(json_object_get(answer, "error"));
    json_decref(answer);
    free(bytes);
    assert_int_equal(talk_ask(&talk, NULL), 0);
    assert_int_equal(talk_end(&talk), 0);
}

static void what_is_queued_comes_first(void **state)
{
    (void)state;
    struct talk talk = start("study: q\nobjective: {minimize: y}\nstart: [{x: 0.5}]\n"
                             "space:\n  x: {float: [0, 1]}\n  z: {float: [0, 1]}\n"
                             "strategy: sobol\n");
    static const double first[] = {0.5, 0.25};
    json_t *const queued = talk_say(&talk, "{\"op\": \"enqueue\", \"params\": {\"x\": 0.25}}");
    assert_int_equal(int_at(queued, "trial"), 1);
    json_decref(queued);
    for (int i = 0; i < 2; i++) {
        json_t *params;
        assert_int_equal(talk_ask(&talk, &params), i);
        assert_close(json_number_value(json_object_get(params, "x")), first[i], 0, 0);
        assert_true(json_is_real(json_object_get(params, "z")));
        json_decref(params);
    }
    assert_int_equal(talk_ask(&talk, NULL), 2);
    assert_int_equal(talk_end(&talk), 0);
}

/* All that is said when 12 trials are asked for two by two and told. */
static char *whole_conversation(void)
{
    struct dln_strbuf all = {0};
    struct talk talk = start(study);
    for (int i = 0; i < 12; i += 2) {
        json_t *const answer = talk_say(&talk, "{\"op\": \"ask\", \"count\": 2}");
        struct dln_json_writer w = {.out = &all};
        dln_json_value(&w, answer);
        json_decref(answer);
        talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": %d, \"value\": %d}", i + 1, i % 5);
        talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": %d, \"state\": \"%s\"}", i,
                      i % 4 ? "failed" : "pruned");
    }
    assert_int_equal(talk_end(&talk), 0);
    char *text;
    struct dln_error err = {0};
    assert_ok(dln_strbuf_take(&all, &text, &err), err);
    return text;
}

static void the_same_seed_gives_the_same_conversation(void **state)
{
    (void)state;
    char *const first = whole_conversation();
    char *const second = whole_conversation();
    assert_string_equal(first, second);
    assert_non_null(strstr(first, "\"trial\": 11"));
    free(first);
    free(second);
}

static void several_objectives_and_limits_are_told_by_name(void **state)
{
    (void)state;
    struct talk talk = start("study: two\nobjective: [{maximize: recall}, {minimize: ms}]\n"
                             "limits: [gb <= 16]\nspace:\n  x: {float: [0, 1]}\n"
                             "strategy: random\n");
    for (int i = 0; i < 5; i++)
        assert_int_equal(talk_ask(&talk, NULL), i);
    talk_refused(&talk, "bad-request", "{\"op\": \"tell\", \"trial\": 0, \"value\": 1}");
    talk_refused(&talk, "bad-request",
                 "{\"op\": \"tell\", \"trial\": 0, \"values\": {\"recall\": 1}}");
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 0, \"values\":"
                         " {\"recall\": 0.9, \"ms\": 5, \"gb\": 3}}");
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 1, \"values\": [0.95, 9],"
                         " \"metrics\": {\"gb\": 16}}");
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 2, \"values\": [0.99, 1],"
                         " \"metrics\": {\"gb\": 17}}");
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 3, \"values\": [0.8, 6],"
                         " \"metrics\": {\"gb\": 1}}");
    talk_accepted(&talk, "{\"op\": \"tell\", \"trial\": 4, \"values\": [0.99, 1],"
                         " \"metrics\": {\"gb\": 1}, \"constraints\": [-1, 0.5]}");
    json_t *const best = talk_say(&talk, "{\"op\": \"best\"}");
    const json_t *const trials = json_object_get(best, "trials");
    assert_int_equal(json_array_size(trials), 2);
    assert_int_equal(int_at(json_array_get(trials, 0), "trial"), 0);
    assert_int_equal(int_at(json_array_get(trials, 1), "trial"), 1);
    json_decref(best);
    assert_int_equal(talk_end(&talk), 0);
}

static void lines_that_come_at_once_are_answered_in_order(void **state)
{
    (void)state;
    static const char lines[] = "{\"op\": \"ask\", \"id\": 1}\n{\"op\": \"ask\", \"id\": 2}\nx\n"
                                "{\"op\": \"tell\", \"trial\": 1, \"value\": 4, \"id\": 3}\n"
                                "{\"op\": \"best\", \"id\": 4}";
    struct talk talk = start(study);
    talk_send(&talk, lines, strlen(lines));
    (void)fclose(talk.to); /* the last line has no line feed */
    for (int i = 1; i <= 5; i++) {
        json_t *const answer = talk_next(&talk);
        if (i == 3) {
            assert_non_null(json_object_get(answer, "error"));
        } else {
            assert_int_equal(int_at(answer, "id"), i < 3 ? i : i - 1);
        }
        json_decref(answer);
    }
    assert_int_equal(fgetc(talk.from), EOF);
    (void)fclose(talk.from);
    assert_int_equal(wait_for(talk.pid), 0);
}

static void a_study_that_cannot_be_served_is_refused(void **state)
{
    (void)state;
    write_file("s.yaml", "study: p\nobjective: {minimize: y}\nspace: {x: {float: [0, 1]}}\n"
                         "warm_start: [old.db]\n");
    expect("serve s.yaml --memory", 2, "s.yaml: 'warm_start'");
    expect("serve none.yaml --memory", 2, "none.yaml");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(suggestions_lie_in_the_space_and_end_with_the_budget,
                                        in_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_best_is_the_best_that_was_told, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_point_is_predicted_in_the_conversation, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said_and_the_conversation_goes_on,
                                        in_folder, remove_folder),
        cmocka_unit_test_setup_teardown(hostile_bytes_cost_one_error_a_line, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_is_queued_comes_first, in_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_same_seed_gives_the_same_conversation, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(several_objectives_and_limits_are_told_by_name, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(lines_that_come_at_once_are_answered_in_order, in_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_study_that_cannot_be_served_is_refused, in_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
