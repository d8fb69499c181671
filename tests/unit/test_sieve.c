/* Filters over the model of a screen, and tables in any order without what they hide. */
#include "support/test.h"

#include "sieve.h"

static const struct dln_scalar choices[] = {
    {.kind = DLN_SCALAR_TEXT, .text = "adamw"},
    {.kind = DLN_SCALAR_TEXT, .text = "sgd"},
};
static struct dln_param params[] = {
    {.name = "lr", .kind = DLN_PARAM_FLOAT, .low = 0, .high = 100},
    {.name = "opt", .kind = DLN_PARAM_CHOICE, .high = 1, .choices = choices, .n_choices = 2},
};
static const struct dln_space space = {.n = 2, .params = params};
static const char *const metrics[] = {"loss"};
static const bool maximize[] = {false};
static const struct dln_study_summary summary = {
    .n_objectives = 1, .metric_names = metrics, .maximize = maximize};
static struct saved_filters saved;

/* Trial i has the value (i × 7) mod n and lr i; every fifth one has failed. */
static void fill(struct session *session, size_t from, size_t n)
{
    enum { ROWS = 64 };
    struct model_row rows[ROWS];
    double x[ROWS][2], value[ROWS];
    struct model_change change;
    assert_true(n <= ROWS);
    for (size_t k = 0; k < n; k++) {
        const size_t i = from + k;
        const bool failed = i % 5 == 4;
        x[k][0] = (double)i;
        x[k][1] = (double)(i % 2);
        value[k] = failed ? (double)NAN : (double)(i * 7 % 64);
        rows[k] = (struct model_row){.id = (int64_t)i + 1,
                                     .number = (int64_t)i,
                                     .started_us = 1000000,
                                     .ended_us = 1000000 + (int64_t)i * 1000000,
                                     .state = failed ? DLN_TRIAL_FAIL : DLN_TRIAL_COMPLETE,
                                     .last_step = -1,
                                     .last_value = (double)NAN,
                                     .slot = -1,
                                     .x = x[k],
                                     .values = &value[k],
                                     .detail = ""};
    }
    assert_true(model_absorb(&session->model, rows, n, &change));
    session->change = change;
}

static void open_session(struct session *session, size_t n)
{
    *session = (struct session){.is_open = true, .space = &space, .summary = &summary};
    assert_true(model_init(&session->model, 2, 1));
    fill(session, 0, n);
}

static size_t count(struct sieve *sieve, const struct session *session, const char *text)
{
    char error[256];
    size_t column;
    if (!sieve_set(sieve, session, &saved, text, 0, error, sizeof error, &column)) {
        fail_msg("%s: %s", text, error);
    }
    return sieve->n_shown;
}

static void a_filter_hides_rows_and_follows_new_ones(void **state)
{
    (void)state;
    struct session session;
    struct sieve sieve = {.n = 0};
    open_session(&session, 20);
    assert_int_equal(count(&sieve, &session, "state:ok"), 16);
    assert_int_equal(count(&sieve, &session, "sgd and lr < 4"), 2);
    assert_int_equal(count(&sieve, &session, "rank <= 3"), 3);
    assert_int_equal(count(&sieve, &session, "time >= 10s and time < 12s"), 2);
    assert_int_equal(count(&sieve, &session, "has:loss and #5.."), 12);
    fill(&session, 20, 5);
    assert_true(sieve_follow(&sieve, &session, 0));
    assert_int_equal(sieve.n_shown, 16);
    assert_false(sieve_follow(&sieve, &session, 0));
    assert_int_equal(count(&sieve, &session, " "), 0);
    assert_null(sieve_hidden(&sieve));
    sieve_release(&sieve);
    model_release(&session.model);
}

static void a_wrong_filter_leaves_the_old_one(void **state)
{
    (void)state;
    struct session session;
    struct sieve sieve = {.n = 0};
    char error[256];
    size_t column = 0;
    open_session(&session, 20);
    assert_int_equal(count(&sieve, &session, "#3"), 1);
    assert_false(
        sieve_set(&sieve, &session, &saved, "#3 and los < 1", 0, error, sizeof error, &column));
    assert_int_equal(column, 8);
    assert_non_null(strstr(error, "did you mean 'loss'"));
    assert_int_equal(sieve.n_shown, 1);
    assert_false(sieve_set(&sieve, &session, &saved, "why == x", 0, error, sizeof error, &column));
    assert_non_null(strstr(error, "not in memory here"));
    sieve_release(&sieve);
    model_release(&session.model);
}

static void tags_are_found_among_what_people_say(void **state)
{
    (void)state;
    struct session session;
    struct sieve sieve = {.n = 0};
    const struct dln_trial_marks marks[] = {
        {.trial_id = 3, .note = "", .tags = "paper"},
        {.trial_id = 9, .note = "slow start", .tags = ""},
    };
    open_session(&session, 20);
    session.marks = marks;
    session.n_marks = 2;
    assert_int_equal(count(&sieve, &session, "tag:paper or note:slow"), 2);
    assert_int_equal(count(&sieve, &session, "start"), 1);
    assert_int_equal(count(&sieve, &session, "has:artifact"), 0);
    sieve_release(&sieve);
    model_release(&session.model);
}

static void rows_are_ordered_by_two_keys_without_hidden_ones(void **state)
{
    (void)state;
    struct session session;
    struct sieve sieve = {.n = 0};
    struct order order = {.n = 0};
    const struct sort_by by = {.key = SORT_PARAM, .index = 1};
    const struct sort_by then = {.key = SORT_PARAM, .index = 0, .reversed = true};
    open_session(&session, 12);
    assert_int_equal(count(&sieve, &session, "lr < 6"), 6);
    assert_true(order_arrange(&order, &session.model, by, &then, sieve_hidden(&sieve), 0));
    static const uint32_t expected[] = {4, 2, 0, 5, 3, 1};
    assert_int_equal(order.n, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(order.row[i], expected[i]);
    /* what comes later and is hidden stays out, what is not comes to the end */
    assert_int_equal(count(&sieve, &session, "lr < 6 or lr == 13"), 6);
    fill(&session, 12, 3);
    (void)sieve_follow(&sieve, &session, 0);
    order.hidden = sieve_hidden(&sieve);
    assert_true(order_follow(&order, &session.model, &session.change, false, 0));
    assert_int_equal(order.n, 7);
    assert_int_equal(order.row[6], 13);
    assert_true(order.is_stale);
    order_release(&order);
    sieve_release(&sieve);
    model_release(&session.model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_hides_rows_and_follows_new_ones),
        cmocka_unit_test(a_wrong_filter_leaves_the_old_one),
        cmocka_unit_test(tags_are_found_among_what_people_say),
        cmocka_unit_test(rows_are_ordered_by_two_keys_without_hidden_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
