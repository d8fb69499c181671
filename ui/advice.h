/*
 * What the models say about the open study: a predictor that is fitted to its trials, and the next
 * suggestions of its strategy. Both are made in the thinker's thread and made anew when trials have
 * ended; until then the last ones stay. A predictor that is here belongs to the ui, which asks it
 * point by point. Thread: ui.
 */
#ifndef UI_ADVICE_H
#define UI_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/peek.h"
#include "dialin/predict.h"
#include "plot/guess.h"
#include "view.h"

enum { ADVICE_NEXT = 5 }; /* suggestions beyond the queue */

/* Where the best tenth of the complete trials have a parameter. */
struct advice_top {
    size_t n; /* trials of it that have the parameter */
    double low, high;
    double usual; /* a choice: the one that most of them have */
};

struct advice {
    struct loader *loader; /* of the study that it is about; held */
    const struct dln_space *space;
    uint64_t revision; /* changes whenever something below does */

    dln_predictor *predictor; /* NULL: none (yet) */
    struct dln_trust trust[DLN_OBJECTIVES_MAX];
    size_t n_learned;              /* trials that it was told */
    const struct advice_top *tops; /* one a parameter; NULL: none */
    char sentence[VIEW_TEXT_MAX];  /* why there is none */
    bool is_learning;

    bool has_next;
    struct dln_peek next;
    char next_sentence[VIEW_TEXT_MAX];
    bool is_asking;

    bool has_guess; /* for the plots, of what was asked for last */
    struct plot_guess guess;
    char guess_sentence[VIEW_TEXT_MAX];
    bool is_guessing;

    /* the file's own */
    struct dln_arena arena, next_arena, guess_arena;
    unsigned doubts;              /* how often what comes next was put in doubt */
    int64_t learned_of, asked_of; /* the state of the study, as a number */
    int64_t learned_ns, asked_ns;
    size_t asked_for;
    dln_predictor *guesser; /* travels with each job, so that it learns once for many */
    int64_t guesser_of, guessed_of, guessed_ns;
    struct plot_guess_ask guessed;
};

/* What is there for the open study; NULL: no memory, or no study. Asks for nothing. */
struct advice *advice_of(struct view *view);
/* Ask unless it is there and current, or on its way. */
void advice_ask_model(struct view *view);
void advice_ask_next(struct view *view, size_t beyond_queue);
/* What a plot shows of the model: a curve and a map. Trials to average over are chosen here. */
void advice_ask_guess(struct view *view, size_t goal, size_t param, size_t other_param);
/* The queue has been changed: what is there of the suggestions is old. */
void advice_doubt_next(struct view *view);
void advice_free(struct view *view);

#endif
