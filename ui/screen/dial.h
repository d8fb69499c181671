/* The dial: a point that is turned parameter by parameter while the models say what to expect. */
#ifndef UI_SCREEN_DIAL_H
#define UI_SCREEN_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/arena.h"
#include "dialin/predict.h"
#include "view.h"

enum dial_source { DIAL_COPY, DIAL_SUGGESTION, DIAL_QUEUED, DIAL_BEST, DIAL_DEFAULT };

struct dial {
    const struct dln_space *space; /* that the point is of; NULL: none */
    enum dial_source source, cycled;
    int64_t number; /* of the trial that it started from, -1: none */
    bool wants_suggestion;

    double *base;   /* what it started from; NaN: nothing */
    double *want;   /* what is set, active or not */
    double *anchor; /* steps are counted from here */
    double *x;      /* the point: want, where active */
    size_t at;      /* the parameter that is turned */
    int top;        /* first row shown */
    size_t goal;    /* whose curve is shown */
    uint64_t turns; /* changes with the point */

    /* answers, and to what */
    uint64_t asked_turns, asked_revision;
    size_t asked_at, asked_goal;
    bool has_answer;
    struct dln_prediction expected;
    struct dln_arena arena;
    struct dln_profile profile;
    char error[VIEW_TEXT_MAX];
};

/* Opens it over the screen that is shown. x: d values, NaN where it has none. */
void dial_open(struct view *view, enum dial_source source, int64_t number, const double *x);
/* Then: one parameter of it elsewhere. */
void dial_set(struct view *view, size_t param, double x);
/* With the values of the selected trial; of the defaults without one. */
void dial_open_selected(struct view *view);

/* ── its parts ─────────────────────────────────────────────────────────────────────────────────*/

struct dial *dial_of(const struct view *view);
/* Differs from what it started from. */
bool dial_is_changed(const struct dial *dial, size_t i);
double dial_clamp(double x, double low, double high);
/*
 * The value some steps on: a fiftieth of the range each, evenly on its scale and counted from the
 * anchor, so that turning back comes back; whole steps of a stepped one; the next choice, round.
 */
double dial_turned(const struct dln_param *param, double anchor, double x, int steps);
void dial_draw_params(struct view *view, struct rect rect);
void dial_draw_answer(struct view *view, struct rect rect);

#endif
