/*
 * What trials had at each step and at their end, sorted by step, then by loss. Inner to curves.c.
 */
#ifndef DLN_PRUNER_STANDINGS_H
#define DLN_PRUNER_STANDINGS_H

#include "pruner/curves.h"

struct dln_columns {                  /* = {0} is empty */
    struct dln_column_entry *entries; /* ascending step */
    size_t n, cap;
};

void dln_columns_release(struct dln_columns *columns);

/* Takes a value in; false: no memory. A NaN is only counted. */
typedef bool dln_columns_taker(struct dln_columns *columns, int64_t step, double loss,
                               double final);
dln_columns_taker dln_columns_append; /* in no order: to be sorted when all are there */
dln_columns_taker dln_columns_put;    /* in its place */
void dln_columns_sort(struct dln_columns *columns);

/* An empty column where there is none. */
void dln_columns_find(const struct dln_columns *columns, int64_t step, struct dln_column *out);

void dln_standings_sort(struct dln_standing *standings, size_t n);

#endif
