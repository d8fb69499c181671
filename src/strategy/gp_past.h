/*
 * What a Gaussian process takes from earlier studies (`warm_start`).
 *
 * Their trials join the rows with a noise of their own, which grows with the trials that the study
 * has itself. Their scores are brought to this study's scale by a straight line through (score that
 * the earlier study expects, value seen here); while that line does not rise, or is hardly one,
 * they stay out. That is the concern of RGPE (Feurer et al., 2018), a source that misleads must
 * lose its word, at the price of a regression.
 */
#ifndef DLN_STRATEGY_GP_PAST_H
#define DLN_STRATEGY_GP_PAST_H

#include "strategy/gp_rows.h"

enum { DLN_GP_PAST_FROM = 5 }; /* rows of this study that tell whether the past is like it */

/*
 * The rows with those of earlier studies in front, in ask->scratch; *n_past of them, 0 where there
 * are none or they do not help. False: no memory.
 */
bool dln_gp_past_join(const struct dln_gp_rows *rows, const struct dln_ask *ask,
                      struct dln_gp_rows *out, size_t *n_past);

#endif
