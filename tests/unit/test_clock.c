#include "support/test.h"

#include "dialin/clock.h"

static void time_texts_have_six_digits_and_read_back(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 1, 951782400000000, 1764000000123456, -1};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[DLN_TIME_TEXT_MAX];
        assert_int_equal(dln_time_format(times[i], false, text), 26);
        int64_t back;
        assert_true(dln_time_parse(text, false, &back));
        assert_true(back == times[i]);
        assert_int_equal(dln_time_format(times[i], true, text), 26);
        assert_true(dln_time_parse(text, true, &back));
        assert_true(back == times[i]);
    }
}

static void kin_of_the_format_are_read(void **state)
{
    (void)state;
    int64_t t;
    assert_true(dln_time_parse("2026-01-02T03:04:05Z", false, &t));
    assert_true(t == 1767323045000000);
    assert_true(dln_time_parse("2026-01-02 03:04:05.5+00:00", false, &t));
    assert_true(t == 1767323045500000);
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "2026", "2026-13-01 00:00:00", "2026-01-02 03:04:05x",
                                      "2026-01-02 25:00:00", "2026-01-02 03:04:05."};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t t;
        assert_false(dln_time_parse(bad[i], false, &t));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_texts_have_six_digits_and_read_back),
        cmocka_unit_test(kin_of_the_format_are_read),
        cmocka_unit_test(other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
