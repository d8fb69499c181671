/* Rules that several pruners share, and the words that they have in common. */
#ifndef DLN_PRUNER_RULES_H
#define DLN_PRUNER_RULES_H

#include "pruner/curves.h"

/* The first row of every settings table: what the program counts, for sentences. */
#define DLN_PRUNE_STEP_SETTING                                                                     \
    {                                                                                              \
        .name = "step", .kind = DLN_SETTING_CHOICE, .initial = 0, .choices = dln_prune_step_words, \
        .help = "what the program counts, for messages"                                            \
    }
extern const char *const dln_prune_step_words[];

/* Of the trial asked about. */
int64_t dln_prune_step(const struct dln_prune_ask *ask);
double dln_prune_loss(const struct dln_prune_ask *ask);
/* A loss as the objective has it. */
double dln_prune_value(const struct dln_prune_ask *ask, double loss);
/* Says no: step, value and threshold (losses) are noted, the sentence is printf's. */
void dln_prune_say(const struct dln_prune_ask *ask, struct dln_prune *out, const char *pruner,
                   double loss, double threshold, const char *format, ...) DLN_PRINTF(6, 7);

/*
 * Whether this is the first report in an interval of steps that begins at `warmup`. False before
 * the warm-up is over.
 */
bool dln_prune_is_due(const struct dln_prune_ask *ask, double warmup, double interval);

/* The p-th percentile (0 … 100) of the losses, by linear interpolation, as NumPy has it. */
double dln_prune_percentile(const struct dln_column *column, double p, bool maximize);

/* Settings of the percentile rule: the rows that `median` and `percentile` share. */
enum {
    DLN_QUANTILE_STARTUP,
    DLN_QUANTILE_WARMUP,
    DLN_QUANTILE_INTERVAL,
    DLN_QUANTILE_LEAST,
    DLN_QUANTILE_NEAREST,
    DLN_QUANTILE_COUNT
};
#define DLN_QUANTILE_SETTINGS                                                     \
    {.name = "startup",                                                           \
     .kind = DLN_SETTING_INT,                                                     \
     .low = 0,                                                                    \
     .high = 1e9,                                                                 \
     .initial = 5,                                                                \
     .help = "complete trials before the first is pruned"},                       \
        {.name = "warmup",                                                        \
         .kind = DLN_SETTING_INT,                                                 \
         .low = 0,                                                                \
         .high = 1e15,                                                            \
         .initial = 0,                                                            \
         .help = "steps in which a trial is left alone"},                         \
        {.name = "interval",                                                      \
         .kind = DLN_SETTING_INT,                                                 \
         .low = 1,                                                                \
         .high = 1e15,                                                            \
         .initial = 1,                                                            \
         .help = "steps between two looks"},                                      \
        {.name = "min_trials",                                                    \
         .kind = DLN_SETTING_INT,                                                 \
         .low = 1,                                                                \
         .high = 1e9,                                                             \
         .initial = 1,                                                            \
         .help = "complete trials that must have the same step"},                 \
    {                                                                             \
        .name = "nearest_step", .kind = DLN_SETTING_BOOL, .initial = 0,           \
        .help = "compare with the last step before, where curves differ in steps" \
    }
/* `values`: of the rows above. `middle`: how the percentile is called in the sentence. */
void dln_rule_percentile(const struct dln_prune_ask *ask, const double *values, double p,
                         const char *pruner, const char *middle, struct dln_prune *out);

/* Successive halving, asynchronous: who may go on from a rung is decided at arrival. */
struct dln_halving {
    const char *pruner;
    const char *group; /* in the sentence: "" or "bracket 2, " */
    double first;      /* the step of rung 0 */
    double eta;
    double last; /* no rung from this step on; 0: no end */
    size_t bootstrap;
    struct dln_share share;
};
void dln_rule_halving(const struct dln_prune_ask *ask, const struct dln_halving *rule,
                      struct dln_prune *out);

/* Hyperband's brackets: how many, and how many of `total` draws go to each. */
enum { DLN_BRACKETS_MAX = 64 };
struct dln_brackets {
    size_t n;
    uint64_t total;
    uint64_t budget[DLN_BRACKETS_MAX];
};
void dln_brackets_make(double min, double max, double eta, struct dln_brackets *out);
/* The bracket of a trial, and its share of all trials. */
size_t dln_brackets_find(const struct dln_brackets *brackets, uint32_t crc,
                         struct dln_share *share);

#endif
