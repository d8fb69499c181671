/* A pruner on a made-up study: settings by name, curves by hand. */
#ifndef TEST_SUPPORT_PRUNE_RIG_H
#define TEST_SUPPORT_PRUNE_RIG_H

#include "dialin/pruner.h"

struct prune_setting {
    const char *name;
    double number;
    const char *text; /* a word, where it is one; JSON where it begins with '{' */
};

/* The study is called `name` and has one objective. Ends the test where the settings are wrong. */
dln_pruning *prune_rig(const char *name, bool maximize, const char *pruner, size_t n,
                       const struct prune_setting *settings);
/* The same, to see it fail. */
bool prune_rig_try(const char *name, bool maximize, const char *pruner, size_t n,
                   const struct prune_setting *settings, dln_pruning **out, struct dln_error *err);

/* A COMPLETE trial; its value is the last one of its curve. */
void prune_complete(dln_pruning *pruning, int64_t number, size_t n, const int64_t *steps,
                    const double *values);
/* A running trial reports; gives the decision, keep where none is due. */
struct dln_prune prune_report(dln_pruning *pruning, int64_t number, int64_t step, double value);

#endif
