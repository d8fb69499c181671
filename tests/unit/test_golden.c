/* Files that Optuna 3.1, 4.9 and 5.0 wrote: every trial is read as Optuna itself reads it. */
#include <jansson.h>
#include <time.h>

#include "dialin/clock.h"
#include "dialin/store.h"
#include "support/outside.h"
#include "support/scratch.h"
#include "support/test.h"

static char folder[SCRATCH_PATH_MAX];
static struct dln_error err;
static struct dln_arena arena;

static int set_up(void **state)
{
    (void)state;
    scratch_make(folder);
    assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0);
    tzset();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dln_arena_release(&arena);
    scratch_remove(folder);
    return 0;
}

/* jansson refuses lone surrogates, which one sample has on purpose. */
static void replace_lone_surrogates(char *text)
{
    for (char *p = text; (p = strstr(p, "\\ud8")) != NULL; p += 6) {
        if (strncmp(p + 6, "\\ud", 3) != 0) memcpy(p, "\\ufffd", 6);
    }
}

static json_t *expected_of(const char *name)
{
    char path[SCRATCH_PATH_MAX];
    size_t len = 0;
    json_error_t problem;
    (void)snprintf(path, sizeof path, TEST_DATA "/optuna/%s.expected.json", name);
    char *text = outside_read(path, &len);
    text[len] = '\0';
    replace_lone_surrogates(text);
    json_t *root = json_loads(text, JSON_DECODE_INT_AS_REAL, &problem);
    if (!root) fail_msg("%s:%d: %s", path, problem.line, problem.text);
    free(text);
    return root;
}

static const char *copy_of(const char *name)
{
    char path[SCRATCH_PATH_MAX];
    char file[64];
    size_t len = 0;
    (void)snprintf(path, sizeof path, TEST_DATA "/optuna/%s.db", name);
    (void)snprintf(file, sizeof file, "%s.db", name);
    char *bytes = outside_read(path, &len);
    const char *copy = dln_arena_copy(&arena, scratch_path(folder, file));
    outside_write(copy, bytes, len);
    free(bytes);
    return copy;
}

static double number_of(const json_t *value)
{
    if (json_is_number(value)) return json_number_value(value);
    const char *text = json_string_value(value);
    if (text && strcmp(text, "inf") == 0) return INFINITY;
    if (text && strcmp(text, "-inf") == 0) return -INFINITY;
    return NAN;
}

/* ── one trial ─────────────────────────────────────────────────────────────────────────────────*/

static void assert_param(const struct dln_param *param, double x, const json_t *expected)
{
    if (!expected) {
        assert_true(isnan(x));
        return;
    }
    if (param->n_choices == 0) {
        assert_close(x, number_of(expected), 0, 0);
        return;
    }
    assert_true(x >= 0 && x < (double)param->n_choices);
    const struct dln_scalar *choice = &param->choices[(size_t)x];
    switch (choice->kind) {
    case DLN_SCALAR_NULL: assert_true(json_is_null(expected)); break;
    case DLN_SCALAR_BOOL: assert_true(json_is_boolean(expected)); break;
    case DLN_SCALAR_INT:
    case DLN_SCALAR_REAL: assert_close(choice->number, number_of(expected), 0, 0); break;
    case DLN_SCALAR_TEXT: assert_string_equal(choice->text, json_string_value(expected)); break;
    case DLN_SCALAR_JSON: fail(); break;
    }
    if (choice->kind == DLN_SCALAR_BOOL) assert_int_equal(choice->truth, json_is_true(expected));
}

static void assert_time(int64_t us, bool is_utc, const json_t *expected)
{
    int64_t wanted = 0;
    if (!json_is_null(expected)) {
        assert_true(dln_time_parse(json_string_value(expected), !is_utc, &wanted));
    }
    assert_int_equal(us, wanted);
}

static void assert_curve(const struct dln_trial *trial, json_t *expected)
{
    const char *step;
    const json_t *value;
    assert_int_equal(trial->n_steps, json_object_size(expected));
    json_object_foreach(expected, step, value)
    {
        const int64_t wanted = strtoll(step, NULL, 10);
        size_t at = 0;
        while (at < trial->n_steps && trial->steps[at] != wanted)
            at++;
        assert_true(at < trial->n_steps);
        assert_close(trial->curve[at], number_of(value), 0, 0);
        if (at > 0) assert_true(trial->steps[at - 1] < wanted);
    }
}

static void assert_trial(const struct dln_space *space, size_t m, const struct dln_trial *trial,
                         bool is_utc, const json_t *expected)
{
    assert_int_equal(trial->number, json_number_value(json_object_get(expected, "number")));
    assert_int_equal(trial->id, json_number_value(json_object_get(expected, "trial_id")));
    assert_string_equal(dln_trial_state_name(trial->state),
                        json_string_value(json_object_get(expected, "state")));
    const json_t *values = json_object_get(expected, "values");
    for (size_t i = 0; i < m; i++) {
        assert_close(trial->values[i],
                     json_is_array(values) ? number_of(json_array_get(values, i)) : (double)NAN, 0,
                     0);
    }
    const json_t *params = json_object_get(expected, "params");
    for (size_t i = 0; i < space->n; i++) {
        assert_param(&space->params[i], trial->x[i],
                     json_object_get(params, space->params[i].name));
    }
    assert_curve(trial, json_object_get(expected, "intermediate"));
    assert_time(trial->started_us, is_utc, json_object_get(expected, "start"));
    assert_time(trial->ended_us, is_utc, json_object_get(expected, "complete"));
    assert_false(trial->is_ours);
    const json_t *system = json_object_get(expected, "system_attrs");
    assert_int_equal(trial->has_fixed, json_object_get(system, "fixed_params") != NULL);
}

/* ── one study ─────────────────────────────────────────────────────────────────────────────────*/

/* Every name that a trial has is in the space that the rows imply. */
static void assert_space(const struct dln_space *space, const json_t *trials)
{
    for (size_t i = 0; i < json_array_size(trials); i++) {
        const char *name;
        const json_t *value;
        json_t *params = json_object_get(json_array_get(trials, i), "params");
        json_object_foreach(params, name, value)
        {
            assert_true(dln_space_find(space, name) != SIZE_MAX);
        }
    }
}

static void assert_trials(const char *path, const struct dln_study_summary *s, bool is_utc,
                          const json_t *trials)
{
    struct dln_space space;
    dln_store *store = NULL;
    dln_follow *follow = NULL;
    struct dln_batch batch;
    assert_ok(dln_store_open(path, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_infer_space(store, s->id, &arena, &space, &err), err);
    dln_store_close(store);
    assert_space(&space, trials);
    size_t seen = 0;
    const json_t *first = json_array_get(trials, 0);
    const int64_t first_number =
        first ? (int64_t)json_number_value(json_object_get(first, "number")) : 0;
    assert_ok(dln_follow_open(path, s->id, &space, s->n_objectives, 5, &follow, &err), err);
    do {
        assert_ok(dln_follow_next(follow, &batch, &err), err);
        for (size_t i = 0; i < batch.n_trials; i++) {
            const struct dln_trial *trial = &batch.trials[i];
            assert_trial(&space, s->n_objectives, trial, is_utc,
                         json_array_get(trials, (size_t)(trial->number - first_number)));
        }
        seen += batch.n_trials;
    } while (batch.more);
    assert_true(batch.all_loaded);
    assert_int_equal(seen, json_array_size(trials));
    dln_follow_close(follow);
}

static void assert_study(const char *path, const struct dln_study_summary *s, bool is_utc,
                         const json_t *expected)
{
    assert_string_equal(s->name, json_string_value(json_object_get(expected, "name")));
    const json_t *directions = json_object_get(expected, "directions");
    assert_int_equal(s->n_objectives, json_array_size(directions));
    for (size_t i = 0; i < s->n_objectives; i++) {
        assert_string_equal(s->maximize[i] ? "MAXIMIZE" : "MINIMIZE",
                            json_string_value(json_array_get(directions, i)));
    }
    const json_t *counts = json_object_get(expected, "counts");
    for (int i = 0; i < DLN_TRIAL_STATE_COUNT; i++) {
        const char *name = dln_trial_state_name((enum dln_trial_state)i);
        assert_int_equal(s->counts[i], json_number_value(json_object_get(counts, name)));
    }
    const json_t *best = json_object_get(expected, "best_number");
    if (json_is_number(best)) {
        assert_int_equal(s->best_number, json_number_value(best));
        assert_close(s->best_value, number_of(json_object_get(expected, "best_value")), 0, 0);
    } else {
        assert_int_equal(s->best_number, -1);
    }
    assert_false(s->is_ours);
    assert_trials(path, s, is_utc, json_object_get(expected, "trials"));
}

static void assert_file(const char *name, bool is_utc)
{
    const char *path = copy_of(name);
    json_t *expected = expected_of(name);
    const json_t *wanted = json_object_get(expected, "studies");
    struct dln_study_summary *studies = NULL;
    size_t n = 0;
    dln_store *store = NULL;
    assert_ok(dln_store_open(path, DLN_STORE_READ, &store, &err), err);
    assert_null(dln_store_read_only_reason(store));
    assert_ok(dln_store_studies(store, &arena, &studies, &n, &err), err);
    dln_store_close(store);
    assert_int_equal(n, json_array_size(wanted));
    for (size_t i = 0; i < n; i++)
        assert_study(path, &studies[i], is_utc, json_array_get(wanted, i));
    json_decref(expected);
}

static void every_state_and_odd_value_of_3_1_is_read(void **state)
{
    (void)state;
    assert_file("basic-310", false);
}

static void every_distribution_of_3_1_is_read(void **state)
{
    (void)state;
    assert_file("dists-310", false);
}

static void two_objectives_with_constraints_of_5_0_are_read(void **state)
{
    (void)state;
    assert_file("multi-500", true);
}

static void odd_attributes_of_5_0_do_not_disturb(void **state)
{
    (void)state;
    assert_file("attrs-500", true);
}

static void studies_of_all_samplers_of_4_9_are_read(void **state)
{
    (void)state;
    assert_file("samplers-490", false);
}

static void queues_and_retries_of_5_0_are_read(void **state)
{
    (void)state;
    assert_file("queue-500", true);
}

static void conditional_studies_of_4_9_are_read(void **state)
{
    (void)state;
    assert_file("conditional-490", false);
}

static void constraints_of_both_forms_are_summed_up(void **state)
{
    (void)state;
    const char *path = copy_of("multi-500");
    struct dln_space space;
    struct dln_history_row *rows = NULL;
    size_t n = 0;
    dln_store *store = NULL;
    assert_ok(dln_store_open(path, DLN_STORE_READ, &store, &err), err);
    assert_ok(dln_store_infer_space(store, 1, &arena, &space, &err), err);
    assert_ok(dln_store_history(store, 1, &space, 2, 0, &arena, &rows, &n, &err), err);
    for (size_t i = 0; i < n; i++) {
        const bool is_broken = rows[i].number == 2 || rows[i].number == 5;
        assert_int_equal(rows[i].violation > 0, is_broken);
    }
    struct dln_study_summary s;
    assert_ok(dln_store_study(store, 1, &arena, &s, &err), err);
    assert_string_equal(s.metric_names[0], "latency_ms");
    assert_string_equal(s.metric_names[1], "accuracy");
    dln_store_close(store);
}

static void a_python_study_is_continued_with_what_its_rows_say(void **state)
{
    (void)state;
    const char *path = copy_of("queue-500");
    struct dln_space space;
    dln_store *store = NULL;
    int64_t id = 0;
    int64_t number = 0;
    double x[8];
    assert_ok(dln_store_open(path, DLN_STORE_ENGINE, &store, &err), err);
    assert_ok(dln_store_infer_space(store, 1, &arena, &space, &err), err);
    assert_ok(dln_store_take_lease(store, 1, NULL, &err), err);
    assert_ok(dln_store_next_waiting(store, &space, &id, &number, x, &err), err);
    assert_int_equal(number, 6);
    assert_close(x[dln_space_find(&space, "x")], 0.75, 0, 0);
    const struct dln_new_trial trial = {
        .x = x, .strategy = "random", .predicted_mean = NAN, .predicted_sd = NAN};
    assert_ok(dln_store_claim(store, &space, id, &trial, &err), err);
    assert_ok(dln_store_start_trial(store, &space, &trial, &id, &number, &err), err);
    assert_int_equal(number, 7);
    dln_store_close(store);
    assert_string_equal(
        outside_ask(path, "SELECT count(DISTINCT distribution_json) FROM trial_params WHERE"
                          " param_name = 'x'"),
        "1");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(every_state_and_odd_value_of_3_1_is_read),
        T(every_distribution_of_3_1_is_read),
        T(two_objectives_with_constraints_of_5_0_are_read),
        T(odd_attributes_of_5_0_do_not_disturb),
        T(studies_of_all_samplers_of_4_9_are_read),
        T(queues_and_retries_of_5_0_are_read),
        T(conditional_studies_of_4_9_are_read),
        T(constraints_of_both_forms_are_summed_up),
        T(a_python_study_is_continued_with_what_its_rows_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
