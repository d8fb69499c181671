#include "support/test.h"

#include "contest.h"

static void fair_rows_look_at_as_much_of_each(void **state)
{
    (void)state;
    const double loss[] = {5, 3, 4, 1};
    const double at_s[] = {10, 20, NAN, 40};
    assert_true(contest_best_of(4, loss, 3) == 3);
    assert_true(contest_best_of(4, loss, 9) == 1);
    assert_true(isnan(contest_best_of(4, loss, 0)));
    assert_true(contest_best_until(4, loss, at_s, 20) == 3);
    assert_true(isnan(contest_best_until(4, loss, at_s, 9)));
}

static void a_pause_is_no_time_of_the_search(void **state)
{
    (void)state;
    /* two at once, a night, one more; one that never ended */
    const int64_t started[] = {1000000, 2000000, 900000000, 901000000};
    const int64_t ended[] = {4000000, 6000000, 902000000, 0};
    double at_s[4];
    assert_true(contest_clock(4, started, ended, at_s));
    assert_true(at_s[0] == 3);
    assert_true(at_s[1] == 5);
    assert_true(at_s[2] == 7);
    assert_true(isnan(at_s[3]));
}

static void the_rank_test_agrees_with_ranks_counted_by_hand(void **state)
{
    (void)state;
    /* U = 4.5 of 42, by hand: ranks 1 2 3 4.5 6.5 8.5, three ties of two */
    const double a[] = {1, 2, 3, 4, 5, 6};
    const double b[] = {4, 5, 6, 7, 8, 9, 10};
    assert_true(fabs(contest_rank_p(6, a, 7, b) - 0.021722119820512312) < 1e-9);
    assert_true(contest_rank_p(6, a, 6, a) == 1);
    const double same[] = {2, 2, 2, 2};
    assert_true(contest_rank_p(4, same, 4, same) == 1);
    assert_true(isnan(contest_rank_p(3, a, 7, b)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fair_rows_look_at_as_much_of_each),
        cmocka_unit_test(a_pause_is_no_time_of_the_search),
        cmocka_unit_test(the_rank_test_agrees_with_ranks_counted_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
