/* `dialin doctor` on a machine that was arranged: limits, terminals, folders. */
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/program.h"

/* The state of one check, as --json tells it; the caller releases the whole. */
static const char *state_of(const json_t *told, const char *name)
{
    size_t i;
    json_t *check;
    json_array_foreach(json_object_get(told, "checks"), i, check)
    {
        const char *its_name = json_string_value(json_object_get(check, "name"));
        if (its_name && strcmp(its_name, name) == 0)
            return json_string_value(json_object_get(check, "state"));
    }
    fail_msg("there is no check '%s'", name);
    return "";
}

static void assert_state(const char *name, const char *expected, int status)
{
    struct result result = dialin("doctor --json");
    struct dln_error err = {0};
    json_t *told = NULL;
    assert_ok(dln_json_read(result.out, strlen(result.out), &told, &err), err);
    assert_string_equal(state_of(told, name), expected);
    if (status >= 0) assert_int_equal(result.status, status);
    assert_int_equal(result.status, int_at(told, "hurts") > 0);
    json_decref(told);
    forget(&result);
}

static void use_terminal(const char *term)
{
    assert_int_equal(term ? setenv("TERM", term, 1) : unsetenv("TERM"), 0);
}

static void the_terminal_is_judged_by_its_description(void **state)
{
    (void)state;
    use_terminal("xterm");
    assert_state("terminal", "ok", -1);
    use_terminal("no-such-terminal");
    assert_state("terminal", "hurts", 1);
    expect("doctor", 1, "-> export TERM=xterm-256color");
    use_terminal(NULL);
    assert_state("terminal", "note", -1);
    use_terminal("xterm");
}

/* Lowers a limit for the program alone. */
static void with_limit(__rlimit_resource_t what, rlim_t value, const char *words)
{
    struct rlimit before;
    assert_int_equal(getrlimit(what, &before), 0);
    const struct rlimit narrow = {value, before.rlim_max};
    assert_int_equal(setrlimit(what, &narrow), 0);
    struct result result = dialin("doctor");
    assert_int_equal(setrlimit(what, &before), 0);
    if (!strstr(result.out, words)) fail_msg("'%s' is not in: %s", words, result.out);
    assert_int_equal(result.status, 1);
    forget(&result);
}

static void narrow_limits_are_told(void **state)
{
    (void)state;
    with_limit(RLIMIT_CPU, 60, "after 60 s of CPU time");
    with_limit(RLIMIT_FSIZE, 1000000, "no file may grow beyond");
}

static void a_folder_of_locks_that_others_may_write_is_told(void **state)
{
    (void)state;
    char here[512];
    char runtime[600];
    const char *const before = getenv("XDG_RUNTIME_DIR");
    char *const kept = before ? strdup(before) : NULL;
    assert_non_null(getcwd(here, sizeof here));
    (void)snprintf(runtime, sizeof runtime, "%s/run", here);
    assert_int_equal(mkdir("run", 0700) + mkdir("run/dialin", 0700), 0);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", runtime, 1), 0);
    assert_state("locks", "ok", -1);
    assert_int_equal(chmod("run/dialin", 0777), 0);
    assert_state("locks", "hurts", 1);
    assert_int_equal(kept ? setenv("XDG_RUNTIME_DIR", kept, 1) : unsetenv("XDG_RUNTIME_DIR"), 0);
    free(kept);
}

static void assert_says(const char *line, const char *words)
{
    struct result result = dialin(line);
    if (!strstr(result.out, words)) fail_msg("'%s' is not in: %s", words, result.out);
    forget(&result);
}

static void the_folder_of_a_study_is_the_one_that_counts(void **state)
{
    (void)state;
    assert_int_equal(mkdir("studies", 0755), 0);
    write_file("studies/a.yaml", "");
    assert_says("doctor studies/a.yaml", "'studies' can be written");
    assert_says("doctor studies", "'studies' can be written");
    expect("doctor nothing.yaml", 2, "there is no file 'nothing.yaml'");
}

static void the_release_of_sqlite_is_named(void **state)
{
    (void)state;
    struct result version = dialin("--version");
    const char *name = strstr(version.out, "SQLite ");
    assert_non_null(name);
    const bool is_affected = strstr(version.out, "can damage") != NULL;
    assert_state("SQLite", is_affected ? "note" : "ok", -1);
    forget(&version);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(the_terminal_is_judged_by_its_description),
        TEST(narrow_limits_are_told),
        TEST(a_folder_of_locks_that_others_may_write_is_told),
        TEST(the_folder_of_a_study_is_the_one_that_counts),
        TEST(the_release_of_sqlite_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
