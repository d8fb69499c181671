/* Small pictures in one row: sparklines, learning curves of table rows, bars. */
#ifndef UI_SPARK_H
#define UI_SPARK_H

#include <stdbool.h>
#include <stddef.h>

#include "cells.h"

/*
 * One glyph a value, low … high on eight heights; NaN is a blank, infinities stand at the ends.
 * More values than columns: each column shows the mean of its share.
 */
void spark_draw(struct cells *cells, int row, int col, int width, enum role role,
                const double *values, size_t n, double low, double high);
/*
 * A learning curve that grows from the left: n of `total` values (0: n) take n/total of the width,
 * at least one column; each column shows its last value.
 */
void spark_curve(struct cells *cells, int row, int col, int width, enum role role,
                 const double *values, size_t n, size_t total, double low, double high);

/* "[██████▌      ]": width includes the brackets; eighths of a column. paused: in shade. */
void progress_draw(struct cells *cells, int row, int col, int width, double share, bool paused);
/* "███▍" without brackets, for importance and the like. A share above 0 shows at least a sliver. */
void bar_draw(struct cells *cells, int row, int col, int width, double share, enum role role);

#endif
