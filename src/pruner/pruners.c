/* The registry: a new pruner is a file and one line here, in the order of the picker. */
#include <stdint.h>
#include <string.h>

#include "dialin/pruner.h"

#define DLN_PRUNERS(X) \
    X(asha) X(hyperband) X(median) X(percentile) X(patient) X(threshold) X(wilcoxon)

#define DLN_PRUNER_DECLARE(name) extern const struct dln_pruner dln_pruner_##name;
DLN_PRUNERS(DLN_PRUNER_DECLARE)
#undef DLN_PRUNER_DECLARE

const struct dln_pruner *const *dln_pruners(void)
{
    static const struct dln_pruner *const all[] = {
#define DLN_PRUNER_ENTRY(name) &dln_pruner_##name,
        DLN_PRUNERS(DLN_PRUNER_ENTRY)
#undef DLN_PRUNER_ENTRY
            NULL};
    return all;
}

const struct dln_pruner *dln_pruner_find(const char *name)
{
    for (const struct dln_pruner *const *at = dln_pruners(); *at; at++) {
        if (strcmp((*at)->name, name) == 0) return *at;
    }
    return NULL;
}

const char *dln_pruner_auto_why(const struct dln_study *study)
{
    if (dln_prune_objective(study) == SIZE_MAX) {
        return "none: with several objectives 'prune_on' must say which one to judge by";
    }
    return "none: at the same cost the pruners here mostly find worse results than no pruner; name "
           "one where bad trials show early";
}

size_t dln_prune_objective(const struct dln_study *study)
{
    for (size_t i = 0; study->prune_on && i < study->n_objectives; i++) {
        if (strcmp(study->prune_on, study->objectives[i].metric) == 0) return i;
    }
    return study->n_objectives == 1 ? 0 : SIZE_MAX;
}
