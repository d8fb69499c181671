/*
 * A search space that is edited while its study runs: definitions as a study file has them, put in
 * the place of those of the file. The file's text keeps its comments, and what it says of anything
 * else.
 */
#ifndef DIALIN_SPACE_EDIT_H
#define DIALIN_SPACE_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/space.h"
#include "dialin/strbuf.h"
#include "dialin/study.h"

/* "{float: [1e-05, 0.1], log: true, when: optimizer == sgd}": equal parameters, equal text. */
DLN_API void dln_param_define(const struct dln_param *param, struct dln_strbuf *out);
/* One choice as a study file has it: null, 64, adamw, "a, b". */
DLN_API void dln_choice_define(const struct dln_scalar *choice, struct dln_strbuf *out);
/*
 * For people: "0.0001 .. 0.01 log", "32 .. 256 step 32", "adamw sgd lion", "17" (one value), with
 * " when …". Lists are cut after `choices_max` choices.
 */
DLN_API void dln_param_describe(const struct dln_param *param, size_t choices_max,
                                struct dln_strbuf *out);

/*
 * The text of a study file with some definitions replaced, added at the end, or taken out. Names
 * that are to go and are not there are passed over. Fails with DLN_INVALID where the text is no map
 * with a `space`.
 */
DLN_API DLN_CHECK bool dln_space_edit_text(const char *text, size_t len, size_t n,
                                           const struct dln_space_edit *edits,
                                           struct dln_strbuf *out, struct dln_error *err);
/*
 * The study as its file stood, with these edits in place of all earlier ones. Points to try first
 * have been tried, and are not checked against another space. An edit that says what the file says
 * is left out of out->edits. Errors are sentences without a place.
 */
DLN_API DLN_CHECK bool dln_study_edit(const struct dln_study *study, size_t n,
                                      const struct dln_space_edit *edits, struct dln_study **out,
                                      struct dln_error *err);

#endif
