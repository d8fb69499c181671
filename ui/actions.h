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
/* Posts a command; `text` names it in the message row while it waits. */
void actions_post(struct view *view, enum dln_command_kind kind, const char *payload,
                  const char *text);
/* The same for any study, open or not. */
void actions_post_to(struct view *view, const char *path, int64_t study_id,
                     enum dln_command_kind kind, const char *payload, const char *text);
/* An answered command of the journal: if it is one of ours, its answer is shown. */
void actions_answer(struct view *view, const struct dln_command *command);

/* "lr=0.001 opt=adamw" of a trial, as `e` shows it for editing. Missing values are left out. */
void actions_point_text(const struct dln_space *space, const struct model *model, size_t row,
                        struct dln_strbuf *out);
/* The payload of an ENQUEUE from such a line; false: error says which word is wrong. */
bool actions_point_payload(const struct dln_space *space, const char *text, int64_t copy_of,
                           struct dln_strbuf *payload, char error[VIEW_TEXT_MAX]);
/* Reads "400", "+100", "6h", "90m"; *is_time: seconds of run time, else a number of trials. */
bool actions_budget_parse(const char *text, int64_t now_trials, bool *is_time, double *value);

#endif
