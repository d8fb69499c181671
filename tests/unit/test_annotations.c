/* Attributes, notes, artifacts and constraints in files of Optuna 3.1, 4.9 and 5.0. */
#include <jansson.h>

#include "dialin/store.h"
#include "support/outside.h"
#include "support/scratch.h"
#include "support/test.h"

static char folder[SCRATCH_PATH_MAX];
static struct dln_error err;
static struct dln_arena arena;
static dln_store *store;

static int set_up(void **state)
{
    (void)state;
    scratch_make(folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dln_store_close(store);
    store = NULL;
    dln_arena_release(&arena);
    scratch_remove(folder);
    return 0;
}

static const char *open_copy(const char *name)
{
    char path[SCRATCH_PATH_MAX];
    size_t len = 0;
    (void)snprintf(path, sizeof path, TEST_DATA "/optuna/%s.db", name);
    char *bytes = outside_read(path, &len);
    const char *copy = dln_arena_copy(&arena, scratch_path(folder, "copy.db"));
    outside_write(copy, bytes, len);
    free(bytes);
    assert_ok(dln_store_open(copy, DLN_STORE_READ, &store, &err), err);
    return copy;
}

/* What jansson refuses is put as the expected values have it: NaN → "nan", lone surrogates. */
static char *mended(const char *json)
{
    struct dln_strbuf out = {0};
    bool is_quoted = false;
    for (const char *p = json; *p; p++) {
        if (is_quoted && *p == '\\') {
            const bool is_lone = strncmp(p, "\\ud8", 4) == 0 && strncmp(p + 6, "\\ud", 3) != 0;
            if (is_lone) {
                dln_strbuf_add(&out, "\\ufffd");
                p += 5;
                continue;
            }
            dln_strbuf_add_len(&out, p, 2);
            p++;
            continue;
        }
        if (*p == '"') is_quoted = !is_quoted;
        if (!is_quoted && strncmp(p, "NaN", 3) == 0) {
            dln_strbuf_add(&out, "\"nan\"");
            p += 2;
        } else if (!is_quoted && strncmp(p, "-Infinity", 9) == 0) {
            dln_strbuf_add(&out, "\"-inf\"");
            p += 8;
        } else if (!is_quoted && strncmp(p, "Infinity", 8) == 0) {
            dln_strbuf_add(&out, "\"inf\"");
            p += 7;
        } else {
            dln_strbuf_add_char(&out, *p);
        }
    }
    char *text = NULL;
    assert_ok(dln_strbuf_take(&out, &text, &err), err);
    return text;
}

static json_t *parse(const char *json)
{
    json_error_t problem;
    char *text = mended(json);
    json_t *value =
        json_loads(text, JSON_DECODE_INT_AS_REAL | JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    if (!value) fail_msg("%s: %s", problem.text, text);
    free(text);
    return value;
}

static json_t *expected_of(const char *name)
{
    char path[SCRATCH_PATH_MAX];
    size_t len = 0;
    (void)snprintf(path, sizeof path, TEST_DATA "/optuna/%s.expected.json", name);
    char *text = outside_read(path, &len);
    text[len] = '\0';
    json_t *root = parse(text);
    free(text);
    return root;
}

static void assert_attributes(enum dln_attributes_of of, int64_t id, const json_t *expected)
{
    struct dln_attribute *list = NULL;
    size_t n = 0;
    assert_ok(dln_store_attributes(store, of, id, &arena, &list, &n, &err), err);
    assert_int_equal(n, json_object_size(expected));
    for (size_t i = 0; i < n; i++) {
        json_t *value = parse(list[i].json);
        const json_t *wanted = json_object_get(expected, list[i].key);
        if (!wanted || !json_equal(value, wanted)) fail_msg("'%s': %s", list[i].key, list[i].json);
        json_decref(value);
    }
}

static void every_attribute_is_what_optuna_reads(void **state)
{
    (void)state;
    static const char *const names[] = {"basic-310",    "dists-310", "multi-500",      "attrs-500",
                                        "samplers-490", "queue-500", "conditional-490"};
    for (size_t f = 0; f < sizeof names / sizeof names[0]; f++) {
        open_copy(names[f]);
        json_t *expected = expected_of(names[f]);
        size_t i, t;
        const json_t *study, *trial;
        json_array_foreach(json_object_get(expected, "studies"), i, study)
        {
            const int64_t id = (int64_t)json_number_value(json_object_get(study, "study_id"));
            assert_attributes(DLN_OF_STUDY, id, json_object_get(study, "user_attrs"));
            assert_attributes(DLN_OF_STUDY_SYSTEM, id, json_object_get(study, "system_attrs"));
            json_array_foreach(json_object_get(study, "trials"), t, trial)
            {
                const int64_t row = (int64_t)json_number_value(json_object_get(trial, "trial_id"));
                assert_attributes(DLN_OF_TRIAL, row, json_object_get(trial, "user_attrs"));
                assert_attributes(DLN_OF_TRIAL_SYSTEM, row, json_object_get(trial, "system_attrs"));
            }
        }
        json_decref(expected);
        dln_store_close(store);
        store = NULL;
    }
}

static size_t count_characters(const char *text)
{
    size_t n = 0;
    for (const char *p = text; *p; p++)
        n += ((unsigned char)*p & 0xC0) != 0x80;
    return n;
}

static void notes_of_the_dashboard_are_joined(void **state)
{
    (void)state;
    const char *text = NULL;
    open_copy("attrs-500");
    assert_ok(dln_store_note_text(store, 1, 0, &arena, &text, &err), err);
    assert_int_equal(count_characters(text), 5014);
    assert_ok(dln_store_note_text(store, 1, 2, &arena, &text, &err), err);
    assert_true(strlen(text) > 0);
    assert_ok(dln_store_note_text(store, 1, 1, &arena, &text, &err), err);
    assert_string_equal(text, "");
    assert_ok(dln_store_note_text(store, 2, 0, &arena, &text, &err), err);
    assert_string_equal(text, "");
}

static void ten_pieces_of_a_note_are_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    const char *text = NULL;
    const char *copy = open_copy("basic-310");
    outside_run(copy, "INSERT INTO study_system_attributes (study_id, key, value_json) VALUES"
                      " (1, 'dashboard:note_ver', '1'), (1, 'dashboard:note_str:10', '\"k\"'),"
                      " (1, 'dashboard:note_str:9', '\"j\"'),"
                      " (1, 'dashboard:note_str:0', '\"a\"'), (1, 'dashboard:note_str:x', '1');");
    assert_ok(dln_store_note_text(store, 1, 0, &arena, &text, &err), err);
    assert_string_equal(text, "ajk");
}

static void artifacts_that_were_deleted_are_not_listed(void **state)
{
    (void)state;
    size_t live = 0;
    open_copy("attrs-500");
    for (int64_t trial_id = 0; trial_id <= 2; trial_id++) {
        struct dln_artifact *list = NULL;
        size_t n = 0;
        assert_ok(dln_store_artifacts(store, 1, trial_id, &arena, &list, &n, &err), err);
        for (size_t i = 0; i < n; i++) {
            assert_true(strlen(list[i].id) > 0);
            assert_true(strlen(list[i].file_name) > 0);
        }
        live += n;
    }
    assert_int_equal(live, 1);
}

static void constraints_of_both_forms_have_their_names(void **state)
{
    (void)state;
    struct dln_limit_value *list = NULL;
    size_t n = 0;
    const char *copy = open_copy("multi-500");
    for (int64_t id = 1; id <= 8; id++) {
        assert_ok(dln_store_limits(store, 1, id, &arena, &list, &n, &err), err);
        assert_true(n > 0);
        bool is_broken = false;
        for (size_t i = 0; i < n; i++) {
            is_broken = is_broken || list[i].value > 0;
            assert_int_equal(list[i].name[0] == '0' + (char)i, id % 2 == 1);
        }
        assert_int_equal(is_broken, id == 3 || id == 6); /* numbers 2 and 5 */
    }
    outside_run(copy, "INSERT INTO trial_system_attributes (trial_id, key, value_json) VALUES"
                      " (1, 'constraints:0', '7.5');");
    assert_ok(dln_store_limits(store, 1, 1, &arena, &list, &n, &err), err);
    assert_close(list[0].value, 7.5, 0, 0); /* the named form wins */
}

static void a_preferential_study_is_read_like_any_other(void **state)
{
    (void)state;
    struct dln_study_summary summary;
    struct dln_attribute *list = NULL;
    size_t n = 0;
    const char *copy = open_copy("basic-310");
    outside_run(copy,
                "INSERT INTO study_system_attributes (study_id, key, value_json) VALUES"
                " (1, 'preference:is_preferential', 'true'), (1, 'preference:n_generate', '4'),"
                " (1, 'preference:values6e1c', '[[0, 1], [2, 1]]'),"
                " (1, 'preference:history6e1c', '\"{}\"'), (1, 'preference:skip_trial:3', 'true'),"
                " (1, 'from:the-future', '{\"a\": [NaN, {\"b\": 1e999}]}');");
    assert_ok(dln_store_study(store, 1, &arena, &summary, &err), err);
    assert_int_equal(summary.n_trials, 15);
    assert_int_equal(summary.best_number, 1);
    assert_ok(dln_store_attributes(store, DLN_OF_STUDY_SYSTEM, 1, &arena, &list, &n, &err), err);
    assert_string_equal(list[n - 1].json, "{\"a\": [NaN, {\"b\": 1e999}]}");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(every_attribute_is_what_optuna_reads),
        T(notes_of_the_dashboard_are_joined),
        T(ten_pieces_of_a_note_are_in_the_order_of_their_numbers),
        T(artifacts_that_were_deleted_are_not_listed),
        T(constraints_of_both_forms_have_their_names),
        T(a_preferential_study_is_read_like_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
