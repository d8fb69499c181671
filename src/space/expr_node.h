/*
 * A parsed expression: its nodes in postfix order, so that it is evaluated by one loop over a
 * stack. Inner to space/ and to the checks of study/.
 */
#ifndef DLN_SPACE_EXPR_NODE_H
#define DLN_SPACE_EXPR_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/expr.h"

#define DLN_EXPR_BYTES_MAX (64 * 1024)
#define DLN_EXPR_DEPTH_MAX 64
#define DLN_EXPR_NODES_MAX 4096
#define DLN_EXPR_STACK_MAX (DLN_EXPR_DEPTH_MAX * 8) /* a level holds at most 7 pending operands */

enum dln_expr_op {
    DLN_OP_NUMBER,
    DLN_OP_TEXT,  /* quoted */
    DLN_OP_NAME,  /* a name or a bare word */
    DLN_OP_ATOM,  /* of a filter, as it was written: state:ok, #40..60 */
    DLN_OP_FIELD, /* of a filter: a name or an atom that was bound to a slot */
    DLN_OP_BOOL,
    DLN_OP_NULL,
    DLN_OP_NEGATE,
    DLN_OP_NOT,
    DLN_OP_ABS,
    DLN_OP_LOG,
    DLN_OP_EXP,
    DLN_OP_ADD,
    DLN_OP_SUBTRACT,
    DLN_OP_MULTIPLY,
    DLN_OP_DIVIDE,
    DLN_OP_MODULO,
    DLN_OP_MIN,
    DLN_OP_MAX,
    DLN_OP_EQUAL,
    DLN_OP_UNEQUAL,
    DLN_OP_LESS,
    DLN_OP_LESS_EQUAL,
    DLN_OP_GREATER,
    DLN_OP_GREATER_EQUAL,
    DLN_OP_AND,
    DLN_OP_OR,
    /* `x in [a, b]` is x BEGIN a ITEM b ITEM END: BEGIN pushes false, ITEM ors x == a into it */
    DLN_OP_IN_BEGIN,
    DLN_OP_IN_ITEM,
    DLN_OP_IN_END
};

struct dln_expr_node {
    enum dln_expr_op op;
    bool truth;       /* BOOL */
    double number;    /* NUMBER */
    const char *text; /* TEXT, NAME, ATOM */
    size_t slot;      /* FIELD */
    size_t column;    /* 1-based, in bytes */
    size_t left;      /* EQUAL … GREATER_EQUAL, IN_ITEM: last node of the left operand */
};

struct dln_expr {
    size_t n;
    struct dln_expr_node *nodes;
};

/* The text behind a filter's @name; NULL: there is none. */
typedef const char *dln_expr_saved(void *context, const char *name);
/*
 * The same grammar with what only filters have: atoms, units of time behind numbers, @name. Names
 * and atoms are to be bound: node by node the op becomes DLN_OP_FIELD with a slot.
 */
bool dln_expr_parse_filter(const char *text, dln_expr_saved *saved, void *context,
                           struct dln_arena *arena, struct dln_expr **out, size_t *column,
                           struct dln_error *err);
typedef void dln_expr_read(void *context, size_t slot, struct dln_value *out);
/* As dln_expr_truth(), of a bound expression. */
int dln_expr_truth_bound(const struct dln_expr *expr, dln_expr_read *read, void *context);

/* Whether the node compares two things for equality: its operands end at left and at index - 1. */
static inline bool dln_expr_is_match(const struct dln_expr_node *node)
{
    return node->op == DLN_OP_EQUAL || node->op == DLN_OP_UNEQUAL || node->op == DLN_OP_IN_ITEM;
}

#endif
