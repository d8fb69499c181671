/* Verbs on the space; a part of verbs.c. */
#ifndef UI_VERBS_SPACE_H
#define UI_VERBS_SPACE_H

#include "verbs.h"

bool plan_narrow(struct view *view, const struct verb_words *words, struct plan *plan,
                 struct dln_error *err);
bool plan_freeze(struct view *view, const struct verb_words *words, struct plan *plan,
                 struct dln_error *err);
/* As the parameters were: widen, thaw. */
bool plan_before(struct view *view, const struct verb_words *words, struct plan *plan,
                 struct dln_error *err);
void complete_param(struct view *view,
                    void (*offer)(void *context, const char *word, const char *help),
                    void *context);

#endif
