/*
 * Optuna's texts for a distribution. Those of today are written byte for byte as Python's
 * json.dumps() would; the legacy and the short forms are read as well. A legacy form is only
 * written for a name whose newest row has it, because Python refuses a change of class.
 */
#ifndef DLN_STORE_DISTRIBUTION_H
#define DLN_STORE_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/arena.h"
#include "dialin/error.h"
#include "dialin/space.h"
#include "dialin/strbuf.h"
#include "store/json_slice.h"

enum dln_distribution_form {
    DLN_FORM_MODERN,
    DLN_FORM_UNIFORM,
    DLN_FORM_LOG_UNIFORM,
    DLN_FORM_DISCRETE_UNIFORM,
    DLN_FORM_INT_UNIFORM,
    DLN_FORM_INT_LOG_UNIFORM
};

void dln_distribution_write(const struct dln_param *param, enum dln_distribution_form form,
                            struct dln_strbuf *out);
/* One choice as it stands in that text. Lists and maps are kept as a string of their JSON. */
void dln_choice_write(const struct dln_scalar *choice, struct dln_strbuf *out);

/*
 * Fills everything of *out but its name, from today's, a legacy or a short form; texts in the
 * arena. Kinds read are FLOAT, INT and CHOICE. `form` may be NULL. DLN_INVALID says what is off.
 */
bool dln_distribution_read(struct dln_slice text, struct dln_arena *arena, struct dln_param *out,
                           enum dln_distribution_form *form, struct dln_error *err);
/* Whether two choices are the same to Python: kind and value; 1, 1.0 and True are one. */
bool dln_choice_same(const struct dln_scalar *a, const struct dln_scalar *b);

#endif
