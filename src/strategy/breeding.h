/*
 * What genetic strategies share: parents chosen from the finished trials, children by crossover and
 * mutation, one child an ask (steady state), so that no worker ever waits for a generation.
 *
 * The population is a function of the set of finished trials, not of the order in which they
 * ended: the best `size` of all. Nothing has to be remembered about a trial.
 */
#ifndef DLN_STRATEGY_BREEDING_H
#define DLN_STRATEGY_BREEDING_H

#include <stddef.h>
#include <stdint.h>

#include "dialin/strategy.h"
#include "strategy/design.h"
#include "strategy/watch.h"

struct dln_parent {
    int64_t number;
    size_t rank;     /* less is better */
    double crowding; /* then more is better */
};

struct dln_breeding;
/*
 * Fills parents (room for `size`) and n_parents from the history. `news` has what changed since
 * the last time; when news->is_all the parents there are void.
 */
typedef bool dln_select_parents(struct dln_breeding *breeding, const struct dln_ask *ask,
                                const struct dln_news *news, struct dln_error *err);

/* Thread: owner. */
struct dln_breeding {
    const char *name;
    dln_select_parents *select;
    double population, crossover, mutation; /* settings; 0: the usual population, 1/d */
    struct dln_design design;
    struct dln_watch watch;
    size_t size;
    struct dln_parent *parents;
    size_t n_parents;
};

#define DLN_BREEDING_SETTINGS(crossover_help)                            \
    {.name = "population",                                               \
     .kind = DLN_SETTING_INT,                                            \
     .low = 0,                                                           \
     .high = 1000,                                                       \
     .help = "how many parents are kept; 0: 4 per parameter, 12 to 50"}, \
        {.name = "crossover",                                            \
         .kind = DLN_SETTING_REAL,                                       \
         .high = 1,                                                      \
         .initial = 0.9,                                                 \
         .help = (crossover_help)},                                      \
        {.name = "mutation",                                             \
         .kind = DLN_SETTING_REAL,                                       \
         .high = 1,                                                      \
         .help = "chance that a parameter changes; 0: one a child"},     \
    {                                                                    \
        0                                                                \
    }

/* values: of DLN_BREEDING_SETTINGS. The name is borrowed. */
bool dln_breeding_open(const char *name, dln_select_parents *select, const double *values,
                       void **instance, struct dln_error *err);
void dln_breeding_close(void *instance);
bool dln_breeding_suggest(void *instance, const struct dln_ask *ask, struct dln_suggestion *out,
                          struct dln_error *err);

#endif
