/*
 * The expression language of `when`, `constraints`, `limits`, filters and `wait --until`.
 *
 *   names (dots allowed)  numbers  strings, bare or quoted   + - * / %   == != < <= > >=
 *   in [a, b]   and or not   ( )   min max abs log exp       a single = is read as ==
 *
 * A name with other characters stands in backquotes: `weight-decay` > 0; a doubled quote inside
 * quotes stands for itself. null, true, false (None, True, False) are what they say.
 *
 * A bare word that is not a known name is a string: `optimizer == sgd`. A name without a value (an
 * inactive parameter, a metric not printed) is *missing*; arithmetic and comparison with missing
 * give missing, and/or/not follow Kleene's three-valued logic.
 * Limits: 64 KiB of text, depth 64, 4096 nodes.
 */
#ifndef DIALIN_EXPR_H
#define DIALIN_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"

enum dln_value_kind { DLN_VALUE_MISSING, DLN_VALUE_NULL, DLN_VALUE_BOOL, DLN_VALUE_NUMBER, DLN_VALUE_TEXT };

struct dln_value {
    enum dln_value_kind kind;
    bool truth;
    double number;
    const char *text; /* borrowed */
};

struct dln_expr; /* immutable once parsed; lives in the arena given to dln_expr_parse() */

/* Gives the value of a name; false: the name is not known, and stands for itself as text. */
typedef bool dln_expr_lookup(void *context, const char *name, struct dln_value *out);

/*
 * On failure *column (1-based, if not NULL) is where it went wrong. Errors: DLN_INVALID, DLN_NOMEM.
 */
DLN_API DLN_CHECK bool dln_expr_parse(const char *text, struct dln_arena *arena,
                                      const struct dln_expr **out, size_t *column,
                                      struct dln_error *err);

/* Never fails: what cannot be computed (text * 2, 1 / 0) is missing. */
DLN_API struct dln_value dln_expr_eval(const struct dln_expr *expr, dln_expr_lookup *lookup,
                                       void *context);

/* +1 true, 0 false, -1 missing. Numbers are true unless 0; text is missing. */
DLN_API int dln_expr_truth(const struct dln_expr *expr, dln_expr_lookup *lookup, void *context);

/*
 * Calls visit once for each name or bare word in the expression, in order; stops when visit gives
 * false and returns false then. `column` is 1-based in the expression's text. `is_operand_of_text`
 * is true where the word is compared with a name and may be meant as text.
 */
typedef bool dln_expr_visit(void *context, const char *name, size_t column, bool is_operand_of_text);
DLN_API bool dln_expr_names(const struct dln_expr *expr, dln_expr_visit *visit, void *context);

#endif
