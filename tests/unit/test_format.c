#include "support/test.h"

#include <time.h>

#include "dialin/text.h"
#include "format.h"

static char out[FORMAT_MAX];

static void an_objective_has_as_many_decimals_as_tell_the_best_two_apart(void **state)
{
    (void)state;
    static const struct {
        double best, second, shown;
        const char *text;
    } cases[] = {
        {0.0387, 0.0412, 0.0387, "0.0387"},
        {0.0387, NAN, 0.1311, "0.1311"},
        {0.03871, 0.03874, 0.03871, "0.03871"},
        {0.0387123456, 0.0387123457, 0.0387123456, "0.0387123"}, /* six digits, not more */
        {0.0387, 0.0387, 1.5, "1.5000"},
        {0.9412, 0.9398, 0.9412, "0.941"},
        {93.21, 93.12, 93.21, "93.2"},
        {12.5, 14, 103.25, "103.2"},
        {1234.5, 1300, 1234.5, "1234"},
        {-3.5, -3.25, -3.5, "-3.50"},
        {0, 0.1, 0, "0.00"},
        {1.5e-12, 1.6e-12, 1.5e-12, "1.50e-12"},
        {1e12, 2e12, 1e12, "1.00e+12"},
        {NAN, NAN, 0.5, "0.500"},
        {0.0387, 0.0412, 1e308, "1.00e+308"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct number_style style = number_objective(cases[i].best, cases[i].second);
        assert_string_equal(format_number(out, style, cases[i].shown), cases[i].text);
    }
}

static void a_parameter_is_written_as_its_range_asks(void **state)
{
    (void)state;
    static const struct {
        double low, high, step;
        bool log, integer, wide;
        double shown;
        const char *text;
    } cases[] = {
        {1e-5, 1e-1, 0, true, false, false, 9.1e-4, "9.1e-04"},
        {1e-5, 1e-1, 0, true, false, true, 9.1e-4, "9.10e-04"},
        {0, 0.5, 0, false, false, false, 0.12, "0.120"},
        {0, 5, 0, false, false, false, 1.5, "1.50"},
        {0, 50, 0, false, false, false, 12.34, "12.3"},
        {0, 500, 0, false, false, false, 12.34, "12"},
        {0, 1, 0.25, false, false, false, 0.75, "0.75"},
        {0, 100, 10, false, false, false, 30, "30"},
        {0, 1e-4, 0, false, false, false, 5e-5, "5.0e-05"},
        {32, 256, 1, false, true, false, 128, "128"},
        {0, 1e9, 1, false, true, false, 123456, "123456"},
        {0, 1, 0, false, false, false, -0.0, "0.00"},
        {0, 1, 0, false, false, false, -1e-9, "0.00"},
        {0, 1, 0, false, false, false, NAN, "nan"},
        {0, 1, 0, false, false, false, INFINITY, "inf"},
        {0, 1, 0, false, false, false, -INFINITY, "-inf"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct number_style style =
            number_param(cases[i].low, cases[i].high, cases[i].step, cases[i].log, cases[i].integer,
                         cases[i].wide);
        assert_string_equal(format_number(out, style, cases[i].shown), cases[i].text);
    }
    assert_int_equal(number_width((struct number_style){NUMBER_FIXED, 2}, -10, 5), 6);
}

static void a_value_of_several_runs_has_its_spread_beside_it(void **state)
{
    (void)state;
    const struct number_style style = number_objective(0.912345, 0.9051);
    assert_string_equal(format_runs(out, 0.912345, 0.0041, 5), "0.912 ±0.004 (n=5)");
    assert_string_equal(format_runs(out, 0.912345, 0.0014, 3), "0.9123 ±0.0014 (n=3)");
    assert_string_equal(format_runs(out, 0.5, NAN, 1), "0.5 (n=1)");
    assert_string_equal(format_runs(out, 0.5, NAN, 0), "0.5");
    assert_string_equal(format_spread(out, style, 0.0041, 5), " ±0.004 (n=5)");
    assert_string_equal(format_spread(out, style, NAN, 1), " (n=1)");
    assert_string_equal(format_spread(out, style, 0.1, 0), "");
}

static void an_error_decides_how_many_digits_a_value_has(void **state)
{
    (void)state;
    assert_string_equal(format_with_sd(out, 0.039127, 0.00071), "0.0391 ± 0.0007");
    assert_string_equal(format_with_sd(out, 0.041234, 0.00231), "0.0412 ± 0.0023");
    assert_string_equal(format_with_sd(out, 0.039127, 0.000999), "0.0391 ± 0.0010");
    assert_string_equal(format_with_sd(out, 1234.6, 61), "1235 ± 61");
    assert_string_equal(format_with_sd(out, 1234.5, 0), "1234.5");
    assert_string_equal(format_with_sd(out, 0.5, NAN), "0.5");
    assert_string_equal(format_with_sd(out, NAN, 0.1), "nan");
    assert_string_equal(format_with_sd(out, 1, 1e300), "1 ± 1.0e+300");
    assert_string_equal(format_with_sd(out, 1e300, 1), "1e+300 ± 1.0e+00");
    assert_string_equal(format_detail(out, 0.03912744), "0.0391274");
    assert_string_equal(format_detail(out, -0.0), "0");
}

static void a_change_always_has_its_sign(void **state)
{
    (void)state;
    assert_string_equal(format_change(out, 0.0034, 4), "+0.0034");
    assert_string_equal(format_change(out, -0.0034, 4), "-0.0034");
    assert_string_equal(format_change(out, -0.00001, 4), "+0.0000");
    assert_string_equal(format_change(out, 1e300, 4), "+1.0000e+300");
}

static void a_share_is_not_all_before_it_is(void **state)
{
    (void)state;
    assert_string_equal(format_share(out, 0.534), "53 %");
    assert_string_equal(format_share(out, 0), "0 %");
    assert_string_equal(format_share(out, 0.001), "1 %");
    assert_string_equal(format_share(out, 0.999), "99 %");
    assert_string_equal(format_share(out, 1), "100 %");
    assert_string_equal(format_share(out, -0.0001), "0 %");
    assert_string_equal(format_share(out, NAN), "–");
}

static void counts_and_bytes_are_grouped_and_scaled(void **state)
{
    (void)state;
    assert_string_equal(format_count(out, 0), "0");
    assert_string_equal(format_count(out, 999), "999");
    assert_string_equal(format_count(out, 4012), "4 012");
    assert_string_equal(format_count(out, -1234567), "-1 234 567");
    assert_string_equal(format_count(out, INT64_MIN), "-9 223 372 036 854 775 808");
    assert_string_equal(format_count_short(out, 9999), "9999");
    assert_string_equal(format_count_short(out, 12500), "12.5k");
    assert_string_equal(format_count_short(out, 99960), "100k");
    assert_string_equal(format_count_short(out, 999600), "1.0M");
    assert_string_equal(format_count_short(out, 123456789), "123M");
    assert_string_equal(format_bytes(out, 512), "512 B");
    assert_string_equal(format_bytes(out, 94 * 1024 * 1024), "94 MB");
    assert_string_equal(format_bytes(out, 1536), "1.5 kB");
    assert_string_equal(format_bytes(out, 1023 * 1024 + 1000), "1.0 MB");
    assert_string_equal(format_bytes(out, INT64_MAX), "8.0 EB");
    assert_string_equal(format_bytes(out, -1), "–");
}

static void durations_never_take_more_than_five_columns(void **state)
{
    (void)state;
    enum { S = 1000, M = 60 * S, H = 60 * M, D = 24 * H };
    assert_string_equal(format_duration(out, 0), "0.0s");
    assert_string_equal(format_duration(out, 850), "0.8s");
    assert_string_equal(format_duration(out, 42 * S), "42s");
    assert_string_equal(format_duration(out, 3 * M + 7 * S), "3m07");
    assert_string_equal(format_duration(out, 2 * H + 14 * M), "2h14");
    assert_string_equal(format_duration(out, 3LL * D + 4 * H), "3d04");
    assert_string_equal(format_duration(out, 210LL * D), "210d");
    assert_string_equal(format_duration(out, -1), "–");
    for (int64_t ms = 1; ms < INT64_MAX / 3; ms = ms * 3 / 2 + 1) {
        assert_in_range(dln_text_width(format_duration(out, ms)), 2, 5);
    }
    assert_in_range(dln_text_width(format_duration(out, INT64_MAX)), 2, 5);
}

static void ago_has_one_unit_and_two_below_ten_hours(void **state)
{
    (void)state;
    assert_string_equal(format_ago(out, 1, true), "now");
    assert_string_equal(format_ago(out, 42, true), "42s ago");
    assert_string_equal(format_ago(out, 60, false), "1m");
    assert_string_equal(format_ago(out, 8 * 3600 + 4 * 60, false), "8h04");
    assert_string_equal(format_ago(out, 11 * 3600, true), "11h ago");
    assert_string_equal(format_ago(out, 210 * 86400, true), "210d ago");
    assert_string_equal(format_ago(out, -5, true), "now"); /* a clock was set back */
}

static void an_eta_is_rounded_to_five_percent_and_waits_for_five_trials(void **state)
{
    (void)state;
    assert_string_equal(format_eta(out, 10234567, 4), "–");
    assert_string_equal(format_eta(out, 10234567, 5), "2h50");
    assert_string_equal(format_eta(out, 47123, 9), "48s");
    assert_string_equal(format_eta(out, 754000, 9), "13m");
    assert_string_equal(format_eta(out, -1, 9), "–");
    for (int64_t ms = 60000; ms < 40000000; ms += 61234) {
        int hours = 0, minutes = 0;
        format_eta(out, ms, 9);
        if (sscanf(out, "%dh%d", &hours, &minutes) < 1 || !strchr(out, 'h')) {
            hours = 0;
            assert_int_equal(sscanf(out, "%dm", &minutes), 1);
        }
        const double rounded = 60000.0 * (60 * hours + minutes);
        assert_close(rounded, (double)ms, 30001, 0.05);
    }
}

static void times_leave_out_what_is_the_same_today(void **state)
{
    (void)state;
    setenv("TZ", "UTC0", 1);
    tzset();
    const int64_t now = 1764000000LL * 1000000; /* 2025-11-24 16:00:00 */
    assert_string_equal(format_time(out, now - 3600LL * 1000000, now), "15:00:00");
    assert_string_equal(format_time(out, now - 86400LL * 1000000, now), "11-23 16:00");
    assert_string_equal(format_time(out, now - 400 * 86400LL * 1000000, now), "2024-10-20");
    assert_string_equal(format_time(out, 0, now), "–");
}

static void all_texts_fit_whatever_the_number(void **state)
{
    (void)state;
    static const double hostile[] = {1e308,    -1e308,    5e-324, -0.0,      0,
                                     INFINITY, -INFINITY, NAN,    123456.789};
    const size_t n = sizeof hostile / sizeof hostile[0];
    for (size_t i = 0; i < n * n; i++) {
        const double a = hostile[i / n], b = hostile[i % n];
        assert_in_range(strlen(format_number(out, number_objective(a, b), b)), 1, 24);
        assert_in_range(strlen(format_number(out, number_param(a, b, 0, false, false, true), b)), 1,
                        24);
        assert_in_range(strlen(format_number(out, number_param(a, b, b, false, true, true), a)), 1,
                        24);
        assert_in_range(strlen(format_with_sd(out, a, b)), 1, FORMAT_MAX - 1);
        assert_in_range(strlen(format_runs(out, a, b, 2147483647)), 1, FORMAT_MAX - 1);
        assert_in_range(strlen(format_change(out, a, 17)), 1, FORMAT_MAX - 1);
        assert_in_range(strlen(format_share(out, a)), 1, 12);
        assert_null(strstr(format_detail(out, a), "-0."));
    }
}

static void on_a_slow_line_durations_are_minutes(void **state)
{
    (void)state;
    assert_string_equal(format_minutes(out, 59999), "0m");
    assert_string_equal(format_minutes(out, 12 * 60000 + 7000), "12m");
    assert_string_equal(format_minutes(out, 134 * 60000), "2h14");
    assert_string_equal(format_minutes(out, -1), FORMAT_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_slow_line_durations_are_minutes),
        cmocka_unit_test(an_objective_has_as_many_decimals_as_tell_the_best_two_apart),
        cmocka_unit_test(a_parameter_is_written_as_its_range_asks),
        cmocka_unit_test(a_value_of_several_runs_has_its_spread_beside_it),
        cmocka_unit_test(an_error_decides_how_many_digits_a_value_has),
        cmocka_unit_test(a_change_always_has_its_sign),
        cmocka_unit_test(a_share_is_not_all_before_it_is),
        cmocka_unit_test(counts_and_bytes_are_grouped_and_scaled),
        cmocka_unit_test(durations_never_take_more_than_five_columns),
        cmocka_unit_test(ago_has_one_unit_and_two_below_ten_hours),
        cmocka_unit_test(an_eta_is_rounded_to_five_percent_and_waits_for_five_trials),
        cmocka_unit_test(times_leave_out_what_is_the_same_today),
        cmocka_unit_test(all_texts_fit_whatever_the_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
