/*
 * What a confirmation has found of the open study, read in the thinker's thread whenever the
 * journal says that there is something new. Thread: ui.
 */
#ifndef UI_GUARD_H
#define UI_GUARD_H

#include "dialin/confirm.h"
#include "view.h"

struct guard {
    char *path;
    int64_t study_id;
    struct dln_study *study; /* what `found` borrows from; NULL: not read yet, or no study file */
    struct dln_confirmation found; /* series 0: nothing was confirmed */
    bool is_reading, was_read;
    int64_t of_command; /* the newest entry of the journal that it knows of */
    int64_t read_ns, cost_ns;
    char sentence[VIEW_TEXT_MAX]; /* why nothing is known; "" */
};

/* Of the open study; asks for what is new. NULL: none is open, or no memory. */
struct guard *guard_of(struct view *view);
/* Without asking. */
const struct guard *guard_known(const struct view *view);
/* Whether fresh runs are being made now, by whomever. */
bool guard_is_underway(const struct view *view);
/* Candidates that have been judged, of how many; the default is none of them. */
void guard_count(const struct guard *guard, size_t *judged, size_t *n);
void guard_free(struct view *view);

#endif
