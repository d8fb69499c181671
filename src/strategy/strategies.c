/* The registry: a new strategy is a file and one line here, in the order of the picker. */
#include <string.h>

#include "dialin/strategy.h"

#define DLN_STRATEGIES(X) \
    X(auto) X(gp) X(tpe) X(cmaes) X(de) X(nsga2) X(ga) X(sobol) X(random) X(grid)

#define DLN_STRATEGY_DECLARE(name) extern const struct dln_strategy dln_strategy_##name;
DLN_STRATEGIES(DLN_STRATEGY_DECLARE)
#undef DLN_STRATEGY_DECLARE

const struct dln_strategy *const *dln_strategies(void)
{
    static const struct dln_strategy *const all[] = {
#define DLN_STRATEGY_ENTRY(name) &dln_strategy_##name,
        DLN_STRATEGIES(DLN_STRATEGY_ENTRY)
#undef DLN_STRATEGY_ENTRY
            NULL};
    return all;
}

const struct dln_strategy *dln_strategy_find(const char *name)
{
    for (const struct dln_strategy *const *at = dln_strategies(); *at; at++) {
        if (strcmp((*at)->name, name) == 0) return *at;
    }
    return NULL;
}
