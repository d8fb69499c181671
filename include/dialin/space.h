/*
 * The search space: parameters, their distributions, conditions, constraints, and the one place
 * that knows how a value becomes a coordinate of the unit cube.
 *
 * A value `x` is Optuna's internal representation as a double: a float itself, an int the number,
 * a choice or flag the 0-based index of the choice. NaN means "not active in this trial".
 * A point is an array of space->n such doubles, or of as many cube coordinates `u` in [0, 1]
 * (NaN again for an inactive one).
 *
 * Encoding (strategies.md 1.1; Optuna's _transform.py): float u = (x-low)/(high-low); log in log x;
 * stepped floats and ints are widened by half a step at both ends (a log int: log(low-1/2) …
 * log(high+1/2)); decoding rounds by floor((x-low)/step + 1/2) and clips. A choice of k is cell
 * floor(u·k), encoded at the middle of its cell; an ordered choice is an int over its index.
 */
#ifndef DIALIN_SPACE_H
#define DIALIN_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/expr.h"
#include "dialin/strbuf.h"

enum dln_scalar_kind {
    DLN_SCALAR_NULL,
    DLN_SCALAR_BOOL,
    DLN_SCALAR_INT,
    DLN_SCALAR_REAL,
    DLN_SCALAR_TEXT,
    DLN_SCALAR_JSON /* a list or a map, kept as JSON text */
};

/* One plain value of a study file: a choice, a constant, a setting. Borrowed from its arena. */
struct dln_scalar {
    enum dln_scalar_kind kind;
    bool truth;       /* BOOL */
    double number;    /* INT, REAL; BOOL as 0 or 1 */
    const char *text; /* as a program gets it: "None", "True", "64", "0.1", "adamw", JSON text */
};

enum dln_param_kind { DLN_PARAM_FLOAT, DLN_PARAM_INT, DLN_PARAM_CHOICE, DLN_PARAM_FLAG };

/* Ints and their bounds are exact: |x| ≤ 2^53. */
#define DLN_INT_MAX 9007199254740992.0
#define DLN_PARAM_NAME_MAX 512  /* characters, as Optuna's column */
#define DLN_SPACE_MAX      1024 /* parameters in a space */

struct dln_param {
    const char *name;
    enum dln_param_kind kind;
    double low, high; /* both included; a choice: 0 and n_choices - 1 */
    double step;      /* 0: none (float); ints have at least 1; `high` lies on the grid */
    bool log;
    bool ordered;                      /* a choice whose order means something */
    const struct dln_scalar *choices;  /* CHOICE, and FLAG with {false, true} */
    size_t n_choices;
    bool has_initial;
    double initial;                    /* `default:`, in internal representation */
    bool has_was;
    double was;                        /* `was:`, of trials from before there was this parameter */
    const struct dln_expr *when;       /* NULL: always active */
    const char *when_text;
};

struct dln_constraint {
    const struct dln_expr *expr;
    const char *text;
};

struct dln_space {
    size_t n;
    struct dln_param *params;
    size_t n_constraints;
    struct dln_constraint *constraints;
    size_t *order; /* n indexes, parents before children; filled by dln_space_settle() */
};

/* ── one parameter ─────────────────────────────────────────────────────────────────────────────*/

DLN_API double dln_param_encode(const struct dln_param *param, double x); /* → [0, 1], clipped */
DLN_API double dln_param_decode(const struct dln_param *param, double u); /* → a legal x */
/*
 * As encode, but a value outside the range lies as far outside [0, 1]; NaN for one without a
 * logarithm where the scale is logarithmic.
 */
DLN_API double dln_param_place(const struct dln_param *param, double x);
/*
 * The part of the cube that decodes to x. low = high where each coordinate is a value of its own, or
 * where there is only one value.
 */
DLN_API void dln_param_cell(const struct dln_param *param, double x, double *low, double *high);
DLN_API bool dln_param_is_single(const struct dln_param *param);         /* only one value */
DLN_API bool dln_param_contains(const struct dln_param *param, double x); /* in range, on the grid */
/* The number of different values, 0 when there is no end to them. */
DLN_API double dln_param_count(const struct dln_param *param);
/* The number of steps from low that the value lies at, for stepped kinds; the k-th value. */
DLN_API double dln_param_nth(const struct dln_param *param, double k);
/*
 * Optuna's rounding of a stepped `high`: the last reachable value, in decimal arithmetic on the
 * shortest texts (0.1, 0.95, 0.25 → 0.85).
 */
DLN_API double dln_param_last_step(double low, double high, double step);

/* The text a program gets ("None", "True", "0.001", "64"); "" for an inactive value. */
DLN_API void dln_param_text(const struct dln_param *param, double x, struct dln_strbuf *out);
/* The same as JSON (null, true, 0.001, 64, "adamw"). */
DLN_API void dln_param_json(const struct dln_param *param, double x, struct dln_strbuf *out);
/* Reads what a person typed: a number, or the text of a choice. Range is not checked. */
DLN_API DLN_CHECK bool dln_param_parse(const struct dln_param *param, const char *text, double *x,
                                       struct dln_error *err);

/* ── all of them ───────────────────────────────────────────────────────────────────────────────*/

/*
 * Finishes a space whose params and constraints are filled in: the order of parents and children.
 * Fails with DLN_INVALID when conditions form a ring; *culprit (if not NULL) is a parameter in it.
 */
DLN_API DLN_CHECK bool dln_space_settle(struct dln_space *space, struct dln_arena *arena,
                                        size_t *culprit, struct dln_error *err);

/* Index of a name, or SIZE_MAX. */
DLN_API size_t dln_space_find(const struct dln_space *space, const char *name);

/* u (n) → x (n): every coordinate decoded, then inactive parameters set to NaN. u is complete. */
DLN_API void dln_space_decode(const struct dln_space *space, const double *u, double *x);
/* x → u; NaN stays NaN. Values outside the range are clipped. */
DLN_API void dln_space_encode(const struct dln_space *space, const double *x, double *u);
/* Sets inactive values to NaN; true if every active parameter has a value. */
DLN_API bool dln_space_activate(const struct dln_space *space, double *x);
/* True unless a constraint is false at x (missing counts as true). *broken: its index. */
DLN_API bool dln_space_allows(const struct dln_space *space, const double *x, size_t *broken);
/* Number of different points, conditions not counted out; HUGE_VAL when there is no end. */
DLN_API double dln_space_count(const struct dln_space *space);
/* Equal points (after decoding) have equal hashes. */
DLN_API uint64_t dln_space_hash(const struct dln_space *space, const double *x);
DLN_API bool dln_space_same(const struct dln_space *space, const double *a, const double *b);
/* The default point: `default:` where given, else the middle of the (log) range, else choice 0. */
DLN_API void dln_space_initial(const struct dln_space *space, double *x);
/* {"lr": 0.001, …} of the active parameters, in order. */
DLN_API void dln_space_json(const struct dln_space *space, const double *x, struct dln_strbuf *out);
/*
 * A point of one space in another, by the names of parameters and the values of choices; NaN for
 * what `from` does not have. Numbers are carried over even where they lie outside.
 */
DLN_API void dln_space_carry(const struct dln_space *from, const double *x,
                             const struct dln_space *to, double *out);
/* The same for one value. */
DLN_API double dln_param_carry(const struct dln_param *from, double x, const struct dln_param *to);
/* For dln_expr_eval(): context is a struct dln_point_context. */
struct dln_point_context {
    const struct dln_space *space;
    const double *x;
};
DLN_API bool dln_space_lookup(void *point_context, const char *name, struct dln_value *out);

#endif
