/*
 * Which trials a tree-structured Parzen estimator takes as good, as the rest, and as bad.
 *
 * Order of merit: COMPLETE by loss; PRUNED by their last step, the later the better, then by the
 * loss there; what breaks a limit, by how far. Ties go to the older trial. With several objectives
 * COMPLETE trials go by non-domination rank, and inside the last rank that finds room by what they
 * add to the hypervolume.
 */
#ifndef DLN_STRATEGY_TPE_SPLIT_H
#define DLN_STRATEGY_TPE_SPLIT_H

#include "dialin/strategy.h"

enum dln_tpe_side {
    DLN_TPE_NONE,
    DLN_TPE_GOOD,
    DLN_TPE_REST, /* also what runs or waits, so that the search keeps away from it */
    DLN_TPE_BAD,  /* failed, or breaks a limit */
    DLN_TPE_SIDES
};

enum dln_tpe_gamma {
    DLN_TPE_LINEAR, /* ceil(0.1 n), at most 25 for one objective: Optuna */
    DLN_TPE_SQRT    /* ceil(0.25 √n), at most 25: hyperopt */
};

/* Of n finished trials (COMPLETE and PRUNED), how many are good. */
size_t dln_tpe_count_good(enum dln_tpe_gamma gamma, size_t n, size_t m);

struct dln_tpe_split {
    uint8_t *side;   /* enum dln_tpe_side for each trial of the history */
    uint32_t *place; /* of a good trial: 0 is the best of all */
    size_t n[DLN_TPE_SIDES];
    size_t n_past;      /* the first ones, good, are of earlier studies */
    double past_weight; /* of each of them, where a trial of this study has 1 on average */
};

/* The number of trials that count as finished here. */
size_t dln_tpe_count_finished(const struct dln_history_view *history);
/* Whether the finished trials differ in anything that could be learned from. */
bool dln_tpe_can_learn(const struct dln_history_view *history);

/*
 * takes_failed: trials that failed by themselves are bad; else they are on no side. Fewer than
 * n_good are good when there are not as many. False: no memory.
 */
bool dln_tpe_split(const struct dln_history_view *history, size_t n_good, bool takes_failed,
                   struct dln_tpe_split *out, struct dln_arena *arena);

#endif
