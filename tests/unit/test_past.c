/* Warm start: what a study takes from earlier ones, and that it helps. */
#include "support/test.h"

#include "support/outside.h"
#include "support/play.h"
#include "support/scratch.h"

static char folder[SCRATCH_PATH_MAX];
static struct dln_arena arena;
static struct dln_error err;

static const char *path_of(const char *name)
{
    const char *path = dln_arena_printf(&arena, "%s/%s", folder, name);
    assert_non_null(path);
    return path;
}

static struct dln_study *read_study(const char *text)
{
    struct dln_study *study = NULL;
    assert_ok(dln_study_read(path_of("new.yaml"), text, strlen(text), &study, &err), err);
    return study;
}

/* A finished study of the text in a file; trial i is at x[i], with this value. */
static void make_old(const char *file, const char *text, size_t n, const double *x,
                     const double *values)
{
    struct dln_study *study = read_study(text);
    dln_store *store = NULL;
    int64_t study_id = 0;
    assert_ok(dln_store_open(path_of(file), DLN_STORE_CREATE, &store, &err), err);
    assert_ok(dln_store_create_study(store, study, &study_id, &err), err);
    assert_ok(dln_store_take_lease(store, study_id, NULL, &err), err);
    for (size_t i = 0; i < n; i++) {
        const struct dln_new_trial trial = {.x = x + i * study->space.n,
                                            .strategy = "random",
                                            .predicted_mean = NAN,
                                            .predicted_sd = NAN};
        const bool failed = isnan(values[i]);
        const struct dln_finish finish = {.state = failed ? DLN_TRIAL_FAIL : DLN_TRIAL_COMPLETE,
                                          .values = failed ? NULL : &values[i],
                                          .reason = failed ? DLN_FAIL_EXIT : DLN_FAIL_NONE};
        int64_t id;
        int64_t number;
        assert_ok(dln_store_start_trial(store, &study->space, &trial, &id, &number, &err), err);
        assert_ok(dln_store_finish(store, id, &finish, &err), err);
    }
    dln_store_drop_lease(store);
    dln_store_close(store);
    dln_study_free(study);
}

#define OLD                                                                      \
    "study: old\nrun: [p, '{args}']\nobjective: {maximize: acc}\nspace:\n"       \
    "  lr: {float: [0.001, 1], log: true}\n  opt: {choice: [sgd, adam, lion]}\n" \
    "  layers: {int: [1, 9]}\n"
#define NEW                                                                   \
    "study: new\nrun: [p, '{args}']\nobjective: {maximize: acc}\nspace:\n"    \
    "  drop: {float: [0, 0.5], default: 0.1}\n  opt: {choice: [adam, sgd]}\n" \
    "  lr: {float: [0.01, 1], log: true}\n"

enum { LION = 2 };
/* lr, opt, layers */
static const double old_x[] = {
    0.1,   0,    3, /* 0.5 */
    0.2,   1,    4, /* 0.9: the best that fits */
    0.005, 1,    4, /* 0.95, but below the new range */
    0.3,   LION, 4, /* 0.8, but no choice any more */
    0.4,   1,    4, /* failed */
    0.2,   1,    5, /* 0.7: the same point here as the best */
    0.5,   0,    5, /* 0.6 */
};
static const double old_values[] = {0.5, 0.9, 0.95, 0.8, NAN, 0.7, 0.6};

static int set_up(void **state)
{
    (void)state;
    scratch_make(folder);
    make_old("old.db", OLD, 7, old_x, old_values);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(folder);
    dln_arena_release(&arena);
    return 0;
}

/* ── matching ──────────────────────────────────────────────────────────────────────────────────*/

static void values_are_matched_by_name_and_the_rest_is_told(void **state)
{
    (void)state;
    struct dln_study *study = read_study(NEW);
    struct dln_past_report report;
    assert_ok(dln_store_past(study, "old.db", &arena, &report, &err), err);
    assert_string_equal(report.study, "old");
    assert_string_equal(report.matched, "opt, lr");
    assert_string_equal(report.only_here, "drop");
    assert_string_equal(report.only_there, "layers");
    assert_int_equal(report.n_trials, 6);
    assert_int_equal(report.n_fitting, 4);
    assert_int_equal(report.n_outside[0], 0);
    assert_int_equal(report.n_outside[1], 1); /* lion */
    assert_int_equal(report.n_outside[2], 1); /* lr 0.005 */
    assert_int_equal(report.n_outside[3], 0);

    const double expected[][3] = {{0.1, 0, 0.2}, {0.1, 0, 0.2}, {0.1, 1, 0.5}, {0.1, 1, 0.1}};
    double sum = 0;
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 3; j++)
            assert_close(report.past.x[3 * i + j], expected[i][j], 0, 1e-15);
        sum += report.past.score[i];
        if (i > 0) assert_true(report.past.score[i] > report.past.score[i - 1]);
    }
    assert_close(sum, 0, 1e-12, 0);
    dln_study_free(study);
}

static void conditions_and_constraints_of_the_new_study_hold(void **state)
{
    (void)state;
    struct dln_study *study =
        read_study("study: new\nrun: [p, '{args}']\nobjective: {maximize: acc}\nspace:\n"
                   "  opt: {choice: [sgd, adam, lion]}\n"
                   "  lr: {float: [0.001, 1], log: true, when: opt == adam}\n"
                   "  layers: {int: [1, 9]}\n"
                   "constraints: [layers < 5]\n");
    struct dln_past_report report;
    assert_ok(dln_store_past(study, "old.db", &arena, &report, &err), err);
    assert_int_equal(report.n_outside[3], 2);
    for (size_t i = 0; i < report.past.n; i++) {
        assert_true(isnan(report.past.x[3 * i + 1]) == (report.past.x[3 * i] != 1));
        assert_true(report.past.x[3 * i + 2] < 5);
    }
    dln_study_free(study);
}

static void refuses(const char *text, const char *from, const char *words)
{
    struct dln_study *study = read_study(text);
    struct dln_past_report report;
    dln_error_reset(&err);
    assert_false(dln_store_past(study, from, &arena, &report, &err));
    if (!strstr(err.text, words)) fail_msg("'%s' does not say '%s'", err.text, words);
    assert_non_null(strstr(err.text, from));
    dln_study_free(study);
}

static void what_cannot_help_is_refused_with_a_reason(void **state)
{
    (void)state;
    refuses(NEW, "older.db", "older.db");
    refuses(NEW, "old.db#other", "other");
    refuses("study: n\nrun: [p, '{x}']\nobjective: {maximize: acc}\nspace: {x: {int: [0, 9]}}\n",
            "old.db", "no parameter of this one");
    refuses("study: n\nrun: [p, '{lr}']\nobjective: {minimize: acc}\nspace: {lr: {int: [0, 9]}}\n",
            "old.db", "maximize 'acc'");
    refuses("study: n\nrun: [p, '{lr}']\nobjective: [{maximize: acc}, {minimize: ms}]\n"
            "space: {lr: {float: [0, 9]}}\n",
            "old.db", "no objective 'ms'");
    make_old("old.db", NEW, 0, NULL, NULL);
    refuses(NEW, "old.db", "new");
}

static void a_file_of_python_is_a_source_too(void **state)
{
    (void)state;
    outside_run(
        path_of("old.db"),
        "INSERT INTO studies (study_name) VALUES ('python'); INSERT INTO study_directions"
        " (direction, study_id, objective) VALUES ('MAXIMIZE', 2, 0); INSERT INTO trials"
        " (trial_id, number, study_id, state) VALUES (100, 0, 2, 'COMPLETE'); INSERT INTO"
        " trial_values (trial_id, objective, value, value_type) VALUES (100, 0, 0.5, 'FINITE');"
        " INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES"
        " (100, 'opt', 1.0, '{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\":"
        " [\"sgd\", \"adam\"]}}'), (100, 'lr', 0.5, '{\"name\": \"FloatDistribution\","
        " \"attributes\": {\"step\": null, \"low\": 0.1, \"high\": 1.0, \"log\": false}}');");
    struct dln_study *study = read_study(NEW);
    struct dln_past_report report;
    assert_ok(dln_store_past(study, "old.db#python", &arena, &report, &err), err);
    assert_int_equal(report.past.n, 1);
    assert_close(report.past.x[0], 0.1, 0, 0);
    assert_close(report.past.x[1], 0, 0, 0); /* adam */
    assert_close(report.past.x[2], 0.5, 0, 0);
    dln_study_free(study);
}

/* ── a study that starts from others ───────────────────────────────────────────────────────────*/

static struct dln_study *stored(dln_store *store, int64_t id)
{
    struct dln_study *study = NULL;
    assert_ok(dln_store_definition(store, id, &study, &err), err);
    return study;
}

static void a_study_begins_with_the_best_points_and_keeps_its_own_copy(void **state)
{
    (void)state;
    struct dln_study *study = read_study(NEW "warm_start: old.db\nbudget: {trials: 20}\n");
    dln_store *store = NULL;
    int64_t id = 0;
    struct dln_study_summary summary;
    assert_ok(dln_store_open(path_of("new.db"), DLN_STORE_CREATE, &store, &err), err);
    assert_ok(dln_store_create_study(store, study, &id, &err), err);
    assert_ok(dln_store_study(store, id, &arena, &summary, &err), err);
    assert_int_equal(summary.counts[DLN_TRIAL_WAITING], 3); /* different ones */
    assert_string_equal(outside_ask(path_of("new.db"),
                                    "SELECT group_concat(value_json, '; ') FROM"
                                    " trial_system_attributes WHERE key = 'fixed_params'"),
                        "{\"drop\": 0.1, \"opt\": \"adam\", \"lr\": 0.2}; "
                        "{\"drop\": 0.1, \"opt\": \"sgd\", \"lr\": 0.5}; "
                        "{\"drop\": 0.1, \"opt\": \"sgd\", \"lr\": 0.1}");
    dln_study_free(study);

    assert_int_equal(remove(path_of("old.db")), 0);
    struct dln_study *again = stored(store, id);
    assert_int_equal(again->n_past, 1);
    assert_string_equal(again->past[0].from, "old.db");
    assert_int_equal(again->past[0].n, 4);
    assert_close(again->past[0].x[2], 0.2, 0, 1e-15);
    assert_true(again->past[0].score[0] < again->past[0].score[3]);
    dln_study_free(again);

    /* a changed file: the copy stays, and what has no place any more is left out */
    study = read_study("study: new\nrun: [p, '{args}']\nobjective: {maximize: acc}\nspace:\n"
                       "  opt: {choice: [adam, sgd]}\n  lr: {float: [0.15, 1], log: true}\n"
                       "warm_start: [old.db]\n");
    assert_ok(dln_store_update_study(store, id, study, &err), err);
    dln_study_free(study);
    again = stored(store, id);
    assert_int_equal(again->past[0].n, 3);
    assert_close(again->past[0].x[1], 0.2, 0, 1e-15);
    dln_study_free(again);

    study = read_study(NEW);
    assert_ok(dln_store_update_study(store, id, study, &err), err);
    dln_study_free(study);
    again = stored(store, id);
    assert_int_equal(again->n_past, 0);
    dln_study_free(again);
    dln_store_close(store);
}

/* ── strategies ────────────────────────────────────────────────────────────────────────────────*/

enum { N_PAST = 120, D = 4 };

/* Random trials of a function, as the past of the fixture's study. */
static void set_past(struct fixture *f, play_objective *objective, double sign,
                     struct dln_past *past)
{
    struct ranked {
        double value, x[D];
    } all[N_PAST];
    struct dln_rng rng;
    dln_rng_init(&rng, 77);
    double mean = 0;
    double sum = 0;
    for (size_t i = 0; i < N_PAST; i++) {
        double violation = 0;
        struct ranked one;
        for (size_t j = 0; j < D; j++)
            one.x[j] = dln_param_decode(&f->study.space.params[j], dln_rng_uniform(&rng));
        objective(D, one.x, &one.value, &violation);
        one.value *= sign;
        mean += one.value / N_PAST;
        size_t at = i;
        for (; at > 0 && all[at - 1].value > one.value; at--)
            all[at] = all[at - 1];
        all[at] = one;
    }
    double *x = DLN_ARENA_ARRAY(&f->arena, double, N_PAST *D);
    double *score = DLN_ARENA_ARRAY(&f->arena, double, N_PAST);
    assert_true(x && score);
    for (size_t i = 0; i < N_PAST; i++)
        sum += (all[i].value - mean) * (all[i].value - mean) / N_PAST;
    for (size_t i = 0; i < N_PAST; i++) {
        memcpy(x + i * D, all[i].x, sizeof all[i].x);
        score[i] = (all[i].value - mean) / sqrt(sum);
    }
    *past = (struct dln_past){.from = "old", .n = N_PAST, .x = x, .score = score};
    f->study.past = past;
    f->study.n_past = 1;
}

/* The median best of 25 trials: without a past, with one that is alike, with one upside down. */
static void play_past(const char *strategy, double best[3])
{
    for (int kind = 0; kind < 3; kind++) {
        struct fixture f;
        struct dln_past past;
        play_space(&f, D, -5, 5, strategy);
        if (kind > 0) set_past(&f, play_styblinski_tang, kind == 1 ? 1 : -1, &past);
        best[kind] = play_median(&f, play_styblinski_tang, 25, 1);
        fixture_release(&f);
    }
}

static void an_alike_past_helps_those_that_learn_from_it(void **state)
{
    (void)state;
    static const char *const names[] = {"tpe", "gp", "cmaes"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        double best[3];
        play_past(names[i], best);
        assert_true(best[1] < best[0]);
        /* a Gaussian process does not listen to a past that contradicts what it sees */
        if (strcmp(names[i], "gp") == 0) assert_close(best[2], best[0], 0, 0);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(values_are_matched_by_name_and_the_rest_is_told),
        T(conditions_and_constraints_of_the_new_study_hold),
        T(what_cannot_help_is_refused_with_a_reason),
        T(a_file_of_python_is_a_source_too),
        T(a_study_begins_with_the_best_points_and_keeps_its_own_copy),
        cmocka_unit_test(an_alike_past_helps_those_that_learn_from_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
