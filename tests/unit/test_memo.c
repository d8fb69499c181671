#include "support/test.h"

#include "strategy/memo.h"
#include "support/space_fixture.h"

static void ranges_are_written_short_and_read_back(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        int64_t numbers[8];
        const char *text;
    } all[] = {
        {0, {0}, ""},
        {1, {7}, "7"},
        {3, {4, 5, 6}, "4-6"},
        {7, {0, 1, 3, 9, 10, 11, 90071992547}, "0-1,3,9-11,90071992547"},
    };
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
        struct dln_arena arena = {0};
        const char *text = dln_memo_ranges(&arena, all[k].numbers, all[k].n);
        assert_string_equal(text, all[k].text);
        json_t *memo = json_pack("{s:s}", "used", text);
        int64_t numbers[8];
        assert_int_equal(dln_memo_read_ranges(memo, "used", 8, numbers), all[k].n);
        assert_memory_equal(numbers, all[k].numbers, all[k].n * sizeof *numbers);
        json_decref(memo);
        dln_arena_release(&arena);
    }
}

static void ranges_that_make_no_sense_are_none(void **state)
{
    (void)state;
    static const char *const texts[] = {"x",    "1-",    "-1",  "3,2",
                                        "1,,2", "2-1",   "1-9", "1,2-9",
                                        "1 2",  "1-2-3", "1,1", "99999999999999999999"};
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
        json_t *memo = json_pack("{s:s}", "used", texts[k]);
        int64_t numbers[8];
        assert_int_equal(dln_memo_read_ranges(memo, "used", 8, numbers), 0);
        assert_int_equal(dln_memo_read_ranges(memo, "warm", 8, numbers), 0);
        json_decref(memo);
    }
    assert_int_equal(dln_memo_read_ranges(NULL, "used", 8, NULL), 0);
}

static void what_rounding_and_conditions_hide_is_kept(void **state)
{
    (void)state;
    struct dln_param params[] = {fixture_float("a", 0, 1), fixture_int("b", 0, 9),
                                 fixture_float("c", 0, 1), fixture_int("d", 3, 3),
                                 fixture_int("e", 0, 9)};
    params[2].when_text = "b > 5";
    struct fixture f;
    fixture_init(&f, 5, params, "random");
    const double u[] = {0.123, 0.4567, 0.8, 0.5, 0.25};
    const double fixed[] = {NAN, NAN, NAN, NAN, 7};
    struct dln_strbuf text = {0};
    struct dln_json_writer w = {.out = &text};
    dln_json_object(&w);
    dln_memo_write_raw(&w, &f.study.space, fixed, u);
    dln_json_end_object(&w);
    assert_string_equal(dln_strbuf_text(&text), "{\"v\": [456700000, 800000000, null]}");

    double x[5] = {0.123, 4, NAN, 3, 7};
    double encoded[5];
    dln_space_encode(&f.study.space, x, encoded);
    const struct dln_view_trial trial = {.u = encoded, .x = x, .memo = dln_strbuf_text(&text)};
    json_t *memo = dln_memo_read(&trial);
    double raw[5];
    dln_memo_read_raw(memo, &f.study.space, &trial, 0, 0.7, raw);
    assert_close(raw[0], 0.123, 1e-15, 0);
    assert_close(raw[1], 0.4567, 0, 0);
    assert_close(raw[2], 0.7, 0, 0);
    assert_close(raw[4], 0.75, 1e-15, 0);
    dln_memo_read_raw(NULL, &f.study.space, &trial, 0, 1, raw);
    assert_close(raw[1], 0.45, 1e-15, 0);
    assert_true(isnan(raw[2]));
    json_decref(memo);
    dln_strbuf_release(&text);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_written_short_and_read_back),
        cmocka_unit_test(ranges_that_make_no_sense_are_none),
        cmocka_unit_test(what_rounding_and_conditions_hide_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
