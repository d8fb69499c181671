#include "support/test.h"

#include "math/permutation.h"
#include "strategy/lattice.h"
#include "support/space_fixture.h"
#include "support/vectors.h"

static const struct dln_scalar words[] = {{.kind = DLN_SCALAR_TEXT, .text = "adam"},
                                          {.kind = DLN_SCALAR_TEXT, .text = "sgd"},
                                          {.kind = DLN_SCALAR_TEXT, .text = "lion"}};

/* ── order ─────────────────────────────────────────────────────────────────────────────────────*/

static void the_shuffled_order_is_the_documented_one(void **state)
{
    (void)state;
    static const char *const ids[] = {"perm_N1",  "perm_N2",    "perm_N7",
                                      "perm_N60", "perm_N1000", "perm_3pow30"};
    json_t *vectors = vectors_load("grid");
    for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
        struct dln_permutation order;
        dln_permutation_init(&order, vectors_u64(vectors_input(vectors, ids[k], "N")),
                             vectors_u64(vectors_input(vectors, ids[k], "seed")));
        const json_t *positions = vectors_input(vectors, ids[k], "i");
        const json_t *expected = vectors_expected(vectors, ids[k], "p");
        assert_true(json_array_size(positions) > 0);
        for (size_t i = 0; i < json_array_size(positions); i++) {
            assert_int_equal(dln_permutation_at(&order, vectors_u64(json_array_get(positions, i))),
                             vectors_u64(json_array_get(expected, i)));
        }
    }
    json_decref(vectors);
}

static void the_shuffled_order_has_every_index_once(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 300; n++) {
        unsigned char seen[300] = {0};
        struct dln_permutation order;
        dln_permutation_init(&order, n, n * 77);
        for (uint64_t i = 0; i < n; i++) {
            const uint64_t index = dln_permutation_at(&order, i);
            assert_true(index < n);
            assert_int_equal(seen[index]++, 0);
        }
    }
}

static void the_largest_order_is_still_inside_its_range(void **state)
{
    (void)state;
    struct dln_permutation order;
    dln_permutation_init(&order, UINT64_MAX, 5);
    for (uint64_t i = 0; i < 1000; i++) {
        assert_true(dln_permutation_at(&order, UINT64_MAX - 1 - i) < UINT64_MAX);
    }
}

/* ── the points ────────────────────────────────────────────────────────────────────────────────*/

static void points_count_with_the_last_parameter_fastest(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("grid");
    const json_t *radices = vectors_input(vectors, "mixed_radix", "radices");
    const json_t *indexes = vectors_input(vectors, "mixed_radix", "index");
    const json_t *digits = vectors_expected(vectors, "mixed_radix", "digits_last_fastest");
    const struct dln_param params[] = {fixture_int("a", 0, 2), fixture_int("b", 0, 3),
                                       fixture_int("c", 0, 4)};
    struct dln_axis axes[3];
    for (size_t i = 0; i < 3; i++) {
        assert_true(dln_axis_of(&params[i], NULL, &axes[i]));
        assert_int_equal(axes[i].n, json_integer_value(json_array_get(radices, i)));
    }
    struct fixture f;
    fixture_init(&f, 3, params, "grid");
    struct dln_error err = {0};
    dln_lattice *lattice = NULL;
    assert_ok(dln_lattice_new(&f.study.space, axes, &lattice, &err), err);
    assert_int_equal(dln_lattice_count(lattice), 60);
    for (size_t k = 0; k < json_array_size(indexes); k++) {
        double x[3];
        dln_lattice_point(lattice, vectors_u64(json_array_get(indexes, k)), x);
        for (size_t i = 0; i < 3; i++) {
            const json_t *digit = json_array_get(json_array_get(digits, k), i);
            assert_int_equal((int)x[i], json_integer_value(digit));
        }
    }
    dln_lattice_free(lattice);
    fixture_release(&f);
    json_decref(vectors);
}

static struct dln_param under(struct dln_param param, const char *when)
{
    param.when_text = when;
    return param;
}

/* The tree by hand: adam 2·3 (beta, warm), sgd: nesterov off 2, on 2·4 (each with warm). */
static void conditions_leave_out_what_would_be_a_duplicate(void **state)
{
    (void)state;
    const struct dln_param params[] = {
        under(fixture_int("damp", 1, 4), "nesterov == 1"),
        fixture_choice("optimizer", words, 2),
        under(fixture_int("beta", 1, 3), "optimizer == adam"),
        under(fixture_int("nesterov", 0, 1), "optimizer == sgd"),
        fixture_int("warm", 0, 1),
    };
    struct fixture f;
    fixture_init(&f, 5, params, "grid");
    struct dln_axis axes[5];
    for (size_t i = 0; i < 5; i++)
        assert_true(dln_axis_of(&params[i], NULL, &axes[i]));
    struct dln_error err = {0};
    dln_lattice *lattice = NULL;
    assert_ok(dln_lattice_new(&f.study.space, axes, &lattice, &err), err);
    const uint64_t n = dln_lattice_count(lattice);
    assert_int_equal(n, 2 * 3 + 2 + 2 * 4);

    uint64_t hashes[16];
    for (uint64_t i = 0; i < n; i++) {
        double x[5];
        double active[5];
        dln_lattice_point(lattice, i, x);
        memcpy(active, x, sizeof x);
        assert_true(dln_space_activate(&f.study.space, active)); /* complete, and … */
        assert_true(dln_space_same(&f.study.space, x, active));  /* … nothing that is inactive */
        hashes[i] = dln_space_hash(&f.study.space, x);
        for (uint64_t j = 0; j < i; j++)
            assert_true(hashes[i] != hashes[j]);
    }
    dln_lattice_free(lattice);
    fixture_release(&f);
}

/* ── the strategy ──────────────────────────────────────────────────────────────────────────────*/

/* Asks and learns until the end; returns the number of trials, x of each in `all` (n × d). */
static size_t run_out(struct fixture *f, size_t max, double *all)
{
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    assert_ok(dln_proposer_new(&f->study, 11, &proposer, &err), err);
    const size_t d = f->study.space.n;
    size_t n = 0;
    struct dln_proposal proposal;
    while (n < max && dln_proposer_ask(proposer, (int64_t)n, NULL, 0, &proposal, &err)) {
        memcpy(all + n * d, proposal.x, d * sizeof *all);
        fixture_learn(proposer, (int64_t)n, DLN_TRIAL_COMPLETE, proposal.x, &(double){1});
        n++;
    }
    if (n < max) assert_int_equal(err.code, DLN_EXHAUSTED);
    dln_proposer_free(proposer);
    return n;
}

static void sequential_order_goes_through_as_listed(void **state)
{
    (void)state;
    const struct dln_param params[] = {fixture_int("a", 1, 2), fixture_choice("b", words, 3)};
    struct fixture f;
    fixture_init(&f, 2, params, "grid");
    fixture_set_text(&f, "order", "sequential");
    double x[10][2];
    assert_int_equal(run_out(&f, 10, &x[0][0]), 6);
    for (int i = 0; i < 6; i++) {
        assert_close(x[i][0], 1 + i / 3, 0, 0);
        assert_close(x[i][1], i % 3, 0, 0);
    }
    fixture_release(&f);
}

static void a_log_float_is_spaced_by_factors_with_clean_values(void **state)
{
    (void)state;
    struct dln_param lr = fixture_float("lr", 1e-5, 1e-1);
    lr.log = true;
    struct fixture f;
    fixture_init(&f, 1, &lr, "grid");
    fixture_set_text(&f, "order", "sequential");
    double x[10];
    assert_int_equal(run_out(&f, 10, x), 5);
    static const double expected[] = {1e-5, 1e-4, 1e-3, 1e-2, 1e-1};
    for (int i = 0; i < 5; i++)
        assert_true(x[i] == expected[i]); /* exactly */
    fixture_release(&f);
}

static void points_sets_how_many_values_a_float_gets(void **state)
{
    (void)state;
    const struct dln_param rate = fixture_float("rate", 0, 0.5);
    struct fixture f;
    fixture_init(&f, 1, &rate, "grid");
    fixture_set_text(&f, "order", "sequential");
    fixture_set_number(&f, "points", 6);
    double x[10];
    assert_int_equal(run_out(&f, 10, x), 6);
    static const double expected[] = {0, 0.1, 0.2, 0.3, 0.4, 0.5};
    for (int i = 0; i < 6; i++)
        assert_true(x[i] == expected[i]);
    fixture_release(&f);
}

static void lists_of_values_are_taken_as_they_stand(void **state)
{
    (void)state;
    const struct dln_param params[] = {fixture_float("lr", 1e-5, 1),
                                       fixture_choice("optimizer", words, 3)};
    struct fixture f;
    fixture_init(&f, 2, params, "grid");
    fixture_set_text(&f, "order", "sequential");
    fixture_set_json(&f, "values", "{\"lr\": [0.3, 0.001], \"optimizer\": [\"lion\", \"adam\"]}");
    double x[10][2];
    assert_int_equal(run_out(&f, 10, &x[0][0]), 4);
    static const double expected[][2] = {{0.3, 2}, {0.3, 0}, {0.001, 2}, {0.001, 0}};
    for (int i = 0; i < 4; i++) {
        assert_true(x[i][0] == expected[i][0]);
        assert_true(x[i][1] == expected[i][1]);
    }
    fixture_release(&f);
}

static void lists_that_make_no_sense_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *json, *word;
    } cases[] = {
        {"{\"rl\": [0.1]}", "'rl'"},
        {"{\"lr\": [2]}", "value 1 of 'lr'"},
        {"{\"lr\": [0.1, 0.1]}", "twice"},
        {"{\"lr\": []}", "list of values"},
        {"{\"lr\": 0.1}", "list of values"},
        {"[0.1]", "map"},
        {"{\"optimizer\": [\"rmsprop\"]}", "'optimizer'"},
    };
    const struct dln_param params[] = {fixture_float("lr", 1e-5, 1),
                                       fixture_choice("optimizer", words, 3)};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        fixture_init(&f, 2, params, "grid");
        fixture_set_json(&f, "values", cases[i].json);
        struct dln_error err = {0};
        dln_proposer *proposer = NULL;
        assert_fails(dln_proposer_new(&f.study, 1, &proposer, &err), err, DLN_INVALID);
        assert_non_null(strstr(err.text, "3:14"));
        assert_non_null(strstr(err.text, cases[i].word));
        fixture_release(&f);
    }
}

static void points_of_other_trials_are_recognised_by_value(void **state)
{
    (void)state;
    const struct dln_param params[] = {fixture_int("a", 1, 3), fixture_int("b", 1, 2)};
    struct fixture f;
    fixture_init(&f, 2, params, "grid");
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    assert_ok(dln_proposer_new(&f.study, 11, &proposer, &err), err);
    const double taken[][2] = {{1, 1}, {3, 2}, {2, 2}, {2, 1}};
    static const enum dln_trial_state states[] = {DLN_TRIAL_FAIL, DLN_TRIAL_RUNNING,
                                                  DLN_TRIAL_PRUNED, DLN_TRIAL_WAITING};
    for (int i = 0; i < 4; i++)
        fixture_learn(proposer, i, states[i], taken[i], NULL);
    for (int number = 4; number < 6; number++) {
        struct dln_proposal proposal;
        assert_ok(dln_proposer_ask(proposer, number, NULL, 0, &proposal, &err), err);
        for (int i = 0; i < 4; i++) {
            assert_false(dln_space_same(&f.study.space, proposal.x, taken[i]));
        }
        fixture_learn(proposer, number, DLN_TRIAL_RUNNING, proposal.x, NULL);
    }
    struct dln_proposal proposal;
    assert_fails(dln_proposer_ask(proposer, 6, NULL, 0, &proposal, &err), err, DLN_EXHAUSTED);
    dln_proposer_free(proposer);
    fixture_release(&f);
}

static void constraints_thin_the_grid_out(void **state)
{
    (void)state;
    const struct dln_param params[] = {fixture_int("a", 1, 10), fixture_int("b", 1, 10)};
    struct fixture f;
    fixture_init(&f, 2, params, "grid");
    fixture_constrain(&f, "a + b <= 5");
    double x[100][2];
    assert_int_equal(run_out(&f, 100, &x[0][0]), 10);
    fixture_release(&f);

    fixture_init(&f, 2, params, "grid");
    fixture_constrain(&f, "a + b <= 1");
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    struct dln_proposal proposal;
    assert_ok(dln_proposer_new(&f.study, 11, &proposer, &err), err);
    assert_fails(dln_proposer_ask(proposer, 0, NULL, 0, &proposal, &err), err, DLN_INVALID);
    dln_proposer_free(proposer);
    fixture_release(&f);
}

static void a_huge_grid_costs_nothing_until_it_is_asked(void **state)
{
    (void)state;
    struct dln_param params[40];
    char names[40][16];
    for (int i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], "p%d", i);
        params[i] = fixture_int(names[i], 0, 2);
    }
    struct fixture f;
    fixture_init(&f, 40, params, "grid"); /* 3^40 = 1.2e19 < 2^64 */
    static double x[50][40];
    assert_int_equal(run_out(&f, 50, &x[0][0]), 50);
    for (int i = 0; i < 50; i++) {
        for (int j = 0; j < i; j++) {
            assert_false(dln_space_same(&f.study.space, x[i], x[j]));
        }
    }
    fixture_release(&f);
}

static void more_than_2_to_the_64_points_are_refused(void **state)
{
    (void)state;
    struct dln_param params[41];
    char names[41][16];
    for (int i = 0; i < 41; i++) {
        snprintf(names[i], sizeof names[i], "p%d", i);
        params[i] = fixture_int(names[i], 0, 2);
    }
    struct fixture f;
    fixture_init(&f, 41, params, "grid");
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    assert_fails(dln_proposer_new(&f.study, 1, &proposer, &err), err, DLN_UNSUPPORTED);
    assert_non_null(strstr(err.text, "more than 2^64"));
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shuffled_order_is_the_documented_one),
        cmocka_unit_test(the_shuffled_order_has_every_index_once),
        cmocka_unit_test(the_largest_order_is_still_inside_its_range),
        cmocka_unit_test(points_count_with_the_last_parameter_fastest),
        cmocka_unit_test(conditions_leave_out_what_would_be_a_duplicate),
        cmocka_unit_test(sequential_order_goes_through_as_listed),
        cmocka_unit_test(a_log_float_is_spaced_by_factors_with_clean_values),
        cmocka_unit_test(points_sets_how_many_values_a_float_gets),
        cmocka_unit_test(lists_of_values_are_taken_as_they_stand),
        cmocka_unit_test(lists_that_make_no_sense_are_refused_with_their_place),
        cmocka_unit_test(points_of_other_trials_are_recognised_by_value),
        cmocka_unit_test(constraints_thin_the_grid_out),
        cmocka_unit_test(a_huge_grid_costs_nothing_until_it_is_asked),
        cmocka_unit_test(more_than_2_to_the_64_points_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
