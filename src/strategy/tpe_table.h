/*
 * The trials of a history as a table of coordinates, for Parzen estimators: one row a trial, and
 * for each parameter the rows in ascending order. Kept up to date from one ask to the next; the
 * same history gives the same table, whatever was there before.
 */
#ifndef DLN_STRATEGY_TPE_TABLE_H
#define DLN_STRATEGY_TPE_TABLE_H

#include "dialin/strategy.h"
#include "math/parzen.h"

struct dln_tpe_table {
    size_t d, n, cap;
    struct dln_parzen_axis *axes; /* d; at is NaN where a trial has no usable value */
    uint32_t **order;             /* d × n_order[j]: rows with a value, by (at, row) */
    size_t *n_order;
    double *x; /* n × d: what the rows were made from */
};

/* Thread: owner. `= {0}` is released. */
bool dln_tpe_table_init(struct dln_tpe_table *table, const struct dln_space *space);
void dln_tpe_table_release(struct dln_tpe_table *table);
/* False: no memory; the table is then valid, but may have fewer rows. */
bool dln_tpe_table_sync(struct dln_tpe_table *table, const struct dln_space *space,
                        const struct dln_history_view *history);

/* A value x of a parameter as its estimator takes it. */
struct dln_parzen_value dln_tpe_value(const struct dln_param *param,
                                      const struct dln_parzen_axis *axis, double x);

#endif
