#include "support/test.h"

#include "cli/options.h"

static const struct option table[] = {
    {.name = "limit", .alias = 'n', .value = "N", .help = "how many"},
    {.name = "json", .help = "print JSON"},
    {.name = "follow", .alias = 'f', .help = "go on"},
    {.name = "raw", .alias = 'r', .help = "as it is"},
    {0},
};

/* Splits a line at its blanks; the words live as long as the line does. */
static bool parse(char *line, struct options *out, struct dln_error *err)
{
    static char *argv[16];
    int argc = 0;
    for (char *word = line; *word && argc < 16;) {
        argv[argc++] = word;
        word += strcspn(word, " ");
        while (*word == ' ')
            *word++ = '\0';
    }
    return options_parse(table, argc, argv, out, err);
}

static void options_and_words_may_be_mixed(void **state)
{
    (void)state;
    struct options options;
    struct dln_error err = {0};
    char line[] = "a.db --limit 5 17 --json -f 18";
    assert_ok(parse(line, &options, &err), err);
    assert_int_equal(options.n_words, 3);
    assert_string_equal(options.words[0], "a.db");
    assert_string_equal(options.words[1], "17");
    assert_string_equal(options.words[2], "18");
    assert_string_equal(option_text(&options, "limit"), "5");
    assert_true(option_given(&options, "json"));
    assert_true(option_given(&options, "follow"));
    assert_false(option_given(&options, "raw"));
}

static void a_value_may_be_attached_in_every_usual_way(void **state)
{
    (void)state;
    char ways[][16] = {"--limit=7", "--limit 7", "-n7", "-fn7", "-n 7", "-fn 7"};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        struct options options;
        struct dln_error err = {0};
        int64_t limit = 0;
        assert_ok(parse(ways[i], &options, &err), err);
        assert_ok(option_whole(&options, "limit", 0, 10, &limit, &err), err);
        assert_int_equal(limit, 7);
    }
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    struct options options;
    struct dln_error err = {0};
    char line[] = "-- --json - -x";
    assert_ok(parse(line, &options, &err), err);
    assert_int_equal(options.n_words, 3);
    assert_string_equal(options.words[0], "--json");
    assert_false(option_given(&options, "json"));
}

static void an_unknown_option_names_the_nearest(void **state)
{
    (void)state;
    struct options options;
    struct dln_error err = {0};
    char word[] = "--limt=3";
    assert_fails(parse(word, &options, &err), err, DLN_USAGE);
    assert_string_equal(err.text, "unknown option '--limt': did you mean '--limit'");
    char letter[] = "-fz";
    assert_fails(parse(letter, &options, &err), err, DLN_USAGE);
    assert_string_equal(err.text, "unknown option '-z' in '-fz'");
}

static void a_missing_or_needless_value_is_refused(void **state)
{
    (void)state;
    struct options options;
    struct dln_error err = {0};
    char missing[] = "--limit";
    assert_fails(parse(missing, &options, &err), err, DLN_USAGE);
    char needless[] = "--json=yes";
    assert_fails(parse(needless, &options, &err), err, DLN_USAGE);
}

static void a_number_out_of_range_or_with_a_tail_is_refused(void **state)
{
    (void)state;
    char bad[][16] = {"--limit=11", "--limit=-1", "--limit=3x", "--limit=", "--limit=1.5"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct options options;
        struct dln_error err = {0};
        int64_t limit = 42;
        assert_ok(parse(bad[i], &options, &err), err);
        assert_fails(option_whole(&options, "limit", 0, 10, &limit, &err), err, DLN_USAGE);
        assert_int_equal(limit, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words_may_be_mixed),
        cmocka_unit_test(a_value_may_be_attached_in_every_usual_way),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(an_unknown_option_names_the_nearest),
        cmocka_unit_test(a_missing_or_needless_value_is_refused),
        cmocka_unit_test(a_number_out_of_range_or_with_a_tail_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
