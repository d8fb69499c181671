/*
 * A Gaussian process fitted to trials, kept from one ask to the next.
 *
 * Everything here is a function of the rows alone; what is kept only saves time:
 *   theta    is fitted to the first n rows, n growing in steps of 5 to 10 %, and started from the
 *            prior, never from an earlier theta
 *   factor   is made in one go up to a multiple of BLOCK rows and grown row by row from there
 */
#ifndef DLN_STRATEGY_GP_MODEL_H
#define DLN_STRATEGY_GP_MODEL_H

#include "dialin/strategy.h"
#include "math/gp_fit.h"
#include "math/warping.h"
#include "strategy/gp_coding.h"

/* Thread: owner. `= {0}` is empty. */
struct dln_gp_model {
    struct dln_gp gp;
    struct dln_warp warp;
    uint64_t theta_key; /* of the rows that theta was fitted to */
    uint64_t *row_keys; /* gp.cap: of the rows in the factor */
    size_t n_kept, kept_base;
    double believed; /* highest posterior mean at a real row; -inf: there is none */
    double expected; /* the same at a pending row */
};

struct dln_gp_task {
    const struct dln_gp_coding *coding;
    enum dln_gp_prior prior;
    bool damps; /* bad tail */
    bool warps; /* y; else it is taken as it is */
    size_t n;
    const struct dln_view_trial *const *trials;
    const double *y, *noise;
    const bool *is_real; /* can be the best so far; NULL: none */
    size_t settled;      /* rows that no trial will come in between any more */
    size_t n_pending;
    const struct dln_view_trial *const *pending;
};

void dln_gp_model_release(struct dln_gp_model *model);
/*
 * Makes the model that of the task. DLN_NUMERIC: there is nothing to learn (values all equal) or no
 * factor; DLN_NOMEM.
 */
DLN_CHECK bool dln_gp_model_update(struct dln_gp_model *model, const struct dln_gp_task *task,
                                   struct dln_arena *scratch, struct dln_error *err);

/* The number of rows to fit to, of n. */
size_t dln_gp_milestone(size_t n, size_t settled);

#endif
