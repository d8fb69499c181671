/* Commands that only look, over files of Optuna: what they say, and that they write no byte. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/outside.h"
#include "support/program.h"

static const char *const samples[] = {"basic-310",    "dists-310", "multi-500",      "attrs-500",
                                      "samplers-490", "queue-500", "conditional-490"};
enum { N_SAMPLES = sizeof samples / sizeof samples[0] };

/* Of the first study of each sample. */
static const char *const studies[] = {"basic-min", "all-dists", "multi",      "'attrs ä中🚀'",
                                      "tpe-mv",    "queue",     "conditional"};

static void copy_sample(const char *name, const char *to)
{
    char path[512];
    size_t len = 0;
    snprintf(path, sizeof path, TEST_DATA "/optuna/%s.db", name);
    char *const bytes = outside_read(path, &len);
    outside_write(to, bytes, len);
    free(bytes);
}

static size_t files_in(const char *folder)
{
    size_t n = 0;
    DIR *const list = opendir(folder);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list));)
        n += entry->d_name[0] != '.';
    closedir(list);
    return n;
}

static const struct {
    const char *verb, *words;
} looks[] = {
    {"show", ""},
    {"show", "--json"},
    {"trials", ""},
    {"trials", "--json"},
    {"trials", "--csv"},
    {"trials", "--reverse --limit 3"},
    {"trials", "--sort number --limit 3"},
    {"show", "0"},
    {"show", "1 --json"},
    {"importance", ""},
    {"export", "--to html"},
    {"export", "--to json"},
    {"export", "--to csv"},
    {"export", "--to md"},
    {"export", "--to yaml"},
    {"wait", ""},
    {"best", ""},
    {"best", "--json"},
    {"log", ""},
    {"watch", "--once"},
};

static void look_at_everything(const char *path, const char *study)
{
    char line[256];
    snprintf(line, sizeof line, "ls %s", path);
    expect(line, 0, "FILE");
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        snprintf(line, sizeof line, "%s %s --study %s %s", looks[i].verb, path, study,
                 looks[i].words);
        expect(line, 0, "");
    }
}

static void looking_writes_no_byte_into_any_sample(void **state)
{
    (void)state;
    assert_int_equal(mkdir("db", 0700), 0);
    for (size_t i = 0; i < N_SAMPLES; i++) {
        struct stat before, after;
        size_t len = 0, len_after = 0;
        copy_sample(samples[i], "db/study.db");
        char *const bytes = outside_read("db/study.db", &len);
        assert_int_equal(stat("db/study.db", &before), 0);
        look_at_everything("db/study.db", studies[i]);
        assert_int_equal(stat("db/study.db", &after), 0);
        char *const bytes_after = outside_read("db/study.db", &len_after);
        assert_int_equal(len, len_after);
        assert_memory_equal(bytes, bytes_after, len);
        assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
        assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
        assert_int_equal(files_in("db"), 1);
        free(bytes);
        free(bytes_after);
    }
}

static void a_folder_for_reading_only_is_enough(void **state)
{
    (void)state;
    static const uid_t nobody = 65534; /* root may write anywhere, so it steps down for a while */
    const bool is_root = geteuid() == 0;
    assert_int_equal(mkdir("db", 0755), 0);
    assert_int_equal(chmod(".", 0777), 0);
    for (size_t i = 0; i < N_SAMPLES; i++) {
        assert_int_equal(chmod("db", 0755), 0);
        remove("db/study.db");
        copy_sample(samples[i], "db/study.db");
        assert_int_equal(chmod("db/study.db", 0444), 0);
        assert_int_equal(chmod("db", 0555), 0);
        remove("out.txt");
        remove("err.txt");
        if (is_root) assert_int_equal(seteuid(nobody), 0);
        /* a checkout in a private folder has no program that this user may run */
        const bool may_run = faccessat(AT_FDCWD, TEST_DIALIN, X_OK, AT_EACCESS) == 0;
        if (may_run) look_at_everything("db/study.db", studies[i]);
        if (is_root) assert_int_equal(seteuid(0), 0);
    }
    assert_int_equal(chmod("db", 0755), 0);
}

static void one_trial_is_told_with_all_that_others_wrote_on_it(void **state)
{
    (void)state;
    copy_sample("attrs-500", "attrs.db");
    copy_sample("multi-500", "multi.db");
    json_t *const page = json_of("show attrs.db 1 --study 'attrs ä中🚀' --json");
    assert_int_equal(int_at(json_object_get(page, "trial"), "number"), 1);
    assert_true(json_is_string(json_object_get(page, "note")));
    json_decref(page);
    expect("show attrs.db 1 --study 'attrs ä中🚀'", 0, "\nNote\n");
    expect("show multi.db 2", 0, ": broken");
    json_t *const limits = json_of("show multi.db 2 --json");
    assert_true(json_object_size(json_object_get(limits, "limits")) > 0);
    json_decref(limits);
    expect("show multi.db 99", 2, "99");
}

static void attributes_are_columns_to_show_filter_and_sort_by(void **state)
{
    (void)state;
    copy_sample("basic-310", "basic.db");
    outside_run("basic.db", "INSERT INTO trial_user_attributes (trial_id, key, value_json) VALUES"
                            " (1, 'acc', '0.5'), (2, 'acc', '0.75'), (3, 'acc', 'NaN'),"
                            " (1, 'node', '\"a1\"'), (2, 'node', '\"b2\"'),"
                            " (1, 'good', 'true');");
    struct result csv =
        dialin("trials basic.db --csv --columns number,attr.acc,attr.node,attr.good "
               "--sort -attr.acc --limit 3");
    assert_string_equal(csv.out, "number,attr.acc,attr.node,attr.good\r\n1,0.75,b2,\r\n"
                                 "0,0.5,a1,true\r\n2,,,\r\n");
    forget(&csv);
    struct result some = dialin("trials basic.db --csv --columns number --filter 'attr.acc > 0.6'");
    assert_string_equal(some.out, "number\r\n1\r\n");
    forget(&some);
    struct result node =
        dialin("trials basic.db --csv --columns number --filter 'attr.node == a1'");
    assert_string_equal(node.out, "number\r\n0\r\n");
    forget(&node);
}

static void the_front_leaves_out_what_breaks_a_limit(void **state)
{
    (void)state;
    copy_sample("multi-500", "multi.db");
    json_t *const best = json_of("best multi.db --json");
    static const int64_t expected[] = {0, 1, 4, 6}; /* as Optuna 5.0 */
    const json_t *const trials = json_object_get(best, "trials");
    assert_int_equal(json_array_size(trials), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(int_at(json_array_get(trials, i), "number"), expected[i]);
    }
    json_decref(best);
}

static void the_journal_tells_who_changed_what(void **state)
{
    (void)state;
    copy_sample("basic-310", "basic.db");
    expect("log basic.db", 0, "nothing in its journal");
    json_t *const none = json_of("log basic.db --json");
    assert_int_equal(json_array_size(none), 0);
    json_decref(none);
    write_file("one.yaml", "study: one\nrun: sh -c 'echo loss 1' sh {x}\n"
                           "objective: {minimize: loss}\nspace:\n  x: {float: [0, 1]}\n"
                           "strategy: random\nbudget: {trials: 1}\n");
    expect("run one.yaml --headless", 0, "best loss");
    expect("set one.db parallel 2", 0, "1 → 2");
    expect("log one.db", 0, "1 → 2");
    json_t *const entries = json_of("log one.yaml --json --limit 1");
    const json_t *const last = json_array_get(entries, 0);
    assert_int_equal(json_array_size(entries), 1);
    assert_string_equal(json_string_value(json_object_get(last, "command")), "set_parallel");
    assert_string_equal(json_string_value(json_object_get(last, "state")), "done");
    json_decref(entries);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(looking_writes_no_byte_into_any_sample),
        TEST(a_folder_for_reading_only_is_enough),
        TEST(one_trial_is_told_with_all_that_others_wrote_on_it),
        TEST(attributes_are_columns_to_show_filter_and_sort_by),
        TEST(the_front_leaves_out_what_breaks_a_limit),
        TEST(the_journal_tells_who_changed_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
