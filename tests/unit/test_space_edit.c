/* Definitions of a study file's space, replaced where they stand. */
#include "dialin/space_edit.h"
#include "support/test.h"

static const char file[] = "# my study\n"
                           "study: demo   # its name\n"
                           "run: python train.py {args}\n"
                           "objective: {minimize: loss}\n"
                           "space:\n"
                           "  # the most important one\n"
                           "  lr:  {float: [1e-5, 1e-1], log: true}   # from a paper\n"
                           "  \"größe\": {int: [1, 8]}\n"
                           "  opt:\n"
                           "    choice: [sgd, adamw]  # both\n"
                           "  # only for sgd\n"
                           "  mom: {float: [0.8, 0.99], when: opt == sgd}\n"
                           "strategy: random\n"
                           "start: [{lr: 1e-5}]\n";

static char *edited(const char *text, size_t n, const struct dln_space_edit *edits)
{
    struct dln_strbuf out = {0};
    struct dln_error err = {0};
    char *taken = NULL;
    assert_ok(dln_space_edit_text(text, strlen(text), n, edits, &out, &err), err);
    assert_ok(dln_strbuf_take(&out, &taken, &err), err);
    return taken;
}

static void says(const char *text, const char *line)
{
    if (!strstr(text, line)) fail_msg("no '%s' in:\n%s", line, text);
}

static void a_definition_is_replaced_and_comments_stay(void **state)
{
    (void)state;
    const struct dln_space_edit edits[] = {{"lr", "{float: [0.001, 0.01], log: true}"},
                                           {"größe", "{int: [2, 4]}"},
                                           {"opt", "{choice: [adamw]}"}};
    char *text = edited(file, 3, edits);
    says(text, "  lr:  {float: [0.001, 0.01], log: true}   # from a paper\n"
               "  \"größe\": {int: [2, 4]}\n"
               "  opt: {choice: [adamw]}  # both\n"
               "  # only for sgd\n");
    says(text, "# my study\nstudy: demo   # its name\n");
    says(text, "start: [{lr: 1e-5}]\n");
    free(text);
}

static void one_is_taken_out_and_one_put_behind_the_last(void **state)
{
    (void)state;
    const struct dln_space_edit edits[] = {
        {"mom", NULL}, {"wd", "{float: [0, 1]}"}, {"a b", "{flag: true}"}, {"none", NULL}};
    char *text = edited(file, 4, edits);
    says(text, "  # only for sgd\n"
               "  wd: {float: [0, 1]}\n"
               "  \"a b\": {flag: true}\n"
               "strategy: random\n");
    assert_null(strstr(text, "mom"));
    free(text);
}

static void a_space_in_one_line_is_edited_in_its_line(void **state)
{
    (void)state;
    static const char line[] = "objective: {minimize: loss}\n"
                               "space: {x: {float: [0, 1]}, y: {float: [0, 1]}} # two\n";
    const struct dln_space_edit more[] = {{"x", NULL}, {"z", "{int: [1, 2]}"}};
    char *text = edited(line, 2, more);
    says(text, "space: {y: {float: [0, 1]}, z: {int: [1, 2]}} # two\n");
    free(text);
    const struct dln_space_edit last[] = {{"y", NULL}};
    text = edited(line, 1, last);
    says(text, "space: {x: {float: [0, 1]}} # two\n");
    free(text);
    const struct dln_space_edit all[] = {{"x", NULL}, {"y", NULL}, {"z", "{int: [1, 2]}"}};
    text = edited(line, 3, all);
    says(text, "z: {int: [1, 2]}} # two\n");
    free(text);
}

static void a_file_without_an_end_of_line_can_grow(void **state)
{
    (void)state;
    const struct dln_space_edit more[] = {{"y", "{int: [1, 2]}"}};
    char *text = edited("objective: {minimize: loss}\nspace:\n  x: {float: [0, 1]}", 1, more);
    says(text, "  x: {float: [0, 1]}\n  y: {int: [1, 2]}\n");
    free(text);
}

static struct dln_study *read_file(const char *text)
{
    struct dln_study *study = NULL;
    struct dln_error err = {0};
    assert_ok(dln_study_read("demo.yaml", text, strlen(text), &study, &err), err);
    return study;
}

static void a_definition_read_again_is_the_same(void **state)
{
    (void)state;
    static const char all[] =
        "objective: {minimize: loss}\n"
        "space:\n"
        "  a: {float: [1e-5, 0.1], log: true, default: 0.001}\n"
        "  b: {float: [0, 1], step: 0.05, was: 0.5}\n"
        "  c: {int: [1, 9], step: 2, when: 'd != \"x, y\" and e'}\n"
        "  d: {choice: [null, true, 7, 1.5, 2.0, word, 'x, y', '64', \"true\", [1, {a: b}]],"
        " default: word}\n"
        "  e: {flag: true, default: false}\n"
        "  f: {choice: [16, 32, 64], ordered: true}\n"
        "  g: {int: [1, 1024], log: true}\n";
    struct dln_study *study = read_file(all);
    struct dln_strbuf text = {0};
    dln_strbuf_add(&text, "objective: {minimize: loss}\nspace:\n");
    for (size_t i = 0; i < study->space.n; i++) {
        dln_strbuf_addf(&text, "  %s: ", study->space.params[i].name);
        dln_param_define(&study->space.params[i], &text);
        dln_strbuf_add(&text, "\n");
    }
    struct dln_study *again = read_file(dln_strbuf_text(&text));
    for (size_t i = 0; i < study->space.n; i++) {
        struct dln_strbuf first = {0};
        struct dln_strbuf second = {0};
        dln_param_define(&study->space.params[i], &first);
        dln_param_define(&again->space.params[i], &second);
        assert_string_equal(dln_strbuf_text(&first), dln_strbuf_text(&second));
        for (size_t k = 0; k < study->space.params[i].n_choices; k++) {
            assert_int_equal(study->space.params[i].choices[k].kind,
                             again->space.params[i].choices[k].kind);
        }
        dln_strbuf_release(&first);
        dln_strbuf_release(&second);
    }
    dln_strbuf_release(&text);
    dln_study_free(study);
    dln_study_free(again);
}

static void a_study_takes_edits_and_forgets_those_that_say_what_its_file_says(void **state)
{
    (void)state;
    struct dln_error err = {0};
    struct dln_study *study = read_file(file);
    struct dln_study *next = NULL;
    const struct dln_space_edit edits[] = {{"lr", "{float: [0.001, 0.01], log: true}"},
                                           {"mom", NULL},
                                           {"x", "{float: [0, 1], was: 0.25}"},
                                           {"opt", "{choice: [sgd, adamw]}"}};
    assert_ok(dln_study_edit(study, 4, edits, &next, &err), err);
    assert_int_equal(next->space.n, 4);
    assert_close(next->space.params[0].low, 0.001, 0, 0);
    assert_string_equal(next->space.params[3].name, "x");
    assert_true(next->space.params[3].has_was);
    assert_int_equal(next->n_edits, 3); /* opt is as it was */
    assert_string_equal(next->text, file);
    const struct dln_space_edit back[] = {{"lr", "{float: [1e-5, 0.1], log: true}"},
                                          {"mom", "{float: [0.8, 0.99], when: opt == sgd}"},
                                          {"x", NULL}};
    struct dln_study *first = NULL;
    assert_ok(dln_study_edit(next, 3, back, &first, &err), err);
    assert_int_equal(first->n_edits, 0);
    assert_string_equal(first->space.params[3].name, "mom");
    dln_study_free(first);
    dln_study_free(next);
    dln_study_free(study);
}

static void refuses(const struct dln_space_edit *edit, const char *sentence)
{
    struct dln_error err = {0};
    struct dln_study *study = read_file(file);
    struct dln_study *next = NULL;
    assert_false(dln_study_edit(study, 1, edit, &next, &err));
    assert_int_equal(err.code, DLN_INVALID);
    if (!strstr(err.text, sentence)) fail_msg("'%s' does not say '%s'", err.text, sentence);
    assert_null(strstr(err.text, "demo.yaml"));
    dln_study_free(study);
}

static void what_cannot_be_is_refused_in_a_sentence(void **state)
{
    (void)state;
    refuses(&(struct dln_space_edit){"lr", "{float: [1, 0.1]}"}, "'low' must not be above 'high'");
    refuses(&(struct dln_space_edit){"lr", "{float: [0, 0.1], log: true}"}, "'log' needs a 'low'");
    refuses(&(struct dln_space_edit){"opt", NULL}, "opt");
    refuses(&(struct dln_space_edit){"mom", "{float: [0, 1], when: optt == sgd}"}, "optt");
    refuses(&(struct dln_space_edit){"x", "{float: [0, 1"}, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_definition_is_replaced_and_comments_stay),
        cmocka_unit_test(one_is_taken_out_and_one_put_behind_the_last),
        cmocka_unit_test(a_space_in_one_line_is_edited_in_its_line),
        cmocka_unit_test(a_file_without_an_end_of_line_can_grow),
        cmocka_unit_test(a_definition_read_again_is_the_same),
        cmocka_unit_test(a_study_takes_edits_and_forgets_those_that_say_what_its_file_says),
        cmocka_unit_test(what_cannot_be_is_refused_in_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
