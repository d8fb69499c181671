#include "support/test.h"

#include "dialin/json.h"

static void writing_equals_pythons_json_dumps(void **state)
{
    (void)state;
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_object(&w);
    dln_json_key(&w, "name");
    dln_json_string(&w, "caf\xC3\xA9 \"\xF0\x9F\x98\x80\"\n\x01");
    dln_json_key(&w, "list");
    dln_json_array(&w);
    dln_json_double(&w, 1e-5);
    dln_json_int(&w, -7);
    dln_json_bool(&w, true);
    dln_json_null(&w);
    dln_json_double(&w, NAN);
    dln_json_end_array(&w);
    dln_json_key(&w, "empty");
    dln_json_object(&w);
    dln_json_end_object(&w);
    dln_json_end_object(&w);
    assert_string_equal(dln_strbuf_text(&out),
                        "{\"name\": \"caf\\u00e9 \\\"\\ud83d\\ude00\\\"\\n\\u0001\", "
                        "\"list\": [1e-05, -7, true, null, null], \"empty\": {}}");
    dln_strbuf_release(&out);
}

static void odd_characters_are_written_as_python_writes_them(void **state)
{
    (void)state;
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"\b\f\r\t\\/", "\"\\b\\f\\r\\t\\\\/\""},
        {"~\x7f\xC2\x80", "\"~\\u007f\\u0080\""}, /* DEL is not plain */
        {"\xEF\xBF\xBF\xF4\x8F\xBF\xBF", "\"\\uffff\\udbff\\udfff\""},
        {"a\xE2\x82z", "\"a\\ufffdz\""},               /* cut short: one stand-in */
        {"\xC0\xAF", "\"\\ufffd\\ufffd\""},            /* overlong */
        {"\xED\xA0\x80", "\"\\ufffd\\ufffd\\ufffd\""}, /* half a pair */
        {"end\xF0\x9F\x98", "\"end\\ufffd\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dln_strbuf out = {0};
        struct dln_json_writer w = {.out = &out};
        dln_json_string(&w, cases[i].text);
        assert_string_equal(dln_strbuf_text(&out), cases[i].json);
        dln_strbuf_release(&out);
    }
}

static void what_is_read_is_written_the_same(void **state)
{
    (void)state;
    const char *text = "{\"a\": [1, 2.5, \"x\"], \"b\": null, \"c\": false}";
    struct dln_error err = {0};
    json_t *value;
    assert_ok(dln_json_read(text, strlen(text), &value, &err), err);
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_value(&w, value);
    assert_string_equal(dln_strbuf_text(&out), text);
    json_decref(value);
    dln_strbuf_release(&out);
}

static void pythons_bare_words_are_read_as_strings(void **state)
{
    (void)state;
    const char *text = "[NaN, -Infinity, \"NaN \\\" NaN\"]";
    struct dln_error err = {0};
    json_t *value;
    assert_ok(dln_json_read(text, strlen(text), &value, &err), err);
    assert_string_equal(json_string_value(json_array_get(value, 0)), "NaN");
    assert_string_equal(json_string_value(json_array_get(value, 1)), "-Infinity");
    assert_string_equal(json_string_value(json_array_get(value, 2)), "NaN \" NaN");
    json_decref(value);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char deep[400];
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    struct dln_error err = {0};
    json_t *value;
    assert_fails(dln_json_read(deep, sizeof deep, &value, &err), err, DLN_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_equals_pythons_json_dumps),
        cmocka_unit_test(odd_characters_are_written_as_python_writes_them),
        cmocka_unit_test(what_is_read_is_written_the_same),
        cmocka_unit_test(pythons_bare_words_are_read_as_strings),
        cmocka_unit_test(depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
