/*
 * A study played through in memory: a strategy asks, a function answers, `workers` trials run at a
 * time and end in a random order. Every row is kept, so that the study can be read again at any
 * moment by a proposer that has seen nothing.
 */
#ifndef TEST_SUPPORT_PLAY_H
#define TEST_SUPPORT_PLAY_H

#include "base/rng.h"
#include "support/space_fixture.h"

enum { PLAY_D_MAX = 32, PLAY_M_MAX = 3 };

/* What the program would print; NaN in values[0]: the trial fails. *violation is 0 before. */
typedef void play_objective(size_t d, const double *x, double *values, double *violation);

struct play_trial {
    enum dln_trial_state state;
    double x[PLAY_D_MAX], values[PLAY_M_MAX], violation;
    char *memo;
    char strategy[16];
};

struct play {
    const struct fixture *fixture;
    play_objective *objective;
    uint64_t seed;
    size_t workers;
    int64_t budget; /* told to the strategy; 0: unknown */
    dln_proposer *proposer;
    struct play_trial *trials;
    size_t n, cap, running;
    struct dln_rng rng; /* who ends next */
};

/* Borrows the fixture. One worker, no budget. */
void play_init(struct play *play, const struct fixture *fixture, play_objective *objective,
               uint64_t seed);
void play_release(struct play *play);
/* Asks until there are n trials, then lets all of them end. */
void play_until(struct play *play, size_t n);
/* One more trial is asked for; before that one ends, when all workers are busy. */
void play_step(struct play *play);
/* A trial that no strategy proposed. */
void play_add(struct play *play, enum dln_trial_state state, const double *x, double value);
/* A proposer that has read the rows and nothing else. */
dln_proposer *play_read_again(const struct play *play);
/* Fails unless play's own proposer and one that reads the rows again suggest the same. */
void play_check_history_is_state(struct play *play);
/* The lowest first value of complete trials without broken limits. */
double play_best(const struct play *play);

/* Test functions of tests/data/vectors/functions.json: bounds and values. */
play_objective play_sphere; /* minimum 0 at 1, 1, 1 …; meant for [−5, 5] */
play_objective play_rosenbrock, play_rastrigin, play_ackley, play_levy, play_styblinski_tang;
play_objective play_branin, play_hartmann6;
play_objective play_zdt1; /* two goals, [0, 1]; the front is f2 = 1 − √f1 */

#endif
