#include "support/test.h"

#include "base/rng.h"
#include "dialin/num.h"

static void check_repr(double x, const char *expected)
{
    char text[DLN_NUM_TEXT_MAX];
    assert_int_equal(dln_num_repr(x, text), strlen(expected));
    assert_string_equal(text, expected);
}

static void repr_is_laid_out_as_python_does(void **state)
{
    (void)state;
    check_repr(5.0, "5.0");
    check_repr(0.1, "0.1");
    check_repr(1e-5, "1e-05");
    check_repr(0.0001, "0.0001");
    check_repr(100000.0, "100000.0");
    check_repr(1e16, "1e+16");
    check_repr(1e22, "1e+22");
    check_repr(123456789012345.6, "123456789012345.6");
    check_repr(-0.0, "-0.0");
    check_repr(5e-324, "5e-324");
    check_repr(1.7976931348623157e308, "1.7976931348623157e+308");
    check_repr(9007199254740993.0, "9007199254740992.0");
}

static void short_text_of_whole_numbers_has_no_point(void **state)
{
    (void)state;
    char text[DLN_NUM_TEXT_MAX];
    dln_num_short(64.0, text);
    assert_string_equal(text, "64");
    dln_num_short(0.5, text);
    assert_string_equal(text, "0.5");
}

static void every_double_reads_back_to_the_same_bits(void **state)
{
    (void)state;
    struct dln_rng rng;
    dln_rng_init(&rng, 7);
    for (int i = 0; i < 20000; i++) {
        const uint64_t bits = dln_rng_next(&rng);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (!isfinite(x)) continue;
        char text[DLN_NUM_TEXT_MAX];
        const size_t len = dln_num_repr(x, text);
        double back;
        assert_true(dln_num_parse(text, len, &back));
        assert_memory_equal(&back, &x, sizeof x);
    }
}

static void parse_is_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {"", " 1", "1 ", "0x10", "1,5", "1e", "--1", ".", "e5", "nanx", "1_000"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double x;
        assert_false(dln_num_parse(bad[i], strlen(bad[i]), &x));
    }
    double x;
    assert_true(dln_num_parse("1e999", 5, &x));
    assert_true(isinf(x));
    assert_true(dln_num_parse("-Infinity", 9, &x));
    assert_true(isinf(x) && x < 0);
    assert_true(dln_num_parse("NaN", 3, &x));
    assert_true(isnan(x));
    assert_true(dln_num_parse("+.5", 3, &x));
    assert_close(x, 0.5, 0, 0);
}

static void scan_stops_at_the_end_of_the_number(void **state)
{
    (void)state;
    double x;
    assert_int_equal(dln_num_scan("0.871e", 6, &x), 5);
    assert_close(x, 0.871, 0, 0);
    assert_int_equal(dln_num_scan("12%", 3, &x), 2);
    assert_int_equal(dln_num_scan("abc", 3, &x), 0);
}

static void ints_know_their_bounds(void **state)
{
    (void)state;
    int64_t n;
    assert_true(dln_num_parse_int("9223372036854775807", 19, &n));
    assert_true(n == INT64_MAX);
    assert_false(dln_num_parse_int("9223372036854775808", 19, &n));
    assert_true(dln_num_parse_int("-9223372036854775808", 20, &n));
    assert_true(n == INT64_MIN);
    assert_false(dln_num_parse_int("1.0", 3, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repr_is_laid_out_as_python_does),
        cmocka_unit_test(short_text_of_whole_numbers_has_no_point),
        cmocka_unit_test(every_double_reads_back_to_the_same_bits),
        cmocka_unit_test(parse_is_strict),
        cmocka_unit_test(scan_stops_at_the_end_of_the_number),
        cmocka_unit_test(ints_know_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
