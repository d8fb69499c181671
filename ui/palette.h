/*
 * The palette: a line with a verb and its words, or a part of any command's name; what matches; and
 * what the chosen one would do, before Enter. Help searches with it too. Thread: ui.
 */
#ifndef UI_PALETTE_H
#define UI_PALETTE_H

#include <stdbool.h>

#include "keys.h"
#include "view.h"

/* Opens it with this text in the line. */
void palette_open(struct view *view, const char *title, const char *text);
void palette_draw(struct view *view);
void palette_key(struct view *view, struct key key);
void palette_free(struct view *view);
/* Commands that the screen has, verbs included. */
int palette_count(const struct view *view);

/* How well the letters of a pattern stand in a text in their order; -1: they do not. */
int fuzzy_score(const char *pattern, const char *text);

#endif
