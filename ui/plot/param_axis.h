/* A parameter as an axis: its scale, its ticks, or the names of its choices. */
#ifndef UI_PLOT_PARAM_AXIS_H
#define UI_PLOT_PARAM_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#include "cells.h"
#include "dialin/space.h"
#include "plot/axis.h"

bool param_is_choice(const struct dln_param *param);
/* "4.4e-04", "adamw": a value for people. */
void param_value_text(const struct dln_param *param, double x, char *out, size_t cap);
/* Choices stand at the middle of equal parts. */
struct scale param_scale(const struct dln_param *param);
/* In the row under the plot. */
void param_axis_bottom(struct cells *cells, struct rect plot, const struct dln_param *param,
                       const struct scale *scale);
/* To the left of the plot, as axis_left(). */
void param_axis_left(struct cells *cells, struct rect plot, int col, int width,
                     const struct dln_param *param, const struct scale *scale);
int param_axis_width(const struct dln_param *param, const struct scale *scale, int rows);

#endif
