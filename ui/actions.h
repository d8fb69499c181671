/*
 * What a person changes: each is a command posted into the file, answered by the engine, and a line
 * in the journal. Nothing here waits; answers come to the message row. Thread: ui.
 */
#ifndef UI_ACTIONS_H
#define UI_ACTIONS_H

#include <stdbool.h>

#include "dialin/store.h"
#include "view.h"

/* True if the action is one of these and has been begun, asked about, or refused with a sentence.
 */
bool actions_begin(struct view *view, enum action action);
/* The actions on the marked trials, or on the selected one, as a menu. */
void actions_menu(struct view *view);
/* Prune, stop, retry, note, tag, delete: asked about where that is due. */
void actions_on_trials(struct view *view, enum action action);
/* The same on view->targets. */
void actions_on_targets(struct view *view, enum action action);
/* Puts tags on those that are marked, or under the cursor: "paper -old". */
void actions_tag(struct view *view, const char *text);
/* Whether the study can be changed now; else it is said why not. */
bool actions_may_change(struct view *view);
/* Posts a command; `text` names it in the message row while it waits. */
void actions_post(struct view *view, enum dln_command_kind kind, const char *payload,
                  const char *text);
/* The same for any study, open or not. */
void actions_post_to(struct view *view, const char *path, int64_t study_id,
                     enum dln_command_kind kind, const char *payload, const char *text);
/* An answered command of the journal: if it is one of ours, its answer is shown. */
void actions_answer(struct view *view, const struct dln_command *command);

/*
 * Puts a point into the queue; `base`: the values of trial copy_of, NULL and -1: it copies none.
 * False: refused with a sentence.
 */
bool actions_enqueue(struct view *view, const double *x, const double *base, int64_t copy_of);
/* Other values for a trial in the queue, or out of it. False: refused with a sentence. */
bool actions_revise(struct view *view, int64_t number, const double *x);
bool actions_withdraw(struct view *view, int64_t number);
/* Its payload: what is active, and of a copy only what differs, so that the rest stays exact. */
void actions_point_payload(const struct dln_space *space, const double *x, const double *base,
                           int64_t copy_of, struct dln_strbuf *payload);
/* Another strategy or pruner; `method` as JSON, {"tpe": {"startup": 20}}. */
void actions_set_method(struct view *view, bool is_pruner, const char *method, const char *name);
/*
 * The best `top` again on fresh seeds: by the engine that runs, or by one of our own that ends then.
 * `fresh`: anew even if nothing has changed. `stops`: wraps up, no new trial meanwhile and after.
 */
void actions_confirm(struct view *view, int top, int repeats, bool fresh, bool stops);
/* Reads "400", "+100", "6h", "90m"; *is_time: seconds of run time, else a number of trials. */
bool actions_budget_parse(const char *text, int64_t now_trials, bool *is_time, double *value);

#endif
