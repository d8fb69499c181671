/*
 * Parzen estimators over mixed coordinates, as tree-structured Parzen estimators use them
 * (Bergstra et al., "Algorithms for hyper-parameter optimization", 2011; bandwidths as in Optuna).
 *
 * Rows of a table are points; a mixture is a subset of the rows, one product kernel for each, and
 * a broad prior kernel. A coordinate is
 *   LINE      a number in [0, 1]: normal around the row, truncated to [0, 1]
 *   CELLS     a number that stands for a cell of [0, 1], as stepped values do: the mass of the cell
 *   CHOICE    0 … n_choices − 1: most of the mass on the row's own
 * Several mixtures may share one table as long as no row is in two of them: a row keeps the shape
 * of its kernel there, and only shapes that change are computed anew.
 */
#ifndef DLN_MATH_PARZEN_H
#define DLN_MATH_PARZEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "dialin/arena.h"

enum dln_parzen_kind { DLN_PARZEN_LINE, DLN_PARZEN_CELLS, DLN_PARZEN_CHOICE };

/* A row in one coordinate: where it is and, but for CHOICE, the shape of its kernel. */
struct dln_parzen_kernel {
    double at;
    double sigma; /* the bandwidth; NaN: not computed yet */
    double scale; /* 1 / sigma */
    double peak;  /* log density at the row itself */
};

/* One coordinate of the table. The kernels, indexed by row, belong to the caller. */
struct dln_parzen_axis {
    enum dln_parzen_kind kind;
    size_t n_choices;
    struct dln_parzen_kernel *kernel;
};

enum dln_parzen_widths {
    DLN_PARZEN_NEIGHBOURS, /* the larger gap to a neighbour; Optuna from 5.0 on */
    DLN_PARZEN_SCOTT       /* 0.2 n^(-1/(d+4)) for all; multivariate Optuna up to 4.9 */
};

/* Thread: owner. Lives in the arena it was fitted with; borrows axes and rows. */
struct dln_parzen {
    size_t d;
    struct dln_parzen_axis *const *axes; /* d */
    size_t n;                            /* without the prior */
    const uint32_t *rows;                /* n, in order of age, oldest first */
    double *weight;                      /* n + 1, sum 1; the prior's last */
    double *log_hit, *log_miss;          /* d, CHOICE: own choice, any other one */
    double max_log_weight;
    size_t screen_lanes; /* how many vectors a block of kernels has there */
    float *screen;       /* the kernels again, packed for a first look */
};

/* A value of one coordinate; low and high: the cell's edges, for CELLS. */
struct dln_parzen_value {
    double at, low, high;
};

/* w (k): age order, 1 for the newest 25, rising from 1/k to 1 over those before (Optuna, hyperopt).
 */
void dln_parzen_ages(size_t k, double *w);

/*
 * Fits a mixture to n rows. order[j]: the same rows in ascending order; not used for CHOICE.
 * weight: n + 1 of any positive sum, or NULL: by age. False: no memory.
 */
bool dln_parzen_fit(struct dln_parzen *mixture, size_t d, struct dln_parzen_axis *const *axes,
                    size_t n, const uint32_t *rows, const uint32_t *const *order,
                    const double *weight, enum dln_parzen_widths widths, struct dln_arena *arena);

/* Room for dln_parzen_log_density() of mixtures of d coordinates with up to n rows. */
struct dln_parzen_scratch {
    float *bound;
    struct dln_parzen_aim *aim;
    double *sum;
    struct dln_parzen_memo *memo;
};
bool dln_parzen_scratch_init(struct dln_parzen_scratch *scratch, size_t d, size_t n,
                             struct dln_arena *arena);

/*
 * log density (log mass in CELLS and CHOICE) at a point of d values. Exact to about 1e-9: kernels
 * that cannot be seen beside the others are left out.
 */
double dln_parzen_log_density(const struct dln_parzen *mixture,
                              const struct dln_parzen_value *point,
                              struct dln_parzen_scratch *scratch);

/* The prior's part of it, alone: a lower bound that costs next to nothing. */
double dln_parzen_log_prior(const struct dln_parzen *mixture, const struct dln_parzen_value *point);

/* log of one kernel's density in coordinate j; kernel n is the prior. */
double dln_parzen_log_kernel(const struct dln_parzen *mixture, size_t kernel, size_t j,
                             struct dln_parzen_value value);

/* A kernel, with the probabilities `weight` (n + 1, sum 1); then a draw from it in coordinate j. */
size_t dln_parzen_draw_kernel(const struct dln_parzen *mixture, const double *weight,
                              struct dln_rng *rng);
double dln_parzen_draw(const struct dln_parzen *mixture, size_t kernel, size_t j,
                       struct dln_rng *rng);

#endif
