/* src/exec/config*.c: every format, hostile values, and what is told before the first trial. */
#include <unistd.h>

#include "dialin/exec.h"
#include "support/test.h"

/* ── a study with a template in a folder of its own ────────────────────────────────────────────*/

struct rig {
    char dir[64];
    struct dln_study *study;
    dln_config *config;
};

static void write_to(const struct rig *rig, const char *file, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", rig->dir, file);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    assert_true(fputs(text, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

static const char head[] = "run: p {config}\nobjective: {minimize: loss}\n";

/* `template` NULL: none is written. False: err says why. */
static bool try_open(struct rig *rig, const char *file, const char *template, const char *yaml,
                     struct dln_error *err)
{
    char path[128];
    char text[4096];
    *rig = (struct rig){.dir = "/tmp/dialin-config-XXXXXX"};
    assert_non_null(mkdtemp(rig->dir));
    if (template) write_to(rig, file, template);
    assert_true(snprintf(text, sizeof text, "%s%s", head, yaml) < (int)sizeof text);
    snprintf(path, sizeof path, "%s/study.yaml", rig->dir);
    assert_ok(dln_study_read(path, text, strlen(text), &rig->study, err), *err);
    return dln_config_new(rig->study, &rig->config, err);
}

static void close_rig(struct rig *rig)
{
    char command[128];
    dln_config_free(rig->config);
    dln_study_free(rig->study);
    snprintf(command, sizeof command, "rm -r '%s'", rig->dir);
    assert_int_equal(system(command), 0);
}

static const char *render(struct rig *rig, const double *x, struct dln_strbuf *out)
{
    struct dln_error err = {0};
    const struct dln_run_spec spec = {.study = rig->study,
                                      .x = x,
                                      .number = 17,
                                      .seed = 42,
                                      .run_dir = "/r/17",
                                      .json_path = "/r/17/params.json",
                                      .config_path = "/r/17/config"};
    dln_strbuf_reset(out);
    assert_ok(dln_config_render(rig->config, &spec, out, &err), err);
    return dln_strbuf_text(out);
}

/* Renders one point of a template and compares. */
static void expect(const char *as, const char *template, const char *space, const double *x,
                   const char *expected)
{
    struct rig rig;
    struct dln_error err = {0};
    struct dln_strbuf out = {0};
    char yaml[2048];
    snprintf(yaml, sizeof yaml, "config: {%sas: %s}\n%s", template ? "from: base, " : "", as,
             space);
    assert_ok(try_open(&rig, "base", template, yaml, &err), err);
    assert_string_equal(render(&rig, x, &out), expected);
    dln_strbuf_release(&out);
    close_rig(&rig);
}

static void expect_refusal(const char *as, const char *template, const char *more,
                           const char *sentence)
{
    struct rig rig;
    struct dln_error err = {0};
    char yaml[2048];
    snprintf(yaml, sizeof yaml, "config: {from: base, as: %s}\n%s", as, more);
    assert_false(try_open(&rig, "base", template, yaml, &err));
    if (!strstr(err.text, sentence)) print_error("%s\n", err.text);
    assert_non_null(strstr(err.text, sentence));
    close_rig(&rig);
}

#define SPACE_4                                                                        \
    "space: {opt.lr: {float: [1e-9, 1], log: true}, opt.kind: {choice: [sgd, adam]}, " \
    "layers: {int: [1, 9]}, amp: {flag: true}}\n"
static const double four[] = {1e-5, 1, 3, 1};

/* ── templates ─────────────────────────────────────────────────────────────────────────────────*/

static void yaml_keeps_everything_but_the_values(void **state)
{
    (void)state;
    expect("yaml",
           "# a comment\n"
           "data: \"übung #1\"   # stays\n"
           "opt:\n"
           "    lr:   0.1 # was 0.1\n"
           "    kind: 'sgd'\n"
           "list: [1, 2]\n"
           "layers:\n"
           "amp: false\n"
           "tail: |\n  opt.lr: 3\n",
           SPACE_4, four,
           "# a comment\n"
           "data: \"übung #1\"   # stays\n"
           "opt:\n"
           "    lr:   1.0e-05 # was 0.1\n"
           "    kind: adam\n"
           "list: [1, 2]\n"
           "layers: 3\n"
           "amp: true\n"
           "tail: |\n  opt.lr: 3\n");
    expect("yaml", "{opt: {lr: 1, kind: x}, layers: 2, amp: no, \"ä\": [{}]}\n", SPACE_4, four,
           "{opt: {lr: 1.0e-05, kind: adam}, layers: 3, amp: true, \"ä\": [{}]}\n");
    expect("yaml", "\xEF\xBB\xBFopt.lr: 1\r\nopt.kind: a\r\nlayers: 0\r\namp: 0\r\n", SPACE_4, four,
           "\xEF\xBB\xBFopt.lr: 1.0e-05\r\nopt.kind: adam\r\nlayers: 3\r\namp: true\r\n");
}

static void json_keeps_everything_but_the_values(void **state)
{
    (void)state;
    expect("json",
           "{\n  \"data\": \"a \\\"{b}\\\" , c\",\n  \"opt\" : {\"lr\":0.1,\"kind\": \"sgd\"},\n"
           "  \"layers\": null, \"amp\": [false, {\"x\": []}], \"big\": 12345678901234567\n}\n",
           SPACE_4, four,
           "{\n  \"data\": \"a \\\"{b}\\\" , c\",\n  \"opt\" : {\"lr\":1e-05,\"kind\": \"adam\"},\n"
           "  \"layers\": 3, \"amp\": true, \"big\": 12345678901234567\n}\n");
    expect("json", "{\"a\": [{\"b\\u0041\": 1}, 2]}",
           "space: {a.0.bA: {int: [0, 9]}, a.1: {float: [0, 1]}}\n", (double[]){7, 0.5},
           "{\"a\": [{\"b\\u0041\": 7}, 0.5]}");
}

static void toml_keeps_everything_but_the_values(void **state)
{
    (void)state;
    expect("toml",
           "layers = 2 # how many\n"
           "amp=false\n"
           "text = '''\nopt.lr = 3\n'''\n"
           "list = [ # of lists\n  [1, 2], \"]\",\n]\n"
           "[opt]\n"
           "lr = 0.1\n"
           "'kind' = \"sgd\\\"\"\n"
           "[[other]]\nlr = 1\n",
           SPACE_4, four,
           "layers = 3 # how many\n"
           "amp=true\n"
           "text = '''\nopt.lr = 3\n'''\n"
           "list = [ # of lists\n  [1, 2], \"]\",\n]\n"
           "[opt]\n"
           "lr = 1e-05\n"
           "'kind' = \"adam\"\n"
           "[[other]]\nlr = 1\n");
    expect("toml", "opt = { lr = 1.0, kind = 'a' }\nlayers = 1\namp = true", SPACE_4, four,
           "opt = { lr = 1e-05, kind = \"adam\" }\nlayers = 3\namp = true");
    expect("toml", "[[run]]\nn = 1\n[[run]]\nn = 2\n", "space: {run.1.n: {int: [0, 9]}}\n",
           (double[]){5}, "[[run]]\nn = 1\n[[run]]\nn = 5\n");
}

static void ini_keeps_everything_but_the_values(void **state)
{
    (void)state;
    expect("ini",
           "; first\n"
           "layers = 1\n"
           "amp=\n"
           "[opt]\n"
           "lr : 0.1\n"
           "kind = sgd\n"
           "   and more\n"
           "\n"
           "other = 3\n",
           SPACE_4, four,
           "; first\n"
           "layers = 3\n"
           "amp=true\n"
           "[opt]\n"
           "lr : 1e-05\n"
           "kind = adam\n"
           "\n"
           "other = 3\n");
}

static void text_has_placeholders_as_a_command_has(void **state)
{
    (void)state;
    expect("text", "lr {opt.lr};\nfor (;;) {{ kind({opt.kind}); }\n{layers}{amp} {seed} {trial}\n",
           SPACE_4, four, "lr 1e-05;\nfor (;;) { kind(adam); }\n3True 42 17\n");
}

static void inactive_parameters_leave_what_stands_there(void **state)
{
    (void)state;
    static const char space[] = "space: {a: {choice: [x, y]}, b: {int: [1, 3], when: a == y}}\n";
    const double x[] = {0, (double)NAN};
    expect("yaml", "a: 1\nb: 2\n", space, x, "a: x\nb: 2\n");
    expect("text", "a={a} b={b}.\n", space, x, "a=x b=.\n");
    expect("yaml", NULL, space, x, "\"a\": x\n");
}

static void constants_are_filled_in_where_they_have_a_key(void **state)
{
    (void)state;
    expect("yaml", "epochs: 1\nx: 0\n", "space: {x: {int: [1, 3]}}\nfixed: {epochs: 10, no: 1}\n",
           (double[]){2}, "epochs: 10\nx: 2\n");
}

/* ── from the parameters alone ─────────────────────────────────────────────────────────────────*/

static void without_a_template_the_names_make_the_file(void **state)
{
    (void)state;
    static const char space[] =
        "space: {opt.lr: {float: [0, 1]}, n: {int: [1, 9]}, opt.a.b: {flag: true}}\n"
        "fixed: {name: a b}\n";
    const double x[] = {0.5, 3, 0};
    expect("yaml", NULL, space, x,
           "\"opt\":\n  \"lr\": 0.5\n  \"a\":\n    \"b\": false\n\"n\": 3\n\"name\": \"a b\"\n");
    expect("json", NULL, space, x,
           "{\n  \"opt\": {\n    \"lr\": 0.5,\n    \"a\": {\n      \"b\": false\n    }\n  },\n"
           "  \"n\": 3,\n  \"name\": \"a b\"\n}\n");
    expect("toml", NULL, space, x, "opt.lr = 0.5\nn = 3\nopt.a.b = false\nname = \"a b\"\n");
    expect("ini", NULL, space, x,
           "[opt]\nlr = 0.5\n\n[DEFAULT]\nn = 3\nname = a b\n\n"
           "[opt.a]\nb = false\n");
}

/* ── values ────────────────────────────────────────────────────────────────────────────────────*/

static void hostile_text_is_quoted_in_every_format(void **state)
{
    (void)state;
    static const struct {
        const char *choice, *yaml, *json, *toml;
    } cases[] = {
        {"plain", "plain", "\"plain\"", "\"plain\""},
        {"'yes'", "\"yes\"", "\"yes\"", "\"yes\""},
        {"'1.5'", "\"1.5\"", "\"1.5\"", "\"1.5\""},
        {"'null'", "\"null\"", "\"null\"", "\"null\""},
        {"\"\"", "\"\"", "\"\"", "\"\""},
        {"'a: b # c'", "\"a: b # c\"", "\"a: b # c\"", "\"a: b # c\""},
        {"'}], {'", "\"}], {\"", "\"}], {\"", "\"}], {\""},
        {"\"q\\\"\\\\\"", "\"q\\\"\\\\\"", "\"q\\\"\\\\\"", "\"q\\\"\\\\\""},
        {"\"a\\nb\\t\"", "\"a\\nb\\t\"", "\"a\\nb\\t\"", "\"a\\nb\\t\""},
        {"\"\\u0085\\u2028\"", "\"\\u0085\\u2028\"", "\"\\u0085\\u2028\"", "\"\\u0085\\u2028\""},
        {"ä🚀", "\"ä🚀\"", "\"\\u00e4\\ud83d\\ude80\"", "\"ä🚀\""},
        {"'{x}'", "\"{x}\"", "\"{x}\"", "\"{x}\""},
        {"[1, [a, 0.5]]", "[1, [a, 0.5]]", "[1, [\"a\", 0.5]]", "[1, [\"a\", 0.5]]"},
        {"{k: true}", "{\"k\": true}", "{\"k\": true}", "{\"k\" = true}"},
        {"1e-7", "1.0e-07", "1e-07", "1e-07"},
        {"2e+20", "2.0e+20", "2e+20", "2e+20"},
        {"5.0", "5.0", "5.0", "5.0"},
        {"64", "64", "64", "64"},
        {"true", "true", "true", "true"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char space[256];
        char expected[256];
        const double x[] = {0};
        snprintf(space, sizeof space, "space:\n  x: {choice: [%s, other]}\n", cases[i].choice);
        snprintf(expected, sizeof expected, "{x: %s, y: 2}\n", cases[i].yaml);
        expect("yaml", "{x: 1, y: 2}\n", space, x, expected);
        snprintf(expected, sizeof expected, "{\"x\": %s, \"y\": 2}\n", cases[i].json);
        expect("json", "{\"x\": 1, \"y\": 2}\n", space, x, expected);
        snprintf(expected, sizeof expected, "x = %s # y\n", cases[i].toml);
        expect("toml", "x = 1 # y\n", space, x, expected);
    }
    expect("yaml", "x: 1\n", "space: {x: {choice: [null, a]}}\n", (double[]){0}, "x: null\n");
}

/* ── before the first trial ────────────────────────────────────────────────────────────────────*/

#define SPACE_LR "space: {lr: {float: [0, 1]}}\n"

static void what_does_not_fit_is_told_with_its_place(void **state)
{
    (void)state;
    expect_refusal("yaml", NULL, SPACE_LR,
                   "3:1: the template 'base' of 'config' cannot be read: No such file");
    expect_refusal("yaml", "lrr: 1\nother: 2\n", SPACE_LR,
                   "3:1: parameter 'lr' is no key of 'base', and 'run' does not name it; did you "
                   "mean 'lrr'?");
    expect_refusal("yaml", "a: [1\nb: 2\n", SPACE_LR, "base:2:");
    expect_refusal("yaml", "lr:\n  a: 1\n", SPACE_LR,
                   "base:2:3: 'lr' cannot be replaced: it is a block of lines");
    expect_refusal("yaml", "x: &a 1\nlr: *a\n", SPACE_LR,
                   "base:2:5: 'lr' cannot be replaced: it is an alias");
    expect_refusal("yaml", "lr: &a 1\n", SPACE_LR, "it has an anchor or a tag");
    expect_refusal("yaml", "lr: |\n  a\n", SPACE_LR, "it is a text of several lines");
    expect_refusal("yaml", "a.lr: 1\na: {lr: 2}\n", "space: {a.lr: {float: [0, 1]}}\n",
                   "base:2:9: this key comes twice under the same name");
    expect_refusal("json", "{\"lr\": 1,}", SPACE_LR, "base: ");
    expect_refusal("json", "{\"a\": {\"lr\": 1}}",
                   "space: {a: {choice: [1, 2]}, a.lr: {float: [0, 1]}}\n",
                   "base:1:14: this value is part of another one that is replaced");
    expect_refusal("toml", "lr 1\n", SPACE_LR, "base:1:4: a key needs '=' and a value");
    expect_refusal("toml", "lr = \"a\n", SPACE_LR, "base:1:6: the text is not closed");
    expect_refusal("toml", "lr = [1, 2\n", SPACE_LR, "a bracket is not closed");
    expect_refusal("toml", "lr = 1\n", "space: {lr: {choice: [null, 1]}}\n",
                   "3:1: 'lr' cannot be 'None' in a config file: TOML has no null");
    expect_refusal("toml", "[lr]\na = 1\n", SPACE_LR, "'lr' cannot be replaced: it is a table");
    expect_refusal("ini", "[s\nlr = 1\n", SPACE_LR, "base:1:1: the section is not closed by ']'");
    expect_refusal("ini", "lr = 1\n", "space: {lr: {choice: [\"a\\nb\", c]}}\n",
                   "INI has no way to write a text of several lines");
    expect_refusal("ini", "lr\n", SPACE_LR, "'lr' cannot be replaced: it has no '='");
    expect_refusal("text", "a\nb {rl}\n", SPACE_LR, "base:2:3: '{rl}' is no parameter");
    expect_refusal("text", "b {lr\n", SPACE_LR, "base:1:3: '{' has a brace that is not closed");
    expect_refusal("text", "nothing\n", SPACE_LR,
                   "3:1: parameter 'lr' reaches the program by no way");
    expect_refusal("text", "{lr} {args}\n", SPACE_LR, "base:1:6: '{args}' is for a command line");
}

static void a_parameter_that_run_names_needs_no_key(void **state)
{
    (void)state;
    struct rig rig;
    struct dln_error err = {0};
    struct dln_strbuf out = {0};
    assert_ok(try_open(&rig, "base", "lr: 1\n",
                       "config: {from: base, as: yaml}\nspace: {lr: {int: [0, 9]}}\n", &err),
              err);
    assert_int_equal(dln_config_count(rig.config), 1);
    close_rig(&rig);
    rig = (struct rig){.dir = "/tmp/dialin-config-XXXXXX"};
    static const char text[] = "run: p {config} {other}\nobjective: {minimize: loss}\n"
                               "config: {from: base.toml, as: toml}\n"
                               "space: {lr: {int: [0, 9]}, other: {int: [0, 9]}}\n";
    char path[128];
    assert_non_null(mkdtemp(rig.dir));
    write_to(&rig, "base.toml", "lr = 1\n");
    snprintf(path, sizeof path, "%s/study.yaml", rig.dir);
    assert_ok(dln_study_read(path, text, strlen(text), &rig.study, &err), err);
    assert_ok(dln_config_new(rig.study, &rig.config, &err), err);
    assert_string_equal(render(&rig, (double[]){4, 5}, &out), "lr = 4\n");
    dln_strbuf_release(&out);
    close_rig(&rig);
}

/* Whatever stands in a template, it is refused or filled in, and never read beyond its end. */
static void broken_templates_do_no_harm(void **state)
{
    (void)state;
    static const char *const whole[] = {
        "lr: 1\na: {b: [1, \"x\\n\", 'y'], c: |\n d\n}\n",
        "{\"lr\": 1, \"a\": [\"x\\\\\", {\"b\": null}], \"c\": \"\\\"\"}",
        "lr = 1\na = [1, \"x\\\"\", '''y''', {b = \"\"\"z\"\"\"}]\n[[c.'d']]\ne.f = 1\n",
        "[a]\nlr = 1\n b\n; c\n[b]\n= 1\n",
    };
    static const char *const formats[] = {"yaml", "json", "toml", "ini"};
    for (size_t f = 0; f < 4; f++) {
        const size_t len = strlen(whole[f]);
        for (size_t cut = 0; cut < 2 * len; cut++) { /* cut short, or with one byte changed */
            struct rig rig;
            struct dln_error err = {0};
            char text[256];
            char yaml[128];
            struct dln_strbuf out = {0};
            snprintf(text, sizeof text, "%.*s", (int)(cut < len ? cut : len), whole[f]);
            if (cut >= len) text[cut - len] = "\"[{=\n"[cut % 5];
            snprintf(yaml, sizeof yaml, "config: {from: base, as: %s}\n" SPACE_LR, formats[f]);
            if (try_open(&rig, "base", text, yaml, &err)) {
                (void)render(&rig, (double[]){0.5}, &out);
                assert_true(out.len > 0);
            } else {
                assert_int_equal(err.code, DLN_INVALID);
            }
            dln_strbuf_release(&out);
            close_rig(&rig);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml_keeps_everything_but_the_values),
        cmocka_unit_test(json_keeps_everything_but_the_values),
        cmocka_unit_test(toml_keeps_everything_but_the_values),
        cmocka_unit_test(ini_keeps_everything_but_the_values),
        cmocka_unit_test(text_has_placeholders_as_a_command_has),
        cmocka_unit_test(inactive_parameters_leave_what_stands_there),
        cmocka_unit_test(constants_are_filled_in_where_they_have_a_key),
        cmocka_unit_test(without_a_template_the_names_make_the_file),
        cmocka_unit_test(hostile_text_is_quoted_in_every_format),
        cmocka_unit_test(what_does_not_fit_is_told_with_its_place),
        cmocka_unit_test(a_parameter_that_run_names_needs_no_key),
        cmocka_unit_test(broken_templates_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
