/* Studies put together by hand, without a study file, and trials for their history. */
#ifndef TEST_SUPPORT_SPACE_FIXTURE_H
#define TEST_SUPPORT_SPACE_FIXTURE_H

#include "dialin/store.h"
#include "dialin/strategy.h"

struct fixture {
    struct dln_arena arena; /* of expressions and settings */
    struct dln_study study; /* one objective "loss", minimised; duplicates avoided */
};

/* Params are copied; `when_text` is parsed. The strategy's name is borrowed. */
void fixture_init(struct fixture *f, size_t n, const struct dln_param *params,
                  const char *strategy);
void fixture_release(struct fixture *f);
void fixture_constrain(struct fixture *f, const char *expression);
void fixture_objectives(struct fixture *f, size_t n, bool maximize);
/* A setting of the strategy, as a study file gives it. */
void fixture_set_number(struct fixture *f, const char *name, double value);
void fixture_set_text(struct fixture *f, const char *name, const char *text);
void fixture_set_truth(struct fixture *f, const char *name, bool truth);
void fixture_set_json(struct fixture *f, const char *name, const char *json);

/* A choice of n words; a float; an int. */
struct dln_param fixture_choice(const char *name, const struct dln_scalar *words, size_t n);
struct dln_param fixture_float(const char *name, double low, double high);
struct dln_param fixture_int(const char *name, double low, double high);

/* Makes trial `number` part of the history, with one value (or state FAIL for NaN). */
void fixture_learn(dln_proposer *proposer, int64_t number, enum dln_trial_state state,
                   const double *x, const double *values);

#endif
