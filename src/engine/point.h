/* Points that people give, whole or in part: read, checked, completed. */
#ifndef DLN_ENGINE_POINT_H
#define DLN_ENGINE_POINT_H

#include "dialin/json.h"
#include "dialin/store.h"
#include "dialin/strategy.h"

/*
 * The values of a JSON object (NULL: none) put into x; what is not named is left alone. DLN_INVALID
 * names a parameter that is not there, a value outside the space, a constraint that the values
 * break.
 */
DLN_CHECK bool dln_point_read(const struct dln_space *space, json_t *params, double *x,
                              struct dln_error *err);

/*
 * The whole of a WAITING trial's point: as it was given, what was left free filled in by the
 * strategy, or by the defaults where no untried point is left. x and whole have d values; *out
 * points to whole or into the proposer.
 */
DLN_CHECK bool dln_point_complete(dln_proposer *proposer, const struct dln_space *space,
                                  int64_t number, const double *x, int64_t budget_trials,
                                  double *whole, struct dln_new_trial *out, struct dln_error *err);

/* So many known points in a row, and a strategy has nothing new to say. */
enum { DLN_REUSED_MAX = 100 };
/*
 * `duplicates: reuse`: a finished trial of the same point, whose values stand for a run. NULL:
 * none. Not where the study has limits: what else that trial printed is not known any more.
 */
const struct dln_view_trial *dln_point_known(const struct dln_study *study,
                                             const struct dln_history_view *view, const double *x);

#endif
