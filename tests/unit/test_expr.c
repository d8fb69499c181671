#include "support/test.h"

#include "dialin/expr.h"
#include "dialin/strbuf.h"

/* Names known to these tests: n = 3, z = 0, gone (missing), kernel = rbf, amp = true, none = null.
 */
static bool lookup(void *context, const char *name, struct dln_value *out)
{
    (void)context;
    const struct {
        const char *name;
        struct dln_value value;
    } known[] = {
        {"n", {.kind = DLN_VALUE_NUMBER, .number = 3}},
        {"z", {.kind = DLN_VALUE_NUMBER, .number = 0}},
        {"a.b-c", {.kind = DLN_VALUE_NUMBER, .number = 7}},
        {"gone", {.kind = DLN_VALUE_MISSING}},
        {"kernel", {.kind = DLN_VALUE_TEXT, .text = "rbf"}},
        {"bits", {.kind = DLN_VALUE_TEXT, .text = "64"}},
        {"amp", {.kind = DLN_VALUE_BOOL, .truth = true, .number = 1}},
        {"none", {.kind = DLN_VALUE_NULL}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, name) != 0) continue;
        *out = known[i].value;
        return true;
    }
    return false;
}

static int truth(const char *text)
{
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    const struct dln_expr *expr;
    assert_ok(dln_expr_parse(text, &arena, &expr, NULL, &err), err);
    const int result = dln_expr_truth(expr, lookup, NULL);
    dln_arena_release(&arena);
    return result;
}

static double number(const char *text)
{
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    const struct dln_expr *expr;
    assert_ok(dln_expr_parse(text, &arena, &expr, NULL, &err), err);
    const struct dln_value value = dln_expr_eval(expr, lookup, NULL);
    dln_arena_release(&arena);
    return value.kind == DLN_VALUE_NUMBER ? value.number : (double)NAN;
}

static void arithmetic_has_the_usual_precedence(void **state)
{
    (void)state;
    assert_close(number("1 + 2 * 3 - 4 / 8"), 6.5, 0, 0);
    assert_close(number("(1 + 2) * -3"), -9, 0, 0);
    assert_close(number("10 - 3 - 2"), 5, 0, 0);
    assert_close(number("2 - -n"), 5, 0, 0);
    assert_close(number("min(4, n, 9) + max(1, 2) + abs(-1)"), 6, 0, 0);
    assert_close(number("exp(log(n))"), 3, 1e-15, 0);
    assert_close(number("-7 % 3"), 2, 0, 0);
    assert_close(number("1.5e1"), 15, 0, 0);
    assert_close(number("`a.b-c` + 1"), 8, 0, 0);
}

static void what_cannot_be_computed_is_missing(void **state)
{
    (void)state;
    const char *const texts[] = {"1 / 0",   "n % z",        "log(0)",
                                 "log(-1)", "kernel * 2",   "gone + 1",
                                 "-kernel", "max(gone, 1)", "0 * exp(1000)"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_true(isnan(number(texts[i])));
    }
}

static void comparisons_know_numbers_texts_booleans_and_null(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int truth;
    } cases[] = {
        {"n == 3", 1},
        {"n = 3", 1},
        {"n != 3", 0},
        {"n < 3 or n >= 3", 1},
        {"kernel == rbf", 1},
        {"kernel == 'rbf'", 1},
        {"kernel == \"poly\"", 0},
        {"kernel != poly", 1},
        {"kernel in [poly, rbf]", 1},
        {"kernel not in [poly, rbf,]", 0},
        {"kernel in []", 0},
        {"n in [1, 2, 3]", 1},
        {"amp", 1},
        {"amp == true and amp == True and amp == 1", 1},
        {"none == null and none == None", 1},
        {"none == 0", 0},
        {"bits == 64", 1},
        {"kernel < sbf", 1},
        {"n < kernel", -1},
        {"n", 1},
        {"z", 0},
        {"kernel", -1},
        {"'it''s' == it", 0},
        {"kernel == rbf and n * 2 <= 6", 1},
        {"not kernel == poly", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (truth(cases[i].text) != cases[i].truth) fail_msg("%s", cases[i].text);
    }
}

static void missing_follows_kleene(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int truth;
    } cases[] = {
        {"gone == 1", -1},         {"gone != 1", -1},           {"gone == gone", -1},
        {"not gone == 1", -1},     {"gone > 1 and n == 3", -1}, {"gone > 1 and n == 4", 0},
        {"gone > 1 or n == 3", 1}, {"gone > 1 or n == 4", -1},  {"gone in [1, 2]", -1},
        {"n in [gone, 3]", 1},     {"n in [gone, 4]", -1},      {"gone not in [1]", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (truth(cases[i].text) != cases[i].truth) fail_msg("%s", cases[i].text);
    }
}

static void errors_say_what_and_where(void **state)
{
    (void)state;
    const struct {
        const char *text;
        size_t column;
        const char *sentence;
    } cases[] = {
        {"", 1, "the expression is empty"},
        {"  ", 1, "the expression is empty"},
        {"n +", 4, "a value is missing at the end"},
        {"n + * 2", 5, "expected a value, not '*'"},
        {"(n", 3, "')' is missing at the end"},
        {"n n", 3, "expected an operator or the end, not 'n'"},
        {"1 < n < 3", 7, "comparisons are joined by 'and': a < b and b < c"},
        {"a && b", 3, "'&&' is written 'and'"},
        {"a || b", 3, "'||' is written 'or'"},
        {"!a", 1, "'!' is written 'not'"},
        {"n ** 2", 3, "'**' is not an operator; write x * x, or exp() and log()"},
        {"kernel == 'rbf", 11, "a quoted text is not closed"},
        {"kernel == 50d", 11,
         "'50d' is neither a number nor a name; a text like this is put in quotes"},
        {"sqrt(n)", 1, "there is no function 'sqrt'; there are min, max, abs, log and exp"},
        {"min(n)", 6, "expected a second value, not ')'"},
        {"log(n, 2)", 6, "expected ')', not ','"},
        {"kernel in rbf", 11, "expected a list '[a, b]', not 'rbf'"},
        {"kernel in [a b]", 14, "expected ',' or ']', not 'b'"},
        {"kernel not rbf", 12, "expected 'in', not 'rbf'"},
        {"and", 1, "expected a value, not 'and'"},
        {"n == 3 ;", 8, "a character that has no meaning in an expression"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dln_arena arena = {0};
        struct dln_error err = {0};
        const struct dln_expr *expr = NULL;
        size_t column = 0;
        assert_fails(dln_expr_parse(cases[i].text, &arena, &expr, &column, &err), err, DLN_INVALID);
        assert_string_equal(err.text, cases[i].sentence);
        assert_int_equal(column, cases[i].column);
        assert_null(expr);
        dln_arena_release(&arena);
    }
}

static void repeated(struct dln_strbuf *out, const char *piece, size_t count)
{
    for (size_t i = 0; i < count; i++)
        dln_strbuf_add(out, piece);
}

static void length_depth_and_nodes_are_bounded(void **state)
{
    (void)state;
    const struct {
        const char *head, *piece;
        size_t count;
        const char *tail, *sentence;
    } cases[] = {
        {"", "(", 60000, "", "the expression is nested too deeply"},
        {"", "not ", 16000, "n", "the expression is nested too deeply"},
        {"", "-", 60000, "n", "the expression is nested too deeply"},
        {"n", "+n", 3000, "", "the expression is too long"},
        {"n", " ", 70000, "", "the expression is longer than 64 KiB"},
        {"n", "+n", 2000, "", NULL},
        {"n in [", "n, ", 2000, "n]", NULL},
        {"", "(n or n and n in [1, n + n * (", 21, "n", "')' is missing at the end"},
        {"", "(n or n and n == n + n * ", 63, "n", "')' is missing at the end"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dln_strbuf text = {0};
        dln_strbuf_add(&text, cases[i].head);
        repeated(&text, cases[i].piece, cases[i].count);
        dln_strbuf_add(&text, cases[i].tail);
        struct dln_arena arena = {0};
        struct dln_error err = {0};
        const struct dln_expr *expr;
        if (cases[i].sentence) {
            assert_fails(dln_expr_parse(dln_strbuf_text(&text), &arena, &expr, NULL, &err), err,
                         DLN_INVALID);
            assert_string_equal(err.text, cases[i].sentence);
        } else {
            assert_ok(dln_expr_parse(dln_strbuf_text(&text), &arena, &expr, NULL, &err), err);
            assert_int_not_equal(dln_expr_eval(expr, lookup, NULL).kind, DLN_VALUE_MISSING);
        }
        dln_arena_release(&arena);
        dln_strbuf_release(&text);
    }
}

static void the_deepest_expression_fits_the_stack(void **state)
{
    (void)state;
    struct dln_strbuf text = {0};
    repeated(&text, "0 or 1 and 3 in [4, 0 + 1 * ", 64);
    dln_strbuf_add(&text, "1");
    repeated(&text, "]", 64);
    assert_int_equal(truth(dln_strbuf_text(&text)), 0);
    dln_strbuf_reset(&text);
    repeated(&text, "0 or 1 and 1 == 0 + 1 * max(1, ", 64);
    dln_strbuf_add(&text, "1");
    repeated(&text, ")", 64);
    assert_int_equal(truth(dln_strbuf_text(&text)), 1);
    dln_strbuf_release(&text);
}

struct seen {
    char text[200];
    size_t left;
};

static bool note(void *context, const char *name, size_t column, bool is_operand_of_text)
{
    struct seen *seen = context;
    const size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof seen->text - used, "%s@%zu%s ", name, column,
             is_operand_of_text ? "?" : "");
    return --seen->left > 0;
}

static void names_are_visited_in_order_and_texts_are_told_apart(void **state)
{
    (void)state;
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    const struct dln_expr *expr;
    const char *text = "model == xgb and m.k in [a, 'b'] or lr * 2 < cap";
    assert_ok(dln_expr_parse(text, &arena, &expr, NULL, &err), err);
    struct seen all = {.left = 100};
    assert_true(dln_expr_names(expr, note, &all));
    assert_string_equal(all.text, "model@1 xgb@10? m.k@18 a@26? lr@37 cap@46 ");
    struct seen two = {.left = 2};
    assert_false(dln_expr_names(expr, note, &two));
    assert_string_equal(two.text, "model@1 xgb@10? ");
    dln_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_has_the_usual_precedence),
        cmocka_unit_test(what_cannot_be_computed_is_missing),
        cmocka_unit_test(comparisons_know_numbers_texts_booleans_and_null),
        cmocka_unit_test(missing_follows_kleene),
        cmocka_unit_test(errors_say_what_and_where),
        cmocka_unit_test(length_depth_and_nodes_are_bounded),
        cmocka_unit_test(the_deepest_expression_fits_the_stack),
        cmocka_unit_test(names_are_visited_in_order_and_texts_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
