/* The inside of dln_importance(): one function a method. */
#ifndef DLN_EXPLAIN_METHOD_H
#define DLN_EXPLAIN_METHOD_H

#include "dialin/explain.h"

/* raw: one number for each parameter, ≥ 0. n ≥ 2. False: no memory. */
typedef bool dln_importance_of(const struct dln_evidence *evidence, struct dln_arena *arena,
                               double *raw);

dln_importance_of dln_ped_anova;
dln_importance_of dln_fanova;
dln_importance_of dln_impurity;

#endif
