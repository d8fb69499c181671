/*
 * The next suggestion, asked for while every slot is busy, so that one that comes free does not
 * wait for the model.
 *
 * With several workers a suggestion never knows what the running trials will give, so one that was
 * made a moment earlier is as good as any: it stays valid while running trials end, and is what
 * dialin/peek.h shows. With one worker it would know one trial less than it could, and a study
 * would not propose the same points stopped and resumed: there nothing is asked ahead.
 */
#ifndef DLN_ENGINE_AHEAD_H
#define DLN_ENGINE_AHEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/strategy.h"

/* Thread: engine. `= {0}` is empty. */
struct dln_ahead {
    bool is_ready;
    bool has_asked; /* with this history; without an answer there is none */
    int64_t number;
    int64_t budget_trials;
    uint64_t revision, rewritten; /* of the history then */
    struct dln_arena arena;       /* of the proposal */
    struct dln_proposal proposal;
};

void dln_ahead_release(struct dln_ahead *ahead);
/* Forgets it: the strategy is another one now. */
void dln_ahead_drop(struct dln_ahead *ahead);
/*
 * Asks for trial `number`, unless this was done with this history. What goes wrong is left for the
 * ask that will come.
 */
void dln_ahead_prepare(struct dln_ahead *ahead, dln_proposer *proposer,
                       const struct dln_space *space, int64_t number, int64_t budget_trials);
/*
 * The proposal, if it was made for this trial and nothing has happened since but that trials have
 * ended; is_new: and no trial may have its point. It lasts until the next call of prepare. True:
 * *out.
 */
bool dln_ahead_take(struct dln_ahead *ahead, const dln_proposer *proposer,
                    const struct dln_space *space, int64_t number, int64_t budget_trials,
                    bool is_new, struct dln_proposal *out);

#endif
