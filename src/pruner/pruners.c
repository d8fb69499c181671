/* The registry: a new pruner is a file and one line here, in the order of the picker. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dialin/pruner.h"

#define DLN_PRUNERS(X) \
    X(forecast) X(asha) X(hyperband) X(median) X(percentile) X(patient) X(threshold) X(wilcoxon)

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

static const struct dln_pruner choice_auto = {
    .name = "auto",
    .title = "Auto",
    .summary = "Chooses by the study: a comparison run by run\n"
               "where there are folds or repeats, else the\n"
               "forecast of curves; none for several goals.",
    .best_for = "any study",
};
static const struct dln_pruner choice_none = {
    .name = "none",
    .title = "None",
    .summary = "Every trial runs to its end. Right where early\n"
               "values say nothing about the end, or where\n"
               "trials are short.",
    .best_for = "no curves",
};

const struct dln_pruner *const *dln_pruner_choices(void)
{
    static const struct dln_pruner *const all[] = {&choice_auto, &choice_none,
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

const struct dln_pruner *dln_pruner_auto(const struct dln_study *study)
{
    if (dln_prune_objective(study) == SIZE_MAX) return NULL;
    const bool has_folds = study->folds > 1 || study->repeat_runs > 1;
    return has_folds ? &dln_pruner_wilcoxon : &dln_pruner_forecast;
}

const char *dln_pruner_auto_why(const struct dln_study *study)
{
    const struct dln_pruner *pruner = dln_pruner_auto(study);
    if (!pruner) return "none, because 'prune_on' does not say which of the objectives to judge by";
    if (pruner == &dln_pruner_wilcoxon) {
        return "wilcoxon, which compares a trial with the best one run by run";
    }
    return "forecast, which stops only what has next to no chance by the curves of this study";
}

const char *dln_pruner_recommend(const struct dln_study *study, int64_t n_ended, int64_t n_curves,
                                 char why[DLN_WHY_MAX])
{
    enum { ENOUGH = 5 }; /* trials without a curve, until it is taken for granted that none comes */
    const struct dln_pruner *pruner = dln_pruner_auto(study);
    if (!pruner) {
        (void)snprintf(why, DLN_WHY_MAX, "'prune_on' does not say which objective to judge by");
        return choice_none.name;
    }
    if (n_ended >= ENOUGH && n_curves == 0) {
        (void)snprintf(why, DLN_WHY_MAX, "the program prints no steps, so there is no curve");
        return choice_none.name;
    }
    (void)snprintf(why, DLN_WHY_MAX, "%s",
                   pruner == &dln_pruner_wilcoxon
                       ? "folds or repeats: compares a trial with the best one run by run"
                       : "stops only what has next to no chance by the curves of this study");
    return pruner->name;
}

size_t dln_prune_objective(const struct dln_study *study)
{
    for (size_t i = 0; study->prune_on && i < study->n_objectives; i++) {
        if (strcmp(study->prune_on, study->objectives[i].metric) == 0) return i;
    }
    return study->n_objectives == 1 ? 0 : SIZE_MAX;
}
