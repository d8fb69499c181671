/*
 * Which trials teach what: an objective, whether a point runs and keeps its limits, how long it
 * takes. Of many trials some stand for all, so that a fit and an answer stay quick: those that
 * matter (the best; the failed), the newest, and an even choice of the rest.
 */
#ifndef DLN_INSIGHT_LESSONS_H
#define DLN_INSIGHT_LESSONS_H

#include "insight/belief.h"

/* A failure that another run of the same point would most likely share. */
bool dln_lesson_is_telling(const struct dln_view_trial *trial);

/*
 * The lesson of an objective, from complete trials and, with one objective, pruned ones.
 * *n_complete: how many have a value. Everything in the arena; false: no memory.
 */
bool dln_lesson_value(struct dln_lesson *lesson, const struct dln_history_view *history,
                      const struct dln_gp_coding *coding, size_t objective, size_t *n_complete,
                      struct dln_arena *arena);

enum dln_mark { DLN_MARK_RUNS, DLN_MARK_LIMITS };
/* y is +1 or -1. *n_good, *n_bad: of all trials. */
bool dln_lesson_mark(struct dln_lesson *lesson, const struct dln_history_view *history,
                     const struct dln_gp_coding *coding, enum dln_mark mark, size_t *n_good,
                     size_t *n_bad, struct dln_arena *arena);

/* y is the logarithm of the run time of complete trials; run_s: per trial, NaN unknown. */
bool dln_lesson_time(struct dln_lesson *lesson, const struct dln_history_view *history,
                     const struct dln_gp_coding *coding, const double *run_s,
                     struct dln_arena *arena);

#endif
