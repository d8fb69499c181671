#include "support/test.h"

#include "strategy/tpe_split.h"
#include "support/vectors.h"

enum { N_MAX = 64 };

struct trials {
    struct dln_arena arena;
    struct dln_history_view view;
    struct dln_view_trial all[N_MAX];
    double loss[N_MAX][2];
    struct dln_tpe_split split;
};

static void add(struct trials *t, enum dln_trial_state state, double first, double second)
{
    const size_t i = t->view.n++;
    t->loss[i][0] = first;
    t->loss[i][1] = second;
    t->all[i] = (struct dln_view_trial){.number = (int64_t)i,
                                        .state = state,
                                        .loss = t->loss[i],
                                        .last_step = -1,
                                        .last_loss = NAN};
    t->view.trials = t->all;
}

static void split(struct trials *t, size_t n_good, bool takes_failed)
{
    assert_true(dln_tpe_split(&t->view, n_good, takes_failed, &t->split, &t->arena));
}

/* The numbers listed, and no others, are good; or are the rest or bad, which Optuna does not tell
   apart. */
static void check_side(const struct trials *t, enum dln_tpe_side side, const json_t *expected)
{
    size_t n = 0;
    for (size_t i = 0; i < t->view.n; i++) {
        const enum dln_tpe_side own =
            t->split.side[i] == DLN_TPE_BAD ? DLN_TPE_REST : t->split.side[i];
        if (own != side) continue;
        assert_int_equal(json_integer_value(json_array_get(expected, n)), i);
        n++;
    }
    assert_int_equal(n, json_array_size(expected));
}

static void the_number_of_good_trials_is_that_of_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("tpe");
    size_t i;
    const json_t *n;
    json_array_foreach(vectors_input(vectors, "gamma_table", "n"), i, n)
    {
        const json_t *expected =
            json_array_get(vectors_expected(vectors, "gamma_table", "n_below"), i);
        assert_int_equal(dln_tpe_count_good(DLN_TPE_LINEAR, (size_t)json_integer_value(n), 1),
                         json_integer_value(expected));
    }
    assert_int_equal(i, 11);
    assert_int_equal(dln_tpe_count_good(DLN_TPE_LINEAR, 1000, 2), 100);
    assert_int_equal(dln_tpe_count_good(DLN_TPE_SQRT, 100, 1), 3);
    assert_int_equal(dln_tpe_count_good(DLN_TPE_SQRT, 1000000, 1), 25);
    json_decref(vectors);
}

static void the_best_values_are_good(void **state)
{
    (void)state;
    static const char *const ids[] = {"history_n3", "history_n12", "history_n40"};
    json_t *vectors = vectors_load("tpe");
    for (size_t k = 0; k < 3; k++) {
        struct trials t = {.view = {.m = 1}};
        size_t i;
        const json_t *y;
        json_array_foreach(vectors_input(vectors, ids[k], "y"), i, y)
            add(&t, DLN_TRIAL_COMPLETE, json_number_value(y), NAN);
        split(&t, dln_tpe_count_good(DLN_TPE_LINEAR, t.view.n, 1), false);
        check_side(&t, DLN_TPE_GOOD, vectors_expected(vectors, ids[k], "below"));
        check_side(&t, DLN_TPE_REST, vectors_expected(vectors, ids[k], "above"));
        dln_arena_release(&t.arena);
    }
    json_decref(vectors);
}

static void every_state_has_its_place_in_the_order_of_the_reference(void **state)
{
    (void)state;
    json_t *vectors = vectors_load("tpe");
    struct trials t = {.view = {.m = 1}};
    size_t i;
    const json_t *one;
    json_array_foreach(vectors_input(vectors, "split_states", "trials"), i, one)
    {
        enum dln_trial_state trial_state;
        assert_true(
            dln_trial_state_parse(json_string_value(json_object_get(one, "state")), &trial_state));
        const json_t *value = json_object_get(one, "value");
        add(&t, trial_state, value ? json_number_value(value) : (double)NAN, NAN);
        const json_t *step = json_object_get(one, "last_step");
        if (step) t.all[i].last_step = json_integer_value(step);
        const json_t *last = json_object_get(one, "last_value");
        if (json_is_number(last)) t.all[i].last_loss = json_number_value(last);
        t.all[i].violation = json_number_value(json_object_get(one, "violation"));
    }
    const json_t *n_good = vectors_input(vectors, "split_states", "n_below");
    split(&t, (size_t)json_integer_value(n_good), false);
    check_side(&t, DLN_TPE_GOOD, vectors_expected(vectors, "split_states", "below"));
    check_side(&t, DLN_TPE_REST, vectors_expected(vectors, "split_states", "above"));
    json_decref(vectors);
    dln_arena_release(&t.arena);
}

static void failures_count_as_bad_unless_a_person_or_the_machine_made_them(void **state)
{
    (void)state;
    struct trials t = {.view = {.m = 1}};
    add(&t, DLN_TRIAL_COMPLETE, 1, NAN);
    static const enum dln_fail_reason reasons[] = {DLN_FAIL_EXIT, DLN_FAIL_NAN, DLN_FAIL_LOST,
                                                   DLN_FAIL_STOPPED};
    for (size_t i = 0; i < 4; i++) {
        add(&t, DLN_TRIAL_FAIL, NAN, NAN);
        t.all[i + 1].reason = reasons[i];
    }
    static const uint8_t expected[] = {DLN_TPE_GOOD, DLN_TPE_BAD, DLN_TPE_BAD, DLN_TPE_NONE,
                                       DLN_TPE_NONE};
    split(&t, 3, true);
    assert_memory_equal(t.split.side, expected, 5);
    split(&t, 3, false);
    assert_int_equal(t.split.n[DLN_TPE_BAD], 0);
    assert_int_equal(t.split.n[DLN_TPE_GOOD], 1);
    dln_arena_release(&t.arena);
}

static void several_goals_are_split_by_front_and_volume(void **state)
{
    (void)state;
    struct trials t = {.view = {.m = 2}};
    add(&t, DLN_TRIAL_COMPLETE, 3, 3); /* second front */
    add(&t, DLN_TRIAL_COMPLETE, 0, 4); /* first front, as the next three */
    add(&t, DLN_TRIAL_COMPLETE, 4, 0);
    add(&t, DLN_TRIAL_COMPLETE, 1, 1); /* most volume of all */
    add(&t, DLN_TRIAL_COMPLETE, 0.9, 3.9);
    add(&t, DLN_TRIAL_COMPLETE, HUGE_VAL, HUGE_VAL);
    add(&t, DLN_TRIAL_COMPLETE, NAN, 0);
    add(&t, DLN_TRIAL_RUNNING, NAN, NAN);
    split(&t, 1, false);
    assert_int_equal(t.split.side[3], DLN_TPE_GOOD);
    assert_int_equal(t.split.n[DLN_TPE_GOOD], 1);
    split(&t, 3, false);
    const uint8_t three[] = {DLN_TPE_REST, DLN_TPE_GOOD, DLN_TPE_GOOD, DLN_TPE_GOOD};
    assert_memory_equal(t.split.side, three, 4);
    split(&t, 5, false);
    assert_int_equal(t.split.side[0], DLN_TPE_GOOD);
    assert_int_equal(t.split.side[5], DLN_TPE_REST);
    split(&t, 7, false);
    assert_int_equal(t.split.n[DLN_TPE_GOOD], 7);
    assert_int_equal(t.split.side[7], DLN_TPE_REST);
    dln_arena_release(&t.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_number_of_good_trials_is_that_of_the_reference),
        cmocka_unit_test(the_best_values_are_good),
        cmocka_unit_test(every_state_has_its_place_in_the_order_of_the_reference),
        cmocka_unit_test(failures_count_as_bad_unless_a_person_or_the_machine_made_them),
        cmocka_unit_test(several_goals_are_split_by_front_and_volume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
