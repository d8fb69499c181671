/* Points that people give, whole or in part: read and checked. */
#ifndef DLN_ENGINE_POINT_H
#define DLN_ENGINE_POINT_H

#include "dialin/json.h"
#include "dialin/space.h"

/*
 * The values of a JSON object (NULL: none) put into x; what is not named is left alone. DLN_INVALID
 * names a parameter that is not there, a value outside the space, a constraint that the values
 * break.
 */
DLN_CHECK bool dln_point_read(const struct dln_space *space, json_t *params, double *x,
                              struct dln_error *err);

/* The same for a question: numbers outside the space and broken constraints are fine. */
DLN_CHECK bool dln_point_read_anywhere(const struct dln_space *space, json_t *params, double *x,
                                       struct dln_error *err);

/* So many known points in a row, and a strategy has nothing new to say. */
enum { DLN_REUSED_MAX = 100 };

#endif
