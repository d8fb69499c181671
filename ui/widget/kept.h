/*
 * A rectangle of cells as it was drawn, for a pane that costs much and changes seldom: a plot of
 * 100,000 trials is drawn when a trial ends, not when the cursor moves.
 */
#ifndef UI_WIDGET_KEPT_H
#define UI_WIDGET_KEPT_H

#include "cells.h"

enum { KEPT_FACTS = 4 };

struct kept {
    bool is_filled;
    uint64_t facts[KEPT_FACTS]; /* what the drawing was made from */
    struct rect rect;
    enum glyph_level level;
    struct cell *cell;
    size_t cap;
};

/* Puts it into the grid again if place and facts are the same; false: draw, then keep. */
bool kept_show(const struct kept *kept, struct cells *cells, struct rect rect,
               const uint64_t facts[KEPT_FACTS]);
/* A rectangle that is not inside the grid, or no memory: it is not kept. */
void kept_take(struct kept *kept, const struct cells *cells, struct rect rect,
               const uint64_t facts[KEPT_FACTS]);
void kept_forget(struct kept *kept);
void kept_release(struct kept *kept);

#endif
