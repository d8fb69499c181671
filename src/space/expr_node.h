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
    DLN_OP_TEXT, /* quoted */
    DLN_OP_NAME, /* a name or a bare word */
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
    const char *text; /* TEXT, NAME */
    size_t column;    /* 1-based, in bytes */
    size_t left;      /* EQUAL … GREATER_EQUAL, IN_ITEM: last node of the left operand */
};

struct dln_expr {
    size_t n;
    struct dln_expr_node *nodes;
};

/* Whether the node compares two things for equality: its operands end at left and at index - 1. */
static inline bool dln_expr_is_match(const struct dln_expr_node *node)
{
    return node->op == DLN_OP_EQUAL || node->op == DLN_OP_UNEQUAL || node->op == DLN_OP_IN_ITEM;
}

#endif
