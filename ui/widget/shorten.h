/* Names that are too long for their place. */
#ifndef UI_SHORTEN_H
#define UI_SHORTEN_H

#include <stddef.h>

#include "cells.h"
#include "dialin/strbuf.h"

/*
 * Appends the name, made harmless, in at most `width` columns of this grid; what is too much is
 * taken from the middle ("weig…ecay"), as names differ at their ends.
 */
void shorten_middle(const struct cells *cells, const char *name, int width, struct dln_strbuf *out);

#endif
