/*
 * What people do to a search space, as definitions: narrow, widen, freeze, thaw. The command line
 * and the space screen make their edits with it.
 */
#ifndef UI_SPACE_CHANGE_H
#define UI_SPACE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/space.h"
#include "dialin/store.h"
#include "dialin/strbuf.h"

/* "1e-4..1e-2", "32 .. 256" */
bool change_parse_range(const char *text, double *low, double *high);
/* The parameter with other bounds; a default that lies outside is dropped. */
DLN_CHECK bool change_range(const struct dln_param *param, double low, double high,
                            struct dln_strbuf *definition, struct dln_error *err);
/* At one value; what people typed is read by dln_param_parse(). */
DLN_CHECK bool change_freeze(const struct dln_param *param, double x, struct dln_strbuf *definition,
                             struct dln_error *err);
/*
 * Where the best tenth of the finished trials lie, with a margin of a fifth on both sides on the
 * parameter's own scale, inside its range. x[i] and loss[i] belong to one trial; NaN: none.
 * `bare_*`: without the margin. False: fewer than two trials to go by, or no number.
 */
struct best_range {
    double low, high, bare_low, bare_high;
    size_t n; /* trials in the tenth */
};
bool change_best_range(const struct dln_param *param, size_t n, const double *x, const double *loss,
                       struct best_range *out);
/*
 * What the parameter was before the newest edit that still stands: its definition in the arena, ""
 * where it was not there; NULL: it was never edited.
 */
const char *change_before(const char *name, size_t n, const struct dln_command *journal,
                          struct dln_arena *arena);

#endif
