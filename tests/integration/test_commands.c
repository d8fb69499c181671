/* The real program over real files and children, as a shell would run it. */
#include <fcntl.h>
#include <unistd.h>

#include "support/program.h"

/* ── studies ───────────────────────────────────────────────────────────────────────────────────*/

/* (x - 0.3)², printed as a training program would. */
static const char bowl_program[] =
    "echo \"starting\"\n"
    "awk -v x=\"$1\" 'BEGIN { printf \"epoch 1 loss %.9f\\n\", (x - 0.3) ^ 2 }'\n"
    "echo 'some words on standard error' >&2\n";
static const char bowl_study[] = "study: bowl\n"
                                 "run: sh bowl.sh {x} {kind}\n"
                                 "objective: {minimize: loss}\n"
                                 "space:\n"
                                 "  x: {float: [0, 1]}\n"
                                 "  kind: {choice: [a, b]}\n"
                                 "strategy: random\n"
                                 "budget: {trials: 8}\n"
                                 "machine: {parallel: 2}\n"
                                 "seed: 7\n";

static void write_bowl(void)
{
    write_file("bowl.sh", bowl_program);
    write_file("bowl.yaml", bowl_study);
}

/* ── tests ─────────────────────────────────────────────────────────────────────────────────────*/

static void the_program_says_what_it_is(void **state)
{
    (void)state;
    expect("--version", 0, "SQLite 3.");
    expect("--help", 0, "enqueue");
    expect("help trials", 0, "--filter");
    expect("show --help", 0, "Usage: dialin show STUDY");
}

static void mistyped_words_are_answered_with_the_nearest(void **state)
{
    (void)state;
    expect("shwo x.db", 2, "did you mean 'show'");
    expect("trials --fliter x x.db", 2, "did you mean '--filter'");
    expect("show", 2, "dialin show STUDY");
    expect("best a.db b.db", 2, "one word too many");
    expect("best nothing.db", 2, "nothing.db");
    expect("--theme dsk", 2, "no theme 'dsk': did you mean 'dusk'; there are: contrast dusk");
    expect("run --glyphs asci x.yaml", 2, "auto, braille, blocks or ascii: did you mean 'ascii'");
    expect("run --color 16 x.yaml", 2, "'--color 16': must be auto, never, always, 8 or 256");
    expect("attach --them dusk x.db", 2, "did you mean '--theme'");
}

static void a_good_file_is_checked_and_its_command_shown(void **state)
{
    (void)state;
    write_bowl();
    expect("check bowl.yaml", 0, "minimize loss");
    expect("check bowl.yaml", 0, "8 trials");
    expect("check bowl.yaml", 0, "2 at a time");
    expect("check bowl.yaml", 0, "  sh bowl.sh 0.");
    assert_int_not_equal(access("bowl.db", F_OK), 0);
}

static void a_bad_file_is_refused_with_its_place(void **state)
{
    (void)state;
    write_file("bad.yaml", "study: bad\nrun: sh x.sh {x}\nobjective: {minimize: loss}\n"
                           "space:\n  x: {float: [1, 0]}\n");
    expect("check bad.yaml", 2, "bad.yaml:5:");
    expect("run bad.yaml --headless", 2, "bad.yaml:5:");
    write_file("word.yaml", "study: bad\nrun: sh x.sh {x}\nobjectiv: {minimize: loss}\n"
                            "space:\n  x: {float: [0, 1]}\n");
    expect("check word.yaml", 2, "objective");
    write_file("unused.yaml", "study: bad\nrun: sh x.sh {y}\nobjective: {minimize: loss}\n"
                              "space:\n  x: {float: [0, 1]}\n");
    expect("check unused.yaml", 2, "unused.yaml");
}

static void a_headless_run_ends_with_the_best_setting(void **state)
{
    (void)state;
    write_bowl();
    expect("run bowl.yaml --headless", 0, "bowl: best loss ");
    json_t *const list = json_of("ls --json bowl.db");
    const json_t *const study = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(study, "study")), "bowl");
    assert_string_equal(json_string_value(json_object_get(study, "state")), "done");
    assert_int_equal(int_at(json_object_get(study, "counts"), "COMPLETE"), 8);
    assert_int_equal(int_at(study, "trials"), 8);

    json_t *const shown = json_of("trials bowl.yaml --json --sort loss");
    const json_t *const trials = json_object_get(shown, "trials");
    assert_int_equal(json_array_size(trials), 8);
    double last = -1;
    for (size_t i = 0; i < 8; i++) {
        const json_t *const trial = json_array_get(trials, i);
        const double x = json_number_value(json_object_get(json_object_get(trial, "params"), "x"));
        const double loss =
            json_number_value(json_object_get(json_object_get(trial, "values"), "loss"));
        assert_close(loss, (x - 0.3) * (x - 0.3), 1e-8, 0);
        assert_true(loss >= last);
        last = loss;
    }
    json_t *const best = json_of("best bowl.db --json");
    const json_t *const first = json_array_get(json_object_get(best, "trials"), 0);
    assert_int_equal(int_at(first, "number"), int_at(json_array_get(trials, 0), "number"));
    json_decref(best);
    json_decref(shown);
    json_decref(list);
    /* a finished study is not run again, and a second start is no failure */
    expect("run bowl.yaml --headless", 0, "8 of 8 trials");
}

static void trials_are_filtered_sorted_and_cut(void **state)
{
    (void)state;
    write_bowl();
    expect("run bowl.yaml --headless", 0, "best loss");
    json_t *const shown = json_of("trials bowl.db --json --filter 'kind == a and x < 2' --sort -x");
    const json_t *const trials = json_object_get(shown, "trials");
    double last = 2;
    assert_true(json_array_size(trials) > 0 && json_array_size(trials) < 8);
    for (size_t i = 0; i < json_array_size(trials); i++) {
        const json_t *const params = json_object_get(json_array_get(trials, i), "params");
        assert_string_equal(json_string_value(json_object_get(params, "kind")), "a");
        const double x = json_number_value(json_object_get(params, "x"));
        assert_true(x < last);
        last = x;
    }
    json_decref(shown);
    struct result csv = dialin("trials bowl.db --csv --columns number,kind,loss --limit 2");
    assert_int_equal(csv.status, 0);
    assert_memory_equal(csv.out, "number,kind,loss\r\n0,", 20);
    size_t lines = 0;
    for (const char *p = csv.out; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 3);
    forget(&csv);
    expect("trials bowl.db --state err", 0, "number  state");
    expect("trials bowl.db --state okay", 2, "none of run, ok, cut, err, wait");
    expect("trials bowl.db --columns numbr", 2, "did you mean 'number'");
    expect("trials bowl.db --filter 'los < 1'", 2, "did you mean 'loss'");
    expect("trials bowl.db --filter 'loss <'", 2, "--filter, column");
}

static void logs_and_commands_of_a_trial_are_at_hand(void **state)
{
    (void)state;
    write_bowl();
    expect("run bowl.yaml --headless", 0, "best loss");
    expect("logs bowl.db 3", 0, "starting\nepoch 1 loss 0.");
    expect("logs bowl.db '#3' --stderr", 0, "some words on standard error");
    expect("logs bowl.db 3 --lines 1 --follow", 0, "epoch 1 loss 0.");
    expect("logs bowl.db 99", 2, "99");
    expect("logs bowl.db first", 2, "no trial number");

    json_t *const command = json_of("cmd bowl.db 3 --json");
    const char *const line = json_string_value(json_object_get(command, "command"));
    FILE *const pasted = fopen("pasted.sh", "w");
    assert_non_null(pasted);
    fprintf(pasted, "%s\n", line);
    assert_int_equal(fclose(pasted), 0);
    json_decref(command);
    const pid_t pid = fork();
    if (pid == 0) {
        const int to = open("pasted.txt", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (dup2(to, 1) < 0 || dup2(to, 2) < 0) _exit(99);
        execlp("sh", "sh", "pasted.sh", (char *)NULL);
        _exit(98);
    }
    assert_int_equal(wait_for(pid), 0);
    struct result log = dialin("logs bowl.db 3");
    char *const again = read_all("pasted.txt");
    assert_memory_equal(again, log.out, strlen(log.out)); /* the same lines come out again */
    free(again);
    forget(&log);
}

static void a_study_where_everything_fails_has_status_1(void **state)
{
    (void)state;
    write_file("fail.yaml", "study: fail\nrun: sh -c 'echo broken >&2; exit 3' sh {x}\n"
                            "objective: {minimize: loss}\nspace:\n  x: {float: [0, 1]}\n"
                            "strategy: random\nbudget: {trials: 3}\nfailure: {retry: 0}\n");
    expect("run fail.yaml --headless", 1, "exit 3");
    expect("trials fail.db --filter 'reason == exit' --columns number,detail", 0, "exit 3");
    write_file("none.yaml", "study: none\nrun: ./no-such-program {x}\n"
                            "objective: {minimize: loss}\nspace:\n  x: {float: [0, 1]}\n"
                            "strategy: random\nbudget: {trials: 3}\n");
    expect("run none.yaml --headless", 1, "no-such-program");
}

/* No control character but line feeds, no C1, no bidi override. */
static void assert_harmless(const char *text)
{
    for (const char *p = text; *p; p++) {
        const unsigned char c = (unsigned char)*p;
        assert_true(c == '\n' || (c >= 0x20 && c != 0x7f));
    }
    assert_null(strstr(text, "\xc2\x9b"));
    assert_null(strstr(text, "\xe2\x80\xae"));
}

static void escape_sequences_never_reach_a_reader(void **state)
{
    (void)state;
    write_file("evil.sh", "printf 'a\\033]0;owned\\007b\\302\\233c\\342\\200\\256d\\n'\n"
                          "printf '\\033[2Jloss=1\\n'\n");
    write_file("evil.yaml", "study: evil\nrun: [sh, evil.sh, '{x}']\n"
                            "objective: {minimize: loss}\n"
                            "space:\n  x: {choice: [\"\\e[31mred\", \"\\u202Eodd\"]}\n"
                            "strategy: random\nbudget: {trials: 2}\nseed: 1\n");
    static const char *const lines[] = {
        "run evil.yaml --headless", "trials evil.db",        "best evil.db",
        "logs evil.db 0",           "cmd evil.db 0",         "ls",
        "check evil.yaml",          "trials evil.db --json",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct result result = dialin(lines[i]);
        assert_int_equal(result.status, 0);
        assert_true(strlen(result.out) > 0);
        assert_harmless(result.out);
        assert_harmless(result.err);
        forget(&result);
    }
    struct result raw = dialin("logs evil.db 0 --raw");
    assert_non_null(strstr(raw.out, "\033]0;owned\007"));
    forget(&raw);
}

static void files_that_are_no_studies_are_named_and_never_changed(void **state)
{
    (void)state;
    write_file("garbage.db", "this is no database at all, but long enough to look like one "
                             "to somebody who reads only the first bytes of a file");
    write_bowl();
    expect("run bowl.yaml --headless", 0, "best loss");
    struct result result = dialin("ls");
    assert_int_equal(result.status, 0);
    assert_non_null(strstr(result.err, "garbage.db"));
    assert_non_null(strstr(result.out, "bowl"));
    forget(&result);
    expect("show garbage.db", 4, "garbage.db");
    expect("show .", 2, "folder");
    expect("trials bowl.db --study other", 2, "other");
    char *const still = read_all("garbage.db");
    assert_memory_equal(still, "this is no database", 19);
    free(still);
}

static void a_study_of_optuna_is_looked_at_and_never_changed(void **state)
{
    (void)state;
    struct dln_strbuf copy = {0};
    FILE *const from = fopen(TEST_DATA "/optuna/conditional-490.db", "r");
    assert_non_null(from);
    char bytes[4096];
    size_t n;
    while ((n = fread(bytes, 1, sizeof bytes, from)) > 0)
        dln_strbuf_add_len(&copy, bytes, n);
    fclose(from);
    FILE *const to = fopen("foreign.db", "w");
    assert_non_null(to);
    assert_int_equal(fwrite(copy.data, 1, copy.len, to), copy.len);
    assert_int_equal(fclose(to), 0);
    expect("ls foreign.db", 0, "conditional");
    expect("best foreign.db", 0, "0.3125");
    expect("trials foreign.db --filter 'model == svm'", 0, "svm");
    expect("watch foreign.db", 0, "40 trials");
    expect("cmd foreign.db 0", 2, "no command");
    expect("logs foreign.db 0", 2, "dialin did not run it");
    expect("show " TEST_DATA "/optuna/samplers-490.db", 2, "--study NAME");
    expect("trials " TEST_DATA "/optuna/samplers-490.db --study cmaes", 0, "number");
    FILE *const again = fopen("foreign.db", "r");
    assert_non_null(again);
    size_t at = 0;
    while ((n = fread(bytes, 1, sizeof bytes, again)) > 0) {
        assert_true(at + n <= copy.len);
        assert_memory_equal(bytes, copy.data + at, n);
        at += n;
    }
    fclose(again);
    assert_int_equal(at, copy.len);
    dln_strbuf_release(&copy);
}

static void what_needs_a_terminal_says_so_without_one(void **state)
{
    (void)state;
    write_bowl();
    expect("run bowl.yaml --headless", 0, "best loss");
    expect("attach bowl.db", 2, "needs a terminal");
    expect("view bowl.db", 2, "dialin watch bowl.db");
    expect("bowl.db", 0, "8 of 8 trials"); /* lines instead */
}

static void a_changed_study_file_is_applied_at_the_next_start(void **state)
{
    (void)state;
    write_bowl();
    expect("run bowl.yaml --headless", 0, "made bowl.db");
    struct dln_strbuf text = {0};
    dln_strbuf_add(&text, bowl_study);
    dln_strbuf_cut(&text, (size_t)(strstr(text.data, "budget:") - text.data));
    dln_strbuf_add(&text, "budget: {trials: 11}\nmachine: {parallel: 2}\nseed: 7\n");
    write_file("bowl.yaml", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
    expect("run bowl.yaml --headless", 0, "with the changed study file");
    json_t *const list = json_of("ls bowl.db --json");
    assert_int_equal(int_at(json_array_get(list, 0), "trials"), 11);
    json_decref(list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_program_says_what_it_is),
        TEST(mistyped_words_are_answered_with_the_nearest),
        TEST(a_good_file_is_checked_and_its_command_shown),
        TEST(a_bad_file_is_refused_with_its_place),
        TEST(a_headless_run_ends_with_the_best_setting),
        TEST(trials_are_filtered_sorted_and_cut),
        TEST(logs_and_commands_of_a_trial_are_at_hand),
        TEST(a_study_where_everything_fails_has_status_1),
        TEST(escape_sequences_never_reach_a_reader),
        TEST(files_that_are_no_studies_are_named_and_never_changed),
        TEST(a_study_of_optuna_is_looked_at_and_never_changed),
        TEST(what_needs_a_terminal_says_so_without_one),
        TEST(a_changed_study_file_is_applied_at_the_next_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
