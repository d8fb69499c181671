#include "dialin/exec.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/rng.h"
#include "support/test.h"

static const struct dln_scalar optimizers[] = {{.kind = DLN_SCALAR_TEXT, .text = "sgd"},
                                               {.kind = DLN_SCALAR_TEXT, .text = "adam w"},
                                               {.kind = DLN_SCALAR_TEXT, .text = "{lr}"}};
static const struct dln_scalar norms[] = {{.kind = DLN_SCALAR_NULL, .text = "None"},
                                          {.kind = DLN_SCALAR_TEXT, .text = "batch"}};
static const struct dln_scalar truths[] = {
    {.kind = DLN_SCALAR_BOOL, .text = "False"},
    {.kind = DLN_SCALAR_BOOL, .truth = true, .number = 1, .text = "True"}};
static struct dln_param params[] = {
    {.name = "lr", .kind = DLN_PARAM_FLOAT, .low = 0, .high = 1},
    {.name = "layers", .kind = DLN_PARAM_INT, .low = 1, .high = 8, .step = 1},
    {.name = "opt", .kind = DLN_PARAM_CHOICE, .high = 2, .choices = optimizers, .n_choices = 3},
    {.name = "norm", .kind = DLN_PARAM_CHOICE, .high = 1, .choices = norms, .n_choices = 2},
    {.name = "amp", .kind = DLN_PARAM_FLAG, .high = 1, .choices = truths, .n_choices = 2},
};
static struct dln_named_scalar fixed[] = {
    {.name = "epochs", .value = {.kind = DLN_SCALAR_INT, .number = 10, .text = "10"}}};

static struct dln_study study_of(void)
{
    return (struct dln_study){.name = "study",
                              .directory = "/srv",
                              .space = {.n = 5, .params = params},
                              .n_fixed = 1,
                              .fixed = fixed,
                              .machine = {.gpus = -1}};
}

static const double everything[] = {1e-5, 3, 1, 1, 1};

#define WORDS(...)                                                                    \
    (&(struct dln_words){.n = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), \
                         .word = (const char *[]){__VA_ARGS__},                       \
                         .line = 2,                                                   \
                         .column = 6})

/* The filled command, its words between bars. */
static void expect(const struct dln_words *words, const double *x, const char *expected)
{
    const struct dln_study study = study_of();
    const struct dln_run_spec spec = {.study = &study,
                                      .x = x,
                                      .number = 17,
                                      .seed = 18446744073709551615U,
                                      .gpus = "4,5",
                                      .run_dir = "/r/17",
                                      .json_path = "/r/17/params.json"};
    struct dln_arena arena = {0};
    char **argv;
    struct dln_error err;
    assert_ok(dln_argv_fill(words, &spec, &arena, &argv, &err), err);
    char text[1024] = "|";
    size_t len = 1;
    for (size_t i = 0; argv[i]; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%s|", argv[i]);
    }
    assert_string_equal(text, expected);
    dln_arena_release(&arena);
}

static void placeholders_are_filled(void **state)
{
    (void)state;
    expect(WORDS("./p", "--lr={lr}", "{layers}", "x{opt}y{amp}"), everything,
           "|./p|--lr=1e-05|3|xadam wyTrue|");
    expect(WORDS("p", "{trial}", "{seed}", "{dir}/a", "{json}", "{fold}", "{gpu}", "{epochs}"),
           everything, "|p|17|18446744073709551615|/r/17/a|/r/17/params.json|0|4,5|10|");
    expect(WORDS("p", "{{\"a\": {lr}}", "{{{{"), everything, "|p|{\"a\": 1e-05}|{{|");
    expect(WORDS("p", "{ckpt}", "--resume", "{resume}"), everything, "|p|/r/17/checkpoint|");
}

static void a_checkpoint_is_resumed_by_a_later_run_only(void **state)
{
    (void)state;
    struct dln_study study = study_of();
    char root[] = "/tmp/dialin-ckpt-XXXXXX";
    assert_non_null(mkdtemp(root));
    study.checkpoint = root;
    struct dln_run_spec spec = {
        .study = &study, .x = everything, .number = 17, .run_dir = "/r", .json_path = "/r/p.json"};
    const struct dln_words *words = WORDS("p", "{ckpt}", "--from", "{resume}");
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    char path[64];
    char **argv;
    (void)snprintf(path, sizeof path, "%s/000017", root);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    for (spec.attempt = 1; spec.attempt <= 2; spec.attempt++) {
        assert_ok(dln_argv_fill(words, &spec, &arena, &argv, &err), err);
        assert_string_equal(argv[1], path);
        if (spec.attempt == 1) assert_null(argv[2]);
        if (spec.attempt == 2) assert_string_equal(argv[3], path);
    }
    assert_int_equal(unlink(path), 0);
    assert_ok(dln_argv_fill(words, &spec, &arena, &argv, &err), err);
    assert_null(argv[2]);
    assert_int_equal(rmdir(root), 0);
    dln_arena_release(&arena);
}

static void a_value_is_never_read_again(void **state)
{
    (void)state;
    const double x[] = {0.5, 3, 2, 1, 1};
    expect(WORDS("p", "{opt}", "--{opt}"), x, "|p|{lr}|--{lr}|");
}

static void args_are_what_has_no_place_of_its_own(void **state)
{
    (void)state;
    expect(WORDS("p", "{args}"), everything,
           "|p|--lr=1e-05|--layers=3|--opt=adam w|--norm=batch|--amp|--epochs=10|");
    expect(WORDS("p", "--rate", "{lr}", "{args}", "{epochs}"), everything,
           "|p|--rate|1e-05|--layers=3|--opt=adam w|--norm=batch|--amp|10|");
    expect(WORDS("p", "{args:--k v}", "{epochs}"), everything,
           "|p|--lr|1e-05|--layers|3|--opt|adam w|--norm|batch|--amp|10|");
    expect(WORDS("p", "{args:k=v}"), everything,
           "|p|lr=1e-05|layers=3|opt=adam w|norm=batch|amp=True|epochs=10|");
    expect(WORDS("p", "{args:++k=v}"), everything,
           "|p|++lr=1e-05|++layers=3|++opt=adam w|++norm=batch|++amp=True|++epochs=10|");
    const double other[] = {0.25, NAN, 0, 0, 0};
    expect(WORDS("p", "{args}"), other, "|p|--lr=0.25|--opt=sgd|--epochs=10|");
}

static void an_inactive_parameter_takes_its_option_word_with_it(void **state)
{
    (void)state;
    const double x[] = {0.25, NAN, NAN, 0, 0};
    expect(WORDS("p", "--layers", "{layers}", "-v", "--opt={opt}", "rest"), x, "|p|-v|rest|");
    expect(WORDS("p", "--size", "{layers}x{lr}", "{opt}"), x, "|p|");
    expect(WORDS("p", "sub", "{layers}", "--lr=1", "{opt}"), x, "|p|sub|--lr=1|");
    expect(WORDS("p", "--norm", "{norm}"), x, "|p|--norm|None|");
}

static void a_command_without_a_program_is_refused(void **state)
{
    (void)state;
    const struct dln_study study = study_of();
    const double x[] = {0.25, NAN, NAN, 0, 0};
    const struct dln_run_spec spec = {
        .study = &study, .x = x, .run_dir = "/r", .json_path = "/r/p.json"};
    struct dln_arena arena = {0};
    char **argv;
    struct dln_error err;
    assert_fails(dln_argv_fill(WORDS("{opt}"), &spec, &arena, &argv, &err), err, DLN_INVALID);
    assert_non_null(strstr(err.text, "2:6: "));
    dln_arena_release(&arena);
}

static void every_value_arrives_as_it_is(void **state)
{
    (void)state;
    struct dln_rng rng;
    dln_rng_init(&rng, 7);
    for (int round = 0; round < 2000; round++) {
        char value[64];
        const size_t len = dln_rng_below(&rng, sizeof value - 1);
        for (size_t i = 0; i < len; i++)
            value[i] = (char)(1 + dln_rng_below(&rng, 255));
        value[len] = '\0';
        const struct dln_scalar choice = {.kind = DLN_SCALAR_TEXT, .text = value};
        struct dln_param param = {
            .name = "v", .kind = DLN_PARAM_CHOICE, .choices = &choice, .n_choices = 1};
        const struct dln_study study = {.space = {.n = 1, .params = &param}, .directory = "/"};
        const double x = 0;
        const struct dln_run_spec spec = {
            .study = &study, .x = &x, .run_dir = "/r", .json_path = "/r/p.json"};
        struct dln_arena arena = {0};
        char **argv;
        struct dln_error err;
        assert_ok(dln_argv_fill(WORDS("p", "{v}", "a{v}b", "{args}"), &spec, &arena, &argv, &err),
                  err);
        assert_string_equal(argv[1], value);
        assert_memory_equal(argv[2] + 1, value, len);
        assert_int_equal(strlen(argv[2]), len + 2);
        assert_null(argv[3]);
        dln_arena_release(&arena);
    }
}

/* ── checks at load ────────────────────────────────────────────────────────────────────────────*/

static void expect_refusal(const struct dln_words *words, const char *sentence)
{
    struct dln_study study = study_of();
    study.run = *words;
    struct dln_error err;
    assert_fails(dln_argv_check(&study, &err), err, DLN_INVALID);
    assert_memory_equal(err.text, "2:6: ", 5);
    if (!strstr(err.text, sentence)) {
        print_error("'%s' does not say '%s'\n", err.text, sentence);
        fail();
    }
}

static void expect_acceptance(const struct dln_words *words)
{
    struct dln_study study = study_of();
    study.run = *words;
    struct dln_error err;
    assert_ok(dln_argv_check(&study, &err), err);
}

static void unknown_placeholders_are_told_with_the_nearest_word(void **state)
{
    (void)state;
    expect_refusal(WORDS("p", "{layer}", "{args}"), "did you mean '{layers}'?");
    expect_refusal(WORDS("p", "{trail}", "{args}"), "did you mean '{trial}'?");
    expect_refusal(WORDS("p", "{\"a\": 1}", "{args}"), "a brace is written '{{'");
    expect_refusal(WORDS("p", "{args", "{json}"), "is not closed");
    expect_refusal(WORDS("p", "{args:-k:v}"), "{args:--k v}");
    expect_refusal(WORDS("p", "x={args}"), "a word of its own");
    expect_refusal(WORDS("p", "{config}"), "needs the key 'config'");
    expect_refusal(WORDS("p", "{budget}", "{args}"), "needs a pruner");
}

static void parameters_that_do_not_arrive_are_told(void **state)
{
    (void)state;
    expect_refusal(WORDS("p", "{lr}", "{layers}", "{opt}", "{norm}"),
                   "parameter 'amp' reaches the program by no way");
    expect_acceptance(WORDS("p", "{lr}", "{layers}", "{opt}", "{norm}", "{amp}"));
    expect_acceptance(WORDS("p", "{lr}", "{args}"));
    expect_acceptance(WORDS("p", "{lr}", "{json}"));
    expect_acceptance(WORDS("p", "--seed", "{seed}")); /* through DIALIN_PARAMS */
    expect_acceptance(&(struct dln_words){0});
}

/* ── quoting ───────────────────────────────────────────────────────────────────────────────────*/

static void a_quoted_command_can_be_pasted(void **state)
{
    (void)state;
    char *const argv[] = {
        (char[]){"a=b"},  (char[]){"--lr=1e-05"}, (char[]){""},    (char[]){"two words"},
        (char[]){"it's"}, (char[]){"$x;*"},       (char[]){"x=y"}, NULL};
    struct dln_strbuf text = {0};
    dln_argv_quote(argv, &text);
    assert_string_equal(dln_strbuf_text(&text),
                        "'a=b' --lr=1e-05 '' 'two words' 'it'\\''s' '$x;*' x=y");
    dln_strbuf_release(&text);
}

/* ── environment ───────────────────────────────────────────────────────────────────────────────*/

static const char *find_setting(char *const *envp, const char *name)
{
    const char *found = NULL;
    const size_t len = strlen(name);
    for (; *envp; envp++) {
        if (strncmp(*envp, name, len) != 0 || (*envp)[len] != '=') continue;
        assert_null(found); /* once only */
        found = *envp + len + 1;
    }
    return found;
}

static void the_environment_is_the_parents_ours_and_the_studys(void **state)
{
    (void)state;
    assert_int_equal(setenv("DIALIN_TRIAL", "3", 1), 0);
    assert_int_equal(setenv("DIALIN_OTHER", "3", 1), 0);
    assert_int_equal(setenv("TEST_KEPT", "kept", 1), 0);
    assert_int_equal(setenv("TEST_GONE", "here", 1), 0);
    assert_int_equal(unsetenv("PYTHONUNBUFFERED"), 0);
    assert_int_equal(unsetenv("CUDA_VISIBLE_DEVICES"), 0);
    static struct dln_named_scalar env[] = {
        {.name = "TEST_SET", .value = {.kind = DLN_SCALAR_TEXT, .text = "a=b c"}},
        {.name = "TEST_GONE", .value = {.kind = DLN_SCALAR_NULL, .text = "None"}},
        {.name = "OMP_NUM_THREADS", .value = {.kind = DLN_SCALAR_INT, .text = "7"}}};
    struct dln_study study = study_of();
    study.env = env;
    study.n_env = 3;
    study.machine.cpus_per_trial = 4;
    const struct dln_run_spec spec = {.study = &study,
                                      .x = everything,
                                      .number = 17,
                                      .seed = 99,
                                      .gpus = "2,3",
                                      .run_dir = "/r/17",
                                      .json_path = "/r/17/params.json"};
    struct dln_arena arena = {0};
    char **envp;
    struct dln_error err;
    assert_ok(dln_env_fill(&spec, &arena, &envp, &err), err);
    assert_string_equal(find_setting(envp, "DIALIN_TRIAL"), "17");
    assert_string_equal(find_setting(envp, "DIALIN_RUN"), "/r/17");
    assert_string_equal(find_setting(envp, "DIALIN_DIR"), "/r/17");
    assert_string_equal(find_setting(envp, "DIALIN_SEED"), "99");
    assert_string_equal(find_setting(envp, "DIALIN_FOLD"), "0");
    assert_string_equal(find_setting(envp, "DIALIN_PARAMS"), "/r/17/params.json");
    assert_string_equal(find_setting(envp, "DIALIN_METRICS"), "/r/17/metrics.jsonl");
    assert_string_equal(find_setting(envp, "DIALIN_PARAM_LR"), "1e-05");
    assert_null(find_setting(envp, "DIALIN_OTHER"));
    assert_string_equal(find_setting(envp, "TEST_KEPT"), "kept");
    assert_string_equal(find_setting(envp, "TEST_SET"), "a=b c");
    assert_null(find_setting(envp, "TEST_GONE"));
    assert_string_equal(find_setting(envp, "OMP_NUM_THREADS"), "7");
    assert_string_equal(find_setting(envp, "PYTHONUNBUFFERED"), "1");
    assert_string_equal(find_setting(envp, "CUDA_VISIBLE_DEVICES"), "2,3");

    assert_int_equal(setenv("PYTHONUNBUFFERED", "", 1), 0);
    assert_ok(dln_env_fill(&spec, &arena, &envp, &err), err);
    assert_string_equal(find_setting(envp, "PYTHONUNBUFFERED"), "");
    dln_arena_release(&arena);
}

/* ── folders ───────────────────────────────────────────────────────────────────────────────────*/

static void a_run_gets_a_folder_beside_its_study(void **state)
{
    (void)state;
    char root[] = "/tmp/dialin-rundir-XXXXXX";
    assert_non_null(mkdtemp(root));
    struct dln_study study = study_of();
    study.directory = root;
    study.name = "ml/p";
    struct dln_arena arena = {0};
    struct dln_error err;
    const char *dir;
    char expected[128];
    assert_ok(dln_run_dir_make(&study, 17, &arena, &dir, &err), err);
    (void)snprintf(expected, sizeof expected, "%s/ml_p.runs/000017", root);
    assert_string_equal(dir, expected);
    assert_ok(dln_run_dir_make(&study, 17, &arena, &dir, &err), err); /* again, for a retry */

    assert_ok(dln_run_dir_write(dir, "cmd", "one", 3, &err), err);
    assert_ok(dln_run_dir_write(dir, "cmd", "second", 6, &err), err);
    char path[160];
    (void)snprintf(path, sizeof path, "%s/cmd", dir);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, 6);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0); /* nothing else was left in it */

    FILE *file = fopen(dir, "w");
    assert_non_null(file);
    (void)fclose(file);
    assert_fails(dln_run_dir_make(&study, 17, &arena, &dir, &err), err, DLN_IO);
    assert_int_equal(unlink(expected), 0);

    study.dir = "deep/er";
    assert_ok(dln_run_dir_make(&study, 1234567, &arena, &dir, &err), err);
    (void)snprintf(expected, sizeof expected, "%s/deep/er/1234567", root);
    assert_string_equal(dir, expected);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rmdir(expected), 0);
        *strrchr(expected, '/') = '\0';
    }
    (void)snprintf(expected, sizeof expected, "%s/ml_p.runs", root);
    assert_int_equal(rmdir(expected), 0);
    assert_int_equal(rmdir(root), 0);
    dln_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_are_filled),
        cmocka_unit_test(a_checkpoint_is_resumed_by_a_later_run_only),
        cmocka_unit_test(a_value_is_never_read_again),
        cmocka_unit_test(args_are_what_has_no_place_of_its_own),
        cmocka_unit_test(an_inactive_parameter_takes_its_option_word_with_it),
        cmocka_unit_test(a_command_without_a_program_is_refused),
        cmocka_unit_test(every_value_arrives_as_it_is),
        cmocka_unit_test(unknown_placeholders_are_told_with_the_nearest_word),
        cmocka_unit_test(parameters_that_do_not_arrive_are_told),
        cmocka_unit_test(a_quoted_command_can_be_pasted),
        cmocka_unit_test(the_environment_is_the_parents_ours_and_the_studys),
        cmocka_unit_test(a_run_gets_a_folder_beside_its_study),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
