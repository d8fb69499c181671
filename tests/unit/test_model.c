#include "support/test.h"

#include "model.h"
#include "order.h"

enum { D = 2 };

static const double some_x[D] = {0.5, 3.0};

static struct model_row row_of(int64_t id, enum dln_trial_state state, const double *value)
{
    return (struct model_row){.id = id,
                              .number = id - 100,
                              .state = state,
                              .started_us = 1000000,
                              .ended_us = state == DLN_TRIAL_RUNNING ? 0 : 1000000 + id * 1000,
                              .last_step = -1,
                              .last_value = (double)NAN,
                              .slot = -1,
                              .x = some_x,
                              .values = value,
                              .detail = ""};
}

static void absorb(struct model *model, const struct model_row *rows, size_t n)
{
    struct model_change change;
    assert_true(model_absorb(model, rows, n, &change));
}

static void assert_ascending(const struct model *model)
{
    for (size_t i = 1; i < model->n; i++)
        assert_true(model->id[i - 1] < model->id[i]);
}

static void the_newest_page_then_older_slices_end_up_in_order(void **state)
{
    (void)state;
    struct model model;
    assert_true(model_init(&model, D, 1));
    double value[1000];
    struct model_row rows[1000];
    for (int i = 0; i < 1000; i++) {
        value[i] = i;
        rows[i] = row_of(100 + i, DLN_TRIAL_COMPLETE, &value[i]);
    }
    absorb(&model, rows + 900, 100);
    absorb(&model, rows, 400);
    absorb(&model, rows + 400, 500);
    assert_int_equal(model.n, 1000);
    assert_ascending(&model);
    for (size_t i = 0; i < model.n; i++)
        assert_close(model.value[0][i], (double)i, 0, 0);
    assert_int_equal(model.count[DLN_TRIAL_COMPLETE], 1000);
    assert_int_equal(model_find_number(&model, 123), 123);
    assert_int_equal(model_find_id(&model, 5), SIZE_MAX);
    model_release(&model);
}

static void known_rows_are_replaced_and_new_ones_fill_gaps(void **state)
{
    (void)state;
    struct model model;
    assert_true(model_init(&model, D, 1));
    const double none = (double)NAN, one = 1.0, two = 2.0;
    const struct model_row first[] = {row_of(102, DLN_TRIAL_RUNNING, &none),
                                      row_of(105, DLN_TRIAL_RUNNING, &none)};
    absorb(&model, first, 2);
    const struct model_row second[] = {
        row_of(101, DLN_TRIAL_COMPLETE, &one), row_of(102, DLN_TRIAL_COMPLETE, &two),
        row_of(103, DLN_TRIAL_FAIL, &none), row_of(104, DLN_TRIAL_PRUNED, &none),
        row_of(106, DLN_TRIAL_RUNNING, &none)};
    struct model_change change;
    assert_true(model_absorb(&model, second, 5, &change));
    assert_int_equal(change.added, 4);
    assert_false(change.only_at_end);
    assert_int_equal(model.n, 6);
    assert_ascending(&model);
    assert_int_equal(model.count[DLN_TRIAL_RUNNING], 2);
    assert_int_equal(model.count[DLN_TRIAL_COMPLETE], 2);
    assert_int_equal(model.state[model_find_id(&model, 102)], DLN_TRIAL_COMPLETE);
    model_release(&model);
}

static void the_best_row_follows_the_direction(void **state)
{
    (void)state;
    struct model model;
    assert_true(model_init(&model, D, 1));
    const double values[] = {0.3, 0.1, (double)NAN, 0.2, 0.05};
    struct model_row rows[5];
    for (int i = 0; i < 5; i++)
        rows[i] = row_of(100 + i, DLN_TRIAL_COMPLETE, &values[i]);
    rows[4].state = DLN_TRIAL_FAIL; /* a failed trial is never the best */
    absorb(&model, rows, 5);
    struct model_best best = model_find_best(&model, false);
    assert_int_equal(best.best, 1);
    assert_int_equal(best.second, 3);
    assert_int_equal(best.finished_since, 3);
    best = model_find_best(&model, true);
    assert_int_equal(best.best, 0);
    model_release(&model);
}

static void a_curve_keeps_the_last_value_of_each_part(void **state)
{
    (void)state;
    int64_t steps[100];
    double values[100];
    for (int i = 0; i < 100; i++) {
        steps[i] = i + 1;
        values[i] = 100 - i;
    }
    struct model_curve curve;
    model_curve_sample(&curve, 100, steps, values);
    assert_int_equal(curve.n, MODEL_CURVE);
    assert_int_equal(curve.step[MODEL_CURVE - 1], 100);
    assert_close((double)curve.value[MODEL_CURVE - 1], 1.0, 0, 0);
    model_curve_sample(&curve, 3, steps, values);
    assert_int_equal(curve.n, 3);
    assert_int_equal(curve.step[0], 1);
    model_curve_sample(&curve, 0, steps, values);
    assert_int_equal(curve.n, 0);
}

static void a_running_trial_shows_its_last_report(void **state)
{
    (void)state;
    struct model model;
    assert_true(model_init(&model, D, 1));
    const double none = (double)NAN;
    struct model_row row = row_of(100, DLN_TRIAL_RUNNING, &none);
    row.last_step = 3;
    row.last_value = 0.25;
    absorb(&model, &row, 1);
    assert_close(model_shown_value(&model, 0, 0), 0.25, 0, 0);
    assert_int_equal(model_elapsed_ms(&model, 0, 3000000), 2000);
    model_release(&model);
}

static void newest_first_follows_and_other_orders_wait_to_be_renewed(void **state)
{
    (void)state;
    struct model model;
    assert_true(model_init(&model, D, 1));
    const double values[] = {0.3, 0.1, 0.2, 0.05};
    struct model_row rows[4];
    for (int i = 0; i < 4; i++)
        rows[i] = row_of(100 + i, DLN_TRIAL_COMPLETE, &values[i]);
    absorb(&model, rows, 3);

    struct order order = {0};
    assert_true(order_sort(&order, &model, SORT_NUMBER, false, false, 0));
    assert_int_equal(order.row[0], 2);
    struct model_change change;
    assert_true(model_absorb(&model, rows + 3, 1, &change));
    assert_true(order_follow(&order, &model, &change, false, 0));
    assert_int_equal(order.row[0], 3);
    assert_int_equal(order_find(&order, 0), 3);
    order_release(&order);

    struct model other;
    assert_true(model_init(&other, D, 1));
    absorb(&other, rows, 3);
    assert_true(order_sort(&order, &other, SORT_VALUE, false, false, 0));
    assert_int_equal(order.row[0], 1);
    assert_int_equal(order.row[2], 0);
    assert_true(model_absorb(&other, rows + 3, 1, &change));
    assert_true(order_follow(&order, &other, &change, false, 0));
    assert_int_equal(order.row[3], 3); /* nothing moved under the cursor */
    assert_true(order.is_stale);
    assert_true(order_sort(&order, &other, SORT_VALUE, false, false, 0));
    assert_int_equal(order.row[0], 3);
    assert_false(order.is_stale);
    order_release(&order);
    model_release(&other);
    model_release(&model);
}

static void sorting_knows_signs_ties_and_missing_values(void **state)
{
    (void)state;
    struct model model;
    assert_true(model_init(&model, D, 1));
    const double values[] = {-1.0, 2.0, (double)NAN, -3.0, 0.0, 2.0};
    struct model_row rows[6];
    for (int i = 0; i < 6; i++)
        rows[i] = row_of(100 + i, DLN_TRIAL_COMPLETE, &values[i]);
    absorb(&model, rows, 6);
    struct order order = {0};
    assert_true(order_sort(&order, &model, SORT_VALUE, false, false, 0));
    const uint32_t up[] = {3, 0, 4, 5, 1, 2}; /* equals: the newer first; none: last */
    for (int i = 0; i < 6; i++)
        assert_int_equal(order.row[i], up[i]);
    assert_true(order_sort(&order, &model, SORT_VALUE, false, true, 0));
    const uint32_t down[] = {5, 1, 4, 0, 3, 2};
    for (int i = 0; i < 6; i++)
        assert_int_equal(order.row[i], down[i]);
    order_release(&order);
    model_release(&model);
}

static void a_large_sort_agrees_with_comparison(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct model model;
    assert_true(model_init(&model, 0, 1));
    double *values = malloc(N * sizeof *values);
    struct model_row *rows = malloc(N * sizeof *rows);
    uint64_t bits = 1;
    for (int i = 0; i < N; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        values[i] = ((double)(bits >> 11) / 9007199254740992.0 - 0.5) * 1e3;
        rows[i] = row_of(100 + i, DLN_TRIAL_COMPLETE, &values[i]);
    }
    absorb(&model, rows, N);
    struct order order = {0};
    assert_true(order_sort(&order, &model, SORT_VALUE, true, false, 0));
    for (size_t i = 1; i < N; i++) {
        assert_true(values[order.row[i - 1]] >= values[order.row[i]]);
    }
    order_release(&order);
    model_release(&model);
    free(rows);
    free(values);
}

/* One far away, and the others closer to each other than a first look at their digits tells. */
static void a_sort_of_values_that_hardly_differ_is_exact(void **state)
{
    (void)state;
    enum { N = 3000 };
    struct model model;
    assert_true(model_init(&model, 0, 1));
    double *values = malloc(N * sizeof *values);
    struct model_row *rows = malloc(N * sizeof *rows);
    for (int i = 0; i < N; i++) {
        values[i] = i == 7 ? -1e300 : 1.0 + (i * 1237 % N) * 0x1p-50;
        rows[i] = row_of(100 + i, DLN_TRIAL_COMPLETE, &values[i]);
    }
    absorb(&model, rows, N);
    struct order order = {0};
    assert_true(order_sort(&order, &model, SORT_VALUE, false, false, 0));
    assert_int_equal(order.row[0], 7);
    for (size_t i = 1; i < N; i++) {
        assert_true(values[order.row[i - 1]] < values[order.row[i]]);
    }
    order_release(&order);
    model_release(&model);
    free(rows);
    free(values);
}

static void marks_stay_with_their_trials(void **state)
{
    (void)state;
    struct model model;
    assert_true(model_init(&model, D, 1));
    const double value = 1.0;
    const struct model_row late = row_of(110, DLN_TRIAL_COMPLETE, &value);
    const struct model_row early = row_of(101, DLN_TRIAL_COMPLETE, &value);
    absorb(&model, &late, 1);
    model_set_mark(&model, 0, true);
    absorb(&model, &early, 1);
    assert_int_equal(model.mark[0], 0);
    assert_int_equal(model.mark[1], MODEL_MARKED);
    assert_int_equal(model.n_marked, 1);
    model_clear_marks(&model);
    assert_int_equal(model.mark[1], 0);
    assert_int_equal(model.n_marked, 0);
    model_release(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_page_then_older_slices_end_up_in_order),
        cmocka_unit_test(known_rows_are_replaced_and_new_ones_fill_gaps),
        cmocka_unit_test(the_best_row_follows_the_direction),
        cmocka_unit_test(a_curve_keeps_the_last_value_of_each_part),
        cmocka_unit_test(a_running_trial_shows_its_last_report),
        cmocka_unit_test(newest_first_follows_and_other_orders_wait_to_be_renewed),
        cmocka_unit_test(sorting_knows_signs_ties_and_missing_values),
        cmocka_unit_test(a_large_sort_agrees_with_comparison),
        cmocka_unit_test(a_sort_of_values_that_hardly_differ_is_exact),
        cmocka_unit_test(marks_stay_with_their_trials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
