/* An expression, as a filter too: never a crash, a place where it is refused, the same answer
 * twice. */
#include <math.h>
#include <string.h>

#include "dialin/expr.h"
#include "dialin/filter.h"
#include "dialin/study.h"
#include "fuzz/fuzz.h"

static bool look_up(void *context, const char *name, struct dln_value *out)
{
    (void)context;
    const size_t len = strlen(name);
    *out = (struct dln_value){.kind = DLN_VALUE_NUMBER, .number = (double)name[0] - 100};
    if (len % 5 == 1) out->kind = DLN_VALUE_MISSING;
    if (len % 5 == 2) *out = (struct dln_value){.kind = DLN_VALUE_TEXT, .text = "adamw"};
    if (len % 5 == 3) *out = (struct dln_value){.kind = DLN_VALUE_BOOL, .truth = true};
    return len % 5 != 4;
}

static void read_field(void *context, const struct dln_filter_field *field, struct dln_value *out)
{
    (void)context;
    if (field->kind >= DLN_FILTER_STATES) {
        *out = (struct dln_value){.kind = DLN_VALUE_BOOL, .truth = field->kind % 2 == 0};
        return;
    }
    if (field->kind == DLN_FILTER_PARAM) FUZZ_HOLDS(field->index < 2);
    if (field->kind == DLN_FILTER_METRIC) FUZZ_HOLDS(field->index < 1);
    *out = (struct dln_value){.kind = DLN_VALUE_NUMBER, .number = field->kind};
}

static bool count(void *context, const char *name, size_t column, bool is_text)
{
    (void)is_text;
    FUZZ_HOLDS(name[0] && column >= 1);
    return ++*(size_t *)context < 1000;
}

static const char *saved(void *context, const char *name)
{
    (void)context;
    return name[0] == 'g' ? "lr > 0.1 @good" : name[0] == 'b' ? "tag:b" : NULL;
}

static void filter(const char *text)
{
    static struct dln_study *study;
    static const char yaml[] = "study: f\nobjective: {minimize: loss}\n"
                               "space: {lr: {float: [0, 1]}, opt: {choice: [adamw, sgd]}}\n";
    static const char *const metrics[] = {"loss"};
    if (!study) FUZZ_HOLDS(dln_study_read("f.yaml", yaml, sizeof yaml - 1, &study, NULL));
    const struct dln_filter_names names = {
        .space = &study->space, .m = 1, .metric = metrics, .saved = saved};
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    const struct dln_filter *parsed;
    size_t column = 0;
    if (dln_filter_parse(text, &names, &arena, &parsed, &column, &err)) {
        const bool keeps = dln_filter_keeps(parsed, read_field, NULL);
        FUZZ_HOLDS(keeps == dln_filter_keeps(parsed, read_field, NULL));
        (void)dln_filter_uses(parsed, DLN_FILTER_RANK);
    } else {
        FUZZ_HOLDS(err.text[0] && column >= 1 && column <= strlen(text) + 1);
    }
    dln_arena_release(&arena);
}

void fuzz_expr(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    const struct dln_expr *expr;
    size_t column = 0;
    if (dln_expr_parse(text, &arena, &expr, &column, &err)) {
        size_t n = 0;
        (void)dln_expr_names(expr, count, &n);
        const int truth = dln_expr_truth(expr, look_up, NULL);
        FUZZ_HOLDS(truth >= -1 && truth <= 1);
        FUZZ_HOLDS(truth == dln_expr_truth(expr, look_up, NULL));
        (void)dln_expr_eval(expr, look_up, NULL);
    } else {
        FUZZ_HOLDS(err.text[0] && column >= 1 && column <= strlen(text) + 1);
    }
    dln_arena_release(&arena);
    filter(text);
    (void)dln_tags_have(text, "good");
    (void)dln_text_holds(text, "and");
    free(text);
}
