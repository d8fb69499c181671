/*
 * Candidates of a search, and what each is worth.
 *
 * A point of the cube becomes one of the space before it is scored: numbers on their grid, fixed
 * values in their place, inactive ones gone (Garrido-Merchán & Hernández-Lobato, 2020: what would
 * be evaluated is what must be modelled).
 */
#ifndef DLN_STRATEGY_GP_POINTS_H
#define DLN_STRATEGY_GP_POINTS_H

#include "strategy/gp_coding.h"

struct dln_gp_points {
    size_t n, cap;
    double *u;       /* cap × d, complete */
    double *x;       /* cap × d, NaN where inactive */
    double *columns; /* cap × n_columns */
    double *score;   /* cap; -inf: not allowed */
};

/* What points are scored by. */
struct dln_gp_judge {
    const struct dln_gp_coding *coding;
    const double *fixed; /* d, NaN where free */
    const struct dln_gp *value;
    double best;                 /* to be improved on, in the units of value->y */
    const struct dln_gp *second; /* of the second of two goals, NULL where there is one */
    size_t n_front;              /* two goals: see dln_log_ehvi() */
    const double *front;
    double reference[2];
    const struct dln_gp *success; /* NULL: everything works */
    double success_weight;
    struct dln_gp_query query, second_query, success_query;
    double *spare; /* d */
};

bool dln_gp_points_init(struct dln_gp_points *points, size_t cap,
                        const struct dln_gp_coding *coding, struct dln_arena *arena);
/* Fills in the judge's memory. */
bool dln_gp_judge_init(struct dln_gp_judge *judge, struct dln_arena *arena);

/* Point i from its u: x, columns, and u where a value was moved. */
void dln_gp_complete(const struct dln_gp_judge *judge, struct dln_gp_points *points, size_t i);
/* Point i from x (complete; NaN where inactive, whose u stays). */
void dln_gp_place(const struct dln_gp_judge *judge, struct dln_gp_points *points, size_t i);
void dln_gp_points_copy(const struct dln_gp_coding *coding, struct dln_gp_points *to, size_t i,
                        const struct dln_gp_points *from, size_t j);

/* Scores of points `from` … `to` - 1. Roughly: by an upper bound, much cheaper. */
void dln_gp_score(struct dln_gp_judge *judge, struct dln_gp_points *points, size_t from, size_t to);
void dln_gp_score_roughly(struct dln_gp_judge *judge, struct dln_gp_points *points, size_t from,
                          size_t to);
/*
 * Scores of m columns (query's cap at most) and their gradients by columns (m × n_columns);
 * constraints are not looked at.
 */
void dln_gp_score_slopes(struct dln_gp_judge *judge, size_t m, const double *columns,
                         double *scores, double *gradients);

#endif
