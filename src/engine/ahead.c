#include "engine/ahead.h"

#include <string.h>

void dln_ahead_release(struct dln_ahead *ahead)
{
    dln_arena_release(&ahead->arena);
    *ahead = (struct dln_ahead){0};
}

void dln_ahead_drop(struct dln_ahead *ahead)
{
    ahead->is_ready = ahead->has_asked = false;
}

/* Copies what the proposer keeps only until its next call. */
static bool keep(struct dln_ahead *ahead, const struct dln_space *space,
                 const struct dln_proposal *proposal)
{
    double *x = DLN_ARENA_ARRAY(&ahead->arena, double, space->n);
    char *strategy = dln_arena_copy(&ahead->arena, proposal->strategy);
    char *why = dln_arena_copy(&ahead->arena, proposal->why);
    char *memo = proposal->memo ? dln_arena_copy(&ahead->arena, proposal->memo) : NULL;
    if (!x || !strategy || !why || (proposal->memo && !memo)) return false;
    if (space->n > 0) memcpy(x, proposal->x, space->n * sizeof *x);
    ahead->proposal = *proposal;
    ahead->proposal.x = x;
    ahead->proposal.strategy = strategy;
    ahead->proposal.why = why;
    ahead->proposal.memo = memo;
    return true;
}

void dln_ahead_prepare(struct dln_ahead *ahead, dln_proposer *proposer,
                       const struct dln_space *space, int64_t number, int64_t budget_trials)
{
    const struct dln_history_view *history = dln_proposer_history(proposer);
    const bool is_current = ahead->number == number && ahead->budget_trials == budget_trials &&
                            ahead->revision == history->revision;
    if (ahead->has_asked && is_current) return;
    struct dln_proposal proposal;
    dln_arena_reset(&ahead->arena);
    ahead->is_ready = dln_proposer_ask(proposer, number, NULL, budget_trials, &proposal, NULL) &&
                      keep(ahead, space, &proposal);
    ahead->has_asked = true;
    ahead->number = number;
    ahead->budget_trials = budget_trials;
    ahead->revision = history->revision;
    ahead->rewritten = history->rewritten;
}

bool dln_ahead_take(struct dln_ahead *ahead, const dln_proposer *proposer,
                    const struct dln_space *space, int64_t number, int64_t budget_trials,
                    bool is_new, struct dln_proposal *out)
{
    const struct dln_history_view *history = dln_proposer_history(proposer);
    const bool holds = ahead->is_ready && ahead->number == number &&
                       ahead->budget_trials == budget_trials &&
                       ahead->rewritten == history->rewritten &&
                       !(is_new && dln_history_has(history, space, ahead->proposal.x));
    dln_ahead_drop(ahead);
    if (holds) *out = ahead->proposal;
    return holds;
}
