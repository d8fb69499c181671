/*
 * What edits of a study's space would do, before they are made: checked, and said in words. Used by
 * the engine when it makes them, and by whoever shows them first.
 */
#ifndef DIALIN_SPACE_PLAN_H
#define DIALIN_SPACE_PLAN_H

#include "dialin/error.h"
#include "dialin/export.h"
#include "dialin/json.h"
#include "dialin/store.h"
#include "dialin/strbuf.h"
#include "dialin/study.h"

struct dln_space_plan {
    struct dln_study *study;  /* with the edits */
    struct dln_strbuf change; /* "lr 1e-05 .. 0.1 log → 0.0001 .. 0.01 log; mom dropped" */
    struct dln_strbuf
        effect;             /* "71 of 120 finished trials lie outside and still inform the model" */
    struct dln_strbuf undo; /* {"edits": {…}}: back to `now` */
    size_t n_outside, n_finished;
};

/*
 * edits: {"name": "definition" or null}, on top of those that `now` has; store: of a study with
 * trials, or NULL, which leaves the effect out. Fails with DLN_REFUSED or DLN_INVALID and a
 * sentence where the edits cannot be made. `now` must outlive the plan.
 */
DLN_API DLN_CHECK bool dln_space_plan_make(dln_store *store, int64_t study_id,
                                           const struct dln_study *now, const json_t *edits,
                                           struct dln_space_plan *out, struct dln_error *err);
DLN_API void dln_space_plan_release(struct dln_space_plan *plan);

#endif
