/* Postfix nodes → a value: one loop over a stack whose depth the parser has bounded. */
#include "space/expr_node.h"

#include <math.h>
#include <string.h>

#include "dialin/num.h"

static struct dln_value missing(void)
{
    return (struct dln_value){.kind = DLN_VALUE_MISSING};
}

static struct dln_value of_number(double number)
{
    if (isnan(number)) return missing();
    return (struct dln_value){.kind = DLN_VALUE_NUMBER, .number = number};
}

/* +1 true, 0 false, -1 missing. */
static struct dln_value of_truth(int truth)
{
    if (truth < 0) return missing();
    return (struct dln_value){.kind = DLN_VALUE_BOOL, .truth = truth != 0, .number = truth};
}

static int truth_of(struct dln_value value)
{
    switch (value.kind) {
    case DLN_VALUE_BOOL: return value.truth;
    case DLN_VALUE_NUMBER: return value.number != 0;
    case DLN_VALUE_NULL: return 0;
    case DLN_VALUE_MISSING:
    case DLN_VALUE_TEXT: break;
    }
    return -1;
}

static bool is_numeric(struct dln_value value)
{
    return value.kind == DLN_VALUE_NUMBER || value.kind == DLN_VALUE_BOOL;
}

static double number_of(struct dln_value value)
{
    return value.kind == DLN_VALUE_BOOL ? (double)value.truth : value.number;
}

/* A text equals another kind when it is how that value is written: '64' is 64, None is null. */
static bool text_equals(const char *text, struct dln_value other)
{
    double number;
    switch (other.kind) {
    case DLN_VALUE_TEXT: return strcmp(text, other.text) == 0;
    case DLN_VALUE_NULL: return strcmp(text, "None") == 0 || strcmp(text, "null") == 0;
    case DLN_VALUE_BOOL:
        return other.truth ? strcmp(text, "True") == 0 || strcmp(text, "true") == 0
                           : strcmp(text, "False") == 0 || strcmp(text, "false") == 0;
    case DLN_VALUE_NUMBER:
        return dln_num_parse(text, strlen(text), &number) && number == other.number;
    case DLN_VALUE_MISSING: break;
    }
    return false;
}

static int equals(struct dln_value a, struct dln_value b)
{
    if (a.kind == DLN_VALUE_MISSING || b.kind == DLN_VALUE_MISSING) return -1;
    if (is_numeric(a) && is_numeric(b)) return number_of(a) == number_of(b);
    if (a.kind == DLN_VALUE_TEXT) return text_equals(a.text, b);
    if (b.kind == DLN_VALUE_TEXT) return text_equals(b.text, a);
    return a.kind == DLN_VALUE_NULL && b.kind == DLN_VALUE_NULL;
}

static int compare(enum dln_expr_op op, struct dln_value a, struct dln_value b)
{
    if (op == DLN_OP_EQUAL) return equals(a, b);
    if (op == DLN_OP_UNEQUAL) {
        const int same = equals(a, b);
        return same < 0 ? -1 : !same;
    }
    int order;
    if (is_numeric(a) && is_numeric(b)) {
        order = number_of(a) < number_of(b) ? -1 : number_of(a) > number_of(b);
    } else if (a.kind == DLN_VALUE_TEXT && b.kind == DLN_VALUE_TEXT) {
        order = strcmp(a.text, b.text);
    } else {
        return -1;
    }
    if (op == DLN_OP_LESS) return order < 0;
    if (op == DLN_OP_LESS_EQUAL) return order <= 0;
    if (op == DLN_OP_GREATER) return order > 0;
    return order >= 0;
}

/* As Python's: the result has the sign of the divisor. */
static double modulo(double a, double b)
{
    const double rest = fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static struct dln_value arithmetic(enum dln_expr_op op, struct dln_value left,
                                   struct dln_value right)
{
    if (!is_numeric(left) || !is_numeric(right)) return missing();
    const double a = number_of(left);
    const double b = number_of(right);
    if ((op == DLN_OP_DIVIDE || op == DLN_OP_MODULO) && b == 0) return missing();
    if (op == DLN_OP_ADD) return of_number(a + b);
    if (op == DLN_OP_SUBTRACT) return of_number(a - b);
    if (op == DLN_OP_MULTIPLY) return of_number(a * b);
    if (op == DLN_OP_DIVIDE) return of_number(a / b);
    if (op == DLN_OP_MODULO) return of_number(modulo(a, b));
    if (op == DLN_OP_MIN) return of_number(a < b ? a : b);
    return of_number(a > b ? a : b);
}

static struct dln_value unary(enum dln_expr_op op, struct dln_value value)
{
    if (op == DLN_OP_NOT) {
        const int truth = truth_of(value);
        return of_truth(truth < 0 ? -1 : !truth);
    }
    if (!is_numeric(value)) return missing();
    const double a = number_of(value);
    if (op == DLN_OP_NEGATE) return of_number(-a);
    if (op == DLN_OP_ABS) return of_number(fabs(a));
    if (op == DLN_OP_EXP) return of_number(exp(a));
    return a > 0 ? of_number(log(a)) : missing();
}

static int and3(int a, int b)
{
    if (a == 0 || b == 0) return 0;
    return a < 0 || b < 0 ? -1 : 1;
}

static int or3(int a, int b)
{
    if (a > 0 || b > 0) return 1;
    return a < 0 || b < 0 ? -1 : 0;
}

/* Where values come from: by name, or by the slot that a name was bound to. */
struct source {
    dln_expr_lookup *lookup;
    dln_expr_read *read;
    void *context;
};

static struct dln_value of_name(const char *name, const struct source *source)
{
    struct dln_value value = {0};
    if (source->lookup && source->lookup(source->context, name, &value)) {
        return value.kind == DLN_VALUE_NUMBER ? of_number(value.number) : value;
    }
    return (struct dln_value){.kind = DLN_VALUE_TEXT, .text = name};
}

/* In place: filters go over 100,000 rows while somebody types. */
static void read_slot(size_t slot, const struct source *source, struct dln_value *out)
{
    out->kind = DLN_VALUE_MISSING;
    if (source->read) source->read(source->context, slot, out);
    if (out->kind == DLN_VALUE_NUMBER && isnan(out->number)) out->kind = DLN_VALUE_MISSING;
}

static void put_truth(struct dln_value *out, bool truth)
{
    out->kind = DLN_VALUE_BOOL;
    out->truth = truth;
    out->number = truth;
}

/* Two numbers compared, what filters do most; false: left and right are something else. */
static bool compare_numbers(enum dln_expr_op op, struct dln_value *left,
                            const struct dln_value *right)
{
    if (left->kind != DLN_VALUE_NUMBER || right->kind != DLN_VALUE_NUMBER) return false;
    const double a = left->number, b = right->number;
    if (op == DLN_OP_LESS) {
        put_truth(left, a < b);
    } else if (op == DLN_OP_GREATER) {
        put_truth(left, a > b);
    } else if (op == DLN_OP_LESS_EQUAL) {
        put_truth(left, a <= b);
    } else if (op == DLN_OP_GREATER_EQUAL) {
        put_truth(left, a >= b);
    } else if (op == DLN_OP_EQUAL) {
        put_truth(left, a == b);
    } else {
        put_truth(left, a != b);
    }
    return true;
}

/* Two truths joined; false: one of them is something else. */
static bool join_truths(enum dln_expr_op op, struct dln_value *left, const struct dln_value *right)
{
    if (left->kind != DLN_VALUE_BOOL || right->kind != DLN_VALUE_BOOL) return false;
    put_truth(left, op == DLN_OP_AND ? left->truth && right->truth : left->truth || right->truth);
    return true;
}

static struct dln_value evaluate(const struct dln_expr *expr, const struct source *source)
{
    struct dln_value stack[DLN_EXPR_STACK_MAX];
    size_t top = 0; /* stack[top - 1] is the newest */
    for (size_t i = 0; i < expr->n; i++) {
        const struct dln_expr_node *node = &expr->nodes[i];
        switch (node->op) {
        case DLN_OP_NUMBER:
            stack[top].kind = isnan(node->number) ? DLN_VALUE_MISSING : DLN_VALUE_NUMBER;
            stack[top++].number = node->number;
            break;
        case DLN_OP_TEXT:
            stack[top++] = (struct dln_value){.kind = DLN_VALUE_TEXT, .text = node->text};
            break;
        case DLN_OP_NAME: stack[top++] = of_name(node->text, source); break;
        case DLN_OP_FIELD: read_slot(node->slot, source, &stack[top++]); break;
        case DLN_OP_ATOM: stack[top++] = missing(); break;
        case DLN_OP_BOOL: stack[top++] = of_truth(node->truth); break;
        case DLN_OP_NULL: stack[top++] = (struct dln_value){.kind = DLN_VALUE_NULL}; break;
        case DLN_OP_NEGATE:
        case DLN_OP_NOT:
        case DLN_OP_ABS:
        case DLN_OP_LOG:
        case DLN_OP_EXP: stack[top - 1] = unary(node->op, stack[top - 1]); break;
        case DLN_OP_ADD:
        case DLN_OP_SUBTRACT:
        case DLN_OP_MULTIPLY:
        case DLN_OP_DIVIDE:
        case DLN_OP_MODULO:
        case DLN_OP_MIN:
        case DLN_OP_MAX:
            top--;
            stack[top - 1] = arithmetic(node->op, stack[top - 1], stack[top]);
            break;
        case DLN_OP_EQUAL:
        case DLN_OP_UNEQUAL:
        case DLN_OP_LESS:
        case DLN_OP_LESS_EQUAL:
        case DLN_OP_GREATER:
        case DLN_OP_GREATER_EQUAL:
            top--;
            if (compare_numbers(node->op, &stack[top - 1], &stack[top])) break;
            stack[top - 1] = of_truth(compare(node->op, stack[top - 1], stack[top]));
            break;
        case DLN_OP_AND:
            top--;
            if (join_truths(node->op, &stack[top - 1], &stack[top])) break;
            stack[top - 1] = of_truth(and3(truth_of(stack[top - 1]), truth_of(stack[top])));
            break;
        case DLN_OP_OR:
            top--;
            if (join_truths(node->op, &stack[top - 1], &stack[top])) break;
            stack[top - 1] = of_truth(or3(truth_of(stack[top - 1]), truth_of(stack[top])));
            break;
        case DLN_OP_IN_BEGIN: stack[top++] = of_truth(0); break;
        case DLN_OP_IN_ITEM:
            top--;
            stack[top - 1] =
                of_truth(or3(truth_of(stack[top - 1]), equals(stack[top - 2], stack[top])));
            break;
        case DLN_OP_IN_END:
            top--;
            stack[top - 1] = stack[top];
            break;
        }
    }
    return top == 1 ? stack[0] : missing();
}

struct dln_value dln_expr_eval(const struct dln_expr *expr, dln_expr_lookup *lookup, void *context)
{
    const struct source source = {.lookup = lookup, .context = context};
    return evaluate(expr, &source);
}

int dln_expr_truth_bound(const struct dln_expr *expr, dln_expr_read *read, void *context)
{
    const struct source source = {.read = read, .context = context};
    return truth_of(evaluate(expr, &source));
}

int dln_expr_truth(const struct dln_expr *expr, dln_expr_lookup *lookup, void *context)
{
    return truth_of(dln_expr_eval(expr, lookup, context));
}

/* Whether node `index`, a name, is the right side of an equality whose left side is a name too. */
static bool is_operand_of_text(const struct dln_expr *expr, size_t index)
{
    if (index + 1 >= expr->n) return false;
    const struct dln_expr_node *next = &expr->nodes[index + 1];
    return dln_expr_is_match(next) && expr->nodes[next->left].op == DLN_OP_NAME;
}

bool dln_expr_names(const struct dln_expr *expr, dln_expr_visit *visit, void *context)
{
    for (size_t i = 0; i < expr->n; i++) {
        const struct dln_expr_node *node = &expr->nodes[i];
        if (node->op != DLN_OP_NAME) continue;
        if (!visit(context, node->text, node->column, is_operand_of_text(expr, i))) return false;
    }
    return true;
}
