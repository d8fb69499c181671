/*
 * The distribution that CMA-ES draws trials from, and how results move it: a normal one over what
 * has an order, a table of probabilities for each choice that has none. Two-valued choices and
 * flags are ints of two cells. A point is n_axes coordinates, then n_choices indexes; NaN: missing.
 */
#ifndef DLN_STRATEGY_CMA_MODEL_H
#define DLN_STRATEGY_CMA_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "dialin/space.h"
#include "math/cma.h"
#include "strategy/ranking.h"

/* Which parameter is what. `= {0}` is empty. */
struct dln_cma_layout {
    const struct dln_space *space;
    size_t n_axes, n_choices, n_cells; /* n_cells: of all choices together */
    size_t *axes, *choices;            /* parameter indexes; choices stand behind axes */
};

enum dln_cma_restarts { DLN_CMA_BIPOP, DLN_CMA_IPOP, DLN_CMA_NO_RESTART };

struct dln_cma_rules {
    size_t lambda; /* of the first run; 0: the usual one */
    double sigma;
    enum dln_cma_restarts restarts;
    uint64_t seed; /* where restarts begin */
};

/* Thread: owner. `= {0}` is empty. */
struct dln_cma_model {
    struct dln_cma cma;      /* not used without axes */
    double *table;           /* n_axes: spread of the margin; then n_cells probabilities */
    size_t lambda;           /* trials that the next update needs */
    size_t first_lambda;     /* of the first run */
    int64_t generation;      /* that the next trials belong to */
    int64_t run_start;       /* generation in which this run began */
    size_t runs, large_runs; /* restarts: all, and those with a doubled population */
    bool is_small;           /* this run: BIPOP's small regime */
    size_t spent[2];         /* trials of large runs, of small runs */
    double flat_best;        /* best loss of a generation, the same since flat_start */
    int64_t flat_start;
    struct dln_rank median; /* the best median of a generation */
    int64_t improved;       /* generation that had it */
};

struct dln_cma_row {
    const double *point;
    struct dln_rank rank;
    bool is_strange; /* not made by the distribution of this generation */
};

DLN_CHECK bool dln_cma_layout_init(struct dln_cma_layout *layout, const struct dln_space *space,
                                   struct dln_error *err);
void dln_cma_layout_release(struct dln_cma_layout *layout);
/* The point of a trial: raw (d) from its memo, x (d) its values. */
void dln_cma_layout_read(const struct dln_cma_layout *layout, const double *raw, const double *x,
                         double *point);

void dln_cma_model_release(struct dln_cma_model *model);
DLN_CHECK bool dln_cma_model_copy(struct dln_cma_model *to, const struct dln_cma_model *from,
                                  const struct dln_cma_layout *layout, struct dln_error *err);
/*
 * Generation 0 around `mean` (a point); with n good points (n × width) around them instead,
 * when they are many enough to tell a direction.
 */
DLN_CHECK bool dln_cma_model_start(struct dln_cma_model *model, const struct dln_cma_layout *layout,
                                   const struct dln_cma_rules *rules, const double *mean, size_t n,
                                   const double *points, struct dln_error *err);
/* The next generation, from n ≥ DLN_CMA_LAMBDA_MIN rows, the best first. Starts a new run in time.
 */
DLN_CHECK bool dln_cma_model_update(struct dln_cma_model *model,
                                    const struct dln_cma_layout *layout,
                                    const struct dln_cma_rules *rules, size_t n,
                                    const struct dln_cma_row *rows, struct dln_error *err);
/*
 * A draw: `raw` (d) is what the distribution learns from, `u` (d) what is tried: coordinates of
 * cells spread by the margin. z: 2 n_axes, work space.
 */
void dln_cma_model_draw(const struct dln_cma_model *model, const struct dln_cma_layout *layout,
                        struct dln_rng *rng, double *z, double *raw, double *u);

#endif
