#include "strategy/design.h"

#include <math.h>
#include <stdio.h>

void dln_design_release(struct dln_design *design)
{
    dln_sobol_seq_free(design->seq);
    *design = (struct dln_design){0};
}

/* The default point, exactly; what it leaves inactive stays as the sequence has it. */
static void set_initial(const struct dln_ask *ask, struct dln_suggestion *out)
{
    dln_space_initial(ask->space, out->x);
    for (size_t i = 0; i < ask->space->n; i++) {
        const double u = dln_param_encode(&ask->space->params[i], out->x[i]);
        if (!isnan(u)) out->u[i] = u;
    }
}

bool dln_design_suggest(struct dln_design *design, const struct dln_ask *ask, const char *strategy,
                        struct dln_suggestion *out, struct dln_error *err)
{
    if (!design->seq || design->seed != ask->seed) {
        dln_sobol_seq *seq;
        if (!dln_sobol_seq_new(ask->space->n, ask->seed, &seq, err)) return false;
        dln_sobol_seq_free(design->seq);
        *design = (struct dln_design){.seed = ask->seed, .seq = seq};
    }
    dln_sobol_seq_point(design->seq, (uint64_t)ask->number, ask->attempt, out->u);
    if (ask->history->n == 0 && ask->attempt == 0) {
        set_initial(ask, out);
        snprintf(out->why, sizeof out->why, "%s: the default point first", strategy);
    } else {
        snprintf(out->why, sizeof out->why, "%s: point %lld of an even cover, to begin with",
                 strategy, (long long)ask->number);
    }
    return true;
}
