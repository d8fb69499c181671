/* Studies in other formats: nothing is lost, and nothing foreign runs or breaks out. */
#include <sys/stat.h>
#include <unistd.h>

#include "support/outside.h"
#include "support/program.h"

static const struct {
    const char *file, *study;
    size_t trials;
} samples[] = {
    {"basic-310", "basic-min", 15},
    {"dists-310", "all-dists", 5},
    {"multi-500", "multi", 9},
    {"attrs-500", "'attrs ä中🚀'", 2},
    {"attrs-500", "empty", 0},
    {"samplers-490", "nsga2", 12},
    {"samplers-490", "cmaes", 12},
    {"queue-500", "queue", 7},
    {"conditional-490", "conditional", 40},
};
enum { N_SAMPLES = sizeof samples / sizeof samples[0] };

static void copy_sample(const char *name, const char *to)
{
    char path[512];
    size_t len = 0;
    snprintf(path, sizeof path, TEST_DATA "/optuna/%s.db", name);
    char *const bytes = outside_read(path, &len);
    outside_write(to, bytes, len);
    free(bytes);
}

static void export_to(size_t sample, const char *format)
{
    char line[256];
    copy_sample(samples[sample].file, "study.db");
    snprintf(line, sizeof line, "export study.db --study %s --to %s -o out", samples[sample].study,
             format);
    expect(line, 0, "out: ");
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)) != NULL; p += strlen(what))
        n++;
    return n;
}

static json_t *parse(const char *text, size_t len)
{
    json_t *value = NULL;
    struct dln_error err = {0};
    assert_ok(dln_json_read(text, len, &value, &err), err);
    return value;
}

static void csv_has_a_line_for_each_trial_of_every_sample(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        export_to(i, "csv");
        char *const text = read_all("out");
        assert_memory_equal(text, "number,state,", 13);
        assert_true(count(text, "\r\n") >= samples[i].trials + 1);
        free(text);
    }
    char *const columns = read_all("out");
    assert_non_null(strstr(columns, "model,mlp.layers"));
    assert_non_null(strstr(columns, "\r\n15,ok,0.3125,forest,"));
    free(columns);
}

static void json_holds_every_trial_with_reports_and_attributes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        export_to(i, "json");
        char *const text = read_all("out");
        json_t *const root = parse(text, strlen(text));
        assert_int_equal(json_array_size(json_object_get(root, "trials")), samples[i].trials);
        json_decref(root);
        free(text);
    }
    export_to(3, "json");
    char *const text = read_all("out");
    json_t *const root = parse(text, strlen(text));
    const json_t *const page = json_array_get(json_object_get(root, "trials"), 1);
    assert_true(json_object_size(json_object_get(page, "attributes")) > 0 ||
                json_is_string(json_object_get(page, "note")));
    assert_true(json_is_string(json_object_get(root, "note")));
    json_decref(root);
    free(text);
    export_to(0, "json");
    char *const basic = read_all("out");
    json_t *const study = parse(basic, strlen(basic));
    const json_t *const pruned = json_array_get(json_object_get(study, "trials"), 5);
    assert_true(json_array_size(json_object_get(pruned, "reports")) > 1);
    json_decref(study);
    free(basic);
}

static void json_lines_are_one_trial_each(void **state)
{
    (void)state;
    export_to(8, "jsonl");
    char *const text = read_all("out");
    size_t n = 0;
    for (char *line = text; *line; n++) {
        const size_t len = strcspn(line, "\n");
        json_t *const trial = parse(line, len);
        assert_int_equal(int_at(json_object_get(trial, "trial"), "number"), n);
        json_decref(trial);
        line += len + 1;
    }
    assert_int_equal(n, 40);
    free(text);
}

static void a_spreadsheet_does_not_run_what_a_study_holds(void **state)
{
    (void)state;
    copy_sample("basic-310", "study.db");
    outside_run("study.db", "INSERT INTO trial_user_attributes (trial_id, key, value_json) VALUES"
                            " (1, '=cmd', '\"=1+1\"'), (1, 'plain', '\"a,\\\"b\\\"\"');");
    struct result csv = dialin("export study.db");
    assert_int_equal(csv.status, 0);
    assert_non_null(strstr(csv.out, ",\"'=1+1\""));
    assert_non_null(strstr(csv.out, "\"a,\"\"b\"\"\""));
    forget(&csv);
    struct result raw = dialin("export study.db --raw");
    assert_non_null(strstr(raw.out, ",=1+1"));
    forget(&raw);
}

static const char evil[] =
    "UPDATE studies SET study_name = '<script>alert(1)</script> | [x](y) `b`';"
    "UPDATE trial_params SET param_name = 'p\"><img src=x onerror=alert(2)>|' WHERE"
    " param_name = 'model';"
    "INSERT INTO study_system_attributes (study_id, key, value_json) VALUES"
    " (1, 'dashboard:note_ver', '1'),"
    " (1, 'dashboard:note_str:0', '\"<svg onload=alert(3)>\\n\\u001b[31m | a\"');";

static void a_page_runs_nothing_and_loads_nothing(void **state)
{
    (void)state;
    copy_sample("conditional-490", "study.db");
    outside_run("study.db", evil);
    expect("export study.db -o page.html", 0, "40 trials");
    char *const page = read_all("page.html");
    static const char *const never[] = {
        "<script", "<img", "<svg onload", "href=", "url(", "@import", "\033"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        assert_null(strstr(page, never[i]));
    assert_non_null(strstr(page, "&lt;script&gt;alert(1)"));
    assert_non_null(strstr(page, "&lt;img src=x onerror"));
    assert_non_null(strstr(page, "default-src 'none'"));
    assert_true(count(page, "<svg ") >= 10); /* history, importance, slices, parallel */
    assert_int_equal(count(page, "<svg "), count(page, "</svg>"));
    assert_int_equal(count(page, "<table"), count(page, "</table>"));
    free(page);
}

static void a_markdown_page_keeps_its_tables(void **state)
{
    (void)state;
    copy_sample("conditional-490", "study.db");
    outside_run("study.db", evil);
    expect("export study.db -o page.md --state ok --sort -value --limit 12", 0, "12 trials");
    char *const page = read_all("page.md");
    assert_memory_equal(page, "# &lt;script>alert(1)", 20);
    assert_null(strstr(page, "<img"));
    assert_non_null(strstr(page, "onerror=alert(2)>\\|"));
    assert_non_null(strstr(page, "## What matters"));
    assert_null(strchr(page, '\033'));
    free(page);
}

static void a_study_of_ours_brings_its_file_and_its_journal(void **state)
{
    (void)state;
    write_file("one.yaml", "study: one\nrun: sh -c 'for i in 1 2 3; do echo epoch $i loss $i; done'"
                           " sh {x}\nobjective: {minimize: loss}\nspace:\n  x: {float: [0, 1]}\n"
                           "strategy: random\nbudget: {trials: 2}\n");
    expect("run one.yaml --headless", 0, "best loss");
    expect("set one.db parallel 2", 0, "1 → 2");
    expect("export one.yaml -o one.html", 0, "2 trials");
    expect("export one.yaml -o one.json", 0, "2 trials");
    char *const page = read_all("one.html");
    assert_non_null(strstr(page, "objective: {minimize: loss}"));
    assert_non_null(strstr(page, "1 → 2"));
    assert_non_null(strstr(page, "Learning curves"));
    free(page);
    char *const text = read_all("one.json");
    json_t *const root = parse(text, strlen(text));
    assert_non_null(strstr(json_string_value(json_object_get(root, "study_file")), "study: one"));
    assert_true(json_array_size(json_object_get(root, "journal")) > 0);
    const json_t *const first = json_array_get(json_object_get(root, "trials"), 0);
    assert_int_equal(json_array_size(json_object_get(first, "reports")), 3);
    json_decref(root);
    free(text);
}

static void what_cannot_be_exported_is_told_and_leaves_no_file(void **state)
{
    (void)state;
    copy_sample("basic-310", "study.db");
    expect("export study.db -o out.xls", 2, "says no format");
    expect("export study.db --to jsno", 2, "did you mean 'json'");
    expect("export study.db -o nowhere/out.csv", 4, "nowhere/out.csv");
    expect("export study.db -o out.csv --filter 'vlue < 1'", 2, "did you mean 'value'");
    assert_int_not_equal(access("out.csv", F_OK), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(csv_has_a_line_for_each_trial_of_every_sample),
        TEST(json_holds_every_trial_with_reports_and_attributes),
        TEST(json_lines_are_one_trial_each),
        TEST(a_spreadsheet_does_not_run_what_a_study_holds),
        TEST(a_page_runs_nothing_and_loads_nothing),
        TEST(a_markdown_page_keeps_its_tables),
        TEST(a_study_of_ours_brings_its_file_and_its_journal),
        TEST(what_cannot_be_exported_is_told_and_leaves_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
